"""Attributes that cannot have changed are taken over from an earlier listing, and no others."""

import os
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from baozhang.sources.base import Earlier, Inheriting, Item, Seen
from baozhang.sources.combined import CombinedSource, FrozenTogether
from baozhang.sources.folders import root_folder
from baozhang.sources.traits import HOLES, LINK, attributes, packed, unpacked
from baozhang.sources.tree import FrozenTree, TreeSource
from baozhang.sources.walk import Walk
from tests.sources.traits import ACCESS
from tests.vault.unprivileged import common_folder, unprivileged

LATER = 2**62
"""An instant after every change there is."""
OLD = packed({b"user.of": b"an earlier listing"})
"""What is told of a file where it was not asked for its attributes, which it never had."""

Told = dict[bytes, dict[bytes, bytes]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "d").mkdir(parents=True)
    for name in ("a", "d/b", "z"):
        (folder / name).write_bytes(b"1")
    return folder


def listed(root: Path, *, untrusted: Iterable[int] = ()) -> list[Item]:
    return list(Walk(root_folder(root), untrusted=frozenset(untrusted)).items())


def seen(items: Iterable[Item], traits: bytes = OLD) -> list[Seen]:
    """Return what an earlier snapshot says of these, each with the same attributes."""
    return [(item.path, item.change, traits) for item in items]


def columns(earlier: Iterable[Seen]) -> Earlier:
    """Return what was seen as a snapshot holds it."""
    rows = list(earlier)
    return Earlier(
        [path for path, _, _ in rows],
        [change[0] for _, change, _ in rows],
        [change[1] for _, change, _ in rows],
        [traits for _, _, traits in rows],
    )


def told(root: Path, earlier: Iterable[Seen], *, before: int = LATER) -> Told:
    """Return the traits that a listing tells after an earlier one."""
    walk = Walk(root_folder(root))
    walk.inherit(columns(earlier), before=before)
    return {item.path: unpacked(item.traits) for item in walk.items() if item.traits}


def taken_over(root: Path, earlier: Iterable[Seen], *, before: int = LATER) -> set[bytes]:
    """Return the files that were not asked for their attributes."""
    return set(told(root, earlier, before=before))


FILES = {b"a", b"d/b", b"z"}


def test_files_that_stand_as_they_were_seen_are_not_asked(root: Path) -> None:
    assert taken_over(root, seen(listed(root))) == FILES


def test_folders_are_always_asked(root: Path) -> None:
    os.setxattr(root / "d", "user.a", b"1")
    assert told(root, seen(listed(root), b"")) == {b"d": {b"user.a": b"1"}}


def setfattr(path: Path) -> None:
    subprocess.run(["setfattr", "-n", "user.a", "-v", "1", path], check=True)


def removed(path: Path) -> None:
    subprocess.run(["setfattr", "-x", "user.there", path], check=True)


def setfacl(path: Path) -> None:
    subprocess.run(["setfacl", "-m", "u:1234:r", path], check=True)


def rewritten(path: Path) -> None:
    path.write_bytes(b"2")


def replaced(path: Path) -> None:
    """By a file that looks as old and has an inode of its own."""
    status, other = path.stat(), path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.rename(path)


@pytest.mark.parametrize("change", [setfattr, removed, setfacl, rewritten, replaced])
def test_a_file_that_changed_in_any_way_is_asked(
    root: Path, change: Callable[[Path], object]
) -> None:
    os.setxattr(root / "d" / "b", "user.there", b"1")
    earlier = seen(listed(root))
    change(root / "d" / "b")
    assert told(root, earlier)[b"a"] == unpacked(OLD)
    now = {path.decode() for path in unpacked(Walk(root_folder(root)).find(b"d/b").traits)}  # type: ignore[union-attr]
    assert set(told(root, earlier).get(b"d/b", {})) == {name.encode() for name in now}


def test_an_access_list_by_setfacl_is_told_although_nothing_else_changed(root: Path) -> None:
    earlier = seen(listed(root), b"")
    setfacl(root / "z")
    assert list(told(root, earlier)) == [b"z"]
    assert ACCESS.encode() in told(root, earlier)[b"z"]


def test_a_file_under_another_name_is_asked(root: Path) -> None:
    earlier = seen(listed(root))
    (root / "z").rename(root / "y")
    assert taken_over(root, earlier) == FILES - {b"z"}


def test_the_change_of_another_path_is_not_believed(root: Path) -> None:
    changes = {item.path: item.change for item in listed(root)}
    earlier = [(b"a", changes[b"z"], OLD), (b"d/b", changes[b"a"], OLD)]
    assert taken_over(root, earlier) == set()
    assert taken_over(root, [(b"aa", changes[b"a"], OLD)]) == set()


@pytest.mark.parametrize("part", [0, 1])
def test_change_time_and_inode_must_both_be_the_same(root: Path, part: int) -> None:
    earlier = [
        (item.path, tuple(n + (place == part) for place, n in enumerate(item.change)), OLD)
        for item in listed(root)
    ]
    assert taken_over(root, earlier) == set()  # type: ignore[arg-type]


def test_a_change_after_which_another_may_have_come_is_not_believed(root: Path) -> None:
    items = {item.path: item for item in listed(root)}
    just = items[b"z"].change[0]
    assert b"z" not in taken_over(root, seen(items.values()), before=just)
    assert b"z" in taken_over(root, seen(items.values()), before=just + 1)


