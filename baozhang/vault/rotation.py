"""Rotation: other secrets for the same vault, another master key, a new key for a client.

    slots         new slot ─► read back, opened ─► old slot goes          seconds, any size of vault
    master        new slots ─► clients' keys sealed anew ─► old slots go ─► old sealed keys go
    client's key  a key of the next epoch; what is stored stays as it is

Whatever is written is read back and opened before anything older goes, in every store that is
given.  A copy of an old slot, kept by whoever holds its old secret, still opens what the slot held:
rotating slots ends the use of a secret, it does not end what a thief has.  For that the master is
rotated, and the clients' content is sealed anew (`reencryption`).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from baozhang.errors import CorruptObjectError, UsageError
from baozhang.keys.root import next_root, payload_of
from baozhang.keys.slots import KEY_BYTES, Secret, parse_slot, unlock
from baozhang.vault.names import hash_in, hash_of, slot_name
from baozhang.vault.stores.base import ObjectName, Store
from baozhang.vault.vault import Vault

SHORT = 8  # hex digits by which people name a slot


@dataclass(frozen=True, slots=True)
class SlotInfo:
    """What can be told of a key slot without its secret."""

    name: ObjectName
    kind: str  # a SlotKind, or one of a later release; "" when the slot is damaged
    own: bool  # of this vault; one of another is what a making that was cut off left
    created: str  # ISO instant; "" where the slot does not say
    label: str
    generation: int  # 1: of the first master
    shares: tuple[int, int] | None = None  # of an escrow: needed, made
    escrow: int | None = None  # of an escrow: the number on its shares

    @property
    def id(self) -> str:
        """The beginning of its hash."""
        return hash_in(self.name)[:SHORT]


def list_slots(vault: Vault) -> tuple[SlotInfo, ...]:
    """Return every key slot, oldest first; damaged ones have no kind."""
    found = [_slot_info(name, slot, vault.id) for name, slot in vault.slots()]
    return tuple(sorted(found, key=lambda slot: (slot.created, slot.name)))


def _slot_info(name: ObjectName, slot: bytes, vault_id: str) -> SlotInfo:
    damaged = SlotInfo(name, "", own=True, created="", label="", generation=1)
    try:
        fields = parse_slot(slot)
        if hash_of(slot) != hash_in(name):
            return damaged
        escrow = fields.get("escrow")
        numbers = [int(escrow[key]) for key in ("needed", "shares", "number")] if escrow else []
        return SlotInfo(
            name,
            str(fields["kind"]),
            own=fields["vault"] == vault_id,
            created=str(fields.get("created", "")),
            label=str(fields.get("label", "")),
            generation=int(fields.get("generation", 1)),
            shares=(numbers[0], numbers[1]) if numbers else None,
            escrow=numbers[2] if numbers else None,
        )
    except (CorruptObjectError, ValueError, KeyError, TypeError):
        return damaged


def find_slot(vault: Vault, selector: str) -> SlotInfo:
    """Return the slot whose id or hash begins so.

    Raises:
        UsageError: none, or more than one.
    """
    found = [slot for slot in list_slots(vault) if hash_in(slot.name).startswith(selector.lower())]
    if len(found) != 1 or not selector:
        raise UsageError(
            "{count} key slots match {selector}",
            hint="Choose an id from `baozhang vault key list`.",
            count=len(found),
            selector=selector,
        )
    return found[0]


def opened_by(vault: Vault, secret: Secret) -> tuple[ObjectName, ...]:
    """Return the names of the slots that a secret opens to this vault's present keys."""
    return tuple(name for name, slot in vault.slots() if _opens(vault, name, slot, secret))


def _opens(vault: Vault, name: ObjectName, slot: bytes, secret: Secret) -> bool:
    try:
        return hash_of(slot) == hash_in(name) and (
            unlock(slot, secret, vault_id=vault.id) == payload_of(vault.root)
        )
    except CorruptObjectError:
        return False


# --- slots --------------------------------------------------------------------------------------


def add_slot(
    vault: Vault,
    secret: Secret,
    *,
    at: datetime,
    label: str = "",
    escrow: tuple[int, int, int] | None = None,
    mirrors: Sequence[Store] = (),
) -> ObjectName:
    """Let one more secret open the vault, proven by opening what each store then holds.

    Args:
        vault: opened.
        secret: who holds it opens the vault from now on.
        at: the present instant.
        label: for people; stands in the store unsealed, so no names of persons or clients.
        escrow: of an escrow's secret: shares needed, shares made, number of the escrow.
        mirrors: stores that get the slot as well.

    Raises:
        CorruptObjectError: a store holds another slot than was written; nothing was removed.
    """
    slot = vault.new_slot(secret, at=at, label=label, escrow=escrow)
    return _place_slot(vault, slot, secret, (vault.store, *mirrors))


