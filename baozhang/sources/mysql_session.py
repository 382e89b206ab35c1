"""One connection to a MariaDB or MySQL server, and what the server says in our words.

The driver is named here alone.  Its own messages are never shown: they quote cells.  What an
error means is told by its number (mariadb.com/kb/en/mariadb-error-code-reference/).

Every session reads alike wherever it runs: no SQL mode that changes quoting, one fixed time zone,
no limit on rows or time, text in UTF-8.  Rows come as they were sent, as bytes; nothing is parsed.
"""

import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pymysql
from pymysql.converters import conversions
from pymysql.cursors import Cursor, SSCursor

from baozhang.errors import SourceBusyError, SourceGoneError, SourceUnreadableError
from baozhang.sources.servers import Password, Server

PORT = 3306
WAIT_SECONDS = 10.0  # for a connection, and for a lock that a change of tables holds
_READ_SECONDS = 3600.0  # without one byte: sorting a huge table takes minutes, a dead peer for ever
_BLOCK_ROWS = 1024
_ENCODERS = {kind: encode for kind, encode in conversions.items() if not isinstance(kind, int)}

TIME_ZONE = "+08:00"
"""Of every session: a TIMESTAMP column then shows the business day, Asia/Shanghai."""

_SETTINGS = (
    "SET SESSION sql_mode = '', time_zone = '+08:00', sql_quote_show_create = 1, autocommit = 1,"
    " sql_select_limit = 18446744073709551615, max_sort_length = 1024,"
    " net_write_timeout = 3600, wait_timeout = 604800 /*M! , max_statement_time = 0 */"
    " /*!80000 , max_execution_time = 0 */"
)
_ISOLATION = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"

_CODES = {
    "silent": {0, 1040, 1203, 1226, 2002, 2003},
    "lost": {1053, 1158, 1159, 1160, 1161, 1317, 1927, 2006, 2013, 2014, 2027, 2055},
    "locked": {1205, 1213, 1969, 3024},
    "changed": {1054, 1146, 1305, 1356, 1360, 1412, 1539},
    "tls": {2026},
    "missing": {1049},
    "login": {1045, 1275, 1698, 3118, 4151},
    "rights": {1044, 1142, 1143, 1227, 1370, 1419},
    "full": {3, 28, 1021, 1041, 1114},
    "large": {1153, 1301, 2020},
}
_MEANS = {code: meaning for meaning, codes in _CODES.items() for code in codes}
_TRANSIENT = {"silent", "lost", "locked", "changed"}

ERROR_TEMPLATES = {
    "silent": "the server {server} does not answer",
    "lost": "the connection to {server} was lost while it read {database}",
    "locked": "a table of {database} on {server} stayed locked",
    "changed": "a table of {database} on {server} was changed or dropped meanwhile",
    "tls": "the server {server} cannot prove who it is",
    "missing": "there is no database {database} on {server}",
    "login": "{server} refuses the login {user}",
    "rights": "{user} lacks a right in {database} on {server}",
    "full": "the disk of {server} is full",
    "large": "a row of {database} is too large for {server}",
    "other": "{server} cannot carry this out in {database}: error {code}",
}
HINT_TEMPLATES = {
    "silent": "Check that the server runs, that its address is right and that no firewall is in"
    " between.",
    "lost": "Run it again when nobody restarts the server.",
    "locked": "Run it again when nobody changes tables.",
    "changed": "Run it again when nobody changes tables.",
    "tls": "Name the certificate of its authority in `ca`, and the server as its certificate does.",
    "missing": "Correct the name of the database.",
    "login": "Correct the login or its password.",
    "rights": "Give {user} the rights that docs/guides/mariadb.md lists.",
    "full": "Make room on the server's disk, then run it again.",
    "large": "Raise max_allowed_packet on the server to more than twice its largest value.",
    "other": "Look the number up in the server's manual, and the moment in its log.",
}
"""What the server's numbers mean (MariaDB manual, "MariaDB Error Codes"), and what to do."""


class Login(NamedTuple):
    """A server, and how its password is come by."""

    server: Server
    password: Password | None


class _Stream(SSCursor):  # type: ignore[misc] # the driver has no types
    """A cursor that holds one row at a time, and that can be closed after its connection."""

    def close(self) -> None:
        if self._result is not None and not (self.connection and self.connection.open):
            self._result.unbuffered_active = False  # or the driver would read what is to come
        super().close()


