"""Verifying: every object against the hash in its name, every chain, every seal.

Without reading all data: the head, slots, keys, commits, manifests and indexes are opened, and
every pack must be there in its full size.  With it, every byte is read, every segment opened and
decompressed.  What is damaged is named with the snapshots and files that it hits.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from baozhang.errors import BaozhangError, CorruptObjectError, ObjectMissingError
from baozhang.keys.slots import parse_slot
from baozhang.vault.commit import Commit, breaks, decode_commit, snapshot_of
from baozhang.vault.index import decode_index
from baozhang.vault.model import Damage, DamageKind, Progress, Report, VerifyReport, silent
from baozhang.vault.names import CLIENTS, CONFIG, SLOTS, hash_in, hash_of
from baozhang.vault.pack import PackTable, parse_pack
from baozhang.vault.sealing import HEADER, Kind, epoch_of
from baozhang.vault.snapshot import Manifest, decode
from baozhang.vault.stores.base import ObjectInfo, ObjectName
from baozhang.vault.vault import ClientVault, Vault

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
        clients: only these; None means all, and the vault's own objects.
        report: is told of progress in bytes.

    Raises:
        StoreUnreachableError: the store did not answer; nothing is known then.
    """
    tally = _Tally()
    if clients is None:
        _verify_own(vault, tally)
        sides = list(_sides(vault, tally))
    else:
        sides = [vault.client(client) for client in clients]
    listings = {side.client: list(vault.store.list(side.space.prefix)) for side in sides}
    total = sum(info.size for infos in listings.values() for info in infos)
    done = 0
    for side in sides:
        work = _ClientCheck(side, listings[side.client], every_byte=every_byte)

        def tell(read: int, before: int = done) -> None:
            report(Progress("verifying", before + read, total))

        work.run(tell)
        done += sum(info.size for info in listings[side.client])
        _add(tally, work)
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


def _verify_own(vault: Vault, tally: _Tally) -> None:
    """Check the head and the key slots."""
    head = vault.store.get(CONFIG)
    tally.count(len(head))
    try:
        vault.check_head(head)
    except CorruptObjectError:
        tally.damage(CONFIG, "damaged", None)
    slots = 0
    for name, slot in vault.slots():
        tally.count(len(slot))
        slots += 1
        try:
            sound = hash_of(slot) == hash_in(name) and parse_slot(slot)["vault"] == vault.id
        except (CorruptObjectError, KeyError):
            sound = False
        if not sound:
            tally.damage(name, "damaged", None)
    if not slots:
        tally.damage(SLOTS, "missing", None)


def _sides(vault: Vault, tally: _Tally) -> Iterator[ClientVault]:
    """Open every client; one whose key object is damaged is reported and left out."""
    spaces: dict[str, list[ObjectName]] = {}
    for info in vault.store.list(CLIENTS):
        parts = info.name.split("/")
        keys = spaces.setdefault(parts[1], [])
        if parts[2] == "keys":
            keys.append(info.name)
    names = _readable(vault, [name for keys in spaces.values() for name in keys], tally)
    for space, keys in spaces.items():
        clients = {names[key] for key in keys if key in names}
        if not keys:
            tally.damage(f"{CLIENTS}{space}/keys/", "missing", None)
        for client in clients:
            yield vault.client(client)


def _readable(vault: Vault, keys: list[ObjectName], tally: _Tally) -> dict[ObjectName, str]:
    """Return the client that each sound key object names."""
    found: dict[ObjectName, str] = {}
    for name in keys:
        try:
            sealed = vault.store.get(name)
            if hash_of(sealed) != hash_in(name):
                raise CorruptObjectError("a client's key is damaged")
            found[name] = vault.client_of_key(name)
        except CorruptObjectError:
            tally.damage(name, "damaged", None)
    return found


