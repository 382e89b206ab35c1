"""Databases that this product makes on a SQL Server: for a restore test, and to be published.

    backup file ──copy──► drop ──RESTORE──► new name ──DBCC CHECKDB──► read, or renamed

Each is ours by its name, a word of ours and twelve hexadecimal digits, and is held by a lock of
that name (sp_getapplock), which the server lets go of with the session.  Whoever comes next drops
the ones that nobody holds, whatever state they are in: what a killed run left is a client's ledger,
and what it is a copy of lies in the vault.  All locks are taken in `master`: a lock belongs to the
database of its session.

A backup file in the drop folder has no such lock; one that is older than a day is left over.
"""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path, PureWindowsPath
from typing import NamedTuple

from baozhang.errors import SourceBusyError, SourceUnreadableError
from baozhang.sources.base import shown
from baozhang.sources.mssql_session import NO_RIGHT, Session, bracketed

SCRATCH = "baozhang_restore_"
READY = "baozhang_publish_"
KEPT = timedelta(days=1)  # no backup or restore leaves its file untouched for so long

STATE = "SELECT name, state_desc FROM sys.databases WHERE name = %s"
_OURS = "SELECT name FROM sys.databases WHERE name LIKE %s"
_HOME = "SELECT physical_name FROM sys.master_files WHERE database_id = 1 AND file_id = 1"
_FILES = "RESTORE FILELISTONLY FROM DISK = %s"
_HOLD = (
    "DECLARE @got int; EXEC @got = sp_getapplock @Resource = %s, @LockMode = 'Exclusive', "
    "@LockOwner = 'Session', @LockTimeout = 0; SELECT @got"
)
_RELEASE = "EXEC sp_releaseapplock @Resource = %s, @LockOwner = 'Session'"
_OUR_NAME = re.compile(f"(?:{SCRATCH}|{READY})[0-9a-f]{{12}}")
_FILE_NAME = re.compile(r"baozhang-[0-9a-f]{16}\.bak")
_REFUSALS = (SourceUnreadableError, SourceBusyError)


class Drop(NamedTuple):
    """One folder, as SQL Server calls it and as it is called here."""

    there: str
    here: Path

    def named(self, name: str) -> str:
        """Return a file of the folder as SQL Server calls it: with its own separator."""
        separator = "/" if self.there.startswith("/") else "\\"
        return f"{self.there.rstrip(chr(92) + '/')}{separator}{name}"

    def new_file(self) -> Path:
        """Return a place for a backup file, as it is called here."""
        return self.here / f"baozhang-{secrets.token_hex(8)}.bak"

    def sweep(self, now: datetime) -> None:
        """Remove backup files of ours that runs which were killed left behind.

        Raises:
            SourceUnreadableError: one cannot be removed; the books in it are in plain text.
        """
        for left in self.here.glob("baozhang-*.bak"):
            try:
                old = left.stat().st_mtime < (now - KEPT).timestamp()
                if old and _FILE_NAME.fullmatch(left.name):
                    left.unlink()
            except FileNotFoundError:  # its own run was quicker
                pass
            except OSError as error:
                raise SourceUnreadableError(
                    "the old backup file {file} cannot be removed: {reason}",
                    hint="Delete it by hand: it holds a client's books.",
                    file=left.name,
                    reason=error.strerror or type(error).__name__,
                ) from error


@contextmanager
def scratch_copy(session: Session, drop: Drop, image: Path, database: str) -> Iterator[str]:
    """Restore a backup of `database` as a checked scratch database that goes afterwards.

    Args:
        session: of `master`; it holds the lock.
        drop: the folder that the server reads from.
        image: the backup.
        database: what it is a backup of; errors are about it.
    """
    _sweep(session)
    name = f"{SCRATCH}{secrets.token_hex(6)}"
    _hold(session, name)
    passed_over: tuple[type[Exception], ...] = _REFUSALS  # the next sweep drops it, or says why not
    try:
        _restore(session, drop, image, name, database)
        session.check(name, copy_of=database)
        yield name
        passed_over = ()
    finally:
        with suppress(*passed_over):
            _drop(session, name)


def publish_copy(session: Session, drop: Drop, image: Path, database: str, name: str) -> str | None:
    """Restore a backup of `database` beside, check it, and rename it to `name`.

    Returns:
        What the database that was called so is called now; None: there was none.
    """
    with suppress(*_REFUSALS):  # what cannot be dropped must not keep books from coming back
        _sweep(session)
    mark = secrets.token_hex(6)
    ready, aside = f"{READY}{mark}", f"{name}_before_{mark}"
    there = state_of(session, name) is not None
    _hold(session, ready)
    try:
        _restore(session, drop, image, ready, database)
        session.check(ready, copy_of=database)
        _put_in_place(session, ready, name, aside if there else None)
    finally:
        with suppress(*_REFUSALS):  # in its place it is not called so any more
            _drop(session, ready)
    return aside if there else None


