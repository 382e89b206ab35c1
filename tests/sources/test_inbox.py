"""An inbox as a source: the contract, and which of the drops in it is taken."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baozhang.errors import BaozhangError, SourceBusyError, SourceUnreadableError
from baozhang.keys.slots import new_secret
from baozhang.sources.base import Frozen, Item, LedgerSpec, Source, Trouble
from baozhang.sources.inbox import InboxSource
from baozhang.sources.standings import standings, strangers, told
from baozhang.sources.tree import TreeSource
from baozhang.vault.model import BackupReceipt
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import create_vault
from baozhang.vault.writer import back_up
from tests.contracts.source_contract import SourceContract, pour, read_all
from tests.sources.ledgers import fec
from tests.windows.simulator import Computer

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)  # 22:00 in Shanghai
NOON = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)
YESTERDAY = NOON - timedelta(days=1)
WITHIN = timedelta(days=1)
LARGE = 8 * 2**20
BOOK = {"FEC2026.txt": fec(3).encode(), "UFDATA.bak": b"TAPE" + bytes(40)}


def make(folder: Path, **options: object) -> InboxSource:
    return InboxSource(folder, clock=lambda: NOW, **options)  # type: ignore[arg-type]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return tmp_path / "inbox"


@pytest.fixture
def server(inbox: Path) -> Computer:
    return Computer(inbox, "c0001", "main", "t3-006")


@pytest.fixture
def kis(inbox: Path) -> Computer:
    return Computer(inbox, "c0001", "main", "kis")


@pytest.fixture
def folder(inbox: Path) -> Path:
    return inbox / "c0001" / "main"


@pytest.fixture
def source(folder: Path) -> InboxSource:
    return make(folder)


def taken(source: Source) -> dict[bytes, bytes]:
    with source.freeze() as frozen:
        contents = read_all(frozen)
        frozen.confirm()
        return contents


def freeze(source: Source) -> None:
    with source.freeze():
        pass


def bytes_read(work: Callable[[], object]) -> int:
    """Return how many bytes this process read meanwhile; proc(5), /proc/pid/io, rchar."""

    def so_far() -> int:
        return int(Path("/proc/self/io").read_text().split()[1])

    before = so_far()
    work()
    return so_far() - before


class TestInboxSource(SourceContract):
    @pytest.fixture
    def source(self, server: Computer, kis: Computer, folder: Path) -> Source:
        server.delivers({"UFDATA.bak": b"TAPE older"}, YESTERDAY)
        server.delivers(BOOK, NOON)
        kis.delivers({"FEC2025.txt": fec(2).encode()}, NOON)
        return make(folder, ledgers=(LedgerSpec("fec"),))

    @pytest.fixture
    def missing(self, folder: Path) -> Source:
        return make(folder)

    @pytest.fixture
    def source_at(self) -> Callable[[Path], Source]:
        return TreeSource

    def test_books_have_the_names_they_will_have_when_restored(
        self, source: Source, restored: Path
    ) -> None:
        with source.freeze() as frozen:
            names = {reader.book.name for reader in frozen.ledgers()}
        with source.restored_books(restored) as books:
            assert {reader.book.name for reader in books} == names
        assert names == {"kis/FEC2025.txt", "t3-006/FEC2026.txt"}


# --- which drop ---------------------------------------------------------------------------------


def test_the_newest_whole_drop_of_each_label_is_taken(
    server: Computer, kis: Computer, source: Source
) -> None:
    server.delivers({"UF.bak": b"TAPE old"}, YESTERDAY)
    server.delivers({"UF.bak": b"TAPE new"}, NOON)
    kis.delivers({"a.txt": b"book"}, YESTERDAY)
    assert taken(source) == {b"t3-006/UF.bak": b"TAPE new", b"kis/a.txt": b"book"}


def test_every_period_of_a_set_of_closes_is_taken(inbox: Path) -> None:
    for period in ("2026-09", "2026-10"):
        close = Computer(inbox, "c0001", "close", period)
        close.delivers({"book.txt": period.encode()}, NOON)
    contents = taken(make(inbox / "c0001" / "close"))
    assert contents == {b"2026-09/book.txt": b"2026-09", b"2026-10/book.txt": b"2026-10"}


def test_of_a_period_closed_twice_the_second_close_is_taken(inbox: Path) -> None:
    close = Computer(inbox, "c0001", "close", "2026-10")
    close.delivers({"book.txt": b"first"}, YESTERDAY)
    close.delivers({"book.txt": b"again"}, NOON)
    assert taken(make(inbox / "c0001" / "close")) == {b"2026-10/book.txt": b"again"}


def test_a_drop_of_the_same_bytes_gives_the_same_items(server: Computer, source: Source) -> None:
    place = server.delivers(BOOK, YESTERDAY)
    with source.freeze() as frozen:
        before = list(frozen.items())
    times = {path.name: path.stat().st_mtime_ns for path in place.iterdir()}
    for path in server.delivers(BOOK, NOON).iterdir():
        os.utime(path, ns=(times[path.name], times[path.name]))
    with source.freeze() as frozen:
        assert list(frozen.items()) == before


def test_a_file_of_other_bytes_and_the_same_size_and_time_is_another_item(
    server: Computer, source: Source
) -> None:
    def item(content: bytes, at: datetime) -> Item:
        os.utime(server.delivers({"a": content}, at) / "a", ns=(7, 7))
        with source.freeze() as frozen:
            return next(item for item in frozen.items() if item.kind == "file")

    assert not item(b"one", YESTERDAY).same_state(item(b"two", NOON))


# --- what is not whole --------------------------------------------------------------------------


def break_(place: Path, how: str) -> None:
    """Do to a whole drop what networks, disks and people do."""
    list_ = place.with_name(f"{place.name}.sha256")
    match how:
        case "unlisted":
            list_.unlink()
        case "no data":
            shutil.rmtree(place)
        case "still named .part":
            place.rename(f"{place}.part")
        case "a file is missing":
            (place / "UFDATA.bak").unlink()
        case "a file too many":
            (place / "other.bak").write_bytes(b"TAPE")
        case "a link":
            (place / "link").symlink_to("UFDATA.bak")
        case "a pipe":
            os.mkfifo(place / "pipe")
        case "cut off":
            os.truncate(place / "UFDATA.bak", 10)
        case "one bit":
            path = place / "UFDATA.bak"
            content = bytearray(path.read_bytes())
            content[-1] ^= 1
            path.write_bytes(content)
        case "list cut off":
            list_.write_bytes(list_.read_bytes()[:-5])
        case "list empty":
            list_.write_bytes(b"")
        case "list of another kind":
            list_.write_bytes(b"PK\x03\x04\xff")
        case "list that leaves the folder":
            text = list_.read_text().replace(f"{place.name}/UFDATA", f"{place.name}/../x/UFDATA")
            list_.write_text(text)
        case "list that names a file twice":
            list_.write_text(list_.read_text() + list_.read_text().splitlines()[-1] + "\n")
        case "list that lost a line":
            list_.write_text("".join(list_.read_text().splitlines(keepends=True)[:-1]))


BREAKS = (
    *("unlisted", "no data", "still named .part", "a file is missing", "a file too many"),
    *("a link", "a pipe", "cut off", "one bit", "list cut off", "list empty"),
    *("list of another kind", "list that leaves the folder", "list that names a file twice"),
    "list that lost a line",
)


@pytest.mark.parametrize("how", BREAKS)
def test_nothing_is_taken_of_a_drop_that_is_not_whole(
    server: Computer, source: Source, how: str
) -> None:
    break_(server.delivers(BOOK, NOON), how)
    with pytest.raises((SourceBusyError, SourceUnreadableError)) as caught:
        taken(source)
    assert caught.value.hint.endswith(".")


@pytest.mark.parametrize("how", BREAKS)
def test_an_older_whole_drop_is_taken_instead(server: Computer, source: Source, how: str) -> None:
    server.delivers({"UFDATA.bak": b"TAPE older"}, YESTERDAY)
    break_(server.delivers(BOOK, NOON), how)
    assert taken(source) == {b"t3-006/UFDATA.bak": b"TAPE older"}


DAMAGES = (
    *("a file is missing", "a file too many", "cut off", "one bit", "list cut off", "list empty"),
    *("list of another kind", "list that lost a line"),
)


def troubles_of(source: Source) -> list[Trouble]:
    with source.freeze() as frozen:
        list(frozen.items())
        return list(frozen.troubles())


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_drop_is_told_even_where_an_older_one_is_taken(
    server: Computer, source: Source, how: str
) -> None:
    server.delivers({"UFDATA.bak": b"TAPE older"}, YESTERDAY)
    place = server.delivers(BOOK, NOON)
    break_(place, how)
    (trouble,) = troubles_of(source)
    assert (trouble.path, trouble.reason) == (place.name.encode(), "unreadable")


def test_a_damaged_drop_is_told_while_a_newer_one_is_on_its_way(
    server: Computer, source: Source
) -> None:
    server.delivers({"UFDATA.bak": b"TAPE older"}, YESTERDAY)
    place = server.delivers(BOOK, NOON)
    break_(place, "one bit")
    server.begins(BOOK, NOON + timedelta(hours=1))
    assert [trouble.path for trouble in troubles_of(source)] == [place.name.encode()]


def test_a_damaged_drop_older_than_the_one_taken_is_no_trouble(
    server: Computer, source: Source
) -> None:
    break_(server.delivers(BOOK, YESTERDAY), "one bit")
    server.delivers(BOOK, NOON)
    assert troubles_of(source) == []


@pytest.mark.parametrize("how", ["unlisted", "no data", "still named .part"])
def test_a_drop_on_its_way_is_no_trouble_where_an_older_one_is_taken(
    server: Computer, source: Source, how: str
) -> None:
    server.delivers({"UFDATA.bak": b"TAPE older"}, YESTERDAY)
    break_(server.delivers(BOOK, NOON), how)
    assert troubles_of(source) == []


def test_an_error_names_the_drop_and_no_file_in_it(server: Computer, source: Source) -> None:
    place = server.delivers({"绿源科技.AIS": access(b"ledger")}, NOON)
    os.truncate(place / "绿源科技.AIS", 5)
    with pytest.raises(SourceUnreadableError) as caught:
        taken(source)
    assert place.name in str(caught.value)
    assert "绿源" not in str(caught.value)


def test_a_drop_on_its_way_is_waited_for(server: Computer, source: Source) -> None:
    server.begins(BOOK, NOON)
    with pytest.raises(SourceBusyError):
        taken(source)


def test_a_book_that_was_open_is_waited_for(server: Computer, source: Source) -> None:
    server.finds_it_open(NOON)
    with pytest.raises(SourceBusyError, match="open"):
        taken(source)


def test_a_script_that_failed_is_told(server: Computer, source: Source) -> None:
    server.fails(NOON)
    with pytest.raises(SourceUnreadableError, match="script"):
        taken(source)


def test_a_drop_that_broke_after_an_older_failure_is_what_is_told(
    server: Computer, source: Source
) -> None:
    server.finds_it_open(YESTERDAY)
    place = server.begins(BOOK, NOON)
    server.lists(BOOK, NOON)
    (place / "UFDATA.bak").unlink()
    place.rename(place.with_name(server.name(NOON)))
    with pytest.raises(SourceUnreadableError, match="not complete"):
        taken(source)


def test_a_drop_from_the_future_hides_nothing(server: Computer, source: Source) -> None:
    server.delivers({"a": b"now"}, NOON)
    server.delivers({"a": b"a year ahead"}, NOON + timedelta(days=365))
    assert taken(source) == {b"t3-006/a": b"now"}


def test_an_expected_label_that_is_not_there_makes_the_backup_partial(
    server: Computer, folder: Path
) -> None:
    server.delivers(BOOK, NOON)
    with make(folder, expected=("t3-006", "kis")).freeze() as frozen:
        list(frozen.items())
        assert frozen.troubles() == (Trouble(b"kis", "unreadable", "nothing has arrived"),)


def test_a_label_without_any_whole_drop_makes_the_backup_partial(
    server: Computer, kis: Computer, source: Source
) -> None:
    server.delivers(BOOK, NOON)
    break_(kis.delivers(BOOK, NOON), "cut off")
    with source.freeze() as frozen:
        assert [trouble.path for trouble in frozen.troubles()] == [b"kis"]


def test_what_windows_leaves_in_a_folder_that_was_looked_at_is_passed_over(
    server: Computer, source: Source
) -> None:
    place = server.delivers({"a": b"book"}, NOON)
    (place / "Thumbs.db").write_bytes(b"pictures")
    (place / "desktop.ini").write_bytes(b"icon")
    assert taken(source) == {b"t3-006/a": b"book"}


def test_what_is_no_drop_is_passed_over(server: Computer, folder: Path, source: Source) -> None:
    server.delivers({"a": b"book"}, NOON)
    (folder / "notes.txt").write_text("by hand")
    (folder / "t3-006-20261399-990000").mkdir()
    (folder / "t3-006.sha256").write_text("not a drop's")
    assert taken(source) == {b"t3-006/a": b"book"}


@pytest.mark.parametrize("label", [".", "..", ".hidden", "", "\udcd5\udccb", "a\nb"])
def test_a_label_that_could_not_be_a_folder_of_the_backup_is_no_label(
    inbox: Path, label: str
) -> None:
    Computer(inbox, "c0001", "main", label).delivers({"a": b"x"}, NOON)
    with pytest.raises(SourceUnreadableError, match="nothing has arrived"):
        taken(make(inbox / "c0001" / "main"))


# --- lists --------------------------------------------------------------------------------------


def lists(form: str, place: Path) -> bytes:
    """Write a hash list as other programs do."""
    lines = []
    for path in sorted(place.rglob("*")):
        if path.is_file():
            name = path.relative_to(place).as_posix()
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            match form:
                case "sha256sum":
                    lines.append(f"{digest}  {place.name}/{name}")
                case "Get-FileHash":
                    lines.append(f"{digest.upper()} *{place.name}\\" + name.replace("/", "\\"))
                case "without the folder":
                    lines.append(f"{digest}  ./{name}")
    if form == "Get-FileHash":
        return b"\xef\xbb\xbf" + "\r\n".join([*lines, ""]).encode()
    return "\n".join([*lines, ""]).encode()


@pytest.mark.parametrize("form", ["sha256sum", "Get-FileHash", "without the folder"])
def test_a_list_may_be_written_by_other_programs(
    server: Computer, folder: Path, source: Source, form: str
) -> None:
    place = server.delivers({"a": b"book"}, NOON)
    (place / "凭证").mkdir()
    (place / "凭证" / "记-1.pdf").write_bytes(b"paper")
    (folder / f"{place.name}.sha256").write_bytes(lists(form, place))
    assert taken(source) == {b"t3-006/a": b"book", "t3-006/凭证/记-1.pdf".encode(): b"paper"}


def test_sha256sum_reads_the_lists_of_the_scripts(server: Computer, folder: Path) -> None:
    place = server.delivers(BOOK, NOON)
    command = ["sha256sum", "--strict", "--check", f"{place.name}.sha256"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count(": OK")) == (0, len(BOOK))


# --- what moves while it is backed up -----------------------------------------------------------


@pytest.mark.parametrize("how", BREAKS)
def test_a_drop_that_moves_while_it_is_backed_up_ends_the_backup(
    server: Computer, source: Source, how: str
) -> None:
    place = server.delivers(BOOK, NOON)
    with source.freeze() as frozen:
        list(frozen.items())
        break_(place, how)
        with pytest.raises(SourceBusyError, match="changed while"):
            frozen.confirm()


def test_a_file_rewritten_in_the_same_size_is_never_taken_again(
    server: Computer, source: Source
) -> None:
    place = server.delivers({"a": b"one"}, NOON)
    with source.freeze() as frozen:
        item = next(item for item in frozen.items() if item.kind == "file")
        (place / "a").write_bytes(b"two")
        assert not frozen.unchanged(item)
        with pytest.raises(SourceBusyError):
            frozen.again(item)


# --- what is remembered -------------------------------------------------------------------------


@pytest.fixture
def verified(tmp_path: Path) -> Path:
    return tmp_path / "verified"


def test_a_drop_that_was_hashed_is_not_read_again(
    server: Computer, folder: Path, verified: Path
) -> None:
    server.delivers({"a": bytes(LARGE)}, NOON)
    remembering = make(folder, verified=verified)
    assert bytes_read(lambda: freeze(remembering)) >= LARGE
    assert bytes_read(lambda: freeze(remembering)) < LARGE


def test_a_drop_that_changed_is_hashed_again(
    server: Computer, folder: Path, verified: Path
) -> None:
    place = server.delivers(BOOK, NOON)
    remembering = make(folder, verified=verified)
    taken(remembering)
    break_(place, "one bit")
    with pytest.raises(SourceUnreadableError):
        taken(remembering)


def test_a_memory_that_is_damaged_is_no_memory(
    server: Computer, folder: Path, verified: Path
) -> None:
    break_(server.delivers(BOOK, NOON), "one bit")
    verified.write_bytes(b"\xff\xfe not text")
    with pytest.raises(SourceUnreadableError):
        taken(make(folder, verified=verified))


def test_only_the_drops_that_were_taken_are_remembered(
    server: Computer, folder: Path, verified: Path
) -> None:
    for day in range(5, 0, -1):
        server.delivers(BOOK, NOON - timedelta(days=day))
        taken(make(folder, verified=verified))
    assert len(verified.read_text().split()) == 1


# --- how the deliveries stand -------------------------------------------------------------------


def states(folder: Path, now: datetime = NOW, **options: object) -> dict[str, tuple[str, int]]:
    found = standings(folder, within=WITHIN, now=now, **options)  # type: ignore[arg-type]
    return {one.label: (one.arrival.state, one.arrival.days) for one in found}


def test_what_arrived_within_the_span_is_fine(server: Computer, folder: Path) -> None:
    server.delivers(BOOK, NOON)
    assert states(folder) == {"t3-006": ("ok", 0)}


def test_a_book_found_open_after_it_was_delivered_today_is_fine(
    server: Computer, folder: Path
) -> None:
    server.delivers(BOOK, NOON)
    server.finds_it_open(NOON + timedelta(hours=5))
    assert states(folder) == {"t3-006": ("ok", 0)}


@pytest.mark.parametrize("state", ["busy", "failed"])
def test_what_was_due_today_names_what_kept_it(server: Computer, folder: Path, state: str) -> None:
    server.delivers(BOOK, YESTERDAY)
    server.says(state, NOON)
    assert states(folder) == {"t3-006": (state, 0)}


def test_a_computer_that_was_off_today_has_not_arrived(server: Computer, folder: Path) -> None:
    server.delivers(BOOK, YESTERDAY)
    assert states(folder) == {"t3-006": ("missing", 0)}


def test_days_are_counted_from_when_it_was_due(server: Computer, folder: Path) -> None:
    server.delivers(BOOK, NOON)
    later = NOON + WITHIN + timedelta(days=5, hours=1)
    assert states(folder, later) == {"t3-006": ("overdue", 5)}


def test_an_overdue_book_says_that_it_is_always_open(server: Computer, folder: Path) -> None:
    server.delivers(BOOK, NOON - timedelta(days=4))
    server.finds_it_open(NOON)
    (standing,) = standings(folder, within=WITHIN, now=NOW)
    assert (standing.arrival.state, standing.arrival.cause) == ("overdue", "busy")


def test_a_try_before_the_last_delivery_explains_nothing(server: Computer, folder: Path) -> None:
    server.delivers(BOOK, NOON - timedelta(days=3))
    server.finds_it_open(NOON - timedelta(days=4))
    (standing,) = standings(folder, within=WITHIN, now=NOW)
    assert standing.arrival.cause == "missing"


def test_a_try_that_failed_is_told_although_the_set_is_young(
    server: Computer, folder: Path
) -> None:
    server.delivers(BOOK, NOON)
    server.fails(NOON + timedelta(hours=1))
    assert states(folder) == {"t3-006": ("failed", 0)}


@pytest.mark.parametrize("how", [how for how in BREAKS if how != "one bit"])
def test_a_drop_that_is_not_whole_after_two_hours_is_incomplete(
    server: Computer, folder: Path, how: str
) -> None:
    break_(server.delivers(BOOK, NOON), how)
    assert states(folder) == {"t3-006": ("incomplete", 0)}


@pytest.mark.parametrize("how", ["a file is missing", "a file is a link"])
def test_a_list_without_totals_is_held_against_the_folder_all_the_same(
    server: Computer, folder: Path, how: str
) -> None:
    place = server.delivers(BOOK, NOON)
    (folder / f"{place.name}.sha256").write_bytes(lists("sha256sum", place))
    (place / "UFDATA.bak").unlink()
    if how == "a file is a link":
        (place / "UFDATA.bak").symlink_to("FEC2026.txt")
    assert states(folder) == {"t3-006": ("incomplete", 0)}


def test_a_drop_that_was_begun_just_now_is_on_its_way(server: Computer, folder: Path) -> None:
    server.delivers(BOOK, NOON)
    server.begins(BOOK, NOW - timedelta(minutes=20))
    assert states(folder) == {"t3-006": ("ok", 0)}


def test_what_was_expected_and_never_came_is_told(server: Computer, folder: Path) -> None:
    server.delivers(BOOK, NOON)
    assert states(folder, expected=("kis",)) == {"kis": ("missing", 0), "t3-006": ("ok", 0)}


def test_a_set_whose_folder_is_not_there_has_not_arrived(inbox: Path, folder: Path) -> None:
    inbox.mkdir()
    assert states(folder) == {"main": ("missing", 0)}


def test_an_inbox_that_is_not_mounted_is_no_set_that_has_not_arrived(folder: Path) -> None:
    with pytest.raises(SourceUnreadableError):
        states(folder)


def test_closed_periods_do_not_grow_old_but_the_last_one_does(inbox: Path) -> None:
    for period, days in (("2026-08", 80), ("2026-09", 50)):
        close = Computer(inbox, "c0001", "close", period)
        close.delivers({"book.txt": b"x"}, NOON - timedelta(days=days))
    found = states(inbox / "c0001" / "close")
    assert found == {"2026-08": ("ok", 0), "2026-09": ("overdue", 49)}


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"\xff\xfe", b'{"state": "busy"}', b'{"state": "busy", "at": "noon"}'),
        b'{"state": "well", "at": "2026-11-22T12:00:00+08:00"}',
        b'{"state": "busy", "at": "2026-11-22T12:00:00"}',
    ],
)
def test_a_status_that_cannot_be_read_is_a_failure(folder: Path, content: bytes) -> None:
    folder.mkdir(parents=True)
    (folder / "t3-006.status").write_bytes(content)
    assert states(folder) == {"t3-006": ("failed", 0)}


def test_a_status_with_a_mark_of_byte_order_is_read(server: Computer, folder: Path) -> None:
    server.finds_it_open(NOON)
    status = folder / "t3-006.status"
    status.write_bytes(b"\xef\xbb\xbf" + status.read_bytes())
    assert states(folder) == {"t3-006": ("busy", 0)}


def test_every_state_but_fine_has_words_and_a_remedy(server: Computer, folder: Path) -> None:
    server.delivers(BOOK, NOON - timedelta(days=9))
    server.finds_it_open(NOON)
    (standing,) = standings(folder, within=WITHIN, now=NOW)
    template, facts, hint, severity = told(standing)
    assert template.format(**dict(facts)) == "inbox set t3-006 is overdue by 8 days: in use"
    assert hint.endswith(".")
    assert severity == "critical"


def test_folders_that_belong_to_no_client_are_counted_and_named(inbox: Path) -> None:
    for place in ("c0001/main", "c0001/mian", "c0002/main", "新客户/main"):
        (inbox / place).mkdir(parents=True)
    assert strangers(inbox, [("c0001", "main"), ("c0002", "main")]) == (2, ("c0001/mian", "新客户"))


def test_what_windows_leaves_in_an_inbox_is_no_stranger(inbox: Path) -> None:
    (inbox / "c0001" / "main").mkdir(parents=True)
    for place in ("Thumbs.db", "Desktop.ini", ".DS_Store", "c0001/thumbs.db"):
        (inbox / place).write_bytes(b"x")
    assert strangers(inbox, [("c0001", "main")]) == (0, ())


def test_a_client_whose_whole_folder_is_taken_has_no_strangers(inbox: Path) -> None:
    (inbox / "c0001" / "anything").mkdir(parents=True)
    assert strangers(inbox, [("c0001", "")]) == (0, ())


def test_judging_an_inbox_reads_no_data(server: Computer, folder: Path) -> None:
    server.delivers({"a": bytes(LARGE)}, NOON)
    assert bytes_read(lambda: states(folder)) < LARGE


# --- in a vault --------------------------------------------------------------------------------


@pytest.fixture
def back_up_once(source: InboxSource) -> Callable[[], BackupReceipt]:
    side = create_vault(MemoryStore(), [new_secret("keyfile")], at=NOW).client("c0001", create=True)

    def once() -> BackupReceipt:
        with source.freeze() as frozen:
            return back_up(side, frozen, set_name="main", at=datetime(2126, 1, 1, tzinfo=UTC))

    return once


def test_a_new_drop_of_the_same_bytes_is_neither_read_nor_stored_again(
    server: Computer, back_up_once: Callable[[], BackupReceipt]
) -> None:
    old = server.delivers(BOOK, YESTERDAY)
    back_up_once()
    for path in server.delivers(BOOK, NOON).iterdir():
        shutil.copystat(old / path.name, path)  # the scripts keep the book's own time
    receipt = back_up_once()
    assert (receipt.unchanged, receipt.bytes_read) == (True, 0)


def test_a_drop_that_is_pruned_while_it_is_read_leaves_no_backup_point(
    server: Computer, source: InboxSource
) -> None:
    place = server.delivers(BOOK, NOON)
    side = create_vault(MemoryStore(), [new_secret("keyfile")], at=NOW).client("c0001", create=True)
    with source.freeze() as frozen:
        shutil.rmtree(place)
        with pytest.raises(SourceBusyError):
            back_up(side, frozen, set_name="main", at=NOW)
    assert side.snapshots() == ()


# --- bytes in drops -----------------------------------------------------------------------------


def access(content: bytes) -> bytes:
    return b"\x00\x01\x00\x00Standard Jet DB\x00" + content


def test_a_drop_whose_database_was_encrypted_is_refused(server: Computer, source: Source) -> None:
    server.delivers({"book.AIS": os.urandom(4096)}, NOON)
    with pytest.raises(SourceUnreadableError, match="damaged"):
        taken(source)


def test_a_restored_set_lies_label_by_label(
    server: Computer, kis: Computer, source: Source, tmp_path: Path
) -> None:
    server.delivers(BOOK, NOON)
    kis.delivers({"book.AIS": access(b"x")}, NOON)
    with source.freeze() as frozen:
        restored = pour(frozen, tmp_path / "restored")
    found = {path.relative_to(restored).as_posix() for path in restored.rglob("*")}
    assert found == {"kis", "kis/book.AIS", "t3-006", *(f"t3-006/{name}" for name in BOOK)}


@pytest.fixture
def frozen(server: Computer, source: Source) -> Iterator[Frozen]:
    server.delivers(BOOK, NOON)
    with source.freeze() as frozen:
        yield frozen


def test_every_error_of_an_inbox_is_one_of_ours(frozen: Frozen) -> None:
    missing = next(iter(frozen.items()))._replace(path=b"t3-006/nowhere")
    with pytest.raises(BaozhangError):
        frozen.open(missing)