def _place_slot(vault: Vault, slot: bytes, secret: Secret, stores: Sequence[Store]) -> ObjectName:
    name = slot_name(slot)
    for store in stores:
        store.put(name, slot)
        _require_opens(vault, store, name, secret)
    return name


def _require_opens(vault: Vault, store: Store, name: ObjectName, secret: Secret) -> None:
    if not _opens(vault, name, store.get(name), secret):
        raise CorruptObjectError(
            "the new key slot does not open again at {url}; nothing old was removed",
            hint="Test that disk, then run the same command again.",
            url=store.url,
            object=name,
        )


def remove_slot(
    vault: Vault,
    name: ObjectName,
    proof: Secret,
    *,
    mirrors: Sequence[Store] = (),
    dry_run: bool = False,
) -> tuple[ObjectName, ...]:
    """End the use of one slot; return the slots that `proof` still opens.

    Args:
        vault: opened.
        name: the slot to remove.
        proof: a secret, at hand now, that opens the vault by another slot.
        mirrors: stores that lose the slot as well.
        dry_run: check all, remove nothing.

    Raises:
        UsageError: the proof opens no other slot, so that this may be the last way in.
    """
    remaining = tuple(one for one in opened_by(vault, proof) if one != name)
    if not remaining:
        raise UsageError(
            "nobody has shown that the vault opens without this slot",
            hint="Give a secret that opens another slot, so that one way in is proven to remain.",
        )
    if not dry_run:
        _retire([name], (vault.store, *mirrors))
    return remaining


def rotate_slot(
    vault: Vault,
    old: Secret,
    new: Secret,
    *,
    at: datetime,
    label: str = "",
    mirrors: Sequence[Store] = (),
) -> tuple[ObjectName, tuple[ObjectName, ...]]:
    """Put a new secret in the place of an old one; return the new slot and those that went.

    Stopped before its end, both secrets open the vault; run again, it ends.

    Raises:
        UsageError: old and new are the same secret.
    """
    if old == new:
        raise UsageError("the old and the new key are the same", hint="Give another new key file.")
    retired = [name for name, slot in vault.slots() if _unlocks(slot, old, vault.id)]
    stores = (vault.store, *mirrors)
    there = opened_by(vault, new)  # of a run that was stopped
    slot = vault.store.get(there[0]) if there else vault.new_slot(new, at=at, label=label)
    name = _place_slot(vault, slot, new, stores)
    _retire(retired, stores)
    return name, tuple(retired)


def _unlocks(slot: bytes, secret: Secret, vault_id: str) -> bool:
    """Tell whether a secret opens a slot of this vault, to whichever of its masters."""
    try:
        return unlock(slot, secret, vault_id=vault_id) is not None
    except CorruptObjectError:
        return False


def _retire(gone: Sequence[ObjectName], stores: Sequence[Store]) -> None:
    for store in stores:
        for name in gone:
            store.delete(name)


# --- the master key -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MasterRotation:
    """What bringing in a new master did."""

    slots: tuple[ObjectName, ...]  # new
    retired: tuple[ObjectName, ...]  # slots that went, whoever holds their secrets
    clients: int  # whose keys were sealed anew
    damaged: tuple[ObjectName, ...]  # clients' keys that open under no master; left as they are


def rotate_master(
    vault: Vault,
    new: Sequence[Secret],
    *,
    at: datetime,
    mirrors: Sequence[Store] = (),
) -> MasterRotation:
    """Give the vault another master key, opened by these secrets and no other.

    What holds when it is stopped, and how it ends when it is run again with the new secrets:
    after a new slot is written, it opens everything, the old slots as well; after some clients'
    keys are sealed anew, the same; once the first old slot goes, the new ones alone are counted on;
    old sealed keys go last.  `finish_master` does what is left.

    Raises:
        UsageError: no secret, or one that opens the vault already.
        CorruptObjectError: a client's key is damaged; nothing old was removed.
    """
    if not new:
        raise UsageError("a vault needs a secret that opens it")
    if any(_unlocks(slot, secret, vault.id) for _, slot in vault.slots() for secret in new):
        raise UsageError(
            "a new master needs new secrets, and one of these opens the vault already",
            hint="Give file names that are not there yet; or open the vault with that one, to end"
            " a rotation that was stopped.",
        )
    _require_no_later(vault)
    renewed = replace(vault, root=next_root(vault.root, secrets.token_bytes(KEY_BYTES)))
    slots = [add_slot(renewed, secret, at=at, mirrors=mirrors) for secret in new]
    rest = finish_master(renewed, mirrors=mirrors)
    return replace(rest, slots=tuple(slots))


