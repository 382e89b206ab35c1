"""Extended attributes, access lists, hard links and holes: stored, told apart, and brought back."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.errors import CorruptObjectError
from baozhang.sources.base import Item, Trouble
from baozhang.sources.folders import root_folder
from baozhang.sources.traits import LINK, link_of, packed, unpacked
from baozhang.sources.tree import FrozenTree, TreeSource
from baozhang.sources.walk import Walk
from baozhang.vault.client import ClientVault
from baozhang.vault.columns import decode_columns, encode_columns
from baozhang.vault.folder import OPEN_FOLDERS, Folder
from baozhang.vault.linking import linked, settle_links
from baozhang.vault.model import BackupReceipt, RestoreReceipt
from baozhang.vault.reader import restore
from baozhang.vault.snapshot import HASH, Manifest, decode, encode_full
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.writer import back_up
from tests.faults.disks import in_memory
from tests.sources.test_tree import deepen
from tests.sources.traits import ACCESS, DEFAULT, attributes, for_reader, room
from tests.vault.conftest import AT, BackUp
from tests.vault.test_round_trip import facts
from tests.vault.unprivileged import common_folder, unprivileged

Again = Callable[..., Path]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def again(back: BackUp, side: ClientVault, root: Path, tmp_path: Path) -> Again:
    """Back the root up and restore it, or a part; each call into a folder of its own."""
    numbers = iter(range(1000))

    def run(path: bytes = b"") -> Path:
        target = tmp_path / f"out{next(numbers)}"
        restore(side, back(root).snapshot, target, path=path)
        return target

    return run


def rows(side: ClientVault, receipt: BackupReceipt) -> dict[bytes, dict[bytes, bytes]]:
    """Return the traits that a snapshot states, of what has any."""
    manifest = side.manifest(receipt.snapshot)
    return {r.item.path: unpacked(r.item.traits) for r in manifest.rows() if r.item.traits}


def links(side: ClientVault, receipt: BackupReceipt) -> set[bytes]:
    """Return the paths that a snapshot states to be further names of files."""
    return {path for path, found in rows(side, receipt).items() if LINK in found}


# --- extended attributes ------------------------------------------------------------------------


def test_attributes_come_back_on_files_and_folders(root: Path, again: Again) -> None:
    (root / "d").mkdir()
    (root / "d" / "large").write_bytes(os.urandom(700_000))
    for path in (root, root / "d", root / "d" / "large"):
        os.setxattr(path, f"user.of-{path.name}", os.urandom(100))
    out = again()
    for name in ("", "d", "d/large"):
        assert attributes(out / name) == attributes(root / name) != {}


@pytest.mark.parametrize("mode", [0o640, 0o600, 0o604, 0o400])
def test_an_access_list_comes_back_with_its_mask_and_mode(
    root: Path, again: Again, mode: int
) -> None:
    (root / "f").write_bytes(b"1")
    os.setxattr(root / "f", ACCESS, for_reader())
    (root / "f").chmod(mode)
    (root / "d").mkdir()
    os.setxattr(root / "d", DEFAULT, for_reader())
    os.setxattr(root / "d", ACCESS, for_reader(mask=1))
    (root / "d").chmod(0o2750)
    out = again()
    for name in ("f", "d"):
        assert (out / name).stat().st_mode == (root / name).stat().st_mode
        assert attributes(out / name) == attributes(root / name)


def test_what_is_made_in_a_folder_does_not_inherit_its_list(root: Path, again: Again) -> None:
    (root / "d" / "e").mkdir(parents=True)
    (root / "d" / "f").write_bytes(b"1")
    os.setxattr(root / "d", DEFAULT, for_reader())
    out = again()
    assert (attributes(out / "d" / "e"), attributes(out / "d" / "f")) == ({}, {})


def test_nothing_inherits_the_list_of_the_folder_it_is_restored_into(
    root: Path, back: BackUp, side: ClientVault, tmp_path: Path
) -> None:
    (root / "d").mkdir()
    (root / "d" / "f").write_bytes(b"1")
    place = tmp_path / "place"
    place.mkdir()
    os.setxattr(place, DEFAULT, for_reader())
    restore(side, back(root).snapshot, place / "out")
    for path in (place / "out", place / "out" / "d", place / "out" / "d" / "f"):
        assert attributes(path) == {}


def test_what_another_user_may_not_set_is_told_and_nothing_else_is_lost(
    root: Path, back: BackUp, side: ClientVault
) -> None:
    (root / "f").write_bytes(b"1")
    (root / "sound").write_bytes(b"2")
    for name in ("user.a", "security.b", "user.c"):
        os.setxattr(root / "f", name, b"1")
    os.setxattr(root / "sound", "user.a", b"1")
    for name in ("f", "sound"):
        (root / name).chmod(0o444)
    snapshot = back(root).snapshot

    def work() -> None:
        receipt = restore(side, snapshot, place / "out")
        assert (receipt.bare, receipt.lost, receipt.files) == ((b"f",), (), 2)
        assert attributes(place / "out" / "f") == {"user.a": b"1", "user.c": b"1"}
        assert attributes(place / "out" / "sound") == {"user.a": b"1"}
        assert (place / "out" / "f").stat().st_mode & 0o777 == 0o444

    with common_folder() as place:
        unprivileged(work)


def test_an_attribute_alone_is_a_change(root: Path, back: BackUp, side: ClientVault) -> None:
    (root / "f").write_bytes(b"1")
    back(root)
    os.setxattr(root / "f", "user.a", b"1")
    second = back(root)
    assert (second.unchanged, rows(side, second)) == (False, {b"f": {b"user.a": b"1"}})
    os.removexattr(root / "f", "user.a")
    third = back(root)
    assert (third.unchanged, rows(side, third)) == (False, {})
    assert back(root).unchanged


def test_an_attribute_alone_is_a_change_where_change_times_tell_nothing(
    root: Path, side: ClientVault
) -> None:
    def run(day: int) -> BackupReceipt:
        walk = Walk(root_folder(root), untrusted=frozenset({root.stat().st_dev}))
        at = AT + timedelta(days=day)
        return back_up(side, FrozenTree(walk), set_name="main", at=at)

    (root / "f").write_bytes(b"1")
    run(0)
    os.setxattr(root / "f", "user.a", b"1")
    second = run(3)
    assert (second.bytes_read, rows(side, second)) == (0, {b"f": {b"user.a": b"1"}})


# --- hard links ---------------------------------------------------------------------------------


@pytest.fixture
def several(root: Path) -> Path:
    """A file with three names, as the walk tells them: a/one, b/two, c."""
    for name in ("a", "b"):
        (root / name).mkdir()
    (root / "a" / "one").write_bytes(os.urandom(900_000))
    (root / "b" / "two").hardlink_to(root / "a" / "one")
    (root / "c").hardlink_to(root / "a" / "one")
    os.setxattr(root / "c", "user.a", b"1")
    (root / "c").chmod(0o640)
    return root


def test_names_of_one_file_are_read_once_and_are_one_file_again(
    several: Path, back: BackUp, side: ClientVault, tmp_path: Path
) -> None:
    receipt = back(several)
    found = restore(side, receipt.snapshot, tmp_path / "out")
    names = [tmp_path / "out" / name for name in ("a/one", "b/two", "c")]
    assert receipt.bytes_read == 900_000
    assert {(path.stat().st_ino, path.stat().st_nlink) for path in names} == {
        (names[0].stat().st_ino, 3)
    }
    assert facts(tmp_path / "out") == facts(several)
    assert attributes(tmp_path / "out" / "c") == {"user.a": b"1"}
    assert (found.files, found.bytes) == (3, 2_700_000)


def test_a_name_whose_first_is_not_restored_is_a_file_of_its_own(
    several: Path, again: Again
) -> None:
    out = again(b"b")
    assert (out / "b" / "two").read_bytes() == (several / "c").read_bytes()
    assert (out / "b" / "two").stat().st_nlink == 1
    assert attributes(out / "b" / "two") == {"user.a": b"1"}


def test_names_in_more_folders_than_are_held_open_are_one_file(root: Path, again: Again) -> None:
    (root / "a").mkdir()
    (root / "a" / "f").write_bytes(b"1")
    for number in range(OPEN_FOLDERS):
        (root / f"b{number:03}" / "d").mkdir(parents=True)
        (root / f"b{number:03}" / "f").hardlink_to(root / "a" / "f")
    out = again()
    assert (out / "a" / "f").stat().st_nlink == OPEN_FOLDERS + 1


def test_a_further_name_alone_is_a_change(several: Path, back: BackUp, side: ClientVault) -> None:
    back(several)
    (several / "d").hardlink_to(several / "c")
    receipt = back(several)
    assert links(side, receipt) == {b"b/two", b"c", b"d"}
    assert side.commit_of(receipt.snapshot).packs == ()


def test_when_the_first_name_goes_the_next_is_the_file(
    several: Path, back: BackUp, again: Again, side: ClientVault
) -> None:
    back(several)
    (several / "a" / "one").unlink()
    out = again()
    assert facts(out) == facts(several)
    assert (out / "b" / "two").samefile(out / "c")


def test_names_in_a_night_that_changed_little_come_back(several: Path, again: Again) -> None:
    """The second night is a delta, whose rows name those of the first."""
    for number in range(40):
        (several / f"other{number}").write_bytes(b"%d" % number)
    again()
    (several / "a" / "later").hardlink_to(several / "a" / "one")
    (several / "other7").write_bytes(b"changed")
    out = again()
    assert facts(out) == facts(several)
    assert (out / "c").stat().st_nlink == 4


class Meddled(FrozenTree):
    """A folder in which something happens between the listing and the reading."""

    def __init__(self, root: Path, meddle: Callable[[], object]) -> None:
        super().__init__(Walk(root_folder(root)))
        self._meddle = meddle

    def items(self) -> Iterator[Item]:
        yield from super().items()
        self._meddle()


def meddled(
    side: ClientVault, root: Path, meddle: Callable[[], object], target: Path
) -> tuple[BackupReceipt, RestoreReceipt]:
    receipt = back_up(side, Meddled(root, meddle), set_name="main", at=AT)
    return receipt, restore(side, receipt.snapshot, target)


def files(root: Path) -> dict[bytes, tuple[object, ...]]:
    """Return the facts of all but folders, whose times such meddling changes."""
    return {
        path: found
        for path, found in facts(root).items()
        if not (root / os.fsdecode(path)).is_dir()
    }


def test_when_the_first_name_goes_meanwhile_the_others_stay_one_file(
    several: Path, side: ClientVault, tmp_path: Path
) -> None:
    receipt, _ = meddled(side, several, (several / "a" / "one").unlink, tmp_path / "out")
    assert [trouble.path for trouble in receipt.troubles] == [b"a/one"]
    assert files(tmp_path / "out") == files(several)
    assert (tmp_path / "out" / "b" / "two").samefile(tmp_path / "out" / "c")


class Partly(FrozenTree):
    """A folder of which one file is not told, although its other names are."""

    def items(self) -> Iterator[Item]:
        return (item for item in super().items() if item.path != b"a/one")


def test_names_whose_first_no_source_tells_are_one_file_every_night(
    several: Path, side: ClientVault
) -> None:
    def night(day: int) -> BackupReceipt:
        frozen, at = Partly(Walk(root_folder(several))), AT + timedelta(days=day)
        return back_up(side, frozen, set_name="main", at=at)

    first = night(0)
    assert (links(side, first), first.bytes_read) == ({b"c"}, 900_000)
    assert night(1).unchanged


class Exact(FrozenTree):
    """A folder that compares all of an item with what is there, as an inbox does."""

    def unchanged(self, item: Item) -> bool:
        return self._walk.find(item.path) == item


def test_a_name_that_joins_a_file_of_an_earlier_night_is_read_once(
    several: Path, side: ClientVault
) -> None:
    def night(day: int, left_out: bytes) -> BackupReceipt:
        walk = Walk(root_folder(several), excluded=lambda path: path == left_out)
        at = AT + timedelta(days=day)
        return back_up(side, Exact(walk), set_name="main", at=at)

    night(0, b"c")
    second = night(1, b"")
    assert (second.bytes_read, second.troubles) == (900_000, ())
    assert links(side, second) == {b"b/two", b"c"}


def test_a_name_that_is_another_file_meanwhile_comes_back_as_that(
    several: Path, side: ClientVault, tmp_path: Path
) -> None:
    def replace() -> None:
        (several / "c").unlink()
        (several / "c").write_bytes(b"another")

    receipt, _ = meddled(side, several, replace, tmp_path / "out")
    assert (receipt.troubles, links(side, receipt)) == ((), {b"b/two"})
    assert files(tmp_path / "out") == files(several)
    assert (tmp_path / "out" / "b" / "two").stat().st_nlink == 2


def test_a_file_that_grows_meanwhile_is_one_file_still(
    several: Path, side: ClientVault, tmp_path: Path
) -> None:
    def grow() -> None:
        with (several / "c").open("ab") as file:
            file.write(b"more")

    meddled(side, several, grow, tmp_path / "out")
    assert facts(tmp_path / "out") == facts(several)
    assert (tmp_path / "out" / "c").stat().st_nlink == 3


def test_damage_to_a_file_costs_all_its_names(
    several: Path, back: BackUp, side: ClientVault, store: MemoryStore, tmp_path: Path
) -> None:
    (several / "sound").touch()
    snapshot = back(several).snapshot
    for info in list(store.list("c/")):
        if "/packs/" in info.name:
            store.delete(info.name)
    found = restore(side, snapshot, tmp_path / "out", keep_going=True)
    assert found.lost == (b"a/one", b"b/two", b"c")
    assert sorted(os.listdir(tmp_path / "out")) == ["a", "b", "sound"]


def test_where_no_further_name_can_be_made_a_copy_is(tmp_path: Path) -> None:
    """Of one file ext4 allows 65,000 names."""
    content = b"1" * 1_500_000
    (tmp_path / "first").write_bytes(content)
    (tmp_path / "more").mkdir()
    with suppress(OSError):
        for number in range(65_000):
            os.link(tmp_path / "first", tmp_path / "more" / str(number))
    with Folder(tmp_path) as folder:
        item = Item(b"copy", "file", 0o640, 77, os.getuid(), os.getgid(), len(content))
        folder.make_name(item, b"first")
    assert (tmp_path / "copy").read_bytes() == content


# --- links in manifests -------------------------------------------------------------------------


def manifest_of(*files: tuple[bytes, bytes, bytes]) -> Manifest:
    """Return a manifest of files: path, first letter of the content's hash, first name."""
    found = Manifest()
    for path, mark, link in files:
        traits = packed({LINK: link}) if link else b""
        found.add(Item(path, "file", 0o600, 0, traits=traits), mark * HASH, ())
    return found