def test_where_change_times_tell_nothing_every_file_is_asked(root: Path) -> None:
    device = root.stat().st_dev
    trusted, untrusted = listed(root), listed(root, untrusted=[device])
    for mount, earlier in (({device}, trusted), ({device}, untrusted), (set(), untrusted)):
        walk = Walk(root_folder(root), untrusted=frozenset(mount))
        walk.inherit(iter(seen(earlier)), before=LATER)
        assert {item.traits for item in walk.items()} == {b""}


def test_what_came_and_went_between_puts_nothing_out_of_step(root: Path) -> None:
    earlier = seen(listed(root))
    other = (1, 1)
    earlier[1:1] = [(b"Gone", other, OLD), (b"Gone/x", other, OLD)]
    earlier += [(b"zz", other, OLD)]
    for name in ("0", "c", "d/a", "zz"):
        (root / name).touch()
    assert taken_over(root, sorted(earlier)) == FILES


def test_links_and_holes_are_told_as_they_are_now(root: Path) -> None:
    (root / "d" / "name").hardlink_to(root / "a")
    before = {b"user.of": b"1", LINK: b"another", HOLES: bytes(8)}
    found = told(root, seen(listed(root), packed(before)))
    assert found[b"z"] == {b"user.of": b"1"}
    assert found[b"d/name"] == {b"user.of": b"1", LINK: b"a"}


def test_a_second_listing_asks_again(root: Path) -> None:
    with TreeSource(root).freeze() as frozen:
        assert isinstance(frozen, Inheriting)
        frozen.inherit(iter(seen(listed(root))), before=LATER)
        assert {item.path for item in frozen.items() if item.traits} == FILES
        assert {item.path for item in frozen.items() if item.traits} == set()


def test_a_file_that_is_looked_up_while_others_are_listed_is_asked(root: Path) -> None:
    walk = Walk(root_folder(root))
    walk.inherit(iter(seen(listed(root))), before=LATER)
    traits = {}
    for item in walk.items():
        found = walk.find(b"z")
        assert found is not None
        assert found.traits == b""
        traits[item.path] = item.traits
    assert {path for path, text in traits.items() if text} == FILES


def test_a_file_that_is_looked_up_again_is_asked(root: Path) -> None:
    walk = Walk(root_folder(root))
    walk.inherit(iter(seen(listed(root))), before=LATER)
    items = {item.path: item for item in walk.items()}
    assert items[b"a"].traits == OLD
    found = FrozenTree(walk).again(items[b"a"])
    assert found is not None
    assert found.traits == b""


def test_a_listing_that_read_every_attribute_may_be_inherited(root: Path) -> None:
    setfattr(root / "a")
    setfacl(root / "z")
    with TreeSource(root).freeze() as frozen:
        assert list(frozen.items())
        assert isinstance(frozen, Inheriting)
        assert frozen.may_be_inherited()


def test_an_attribute_that_went_meanwhile_is_none_that_could_not_be_read(root: Path) -> None:
    setfattr(root / "a")
    names = ["user.a", "user.went"]
    assert attributes(names, bytes(root / "a")) == (packed({b"user.a": b"1"}), True)


def test_attributes_that_cannot_be_read_are_told_apart_from_none(root: Path) -> None:
    assert attributes(["user.a"], bytes(root / "nowhere")) == (b"", False)
    assert Walk(root_folder(root))._attributes(bytes(root / "nowhere"), 0) == (b"", False)
    assert Walk(root_folder(root))._attributes(bytes(root / "a"), 0) == (b"", True)


def test_a_folder_whose_attributes_may_not_be_read_hinders_no_inheriting() -> None:
    def work() -> None:
        with TreeSource(place).freeze() as frozen:
            assert isinstance(frozen, Inheriting)
            assert len(list(frozen.items())) == 3
            assert frozen.may_be_inherited()

    with common_folder() as place:
        (place / "closed").mkdir()
        (place / "f").touch()
        setfattr(place / "closed")
        (place / "closed").chmod(0o711)
        unprivileged(work)


def test_an_attribute_that_came_while_a_file_was_read_is_a_change_of_it(root: Path) -> None:
    with TreeSource(root).freeze() as frozen:
        item = next(item for item in frozen.items() if item.path == b"a")
        assert frozen.unchanged(item)
        setfattr(root / "a")
        assert not frozen.unchanged(item)


def test_of_several_sources_each_is_told_what_lay_below_it(tmp_path: Path) -> None:
    for name in ("a", "a-b", "b"):  # by path bytes "a-b/x" comes between "a" and "a/x"
        (tmp_path / name / "d").mkdir(parents=True)
        (tmp_path / name / "x").write_bytes(b"1")
        (tmp_path / name / "d" / "y").write_bytes(b"1")
    source = CombinedSource({name: TreeSource(tmp_path / name) for name in ("a", "a-b", "b")})
    with source.freeze() as frozen:
        earlier = columns(seen(frozen.items()))
    with source.freeze() as frozen:
        frozen.inherit(earlier, before=LATER)
        told_of = {item.path for item in frozen.items() if item.traits == OLD}
        assert frozen.may_be_inherited()
    assert told_of == {f"{n}/{p}".encode() for n in ("a", "a-b", "b") for p in ("x", "d/y")}


def test_of_several_sources_one_that_could_not_look_hinders_all(tmp_path: Path) -> None:
    class Blind(FrozenTree):
        def may_be_inherited(self) -> bool:
            return False

    (tmp_path / "x").write_bytes(b"1")
    walk = Walk(root_folder(tmp_path))
    assert FrozenTogether({b"a": FrozenTree(walk)}).may_be_inherited()
    assert not FrozenTogether({b"a": FrozenTree(walk), b"b": Blind(walk)}).may_be_inherited()