def state_of(session: Session, name: str) -> tuple[str, str] | None:
    """Return a database's name as the server spells it, and its state; None: there is none."""
    found = session.execute(STATE, name)
    return (str(found[0][0]), str(found[0][1])) if found else None


def _restore(session: Session, drop: Drop, image: Path, name: str, database: str) -> None:
    """Restore an image as a new database whose files lie beside the server's own."""
    copy = drop.new_file()
    there = drop.named(copy.name)
    try:
        shutil.copyfile(image, copy)
        moves = list(_moves(session, there, name, database))
        parts = [f"RESTORE DATABASE {bracketed(name)} FROM DISK = %s WITH CHECKSUM, STATS = 10"]
        parts += ["MOVE %s TO %s"] * (len(moves) // 2)
        session.execute(", ".join(parts), there, *moves, about=database)
    except OSError as error:
        raise SourceUnreadableError(
            "{folder} cannot be used: {reason}",
            hint="Check that the folder is mounted, has room and may be written.",
            folder=shown(os.fsencode(drop.here)),
            reason=error.strerror or type(error).__name__,
        ) from error
    finally:
        with suppress(OSError):  # swept when it is a day old
            copy.unlink(missing_ok=True)


def _moves(session: Session, there: str, name: str, database: str) -> Iterator[str]:
    """Yield each file of a backup by its logical name, and where it is to lie on the server."""
    found = session.execute(_HOME)
    if not found:  # the view shows nothing to whoever may not create databases
        raise session.refusal(NO_RIGHT)
    home = str(found[0][0])
    separator = "/" if home.startswith("/") else "\\"
    folder = home.rpartition(separator)[0]
    for number, row in enumerate(session.execute(_FILES, there, about=database)):
        logical, physical = str(row[0]), str(row[1])
        ending = PureWindowsPath(physical).suffix or ".ndf"
        yield logical
        yield f"{folder}{separator}{name}_{number}{ending}"


def _sweep(session: Session) -> None:
    """Drop what runs that were killed left on the server; not what is in use."""
    failed: SourceUnreadableError | None = None
    for (listed,) in session.execute(_OURS, "baozhang[_]%"):
        name = str(listed)
        if not _OUR_NAME.fullmatch(name) or not _hold(session, name):
            continue
        try:
            _drop(session, name)
        except SourceUnreadableError as error:
            failed = error
        finally:
            session.execute(_RELEASE, name)
    if failed:
        raise failed


def _hold(session: Session, name: str) -> bool:
    """Lock a name until the session ends; False: another session holds it (sp_getapplock)."""
    ((got,),) = session.execute(_HOLD, name)
    return isinstance(got, int) and got >= 0


def _drop(session: Session, name: str) -> None:
    """Drop a database of ours, whoever is in it; one that is not there is passed over.

    Raises:
        SourceUnreadableError: the server refuses; the database is still there.
    """
    found = state_of(session, name)
    if found is None:
        return
    try:
        if found[1] == "ONLINE":  # in any other state nobody is in it, and no option can be set
            _set(session, name, "SINGLE_USER")
        session.execute(f"DROP DATABASE {bracketed(name)}", about=name)
    except SourceUnreadableError as error:
        raise SourceUnreadableError(
            "the scratch database {database} on {server} cannot be dropped",
            hint="Drop it in SQL Server Management Studio: it holds a client's books.",
            database=name,
            server=session.server.shown,
        ) from error


def _put_in_place(session: Session, ready: str, name: str, aside: str | None) -> None:
    try:
        if aside:
            _rename(session, name, aside)
        _rename(session, ready, name)
    except _REFUSALS:
        if aside:
            _put_back(session, aside, name)
        raise


def _put_back(session: Session, aside: str, name: str) -> None:
    """Give a database that was renamed its name back, where nothing else has it."""
    try:
        if state_of(session, aside) and not state_of(session, name):
            _rename(session, aside, name)
    except _REFUSALS as error:
        raise SourceUnreadableError(
            "the database {database} on {server} is called {aside} now, and cannot be renamed back",
            hint="Rename it in SQL Server Management Studio before anybody books.",
            database=name,
            server=session.server.shown,
            aside=aside,
        ) from error


def _rename(session: Session, before: str, after: str) -> None:
    """Rename a database, whoever is in it: they are put out, and may come back under the new name.

    Renaming needs it for itself (Transact-SQL reference, ALTER DATABASE, MODIFY NAME).
    """
    _set(session, before, "SINGLE_USER")
    try:
        session.execute(
            f"ALTER DATABASE {bracketed(before)} MODIFY NAME = {bracketed(after)}", about=before
        )
    except _REFUSALS:
        with suppress(*_REFUSALS):
            _set(session, before, "MULTI_USER")
        raise
    _set(session, after, "MULTI_USER")


def _set(session: Session, name: str, access: str) -> None:
    session.execute(
        f"ALTER DATABASE {bracketed(name)} SET {access} WITH ROLLBACK IMMEDIATE", about=name
    )
