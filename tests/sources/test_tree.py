"""A folder as a source: the contract, and what a folder alone can do to its reader."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from baozhang.errors import LedgerFormatError, SourceBusyError, SourceUnreadableError, UsageError
from baozhang.sources.base import Frozen, Item, LedgerSpec, Source, Trouble
from baozhang.sources.ledger_tree import LedgerTreeSource
from baozhang.sources.tree import TreeSource
from tests.books.exports import write_cloud
from tests.contracts.source_contract import SourceContract, read_all
from tests.sources.ledgers import book, fec

FEC = (LedgerSpec("fec"),)


class TestTreeSource(SourceContract):
    @pytest.fixture
    def source(self, tmp_path: Path) -> Source:
        root = tmp_path / "client"
        (root / "a" / "deep").mkdir(parents=True)
        (root / "a-b").write_bytes(b"between a and a/deep")
        (root / "a" / "deep" / "empty").touch()
        (root / "a" / "FEC2026.txt").write_text(fec(3))
        (root / "link").symlink_to("a/deep")
        return LedgerTreeSource(root, ledgers=FEC)

    @pytest.fixture
    def missing(self, tmp_path: Path) -> Source:
        return TreeSource(tmp_path / "nowhere")

    @pytest.fixture
    def source_at(self) -> Callable[[Path], Source]:
        return TreeSource


class TestSingleFile(SourceContract):
    @pytest.fixture
    def source(self, tmp_path: Path) -> Source:
        (tmp_path / "FEC2026.txt").write_text(fec(3))
        (tmp_path / "another").touch()
        return LedgerTreeSource(tmp_path / "FEC2026.txt", ledgers=FEC)

    @pytest.fixture
    def missing(self, tmp_path: Path) -> Source:
        return TreeSource(tmp_path / "nowhere.txt")

    @pytest.fixture
    def source_at(self) -> Callable[[Path], Source]:
        return lambda target: TreeSource(target / "FEC2026.txt")

    def test_only_the_file_is_listed(self, frozen: Frozen) -> None:
        assert [item.path for item in frozen.items()] == [b"FEC2026.txt"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def frozen(root: Path) -> Iterator[Frozen]:
    with TreeSource(root).freeze() as frozen:
        yield frozen


def paths(frozen: Frozen) -> list[bytes]:
    return [item.path for item in frozen.items()]


def only(frozen: Frozen, path: bytes) -> Item:
    return next(item for item in frozen.items() if item.path == path)


# --- what is listed -----------------------------------------------------------------------------


def test_the_root_itself_is_the_first_item(root: Path, frozen: Frozen) -> None:
    root.chmod(0o750)
    os.utime(root, ns=(1, 77))
    first = next(frozen.items())
    assert (first.path, first.kind, first.mode, first.mtime_ns) == (b"", "dir", 0o750, 77)


def test_mode_times_and_owner_are_told(root: Path, frozen: Frozen) -> None:
    file = root / "f"
    file.write_bytes(b"abc")
    file.chmod(0o4641)
    os.utime(file, ns=(5, -7))
    status = file.stat()
    item = only(frozen, b"f")
    assert item == Item(
        b"f",
        "file",
        0o4641,
        -7,
        status.st_uid,
        status.st_gid,
        3,
        change=(status.st_ctime_ns, status.st_ino),
    )


def test_a_link_is_told_with_its_target_and_is_not_followed(root: Path, frozen: Frozen) -> None:
    (root / "loop").symlink_to(".")
    (root / "dangling").symlink_to(b"nowhere\xff".decode("utf-8", "surrogateescape"))
    targets = {item.path: item.target for item in frozen.items() if item.kind == "symlink"}
    assert targets == {b"dangling": b"nowhere\xff", b"loop": b"."}


def test_the_root_may_be_a_link(root: Path, tmp_path: Path) -> None:
    (root / "f").touch()
    (tmp_path / "link").symlink_to(root)
    with TreeSource(tmp_path / "link").freeze() as frozen:
        assert paths(frozen) == [b"", b"f"]


@pytest.mark.parametrize("name", [b"new\nline", b"\xff\xfe", b"x" * 255, b" .", b"\\", b"C:"])
def test_a_strange_name_is_told_and_opened_byte_for_byte(
    root: Path, frozen: Frozen, name: bytes
) -> None:
    Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_bytes(name)
    assert read_all(frozen) == {name: name}


def test_folders_of_which_one_name_begins_the_other_are_told_apart(
    root: Path, frozen: Frozen
) -> None:
    for name in ("a", "ab"):
        (root / name).mkdir()
        (root / name / "f").write_text(name)
    assert read_all(frozen) == {b"a/f": b"a", b"ab/f": b"ab"}


@pytest.fixture
def removed(root: Path) -> Iterator[None]:
    """Take away what is too deep for the test runner to tidy up."""
    yield
    subprocess.run(["/bin/rm", "-rf", str(root)], check=True)


def deepen(root: Path, name: bytes, levels: int) -> None:
    """Make a chain of folders too long for one path, with a file at its end."""
    fd = os.open(root, os.O_RDONLY)
    for level in range(levels):
        os.mkdir(name, dir_fd=fd)
        os.close(os.open(b"z%d" % level, os.O_CREAT | os.O_WRONLY, dir_fd=fd))
        below = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    with os.fdopen(os.open(b"end", os.O_CREAT | os.O_WRONLY, dir_fd=fd), "wb") as file:
        file.write(b"here")
    os.close(fd)


@pytest.mark.usefixtures("removed")
def test_a_thousand_folders_in_each_other_are_walked(root: Path, frozen: Frozen) -> None:
    deepen(root, b"d", 1000)
    found = paths(frozen)
    assert (len(found), frozen.troubles()) == (2002, ())
    assert found == sorted(found)


@pytest.mark.usefixtures("removed")
def test_few_folders_are_held_open_however_deep(root: Path, frozen: Frozen) -> None:
    deepen(root, b"d", 300)
    most = max(len(os.listdir("/proc/self/fd")) for _ in frozen.items())
    assert most < len(os.listdir("/proc/self/fd")) + 80


@pytest.mark.usefixtures("removed")
def test_a_path_longer_than_a_call_allows_is_opened(root: Path, frozen: Frozen) -> None:
    deepen(root, b"n" * 250, 20)
    item = next(item for item in frozen.items() if item.path.endswith(b"/end"))
    with frozen.open(item) as stream:
        assert (len(item.path) > 4096, stream.read()) == (True, b"here")


def test_what_is_excluded_is_neither_listed_nor_entered(root: Path) -> None:
    (root / "keep").touch()
    (root / "tmp" / "in").mkdir(parents=True)
    (root / "~$open.xlsx").touch()
    with TreeSource(root, exclude=("tmp", "**/~$*")).freeze() as frozen:
        assert paths(frozen) == [b"", b"keep"]


# --- what cannot be protected -------------------------------------------------------------------


def test_a_pipe_is_named_and_never_opened(root: Path, frozen: Frozen) -> None:
    os.mkfifo(root / "pipe")
    assert (paths(frozen), frozen.troubles()) == ([b""], (Trouble(b"pipe", "special"),))


def test_a_socket_is_named(root: Path, frozen: Frozen) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        fd = os.open(root, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{fd}/s")
        os.close(fd)
        list(frozen.items())
    assert frozen.troubles() == (Trouble(b"s", "special"),)


AS_NOBODY = """
import os, sys
from pathlib import Path
from baozhang.sources.ledger_tree import LedgerTreeSource
from baozhang.sources.tree import TreeSource
from baozhang.errors import SourceUnreadableError
with TreeSource(Path(sys.argv[1])).freeze() as frozen:
    if os.getuid() == 0:
        os.setgroups([]); os.setgid(65534); os.setuid(65534)
    for item in frozen.items():
        if item.kind == "file":
            try:
                frozen.open(item).close()
            except SourceUnreadableError as error:
                print("file", item.path.decode(), error.facts["reason"])
    for trouble in frozen.troubles():
        print(trouble.reason, trouble.path.decode(), trouble.detail)
