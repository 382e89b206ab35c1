"""Crypto-shredding: a client's content is gone when every copy of its keys is.

    check ─► tombstone in every store ─► keys deleted everywhere ─► proof ─► signed certificate

The tombstone comes first: from then on nobody opens the client, wherever the run may be stopped,
and the next run ends what was begun.  The proof looks at every store that was given: no key of the
client is listed, no object carries the hash of one, and no key that this vault leads to opens
anything of what is left.  A key under a lock cannot go before the lock has run out; until then the
certificate says so, and another is issued by running again after that day.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from baozhang.clock import Clock
from baozhang.errors import BaozhangError, CorruptObjectError, NewerFormatError, UsageError
from baozhang.keys.certificates import Signing, sign_certificate
from baozhang.vault.client import WRITER
from baozhang.vault.holds import require_none, standing
from baozhang.vault.names import CONFIG, Namespace, hash_in, hash_of, is_ours
from baozhang.vault.sealing import HEADER, Kind, Place, epoch_of, open_seal
from baozhang.vault.stores.base import LockingStore, ObjectName, Span, Store
from baozhang.vault.tombstones import (
    Tombstone,
    read_tombstone,
    seal_tombstone,
    tombstone_names,
)
from baozhang.vault.vault import Vault

Check = Callable[[str], None]
"""Is asked before anything is done; raises where retention or a hold forbids the destruction."""

CERTIFICATE = "baozhang shred certificate"
NOT_PROVEN = ("copies_elsewhere", "stores_not_given", "restored_files", "memory_and_caches")
KIND_AT = 6  # offset of an object's kind in its header


@dataclass(frozen=True, slots=True)
class KeyCopy:
    """One copy of a sealed key of the client."""

    url: str  # of the store
    name: ObjectName
    epoch: int
    size: int  # bytes
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """What was tried on what is left of a client."""

    objects: int  # left in all stores
    keys: int  # every master and every other client's key
    opened: tuple[ObjectName, ...]  # must be empty
    slots: int


@dataclass(frozen=True, slots=True)
class Shredding:
    """What a shredding did, or with a dry run would do."""

    client: str
    copies: tuple[KeyCopy, ...]  # every copy that there was, in this run and earlier ones
    locked: tuple[KeyCopy, ...]  # of these, still there under a lock
    proof: Proof | None
    certificate: bytes
    final: bool
    pending_until: datetime | None  # None with `final` false: a store's hold without an end
    held: tuple[str, ...] = ()  # of a plan: reasons of the holds that forbid it


def planned(vault: Vault, client: str, *, mirrors: Sequence[Store] = ()) -> Shredding:
    """Return what `shred` would destroy; changes nothing.

    Raises:
        UsageError: there is nothing of the client, or a mirror holds another vault.
    """
    copies = _all_copies(vault, client, (vault.store, *mirrors))
    locked = tuple(copy for copy in copies if copy.locked_until)
    return Shredding(
        client=client,
        copies=copies,
        locked=locked,
        proof=None,
        certificate=b"",
        final=False,
        pending_until=_last(locked),
        held=standing(vault, client, (vault.store, *mirrors)),
    )


def shred(
    vault: Vault,
    client: str,
    *,
    check: Check,
    by: str,
    reason: str,
    checked_by: str,
    clock: Clock,
    signing: Signing,
    mirrors: Sequence[Store] = (),
) -> Shredding:
    """Destroy every copy of a client's keys in these stores, prove it and certify it.

    Args:
        vault: opened.
        client: whose content becomes unreadable for ever.
        check: raises where the destruction is not allowed; asked first.
        by: who asked for it.
        reason: why, for the tombstone and the certificate.
        checked_by: who says that no retention or hold forbids it.
        clock: tells the instants of the tombstone, the locks and the certificate.
        signing: signs the certificate.
        mirrors: every store that holds a copy of this vault.

    Raises:
        HeldError: a hold stands; nothing was destroyed.
        UsageError: there is nothing of the client, or a mirror holds another vault.
        CorruptObjectError: a key is still there without a lock, or something still opens; or a
            mark, which may be a hold, is damaged.
    """
    check(client)
    stores = (vault.store, *mirrors)
    copies = _all_copies(vault, client, stores)
    require_none(client, standing(vault, client, stores))
    stone = Tombstone(
        client=client,
        at=clock().isoformat(timespec="seconds"),
        by=by,
        reason=reason,
        checked_by=checked_by,
        keys=tuple((copy.url, copy.name, copy.epoch, copy.size) for copy in copies),
    )
    stones = _set_tombstone(vault, client, stone, stores)
    for store in stores:
        _destroy(vault.space(client), store, clock())
    locked = _remaining(vault.space(client), stores, clock())
    proof = prove_shredded(vault, client, mirrors=mirrors, but=[copy.name for copy in locked])
    done = Shredding(
        client, copies, locked, proof, b"", final=not locked, pending_until=_last(locked)
    )
    fields = _fields(vault, done, stones, stores, clock())
    return replace(done, certificate=sign_certificate(fields, signing))


def prove_shredded(
    vault: Vault, client: str, *, mirrors: Sequence[Store] = (), but: Sequence[ObjectName] = ()
) -> Proof:
    """Try everything that this vault leads to on what is left of a client.

    Args:
        vault: opened.
        client: the one that was shredded.
        mirrors: stores to look at as well.
        but: keys that are known to be still there, under a lock.

    Raises:
        CorruptObjectError: a key is there that should not be, or something opens.
    """
    space, stores = vault.space(client), (vault.store, *mirrors)
    stones = [stone for store in stores for stone in _tombstones(vault, space, store)]
    hashes = {hash_in(ObjectName(name)) for stone in stones for _, name, _, _ in stone.keys}
    hashes -= {hash_in(name) for name in but}
    keys = (*vault.root.masters, *_other_keys(vault, space))
    objects, opened, slots = 0, list[ObjectName](), 0
    for store in stores:
        for info in store.list():
            if hash_in(info.name) in hashes and "/shredded/" not in info.name:
                raise _still_there(info.name, store)
            slots += info.name.startswith("keys/") and is_ours(info.name)
            if info.name.startswith(space.prefix) and info.name not in but:
                objects += 1
                if "/shredded/" not in info.name and _opens(vault, store, info.name, keys):
                    opened.append(info.name)
    if opened:
        raise CorruptObjectError(
            "{object} still opens, though the client's keys were destroyed",
            hint="Keep the vault as it is and find out which key opened it; no certificate is"
            " issued.",
            object=opened[0],
        )
    return Proof(objects, len(keys), tuple(opened), slots)


# --- keys ---------------------------------------------------------------------------------------


def _all_copies(vault: Vault, client: str, stores: Sequence[Store]) -> tuple[KeyCopy, ...]:
    """Return every copy of the client's keys, those included that an earlier run destroyed."""
    space = vault.space(client)
    found: dict[tuple[str, str], KeyCopy] = {}
    for store in stores:
        _require_same_vault(vault, store)
        for stone in _tombstones(vault, space, store):
            for url, name, epoch, size in stone.keys:
                found.setdefault((url, name), KeyCopy(url, ObjectName(name), epoch, size))
        found |= {(copy.url, copy.name): copy for copy in _copies(space, store)}
    if not found:
        raise UsageError(
            "the vault holds nothing of client {client}",
            hint="Compare the id with `baozhang vault snapshots`.",
            client=client,
        )
    return tuple(found[key] for key in sorted(found))


