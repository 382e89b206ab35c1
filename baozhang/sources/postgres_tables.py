"""The tables of a PostgreSQL database as text, at the instant that is held.

COPY to standard output is the fastest way to text: the server writes each cell as its type writes
itself.  What types write otherwise than the canonical ledger wants (booleans, floats, money, bytes)
is cast in the query.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from psycopg import sql

from baozhang.books.profiles import Profile
from baozhang.books.sql import SqlReader
from baozhang.books.values import Cell
from baozhang.sources.postgres_instant import Instant
from baozhang.sources.postgres_session import errors_about

PUBLIC = "public"
_NULL = "\\N"  # COPY's text format, where every other backslash begins an escape
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}

_CASTS = {
    "bool": sql.SQL("{}::int"),
    "float4": sql.SQL("{}::text::numeric"),  # by its shortest text: a direct cast rounds
    "float8": sql.SQL("{}::text::numeric"),
    "money": sql.SQL("{}::numeric"),
    "bytea": sql.SQL("encode({}, 'hex')"),
}
_TEXTS = {"text", "varchar", "bpchar", "name"}
_ORDERED = {
    *("int2", "int4", "int8", "numeric", "float4", "float8", "money", "bool", "uuid", "bytea"),
    *("date", "time", "timetz", "timestamp", "timestamptz", "interval"),
}
"""Types whose own order is the same on every server; all others are ordered by their text."""


@dataclass(frozen=True)
class PostgresTables:
    """One schema's tables; see `books.sql.SqlTables`.

    A name is looked for as it is written, then without regard to capital letters: whoever moved
    a ledger here without quotes got `gl_accvouch`.
    """

    instant: Instant
    schema: str

    @cached_property
    def _listed(self) -> dict[str, list[tuple[str, str]]]:
        """Every table and view with its columns and their types."""
        with errors_about(self.instant.login, self.instant.database):
            found = self.instant.connection.execute(_COLUMNS, (self.schema,)).fetchall()
        listed: dict[str, list[tuple[str, str]]] = {}
        for table, column, kind in found:
            listed.setdefault(str(table), []).append((str(column), str(kind)))
        return listed

    def columns(self, table: str) -> tuple[str, ...]:
        """Return a table's columns in its own order; none: there is no such table or view."""
        name = named(table, self._listed)
        return tuple(column for column, _ in self._listed[name]) if name else ()

    def rows(self, table: str, order: Sequence[str]) -> Iterator[Sequence[Cell]]:
        """Yield every row in order, as text or None; see `books.sql.SqlTables.rows`."""
        name = named(table, self._listed)
        if name is None:
            return
        query = _query(self.schema, name, self._listed[name], order)
        with errors_about(self.instant.login, self.instant.database):
            for lines in self.instant.rows(query):
                yield from _decoded(lines)


_COLUMNS = """
    SELECT c.relname, a.attname, coalesce(b.typname, t.typname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = nullif(t.typbasetype, 0)
    WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    ORDER BY c.relname, a.attnum
"""


def readers(instant: Instant, profile: Profile, database: str) -> list[SqlReader]:
    """Return a reader per book: every schema that holds the profile's voucher lines is one.

    A book in the schema `public` has the database's name, another one the schema's behind it.

    Args:
        instant: of the database, or of a scratch copy of it.
        profile: a profile of format `sqlite`.
        database: what the database is called where the books live.
    """
    lines = profile.tables["lines"].table
    with errors_about(instant.login, instant.database):
        rows = instant.connection.execute(_SCHEMAS, (lines,)).fetchall()
    found = []
    for schema in [str(schema) for (schema,) in rows] or [PUBLIC]:
        name = database if schema == PUBLIC else f"{database}/{schema}"
        found.append(SqlReader(profile, name, PostgresTables(instant, schema), name))
    return found


_SCHEMAS = """
    SELECT DISTINCT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE lower(c.relname) = lower(%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND left(n.nspname, 3) <> 'pg_' AND n.nspname <> 'information_schema'
    ORDER BY n.nspname
"""


def named(table: str, there: dict[str, list[tuple[str, str]]]) -> str | None:
    """Return a table's name as it is in the database; None: it is not there, or not for sure."""
    if table in there:
        return table
    alike = [name for name in there if name.lower() == table.lower()]
    return alike[0] if len(alike) == 1 else None


def _query(
    schema: str, table: str, columns: Sequence[tuple[str, str]], order: Sequence[str]
) -> sql.Composed:
    kinds = dict(columns)
    keys = [*order, *(name for name, _ in columns if name not in order)]
    return sql.SQL("COPY (SELECT {} FROM {} t ORDER BY {}) TO STDOUT").format(
        sql.SQL(", ").join(_written(name, kind) for name, kind in columns),
        sql.Identifier(schema, table),
        sql.SQL(", ").join(_key(name, kinds[name]) for name in keys),
    )


def _written(name: str, kind: str) -> sql.Composed:
    return _CASTS.get(kind, sql.SQL("{}")).format(sql.Identifier("t", name))


def _key(name: str, kind: str) -> sql.Composed:
    column = sql.Identifier("t", name)
    if kind in _ORDERED:
        return sql.SQL("{}").format(column)
    if kind in _TEXTS:
        return sql.SQL('{} COLLATE "C"').format(column)
    return sql.SQL('{}::text COLLATE "C"').format(column)


def _decoded(written: bytes) -> list[list[Cell]]:
    text = written.decode()
    lines = text.split("\n")
    lines.pop()  # what follows the last line's end
    if "\\" in text.replace(_NULL, ""):
        return [[_cell(cell) for cell in line.split("\t")] for line in lines]
    return [[None if cell == _NULL else cell for cell in line.split("\t")] for line in lines]


def _cell(written: str) -> Cell:
    """Undo COPY's escapes (postgresql.org/docs, COPY, "Text Format")."""
    if written == _NULL:
        return None
    first, *rest = written.split("\\")
    if not rest:
        return written
    parts, places = [first], iter(rest)
    for piece in places:
        if piece:
            parts.append(_ESCAPES.get(piece[0], piece[0]) + piece[1:])
        else:  # an escaped backslash; what follows it is plain
            parts.append("\\" + next(places, ""))
    return "".join(parts)
