"""Verifying: every object against the hash in its name, every chain, every seal.

Without reading all data: the head, slots, keys, commits, manifests and indexes are opened, and
every pack that a commit or a manifest names must be there.  With it, every byte is read, every
segment opened and decompressed, and every piece of every file must lie within one.  What is damaged
is named with the snapshots and files that it hits.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from baozhang.errors import (
    CorruptObjectError,
    NewerFormatError,
    ObjectMissingError,
    StoreUnreachableError,
)
from baozhang.keys.slots import parse_slot
from baozhang.vault.client import ClientVault
from baozhang.vault.commit import Commit, breaks, snapshot_of
from baozhang.vault.index import decode_index
from baozhang.vault.listing import settled
from baozhang.vault.model import Damage, DamageKind, Progress, Report, VerifyReport, silent
from baozhang.vault.names import (
    CLIENTS,
    CONFIG,
    SEQUENCE,
    SLOTS,
    hash_in,
    hash_of,
    is_ours,
    sequence_in,
)
from baozhang.vault.pack import PackTable, parse_pack
from baozhang.vault.sealing import Kind
from baozhang.vault.snapshot import Manifest, decode
from baozhang.vault.stores.base import ObjectInfo, ObjectName
from baozhang.vault.vault import Vault

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
    report: Report = silent,
) -> VerifyReport:
    """Hold a vault's objects against their hashes and seals.

    Args:
        vault: opened.
        every_byte: read and open all content, not only what describes it.
        clients: only these, and the vault's own objects; None means all.
        report: is told of progress in bytes.

    Raises:
        UsageError: the vault holds nothing of one of the clients.
        StoreUnreachableError: the store did not answer, or is gone; nothing is known then.
    """
    tally = _Tally()
    if clients is None:
        sides = list(_sides(vault, tally))
    else:
        sides = [vault.client(client) for client in clients]
    there = _verify_own(vault, tally)
    listings = [settled(vault.store, side.space.prefix) for side in sides]
    total, done = sum(info.size for infos in listings for info in infos), 0
    for side, infos in zip(sides, listings, strict=True):
        work = _ClientCheck(vault, side, infos, every_byte=every_byte)

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


def _add(tally: _Tally, work: "_ClientCheck") -> None:
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
    for info in vault.store.list(CLIENTS):
        spaces.setdefault(f"{CLIENTS}{info.name.split('/')[1]}/keys/", set())
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


class _ClientCheck:
    """Everything of one client; remembers what is damaged until it is known whom that hits."""

    def __init__(
        self, vault: Vault, side: ClientVault, infos: list[ObjectInfo], *, every_byte: bool
    ) -> None:
        self._vault, self._side, self._every_byte = vault, side, every_byte
        self._sizes = {info.name: info.size for info in infos}
        self._chain: list[tuple[str, Commit]] = []
        self._bad: dict[ObjectName, DamageKind] = {}
        self._bad_segments: dict[ObjectName, set[int]] = {}  # of packs that open at all
        self._plain: dict[ObjectName, array[int]] = {}  # bytes of each segment of sound packs
        self._full: dict[ObjectName, ObjectName] = {}  # manifest to the full one that it repeats
        self._files: dict[
            ObjectName, dict[ObjectName, set[bytes]]
        ] = {}  # full manifest: bad: paths
        self.objects = self.bytes = self.unreferenced = 0

    def run(self, tell: Callable[[int], None]) -> None:
        prefix = self._side.space.prefix
        for name in self._in("keys/"):
            self._checked(name, self._vault.client_key)
        for name in self._in("commit/"):
            self._checked(name, lambda name: self._chain.append(self._side.commit(name)))
        self._chain.sort(key=lambda pair: (pair[1].set, pair[1].sequence, pair[0]))
        for name in self._in("index/"):
            self._checked(name, lambda name: decode_index(self._side.read(Kind.INDEX, name)))
        self._check_chains()
        self._check_named()
        self._check_packs(tell)
        for name in self._in("snap/"):
            self._checked(name, self._check_manifest)
        kept = {commit.manifest for _, commit in self._chain} | self._named() | set(self._bad)
        kept |= set(self._full.values())
        own = (f"{prefix}keys/", f"{prefix}commit/")
        self.unreferenced = sum(n not in kept and not n.startswith(own) for n in self._sizes)

    def _in(self, folder: str) -> list[ObjectName]:
        """Return the objects below a folder whose names are ours."""
        below = self._side.space.prefix + folder
        return [name for name in self._sizes if name.startswith(below) and is_ours(name)]

    def _checked(self, name: ObjectName, check: Callable[[ObjectName], object]) -> None:
        self._count(self._sizes[name])
        try:
            check(name)
        except CorruptObjectError:
            self._bad[name] = "damaged"
        except ObjectMissingError:
            self._bad[name] = "missing"

    def _count(self, size: int) -> None:
        self.objects += 1
        self.bytes += size

    def _check_chains(self) -> None:
        """No commit may be missing that a later one, or a later one's manifest, came after."""
        space = self._side.space
        for set_name in sorted({commit.set for _, commit in self._chain}):
            chain = [pair for pair in self._chain if pair[1].set == set_name]
            folder = self._side.set_pseudonym(set_name)
            for digest, sequence, what in breaks(chain):
                self._bad.setdefault(space.commit(folder, sequence, digest), what)
        newest = {name.rsplit("/", 1)[0]: sequence_in(name) for name in self._in("commit/")}
        for name in self._in("snap/"):
            folder, before = name.rsplit("/", 1)[0].replace("/snap/", "/commit/"), sequence_in(name)
            if newest.get(folder, 0) < before - 1:
                lost = ObjectName(f"{folder}/{before - 1:0{SEQUENCE}d}")
                self._bad.setdefault(lost, "missing")

    def _named(self) -> set[ObjectName]:
        """Return the packs and indexes that commits name."""
        packs = {self._side.space.pack(digest) for _, c in self._chain for digest, _ in c.packs}
        return packs | {ObjectName(name) for _, c in self._chain for name in c.indexes}

    def _check_named(self) -> None:
        """Whatever a commit names must be there, a pack in its size."""
        for _, commit in self._chain:
            for name in (commit.manifest, *commit.indexes):
                self._require(ObjectName(name))
            for digest, size in commit.packs:
                name = self._side.space.pack(digest)
                if self._require(name) and self._sizes[name] != size:
                    self._bad[name] = "damaged"

    def _require(self, name: ObjectName) -> bool:
        if name not in self._sizes:
            self._bad[name] = "missing"
        return name in self._sizes

    # --- packs -----------------------------------------------------------------------------------

    def _check_packs(self, tell: Callable[[int], None]) -> None:
        packs, read = self._in("packs/"), 0
        if not self._every_byte:
            for name in packs:
                self._count(self._sizes[name])
            return
        with ThreadPoolExecutor(WORKERS, "verify") as workers:
            for name, size in zip(packs, workers.map(self._check_pack, packs), strict=True):
                self._count(self._sizes[name])
                read += size
                tell(read)

    def _check_pack(self, name: ObjectName) -> int:
        try:
            data = self._side.store.get(name)
        except ObjectMissingError:
            self._bad[name] = "missing"
            return 0
        if hash_of(data) != hash_in(name):
            self._bad[name] = "damaged"
        try:
            table = parse_pack(data, self._side.seal_of(Kind.PACK, data))
        except (CorruptObjectError, NewerFormatError):
            self._bad[name] = "damaged"
            return len(data)
        view = memoryview(data)
        if closed := {s.number for s in table.segments if not _opens(table, s.number, view)}:
            self._bad[name] = "damaged"
            self._bad_segments[name] = closed
        self._plain[name] = array("I", (segment.plain for segment in table.segments))
        return len(data)

    # --- manifests, and whom damage hits ---------------------------------------------------------

    def _check_manifest(self, name: ObjectName) -> None:
        content = decode(self._side.read(Kind.MANIFEST, name))
        if isinstance(content, str):
            self._full[name] = base = ObjectName(content)
            self._require(base)
            return
        packs = [self._side.space.pack(pack.hex()) for pack in content.packs]
        for pack in packs:
            self._require(pack)
        files: dict[ObjectName, set[bytes]] = {}
        if not self._is_whole(content, packs):
            for path, bad in self._hit(content, packs, name):
                files.setdefault(bad, set()).add(path)
        if name in files:
            self._bad[name] = "damaged"
        self._files[name] = files

    def _is_whole(self, manifest: Manifest, packs: list[ObjectName]) -> bool:
        """Tell, without making rows, whether all pieces lie in sound segments."""
        if any(pack in self._bad for pack in packs):
            return False
        if not self._every_byte:
            return True
        plain, m = [self._plain[pack] for pack in packs], manifest
        columns = (m.piece_packs, m.piece_segments, m.piece_offsets, m.piece_lengths)
        return all(
            segment < len(plain[pack]) and offset + length <= plain[pack][segment]
            for pack, segment, offset, length in zip(*columns, strict=True)
        )

    def _hit(
        self, manifest: Manifest, packs: list[ObjectName], name: ObjectName
    ) -> Iterator[tuple[bytes, ObjectName]]:
        """Yield each path that cannot be restored and the object whose fault it is."""
        for row in manifest.rows():
            for piece in row.pieces:
                pack = packs[piece.pack]
                segments, plain = self._bad_segments.get(pack), self._plain.get(pack)
                if pack in self._bad and (not segments or piece.segment in segments):
                    yield row.item.path, pack
                elif plain is not None and (
                    piece.segment >= len(plain)
                    or piece.offset + piece.length > plain[piece.segment]
                ):
                    yield row.item.path, name

    def damages(self) -> list[Damage]:
        """Return the damage with the snapshots and files that it hits."""
        snapshots = {name: set[str]() for name in self._bad}
        files = {name: set[bytes]() for name in self._bad}
        for digest, commit in self._chain if self._bad else ():
            manifest = ObjectName(commit.manifest)
            full = self._full.get(manifest, manifest)
            hit = self._files.get(full, {})
            own = self._side.space.commit(
                self._side.set_pseudonym(commit.set), commit.sequence, digest
            )
            for name in {own, manifest, full, *map(ObjectName, commit.indexes), *hit} & set(files):
                snapshots[name].add(snapshot_of(commit, digest).id)
                files[name] |= hit.get(name, set())
        return [
            Damage(
                object=name,
                kind=kind,
                client=self._side.client,
                snapshots=tuple(sorted(snapshots[name])),
                files=tuple(sorted(files[name])),
            )
            for name, kind in sorted(self._bad.items())
        ]


def _opens(table: PackTable, number: int, data: memoryview) -> bool:
    segment = table.segments[number]
    try:
        table.open(segment, data[segment.offset : segment.offset + segment.length])
    except CorruptObjectError:
        return False
    return True
