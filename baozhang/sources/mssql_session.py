"""One connection to a SQL Server, and what the server says in our words.

The driver is named here alone: pymssql, which brings FreeTDS and OpenSSL along and needs nothing
installed.  Its own messages are never shown: they quote cells and statements.  What an error means
is told by its number (Microsoft, "Database Engine events and errors").

A statement's values go through the driver; names of databases, tables and columns go through
`bracketed`, and only after the server itself has listed them or this product has made them.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from tempfile import NamedTemporaryFile
from threading import Lock
from typing import NamedTuple, Protocol, cast

import pymssql

from baozhang.errors import SourceBusyError, SourceGoneError, SourceUnreadableError
from baozhang.sources.servers import Password, Server

PORT = 1433
_SETTINGS = "FREETDSCONF"
WAIT_SECONDS = 15  # for a connection
LOCK_SECONDS = 60  # for a lock; whoever books holds one for far less
_BLOCK_ROWS = 1024

_CODES = {
    "silent": {20002, 20009, 20003, 20047},
    "lost": {20004, 20006, 20017, 10054, 10053, 6005, 596},
    "locked": {1205, 1222},
    "used": {924, 3023, 3101, 3702, 5030, 5061, 5064, 5070},
    "changed": {207, 208, 4413},
    "login": {18456, 18452, 18470, 18486, 18487, 18488, 20014},
    "missing": {911, 4060, 4064},
    "rights": {229, 230, 262, 297, 300, 916, 3110, 15151, 15247},
    "offline": {927, 942, 946, 952, 976, 978, 979, 983, 5052},
    "full": {112, 1105, 3257, 9002},
    "device": {3201, 3202, 3203, 18204, 18210},
    "damaged": {823, 824, 825, 2533, 2570, 2576, 3043, 3414, 7985, 8909, 8928, 8939, 8946, 8978,
                8989},
    "backup": {3183, 3189, 3241, 3242, 3243, 3254, 3256},
    "newer": {3169, 3168},
    "exists": {1801, 3154, 3159},
}  # fmt: skip
_MEANS = {code: meaning for meaning, codes in _CODES.items() for code in codes}
_TRANSIENT = {"silent", "lost", "locked", "used", "changed"}
_NO_DAMAGE = {"silent", "lost", "locked", "used", "login", "rights", "full"}
"""What an error of a check may mean besides damage."""

NO_RIGHT, MISSING = 229, 911

ERROR_TEMPLATES = {
    "silent": "the SQL Server {server} does not answer",
    "lost": "the connection to the SQL Server {server} was lost",
    "locked": "a table of {database} on {server} stayed locked",
    "used": "the database {database} on {server} is in use",
    "changed": "a table of {database} on {server} was changed or dropped meanwhile",
    "login": "{server} refuses the login {user}",
    "missing": "there is no database {database} on {server}",
    "rights": "{user} lacks a right in {database} on {server}",
    "offline": "the database {database} on {server} is offline or being restored",
    "full": "a disk of {server} is full",
    "device": "{server} cannot read or write the backup file",
    "damaged": "{database} on {server} is damaged: SQL Server's own check failed",
    "backup": "the backup file of {database} is damaged or encrypted: {server} cannot read it",
    "copy": "what {server} restored of {database} is damaged: SQL Server's own check failed",
    "newer": "{server} is older than the SQL Server that wrote the backup",
    "exists": "{server} has a database {database} already",
    "other": "{server} cannot carry this out in {database}: error {code}",
}
HINT_TEMPLATES = {
    "silent": "Check that the server runs, that TCP/IP is enabled for it, and the firewall.",
    "lost": "Run it again when nobody restarts the server.",
    "locked": "Run it again when nobody closes a month or changes tables.",
    "used": "Run it again when everybody has left the accounting product and no other backup runs.",
    "changed": "Run it again when nobody changes tables.",
    "login": "Correct the login or its password; SQL Server logins must be allowed.",
    "missing": "Correct the name of the database.",
    "rights": "Give {user} the rights that docs/guides/sql-server.md lists.",
    "offline": "Bring the database online in SQL Server Management Studio, then run it again.",
    "full": "Make room on the server's disk, then run it again.",
    "device": "Check that the account of the SQL Server service may use the folder in `drop`, and "
    "that `path` is the same folder.",
    "damaged": "Keep everything as it is, restore the last proven backup point beside it, and look "
    "into SQL Server's log.",
    "backup": "Restore an older backup point, and keep this one as evidence.",
    "copy": "Run DBCC CHECKDB on the database itself, and restore an older backup point.",
    "newer": "Restore it on a server of the same or a later version.",
    "exists": "Choose another name, or ask for the old one to be replaced.",
    "other": "Look the number up in SQL Server's documentation, and the moment in its log.",
}
"""What the server's numbers mean, and what to do."""


class Cursor(Protocol):
    """What is used of a DB-API 2.0 cursor (PEP 249)."""

    def execute(self, statement: str, values: Sequence[object] | None = None) -> object:
        """Send a statement with its values."""
        ...

    def fetchmany(self, size: int) -> list[tuple[object, ...]]:
        """Return the next rows of an answer."""
        ...

    def nextset(self) -> bool | None:
        """Go on to the next answer of a statement."""
        ...

    def close(self) -> None:
        """Let go of the answer."""
        ...

    @property
    def description(self) -> Sequence[tuple[object, ...]] | None:
        """The columns of an answer; None: it has no rows."""
        ...


