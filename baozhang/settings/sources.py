"""Where a client's books lie, as a site's files say it: one entry per source, and what many share.

What a kind of source takes is data (`KINDS`), so that a key that does not belong to it is refused
with the same words for all of them.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from baozhang.settings.part import Part, Text
from baozhang.settings.values import Id, PathText, Secret, Span, refusal, shown

Kind = Literal["tree", "sqlite", "inbox", "opaque", "share", "postgres", "mysql", "mssql"]


@dataclass(frozen=True, slots=True)
class Keys:
    """What one kind of source must and may say besides its name and kind."""

    needed: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()


_SERVER = Keys(("server", "database"), ("profile", "restore_to"))
KINDS: dict[Kind, Keys] = {
    "tree": Keys(("path",), ("profile", "globs", "exclude")),
    "sqlite": Keys(("path",), ("profile",)),
    "inbox": Keys((), ("path", "profile", "globs", "expected", "proof_from")),
    "opaque": Keys(("path",), ("exclude", "proof_from")),
    "share": Keys((), ("profile", "globs", "proof_from")),
    "postgres": _SERVER,
    "mysql": _SERVER,
    "mssql": Keys(("server", "database", "drop", "path"), ("profile", "restore_to")),
}


class ServerFile(Part):
    """One database server and one login of it (数据库服务器)."""

    user: Text
    password: Secret | None = Field(None, description="file:/path or env:NAME; none: no password.")
    host: Text = "127.0.0.1"
    port: int | None = Field(None, ge=1, le=65535, description="None: the product's own.")
    socket: PathText | None = Field(None, description="A Unix socket; then no host, no TLS.")
    tls: Literal["verify", "encrypt", "off"] = Field(
        "verify", description="verify: the server proves its name; encrypt: it need not."
    )
    ca: PathText | None = Field(None, description="Certificates to verify by; none: the system's.")


class InboxFile(Part):
    """The folder into which Windows machines drop complete sets (收件箱)."""

    path: PathText = Field(description="Below it: <client>/<set>/<label>-<time>.")
    within: Span = Field(
        timedelta(days=4),
        description="A set whose newest drop is older is overdue.",
        json_schema_extra={"default": "4d"},
    )


class RuleFile(Part):
    """One rule that gives files of the share to a client and a set; the first that fits counts."""

    set: Id
    client: Id | None = Field(None, description="None: the client whose credit code is found.")
    folder: str = Field("", description="Below the share; empty: anywhere.")
    glob: str = Field("", description="Pattern of the path below that folder; empty: all.")
    code_in: Literal["path", "file"] | None = Field(
        None, description="Where the client's credit code stands."
    )

    @model_validator(mode="after")
    def _names_somebody(self) -> "RuleFile":
        if self.client is None and self.code_in is None:
            raise refusal("rule_client", at="client")
        return self


class ShareFile(Part):
    """A file share on which the folders of many clients mix (共享盘)."""

    path: PathText
    rules: Annotated[tuple[RuleFile, ...], Field(min_length=1)]
    exclude: tuple[Text, ...] = Field((), description="Names or patterns left out.")
    catalogue: PathText | None = Field(
        None, description="SQLite copy of the product's list of account sets (UA_Account)."
    )
    account_sets: PathText | None = Field(
        None, description="Folder searched for account sets that no client protects."
    )


class SourceFile(Part):
    """One place a client's books lie."""

    name: Id = Field(description="Paths in the backup begin with it.")
    kind: Kind
    path: PathText | None = Field(
        None, description="A folder, or a SQLite database; relative: to the home."
    )
    profile: PathText | None = Field(
        None, description="The accounting product's profile; without one, no ledger is proven."
    )
    globs: tuple[Text, ...] = Field(
        (), description="Which files are ledgers; none: as the profile says."
    )
    exclude: tuple[Text, ...] = Field((), description="Names or patterns left out.")
    expected: tuple[Text, ...] = Field((), description="Labels that an inbox must receive.")
    proof_from: Id | None = Field(
        None, description="Another source of this set: an export of the same book, for the proof."
    )
    server: Id | None = Field(None, description="One of servers in agency.yaml.")
    database: Text | None = Field(None, description="Name of the database on that server.")
    restore_to: Id | None = Field(
        None, description="The server for restore tests; none: the same one."
    )
    drop: Text | None = Field(
        None, description="Folder as SQL Server sees it, where it writes its backup."
    )

    @property
    def proves(self) -> bool:
        """Whether the books of it are proven, by itself or by an export beside it."""
        return self.profile is not None or self.proof_from is not None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "SourceFile":
        keys = KINDS[self.kind]
        for key in keys.needed:
            if getattr(self, key) is None:
                raise refusal("source_needs", what=self.kind, at=key)
        taken = {"name", "kind", *keys.needed, *keys.allowed}
        for key in type(self).model_fields:
            if key not in taken and getattr(self, key):
                raise refusal("source_takes_not", what=self.kind, at=key)
        if self.globs and not self.profile:
            raise refusal("globs_without_profile", at="globs")
        return self


class ClientSet(Part):
    """The sources of one set of one client."""

    sources: Annotated[tuple[SourceFile, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _hold_together(self) -> "ClientSet":
        names = [source.name for source in self.sources]
        for name in names:
            if names.count(name) > 1:
                raise refusal("source_twice", shown(name), at="sources")
        proven = {source.name for source in self.sources if source.profile}
        for source in self.sources:
            if source.proof_from and source.proof_from not in proven - {source.name}:
                raise refusal("proof_from", shown(source.proof_from), at="sources")
        return self


assert set(KINDS) == set(get_args(Kind))
