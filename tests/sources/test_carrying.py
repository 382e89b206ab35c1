"""Replacing a folder takes nothing away that its backups leave out."""

import os
from pathlib import Path

import pytest

from baozhang.errors import SourceUnreadableError
from baozhang.sources.tree import TreeSource


@pytest.fixture
def in_use(tmp_path: Path) -> Path:
    """Papers, and a database in the middle of them that another source protects."""
    folder = tmp_path / "c002"
    (folder / "books").mkdir(parents=True)
    (folder / "books" / "ledger.db").write_bytes(b"ledger")
    (folder / "papers").mkdir()
    (folder / "papers" / "a.pdf").write_bytes(b"spoiled")
    (folder / "papers" / "a.tmp").write_bytes(b"scratch")
    return folder


@pytest.fixture
def restored(tmp_path: Path) -> Path:
    folder = tmp_path / "restored"
    (folder / "papers").mkdir(parents=True)
    (folder / "papers" / "a.pdf").write_bytes(b"sound")
    return folder


@pytest.fixture
def source(in_use: Path) -> TreeSource:
    return TreeSource(in_use, exclude=("books", "*.tmp", "papers/*.tmp"))


def test_a_folder_that_is_left_out_stays_in_use(
    source: TreeSource, restored: Path, in_use: Path
) -> None:
    source.publish(restored, in_use, replace=True)
    assert (in_use / "books" / "ledger.db").read_bytes() == b"ledger"
    assert (in_use / "papers" / "a.pdf").read_bytes() == b"sound"


def test_a_file_that_is_left_out_stays_in_use(
    source: TreeSource, restored: Path, in_use: Path
) -> None:
    source.publish(restored, in_use, replace=True)
    assert (in_use / "papers" / "a.tmp").read_bytes() == b"scratch"


def test_it_stays_the_same_file_for_whoever_has_it_open(
    source: TreeSource, restored: Path, in_use: Path
) -> None:
    before = (in_use / "books" / "ledger.db").stat().st_ino
    source.publish(restored, in_use, replace=True)
    assert (in_use / "books" / "ledger.db").stat().st_ino == before


def test_what_was_there_before_is_kept_whole(
    source: TreeSource, restored: Path, in_use: Path
) -> None:
    aside = source.publish(restored, in_use, replace=True)
    assert aside is not None
    assert (aside / "papers" / "a.pdf").read_bytes() == b"spoiled"
    assert (aside / "books" / "ledger.db").read_bytes() == b"ledger"


def test_folders_keep_the_time_of_the_backup_point(
    source: TreeSource, restored: Path, in_use: Path
) -> None:
    os.utime(restored / "papers", ns=(1_000_000_000, 1_000_000_000))
    source.publish(restored, in_use, replace=True)
    assert (in_use / "papers").stat().st_mtime_ns == 1_000_000_000


def test_what_is_not_left_out_is_replaced(source: TreeSource, restored: Path, in_use: Path) -> None:
    (in_use / "papers" / "younger.pdf").write_bytes(b"younger")
    source.publish(restored, in_use, replace=True)
    assert not (in_use / "papers" / "younger.pdf").exists()


def test_without_anything_left_out_nothing_is_linked(restored: Path, in_use: Path) -> None:
    TreeSource(in_use).publish(restored, in_use, replace=True)
    assert not (in_use / "books").exists()


def test_done_again_after_a_kill_it_does_the_rest(
    source: TreeSource, restored: Path, in_use: Path
) -> None:
    (in_use / "books" / "second.db").write_bytes(b"second")
    (restored / "books").mkdir()
    os.link(in_use / "books" / "ledger.db", restored / "books" / "ledger.db")
    source.publish(restored, in_use, replace=True)
    assert (in_use / "books" / "ledger.db").read_bytes() == b"ledger"
    assert (in_use / "books" / "second.db").read_bytes() == b"second"


def test_links_are_carried_as_links(source: TreeSource, restored: Path, in_use: Path) -> None:
    (in_use / "books" / "newest").symlink_to("ledger.db")
    source.publish(restored, in_use, replace=True)
    assert (in_use / "books" / "newest").readlink() == Path("ledger.db")


def test_what_cannot_be_linked_leaves_all_as_it_was(
    source: TreeSource, restored: Path, in_use: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "not allowed")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(SourceUnreadableError, match="cannot be kept in use"):
        source.publish(restored, in_use, replace=True)
    assert (in_use / "papers" / "a.pdf").read_bytes() == b"spoiled"
