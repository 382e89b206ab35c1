"""Registers in the catalog: history is kept, and nothing is changed behind its back."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.catalog.catalog import Catalog
from baozhang.catalog.entries import RegisterBook
from baozhang.errors import CorruptObjectError
from tests.catalog.values import NIGHT


@pytest.fixture
def book(catalog: Catalog) -> RegisterBook:
    made = RegisterBook(catalog)
    made.put("risks", "r-001", {"title": "锁", "likelihood": 3}, by="wang", at=NIGHT)
    made.put("risks", "r-002", {"title": "b"}, by="wang", at=NIGHT)
    made.put("risks", "r-001", {"title": "锁", "likelihood": 2}, by="li", at=NIGHT + timedelta(1))
    return made


def _by_hand(catalog: Catalog, statement: str) -> None:
    """Change the file as somebody would who knows SQLite."""
    with sqlite3.connect(catalog.path) as file:
        file.execute("DROP TRIGGER entries_no_update")
        file.execute("DROP TRIGGER entries_no_delete")
        assert file.execute(statement).rowcount == 1


def test_what_stands_is_the_newest_version_of_each_row(book: RegisterBook) -> None:
    assert [(each.id, each.version, dict(each.values)) for each in book.rows("risks")] == [
        ("r-001", 2, {"title": "锁", "likelihood": 2}),
        ("r-002", 1, {"title": "b"}),
    ]


def test_what_stood_at_an_instant_can_be_asked(book: RegisterBook) -> None:
    (first, _) = book.rows("risks", at=NIGHT + timedelta(hours=1))
    assert (first.version, dict(first.values)["likelihood"]) == (1, 3)


def test_history_names_who_wrote_what_and_when(book: RegisterBook) -> None:
    told = [(each.version, each.by, each.at) for each in book.history("risks", "r-001")]
    assert told == [(1, "wang", NIGHT), (2, "li", NIGHT + timedelta(1))]


def test_a_row_that_says_the_same_gets_no_new_version(book: RegisterBook) -> None:
    book.put("risks", "r-002", {"title": "b"}, by="li", at=NIGHT + timedelta(2))
    assert len(book.history("risks", "r-002")) == 1


def test_a_row_that_ended_stands_no_longer_and_keeps_its_history(book: RegisterBook) -> None:
    assert book.end("risks", "r-002", by="li", at=NIGHT + timedelta(2)) is not None
    assert [each.id for each in book.rows("risks")] == ["r-001"]
    assert [each.what for each in book.history("risks", "r-002")] == ["put", "ended"]


def test_a_row_that_is_not_there_cannot_end(book: RegisterBook) -> None:
    assert book.end("risks", "r-009", by="li", at=NIGHT) is None


def test_a_row_that_ended_can_be_entered_again(book: RegisterBook) -> None:
    book.end("risks", "r-002", by="li", at=NIGHT + timedelta(2))
    again = book.put("risks", "r-002", {"title": "b"}, by="li", at=NIGHT + timedelta(3))
    assert (again.version, again.what) == (3, "put")


def test_registers_do_not_know_each_others_rows(book: RegisterBook) -> None:
    book.put("prices", "r-001", {"title": "c"}, by="li", at=NIGHT)
    assert [each.version for each in book.rows("prices")] == [1]
    assert book.names() == ("prices", "risks")


@pytest.mark.parametrize(
    "statement",
    [
        """UPDATE entries SET "values" = '[["title", "x"]]' WHERE position = 1""",
        """UPDATE entries SET "by" = 'li' WHERE position = 1""",
        "DELETE FROM entries WHERE position = 1",
        "DELETE FROM entries WHERE position = 2",
    ],
)
def test_a_row_changed_in_the_database_is_refused_and_named(
    catalog: Catalog, book: RegisterBook, statement: str
) -> None:
    _by_hand(catalog, statement)
    with pytest.raises(CorruptObjectError) as caught:
        book.rows("risks")
    assert str(caught.value.facts["register"]) == "risks"


def test_the_database_itself_refuses_to_change_a_row(catalog: Catalog, book: RegisterBook) -> None:
    assert book.rows("risks")
    with sqlite3.connect(catalog.path) as file, pytest.raises(sqlite3.IntegrityError):
        file.execute("UPDATE entries SET version = 9")


def test_registers_come_back_with_the_journal(book: RegisterBook, tmp_path: Path) -> None:
    with Catalog.open(tmp_path / "catalog.db") as full:
        full.export_journal(tmp_path / "journal")
    with Catalog.open(tmp_path / "other.db") as empty:
        empty.import_journal(tmp_path / "journal")
        assert RegisterBook(empty).history("risks") == book.history("risks")


def test_a_journal_of_before_registers_is_taken(catalog: Catalog, tmp_path: Path) -> None:
    catalog.export_journal(tmp_path / "journal")
    (tmp_path / "journal" / "entries.jsonl").unlink()
    with Catalog.open(tmp_path / "other.db") as empty:
        assert empty.import_journal(tmp_path / "journal") == 0