def test_a_link_is_believed_where_a_file_of_that_content_is() -> None:
    manifest = manifest_of((b"a", b"1", b""), (b"b", b"1", b"a"), (b"c", b"1", b"a"))
    assert linked(manifest, range(3)) == {1: 0, 2: 0}
    assert linked(manifest, [0, 2]) == {2: 0}
    assert linked(manifest, [1, 2]) == {}


@pytest.mark.parametrize(
    "others",
    [
        [(b"a", b"2", b"")],  # other content
        [(b"0", b"1", b"")],  # no such name
        [(b"a", b"1", b"0")],  # a link itself
    ],
)
def test_a_link_that_leads_elsewhere_is_a_file(others: list[tuple[bytes, bytes, bytes]]) -> None:
    assert linked(manifest_of(*others, (b"b", b"1", b"a")), range(2)) == {}


@pytest.mark.parametrize("link", [b"b", b"c", b"../a", b"/etc/passwd"])
def test_a_link_leads_to_a_name_above_or_nowhere(link: bytes) -> None:
    manifest = manifest_of((b"a", b"1", b""), (b"b", b"1", link), (b"c", b"1", b""))
    assert linked(manifest, range(3)) == {}


def test_where_the_first_name_is_not_told_the_next_becomes_the_first() -> None:
    manifest = manifest_of((b"b", b"1", b"a"), (b"c", b"1", b"a"), (b"d", b"1", b"a"))
    settle_links(manifest)
    assert list(map(link_of, manifest.traits)) == [b"", b"b", b"b"]


