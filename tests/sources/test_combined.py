"""Several sources as one: the contract, and each under its own folder."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from baozhang.errors import SourceBusyError, SourceUnreadableError, UsageError
from baozhang.sources.base import Item, LedgerSpec, Source, Trouble
from baozhang.sources.combined import CombinedSource
from baozhang.sources.ledger_tree import LedgerTreeSource
from baozhang.sources.sqlite import SqliteSource
from baozhang.sources.tree import TreeSource
from tests.contracts.source_contract import SourceContract
from tests.sources.ledgers import book, fec


def together(folder: Path, scratch: Path) -> CombinedSource:
    files = LedgerTreeSource(folder / "files", ledgers=(LedgerSpec("fec"),))
    database = SqliteSource(folder / "book.db", profile="yonyou_t3", scratch=scratch)
    return CombinedSource({"files": files, "book": database})


@pytest.fixture
def live(tmp_path: Path) -> Path:
    folder = tmp_path / "live"
    (folder / "files" / "d").mkdir(parents=True)
    (folder / "files" / "FEC2026.txt").write_text(fec(2))
    book(folder / "book.db", 3)
    return folder


@pytest.fixture
def source(live: Path, tmp_path: Path) -> CombinedSource:
    return together(live, tmp_path / "scratch")


class TestCombinedSource(SourceContract):
    @pytest.fixture
    def source(self, live: Path, tmp_path: Path) -> Source:
        return together(live, tmp_path / "scratch")

    @pytest.fixture
    def missing(self, tmp_path: Path) -> Source:
        return together(tmp_path / "nowhere", tmp_path / "scratch")

    @pytest.fixture
    def source_at(self, tmp_path: Path) -> Callable[[Path], Source]:
        def at(target: Path) -> Source:
            database = SqliteSource(target / "book" / "book.db", scratch=tmp_path / "scratch")
            return CombinedSource({"files": TreeSource(target / "files"), "book": database})

        return at


def test_every_path_begins_with_its_source(source: CombinedSource) -> None:
    with source.freeze() as frozen:
        found = [(item.path, item.kind) for item in frozen.items()]
    assert found == [
        (b"book", "dir"),
        (b"book/book.db", "file"),
        (b"files", "dir"),
        (b"files/FEC2026.txt", "file"),
        (b"files/d", "dir"),
    ]


def test_every_book_begins_with_its_source(source: CombinedSource) -> None:
    with source.freeze() as frozen:
        names = [reader.book.name for reader in frozen.ledgers()]
    assert names == ["files/FEC2026.txt", "book/book.db"]


def test_a_trouble_begins_with_its_source(live: Path, source: CombinedSource) -> None:
    os.mkfifo(live / "files" / "pipe")
    with source.freeze() as frozen:
        list(frozen.items())
        assert frozen.troubles() == (Trouble(b"files/pipe", "special"),)


def test_names_of_which_one_begins_the_other_stay_in_order(tmp_path: Path) -> None:
    for name in ("a", "a-b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f").touch()
    source = CombinedSource({name: TreeSource(tmp_path / name) for name in ("a-b", "a")})
    with source.freeze() as frozen:
        assert [item.path for item in frozen.items()] == [b"a", b"a-b", b"a-b/f", b"a/f"]


def test_a_changed_file_is_offered_again_under_its_full_path(
    live: Path, source: CombinedSource
) -> None:
    with source.freeze() as frozen:
        item = next(item for item in frozen.items() if item.path.endswith(b".txt"))
        (live / "files" / "FEC2026.txt").write_text(fec(3))
        fresh = frozen.again(item)
        assert not frozen.unchanged(item)
        assert fresh is not None
        assert (fresh.path, frozen.unchanged(fresh)) == (item.path, True)


def test_one_source_that_moved_keeps_all_from_being_confirmed(
    live: Path, source: CombinedSource
) -> None:
    with source.freeze() as frozen:
        list(frozen.items())
        list(frozen.ledgers())
        (live / "files" / "FEC2026.txt").write_text(fec(3))
        with pytest.raises(SourceBusyError):
            frozen.confirm()


def test_all_are_frozen_before_the_first_is_read(live: Path, source: CombinedSource) -> None:
    with source.freeze() as frozen:
        items = frozen.items()
        with closing(sqlite3.connect(live / "book.db")) as owner:
            owner.execute("DELETE FROM GL_accvouch")
            owner.commit()
        list(items)
        assert [len(list(reader.lines())) for reader in frozen.ledgers()] == [4, 6]


def test_one_missing_source_is_missing_for_all(live: Path, source: CombinedSource) -> None:
    (live / "book.db").unlink()
    with pytest.raises(SourceUnreadableError), source.freeze():
        pass


def test_a_path_of_no_source_cannot_be_opened(source: CombinedSource) -> None:
    with source.freeze() as frozen, pytest.raises(SourceUnreadableError):
        frozen.open(Item(b"other/f", "file", 0o600, 0))


@pytest.mark.parametrize("name", ["", ".", "..", "a/b"])
def test_a_name_that_cannot_be_a_folder_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        CombinedSource({name: TreeSource(tmp_path)})


def test_nothing_is_published_while_one_part_is_in_the_way(
    source: CombinedSource, tmp_path: Path
) -> None:
    for name in ("files", "book"):
        (tmp_path / "restored" / name).mkdir(parents=True)
    (tmp_path / "target" / "book").mkdir(parents=True)
    (tmp_path / "target" / "book" / "other").touch()
    with pytest.raises(UsageError):
        source.publish(tmp_path / "restored", tmp_path / "target")
    assert os.listdir(tmp_path / "target") == ["book"]
