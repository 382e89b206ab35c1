"""From a client's settings to its sources: one builder per kind.

Database drivers are loaded by name, and only for sites that have such servers: loading all of them
takes longer than a small client's backup.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from baozhang.clock import Clock
from baozhang.errors import UsageError
from baozhang.keys.files import read_private
from baozhang.settings import Agency, SecretRef, ServerFile, SourceFile
from baozhang.settings.references import PROFILE_SUFFIXES
from baozhang.settings.sources import Kind
from baozhang.sources.base import LedgerSpec, Source
from baozhang.sources.combined import CombinedSource
from baozhang.sources.inbox import InboxSource
from baozhang.sources.ledger_tree import LedgerTreeSource
from baozhang.sources.opaque import OpaqueSource
from baozhang.sources.servers import Password, Server
from baozhang.sources.share import Share, ShareSource
from baozhang.sources.site_places import inbox_folder, share_of
from baozhang.sources.sqlite import SqliteSource
from baozhang.sources.sqlite_writing import SqliteWriting
from baozhang.sources.writing import Trial


class Driven(Protocol):
    """What the modules of database sources have in common."""

    def __call__(
        self,
        server: Server,
        database: str,
        *,
        profile: str | None,
        scratch: Path,
        password: Password | None,
        restore_to: Server | None,
        restore_password: Password | None,
    ) -> Source:
        """Make a source of one database."""
        ...


DRIVEN = {
    "postgres": ("baozhang.sources.postgres", "PostgresSource"),
    "mysql": ("baozhang.sources.mysql", "MysqlSource"),
}
"""Kind to module and class, all made alike."""
WRITING = {
    "postgres": ("baozhang.sources.postgres_writing", "PostgresWriting"),
    "mysql": ("baozhang.sources.mysql_writing", "MysqlWriting"),
}
"""The same for what is done about writing."""


class Written(Protocol):
    """What the modules about writing to databases have in common."""

    def __call__(
        self, server: Server, database: str, password: Password | None, scratch: Path
    ) -> Trial:
        """Make a switch, or a trial, of one database."""
        ...


@dataclass(frozen=True)
class Sources:
    """Makes the sources of one site's clients.

    One share is walked once for all clients, so a site keeps one of these while it is open.
    """

    agency: Agency
    scratch: Path
    clock: Clock

    def of(self, client: str, set_name: str) -> Source:
        """Return all sources of a client's set as one; paths begin with each one's name."""
        made = {
            each.name: self.one(client, set_name, each)
            for each in self.agency.clients[client].sets[set_name].sources
        }
        return CombinedSource(made)

    def one(self, client: str, set_name: str, each: SourceFile) -> Source:
        """Return one source of a client's set."""
        builders: dict[Kind, Callable[[str, str, SourceFile], Source]] = {
            "tree": self._tree,
            "sqlite": self._sqlite,
            "inbox": self._inbox,
            "opaque": self._opaque,
            "share": self._share_part,
            "postgres": self._server,
            "mysql": self._server,
            "mssql": self._mssql,
        }
        return builders[each.kind](client, set_name, each)

    def writing(self, each: SourceFile) -> Trial | None:
        """Return how writing to a source is tried, or switched off; None: it is no database."""
        if each.kind == "sqlite":
            return SqliteWriting(self._path(each))
        if each.kind not in WRITING:
            return None
        module, name = WRITING[each.kind]
        made = cast("Written", getattr(import_module(module), name))
        server, password = self._login(each.server)
        return made(server, each.database or "", password, self.scratch)

    @cached_property
    def share(self) -> Share | None:
        """The agency's share, with every rule; None: it has none."""
        return share_of(self.agency)

    def _tree(self, _client: str, _set: str, each: SourceFile) -> Source:
        return LedgerTreeSource(self._path(each), exclude=each.exclude, ledgers=self._ledgers(each))

    def _sqlite(self, _client: str, _set: str, each: SourceFile) -> Source:
        profile = self._profile(each)
        return SqliteSource(self._path(each), profile=profile, scratch=self.scratch)

    def _inbox(self, client: str, set_name: str, each: SourceFile) -> Source:
        return InboxSource(
            inbox_folder(self.agency, client, set_name, each),
            ledgers=self._ledgers(each),
            expected=each.expected,
            verified=self.scratch / f"inbox-{client}-{set_name}-{each.name}",
            clock=self.clock,
        )

    def _opaque(self, _client: str, _set: str, each: SourceFile) -> Source:
        return OpaqueSource(self._path(each), exclude=each.exclude)

    def _share_part(self, client: str, set_name: str, each: SourceFile) -> Source:
        assert self.share is not None  # the settings are checked
        return ShareSource(self.share, client, set_name, ledgers=self._ledgers(each))

    def _server(self, _client: str, _set: str, each: SourceFile) -> Source:
        module, name = DRIVEN[each.kind]
        made = cast("Driven", getattr(import_module(module), name))
        server, password = self._login(each.server)
        other = self._login(each.restore_to) if each.restore_to else (None, None)
        return made(
            server,
            each.database or "",
            profile=self._profile(each),
            scratch=self.scratch,
            password=password,
            restore_to=other[0],
            restore_password=other[1],
        )

    def _mssql(self, _client: str, _set: str, each: SourceFile) -> Source:
        module = import_module("baozhang.sources.mssql")
        drop = import_module("baozhang.sources.mssql_restore").Drop
        login = import_module("baozhang.sources.mssql_session").Login
        other = login(*self._login(each.restore_to)) if each.restore_to else None
        source: Source = module.MssqlSource(
            login(*self._login(each.server)),
            each.database,
            drop=drop(each.drop, self._path(each)),
            profile=self._profile(each),
            scratch=self.scratch,
            restore_to=other,
            clock=self.clock,
        )
        return source

    def _login(self, name: str | None) -> tuple[Server, Password | None]:
        each = self.agency.file.servers[name or ""]
        server = Server(
            each.user,
            host=each.host,
            port=each.port,
            socket=self.agency.path(each.socket) if each.socket else None,
            tls=each.tls,
            ca=self.agency.path(each.ca) if each.ca else None,
        )
        return server, _password(self.agency.home, each)

    def _path(self, each: SourceFile) -> Path:
        return self.agency.path(each.path or "")

    def _ledgers(self, each: SourceFile) -> tuple[LedgerSpec, ...]:
        profile = self._profile(each)
        globs = each.globs or (None,)
        return tuple(LedgerSpec(profile, glob) for glob in globs) if profile else ()

    def _profile(self, each: SourceFile) -> str | None:
        """Return a profile's name, or the absolute path of one that the site brings along."""
        if each.profile and each.profile.endswith(PROFILE_SUFFIXES):
            return str(self.agency.home / each.profile)
        return each.profile


