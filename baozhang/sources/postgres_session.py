"""Talking to a PostgreSQL server: logins, sessions that read alike, and its refusals.

The server's own words never reach an error of ours: PostgreSQL quotes values in them.  What it
refuses is told by its SQLSTATE alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from baozhang.errors import SourceBusyError, SourceGoneError, SourceUnreadableError, UsageError
from baozhang.sources.servers import Password, Server, Tls

Connection = psycopg.Connection[tuple[object, ...]]
MAINTENANCE = "postgres"  # the database that every cluster has, to ask about others from
_PORT = 5432
_SYSTEM_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"  # Debian's; libpq 15 has no default
_MODES: dict[Tls, str] = {"verify": "verify-full", "encrypt": "require", "off": "disable"}
_CONNECT_SECONDS = 15
_KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""A server that vanished from the network is noticed after a minute, not after two hours."""

SESSION = sql.SQL(
    "SET client_encoding = 'UTF8'; SET datestyle = 'ISO, YMD'; SET timezone = 'UTC';"
    "SET intervalstyle = 'iso_8601'; SET bytea_output = 'hex'; SET row_security = off;"
    "SET search_path = pg_catalog; SET statement_timeout = 0; SET client_min_messages = error;"
    "SET idle_in_transaction_session_timeout = 0"
)
"""What makes cells read alike, whatever the server's, the database's and the login's settings."""
REFUSED_TEMPLATES = {
    "gone": "the database server {server} does not answer",
    "locked": "a table of database {database} on {server} is locked by another program",
    "stopped": "the server {server} ended a query on database {database} before it was done",
    "crowded": "the database server {server} has no room for another connection, lock or query",
    "changed": "a table of database {database} on {server} was changed while it was read",
    "used": "database {database} on {server} is in use",
    "denied": "the server {server} does not let {user} do what is needed with {database}",
    "full": "the disk of the database server {server} is full",
    "encoding": "database {database} on {server} holds text that is not in its encoding",
    "other": "the server {server} refuses a query on database {database}: SQLSTATE {state}",
}
HINT_TEMPLATES = {
    "gone": "Check that the server runs and that this machine reaches it; then try again.",
    "locked": "Wait until the program that changes the tables is done; then try again.",
    "stopped": "Try again; if it happens again, raise the server's time limits for this login.",
    "crowded": "Try again later, or raise max_connections or max_locks_per_transaction there.",
    "changed": "Try again when no program changes the tables' structure.",
    "used": "Close the programs that use it; then try again.",
    "denied": "Run the grants of docs/guides/postgresql.md as an administrator of the server.",
    "full": "Make room on the server's disk; then try again.",
    "encoding": "Convert the database to UTF8; SQL_ASCII takes whatever bytes it is given.",
    "other": "Look the code up in PostgreSQL's list of error codes, and in the server's log.",
}
_NOT_ENCODED = "22021"
_KEYS = {
    **dict.fromkeys(("55P03", "40P01", "40001"), "locked"),
    **dict.fromkeys(("57014", "25P03", "25P04"), "stopped"),
    **dict.fromkeys(("53300", "53200", "53400"), "crowded"),
    **dict.fromkeys(("42P01", "42703", "3F000"), "changed"),
    "55006": "used",
    "42501": "denied",
    "53100": "full",
    **dict.fromkeys((_NOT_ENCODED, "22P05"), "encoding"),
}
"""SQLSTATE (postgresql.org/docs, appendix A) to what a person should hear."""
_LASTING = {"denied", "full", "encoding", "other"}