class Session:
    """One connection; used by one thread, one answer at a time.

    Args:
        login: where and as whom.
        database: the database that names without one belong to; None: no database.
        wait: seconds to wait for a connection and for locks.
        alone: nobody else changes this database, so what is not there will not come.

    Raises (every method):
        SourceBusyError: no answer, connection lost, table changed or locked; transient.
        SourceUnreadableError: refused: login, grants, TLS, no such database, no room.
    """

    def __init__(
        self,
        login: Login,
        database: str | None = None,
        *,
        wait: float = WAIT_SECONDS,
        alone: bool = False,
    ) -> None:
        self.server = login.server
        self._alone = alone
        self.database = database
        self._current: _Stream | None = None
        with self._errors():
            self._connection = _connected(login, database, wait)
            with closing(self._connection.cursor()) as cursor:
                cursor.execute(_SETTINGS)
                cursor.execute("SET SESSION lock_wait_timeout = %s", (max(1, int(wait)),))
                cursor.execute(_ISOLATION)

    def close(self) -> None:
        """Close the connection; what it had begun is rolled back by the server."""
        self._connection.close()
        if self._current is not None:
            self._current.close()

    def execute(self, sql: str | bytes, *values: str | int) -> list[tuple[str | None, ...]]:
        """Carry out one statement, and return all its rows: for answers that are short."""
        self._require_free()
        with self._errors(), closing(self._connection.cursor()) as cursor:
            cursor.execute(sql, values or None)
            return [tuple(map(_text, row)) for row in cursor.fetchall()]

    def stream(self, sql: str) -> Iterator[bytes | None]:
        """Yield the first cell of each row; no more rows are held than are being looked at."""
        self._require_free()
        with self._errors(), closing(_Stream(self._connection)) as cursor:
            self._current = cursor
            try:
                cursor.execute(sql)
                while rows := cursor.fetchmany(_BLOCK_ROWS):
                    for (cell,) in rows:
                        yield cell
            finally:
                self._current = None

    def hold(self) -> None:
        """Begin a transaction that shows this instant until the connection is closed."""
        self.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Hold no table after the block: a transaction keeps a lock on each one that it has read.

        Whoever changes a table waits for that lock, and everyone else for him (MariaDB manual,
        "Metadata Locking").  Going back to a savepoint lets go of it, and the instant stays.
        """
        self.execute("SAVEPOINT baozhang")
        yield
        self.execute("ROLLBACK TO SAVEPOINT baozhang")

    def too_large(self, table: str) -> SourceUnreadableError:
        """Return the error for a row that came as NULL because no packet holds it."""
        return SourceUnreadableError(
            "a row of table {table} of {database} on {server} is larger than max_allowed_packet",
            hint=HINT_TEMPLATES["large"],
            table=table,
            **self.facts,
        )

    def _require_free(self) -> None:
        if self._current is not None:  # the driver would quietly throw away what is still to come
            raise RuntimeError("one answer at a time")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except pymysql.MySQLError as error:
            raise self._translated(error) from None  # its own words may quote a cell

    def _translated(self, error: pymysql.MySQLError) -> SourceBusyError | SourceUnreadableError:
        code = error.args[0] if error.args and isinstance(error.args[0], int) else -1
        cause = getattr(error, "original_exception", None)
        meaning = "tls" if isinstance(cause, ssl.SSLError) else _MEANS.get(code, "other")
        if meaning == "changed" and self._alone:
            meaning = "other"
        lasting = SourceGoneError if meaning == "missing" else SourceUnreadableError
        kind = SourceBusyError if meaning in _TRANSIENT else lasting
        facts: dict[str, object] = {**self.facts, "code": code}
        return kind(ERROR_TEMPLATES[meaning], hint=HINT_TEMPLATES[meaning], **facts)

    @property
    def facts(self) -> dict[str, str]:
        """What an error about this session names."""
        return {
            "server": self.server.shown,
            "user": self.server.user,
            "database": self.database or "*",
        }


@contextmanager
def session(
    login: Login,
    database: str | None = None,
    *,
    wait: float = WAIT_SECONDS,
    alone: bool = False,
) -> Iterator[Session]:
    """Open a session, and close it."""
    opened = Session(login, database, wait=wait, alone=alone)
    try:
        yield opened
    finally:
        opened.close()


def quoted(name: str) -> str:
    """Return an identifier for SQL; callers take names from the server's own list.

    MariaDB manual, "Identifier Names": within backticks only the backtick itself is special.
    """
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    """Return a text for SQL in a session without NO_BACKSLASH_ESCAPES."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return "'" + escaped.replace("\r", "\\r").replace("\0", "\\0") + "'"


def _connected(
    login: Login, database: str | None, wait: float
) -> "pymysql.connections.Connection[Cursor]":
    server = login.server
    secret = login.password() if login.password else ""
    return pymysql.connect(
        host=server.host,
        port=PORT if server.port is None else server.port,
        unix_socket=None if server.socket is None else str(server.socket),
        user=server.user,
        password=secret.encode(),  # the driver would take a text for Latin-1
        database=database,
        charset="utf8mb4",
        use_unicode=False,
        conv=_ENCODERS,
        connect_timeout=wait,
        read_timeout=_READ_SECONDS,
        write_timeout=_READ_SECONDS,
        ssl=_tls(server),
        ssl_disabled=server.socket is not None or server.tls == "off",
    )


def _tls(server: Server) -> ssl.SSLContext | None:
    if server.socket is not None or server.tls == "off":
        return None
    context = ssl.create_default_context(cafile=_readable(server.ca))
    if server.tls == "encrypt":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _readable(ca: Path | None) -> str | None:
    if ca is not None and not ca.is_file():
        raise SourceUnreadableError(
            "there is no certificate file {path}", hint="Correct `ca`.", path=str(ca)
        )
    return None if ca is None else str(ca)


def _text(cell: object) -> str | None:
    return cell.decode() if isinstance(cell, bytes) else None if cell is None else str(cell)
