"""A live MariaDB or MySQL database as a source: one transaction, dumped and proven.

    START TRANSACTION WITH CONSISTENT SNAPSHOT ──┬─► SQL text in scratch ──► items
              (one connection)                   └─► rows ──► ledger readers

Everything is read over one connection, because no other one can be given the same instant without
stopping all writers (docs/decisions/0006-mysql-is-dumped-over-one-connection.md).  Nobody waits for
a backup but who changes a table while it is being read.

The instant holds for rows alone.  What tables there are is read before and after: when it is not
the same, the backup is a transient failure.  Tables of other engines than InnoDB have no such
instant and are refused by name.

Restored books are loaded into a scratch database, on the same server or on another one.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from operator import attrgetter
from pathlib import Path

from baozhang.books.model import LedgerReader
from baozhang.books.profiles import load_profile
from baozhang.books.sql import SqlReader
from baozhang.errors import SourceBusyError, SourceUnreadableError
from baozhang.sources.base import Item, Trouble, shown
from baozhang.sources.copied import FrozenCopy
from baozhang.sources.mysql_dump import DATA, PROGRAMS, file_names, write_counters, write_dump
from baozhang.sources.mysql_load import load_dump, scratch_database
from baozhang.sources.mysql_publish import publish_dump
from baozhang.sources.mysql_schema import (
    Schema,
    read_counters,
    read_schema,
    require_instants,
    require_rights,
)
from baozhang.sources.mysql_session import WAIT_SECONDS, Login, Session, session
from baozhang.sources.mysql_tables import MysqlTables
from baozhang.sources.placing import require_folder
from baozhang.sources.scratch import private_folder
from baozhang.sources.servers import Password, Server


class MysqlSource:
    """One database of one MariaDB (10.5 and later) or MySQL (8.0 and later) server.

    Args:
        server: where it is, and the login that reads it (docs/guides/mariadb.md: its rights).
        database: its name; its one book has the same.
        profile: how the book is read, a profile of format `sqlite`; None: as bytes alone.
        scratch: a folder for the dump, with room for it; made if missing.
        password: returns the password of that login.
        restore_to: the server and login that makes databases, for tests of a restore and for
            publishing; None: the same server, login and password.
        restore_password: returns the password of `restore_to`.
        wait: seconds to wait for a connection and for a lock.
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
        wait: float = WAIT_SECONDS,
    ) -> None:
        self._login = Login(server, password)
        self._restoring = Login(restore_to, restore_password) if restore_to else self._login
        self._database = database
        self._profile = profile
        self._scratch = scratch
        self._wait = wait

    @contextmanager
    def freeze(self) -> Iterator[FrozenCopy]:
        """Hold an instant and dump it; see `base.Source.freeze`."""
        with ExitStack() as stack:
            with _errors_about(self._scratch):
                folder = stack.enter_context(private_folder(self._scratch))
            held = stack.enter_context(session(self._login, self._database, wait=self._wait))
            readers = self._readers(held, MysqlTables(held, lambda: nullcontext(held)))
            with _errors_about(self._scratch):
                items, schema = _dumped(held, folder)
            files = [(item, folder / os.fsdecode(item.path)) for item in items]
            yield FrozenCopy(files, lambda: readers, _left_out(schema))

    @contextmanager
    def restored_books(self, restored: Path) -> Iterator[Iterable[LedgerReader]]:
        """Load the dump into a scratch database; see `base.Source.restored_books`."""
        require_folder(restored)
        with scratch_database(self._restoring, wait=self._wait) as name:
            load_dump(self._restoring, restored, name, wait=self._wait)
            with session(self._restoring, name, wait=self._wait) as asking:
                tables = MysqlTables(asking, partial(self._reading, name))
                yield self._readers(asking, tables)

    def publish(self, restored: Path, target: Path, *, replace: bool = False) -> Path | None:
        """Make the dump appear as the database `target.name`; see `base.Source.publish`.

        Returns:
            A path whose name is that of the database that now holds what was replaced.
        """
        require_folder(restored)
        aside = publish_dump(
            self._restoring, restored, target.name, replace=replace, wait=self._wait
        )
        return None if aside is None else target.with_name(aside)

    def _readers(self, asking: Session, tables: MysqlTables) -> tuple[LedgerReader, ...]:
        if self._profile is None:
            return ()
        named = f"{self._database} on {asking.server.shown}"
        return (SqlReader(load_profile(self._profile), self._database, tables, named),)

    @contextmanager
    def _reading(self, database: str) -> Iterator[Session]:
        with session(self._restoring, database, wait=self._wait) as reading:
            reading.hold()
            yield reading


def _left_out(schema: Schema) -> tuple[Trouble, ...]:
    """Return what SQL text cannot hold: broken views, the history of versioned tables."""
    views = [
        Trouble(PROGRAMS.encode(), "unreadable", f"view {name} refers to what is not there")
        for name in schema.programs.broken
    ]
    names = file_names([table.name for table in schema.tables])
    history = [
        Trouble(f"{DATA}/{name}".encode(), "special", "the history of a versioned table")
        for table, name in zip(schema.tables, names, strict=True)
        if table.versioned
    ]
    return (*history, *views)


def _dumped(held: Session, folder: Path) -> tuple[list[Item], Schema]:
    """Begin the transaction and dump it; the schema, which it does not hold, is read twice."""
    require_rights(held)
    require_instants(held)
    schema = read_schema(held)
    held.hold()
    items = write_dump(held, schema, folder)
    with held.passing():
        after = read_schema(held)
        items.append(write_counters(read_counters(held, after), folder))
    if after != schema:
        raise SourceBusyError(
            "tables of {database} on {server} were changed while they were backed up",
            hint="Run it again when nobody changes tables.",
            **held.facts,
        )
    return sorted(items, key=attrgetter("path")), schema


@contextmanager
def _errors_about(scratch: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SourceUnreadableError(
            "{path} cannot take the dump: {reason}",
            hint="Make room there, or name another scratch folder.",
            path=shown(os.fsencode(scratch)),
            reason=os.strerror(error.errno or 0),
        ) from error
