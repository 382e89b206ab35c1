"""A PostgreSQL database as a source: one exported snapshot, shared by `pg_dump` and the proofs.

    every table locked (ACCESS SHARE) ─► snapshot exported ─┬─► pg_dump ─► scratch folder ─► items
                                                            └─► COPY ─► ledger readers ─► proofs

Programs that post go on; only who wants to drop, empty or rewrite a table waits until the `with`
ends.  What a role needs, how the dump is laid out and how to restore it without us:
docs/guides/postgresql.md.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from baozhang.books.model import LedgerReader
from baozhang.books.profiles import Profile, load_profile
from baozhang.errors import SourceUnreadableError
from baozhang.sources.base import shown
from baozhang.sources.copied import FrozenCopy
from baozhang.sources.postgres_dump import items_of, take_dump
from baozhang.sources.postgres_instant import Instant, held
from baozhang.sources.postgres_restore import Restoring, restored_dump
from baozhang.sources.postgres_session import Login, login_of
from baozhang.sources.postgres_tables import readers
from baozhang.sources.scratch import private_folder
from baozhang.sources.servers import Password, Server

_WAIT_SECONDS = 60.0  # for a lock: longer than a posting takes, shorter than a night


class PostgresSource:
    """One database of a PostgreSQL server (13 or newer), in use or not.

    Args:
        server: where it runs, and the login that may read it.
        database: its name; capital letters count.
        profile: how its books are read, of format `sqlite`; None: it is protected as bytes alone.
        scratch: a folder for the dump, with room for all tables' rows; made if missing.
        password: of the login; None: the server asks for none.
        restore_to: where scratch databases are made and restored ones put, by a login that may
            create databases; None: the same server and login.
        restore_password: of that login.
        wait: seconds to wait for locks.
        programs: the folder of `pg_dump`, `pg_restore` and `psql`; None: where they are found.
    """

    def __init__(
        self,
        server: Server,
        database: str,
        *,
        profile: str | None = None,
        scratch: Path,
        password: Password | None = None,
        restore_to: Server | None = None,
        restore_password: Password | None = None,
        wait: float = _WAIT_SECONDS,
        programs: Path | None = None,
    ) -> None:
        self._server, self._password = server, password
        self._database = database
        self._profile = profile
        self._scratch = scratch
        self._restore_to = restore_to or server
        self._restore_password = restore_password if restore_to else password
        self._wait = wait
        self._programs = programs

    @contextmanager
    def freeze(self) -> Iterator[FrozenCopy]:
        """Hold one instant and dump it; see `base.Source.freeze`.

        Raises:
            UsageError: PostgreSQL's programs are missing, or older than the server.
        """
        with ExitStack() as stack:
            folder = stack.enter_context(self._private())
            login = self._login(self._server, self._password, folder)
            instant = stack.enter_context(self._held(login, self._database))
            dump = folder / "dump"
            take_dump(instant, dump, wait=self._wait)
            profile = self._loaded()
            yield FrozenCopy(
                [(item, dump / os.fsdecode(item.path)) for item in items_of(dump)],
                lambda: readers(instant, profile, instant.database) if profile else (),
            )

    @contextmanager
    def restored_books(self, restored: Path) -> Iterator[Iterable[LedgerReader]]:
        """Load the dump into a scratch database; see `base.Source.restored_books`."""
        profile = self._loaded()
        if profile is None:
            yield ()
            return
        dump = restored_dump(restored)
        with ExitStack() as stack:
            restoring = stack.enter_context(self._restoring())
            database = stack.enter_context(restoring.loaded(dump))
            instant = stack.enter_context(self._held(restoring.login, database))
            yield readers(instant, profile, self._database)

    def publish(self, restored: Path, target: Path, *, replace: bool = False) -> Path | None:
        """Make a database of the dump, called `target.name`; see `base.Source.publish`.

        It is loaded under another name, its books are looked at, and both names change in one
        transaction.  Roles and grants come back, for which the login must be an administrator of
        the server or a member of every role that owns something.

        Returns:
            The name of the database that was replaced, as a path.

        Raises:
            UsageError: the name is taken, is too long, or the login may not give the roles theirs.
        """
        dump = restored_dump(restored)
        with self._restoring() as restoring:
            restoring.require_free(target.name, replace=replace)
            with restoring.owned(dump) as database:
                self._look_at(restoring, database)
                return restoring.rename(database, target.name)

    def _look_at(self, restoring: Restoring, database: str) -> None:
        """Raise LedgerFormatError unless the books in a database are there."""
        profile = self._loaded()
        if profile is not None:
            with self._held(restoring.login, database) as instant:
                for reader in readers(instant, profile, self._database):
                    _ = reader.book

    def _held(self, login: Login, database: str) -> AbstractContextManager[Instant]:
        return held(login, database, wait=self._wait, programs=self._programs)

    def _loaded(self) -> Profile | None:
        return load_profile(self._profile) if self._profile else None

    @contextmanager
    def _restoring(self) -> Iterator[Restoring]:
        with ExitStack() as stack:
            folder = stack.enter_context(self._private())
            login = self._login(self._restore_to, self._restore_password, folder)
            yield stack.enter_context(Restoring.connected(login, self._programs, wait=self._wait))

    @contextmanager
    def _private(self) -> Iterator[Path]:
        with ExitStack() as stack:
            with self._errors_about_scratch():
                folder = stack.enter_context(private_folder(self._scratch))
            yield folder

    def _login(self, server: Server, password: Password | None, folder: Path) -> Login:
        with self._errors_about_scratch():
            return login_of(server, password, folder)

    @contextmanager
    def _errors_about_scratch(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SourceUnreadableError(
                "{path} cannot be used: {reason}",
                hint="Check that it is there, that this account may use it, and that its disk has "
                "room.",
                path=shown(os.fsencode(self._scratch)),
                reason=os.strerror(error.errno or 0),
            ) from error