def _copies(space: Namespace, store: Store) -> Iterator[KeyCopy]:
    for info in list(store.list(f"{space.prefix}keys/")):
        epoch = 0  # of a damaged one; it goes as well
        with suppress(CorruptObjectError):
            epoch = epoch_of(store.get(info.name))
        until = store.lock_until(info.name) if isinstance(store, LockingStore) else None
        yield KeyCopy(store.url, info.name, epoch, info.size, until)


def _require_same_vault(vault: Vault, store: Store) -> None:
    if store.get(CONFIG) != vault.store.get(CONFIG):
        raise UsageError(
            "{url} is no mirror of this vault", hint="Give the mirrors of it.", url=store.url
        )


def _destroy(space: Namespace, store: Store, now: datetime) -> None:
    for copy in _copies(space, store):
        if copy.locked_until is None or copy.locked_until <= now:
            with suppress(UsageError):  # held: what is left is looked at afterwards
                store.delete(copy.name)


def _remaining(space: Namespace, stores: Sequence[Store], now: datetime) -> tuple[KeyCopy, ...]:
    """Return the keys that a lock or a hold keeps; without one, nothing may be left."""
    left = []
    for store in stores:
        for copy in _copies(space, store):
            ended = copy.locked_until is not None and copy.locked_until <= now
            if not isinstance(store, LockingStore):
                raise _still_there(copy.name, store)
            left.append(replace(copy, locked_until=None) if ended else copy)  # a hold's has no end
    return tuple(left)


def _still_there(name: ObjectName, store: Store) -> BaozhangError:
    return CorruptObjectError(
        "a key of the client is still at {url}: {object}",
        hint="Find out why it cannot be deleted, or who puts it back, and run the same command"
        " again; no certificate is issued.",
        url=store.url,
        object=name,
    )