"""


def seen_by_nobody(folder: Path) -> list[str]:
    """Walk a folder as an account without rights, which even the administrator can become."""
    command = [sys.executable, "-c", AS_NOBODY, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_folder_that_may_not_be_read_is_named_and_the_walk_goes_on(root: Path) -> None:
    (root / "closed").mkdir(mode=0o000)
    (root / "file").touch()
    assert seen_by_nobody(root) == ["unreadable closed Permission denied"]


def test_a_file_that_may_not_be_read_is_an_error_of_its_own(root: Path) -> None:
    (root / "closed").touch(mode=0o000)
    assert seen_by_nobody(root) == ["file closed Permission denied"]


def test_names_that_may_be_listed_but_not_looked_at_are_named(root: Path) -> None:
    (root / "dim").mkdir()
    (root / "dim" / "f").touch()
    (root / "dim").chmod(0o744)
    assert seen_by_nobody(root) == ["unreadable dim/f Permission denied"]


# --- what moves meanwhile -----------------------------------------------------------------------


def test_a_file_that_vanishes_while_the_folder_is_listed_is_named(
    root: Path, frozen: Frozen
) -> None:
    for name in "abc":
        (root / name).touch()
    items = frozen.items()
    next(items)
    (root / "b").unlink()
    assert [item.path for item in items] == [b"a", b"c"]
    assert frozen.troubles() == (Trouble(b"b", "vanished", "No such file or directory"),)


def test_a_folder_that_vanishes_before_it_is_entered_is_named(root: Path, frozen: Frozen) -> None:
    (root / "d").mkdir()
    items = frozen.items()
    assert [next(items).path, next(items).path] == [b"", b"d"]
    (root / "d").rmdir()
    assert list(items) == []
    assert frozen.troubles() == (Trouble(b"d", "vanished", "No such file or directory"),)


def test_a_folder_swapped_for_a_link_is_not_entered(root: Path, frozen: Frozen) -> None:
    (root / "d").mkdir()
    items = frozen.items()
    assert [next(items).path, next(items).path] == [b"", b"d"]
    (root / "d").rmdir()
    (root / "d").symlink_to("/etc")
    assert list(items) == []
    assert [trouble.reason for trouble in frozen.troubles()] == ["vanished"]


def test_a_second_listing_forgets_the_troubles_of_the_first(root: Path, frozen: Frozen) -> None:
    os.mkfifo(root / "pipe")
    list(frozen.items())
    (root / "pipe").unlink()
    list(frozen.items())
    assert frozen.troubles() == ()


def test_a_file_swapped_for_a_link_is_not_followed(root: Path, frozen: Frozen) -> None:
    (root / "f").write_text("mine")
    item = only(frozen, b"f")
    (root / "f").unlink()
    (root / "f").symlink_to("/etc/passwd")
    with pytest.raises(SourceUnreadableError):
        frozen.open(item)


def test_a_folder_above_swapped_for_a_link_leads_nowhere(root: Path, tmp_path: Path) -> None:
    (root / "d").mkdir()
    (root / "d" / "f").write_text("mine")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "f").write_text("secret")
    with TreeSource(root).freeze() as frozen:
        item = only(frozen, b"d/f")
        (root / "d").rename(root / "moved")
        (root / "d").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(SourceUnreadableError):
            frozen.open(item)


def test_a_file_swapped_for_a_pipe_is_not_waited_for(root: Path, frozen: Frozen) -> None:
    (root / "f").touch()
    item = only(frozen, b"f")
    (root / "f").unlink()
    os.mkfifo(root / "f")
    with pytest.raises(SourceUnreadableError) as caught:
        frozen.open(item)
    assert caught.value.facts["reason"] == "not a regular file"


def test_a_file_swapped_for_a_folder_is_not_opened(root: Path, frozen: Frozen) -> None:
    (root / "f").touch()
    item = only(frozen, b"f")
    (root / "f").unlink()
    (root / "f").mkdir()
    with pytest.raises(SourceUnreadableError):
        frozen.open(item)


def test_a_file_that_grew_while_it_was_read_is_changed(root: Path, frozen: Frozen) -> None:
    (root / "log").write_bytes(b"one")
    item = only(frozen, b"log")
    with frozen.open(item) as stream, (root / "log").open("ab") as writer:
        stream.read(item.size)
        writer.write(b"two")
    assert not frozen.unchanged(item)


def test_a_file_that_grew_is_offered_again_with_its_new_size(root: Path, frozen: Frozen) -> None:
    (root / "log").write_bytes(b"one")
    item = only(frozen, b"log")
    (root / "log").write_bytes(b"one and two")
    fresh = frozen.again(item)
    assert fresh is not None
    assert (fresh.size, frozen.unchanged(fresh)) == (11, True)


def test_equal_bytes_with_another_time_are_a_change(root: Path, frozen: Frozen) -> None:
    (root / "f").write_bytes(b"x")
    item = only(frozen, b"f")
    os.utime(root / "f", ns=(1, 1))
    assert not frozen.unchanged(item)


def test_another_file_under_the_same_name_is_a_change_though_time_and_size_agree(
    root: Path, frozen: Frozen
) -> None:
    (root / "f").write_bytes(b"x")
    item = only(frozen, b"f")
    (root / "g").write_bytes(b"y")
    os.utime(root / "g", ns=(item.mtime_ns, item.mtime_ns))
    (root / "g").rename(root / "f")
    assert not frozen.unchanged(item)


def test_a_file_that_became_a_folder_is_gone(root: Path, frozen: Frozen) -> None:
    (root / "f").touch()
    item = only(frozen, b"f")
    (root / "f").unlink()
    (root / "f").mkdir()
    assert frozen.again(item) is None


def test_reading_leaves_the_access_time_alone(root: Path, frozen: Frozen) -> None:
    (root / "f").write_bytes(b"x")
    os.utime(root / "f", ns=(1, 2))
    read_all(frozen)
    assert (root / "f").stat().st_atime_ns == 1


LEASE = """
import fcntl, os, signal, sys
fd = os.open(sys.argv[1], os.O_RDWR)
signal.signal(signal.SIGIO, lambda *_: fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK))
fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_file_under_a_lease_is_waited_for(root: Path, frozen: Frozen) -> None:
    (root / "f").write_bytes(b"leased")
    command = [sys.executable, "-c", LEASE, str(root / "f")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert read_all(frozen) == {b"f": b"leased"}
        holder.communicate()


# --- ledgers ------------------------------------------------------------------------------------


@pytest.fixture
def ledger(root: Path) -> Path:
    file = root / "FEC2026.txt"
    file.write_text(fec(3))
    return file


@pytest.fixture
def with_ledger(root: Path, ledger: Path) -> Iterator[Frozen]:
    with LedgerTreeSource(root, ledgers=FEC).freeze() as frozen:
        list(frozen.items())
        yield frozen


def test_a_ledger_that_changed_after_the_listing_is_busy(ledger: Path, with_ledger: Frozen) -> None:
    ledger.write_text(fec(4))
    with pytest.raises(SourceBusyError) as caught:
        next(with_ledger.ledgers())
    assert caught.value.facts["path"] == "FEC2026.txt"


def test_a_ledger_that_changes_while_its_proof_is_taken_is_busy(
    ledger: Path, with_ledger: Frozen
) -> None:
    readers = with_ledger.ledgers()
    next(readers)
    ledger.write_text(fec(4))
    with pytest.raises(SourceBusyError):
        next(readers, None)


def test_a_ledger_that_changed_after_its_proof_is_not_confirmed(
    ledger: Path, with_ledger: Frozen
) -> None:
    list(with_ledger.ledgers())
    ledger.write_text(fec(4))
    with pytest.raises(SourceBusyError):
        with_ledger.confirm()


def test_a_ledger_that_vanished_is_not_confirmed(ledger: Path, with_ledger: Frozen) -> None:
    list(with_ledger.ledgers())
    ledger.unlink()
    with pytest.raises(SourceBusyError):
        with_ledger.confirm()


def test_a_ledger_that_came_after_the_listing_is_busy(root: Path, with_ledger: Frozen) -> None:
    (root / "FEC2027.txt").write_text(fec(1))
    with pytest.raises(SourceBusyError):
        list(with_ledger.ledgers())


def test_a_ledger_read_again_is_held_against_its_newer_state(
    ledger: Path, with_ledger: Frozen
) -> None:
    item = only(with_ledger, b"FEC2026.txt")
    ledger.write_text(fec(4))
    assert with_ledger.again(item) is not None
    list(with_ledger.ledgers())
    with_ledger.confirm()


def test_other_files_may_change_while_proofs_are_taken(root: Path, with_ledger: Frozen) -> None:
    (root / "log").write_text("written all the time")
    books = list(with_ledger.ledgers())
    with_ledger.confirm()
    assert len(books) == 1


def test_a_log_that_appears_beside_a_database_is_a_change(root: Path) -> None:
    book(root / "book.db", 2)
    with LedgerTreeSource(root, ledgers=(LedgerSpec("yonyou_t3"),)).freeze() as frozen:
        list(frozen.items())
        list(frozen.ledgers())
        frozen.confirm()
        (root / "book.db-wal").write_bytes(b"a commit")
        with pytest.raises(SourceBusyError):
            frozen.confirm()


def test_ledgers_asked_for_before_the_items_are_guarded_too(root: Path, ledger: Path) -> None:
    with LedgerTreeSource(root, ledgers=FEC).freeze() as frozen:
        list(frozen.ledgers())
        ledger.write_text(fec(4))
        list(frozen.items())
        with pytest.raises(SourceBusyError):
            frozen.confirm()


def test_a_ledger_that_an_exclude_pattern_hits_is_a_mistake_of_the_settings(
    root: Path, ledger: Path
) -> None:
    with LedgerTreeSource(root, exclude=("*.txt",), ledgers=FEC).freeze() as frozen:
        list(frozen.items())
        with pytest.raises(UsageError):
            list(frozen.ledgers())


def test_a_damaged_book_does_not_hide_the_others(root: Path, with_ledger: Frozen) -> None:
    (root / "FEC2025.txt").write_text("no ledger at all")
    with LedgerTreeSource(root, ledgers=FEC).freeze() as frozen:
        damaged, sound = frozen.ledgers()
        with pytest.raises(LedgerFormatError):
            list(damaged.lines())
        assert len(list(sound.lines())) == 6


def test_a_book_in_workbooks_is_guarded_file_by_file(root: Path) -> None:
    folder = write_cloud(root / "甲公司")
    source = LedgerTreeSource(root, ledgers=(LedgerSpec("cloud_pair"),))
    with source.freeze() as frozen:
        list(frozen.items())
        assert [reader.book.name for reader in frozen.ledgers()] == ["甲公司"]
        frozen.confirm()
        with (folder / "科目余额表2026-02.xlsx").open("ab") as stream:
            stream.write(b"changed")
        with pytest.raises(SourceBusyError) as caught:
            frozen.confirm()
    assert caught.value.facts["path"] == "甲公司/科目余额表2026-02.xlsx"
