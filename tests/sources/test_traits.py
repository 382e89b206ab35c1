"""Extended attributes, hard links and holes, as the walk tells them and as they are given back."""

import os
import random
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baozhang.errors import CorruptObjectError
from baozhang.sources.base import Item
from baozhang.sources.combined import CombinedSource
from baozhang.sources.folders import root_folder
from baozhang.sources.traits import (
    BLOCK,
    HOLES,
    LINK,
    give,
    holes_of,
    link_of,
    packed,
    runs_of_data,
    unpacked,
    with_link,
)
from baozhang.sources.tree import TreeSource
from baozhang.sources.walk import Walk
from tests.sources.traits import ACCESS, DEFAULT, attributes, for_reader


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def items(root: Path) -> dict[bytes, Item]:
    return {item.path: item for item in Walk(root_folder(root)).items()}


def traits(root: Path) -> dict[bytes, dict[bytes, bytes]]:
    """Return what the walk tells, of what has any."""
    return {path: unpacked(item.traits) for path, item in items(root).items() if item.traits}


# --- the text -----------------------------------------------------------------------------------


@given(st.dictionaries(st.binary(min_size=1, max_size=300), st.binary(max_size=70_000), max_size=4))
def test_what_is_packed_is_unpacked(traits: dict[bytes, bytes]) -> None:
    assert unpacked(packed(traits)) == traits


def test_the_layout_is_the_documented_one() -> None:
    text = packed({b"user.b": b"12", b"link": b"a/f"})
    assert text == b"\x04\0\x03\0\0\0linka/f" + b"\x06\0\x02\0\0\0user.b12"


def test_nothing_is_an_empty_text() -> None:
    assert (packed({}), unpacked(b""), link_of(b""), holes_of(b"")) == (b"", {}, b"", 0)


@pytest.mark.parametrize("kept", range(1, 12))
def test_a_text_that_is_cut_is_damage(kept: int) -> None:
    with pytest.raises(CorruptObjectError):
        unpacked(packed({b"user": b"12"})[:-1][:kept])


def test_a_link_is_put_and_taken_beside_the_others() -> None:
    text = packed({b"user.a": b"1"})
    linked = with_link(text, b"f")
    assert (link_of(linked), with_link(linked, b"g") == with_link(text, b"g")) == (b"f", True)
    assert with_link(linked, b"") == text


# --- extended attributes ------------------------------------------------------------------------


def test_attributes_of_files_and_folders_are_told(root: Path) -> None:
    (root / "d").mkdir()
    (root / "d" / "f").touch()
    os.setxattr(root, "user.root", b"0")
    os.setxattr(root / "d", "user.folder", b"1")
    os.setxattr(root / "d" / "f", "user.file", b"\0\xff")
    assert traits(root) == {
        b"": {b"user.root": b"0"},
        b"d": {b"user.folder": b"1"},
        b"d/f": {b"user.file": b"\0\xff"},
    }


def test_access_lists_are_told(root: Path) -> None:
    (root / "f").touch()
    os.setxattr(root, DEFAULT, for_reader())
    os.setxattr(root / "f", ACCESS, for_reader())
    found = traits(root)
    assert found[b""][DEFAULT.encode()] == for_reader()
    assert found[b"f"][ACCESS.encode()] == for_reader()


