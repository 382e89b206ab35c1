"""A copy that nobody else writes to: what every source says of the one that it made."""

from pathlib import Path

import pytest

from baozhang.errors import LedgerFormatError, SourceUnreadableError
from baozhang.sources.base import Item, Trouble
from baozhang.sources.copied import FrozenCopy

DUMP = Item(b"dump.sql", "file", 0o600, 0, size=3)


@pytest.fixture
def copy(tmp_path: Path) -> FrozenCopy:
    (tmp_path / "another-name").write_bytes(b"abc")
    lost = (Trouble(b"history", "special"),)
    return FrozenCopy([(DUMP, tmp_path / "another-name")], lambda: (), lost)


def test_a_file_is_read_from_where_it_lies(copy: FrozenCopy) -> None:
    assert list(copy.items()) == [DUMP]
    with copy.open(DUMP) as stream:
        assert stream.read() == b"abc"


def test_what_was_copied_never_changes(copy: FrozenCopy) -> None:
    assert copy.unchanged(DUMP)
    assert copy.again(DUMP) == DUMP


def test_an_item_that_is_not_of_the_copy_is_none_of_it(copy: FrozenCopy) -> None:
    assert not copy.unchanged(DUMP._replace(size=4))
    assert copy.again(DUMP._replace(path=b"x")) is None
    with pytest.raises(SourceUnreadableError, match="x is not in this source"):
        copy.open(DUMP._replace(path=b"x"))


def test_what_could_not_be_copied_is_told(copy: FrozenCopy) -> None:
    assert [trouble.path for trouble in copy.troubles()] == [b"history"]


def test_a_book_that_is_none_is_told_when_it_is_asked_for() -> None:
    def refuse() -> tuple[()]:
        raise LedgerFormatError("no book")

    copy = FrozenCopy([], refuse)
    assert list(copy.items()) == []
    with pytest.raises(LedgerFormatError):
        list(copy.ledgers())
