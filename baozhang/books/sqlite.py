"""Ledgers in SQLite files: the accounting product's own tables, read and never written.

Names of tables and columns are not parameters in SQL, so they go through one function that
quotes them, and only after the database itself has listed them.  Rows come ordered by the
voucher's key and then by rowid, so that two images of the same books read alike.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

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
from baozhang.books.values import cells_of
from baozhang.errors import LedgerFormatError, SourceBusyError, SourceUnreadableError

_BLOCK_ROWS = 1024
_WAL_VERSION = (2, 2)  # bytes 18 and 19 of the header: https://sqlite.org/fileformat.html, 1.3.3
_ORDER: dict[Table, tuple[str, ...]] = {
    "lines": ("year", "period", "word", "number"),
    "accounts": ("code",),
    "balances": ("year", "period", "account"),
    "invoices": (),
    "periods": ("year", "period"),
    "parties": ("year", "period", "account"),
    "assets": ("year", "period", "number"),
    "payroll": ("year", "period", "employee"),
    "bank": ("account", "date"),
    "filings": ("year", "period"),
    "attachments": ("year", "period", "voucher", "name"),
}
HINT_TEMPLATES = {
    "profile": "Check that this database belongs to the product of the profile {profile}."
}


@dataclass(frozen=True)
class SqliteReader:
    """Reads one book from one SQLite file; every method opens it anew.

    Args:
        profile: a profile of format `sqlite`.
        name: the book's name.
        path: the database; a write-ahead log beside it is read with it.
        shown: the file's name in errors.
    """

    profile: Profile
    name: str
    path: Path
    shown: str

    @property
    def files(self) -> tuple[Path, ...]:
        """The database, and its log where there is one."""
        return self.path, self.path.with_name(self.path.name + "-wal")

    @cached_property
    def book(self) -> Book:
        """The book's head; reads the database's schema.

        Raises:
            LedgerFormatError: no database, or a table or a column is missing.
            SourceUnreadableError: the file cannot be opened.
        """
        with self._connected() as connection:
            columns = {table: self._header(connection, table) for table in TABLES}
            owner = self.profile.owner.of(self.name, rows=self._owners(connection))
        return Book(
            name=self.name,
            profile=self.profile.name,
            currency=self.profile.currency,
            numbering=self.profile.numbering,
            columns={table: names for table, names in columns.items() if names},
            owner=owner,
            roles=roles_of(self.profile, columns),
        )

    def lines(self) -> Iterator[Line]:
        """Yield voucher lines by year, period, word and number, then rowid."""
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
        """Yield invoices by rowid."""
        decoder = Decoder(self.profile)
        for columns in self._blocks("invoices"):
            yield from decoder.invoices(columns)

    def side_rows(self, table: SideTable) -> Iterator[SideRow]:
        """Yield the rows of one side table."""
        yield from side_rows(Decoder(self.profile), table, self._blocks(table))

    def _owners(self, connection: sqlite3.Connection) -> Iterator[Row]:
        """Yield the rows that say whose book it is; the table may be missing."""
        table = self.profile.owner.table
        if table and (columns := table_columns(connection, table)):
            for row in connection.execute(" ".join(("SELECT * FROM", _quoted(table)))):
                yield dict(zip(columns, cells_of(row), strict=True))

    def _header(self, connection: sqlite3.Connection, table: Table) -> tuple[str, ...]:
        layout = self.profile.tables.get(table)
        if layout is None:
            return ()
        header = table_columns(connection, layout.table)
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
        header = self.book.columns[table]
        origin = Origin(f"{self.shown} ({layout.table})", header)
        shaper = Shaper(layout, origin, Surroundings(self.name))
        with self._connected() as connection:
            cursor = connection.execute(_select(layout, header, _ORDER[table]))
            first = 1
            while rows := cursor.fetchmany(_BLOCK_ROWS):
                cells = [cells_of(column) for column in zip(*rows, strict=True)]
                numbers = range(first, first + len(rows))
                yield from shaper.columns(Block((), numbers, cells))
                first += len(rows)
            shaper.end()

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(_uri(self.path), uri=True)) as connection:
                yield connection
        except sqlite3.DatabaseError as error:
            # Without the cause: SQLite quotes a text that it cannot decode.
            raise self._translated(error) from None
        except OSError as error:
            raise SourceUnreadableError(
                "cannot read {file}: {reason}",
                hint="Check that the file is there and may be read.",
                file=self.shown,
                reason=error.strerror or type(error).__name__,
            ) from error

    def _translated(
        self, error: sqlite3.DatabaseError
    ) -> LedgerFormatError | SourceBusyError | SourceUnreadableError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return SourceBusyError("{file} is locked by another program", file=self.shown)
        if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM}:
            return SourceUnreadableError(
                "cannot open the database {file}",
                hint="Check that the file is there and may be read.",
                file=self.shown,
            )
        if code in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
            return LedgerFormatError(
                "{file} is not an undamaged SQLite database",
                hint="Fetch the file again, or take it from an older snapshot.",
                file=self.shown,
            )
        return LedgerFormatError(
            "{file} holds something that cannot be read as UTF-8 text",
            hint="Export the database again with texts in UTF-8.",
            file=self.shown,
        )


def table_columns(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    """Return a table's columns in its own order; none if there is no such table."""
    listed = connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
    return tuple(name for (name,) in listed)


def _uri(path: Path) -> str:
    """Return how to open a database without leaving a trace beside it.

    Opening a database in WAL mode makes two files even for a reader.  Where no log lies beside
    it nobody has it open, and it may be called immutable, which makes none.
    """
    with path.open("rb") as stream:
        versions = stream.read(20)[18:20]
    log = path.with_name(path.name + "-wal")
    still = tuple(versions) == _WAL_VERSION and not log.exists()
    return f"{path.absolute().as_uri()}?mode=ro" + ("&immutable=1" if still else "")


def _quoted(name: str) -> str:
    """Return an identifier for SQL; callers take names from the database's own list."""
    return '"' + name.replace('"', '""') + '"'


def _select(layout: TableMap, header: tuple[str, ...], order: tuple[str, ...]) -> str:
    mapped = [layout.columns[field] for field in order if field in layout.columns]
    keys = [name for name in mapped if name not in layout.shape.made]
    parts = ["SELECT", ", ".join(map(_quoted, header)), "FROM", _quoted(layout.table)]
    parts += ["ORDER BY", ", ".join([*map(_quoted, keys), "rowid"])]
    return " ".join(parts)
