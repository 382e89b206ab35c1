"""A SQL Server database as a source: its own backup, and proofs that nothing moved around it.

    spool of the ledger's tables ──► BACKUP ... WITH COPY_ONLY, CHECKSUM ──► spool equals server?

`COPY_ONLY` leaves the agency's own backup chain alone; `CHECKSUM` makes the server check every page
it reads; `RESTORE VERIFYONLY` has it read the file once more, in a session of `restore_to`: SQL
Server shows backup files only to logins that may create databases.  The file is written by the
server into a folder that both sides see: `drop` as the server calls it, `path` as it is called
here.  A book that its profile does not fit is backed up all the same, and told about.

A restore test brings the backup into a scratch database, runs `DBCC CHECKDB` on it, and reads the
books there.  What is said to the server is kept to statements that SQL Server 2008 R2 knows: older
用友 installations run on it.

Until `baozhang source accept` has passed against the agency's own server, reports say of such a
source that it is not proven on a real machine (未经真机验证).
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from blake3 import blake3

from baozhang.books.model import LedgerReader
from baozhang.books.profiles import Profile, load_profile
from baozhang.books.sql import SqlReader
from baozhang.clock import Clock, system_clock
from baozhang.errors import (
    LedgerFormatError,
    SourceBusyError,
    SourceUnreadableError,
    UsageError,
)
from baozhang.sources.base import Item, shown
from baozhang.sources.copied import FrozenCopy
from baozhang.sources.mssql_restore import Drop, publish_copy, scratch_copy, state_of
from baozhang.sources.mssql_session import MISSING, Connect, Login, Session, connect
from baozhang.sources.mssql_tables import MssqlTables, Spool
from baozhang.sources.scratch import private_folder

_MASTER = "master"

_BACKUP = (
    "DECLARE @name sysname; SET @name = %s; BACKUP DATABASE @name TO DISK = %s WITH COPY_ONLY, "
    "CHECKSUM, FORMAT, INIT, NAME = N'baozhang', STATS = 10"
)
_VERIFY = "RESTORE VERIFYONLY FROM DISK = %s WITH CHECKSUM"


class MssqlSource:
    """One database on a SQL Server.

    Args:
        server: where it answers, and as whom; the login needs what docs/guides/sql-server.md lists.
        database: its name.
        drop: the folder into which the server writes its backup.
        profile: how its books are read; None: it is protected as bytes alone.
        scratch: a private folder here, with room for the ledger's tables.
        restore_to: the login that may create databases: for reading backup files, restore tests
            and publishing; None: the same one.
        clock: tells how old a backup file is that a killed run left in the drop folder.
        connecting: makes connections.
    """

    def __init__(
        self,
        server: Login,
        database: str,
        *,
        drop: Drop,
        profile: str | None = None,
        scratch: Path,
        restore_to: Login | None = None,
        clock: Clock = system_clock,
        connecting: Connect = connect,
    ) -> None:
        self._login, self._database, self._drop = server, database, drop
        self._profile, self._scratch = profile, scratch
        self._restoring = restore_to or server
        self._clock, self._connecting = clock, connecting

    @contextmanager
    def freeze(self) -> Iterator[FrozenCopy]:
        """Spool the ledger and have the server back itself up; see `base.Source.freeze`."""
        profile = load_profile(self._profile) if self._profile else None
        with (
            private_folder(self._scratch) as folder,
            closing(Session(self._login, self._database, self._connecting)) as session,
        ):
            name = _require_online(session, self._database)
            spool = Spool(MssqlTables(session), folder)
            reader = _reader(profile, self._database, spool)
            misfit = _spooled(reader)  # what the spool holds is the book before the backup
            with self._backed_up(session, name) as image:
                if misfit is None and not spool.equals(MssqlTables(session)):
                    raise SourceBusyError(
                        "the ledger in {database} changed while it was backed up",
                        hint="Run the backup when nobody books, or again in a few minutes.",
                        database=self._database,
                    )
                yield FrozenCopy([(self._item(image), image)], lambda: _books(misfit or reader))

    @contextmanager
    def restored_books(self, restored: Path) -> Iterator[Iterable[LedgerReader]]:
        """Restore into a scratch database, check it, and open its books there.

        Without a profile there is no book to open; the backup is restored and checked all the same.
        """
        profile = load_profile(self._profile) if self._profile else None
        image = self._image_in(restored)
        self._drop.sweep(self._clock())
        with (
            closing(self._on_master()) as session,
            scratch_copy(session, self._drop, image, self._database) as name,
        ):
            if profile is None:
                yield ()
                return
            with closing(Session(self._restoring, name, self._connecting)) as inside:
                reader = _reader(profile, self._database, MssqlTables(inside))
                yield [reader] if reader else []

    def publish(self, restored: Path, target: Path, *, replace: bool = False) -> Path | None:
        """Restore into a database called as `target` ends; see `base.Source.publish`.

        Restored and checked beside, then renamed.  A 用友 account set still has to be registered in
        its own product (引入账套): the switch itself is assisted.
        """
        image = self._image_in(restored)
        with closing(self._on_master()) as session:
            if state_of(session, target.name) and not replace:
                raise UsageError(
                    "the database {database} is there already",
                    hint="Choose another name, or ask for it to be replaced.",
                    database=target.name,
                )
            aside = publish_copy(session, self._drop, image, self._database, target.name)
        return target.with_name(aside) if aside else None

    def _on_master(self) -> Session:
        return Session(self._restoring, _MASTER, self._connecting)

    @contextmanager
    def _backed_up(self, session: Session, name: str) -> Iterator[Path]:
        """Have the server write its backup and read it back; the file goes at the end."""
        self._drop.sweep(self._clock())
        image = self._drop.new_file()
        there = self._drop.named(image.name)
        try:
            session.execute(_BACKUP, name, there)
            with closing(self._on_master()) as reading:
                reading.execute(_VERIFY, there, about=self._database)
            if not image.is_file():
                raise SourceUnreadableError(
                    "SQL Server wrote its backup, and it is not in {folder}",
                    hint="Check that `drop` and `path` are the same folder.",
                    folder=shown(os.fsencode(self._drop.here)),
                )
            yield image
        finally:
            with suppress(OSError):  # swept when it is a day old
                image.unlink(missing_ok=True)

    def _item(self, image: Path) -> Item:
        status = image.stat()
        digest = blake3().update_mmap(image).digest()
        change = int.from_bytes(digest[:8], "big") >> 1, int.from_bytes(digest[8:16], "big") >> 1
        path = os.fsencode(f"{self._database}.bak")
        return Item(path, "file", 0o600, status.st_mtime_ns, size=status.st_size, change=change)

    def _image_in(self, restored: Path) -> Path:
        image = restored / f"{self._database}.bak"
        if not image.is_file():
            raise SourceUnreadableError(
                "{folder} holds no backup of the database {database}",
                hint="Restore the whole set first.",
                folder=shown(os.fsencode(restored)),
                database=self._database,
            )
        return image


def _reader(
    profile: Profile | None, database: str, tables: MssqlTables | Spool
) -> SqlReader | None:
    return SqlReader(profile, database, tables, database) if profile else None


def _books(found: LedgerReader | LedgerFormatError | None) -> Iterator[LedgerReader]:
    """Yield the book; raise why it is none."""
    if isinstance(found, LedgerFormatError):
        raise found
    if found:
        yield found


def _spooled(reader: SqlReader | None) -> LedgerFormatError | None:
    """Have the spool take in the whole book; return why it is no book."""
    try:
        if reader:
            reader.read_through()
    except LedgerFormatError as error:  # bytes without a proof are worth more than neither
        return error
    return None


def _require_online(session: Session, database: str) -> str:
    """Return the database's name as the server lists it."""
    found = state_of(session, database)
    if found is None:
        raise session.refusal(MISSING)
    if found[1] != "ONLINE":
        raise SourceUnreadableError(
            "the database {database} is {state}",
            hint="Bring it online in SQL Server Management Studio, then run it again.",
            database=database,
            state=found[1],
        )
    return found[0]
