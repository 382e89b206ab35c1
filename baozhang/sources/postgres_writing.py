"""A PostgreSQL database set to read alone, and back; and a write, tried.

    ALTER DATABASE … SET default_transaction_read_only = on    for sessions that begin from now on
    pg_terminate_backend                                       for those that are there

It is a default and no wall: a session that sets it off for itself writes on, and so does one that
an administrator opens in order to (postgresql.org/docs, "Client Connection Defaults").  What is set
belongs to the database and not to its name: after a cut-over it is that of the replaced one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from baozhang.sources.postgres_session import (
    MAINTENANCE,
    Connection,
    Login,
    connected,
    errors_about,
    login_of,
)
from baozhang.sources.scratch import private_folder
from baozhang.sources.servers import Password, Server
from baozhang.sources.writing import Sessions, Setting, Tried

_NAME, _ON = "default_transaction_read_only", "on"
_SET = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = {}")
_RESET = sql.SQL("ALTER DATABASE {} RESET default_transaction_read_only")
_MOST_TRIED = 20  # tables; most have rows


class PostgresWriting:
    """One database of a PostgreSQL server; see `writing.Switch`.

    Args:
        server: where it runs, and a login that owns the database or administers the server.
        database: its name.
        password: of the login; None: the server asks for none.
        scratch: a folder for the password file while it is needed.
    """

    def __init__(
        self, server: Server, database: str, password: Password | None, scratch: Path
    ) -> None:
        self._server, self._password = server, password
        self._database, self._scratch = database, scratch

    def look(self) -> Setting:
        """Return the database's own setting."""
        with self._asking(MAINTENANCE) as (login, asking), errors_about(login, self._database):
            rows = asking.execute(_OID, (self._database,)).fetchall()
            database = int(str(rows[0][0])) if rows else 0
            return Setting(database, _value(asking, database))

    def switch_off(self) -> Sessions:
        """Set it, and end the sessions that began before."""
        with self._asking(MAINTENANCE) as (login, asking), errors_about(login, self._database):
            asking.execute(_SET.format(sql.Identifier(self._database), sql.Literal(_ON)))
            there = asking.execute(_SESSIONS, (self._database,)).fetchall()
            ended = sum(_ended(asking, int(str(pid))) for (pid,) in there)
        return Sessions(ended, len(there) - ended)

    def put_back(self, before: Setting) -> bool:
        """Set what was set before, unless somebody has changed it since."""
        if before.value == _ON:
            return False
        with self._asking(MAINTENANCE) as (login, asking), errors_about(login, self._database):
            rows = asking.execute(_NAMED, (before.database,)).fetchall()
            if not rows or _value(asking, before.database) != _ON:
                return False
            name = sql.Identifier(str(rows[0][0]))
            if before.value is None:
                asking.execute(_RESET.format(name))
            else:
                asking.execute(_SET.format(name, sql.Literal(before.value)))
        return True

    def try_write(self) -> Tried:
        """Update one row of a table without triggers to what it is; no other row is locked."""
        with self._asking(self._database) as (login, asking), errors_about(login, self._database):
            tables = asking.execute(_TABLES, (_MOST_TRIED,)).fetchall()
            try:
                for schema, table, column in tables:
                    if _written(asking, str(schema), str(table), str(column)):
                        return "written"
            except psycopg.errors.ReadOnlySqlTransaction:
                return "read-only" if self.look().value == _ON else "forbidden"
            except psycopg.errors.InsufficientPrivilege:
                return "forbidden"
        return "empty"

    @contextmanager
    def _asking(self, database: str) -> Iterator[tuple[Login, Connection]]:
        with private_folder(self._scratch) as folder:
            login = login_of(self._server, self._password, folder)
            with connected(login, database) as connection:
                yield login, connection


def _value(asking: Connection, database: int) -> str | None:
    rows = asking.execute(_CONFIG, (database, _NAME)).fetchall()
    return str(rows[0][0]) if rows else None


def _ended(asking: Connection, pid: int) -> bool:
    """End a session; one that is gone has ended, one that may not be ended has not."""
    try:
        asking.execute("SELECT pg_terminate_backend(%s)", (pid,))
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def _written(asking: Connection, schema: str, table: str, column: str) -> bool:
    words = sql.SQL(
        "UPDATE ONLY {place} SET {cell} = {cell}"
        " WHERE ctid = (SELECT ctid FROM ONLY {place} LIMIT 1 FOR UPDATE SKIP LOCKED)"
    ).format(place=sql.Identifier(schema, table), cell=sql.Identifier(column))
    with asking.transaction(force_rollback=True):
        return asking.execute(words).rowcount == 1


_OID = "SELECT oid::bigint FROM pg_database WHERE datname = %s"
_NAMED = "SELECT datname FROM pg_database WHERE oid::bigint = %s"
_CONFIG = """
    SELECT substr(c, strpos(c, '=') + 1) FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) c
    WHERE s.setdatabase::bigint = %s AND s.setrole = 0 AND split_part(c, '=', 1) = %s
"""
_SESSIONS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = %s AND pid <> pg_backend_pid() AND backend_type = 'client backend'
        AND application_name <> 'baozhang'
"""
_TABLES = """
    SELECT DISTINCT ON (c.oid) n.nspname, c.relname, a.attname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND NOT c.relhasrules
        AND left(n.nspname, 3) <> 'pg_' AND n.nspname <> 'information_schema'
        AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity <> 'a'
        AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
    ORDER BY c.oid, a.attnum DESC LIMIT %s
"""
"""Tables that nothing but their own rows depends on, each with a column that may be set."""
