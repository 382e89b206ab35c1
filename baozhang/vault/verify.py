"""Verifying: every object against the hash in its name, every chain, every seal.

Without reading all data: the head, slots, keys, commits, manifests and indexes are opened, and
every pack that a commit or a manifest names must be there.  With it, every byte is read, every
segment opened and decompressed, and every piece of every file must lie within one.  What is damaged
is named with the snapshots and files that it hits.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from baozhang.errors import (
    CorruptObjectError,
    ObjectMissingError,
    StoreUnreachableError,
)
from baozhang.keys.slots import parse_slot
from baozhang.vault.client import ClientVault
from baozhang.vault.listing import settled
from baozhang.vault.memory import keep_memory
from baozhang.vault.model import Damage, DamageKind, Progress, Report, VerifyReport, silent
from baozhang.vault.names import (
    CLIENTS,
    CONFIG,
    SLOTS,
    hash_in,
    hash_of,
    is_ours,
)
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.vault import Vault
from baozhang.vault.verify_client import ClientCheck

WORKERS = 2


@dataclass(slots=True)
class _Tally:
    objects: int = 0
    bytes: int = 0
    unreferenced: int = 0
    damaged: list[Damage] = field(default_factory=list)

    def count(self, size: int) -> None:
        self.objects += 1
        self.bytes += size

    def damage(self, name: str, kind: DamageKind, client: str | None) -> None:
        self.damaged.append(Damage(name, kind, client, (), ()))


def verify(
    vault: Vault,
    *,
    every_byte: bool,
    clients: Iterable[str] | None = None,
    packs: Callable[[ObjectName], bool] | None = None,
    report: Report = silent,
) -> VerifyReport:
    """Hold a vault's objects against their hashes and seals.

    Args:
        vault: opened.
        every_byte: read and open all content, not only what describes it.
        clients: only these, and the vault's own objects; None means all.
        packs: of which packs every byte is read; None means of all, or of none.
        report: is told of progress in bytes.

    Raises:
        UsageError: the vault holds nothing of one of the clients.
        StoreUnreachableError: the store did not answer, or is gone; nothing is known then.
    """
    keep_memory()
    tally, reads = _Tally(), packs or (lambda _: every_byte)
    if clients is None:
        sides = list(_sides(vault, tally))
    else:
        sides = [vault.client(client) for client in clients]
    there = _verify_own(vault, tally)
    listings = [settled(vault.store, side.space.prefix) for side in sides]
    total, done = sum(info.size for infos in listings for info in infos), 0
    for side, infos in zip(sides, listings, strict=True):
        work = ClientCheck(vault, side, infos, reads)

        def tell(read: int, before: int = done) -> None:
            report(Progress("verifying", before + read, total))

        work.run(tell)
        done += sum(info.size for info in infos)
        _add(tally, work)
    if there and tally.damaged:
        _require_head(vault)
    return VerifyReport(
        objects=tally.objects,
        bytes=tally.bytes,
        every_byte=every_byte,
        damaged=tuple(tally.damaged),
        unreferenced=tally.unreferenced,
    )


def _add(tally: _Tally, work: ClientCheck) -> None:
    tally.objects += work.objects
    tally.bytes += work.bytes
    tally.unreferenced += work.unreferenced
    tally.damaged += work.damages()


def _verify_own(vault: Vault, tally: _Tally) -> bool:
    """Check the head and the key slots; tell whether there is a head."""
    slots = 0
    for name, slot in vault.slots():
        tally.count(len(slot))
        try:
            if hash_of(slot) != hash_in(name):
                raise CorruptObjectError("a key slot is not what its name says")
            own = parse_slot(slot)["vault"] == vault.id
            slots += own
            tally.unreferenced += not own
        except CorruptObjectError:
            tally.damage(name, "damaged", None)
            slots += 1
    if not slots:
        tally.damage(SLOTS, "missing", None)
    try:
        head = vault.store.get(CONFIG)
        tally.count(len(head))
        vault.check_head(head)
    except ObjectMissingError:
        tally.damage(CONFIG, "missing", None)
        return False
    except CorruptObjectError:
        tally.damage(CONFIG, "damaged", None)
    return True


def _require_head(vault: Vault) -> None:
    """Tell damage from a disk that was unplugged meanwhile: that takes the head as well."""
    try:
        vault.store.size(CONFIG)
    except ObjectMissingError as error:
        raise StoreUnreachableError(
            "the vault at {url} was gone before it had been verified",
            hint="Check that the disk or share is mounted, then verify again.",
            url=vault.store.url,
        ) from error


def _sides(vault: Vault, tally: _Tally) -> Iterator[ClientVault]:
    """Open every client; one of whom no key object is sound is reported and left out."""
    spaces: dict[str, set[str]] = {}
    shredded = vault.shredded()
    for info in vault.store.list(CLIENTS):
        if (space := info.name.split("/")[1]) not in shredded:
            spaces.setdefault(f"{CLIENTS}{space}/keys/", set())
        else:  # nothing opens it, and nothing should
            tally.unreferenced += 1
    for prefix, clients in spaces.items():
        names = vault.client_key_names(prefix)
        for name in names:
            with suppress(CorruptObjectError):
                clients.add(vault.client_key(name)[1])
        if not clients:
            _no_key(vault, prefix, names, tally)
        for client in clients:
            yield vault.client(client)


def _no_key(vault: Vault, prefix: str, keys: list[ObjectName], tally: _Tally) -> None:
    for name in keys:
        tally.count(vault.store.size(name))
        tally.damage(name, "damaged", None)
    if not keys and any(is_ours(info.name) for info in vault.store.list(prefix[: -len("keys/")])):
        tally.damage(prefix, "missing", None)
