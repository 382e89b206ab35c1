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
from baozhang.books.profiles import Profile, TableMap
from baozhang.books.tables import Block, Columns, Decoder, Origin, check_header
from baozhang.books.values import cell_of
from baozhang.errors import LedgerFormatError, SourceBusyError, SourceUnreadableError

_BLOCK_ROWS = 1024
_WAL_VERSION = (2, 2)  # bytes 18 and 19 of the header: https://sqlite.org/fileformat.html, 1.3.3
_ORDER: dict[Table, tuple[str, ...]] = {
    "lines": ("year", "period", "word", "number"),
    "accounts": ("code",),
    "balances": ("year", "period", "account"),
    "invoices": (),
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

    @cached_property
    def book(self) -> Book:
        """The book's head; reads the database's schema.

        Raises:
            LedgerFormatError: no database, or a table or a column is missing.
            SourceUnreadableError: the file cannot be opened.
        """
        with self._connected() as connection:
            columns = {table: self._header(connection, table) for table in TABLES}
        return Book(
            name=self.name,
            profile=self.profile.name,
            currency=self.profile.currency,
            numbering=self.profile.numbering,
            columns={table: names for table, names in columns.items() if names},
        )

    def lines(self) -> Iterator[Line]:
        """Yield voucher lines by year, period, word and number, then rowid."""
        decoder = Decoder(self.profile)
        for columns in self._blocks("lines"):
            yield from decoder.lines(columns)

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
        raise NotImplementedError(table)

    def _header(self, connection: sqlite3.Connection, table: Table) -> tuple[str, ...]:
        layout = self.profile.tables.get(table)
        if layout is None:
            return ()
        listed = connection.execute("SELECT name FROM pragma_table_info(?)", (layout.table,))
        header = tuple(name for (name,) in listed)
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
        with self._connected() as connection:
            cursor = connection.execute(_select(layout, header, _ORDER[table]))
            first = 1
            while rows := cursor.fetchmany(_BLOCK_ROWS):
                cells = [tuple(map(cell_of, row)) for row in rows]
                yield Columns(layout, origin, Block(cells, range(first, first + len(cells))))
                first += len(cells)

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
    keys = [layout.columns[field] for field in order if field in layout.columns]
    parts = ["SELECT", ", ".join(map(_quoted, header)), "FROM", _quoted(layout.table)]
    parts += ["ORDER BY", ", ".join([*map(_quoted, keys), "rowid"])]
    return " ".join(parts)
