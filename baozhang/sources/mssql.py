"""A SQL Server database as a source: its own backup, and proofs that nothing moved around it.

    spool of the ledger's tables ──► BACKUP ... WITH COPY_ONLY, CHECKSUM ──► spool equals server?

`COPY_ONLY` leaves the agency's own backup chain alone; `CHECKSUM` makes the server check every page
it reads; `RESTORE VERIFYONLY` has it read the file once more.  The file is written by the server
into a folder that both sides see: `drop` as the server calls it, `path` as it is called here.

A restore test brings the backup into a scratch database, runs `DBCC CHECKDB` on it, and reads the
books there.  What is said to the server is kept to statements that SQL Server 2008 R2 knows: older
用友 installations run on it.

Until `baozhang source accept` has passed against the agency's own server, reports say of such a
source that it is not proven on a real machine (未经真机验证).
"""

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from io import BufferedReader
from pathlib import Path, PureWindowsPath
from typing import NamedTuple

from blake3 import blake3

from baozhang.books.model import LedgerReader
from baozhang.books.profiles import Profile, load_profile
from baozhang.books.sql import SqlReader
from baozhang.errors import SourceBusyError, SourceUnreadableError, UsageError
from baozhang.sources.base import Item, Trouble, shown
from baozhang.sources.mssql_session import Connect, Login, Session, bracketed, connect
from baozhang.sources.mssql_tables import MssqlTables, Spool
from baozhang.sources.scratch import private_folder

_PREFIX = "baozhang_restore_"
_MASTER = "master"

BACKUP = (
    "BACKUP DATABASE %s TO DISK = %s "
    "WITH COPY_ONLY, CHECKSUM, FORMAT, INIT, NAME = N'baozhang', STATS = 10"
)
VERIFY = "RESTORE VERIFYONLY FROM DISK = %s WITH CHECKSUM"
FILES = "RESTORE FILELISTONLY FROM DISK = %s"
CHECK = "DBCC CHECKDB (%s) WITH NO_INFOMSGS, ALL_ERRORMSGS"
STATE = "SELECT state_desc FROM sys.databases WHERE name = %s"
DEFAULTS = "SELECT physical_name FROM sys.master_files WHERE database_id = 1 AND file_id = 1"


class Drop(NamedTuple):
    """One folder, as SQL Server calls it and as it is called here."""

    there: str
    here: Path

    def named(self, name: str) -> str:
        """Return a file of the folder as SQL Server calls it: with its own separator."""
        separator = "/" if self.there.startswith("/") else "\\"
        return f"{self.there.rstrip(chr(92) + '/')}{separator}{name}"