def _last(locked: Sequence[KeyCopy]) -> datetime | None:
    """Return when the last lock runs out; None without locks, or where one has no end."""
    ends = [copy.locked_until for copy in locked]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


# --- tombstones ---------------------------------------------------------------------------------


def _tombstones(vault: Vault, space: Namespace, store: Store) -> Iterator[Tombstone]:
    for name in tombstone_names(store, f"{space.prefix}shredded/"):
        with suppress(CorruptObjectError):
            yield read_tombstone(store, name, vault.root.masters, vault.id)


def _set_tombstone(
    vault: Vault, client: str, stone: Tombstone, stores: Sequence[Store]
) -> list[ObjectName]:
    """Put the tombstones that there are, or a new one that says more, into every store."""
    space, found = vault.space(client), dict[ObjectName, bytes]()
    for store in stores:
        for name in tombstone_names(store, f"{space.prefix}shredded/"):
            with suppress(CorruptObjectError):
                read_tombstone(store, name, vault.root.masters, vault.id)
                found[name] = store.get(name)
    known = {
        key for store in stores for old in _tombstones(vault, space, store) for key in old.keys
    }
    if not set(stone.keys) <= known:
        sealed = seal_tombstone(stone, vault.master, vault.id, space)
        found[space.tombstone(sealed)] = sealed
    for store in stores:
        for name, sealed in found.items():
            store.put(name, sealed)
            read_tombstone(store, name, vault.root.masters, vault.id)
    return sorted(found)


# --- proof and certificate ----------------------------------------------------------------------


def _other_keys(vault: Vault, space: Namespace) -> Iterator[bytes]:
    for name in vault.client_key_names():
        if not name.startswith(space.prefix):
            with suppress(CorruptObjectError):
                yield vault.client_key(name)[2]


def _opens(vault: Vault, store: Store, name: ObjectName, keys: Sequence[bytes]) -> bool:
    """Tell whether any of the keys opens the seal of an object, taken at its own word."""
    try:
        header = store.get(name, Span(0, HEADER.size))
        place = Place(vault.id, name.split("/")[1], epoch_of(header), Kind(header[KIND_AT]))
        open_seal(header, keys, place)
    except (CorruptObjectError, NewerFormatError, ValueError):
        return False
    return True


def _fields(
    vault: Vault,
    done: Shredding,
    stones: Sequence[ObjectName],
    stores: Sequence[Store],
    now: datetime,
) -> dict[str, object]:
    """Return what the certificate says."""
    first = min(_tombstones(vault, vault.space(done.client), vault.store), key=lambda s: s.instant)
    proof = done.proof or Proof(0, 0, (), 0)
    return {
        "format": 1,
        "kind": CERTIFICATE,
        "status": "final" if done.final else "pending",
        "pending_until": _iso(done.pending_until),
        "vault": vault.id,
        "client": done.client,
        "namespace": vault.space(done.client).client,
        "began": first.at,
        "at": _iso(now),
        "by": first.by,
        "reason": first.reason,
        "checked_by": first.checked_by,
        "head": hash_of(vault.store.get(CONFIG)),
        "stores": [_store_fields(store, done, vault.space(done.client)) for store in stores],
        "not_looked_at": _elsewhere(done, {store.url for store in stores}),
        "tombstones": list(stones),
        "proof": {
            "objects_tried": proof.objects,
            "keys_tried": proof.keys,
            "slots_seen": proof.slots,
            "opened": len(proof.opened),
        },
        "not_proven": list(NOT_PROVEN),
        "writer": WRITER,
    }


def _store_fields(store: Store, done: Shredding, space: Namespace) -> dict[str, object]:
    still = {(copy.url, copy.name): copy for copy in done.locked}
    copies = [copy for copy in done.copies if copy.url == store.url]
    left = [info.size for info in store.list(space.prefix) if "/shredded/" not in info.name]
    return {
        "url": store.url,
        "destroyed": [_copy_fields(c) for c in copies if (c.url, c.name) not in still],
        "locked": [
            _copy_fields(c) | {"until": _iso(c.locked_until)}
            for c in still.values()
            if c.url == store.url
        ],
        "unreadable_objects": len(left),
        "unreadable_bytes": sum(left),
    }


def _elsewhere(done: Shredding, seen: set[str]) -> list[dict[str, object]]:
    """Return the keys that tombstones record at stores, or under URLs, that were not given now."""
    return [_copy_fields(copy) | {"url": copy.url} for copy in done.copies if copy.url not in seen]


def _copy_fields(copy: KeyCopy) -> dict[str, object]:
    return {
        "object": copy.name,
        "hash": hash_in(copy.name),
        "epoch": copy.epoch,
        "bytes": copy.size,
    }


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat(timespec="seconds") if instant else None
