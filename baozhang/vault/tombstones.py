"""Tombstones: the sealed record that a client's keys were destroyed on purpose.

A tombstone is written before the first key goes and is never deleted.  It is sealed under the
vault's master key, for the client's own keys are what is gone.  From then on nobody reads or writes
the client, and what lies in its namespace is ciphertext that nothing opens, not damage.

Normative: docs/format.md, "Keys of a client".
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from baozhang.errors import CorruptObjectError, UsageError
from baozhang.vault.names import CLIENTS, Namespace, hash_in, hash_of, is_ours
from baozhang.vault.sealing import Kind, Place, open_object, seal_object
from baozhang.vault.stores.base import ObjectName, Store

EPOCH = 0  # of no client's key


class ClientShreddedError(UsageError):
    """The client's keys were destroyed on purpose; nothing brings them back."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Who had a client's keys destroyed, when and why."""

    client: str
    at: str  # ISO instant at which the destruction began, UTC
    by: str
    reason: str
    checked_by: str  # who says that no retention or hold forbids it
    keys: tuple[tuple[str, str, int, int], ...]
    """The key objects that were to go: URL of the store, name, epoch, bytes."""
    format: int = 1

    @property
    def instant(self) -> datetime:
        """When the destruction began."""
        return datetime.fromisoformat(self.at)


def seal_tombstone(stone: Tombstone, master: bytes, vault_id: str, space: Namespace) -> bytes:
    """Return the bytes of a tombstone object."""
    plain = json.dumps(asdict(stone), sort_keys=True, separators=(",", ":")).encode()
    return seal_object(plain, master, _place(vault_id, space))


def read_tombstone(
    store: Store, name: ObjectName, masters: Sequence[bytes], vault_id: str
) -> Tombstone:
    """Return what a tombstone says.

    Raises:
        CorruptObjectError: not a tombstone of this vault and client.
    """
    sealed, space = store.get(name), Namespace(name.split("/")[1])
    if hash_of(sealed) != hash_in(name):
        raise CorruptObjectError("an object is not what its name says", object=name)
    try:
        found = json.loads(open_object(sealed, masters, _place(vault_id, space)))
        found["keys"] = tuple((str(u), str(n), int(e), int(b)) for u, n, e, b in found["keys"])
        stone = Tombstone(**{field.name: found[field.name] for field in fields(Tombstone)})
        if stone.instant.tzinfo is None:
            raise ValueError("an instant of no zone")
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptObjectError("a tombstone cannot be read", object=name) from error
    return stone


def tombstone_names(store: Store, prefix: str = CLIENTS) -> list[ObjectName]:
    """Return the names of all tombstones, or of those below one client's prefix."""
    found = (info.name for info in store.list(prefix))
    return [name for name in found if "/shredded/" in name and is_ours(name)]


def earliest(
    store: Store, names: Sequence[ObjectName], masters: Sequence[bytes], vault_id: str
) -> dict[str, Tombstone]:
    """Return each client's first tombstone, by the client's pseudonym; damaged ones count last.

    Raises:
        CorruptObjectError: all tombstones of one client are damaged.
    """
    stones: dict[str, Tombstone] = {}
    damage: dict[str, CorruptObjectError] = {}
    for name in names:
        space = name.split("/")[1]
        try:
            stone = read_tombstone(store, name, masters, vault_id)
        except CorruptObjectError as error:
            damage[space] = error
            continue
        before = stones.get(space)
        stones[space] = stone if before is None else min(before, stone, key=lambda s: s.instant)
    _require_sound(stones, damage)
    return stones


def _require_sound(
    stones: Mapping[str, Tombstone], damage: Mapping[str, CorruptObjectError]
) -> None:
    for space, error in damage.items():
        if space not in stones:
            raise error


def _place(vault_id: str, space: Namespace) -> Place:
    return Place(vault_id, space.client, EPOCH, Kind.TOMBSTONE)
