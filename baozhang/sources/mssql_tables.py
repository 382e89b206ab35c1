"""A SQL Server database as the tables that `books.sql` reads, and a private copy of them.

    server ──rows, ordered──► spool, hashed ──► BACKUP ──► rows once more: the same hash, or busy

SQL Server has no snapshot that a backup and a reader share.  So what the books need is read before
the backup into a spool, and once more after it: where both are equal, nothing changed in between,
and the spool is what the backup holds.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from baozhang.books.values import Cell
from baozhang.errors import LedgerFormatError, SourceUnreadableError
from baozhang.sources.mssql_session import Session, bracketed

_COLUMNS = (
    "SELECT c.TABLE_NAME, c.COLUMN_NAME, c.DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS AS c "
    "WHERE c.TABLE_SCHEMA = SCHEMA_NAME() ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION"
)
_TEXT = frozenset({"char", "varchar", "nchar", "nvarchar"})
_UNORDERED = frozenset({"text", "ntext", "image", "xml", "geography", "geometry", "sql_variant"})
"""Types that T-SQL cannot order by (Transact-SQL reference, ORDER BY)."""

_BINARY = "Latin1_General_BIN2"  # orders by code point, the same on every server


class Column(NamedTuple):
    """One column of one table."""

    name: str
    type: str


class MssqlTables:
    """One database as it is now; see `books.sql.SqlTables`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, list[Column]] = {}

    def columns(self, table: str) -> tuple[str, ...]:
        """Return a table's columns; none: there is no such table or view."""
        if not self._known:
            for name, column, kind in self._session.execute(_COLUMNS):
                self._known.setdefault(str(name), []).append(Column(str(column), str(kind)))
        return tuple(column.name for column in self._known.get(table, ()))

    def rows(self, table: str, order: Sequence[str]) -> Iterator[Sequence[Cell]]:
        """Yield every row as texts, ordered."""
        self.columns(table)
        for row in self._session.stream(_select(table, self._known[table], order)):
            yield tuple(map(cell_of, row))


def _select(table: str, columns: Iterable[Column], order: Sequence[str]) -> str:
    by_name = {column.name: column for column in columns}
    names = [*order, *(name for name in by_name if name not in order)]
    ordered = [_key(by_name[name]) for name in names if by_name[name].type not in _UNORDERED]
    chosen = ", ".join(map(bracketed, by_name))
    return " ".join(("SELECT", chosen, "FROM", bracketed(table), "ORDER BY", ", ".join(ordered)))


def _key(column: Column) -> str:
    name = bracketed(column.name)
    return f"{name} COLLATE {_BINARY}" if column.type in _TEXT else name


_WRITERS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "1" if value else "0",
    int: str,
    float: repr,
    Decimal: lambda value: format(value, "f"),
    dt.datetime: lambda value: value.isoformat(" "),
    dt.date: lambda value: value.isoformat(),
    dt.time: lambda value: value.isoformat(),
    bytes: lambda value: value.hex(),
    UUID: str,
}


def cell_of(value: object) -> Cell:
    """Return one value as `books.sql.SqlTables.rows` promises it.

    Raises:
        LedgerFormatError: a type that no ledger has.
    """
    if value is None or isinstance(value, str):
        return value
    written = _WRITERS.get(type(value))
    if written is None:
        raise LedgerFormatError(
            "a column holds values of the type {type}, which no ledger has",
            hint="Leave the table out of the profile, or read it through a view.",
            type=type(value).__name__,
        )
    return written(value)


class Spool:
    """Tables as they were read once, in files of a private folder, each with its hash.

    Args:
        tables: what is copied when it is first asked for.
        folder: private; holds the rows in plain text.
    """

    def __init__(self, tables: MssqlTables, folder: Path) -> None:
        self._tables = tables
        self._folder = folder
        self._kept: dict[tuple[str, tuple[str, ...]], tuple[Path, str]] = {}
        self._columns: dict[str, tuple[str, ...]] = {}

    def columns(self, table: str) -> tuple[str, ...]:
        """Return a table's columns as they were."""
        if table not in self._columns:
            self._columns[table] = self._tables.columns(table)
        return self._columns[table]

    def rows(self, table: str, order: Sequence[str]) -> Iterator[Sequence[Cell]]:
        """Yield the rows as they were."""
        key = table, tuple(order)
        if key not in self._kept:
            self._kept[key] = self._copied(table, order)
        with self._kept[key][0].open("rb") as file:
            for line in file:
                yield json.loads(line)

    def equals(self, tables: MssqlTables) -> bool:
        """Tell whether every table that was copied reads the same now."""
        try:
            return all(
                tables.columns(table) == self._columns[table]
                and _digest(map(_line, tables.rows(table, order)), lambda _: None) == digest
                for (table, order), (_, digest) in self._kept.items()
            )
        except LedgerFormatError:  # a column has become what no ledger has
            return False

    def _copied(self, table: str, order: Sequence[str]) -> tuple[Path, str]:
        path = self._folder / f"{len(self._kept)}.rows"
        try:
            with path.open("wb") as file:
                digest = _digest(map(_line, self._tables.rows(table, order)), file.write)
        except OSError as error:
            raise SourceUnreadableError(
                "{folder} cannot hold a copy of the ledger: {reason}",
                hint="Make room in the site's scratch folder.",
                folder=self._folder,
                reason=error.strerror or type(error).__name__,
            ) from error
        return path, digest


def _line(row: Sequence[Cell]) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _digest(lines: Iterable[bytes], each: Callable[[bytes], object]) -> str:
    found = hashlib.sha256()
    for line in lines:
        found.update(line)
        each(line)
    return found.hexdigest()
