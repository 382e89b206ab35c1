"""Opening the catalog's database: its file, its pragmas, its revision, and its way to fail.

Writers take the write lock when they begin (`BEGIN IMMEDIATE`) and wait for it; what they read
afterwards cannot change under them.  Readers never wait (WAL).  Opening upgrades the tables.
"""

import errno
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from baozhang.catalog.schema import REVISION
from baozhang.errors import (
    BaozhangError,
    CorruptObjectError,
    NewerFormatError,
    StoreFullError,
    UnreachableError,
    UsageError,
)

WRITING = "baozhang_writing"
"""Execution option of an engine whose transactions take the write lock at once."""

BUSY_MS = 30_000  # a rebuild of a large catalog holds the lock for seconds; a run should outwait it
_MIGRATIONS = Path(__file__).parent / "migrations"


def catalog_path(url_or_path: str | Path) -> Path:
    """Return the file of a catalog that is named by a path or a `sqlite:///` URL.

    Raises:
        UsageError: it is neither.
    """
    if isinstance(url_or_path, Path) or "://" not in url_or_path:
        return Path(url_or_path)
    try:
        url = make_url(url_or_path)
    except ArgumentError:
        url = make_url("none://")
    if url.get_backend_name() != "sqlite" or not url.database:
        raise UsageError(
            "the catalog cannot be kept in a database of kind {kind}",
            hint="Give a path, or a URL like sqlite:////var/lib/baozhang/catalog.db.",
            kind=url.get_backend_name(),
        )
    return Path(url.database)


def open_engine(path: Path) -> Engine:
    """Return an engine on the catalog's file, made (mode 0600) and upgraded as needed.

    Raises:
        NewerFormatError: a newer release has upgraded it.
        CorruptObjectError: the file is no catalog, or damaged; `facts["catalog"]` is its path.
        UnreachableError: it cannot be opened, or somebody holds it too long.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
    except OSError as error:
        raise _unusable(path, error.strerror or type(error).__name__) from error
    with translated(path):
        engine = create_engine(f"sqlite:///{path}")
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        _upgrade(engine, path)
        return engine


def create_private(path: Path) -> None:
    """Make an empty file only its owner may read, if there is none.

    A file that exists is not opened: closing it again would drop the locks that SQLite holds on it
    anywhere in this process.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return


def _make(path: Path) -> None:
    """Make an empty database in WAL mode, all at once: of two processes, one makes it.

    Turning WAL on in a file that others open at the same moment fails as busy without waiting.
    """
    new = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.new")
    create_private(new)
    try:
        with translated(path), closing(sqlite3.connect(new)) as connection:
            connection.execute("PRAGMA journal_mode = WAL").close()
        path.hardlink_to(new)
    except FileExistsError:
        return
    finally:
        new.unlink(missing_ok=True)


def copy_database(path: Path, copy: Path) -> None:
    """Copy one consistent state of a catalog's file, and change nothing in it.

    Raises:
        UnreachableError: there is no such file, or it cannot be read.
        CorruptObjectError: it is no catalog, or damaged.
    """
    if not path.is_file():
        raise _unusable(path, os.strerror(errno.ENOENT))
    create_private(copy)
    with translated(path):
        try:
            _copy(path, copy, "mode=ro")
        except sqlite3.OperationalError:  # on a disk that is read-only, beside its own log
            _copy(path, copy, "immutable=1")


def _copy(path: Path, copy: Path, how: str) -> None:
    with (
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)) as old,
        closing(sqlite3.connect(copy)) as new,
    ):
        old.backup(new)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite says into our own errors."""
    try:
        yield
    except DBAPIError as error:
        cause = error.orig
        if not isinstance(cause, sqlite3.Error):
            raise
        raise _translate(cause, path) from error
    except sqlite3.Error as error:
        raise _translate(error, path) from error


def _translate(cause: sqlite3.Error, path: Path) -> BaozhangError:
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # the primary code of an extended one
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return CorruptObjectError(
            "the catalog {catalog} is damaged",
            hint="Run `baozhang catalog rebuild`: it keeps the file aside and makes a new one.",
            catalog=path,
        )
    if code == sqlite3.SQLITE_FULL:
        return StoreFullError(
            "no room is left for the catalog {catalog}",
            hint="Make room on that disk; nothing that was recorded is lost.",
            catalog=path,
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return UnreachableError(
            "the catalog {catalog} is in use by somebody else",
            hint="Try again when the other run has ended.",
            catalog=path,
        )
    if isinstance(cause, sqlite3.OperationalError):
        return _unusable(path, getattr(cause, "sqlite_errorname", "SQLITE_ERROR"))
    return BaozhangError(
        "the catalog {catalog} refused a row: {reason}", catalog=path, reason=str(cause)
    )


def _unusable(path: Path, reason: str) -> BaozhangError:
    return UnreachableError(
        "the catalog {catalog} cannot be used: {reason}",
        hint="Make the file and its folder writable for the user that runs baozhang.",
        catalog=path,
        reason=reason,
    )


def _prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin`, and only there
    for pragma in (
        f"PRAGMA busy_timeout = {BUSY_MS}",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",  # the journal must survive a power cut
        "PRAGMA foreign_keys = ON",
        "PRAGMA trusted_schema = OFF",
    ):
        connection.execute(pragma).close()


def _begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _upgrade(engine: Engine, path: Path) -> None:
    with engine.connect() as connection:
        if MigrationContext.configure(connection).get_current_revision() == REVISION:
            return
    with engine.execution_options(**{WRITING: True}).begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        _refuse_newer(connection, ScriptDirectory.from_config(config), path)
        command.upgrade(config, "head")


def _refuse_newer(connection: Connection, scripts: ScriptDirectory, path: Path) -> None:
    revision = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if revision is not None and revision not in known:
        raise NewerFormatError(
            "the catalog {catalog} was made by a newer release (revision {revision})",
            hint="Install the newer release, or move the file away and run "
            "`baozhang catalog rebuild`.",
            catalog=path,
            revision=revision,
        )