class Connection(Protocol):
    """What is used of a DB-API 2.0 connection."""

    def cursor(self) -> Cursor:
        """Return a new cursor."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


class Login(NamedTuple):
    """A server, and how its password is come by."""

    server: Server
    password: Password | None


Connect = Callable[[Login, str], Connection]
"""Connects a login to a database; autocommit is on."""


_GATE = Lock()  # FreeTDS takes its settings from the environment, which all threads share
_ENCRYPTION = {"verify": "require", "encrypt": "require", "off": "off"}


def connect(login: Login, database: str) -> Connection:
    """Connect by pymssql; TLS as the server's settings say."""
    server = login.server
    with _GATE, _verifying(server):
        made = pymssql.connect(
            server=server.host,
            port=str(server.port or PORT),
            user=server.user,
            password=login.password() if login.password else "",
            database=database,
            charset="UTF-8",
            login_timeout=WAIT_SECONDS,
            autocommit=True,
            appname="baozhang",
            encryption=_ENCRYPTION[server.tls],
        )
    return cast("Connection", made)


@contextmanager
def _verifying(server: Server) -> Iterator[None]:
    """Let FreeTDS hold the server's certificate against an authority, where that is asked for.

    Its configuration file is the only way to say so (FreeTDS User Guide, "freetds.conf").
    """
    if server.tls != "verify":
        yield
        return
    with NamedTemporaryFile("w", encoding="utf-8", suffix=".conf") as file:
        authority = server.ca or "system"
        file.write(f"[global]\n\tca file = {authority}\n\tcheck certificate hostname = yes\n")
        file.flush()
        before = os.environ.get(_SETTINGS)
        os.environ[_SETTINGS] = file.name
        try:
            yield
        finally:
            if before is None:
                del os.environ[_SETTINGS]
            else:
                os.environ[_SETTINGS] = before


class Session:
    """One connection; used by one thread, one answer at a time.

    Args:
        login: where and as whom.
        database: what names without a database belong to.
        connecting: makes the connection.

    Raises (every method):
        SourceBusyError: no answer, connection lost, table locked or changed; transient.
        SourceUnreadableError: refused: login, rights, no such database, no room, damage.
    """

    def __init__(self, login: Login, database: str, connecting: Connect = connect) -> None:
        self.server, self.database = login.server, database
        with self._errors():
            self._connection = connecting(login, database)
        try:
            self.execute(f"SET LOCK_TIMEOUT {LOCK_SECONDS * 1000}")
        except (SourceBusyError, SourceUnreadableError):
            self.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def execute(self, statement: str, *values: object, about: str = "") -> list[tuple[object, ...]]:
        """Carry out one statement to its end, and return the rows of its last answer.

        Args:
            statement: the statement; with values, no name may stand in it that could hold a `%s`
                too, for the driver knows no escape.
            values: fill its `%s`.
            about: the database that an error is told of; none: the session's own.
        """
        with self._errors(about):
            return self._carried_out(statement, values)

    def check(self, name: str, *, copy_of: str) -> None:
        """Have the server check a restored database; whatever it finds means damage.

        Args:
            name: the restored database.
            copy_of: the database that errors are told of.
        """
        statement = f"DBCC CHECKDB ({bracketed(name)}) WITH NO_INFOMSGS, ALL_ERRORMSGS"
        with self._errors(copy_of, checking=True):
            self._carried_out(statement, ())

    def stream(self, statement: str) -> Iterator[tuple[object, ...]]:
        """Yield the rows of a query, a block at a time."""
        with self._errors(), closing(self._connection.cursor()) as cursor:
            cursor.execute(statement)
            while rows := cursor.fetchmany(_BLOCK_ROWS):
                yield from rows

    def refusal(
        self, code: int, about: str = "", *, checking: bool = False
    ) -> SourceBusyError | SourceUnreadableError:
        """Return the error that a number of the server stands for; 0: the driver's own."""
        means = _MEANS.get(code, "other")
        if checking and code and means not in _NO_DAMAGE:
            means = "copy"
        lasting = SourceGoneError if means == "missing" else SourceUnreadableError
        kind = SourceBusyError if means in _TRANSIENT else lasting
        return kind(
            ERROR_TEMPLATES[means],
            hint=HINT_TEMPLATES[means],
            server=self.server.shown,
            database=self.database if means == "rights" else about or self.database,
            user=self.server.user,
            code=code,
        )

    def _carried_out(self, statement: str, values: Sequence[object]) -> list[tuple[object, ...]]:
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(statement, values or None)
            rows = _all(cursor)
            while cursor.nextset():  # BACKUP and RESTORE end with their last message, not before
                rows = _all(cursor) or rows
            return rows

    @contextmanager
    def _errors(self, about: str = "", *, checking: bool = False) -> Iterator[None]:
        """Translate what the driver raises; its own words stay out of sight."""
        try:
            yield
        except pymssql.Error as error:
            raise self.refusal(_number(error), about, checking=checking) from None
        except OSError as error:
            raise self.refusal(20009, about) from error


def bracketed(name: str) -> str:
    """Return a name as T-SQL quotes it (Transact-SQL reference, QUOTENAME)."""
    return f"[{name.replace(']', ']]')}]"


def _all(cursor: Cursor) -> list[tuple[object, ...]]:
    if cursor.description is None:
        return []
    rows: list[tuple[object, ...]] = []
    while block := cursor.fetchmany(_BLOCK_ROWS):
        rows += block
    return rows


def _number(error: pymssql.Error) -> int:
    """Return the server's number; where several messages came, the driver tells the first."""
    first = error.args[0] if error.args else 0
    if isinstance(first, tuple):
        first = first[0]
    return first if isinstance(first, int) else 0