class _ClientCheck:
    """Everything of one client; remembers what is damaged until it is known whom that hits."""

    def __init__(self, side: ClientVault, infos: list[ObjectInfo], *, every_byte: bool) -> None:
        self._side, self._every_byte = side, every_byte
        self._sizes = {info.name: info.size for info in infos}
        self._chain: list[tuple[str, Commit]] = []
        self._bad: dict[ObjectName, DamageKind] = {}  # object to what is wrong with it
        self._bad_segments: dict[
            ObjectName, set[int] | None
        ] = {}  # pack to segments; None means all
        self._commit_of: dict[str, ObjectName] = {}  # commit's hash to its object
        self.objects = self.bytes = self.unreferenced = 0

    def run(self, tell: Callable[[int], None]) -> None:
        prefix = self._side.space.prefix
        for name in self._in(f"{prefix}keys/"):
            self._checked(name, None)
        for name in self._in(f"{prefix}commit/"):
            self._checked(name, self._add_commit)
        self._chain.sort(key=lambda pair: (pair[1].set, pair[1].sequence, pair[0]))
        self._check_chains()
        self._check_named()
        for name in self._in(f"{prefix}index/"):
            self._checked(name, lambda _, plain: decode_index(plain), Kind.INDEX)
        for name in self._in(f"{prefix}snap/"):
            self._checked(name, None, Kind.MANIFEST)
        self._check_packs(tell)

    def _in(self, folder: str) -> list[ObjectName]:
        return [name for name in self._sizes if name.startswith(folder)]

    def _checked(
        self,
        name: ObjectName,
        use: Callable[[ObjectName, bytes], object] | None,
        kind: Kind | None = None,
    ) -> None:
        """Read one small object, hold it against its name, open it, and use its plaintext."""
        data = self._side.store.get(name)
        self._count(len(data))
        try:
            if hash_of(data) != hash_in(name):
                raise CorruptObjectError("an object is not what its name says")
            if "/keys/" in name:
                return
            plain = self._side.open(kind or Kind.COMMIT, data)
            if use is not None:
                use(name, plain)
        except CorruptObjectError:
            self._bad[name] = "damaged"

    def _count(self, size: int) -> None:
        self.objects += 1
        self.bytes += size

    def _add_commit(self, name: ObjectName, plain: bytes) -> None:
        digest = hash_in(name) or ""
        self._chain.append((digest, decode_commit(plain)))
        self._commit_of[digest] = name

    def _check_chains(self) -> None:
        for set_name in sorted({commit.set for _, commit in self._chain}):
            chain = [pair for pair in self._chain if pair[1].set == set_name]
            folder = f"{self._side.space.prefix}commit/{self._side.set_pseudonym(set_name)}"
            for digest, sequence, what in breaks(chain):
                self._bad.setdefault(ObjectName(f"{folder}/{sequence:010d}-{digest}"), what)

    def _check_named(self) -> None:
        """Whatever a commit names must be there, in its size; the rest is nobody's."""
        space, named = self._side.space, set[ObjectName]()
        for _, commit in self._chain:
            named |= {ObjectName(name) for name in (commit.manifest, *commit.indexes)}
            for digest, size in commit.packs:
                name = space.pack(digest)
                named.add(name)
                if self._sizes.get(name, size) != size:
                    self._bad[name] = "damaged"
                    self._bad_segments[name] = None
        for name in sorted(named - set(self._sizes)):
            self._bad[name] = "missing"
            self._bad_segments[name] = None
        kept = named | set(self._commit_of.values()) | set(self._bad)
        keys = f"{space.prefix}keys/"
        self.unreferenced = sum(n not in kept and not n.startswith(keys) for n in self._sizes)

    # --- packs -----------------------------------------------------------------------------------

    def _check_packs(self, tell: Callable[[int], None]) -> None:
        packs = self._in(f"{self._side.space.prefix}packs/")
        if not self._every_byte:
            for name in packs:
                self._count(self._sizes[name])
            return
        read = 0
        with ThreadPoolExecutor(WORKERS, "verify") as workers:
            for size in workers.map(self._check_pack, packs):
                self._count(size)
                read += size
                tell(read)

    def _check_pack(self, name: ObjectName) -> int:
        try:
            data = self._side.store.get(name)
        except ObjectMissingError:
            data = b""
        bad = self._bad_in(data)
        if hash_of(data) != hash_in(name) or bad is None or bad:
            self._bad[name] = "damaged"
            self._bad_segments[name] = bad or None
        return len(data)

    def _bad_in(self, data: bytes) -> set[int] | None:
        """Return the numbers of the segments that do not open; None when none can be told."""
        try:
            epoch = epoch_of(data[: HEADER.size])
            table = parse_pack(data, self._side.keys[epoch], self._side.place(Kind.PACK, epoch))
        except (BaozhangError, KeyError):
            return None
        view = memoryview(data)
        return {s.number for s in table.segments if not _opens(table, s.number, view)}

    # --- whom it hits ----------------------------------------------------------------------------

    def damages(self) -> list[Damage]:
        """Return the damage with the snapshots and files that it hits."""
        if not self._bad:
            return []
        hits = {name: (set[str](), set[bytes]()) for name in self._bad}
        for digest, commit in self._chain:
            snapshot = snapshot_of(commit, digest).id
            for name, files in self._hit_by(digest, commit):
                hits[name][0].add(snapshot)
                hits[name][1].update(files)
        return [
            Damage(
                object=name,
                kind=kind,
                client=self._side.client,
                snapshots=tuple(sorted(hits[name][0])),
                files=tuple(sorted(hits[name][1])),
            )
            for name, kind in sorted(self._bad.items())
        ]

    def _hit_by(self, digest: str, commit: Commit) -> Iterator[tuple[ObjectName, set[bytes]]]:
        own = (self._commit_of[digest], *(ObjectName(name) for name in commit.indexes))
        yield from ((name, set[bytes]()) for name in own if name in self._bad)
        try:
            _, manifest = self._side.full_manifest(ObjectName(commit.manifest))
        except (CorruptObjectError, ObjectMissingError):
            bad = self._manifests_of(ObjectName(commit.manifest)) & set(self._bad)
            yield from ((name, set[bytes]()) for name in bad)
            return
        yield from self._files_hit(manifest)

    def _manifests_of(self, name: ObjectName) -> set[ObjectName]:
        """Return a manifest's name and, where it can be read, that of the one it repeats."""
        try:
            content = decode(self._side.read(Kind.MANIFEST, name))
        except (CorruptObjectError, ObjectMissingError):
            return {name}
        return {name, ObjectName(content)} if isinstance(content, str) else {name}

    def _files_hit(self, manifest: Manifest) -> Iterator[tuple[ObjectName, set[bytes]]]:
        bad_rows = {
            row: (name, self._bad_segments[name])
            for row, pack in enumerate(manifest.packs)
            if (name := self._side.space.pack(pack.hex())) in self._bad_segments
        }
        if not bad_rows:
            return
        for row in manifest.rows():
            for piece in row.pieces:
                if piece.pack in bad_rows:
                    name, segments = bad_rows[piece.pack]
                    if segments is None or piece.segment in segments:
                        yield name, {row.item.path}


def _opens(table: PackTable, number: int, data: memoryview) -> bool:
    segment = table.segments[number]
    try:
        table.open(segment, data[segment.offset : segment.offset + segment.length])
    except CorruptObjectError:
        return False
    return True
