"""Ledgers in database servers: the accounting product's own tables, over any server's connection.

    server ──SqlTables──► text cells ──► Decoder ──► Line, Account, Balance, ...

This reader knows profiles and no server; a source knows its server and no profile.  The profiles
are those of format `sqlite`: an accounting product has the same tables wherever they lie.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Protocol

from baozhang.books.blocks import LineBlock
from baozhang.books.headers import Surroundings
from baozhang.books.model import (
    TABLES,
    Account,
    Balance,
    Book,
    Invoice,
    Line,
    SideRow,
    SideTable,
    Table,
)
from baozhang.books.owners import Row
from baozhang.books.profiles import Profile, TableMap
from baozhang.books.shaping import Shaper
from baozhang.books.side_tables import roles_of, side_rows
from baozhang.books.tables import Block, Columns, Decoder, Origin, check_header
from baozhang.books.values import Cell
from baozhang.errors import LedgerFormatError

_BLOCK_ROWS = 1024
ORDER: dict[Table, tuple[str, ...]] = {
    "lines": ("year", "period", "word", "number", "line"),
    "accounts": ("code",),
    "balances": ("year", "period", "account"),
    "invoices": ("number",),
    "periods": ("year", "period"),
    "parties": ("year", "period", "account"),
    "assets": ("year", "period", "number"),
    "payroll": ("year", "period", "employee"),
    "bank": ("account", "date"),
    "filings": ("year", "period"),
    "attachments": ("year", "period", "voucher", "name"),
}
"""The fields that a table's rows are ordered by, where the profile maps them."""

HINT_TEMPLATES = {
    "profile": "Check that this database belongs to the product of the profile {profile}, and that "
    "the account may read the table."
}


class SqlTables(Protocol):
    """A database at one instant, as tables of text.

    Raises (every method):
        SourceUnreadableError: the server refuses; names server and remedy, never a cell.
        SourceBusyError: it does not answer, or the instant is gone; transient.
    """

    def columns(self, table: str) -> tuple[str, ...]:
        """Return a table's columns in its own order; none: there is no such table or view."""
        ...

    def rows(self, table: str, order: Sequence[str]) -> Iterator[Sequence[Cell]]:
        """Yield every row, every column, as text or None.

        Ordered by the columns `order`, then by the rest of the row, so that two copies of one
        table read alike whatever their server, its collation and their history.

        Cells: whole numbers and decimals in plain digits as the column's scale writes them, dates
        and times in ISO 8601 with `-` and `:`, booleans `1` and `0`, bytes in hexadecimal.
        """
        ...


@dataclass(frozen=True)
class SqlReader:
    """Reads one book from one database at one instant.

    Args:
        profile: a profile of format `sqlite`.
        name: the book's name.
        tables: the database.
        shown: what errors call it.
    """

    profile: Profile
    name: str
    tables: SqlTables
    shown: str

    @property
    def files(self) -> tuple[Path, ...]:
        """No file: a server's tables."""
        return ()

    @cached_property
    def book(self) -> Book:
        """The book's head.

        Raises:
            LedgerFormatError: a table or a column is missing.
        """
        columns = {table: self._header(table) for table in TABLES}
        return Book(
            name=self.name,
            profile=self.profile.name,
            currency=self.profile.currency,
            numbering=self.profile.numbering,
            columns={table: names for table, names in columns.items() if names},
            owner=self.profile.owner.of(self.name, rows=self._owners()),
            roles=roles_of(self.profile, columns),
        )

    def lines(self) -> Iterator[Line]:
        """Yield voucher lines by year, period, word, number and line."""
        for block in self.line_blocks():
            yield from block.rows()

    def line_blocks(self) -> Iterator[LineBlock]:
        """Yield the same lines by columns."""
        decoder = Decoder(self.profile)
        for columns in self._blocks("lines"):
            yield decoder.block(columns)

    def accounts(self) -> Iterator[Account]:
        """Yield the chart of accounts by code."""
        yield from Decoder(self.profile).accounts(self._blocks("accounts"))

    def balances(self) -> Iterator[Balance]:
        """Yield balances by year, period and account."""
        decoder = Decoder(self.profile)
        for columns in self._blocks("balances"):
            yield from decoder.balances(columns)

    def invoices(self) -> Iterator[Invoice]:
        """Yield invoices by number."""
        decoder = Decoder(self.profile)
        for columns in self._blocks("invoices"):
            yield from decoder.invoices(columns)

    def side_rows(self, table: SideTable) -> Iterator[SideRow]:
        """Yield the rows of one side table."""
        yield from side_rows(Decoder(self.profile), table, self._blocks(table))

    def read_through(self) -> None:
        """Ask for every row of the book once and keep nothing: for tables that remember."""
        for table in self.book.columns:
            layout = self.profile.tables[table]
            for _ in self.tables.rows(layout.table, _order(layout, table)):
                pass

    def _owners(self) -> Iterator[Row]:
        """Yield the rows that say whose book it is; the table may be missing."""
        table = self.profile.owner.table
        if table and (columns := self.tables.columns(table)):
            for row in self.tables.rows(table, ()):
                yield dict(zip(columns, row, strict=True))

    def _header(self, table: Table) -> tuple[str, ...]:
        layout = self.profile.tables.get(table)
        if layout is None:
            return ()
        header = self.tables.columns(layout.table)
        if not header and not layout.optional:
            raise LedgerFormatError(
                "{file} has no table {table}",
                hint=HINT_TEMPLATES["profile"],
                file=self.shown,
                table=layout.table,
                profile=self.profile.name,
            )
        if header:
            origin = Origin(f"{self.shown} ({layout.table})", header)
            check_header(layout, origin, hint=HINT_TEMPLATES["profile"], profile=self.profile.name)
        return header

    def _blocks(self, table: Table) -> Iterator[Columns]:
        layout = self.profile.tables.get(table)
        if layout is None or table not in self.book.columns:
            return
        origin = Origin(f"{self.shown} ({layout.table})", self.book.columns[table])
        shaper = Shaper(layout, origin, Surroundings(self.name))
        rows = self.tables.rows(layout.table, _order(layout, table))
        first = 1
        while block := list(islice(rows, _BLOCK_ROWS)):
            yield from shaper.columns(Block(block, range(first, first + len(block))))
            first += len(block)
        shaper.end()


def _order(layout: TableMap, table: Table) -> list[str]:
    """Return the columns that hold the fields a table is ordered by."""
    mapped = [layout.columns[name] for name in ORDER.get(table, ()) if name in layout.columns]
    return [name for name in mapped if name not in layout.shape.made]
