"""One instant of a PostgreSQL database, held by locks and a snapshot, and read by queries.

    list the tables ─► BEGIN, lock them all (ACCESS SHARE) ─► export the snapshot ─► list again

The locks come before the snapshot, and the order matters: TRUNCATE and an ALTER TABLE that
rewrites are not seen as they were by older snapshots, which would find the table empty
(postgresql.org/docs, "Caveats" of MVCC).  `pg_dump` alone locks after its snapshot.  A
REPEATABLE READ transaction takes its snapshot at its first query, and LOCK TABLE is none
(the same, LOCK).  While the instant is held nothing can drop, rewrite or empty a table; reading
and writing go on.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from baozhang.errors import SourceBusyError, SourceUnreadableError
from baozhang.sources.postgres_programs import Programs, programs_for
from baozhang.sources.postgres_session import (
    HINT_TEMPLATES,
    REFUSED_TEMPLATES,
    SESSION,
    Connection,
    Login,
    connected,
    errors_about,
    refused,
)

_TRIES = 5  # at an instant in which no table came or went
_BEGIN = sql.SQL("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
_SORTING = sql.SQL("SET LOCAL work_mem = '64MB'")  # or a sort of a large table goes to the disk
_QUIETLY = ("-X", "-q", "--no-password", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=sqlstate")
_STATE = re.compile(r"(?:ERROR|FATAL|PANIC): +([0-9A-Z]{5})$", re.MULTILINE)
_PIECE = 2**18  # bytes read at a time


@dataclass(frozen=True, slots=True)
class Instant:
    """One instant of one database; valid while the connection's transaction lasts."""

    login: Login
    database: str
    connection: Connection
    snapshot: str  # as `SET TRANSACTION SNAPSHOT` and `pg_dump --snapshot` take it
    programs: Programs
    wait: sql.Composed  # sets how long to wait for a lock

    @property
    def _script(self) -> sql.Composed:
        """What a session says to see this instant; it must not wait for ever.

        Whoever waits for our locks to change a table lets no other session pass.
        """
        snapshot = sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(self.snapshot))
        return sql.SQL(";\n").join([SESSION, self.wait, _BEGIN, snapshot, _SORTING])

    def rows(self, query: sql.Composed) -> Iterator[bytes]:
        """Yield what a COPY to standard output writes, in pieces of whole lines.

        `psql` reads it, which is three times as fast as any loop here, over a connection of its
        own that sees this same instant: so two queries may take turns, and one that is not read
        to its end spoils nothing.

        Raises:
            SourceBusyError, SourceUnreadableError: as `errors_about`.
        """
        connection = self.connection
        with errors_about(self.login, self.database):
            connection.execute("SELECT 1")  # where it is gone, so is the snapshot
        script = sql.SQL("{};\n{};\n").format(self._script, query).as_string(connection)
        words = (*_QUIETLY, f"--dbname={self.login.words(self.database)}", "--file=-")
        with self.programs.reading("psql", *words, script=script) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            rest = b""
            while piece := process.stdout.read(_PIECE):
                lines, end, tail = piece.rpartition(b"\n")
                yield rest + lines + end
                rest = tail
            said = process.stderr.read().decode(errors="replace")
            if process.wait():
                state = _STATE.search(said)
                raise refused(self.login, self.database, state[1] if state else "")


@contextmanager
def held(
    login: Login, database: str, *, wait: float, programs: Path | None = None
) -> Iterator[Instant]:
    """Hold one instant of a database in which every table is as it is, and stays.

    Args:
        login: may read every table.
        database: its name.
        wait: seconds to wait for a lock.
        programs: the folder of `pg_dump`, `pg_restore` and `psql`; None: where they are found.

    Raises:
        UsageError: the programs are missing, or older than the server.
        SourceUnreadableError: not let in, or not allowed to read everything.
        SourceBusyError: no lock in that time, or tables came and went; transient.
    """
    with connected(login, database) as connection:
        found = programs_for(connection.info.server_version // 10_000, programs)
        wait_ms = sql.Literal(f"{int(wait * 1000)}ms")
        waiting = sql.SQL("SET lock_timeout = {}").format(wait_ms)
        connection.execute(waiting)
        for _ in range(_TRIES):
            tables = _tables(connection)
            _require_grants(connection, login, database)
            connection.execute(_BEGIN)
            if tables:
                connection.execute(_lock(tables))
            exported = connection.execute("SELECT pg_export_snapshot()").fetchall()
            if _tables(connection) == tables:
                yield Instant(login, database, connection, str(exported[0][0]), found, waiting)
                return
            connection.execute("ROLLBACK")
        raise SourceBusyError(
            REFUSED_TEMPLATES["changed"],
            hint=HINT_TEMPLATES["changed"],
            **login.facts(database),
            state="",
        )


_OURS = sql.SQL("""
    left(n.nspname, 3) <> 'pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (
        SELECT FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
""")
"""What is neither the server's own nor an extension's."""
_TABLES = sql.SQL("""
    SELECT c.oid::bigint, n.nspname, c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND {ours} ORDER BY 1
""").format(ours=_OURS)
_FORBIDDEN = sql.SQL("""
    SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't' AND {ours} AND NOT (
        has_schema_privilege(n.oid, 'USAGE') AND NOT row_security_active(c.oid)
        AND CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT')
                           ELSE has_table_privilege(c.oid, 'SELECT') END)
    ORDER BY 1
""").format(ours=_OURS)


def _tables(connection: Connection) -> list[tuple[object, ...]]:
    """Return every table to be protected: its oid, schema and name."""
    return connection.execute(_TABLES).fetchall()


def _lock(tables: list[tuple[object, ...]]) -> sql.Composed:
    names = (sql.SQL("ONLY {}").format(sql.Identifier(str(s), str(n))) for _, s, n in tables)
    return sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(sql.SQL(", ").join(names))


def _require_grants(connection: Connection, login: Login, database: str) -> None:
    """Refuse a login that would see less than everything."""
    forbidden = connection.execute(_FORBIDDEN).fetchall()
    if forbidden:
        raise SourceUnreadableError(
            "{user} may not read all of database {database} on {server}: {table}, {count} in all",
            hint="Run the grants of docs/guides/postgresql.md; BYPASSRLS too where policies hide "
            "rows.",
            **login.facts(database),
            table=str(forbidden[0][0]),
            count=len(forbidden),
        )
