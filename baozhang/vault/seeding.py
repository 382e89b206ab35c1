"""Seeding: the first copy of a vault travels on a disk, for the line would take weeks of nights.

    vault ──export──► disk: a plain mirror, and a seal ──carried──► import ──► mirror far away

The seal lists every object on the disk with its hash, under a MAC of the vault's key: whoever had
the disk in hands can have changed nothing unnoticed.  It is written last; a disk without one is an
export that was cut.  What the vault took in since then goes over the line as on any night.
"""

import hmac
import json
from dataclasses import dataclass
from datetime import datetime

from baozhang.errors import CorruptObjectError, NewerFormatError, ObjectMissingError, UsageError
from baozhang.keys.slots import KEY_BYTES, derive
from baozhang.vault.mirror import (
    CONTENT,
    FIRST,
    MirrorReceipt,
    catch_up,
    kind_in,
    objects_in,
    space_in,
)
from baozhang.vault.model import Report, silent
from baozhang.vault.names import CONFIG, hash_in, hash_of
from baozhang.vault.pacing import Line
from baozhang.vault.stores.base import ObjectName, Store
from baozhang.vault.vault import Vault

SEAL = ObjectName("seed.json")
"""Beside the vault's own objects, of which it is none."""
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Seal:
    """What a carried disk holds, object by object, sorted by name."""

    vault: str  # id
    at: datetime  # UTC; what was committed later is not on the disk
    objects: tuple[tuple[ObjectName, int, str], ...]  # name, bytes, BLAKE3-256

    @property
    def bytes(self) -> int:
        """Bytes of all objects."""
        return sum(size for _, size, _ in self.objects)


@dataclass(frozen=True, slots=True)
class SeedReceipt:
    """What an export or an import did."""

    seal: Seal | None  # None: an export that was not finished
    copied: MirrorReceipt
    missing: tuple[ObjectName, ...] = ()  # in the seal, and not whole on the disk

    @property
    def complete(self) -> bool:
        """True when everything is where it should be."""
        return self.seal is not None and self.copied.complete and not self.missing


def export_seed(
    vault: Vault, disk: Store, *, at: datetime, workers: int = 1, report: Report = silent
) -> SeedReceipt:
    """Copy a vault to a disk that will be carried, and seal it; run again, it goes on.

    Raises:
        UsageError: the disk is the vault itself, or holds another vault.
        UnreachableError: one of the two does not answer.
    """
    disk.delete(SEAL)  # an old seal would not fit what is added now
    copied = catch_up(vault.store, disk, opened=vault, workers=workers, report=report)
    if not copied.complete:
        return SeedReceipt(None, copied)
    infos = sorted(objects_in(disk), key=lambda info: info.name)
    objects = tuple(
        (info.name, info.size, hash_in(info.name) or hash_of(disk.get(info.name))) for info in infos
    )
    seal = Seal(vault.id, at, objects)
    disk.put(SEAL, encode_seal(vault, seal))
    return SeedReceipt(seal, copied)


def import_seed(
    carried: Vault,
    mirror: Store,
    *,
    line: Line | None = None,
    workers: int = 1,
    report: Report = silent,
) -> SeedReceipt:
    """Take a carried disk into a mirror, each object held against the seal.

    What is on the disk and not in its seal stays there.

    Args:
        carried: the vault on the disk, opened: so its head is known to be the vault's own.
        mirror: where to; empty, or a mirror of the same vault.
        line: at what pace.
        workers: as in `catch_up`.
        report: is told of progress.

    Raises:
        UsageError: the disk has no seal, or mirror or seal are another vault's.
        CorruptObjectError: the seal is damaged or forged; nothing was copied.
        UnreachableError: one of the two does not answer.
    """
    seal = read_seal(carried)
    there = {info.name: info.size for info in objects_in(carried.store)}
    missing = tuple(name for name, size, _ in seal.objects if there.get(name) != size)
    for name, _, digest in seal.objects:  # of all others the name is the hash
        if name == CONFIG and hash_of(carried.store.get(CONFIG)) != digest:
            raise CorruptObjectError("the vault's head was altered", object=CONFIG)
    copied = catch_up(
        carried.store,
        mirror,
        opened=carried,
        line=line,
        workers=workers,
        only=_whole(seal, missing),
        report=report,
    )
    return SeedReceipt(seal, copied, missing)


def _whole(seal: Seal, missing: tuple[ObjectName, ...]) -> frozenset[ObjectName]:
    """Return what may be copied: of a client that lacks something, nothing that names content."""
    hurt = {space_in(name) for name in missing} - {""}
    return frozenset(
        name
        for name, _, _ in seal.objects
        if space_in(name) not in hurt or kind_in(name) in (*FIRST, *CONTENT)
    )


def read_seal(carried: Vault) -> Seal:
    """Return the seal of a carried disk.

    Raises:
        UsageError: there is none, or it is another vault's.
        CorruptObjectError: damaged, or not made by a holder of the vault's key.
        NewerFormatError: written by a newer release.
    """
    try:
        data = carried.store.get(SEAL)
    except ObjectMissingError as error:
        raise UsageError(
            "{url} has no seal: the export to it was not finished, or was none",
            hint="Run `baozhang vault seed export` again; it goes on where it was cut.",
            url=carried.store.url,
        ) from error
    return decode_seal(carried, data)


def encode_seal(vault: Vault, seal: Seal) -> bytes:
    """Return a seal's bytes: a line of canonical JSON, and the line that vouches for it."""
    fields = {
        "format": FORMAT,
        "vault": seal.vault,
        "at": seal.at.isoformat(timespec="seconds"),
        "objects": [list(each) for each in seal.objects],
    }
    line = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    return b"%b\n%b\n" % (line, _mac(vault.root.master, line))


def decode_seal(vault: Vault, data: bytes) -> Seal:
    """Return what a seal says; raises as `read_seal`."""
    line, _, rest = data.partition(b"\n")
    try:
        fields = json.loads(line)
        if fields["vault"] != vault.id:
            raise UsageError(
                "the seal is of another vault",
                hint="Take the disk that this vault was exported to.",
            )
        macs = (_mac(master, line) + b"\n" for master in vault.root.masters)
        if not any(hmac.compare_digest(mac, rest) for mac in macs):
            raise ValueError("not vouched for")
        if fields["format"] != FORMAT:
            raise NewerFormatError(
                "the seal was written by a newer release",
                hint="Install the release that wrote it, or a newer one.",
            )
        objects = tuple((ObjectName(n), int(size), str(h)) for n, size, h in fields["objects"])
        return Seal(vault.id, datetime.fromisoformat(fields["at"]), objects)
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptObjectError(
            "the seal of the carried disk is damaged, or somebody else wrote it",
            hint="Export to an empty disk again, and find out who had this one.",
        ) from error


def _mac(master: bytes, line: bytes) -> bytes:
    key = derive(master, salt=b"", info=b"baozhang/1 seed", length=KEY_BYTES)
    return hmac.new(key, line, "sha256").hexdigest().encode()