def _require_no_later(vault: Vault) -> None:
    """Two new masters side by side would each miss what the other's holder seals."""
    later = [
        slot.id for slot in list_slots(vault) if slot.own and _generation(vault) < slot.generation
    ]
    if later:
        raise UsageError(
            "a rotation of the master was begun and not ended; slot {slot} is of the newer one",
            hint="End it with the key file that it made; or remove that slot, if the file is lost.",
            slot=later[0],
        )


def _generation(vault: Vault) -> int:
    return len(vault.root.masters)


def finish_master(vault: Vault, *, mirrors: Sequence[Store] = ()) -> MasterRotation:
    """Do what is left of a rotation of the master, the vault being opened with a new secret.

    Harmless when nothing is left.

    Raises:
        UsageError: the vault was opened with an old secret.
        CorruptObjectError: a key cannot be read back; nothing old was removed.
    """
    if not vault.root.earlier:
        raise UsageError(
            "this secret opens the vault's first master; there is nothing to finish",
            hint="Give the key file that the rotation made.",
        )
    stores = (vault.store, *mirrors)
    gone = {space for store in stores for space in replace(vault, store=store).shredded()}
    rewrapped, damaged = set[str](), set[ObjectName]()
    for store in stores:
        keys = _keys_in(vault, store)
        damaged |= set(keys.damaged)
        todo = set(keys.old.values()) - set(keys.new.values())
        for epoch, client, key in sorted(todo):
            if vault.space(client).client not in gone:
                _rewrap(vault, (epoch, client, key), stores)
                rewrapped.add(client)
    old = sorted({name for store in stores for name in _old_slots(replace(vault, store=store))})
    _retire(old, stores)
    for store in stores:
        _retire(tuple(_keys_in(vault, store).old), [store])
    return MasterRotation((), tuple(old), len(rewrapped), tuple(sorted(damaged)))


def _old_slots(vault: Vault) -> list[ObjectName]:
    newest = _generation(vault)
    found = list_slots(vault)
    return [one.name for one in found if one.kind and one.own and one.generation < newest]


Identity = tuple[int, str, bytes]
"""Epoch, client's id and key."""


@dataclass(frozen=True, slots=True)
class _Keys:
    """The clients' keys of one store, by the master under which they are sealed."""

    new: dict[ObjectName, Identity]
    old: dict[ObjectName, Identity]
    damaged: list[ObjectName]  # open under no master, so that nothing is lost with an old one


def _keys_in(vault: Vault, store: Store) -> _Keys:
    there, only_new = replace(vault, store=store), replace(vault.root, earlier=())
    keys = _Keys({}, {}, [])
    for name in there.client_key_names():
        try:
            identity = there.client_key(name)
        except CorruptObjectError:
            keys.damaged.append(name)
            continue
        try:
            keys.new[name] = replace(there, root=only_new).client_key(name)
        except CorruptObjectError:
            keys.old[name] = identity
    return keys


def _rewrap(vault: Vault, identity: Identity, stores: Sequence[Store]) -> None:
    """Seal a client's key under the present master, in all stores."""
    epoch, client, key = identity
    sealed = vault.seal_client_key(client, epoch, key)
    name = vault.space(client).key(epoch, sealed)
    for store in stores:
        store.put(name, sealed)
        if replace(vault, store=store).client_key(name) != identity:
            raise CorruptObjectError("a client's key was not sealed as it was", object=name)


# --- a client's key -----------------------------------------------------------------------------


def rotate_client(vault: Vault, client: str) -> int:
    """Give a client a key of the next epoch, under which new packs are sealed; return the epoch.

    What is stored stays readable and as it is.  Extents are named under the client's key, so that
    the next backup stores again, once, what has changed since.

    Raises:
        UsageError: the vault holds nothing of the client, or its keys were destroyed.
        CorruptObjectError: the new key cannot be read back.
    """
    epoch = vault.client(client).epoch + 1
    name = vault.make_client_key(client, epoch)
    if vault.client_key(name)[:2] != (epoch, client):
        raise CorruptObjectError("a client's new key cannot be read back", object=name)
    return epoch
