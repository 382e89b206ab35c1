"""Restored folders appear whole, and nothing that was there is lost."""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from baozhang.errors import SourceUnreadableError, UsageError
from baozhang.sources.folders import root_folder
from baozhang.sources.placing import exchanges, identity, place_tree, settle
from baozhang.sources.traits import BLOCK
from baozhang.sources.walk import Walk
from tests.sources.traits import ACCESS, DEFAULT, for_reader


@pytest.fixture
def restored(tmp_path: Path) -> Path:
    return fill(tmp_path / "restored")


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder on another file system than pytest's."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)


def fill(folder: Path) -> Path:
    (folder / "d" / "e").mkdir(parents=True)
    (folder / "d" / "f").write_bytes(b"new")
    (folder / "d" / "f").chmod(0o640)
    (folder / "l").symlink_to("d/f")
    (folder / os.fsdecode(b"odd\n\xff")).touch()
    (folder / "d" / "e").chmod(0o2750)
    for path in (folder / "d" / "f", folder / "d" / "e", folder / "d", folder):
        os.utime(path, ns=(1, 1_000_000_007))
    os.utime(folder / "l", ns=(1, 77), follow_symlinks=False)
    return folder


def described(folder: Path) -> list[tuple[object, ...]]:
    """Return all that a restore must bring back."""
    walk = Walk(root_folder(folder))
    return [
        (*item._replace(change=(0, 0)), walk.open(item.path).read() if item.kind == "file" else b"")
        for item in walk.items()
    ]


def test_a_folder_appears_with_everything_it_had(restored: Path, tmp_path: Path) -> None:
    expected = described(restored)
    place_tree(restored, tmp_path / "target", replace=False)
    assert described(tmp_path / "target") == expected


def test_an_empty_folder_may_be_taken(restored: Path, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    assert place_tree(restored, tmp_path / "target", replace=False) is None
    assert (tmp_path / "target" / "d" / "f").read_bytes() == b"new"


def test_another_file_system_gets_a_copy_with_everything(restored: Path, elsewhere: Path) -> None:
    expected = described(restored)
    place_tree(restored, elsewhere / "target", replace=False)
    assert described(elsewhere / "target") == expected


def test_a_copy_keeps_attributes_lists_links_and_holes(restored: Path, elsewhere: Path) -> None:
    os.setxattr(restored / "d" / "f", "user.a", b"1")
    os.setxattr(restored / "d" / "f", ACCESS, for_reader())
    os.setxattr(restored / "d", DEFAULT, for_reader())
    (restored / "d" / "e" / "again").hardlink_to(restored / "d" / "f")
    with (restored / "holes").open("wb") as file:
        file.write(b"1" * BLOCK)
        file.truncate(3_000_000)
        os.fsync(file.fileno())
    (restored / "holes").chmod(0o400)
    expected = described(restored)
    place_tree(restored, elsewhere / "target", replace=False)
    target = elsewhere / "target"
    assert described(target) == expected
    assert (target / "d" / "f").samefile(target / "d" / "e" / "again")


def test_a_copy_inherits_no_list(restored: Path, elsewhere: Path) -> None:
    os.setxattr(elsewhere, DEFAULT, for_reader())
    expected = described(restored)
    place_tree(restored, elsewhere / "target", replace=False)
    assert described(elsewhere / "target") == expected


def test_a_copy_leaves_nothing_but_the_target_behind(restored: Path, elsewhere: Path) -> None:
    place_tree(restored, elsewhere / "target", replace=False)
    assert os.listdir(elsewhere) == ["target"]


def test_a_swap_that_fails_puts_the_old_folder_back(restored: Path) -> None:
    inside = restored / "d" / "target"
    inside.mkdir()
    (inside / "old").touch()
    with pytest.raises(UsageError):  # a folder cannot move into itself
        place_tree(restored, inside, replace=True)
    assert os.listdir(inside) == ["old"]


def test_a_full_folder_is_not_replaced_unasked(restored: Path, tmp_path: Path) -> None:
    fill(tmp_path / "target")
    with pytest.raises(UsageError):
        place_tree(restored, tmp_path / "target", replace=False)
    assert restored.is_dir()


def test_a_file_in_the_way_is_not_replaced_unasked(restored: Path, tmp_path: Path) -> None:
    (tmp_path / "target").touch()
    with pytest.raises(UsageError):
        place_tree(restored, tmp_path / "target", replace=False)


@pytest.mark.parametrize("other_file_system", [False, True])
def test_what_was_there_is_kept_under_the_first_free_name(
    restored: Path, tmp_path: Path, elsewhere: Path, other_file_system: bool
) -> None:
    target = (elsewhere if other_file_system else tmp_path) / "target"
    (target / "old").mkdir(parents=True)
    target.with_name("target.replaced-1").touch()
    aside = place_tree(restored, target, replace=True)
    assert aside == target.with_name("target.replaced-2")
    assert (os.listdir(aside), (target / "d" / "f").read_bytes()) == (["old"], b"new")


def test_where_no_folder_is_nothing_can_appear(restored: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        place_tree(restored, tmp_path / "no" / "target", replace=False)
    assert (caught.value.facts["reason"], restored.is_dir()) == ("No such file or directory", True)


def test_a_file_is_no_restored_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SourceUnreadableError):
        place_tree(tmp_path / "file", tmp_path / "target", replace=False)


# --- exchanged in one step ------------------------------------------------------------------------


@pytest.mark.parametrize("other_file_system", [False, True])
def test_at_no_instant_is_there_nothing_at_the_target(
    tmp_path: Path, elsewhere: Path, other_file_system: bool
) -> None:
    target = (elsewhere if other_file_system else tmp_path) / "target"
    fill(target)
    seen, stop = {"looks": 0, "missing": 0}, threading.Event()

    def look() -> None:
        while not stop.is_set():
            seen["looks"] += 1
            seen["missing"] += not target.exists()

    watcher = threading.Thread(target=look)
    watcher.start()
    for number in range(60):
        place_tree(fill(tmp_path / f"restored-{number}"), target, replace=True)
    stop.set()
    watcher.join()
    assert seen["looks"] > 60
    assert seen["missing"] == 0


def test_a_kept_name_that_cannot_be_given_undoes_the_exchange(
    restored: Path, tmp_path: Path
) -> None:
    target = tmp_path / ("n" * 250)  # with `.replaced-1` a name is longer than a folder takes
    (target / "old").mkdir(parents=True)
    with pytest.raises(UsageError):
        place_tree(restored, target, replace=True)
    assert (os.listdir(target), (restored / "d" / "f").read_bytes()) == (["old"], b"new")


def test_a_file_system_says_whether_it_can_exchange_two_names(tmp_path: Path) -> None:
    assert exchanges(tmp_path / "target")
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_nothing_can_be_tried(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError):
        exchanges(tmp_path / "file" / "target")


def test_what_was_exchanged_gets_its_kept_name_later(restored: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    (target / "old").mkdir(parents=True)
    there = identity(target)
    assert settle(restored, target, there) is None  # nothing was exchanged yet
    restored.rename(tmp_path / "new")
    target.rename(restored)
    (tmp_path / "new").rename(target)  # as an exchange leaves them
    assert settle(restored, target, there) == target.with_name("target.replaced-1")
    assert os.listdir(tmp_path / "target.replaced-1") == ["old"]


def test_what_nobody_replaced_is_not_looked_for(restored: Path, tmp_path: Path) -> None:
    assert identity(tmp_path / "target") == 0
    assert settle(tmp_path / "gone", tmp_path / "target", 0) is None
