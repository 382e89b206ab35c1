"""A book under another name: the same rows, read as fast as its own reader reads them."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from baozhang.books.model import (
    Account,
    Balance,
    Book,
    Invoice,
    LedgerReader,
    Line,
    SideRow,
    SideTable,
)


class NamedReader:
    """A reader whose book's name begins with a folder's.

    Attributes:
        within: whose rows these are; what asks for columns or files asks it (`own_reader`).
    """

    def __init__(self, reader: LedgerReader, folder: str) -> None:
        self.within = reader
        self._folder = folder

    @property
    def files(self) -> tuple[Path, ...]:
        """See `LedgerReader.files`."""
        return self.within.files

    @cached_property
    def book(self) -> Book:
        """The book's head, under its name here."""
        book = self.within.book
        return replace(book, name=f"{self._folder}/{book.name}")

    def lines(self) -> Iterator[Line]:
        """See `LedgerReader.lines`."""
        return self.within.lines()

    def accounts(self) -> Iterator[Account]:
        """See `LedgerReader.accounts`."""
        return self.within.accounts()

    def balances(self) -> Iterator[Balance]:
        """See `LedgerReader.balances`."""
        return self.within.balances()

    def invoices(self) -> Iterator[Invoice]:
        """See `LedgerReader.invoices`."""
        return self.within.invoices()

    def side_rows(self, table: SideTable) -> Iterator[SideRow]:
        """See `LedgerReader.side_rows`."""
        return self.within.side_rows(table)


def own_reader(reader: LedgerReader) -> LedgerReader:
    """Return the reader of a book's own files or tables, whatever name it goes by here."""
    while isinstance(reader, NamedReader):
        reader = reader.within
    return reader