@dataclass(frozen=True, slots=True)
class Login:
    """One login on one server; its password lies in a file that nobody else may read."""

    server: Server
    passfile: Path | None

    def words(self, database: str, tls: Tls | None = None) -> str:
        """Return a connection string without a password; fit for a command line.

        Args:
            database: to connect to.
            tls: how it is protected, instead of the server's own rule.
        """
        server = self.server
        told: dict[str, str | int | None] = {
            "host": str(server.socket) if server.socket else server.host,
            "port": server.port or _PORT,
            "user": server.user,
            "dbname": database,
            "passfile": str(self.passfile) if self.passfile else None,
            "connect_timeout": _CONNECT_SECONDS,
            "application_name": "baozhang",
            **_KEEPALIVE,
        }
        if server.socket is None:
            told["sslmode"] = _MODES[tls or server.tls]
            if told["sslmode"] == _MODES["verify"]:
                told["sslrootcert"] = str(server.ca or _SYSTEM_CERTIFICATES)
        return make_conninfo("", **told)

    def facts(self, database: str) -> dict[str, str]:
        """Return what errors about a database say."""
        return {"server": self.server.shown, "database": database, "user": self.server.user}


def login_of(server: Server, password: Password | None, folder: Path) -> Login:
    """Return a login whose password lies in a private folder, as libpq reads it.

    Raises:
        UsageError: the password has a line break, which no such file can hold.
    """
    if password is None:
        return Login(server, None)
    text = password()
    if "\n" in text or "\r" in text:
        raise UsageError(
            "the password of {user} on {server} has a line break in it",
            hint="Give the login a password of one line.",
            user=server.user,
            server=server.shown,
        )
    escaped = text.replace("\\", "\\\\").replace(":", "\\:")
    place = folder / f"login-{len(list(folder.iterdir()))}"
    place.touch(0o600)
    place.write_text(f"*:*:*:*:{escaped}\n", "utf-8")
    return Login(server, place)


@contextmanager
def connected(login: Login, database: str) -> Iterator[Connection]:
    """Connect, in a session that writes and reads alike whatever the server's settings are.

    Raises:
        SourceBusyError: the server does not answer, or has no room; transient.
        SourceUnreadableError: it does not let us in; the error says what to check.
    """
    with errors_about(login, database):
        try:
            connection = psycopg.connect(login.words(database), autocommit=True)
        except psycopg.OperationalError:
            connection = None
        if connection is None:
            raise _not_let_in(login, database)
        with connection:
            connection.execute(SESSION)
            yield connection


@contextmanager
def errors_about(login: Login, database: str) -> Iterator[None]:
    """Translate what the server refuses, and keep its words to itself."""
    try:
        yield
    except UnicodeDecodeError:
        raise refused(login, database, _NOT_ENCODED) from None
    except psycopg.Error as error:
        raise refused(login, database, error.sqlstate or "") from None


def refused(login: Login, database: str, state: str) -> SourceBusyError | SourceUnreadableError:
    """Return what a person should hear of a SQLSTATE; none at all: the connection broke."""
    gone = not state or state.startswith(("08", "57P"))
    key = "gone" if gone else _KEYS.get(state, "other")
    kind = SourceUnreadableError if key in _LASTING else SourceBusyError
    return kind(
        REFUSED_TEMPLATES[key],
        hint=HINT_TEMPLATES[key],
        **login.facts(database),
        state=state,
    )


def _not_let_in(login: Login, database: str) -> SourceBusyError | SourceUnreadableError:
    """Say why a connection could not be had; asked of the server, for it tells us no code."""
    facts = login.facts(database)
    if psycopg.pq.PGconn.ping(login.words(database, "off").encode()) != psycopg.pq.Ping.OK:
        return SourceBusyError(
            REFUSED_TEMPLATES["gone"], hint=HINT_TEMPLATES["gone"], **facts, state=""
        )
    try:
        with psycopg.connect(login.words(MAINTENANCE), autocommit=True) as elsewhere:
            question = "SELECT 1 FROM pg_database WHERE datname = %s"
            there = elsewhere.execute(question, (database,)).fetchone()
    except psycopg.OperationalError:
        return SourceUnreadableError(
            "the server {server} does not let {user} in",
            hint="Check user, password and certificate, and the line for this machine in the "
            "server's pg_hba.conf.",
            **facts,
        )
    if there is None:
        return SourceGoneError(
            "the server {server} has no database {database}",
            hint="Check the name; capital letters count.",
            **facts,
        )
    return SourceUnreadableError(
        "the server {server} does not let {user} into database {database}",
        hint="Grant CONNECT on it, and check the line for it in the server's pg_hba.conf.",
        **facts,
    )