def test_the_attributes_of_what_a_link_leads_to_are_not_told(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").touch()
    os.setxattr(tmp_path / "elsewhere", "user.secret", b"1")
    (root / "link").symlink_to(tmp_path / "elsewhere")
    assert traits(root) == {}


def test_attributes_of_the_administrator_alone_are_left_out(root: Path) -> None:
    (root / "f").touch()
    os.setxattr(root / "f", "trusted.x", b"1")
    assert traits(root) == {}


def test_a_file_looked_up_again_is_told_with_its_attributes(root: Path) -> None:
    (root / "f").touch()
    os.setxattr(root / "f", "user.a", b"1")
    walk = Walk(root_folder(root))
    found = walk.find(b"f")
    assert found is not None
    assert unpacked(found.traits) == {b"user.a": b"1"}


def test_an_attribute_alone_makes_another_state(root: Path) -> None:
    (root / "f").touch()
    before = items(root)[b"f"]
    os.setxattr(root / "f", "user.a", b"1")
    after = items(root)[b"f"]
    assert (after == before, after.same_state(before)) == (False, False)


def test_only_what_cannot_be_set_is_missing_afterwards(root: Path) -> None:
    (root / "f").touch()
    much = bytes(70_000)  # the kernel allows 65,536
    text = packed({b"user.a": b"1", b"user.b": much, b"user.c": b"3", LINK: b"x", HOLES: b"\1"})
    with (root / "f").open() as file:
        assert not give(file.fileno(), text)
        assert give(file.fileno(), packed({b"user.d": b"4"}))
    assert attributes(root / "f") == {"user.a": b"1", "user.c": b"3", "user.d": b"4"}


def test_an_attribute_of_a_space_that_is_not_kept_is_never_given(root: Path) -> None:
    (root / "f").touch()
    with (root / "f").open() as file:
        assert give(file.fileno(), packed({b"trusted.a": b"1"}))
    assert attributes(root / "f") == {}


def test_a_capability_is_never_given(root: Path) -> None:
    capability = b"\x01\0\0\2" + b"\0\x20\0\0" + bytes(12)
    (root / "f").touch()
    os.setxattr(root / "f", "security.capability", capability)
    text = items(root)[b"f"].traits
    (root / "g").touch()
    with (root / "g").open() as file:
        assert give(file.fileno(), text)
    assert unpacked(text) == {b"security.capability": capability}
    assert attributes(root / "g") == {}


# --- hard links ---------------------------------------------------------------------------------


def linked(root: Path) -> None:
    (root / "d").mkdir()
    (root / "b").write_bytes(b"one file")
    (root / "z").hardlink_to(root / "b")
    (root / "d" / "c").hardlink_to(root / "b")


def test_the_first_name_has_the_content_and_the_others_name_it(root: Path) -> None:
    linked(root)
    assert traits(root) == {b"d/c": {LINK: b"b"}, b"z": {LINK: b"b"}}


def test_a_name_that_is_left_out_is_not_the_first(root: Path) -> None:
    linked(root)
    with TreeSource(root, exclude=("b",)).freeze() as frozen:
        found = {item.path: link_of(item.traits) for item in frozen.items() if item.kind == "file"}
    assert found == {b"d/c": b"", b"z": b"d/c"}


def test_a_second_listing_tells_the_same(root: Path) -> None:
    linked(root)
    with TreeSource(root).freeze() as frozen:
        assert list(frozen.items()) == list(frozen.items())


def test_where_inodes_tell_nothing_every_name_is_a_file(root: Path) -> None:
    linked(root)
    walk = Walk(root_folder(root), untrusted=frozenset({root.stat().st_dev}))
    assert [item.path for item in walk.items() if item.traits] == []


def test_in_a_set_of_several_sources_a_link_names_the_path_in_the_set(root: Path) -> None:
    linked(root)
    with CombinedSource({"files": TreeSource(root)}).freeze() as frozen:
        found = {item.path: link_of(item.traits) for item in frozen.items() if item.traits}
    assert found == {b"files/d/c": b"files/b", b"files/z": b"files/b"}


# --- holes --------------------------------------------------------------------------------------


def test_holes_are_counted(root: Path) -> None:
    with (root / "f").open("wb") as file:
        file.truncate(2**20)
        file.seek(0)
        file.write(b"x" * BLOCK)
        os.fsync(file.fileno())
    assert holes_of(items(root)[b"f"].traits) == 2**20 - BLOCK


def test_a_file_without_holes_has_none(root: Path) -> None:
    for size in (0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2**20):
        (root / str(size)).write_bytes(bytes(size))
    assert traits(root) == {}


def test_where_inodes_tell_nothing_neither_does_the_room_a_file_takes(root: Path) -> None:
    with (root / "f").open("wb") as file:
        file.truncate(2**20)
    walk = Walk(root_folder(root), untrusted=frozenset({root.stat().st_dev}))
    assert [item.traits for item in walk.items()] == [b"", b""]


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 3 * BLOCK)), max_size=6),
    st.integers(0, 2 * BLOCK),
)
def test_runs_of_data_and_holes_make_the_file(parts: list[tuple[bool, int]], at: int) -> None:
    content = b"".join((b"x" if data else b"\0") * length for data, length in parts)
    rebuilt = bytearray(len(content))
    for place, run in runs_of_data(memoryview(content), at):
        rebuilt[place - at : place - at + len(run)] = run
    assert rebuilt == content


@given(st.integers(0, 3 * BLOCK), st.integers(3, 6))
def test_whole_blocks_of_zeros_are_in_no_run(at: int, blocks: int) -> None:
    content = b"x" + bytes(blocks * BLOCK) + b"x"
    data = sum(len(run) for _, run in runs_of_data(memoryview(content), at))
    assert data <= 3 * BLOCK


# --- how much, how long -------------------------------------------------------------------------


@pytest.fixture
def many(root: Path) -> Path:
    for folder in range(20):
        (root / f"{folder:02}").mkdir()
        for name in range(500):
            os.close(os.open(root / f"{folder:02}" / f"{name:04}", os.O_CREAT | os.O_WRONLY))
    return root


def test_the_memory_of_a_listing_is_that_of_its_largest_folder(many: Path) -> None:
    walk = Walk(root_folder(many))
    tracemalloc.start()
    try:
        count = sum(1 for _ in walk.items())
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 20 * 501 + 1
    assert most < 500 * 300  # bytes; of 10,000 items it would be megabytes


def test_names_of_one_file_are_forgotten_once_all_were_told(root: Path) -> None:
    for number in random.Random(1).sample(range(3000), 1000):
        (root / f"{number:04}").touch()
        (root / f"{number:04}-again").hardlink_to(root / f"{number:04}")
    walk = Walk(root_folder(root))
    items, most = walk.items(), 0
    tracemalloc.start()
    try:
        next(items)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        linked = sum(1 for item in items if item.traits)
        most = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert linked == 1000
    assert most < 20_000
