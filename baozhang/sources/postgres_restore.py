"""Dumps loaded again: into scratch databases that go, and into databases that stay.

    dump ─► CREATE DATABASE baozhang_scratch_… ─► pg_restore ─► read, then dropped
                                                            └─► looked at, then renamed

A database under way holds an advisory lock on its name, gone with its run.  Whoever comes next
drops the scratch databases whose lock nobody holds.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from baozhang.errors import SourceUnreadableError, UsageError
from baozhang.sources.placing import require_folder
from baozhang.sources.postgres_about import About, apply, create, decode
from baozhang.sources.postgres_dump import DATABASE, ROLES, TOC
from baozhang.sources.postgres_programs import Programs, programs_for
from baozhang.sources.postgres_session import (
    MAINTENANCE,
    Connection,
    Login,
    connected,
    errors_about,
)

SCRATCH = "baozhang_scratch_"
_LOCK = 0x62616F7A  # "baoz": the class of our advisory locks
_LONGEST = 63  # bytes of a name (NAMEDATALEN - 1); the server cuts the rest off silently
_FOR_SCRATCH = (
    *("--no-owner", "--no-privileges", "--no-security-labels"),
    *("--no-publications", "--no-subscriptions"),
)
"""What a database that is only read needs not have, and must not have: a subscription connects."""


@dataclass(frozen=True, slots=True)
class Dump:
    """A restored folder that holds a dump."""

    folder: Path
    about: About


def restored_dump(folder: Path) -> Dump:
    """Return the dump in a restored folder.

    Raises:
        SourceUnreadableError: it holds none, or not all of it.
    """
    require_folder(folder)
    if not (folder / TOC).is_file() or not (folder / DATABASE).is_file():
        raise SourceUnreadableError(
            "the restored folder holds no dump of a PostgreSQL database",
            hint="Name the folder that this source's backup point was restored into.",
        )
    return Dump(folder, decode((folder / DATABASE).read_text("utf-8")))


@dataclass(frozen=True, slots=True)
class Restoring:
    """A server that dumps are loaded into."""

    login: Login
    connection: Connection
    programs: Programs

    @classmethod
    @contextmanager
    def connected(cls, login: Login, folder: Path | None, *, wait: float) -> Iterator["Restoring"]:
        """Connect, and drop what killed runs left.

        Raises:
            SourceBusyError: the server does not answer; transient.
            SourceUnreadableError: it does not let us in.
        """
        with connected(login, MAINTENANCE) as connection:
            limit = sql.Literal(f"{int(wait * 1000)}ms")
            connection.execute(sql.SQL("SET lock_timeout = {}").format(limit))
            release = connection.info.server_version // 10_000
            restoring = cls(login, connection, programs_for(release, folder))
            restoring._sweep()
            yield restoring

    @contextmanager
    def loaded(self, dump: Dump) -> Iterator[str]:
        """Provide a scratch database with all data and structure; the owner is who asks.

        Raises:
            SourceUnreadableError: the dump cannot be loaded, or no database can be made.
        """
        with self._fresh(dump.about, plain=True) as name:
            self._restore(dump, name, *_FOR_SCRATCH)
            yield name

    @contextmanager
    def owned(self, dump: Dump) -> Iterator[str]:
        """Provide a database like the one that was dumped, roles, grants and settings included.

        It goes when the `with` ends, unless it was renamed.

        Raises:
            UsageError: the login may not give everything its owner.
            SourceUnreadableError: the dump cannot be loaded.
        """
        self._prepare_roles(dump)
        with self._fresh(dump.about, plain=False) as name:
            self._restore(dump, name)
            with errors_about(self.login, name):
                apply(self.connection, dump.about, name)
            yield name

    def require_free(self, name: str, *, replace: bool) -> None:
        """Raise UsageError where no database of this name may appear."""
        if len(name.encode()) > _LONGEST:
            raise UsageError(
                "{database} is too long for the name of a database",
                hint="Choose one of at most 63 bytes, which are 21 Chinese characters.",
                database=name,
            )
        if self._is_there(name) and not replace:
            raise UsageError(
                "database {database} is there already on {server}",
                hint="Name one that does not exist, or ask to replace what is there.",
                database=name,
                server=self.login.server.shown,
            )

    def rename(self, made: str, name: str) -> Path | None:
        """Give a database its name, and move aside what had it, in one transaction.

        Raises:
            SourceBusyError: somebody is connected to one of the two; transient.
        """
        words = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        aside = self._aside(name) if self._is_there(name) else None
        with errors_about(self.login, name), self.connection.transaction():
            if aside:
                self.connection.execute(words.format(sql.Identifier(name), sql.Identifier(aside)))
            self.connection.execute(words.format(sql.Identifier(made), sql.Identifier(name)))
        return Path(aside) if aside else None

    def _aside(self, name: str) -> str:
        number = 1
        while True:
            ending = f".replaced-{number}"
            room = _LONGEST - len(ending)
            aside = name.encode()[:room].decode(errors="ignore") + ending
            if not self._is_there(aside):
                return aside
            number += 1

    def _is_there(self, name: str) -> bool:
        with errors_about(self.login, name):
            question = "SELECT FROM pg_database WHERE datname = %s"
            return self.connection.execute(question, (name,)).fetchone() is not None

    @contextmanager
    def _fresh(self, about: About, *, plain: bool) -> Iterator[str]:
        name = SCRATCH + secrets.token_hex(8)
        with errors_about(self.login, name):
            self.connection.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", (_LOCK, name))
            try:
                create(self.connection, about, name, plain=plain)
                yield name
            finally:
                self._drop(name)
                self.connection.execute(
                    "SELECT pg_advisory_unlock(%s, hashtext(%s))", (_LOCK, name)
                )

    def _drop(self, name: str) -> None:
        words = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self.connection.execute(words.format(sql.Identifier(name)))

    def _sweep(self) -> None:
        with errors_about(self.login, MAINTENANCE):
            for (name,) in self.connection.execute(_LEFT, (SCRATCH,)).fetchall():
                key = (_LOCK, str(name))
                free = self.connection.execute(
                    "SELECT pg_try_advisory_lock(%s, hashtext(%s))", key
                ).fetchall()
                if free == [(True,)]:
                    self._drop(str(name))
                    self.connection.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", key)

    def _restore(self, dump: Dump, name: str, *options: str) -> None:
        ran = self.programs.run(
            "pg_restore",
            *("--exit-on-error", "--no-password", "--no-tablespaces", *options),
            f"--dbname={self.login.words(name)}",
            str(dump.folder),
        )
        if ran.returncode:
            with errors_about(self.login, name):
                self.connection.execute("SELECT 1")  # else the server is why
            raise SourceUnreadableError(
                "the dump of database {database} cannot be loaded into {server}",
                hint="Run pg_restore on the restored folder to see the server's own words.",
                database=dump.about.database,
                server=self.login.server.shown,
            )

    def _prepare_roles(self, dump: Dump) -> None:
        """Make missing roles where that is allowed; refuse to give anything another owner."""
        wanted = sorted({*dump.about.roles, dump.about.owner})
        with errors_about(self.login, dump.about.database):
            ((is_admin,),) = self.connection.execute(_IS_ADMIN).fetchall()
            if is_admin:
                self.connection.execute((dump.folder / ROLES).read_bytes())
                return
            lacking = self.connection.execute(_LACKING, (wanted,)).fetchall()
        if lacking:
            raise UsageError(
                "{user} may not give the restored database to {role} on {server}",
                hint="Restore as an administrator of the server, or run roles.sql there and make "
                "the login a member of each role in it.",
                user=self.login.server.user,
                server=self.login.server.shown,
                role=str(lacking[0][0]),
            )


_LEFT = """
    SELECT datname FROM pg_database
    WHERE starts_with(datname, %s) AND pg_has_role(datdba, 'MEMBER') ORDER BY 1
"""
_IS_ADMIN = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
_LACKING = """
    SELECT w FROM unnest(%s::text[]) w LEFT JOIN pg_roles r ON r.rolname = w
    WHERE r.oid IS NULL OR NOT pg_has_role(r.oid, 'MEMBER') ORDER BY 1
"""