class MssqlSource:
    """One database on a SQL Server.

    Args:
        server: where it answers, and as whom; the login needs what docs/guides/sql-server.md lists.
        database: its name.
        drop: the folder into which the server writes its backup.
        profile: how its books are read; None: it is protected as bytes alone.
        scratch: a private folder here, with room for the ledger's tables.
        password: of the login.
        restore_to: the login for restores; None: the same one.
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
        connecting: Connect = connect,
    ) -> None:
        self._login, self._database, self._drop = server, database, drop
        self._profile, self._scratch = profile, scratch
        self._restoring = restore_to or server
        self._connecting = connecting

    @contextmanager
    def freeze(self) -> Iterator["FrozenMssql"]:
        """Spool the ledger and have the server back itself up; see `base.Source.freeze`."""
        profile = load_profile(self._profile) if self._profile else None
        with (
            private_folder(self._scratch) as folder,
            closing(Session(self._login, self._database, self._connecting)) as session,
        ):
            _require_online(session, self._database)
            spool = Spool(MssqlTables(session), folder)
            reader = _reader(profile, self._database, spool)
            if reader:
                reader.read_through()  # the spool holds the book as of before the backup
            with self._backed_up(session) as image:
                if not spool.equals(MssqlTables(session)):
                    raise SourceBusyError(
                        "the ledger in {database} changed while it was backed up",
                        hint="Run the backup when nobody books, or again in a few minutes.",
                        database=self._database,
                    )
                yield FrozenMssql(image, self._item(image), reader)

    @contextmanager
    def restored_books(self, restored: Path) -> Iterator[Iterable[LedgerReader]]:
        """Restore into a scratch database, check it, and open its books there."""
        if self._profile is None:
            yield ()
            return
        name = f"{_PREFIX}{secrets.token_hex(6)}"
        with closing(Session(self._restoring, _MASTER, self._connecting)) as session:
            self._sweep(session)
            try:
                self._restore(session, self._image_in(restored), name)
                session.execute(CHECK, name)
                with closing(Session(self._restoring, name, self._connecting)) as inside:
                    reader = _reader(
                        load_profile(self._profile), self._database, MssqlTables(inside)
                    )
                    yield [reader] if reader else []
            finally:
                _drop(session, name)

    def publish(self, restored: Path, target: Path, *, replace: bool = False) -> Path | None:
        """Restore into a database called as `target` ends; see `base.Source.publish`.

        Restored and checked beside, then renamed.  A 用友 account set still has to be registered in
        its own product (引入账套): the switch itself is assisted.
        """
        name, image = target.name, self._image_in(restored)
        with closing(Session(self._restoring, _MASTER, self._connecting)) as session:
            there = bool(session.execute(STATE, name))
            if there and not replace:
                raise UsageError(
                    "the database {database} is there already",
                    hint="Choose another name, or ask for it to be replaced.",
                    database=name,
                )
            beside = f"{_PREFIX}{secrets.token_hex(6)}"
            try:
                self._restore(session, image, beside)
                session.execute(CHECK, beside)
            except (SourceUnreadableError, SourceBusyError):
                _drop(session, beside)
                raise
            aside = f"{name}_before_{beside[-12:]}"
            if there:
                _rename(session, name, aside)
            _rename(session, beside, name)
        return target.with_name(aside) if there else None

    @contextmanager
    def _backed_up(self, session: Session) -> Iterator[Path]:
        """Have the server write its backup and read it back; the file goes at the end."""
        name = f"baozhang-{secrets.token_hex(8)}.bak"
        image = self._drop.here / name
        try:
            session.execute(BACKUP, self._database, self._drop.named(name))
            session.execute(VERIFY, self._drop.named(name))
            if not image.is_file():
                raise SourceUnreadableError(
                    "SQL Server wrote its backup, and it is not in {folder}",
                    hint="Check that `drop` and `path` are the same folder.",
                    folder=shown(os.fsencode(self._drop.here)),
                )
            yield image
        finally:
            with suppress(OSError):
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

    def _restore(self, session: Session, image: Path, name: str) -> None:
        """Restore an image as a new database whose files lie beside the server's own."""
        copy = self._drop.here / f"baozhang-{secrets.token_hex(8)}.bak"
        there = self._drop.named(copy.name)
        try:
            shutil.copyfile(image, copy)
            moves = list(_moves(session, there, name))
            parts = ["RESTORE DATABASE %s FROM DISK = %s WITH CHECKSUM, STATS = 10"]
            parts += ["MOVE %s TO %s"] * (len(moves) // 2)
            session.execute(", ".join(parts), name, there, *moves)
        except OSError as error:
            raise SourceUnreadableError(
                "{folder} cannot be used: {reason}",
                hint="Check that the folder is mounted, has room and may be written.",
                folder=shown(os.fsencode(self._drop.here)),
                reason=error.strerror or type(error).__name__,
            ) from error
        finally:
            copy.unlink(missing_ok=True)

    def _sweep(self, session: Session) -> None:
        """Drop what restore tests that were killed left on the server."""
        listed = "SELECT name FROM sys.databases WHERE name LIKE %s AND state_desc <> %s"
        for (name,) in session.execute(listed, f"{_PREFIX.replace('_', '[_]')}%", "RESTORING"):
            _drop(session, str(name))


class FrozenMssql:
    """A database at one instant: its backup and its spooled ledger; see `base.Frozen`."""

    def __init__(self, image: Path, item: Item, reader: LedgerReader | None) -> None:
        self._image, self._item, self._reader = image, item, reader

    def items(self) -> Iterator[Item]:
        """Yield the backup."""
        yield self._item

    def open(self, item: Item) -> BufferedReader:
        """Open the backup."""
        if item.path != self._item.path:
            raise SourceUnreadableError("{path} is not in this source", path=shown(item.path))
        return self._image.open("rb")

    def unchanged(self, item: Item) -> bool:
        """Tell True: nobody writes to the file."""
        return item == self._item

    def again(self, item: Item) -> Item | None:
        """Return the same item."""
        return self._item if item.path == self._item.path else None

    def ledgers(self) -> Iterator[LedgerReader]:
        """Open the book in the spool."""
        if self._reader:
            yield self._reader

    def confirm(self) -> None:
        """Do nothing: the spool was held against the server after the backup."""

    def troubles(self) -> tuple[Trouble, ...]:
        """Return none: a database is backed up whole or not at all."""
        return ()


def _reader(
    profile: Profile | None, database: str, tables: MssqlTables | Spool
) -> SqlReader | None:
    return SqlReader(profile, database, tables, database) if profile else None


def _require_online(session: Session, database: str) -> None:
    found = session.execute(STATE, database)
    if found and found[0][0] != "ONLINE":
        raise SourceUnreadableError(
            "the database {database} is {state}",
            hint="Bring it online in SQL Server Management Studio, then run it again.",
            database=database,
            state=str(found[0][0]),
        )


def _moves(session: Session, there: str, name: str) -> Iterator[str]:
    """Yield each file of a backup by its logical name, and where it is to lie on the server."""
    (own,) = session.execute(DEFAULTS)[0]
    home = str(own)
    separator = "/" if home.startswith("/") else "\\"
    folder = home.rpartition(separator)[0]
    for number, row in enumerate(session.execute(FILES, there)):
        logical, physical = str(row[0]), str(row[1])
        ending = PureWindowsPath(physical).suffix or ".ndf"
        yield logical
        yield f"{folder}{separator}{name}_{number}{ending}"


def _drop(session: Session, name: str) -> None:
    """Drop a database of ours, whoever is in it; one that never came to be is passed over."""
    with suppress(SourceUnreadableError, SourceBusyError):
        session.execute(f"ALTER DATABASE {bracketed(name)} SET SINGLE_USER WITH ROLLBACK IMMEDIATE")
    with suppress(SourceUnreadableError, SourceBusyError):
        session.execute(f"DROP DATABASE {bracketed(name)}")


def _rename(session: Session, before: str, after: str) -> None:
    session.execute(f"ALTER DATABASE {bracketed(before)} MODIFY NAME = {bracketed(after)}")
