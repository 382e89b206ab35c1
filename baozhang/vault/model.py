"""What the vault says to those who use it: plain values, no keys, no handles."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from baozhang.sources.base import Trouble


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long piece of work is; `total` may grow while a source is still being listed."""

    step: str  # a word for people, an English template: "reading", "verifying", ...
    done: int  # bytes
    total: int


Report = Callable[[Progress], None]
"""Is told of progress now and then; never raises, never asks anything back."""


def silent(_: Progress) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One committed backup point (备份点) of one set of one client."""

    id: str  # "<set>-<sequence, 6 digits>-<8 hex>", unique within the client
    client: str
    set: str
    sequence: int
    at: datetime  # the instant the source was frozen, UTC
    files: int
    size: int  # bytes of content, before deduplication and compression
    added: int  # bytes this snapshot added to the store
    partial: bool  # something of the source could not be read
    books: tuple[str, ...]  # names of the books whose proofs the manifest holds


@dataclass(frozen=True, slots=True)
class BackupReceipt:
    """What a backup did."""

    snapshot: Snapshot
    bytes_read: int
    bytes_added: int
    unchanged: bool  # the set equals its previous snapshot, whose proofs it inherits
    troubles: tuple[Trouble, ...]


Paths: TypeAlias = tuple[bytes, ...]
DamageKind = Literal["missing", "damaged", "forked"]


@dataclass(frozen=True, slots=True)
class Damage:
    """One object that is missing or not what was stored, and whom it hits."""

    object: str
    kind: DamageKind
    client: str | None
    snapshots: tuple[str, ...]
    files: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a verification read and found."""

    objects: int
    bytes: int
    every_byte: bool
    damaged: tuple[Damage, ...]
    unreferenced: int  # objects no commit knows: leftovers of interrupted runs, harmless


@dataclass(frozen=True, slots=True)
class RestoreReceipt:
    """What a restore wrote, or with `dry_run` would have written."""

    snapshot: Snapshot
    files: int
    bytes: int
    dry_run: bool
    lost: Paths = ()  # files left out because stored content of theirs is damaged
    bare: Paths = ()  # brought back, but without all their attributes: not allowed, or no such here