def settings_digest(each: SourceFile, agency: Agency) -> str:
    """Return what stands for a source's settings: evidence of another one does not count.

    The servers that it names are part of it; their passwords are not.
    """
    named = [agency.file.servers[name] for name in (each.server, each.restore_to) if name]
    parts = [each.model_dump_json(), *(s.model_dump_json(exclude={"password"}) for s in named)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _password(home: Path, each: ServerFile) -> Password | None:
    return partial(secret_text, home, each.password) if each.password else None


def secret_text(home: Path, ref: SecretRef) -> str:
    """Return the text that a reference leads to, such as a database's password.

    Raises:
        UsageError: it is not there, is empty, or others can read its file.
    """
    text = secret_bytes(home, ref).decode("utf-8", "surrogateescape").strip("\r\n")
    if not text:
        raise UsageError(
            "the secret {ref} is empty",
            hint="Put the key file's line or the passphrase there.",
            ref=ref,
        )
    return text


def secret_bytes(home: Path, ref: SecretRef) -> bytes:
    """Return what a reference leads to."""
    scheme, _, place = ref.partition(":")
    return _from_environment(place) if scheme == "env" else read_private(home / place)


def _from_environment(name: str) -> bytes:
    value = os.environ.get(name)
    if value is None:
        raise UsageError(
            "the environment has no variable {name}, where a vault's key should be",
            hint="Set the variable, or change `key` in agency.yaml.",
            name=name,
        )
    return value.encode("utf-8", "surrogateescape")