def test_a_manifest_without_traits_has_no_column_of_them() -> None:
    _, columns = decode_columns(encode_full(manifest_of((b"a", b"1", b""))))
    assert "traits" not in columns


def test_a_manifest_without_that_column_is_one_without_traits() -> None:
    found = decode(encode_full(manifest_of((b"a", b"1", b""), (b"b", b"1", b""))))
    assert isinstance(found, Manifest)
    assert found.traits == [b"", b""]


def test_a_column_that_is_not_known_is_passed_over() -> None:
    head, columns = decode_columns(encode_full(manifest_of((b"a", b"1", b""))))
    later = decode(encode_columns(head, {**columns, "later": [b"1"]}))
    assert isinstance(later, Manifest)
    assert later.paths == [b"a"]


@pytest.mark.parametrize("traits", [[b"\1"], [b""] * 2])
def test_traits_that_do_not_fit_are_damage(traits: list[bytes]) -> None:
    head, columns = decode_columns(encode_full(manifest_of((b"a", b"1", b""))))
    with pytest.raises(CorruptObjectError):
        decode(encode_columns(head, {**columns, "traits": traits}))


# --- holes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [200_000, 30_000_001])
def test_holes_come_back_as_holes(root: Path, again: Again, size: int) -> None:
    with (root / "f").open("wb") as file:
        file.write(b"head")
        file.seek(size // 2)
        file.write(os.urandom(5000))
        file.truncate(size)
        os.fsync(file.fileno())
    (root / "f").chmod(0o400)
    out = again()
    os.sync()
    assert facts(out) == facts(root)
    assert room(out / "f") <= room(root / "f") + 8192 < size // 2


def test_zeros_that_take_room_take_room_again(root: Path, again: Again) -> None:
    (root / "f").write_bytes(bytes(1_000_000))
    out = again()
    os.sync()
    assert room(out / "f") >= 1_000_000


@pytest.mark.server  # mounts a disk
def test_holes_and_further_names_need_no_room(
    root: Path, back: BackUp, side: ClientVault, tmp_path: Path
) -> None:
    with (root / "holes").open("wb") as file:
        file.truncate(6 * 2**20)
    (root / "one").write_bytes(os.urandom(3 * 2**20))
    (root / "other").hardlink_to(root / "one")
    snapshot = back(root).snapshot
    with in_memory(tmp_path / "disk", kib=5 * 2**10) as disk:
        restore(side, snapshot, disk / "out")
        assert facts(disk / "out") == facts(root)


# --- names, depth, pipes ------------------------------------------------------------------------


@pytest.fixture
def tidied(tmp_path: Path) -> Iterator[None]:
    """Take away what is too deep for the test runner to tidy up."""
    yield
    subprocess.run(["/bin/rm", "-rf", *map(str, tmp_path.iterdir())], check=True)


@pytest.mark.usefixtures("tidied")
def test_a_path_longer_than_a_call_allows_comes_back(root: Path, again: Again) -> None:
    deepen(root, b"n" * 255, 20)
    out = again()
    with TreeSource(out).freeze() as found, TreeSource(root).freeze() as expected:
        paths = [item.path for item in found.items()]
        assert paths == [item.path for item in expected.items()]
    assert max(map(len, paths)) > 5000


@pytest.mark.usefixtures("tidied")
def test_attributes_and_links_at_such_a_depth_come_back(root: Path, again: Again) -> None:
    fd = os.open(root, os.O_RDONLY)
    for _ in range(20):
        os.mkdir(b"n" * 255, dir_fd=fd)
        below = os.open(b"n" * 255, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    file = os.open(b"f", os.O_CREAT | os.O_WRONLY, dir_fd=fd)
    os.setxattr(file, "user.a", b"1")
    os.close(file)
    os.link(b"f", b"g", src_dir_fd=fd, dst_dir_fd=fd)
    os.close(fd)
    out = again()
    with TreeSource(out).freeze() as frozen:
        *_, one, other = (unpacked(item.traits) for item in frozen.items())
    assert one == {b"user.a": b"1"}
    assert other.keys() == {b"user.a", LINK}


def test_a_pipe_that_nobody_writes_is_named_and_holds_nothing_up(
    root: Path, back: BackUp, side: ClientVault
) -> None:
    os.mkfifo(root / "pipe")
    (root / "pipe-again").hardlink_to(root / "pipe")
    (root / "z").write_bytes(b"1")
    receipt = back(root)
    assert receipt.troubles == (Trouble(b"pipe", "special"), Trouble(b"pipe-again", "special"))
    assert side.manifest(receipt.snapshot).paths == [b"", b"z"]
