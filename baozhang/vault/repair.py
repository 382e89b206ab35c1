"""Repair: sound copies from a mirror take the place of what is damaged or missing.  Never deletes.

    verify ─► what is damaged ─► a mirror's copy whose hash is right ─► the damaged bytes are put
                                  aside in `quarantine/` ─► the sound one is put ─► verify again

A name says the hash of its bytes, so a mirror is believed only where its bytes fit; the head, which
has no hash in its name, only where the master key vouches for it.  What a mark dropped is not
brought back.  The other way round it mends a mirror from its vault.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from baozhang.errors import (
    BaozhangError,
    CorruptObjectError,
    NewerFormatError,
    ObjectMissingError,
    StoreUnreachableError,
    UsageError,
    WrongKeyError,
)
from baozhang.keys.slots import Secret
from baozhang.vault.marks import all_of, decode_mark
from baozhang.vault.model import Damage, Report, VerifyReport, silent
from baozhang.vault.names import CLIENTS, CONFIG, SLOTS, hash_in, hash_of, is_ours, sequence_in
from baozhang.vault.sealing import Kind
from baozhang.vault.stores.base import ObjectName, Store
from baozhang.vault.vault import Vault, open_vault
from baozhang.vault.verify import verify

QUARANTINE = "quarantine/"
"""Where damaged bytes are put aside, by their hash; nobody reads there but a person."""
KINDS = ("keys", "packs", "index", "moves", "snap", "commit", "marks")
"""The order in which objects are brought back: what names comes after what is named."""


@dataclass(frozen=True, slots=True)
class RepairReceipt:
    """What a repair did."""

    repaired: tuple[ObjectName, ...]
    quarantined: tuple[ObjectName, ...]
    unrepaired: tuple[Damage, ...]  # damaged still: no mirror has a sound copy
    absent_clients: int  # whole clients that only a mirror has, and that were not asked for
    after: VerifyReport


# --- the way in ----------------------------------------------------------------------------------


def mend_entrance(store: Store, mirrors: Sequence[Store], secret: Secret) -> tuple[str, ...]:
    """Bring head and key slots back where the vault does not open without them.

    A mirror is believed once the secret has opened it.  Returns the names that were brought back;
    none where the vault opens as it is.

    Raises:
        WrongKeyError: the secret opens neither the vault nor a mirror.
        CorruptObjectError, UsageError: the vault does not open, and no mirror helps.
    """
    try:
        open_vault(store, secret)
    except (CorruptObjectError, WrongKeyError, UsageError) as error:
        if isinstance(error, NewerFormatError):
            raise
        trouble: BaozhangError = error
    else:
        return ()
    for mirror in mirrors:
        with suppress(CorruptObjectError, UsageError, StoreUnreachableError):
            opened = open_vault(mirror, secret)
            _require_same_vault(store, opened)
            mended = _mend_entrance(store, mirror)
            open_vault(store, secret)
            return mended
    raise trouble


def _require_same_vault(store: Store, mirror: Vault) -> None:
    """A sound head of another vault is not damage; whoever gave the wrong mirror is told."""
    with suppress(ObjectMissingError):
        head = store.get(CONFIG)
        with suppress(CorruptObjectError):
            mirror.check_head(head)
            return
        if mirror.id.encode() not in head and _is_head(head):
            raise UsageError(
                "{url} holds another vault",
                hint="Give a mirror of this vault.",
                url=mirror.store.url,
            )


def _is_head(head: bytes) -> bool:
    return head.startswith(b'{"created"') and head.count(b"\n") == 2


def _mend_entrance(store: Store, mirror: Store) -> tuple[str, ...]:
    mended = []
    for info in [*mirror.list(SLOTS)]:
        sound = _sound(mirror, info.name) if is_ours(info.name) else None
        if sound is not None and _sound(store, info.name) is None:
            put_aside(store, info.name)
            store.put(info.name, sound)
            mended.append(info.name)
    head = mirror.get(CONFIG)
    if _bytes(store, CONFIG) != head:
        put_aside(store, CONFIG)
        store.put(CONFIG, head)
        mended.append(CONFIG)
    return tuple(mended)


# --- everything else -----------------------------------------------------------------------------


def repair(
    vault: Vault,
    mirrors: Sequence[Store],
    *,
    clients: Collection[str] | None = None,
    every_byte: bool = True,
    absent_clients: bool = False,
    dry_run: bool = False,
    report: Report = silent,
) -> RepairReceipt:
    """Mend what is damaged or missing from mirrors, and verify again.

    Args:
        vault: opened; its store is mended.  To mend a mirror, open it and give the vault's store.
        mirrors: asked one after another.
        clients: only these; None means all.
        every_byte: read all content first; otherwise only what describes it.
        absent_clients: bring back whole clients too that only a mirror has.  Somebody may have
            removed them on purpose.
        dry_run: only tell what could be mended.
        report: is told of progress in bytes.

    Raises:
        StoreUnreachableError, StoreFullError: the vault's store did not take it; run it again.
    """
    before = verify(vault, every_byte=every_byte, clients=clients, report=report)
    absent = _absent_clients(vault.store, mirrors) if clients is None else set()
    work = _Repair(vault, mirrors, dry_run=dry_run)
    for name in sorted({ObjectName(one.object) for one in before.damaged}, key=rank):
        work.mend(name)
    for name in _lost(vault, mirrors, absent, clients):  # keys are mended by now
        work.mend(name)
    for space in sorted(absent) if absent_clients else ():
        work.mend(ObjectName(space))
    after = before
    if work.repaired and not dry_run:
        after = verify(vault, every_byte=every_byte, clients=clients, report=report)
    mended = set(work.repaired)
    still = (one for one in after.damaged if not (dry_run and one.object in mended))
    return RepairReceipt(
        repaired=tuple(work.repaired),
        quarantined=tuple(work.quarantined),
        unrepaired=tuple(still),
        absent_clients=0 if absent_clients else len(absent),
        after=after,
    )


class _Repair:
    def __init__(self, vault: Vault, mirrors: Sequence[Store], *, dry_run: bool) -> None:
        self._vault, self._mirrors, self._dry_run = vault, mirrors, dry_run
        self.repaired: list[ObjectName] = []
        self.quarantined: list[ObjectName] = []

    def mend(self, name: ObjectName) -> None:
        """Mend one object, or where only the beginning of its name is known, all of that name."""
        names = [name] if name == CONFIG or is_ours(name) else self._named(name)
        for one in names:
            sound = self._sound(one)
            if sound is None or one in self.repaired:
                continue
            if not self._dry_run:
                aside = put_aside(self._vault.store, one)
                self.quarantined += [aside] if aside else []
                self._vault.store.put(one, sound)
            self.repaired.append(one)

    def _named(self, prefix: ObjectName) -> list[ObjectName]:
        found: set[ObjectName] = set()
        for mirror in self._mirrors:
            with suppress(StoreUnreachableError):
                found |= {info.name for info in mirror.list(prefix) if is_ours(info.name)}
        here = {info.name for info in self._vault.store.list(prefix)}
        return sorted(found - here, key=rank)

    def _sound(self, name: ObjectName) -> bytes | None:
        for mirror in self._mirrors:
            with suppress(StoreUnreachableError):
                data = _bytes(mirror, name) if name == CONFIG else _sound(mirror, name)
                if data is not None and (name != CONFIG or self._is_head(data)):
                    return data
        return None

    def _is_head(self, data: bytes) -> bool:
        try:
            self._vault.check_head(data)
        except CorruptObjectError:
            return False
        return True


def put_aside(store: Store, name: ObjectName) -> ObjectName | None:
    """Keep what lies under a name in quarantine; returns where, None if nothing lies there."""
    data = None
    with suppress(StoreUnreachableError):  # what a bad disk does not give back cannot be kept
        data = _bytes(store, name)
    if data is None:
        return None
    aside = ObjectName(f"{QUARANTINE}{hash_of(data)}")
    store.put(aside, data)
    return aside


def _bytes(store: Store, name: ObjectName) -> bytes | None:
    try:
        return store.get(name)
    except ObjectMissingError:
        return None


def _sound(store: Store, name: ObjectName) -> bytes | None:
    data = _bytes(store, name)
    return data if data is not None and hash_of(data) == hash_in(name) else None


def _listed(store: Store) -> set[ObjectName]:
    return {info.name for info in store.list(CLIENTS) if is_ours(info.name)}


def _spaces_in(names: Iterable[ObjectName]) -> set[str]:
    return {"/".join(name.split("/")[:2]) + "/" for name in names}


def _is_shredded(space: str, names: Collection[ObjectName]) -> bool:
    """What was destroyed on purpose is not brought back."""
    return any(name.startswith(f"{space}shredded/") for name in names)


def _absent_clients(store: Store, mirrors: Iterable[Store]) -> set[str]:
    """Return the namespaces that only mirrors have."""
    found: set[ObjectName] = set()
    for mirror in mirrors:
        with suppress(StoreUnreachableError):
            found |= _listed(mirror)
    spaces = _spaces_in(found) - _spaces_in(_listed(store))
    return {space for space in spaces if not _is_shredded(space, found)}


def _lost(
    vault: Vault,
    mirrors: Sequence[Store],
    absent: set[str],
    clients: Collection[str] | None,
) -> list[ObjectName]:
    """Return what mirrors have of the vault's clients and the vault has not, without a trace.

    Newest snapshots that went missing leave none in the vault itself.  Keys are not brought
    back: they are removed on purpose, and a lost one is told as damage.
    """
    here = _listed(vault.store)
    only = None if clients is None else {vault.client(client).space.prefix for client in clients}
    found: set[ObjectName] = set()
    for mirror in mirrors:
        with suppress(StoreUnreachableError):
            found |= _listed(mirror)
    wanted: list[ObjectName] = []
    for space in sorted(_spaces_in(found) - absent):
        if (only is None or space in only) and not _is_shredded(space, here | found):
            own = {name for name in found if name.startswith(space)}
            wanted += _kept(vault, mirrors, space, own - here)
    return sorted(wanted, key=rank)


def _kept(
    vault: Vault, mirrors: Sequence[Store], space: str, lost: set[ObjectName]
) -> list[ObjectName]:
    """Return what no mark drops, here or at a mirror, but for keys."""
    lost = {name for name in lost if name.split("/")[2] in KINDS[1:]}
    try:
        dropped = _dropped(vault, space, (vault.store, *mirrors)) if lost else set()
    except CorruptObjectError:  # without its key nothing of the client can be told
        return []
    return [name for name in lost if name not in dropped]


def _dropped(vault: Vault, space: str, stores: Iterable[Store]) -> Collection[ObjectName]:
    """Return what the marks of one client say that may go, wherever they lie."""
    keys = vault.client_key_names(f"{space}keys/")
    side = vault.client(vault.client_key(keys[0])[1]) if keys else None
    if side is None:
        return ()
    found = {}
    for store in stores:
        with suppress(StoreUnreachableError):
            for info in store.list(f"{space}marks/"):
                data = _sound(store, info.name) if is_ours(info.name) else None
                if data is not None:
                    with suppress(CorruptObjectError, NewerFormatError):
                        found[info.name] = decode_mark(side.open(Kind.MARK, data))
    return all_of(found.items()).dropped


def rank(name: ObjectName) -> tuple[str, int, int, ObjectName]:
    """Sort so that what names others comes after them, client by client, set by set."""
    area, *parts = name.split("/")
    if area != "c" or len(parts) < 2 or parts[1] not in KINDS:
        return "", 0, 0, name
    numbered = sequence_in(name) if parts[1] in ("snap", "commit") else 0
    return parts[0], KINDS.index("snap") if numbered else KINDS.index(parts[1]), numbered, name
