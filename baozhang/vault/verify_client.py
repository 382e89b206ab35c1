"""Verifying one client: its chains, its manifests, its packs, and whom damage hits.

    keys, commits, marks, moves, indexes ─► each opened, each chain whole
    packs                                ─► there in their size; read and opened where asked for
    manifests                            ─► every piece of every file lies in a sound segment
                                            └─► damage: object, snapshots, files

What is forgotten may be missing; what a snapshot still needs never may.
"""

from array import array
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from baozhang.errors import CorruptObjectError, NewerFormatError, ObjectMissingError
from baozhang.vault.client import ClientVault
from baozhang.vault.commit import Commit, breaks, snapshot_id, snapshot_of
from baozhang.vault.index import decode_index
from baozhang.vault.marks import Mark, Marks, decode_mark
from baozhang.vault.marks import all_of as all_marks
from baozhang.vault.model import Damage, DamageKind
from baozhang.vault.moves import Moves, decode_moves
from baozhang.vault.moves import all_of as all_moves
from baozhang.vault.names import SEQUENCE, hash_in, hash_of, is_ours, sequence_in
from baozhang.vault.pack import PackTable, Segment, parse_pack
from baozhang.vault.patches import Patched
from baozhang.vault.sealing import Kind
from baozhang.vault.snapshot import Delta, Manifest, Same, decode
from baozhang.vault.stores.base import ObjectInfo, ObjectName
from baozhang.vault.vault import Vault

WORKERS = 2

Hits = dict[ObjectName, set[bytes]]
"""What cannot be restored, by the object whose fault it is: paths."""


class ClientCheck:
    """Everything of one client; remembers what is damaged until it is known whom that hits.

    Args:
        vault: opened.
        side: the client's part.
        infos: all that lies in the client's namespace.
        reads: tells of which packs every byte is read.
    """

    def __init__(
        self,
        vault: Vault,
        side: ClientVault,
        infos: list[ObjectInfo],
        reads: Callable[[ObjectName], bool],
    ) -> None:
        self._vault, self._side, self._reads = vault, side, reads
        self._sizes = {info.name: info.size for info in infos}
        self._chain: list[tuple[str, Commit]] = []
        self._moves, self._marks = Moves(), Marks()
        self._bad: dict[ObjectName, DamageKind] = {}
        self._bad_segments: dict[ObjectName, set[int]] = {}  # of packs that open at all
        self._plain: dict[ObjectName, array[int]] = {}  # bytes of each segment of packs that open
        self._bases: dict[ObjectName, ObjectName] = {}  # a manifest, and what it is told by
        self._hits: dict[ObjectName, Hits] = {}  # of full and delta manifests
        self._needed: set[ObjectName] = set()  # packs in which pieces lie
        self.objects = self.bytes = self.unreferenced = 0

    def run(self, tell: Callable[[int], None]) -> None:
        """Check everything; `tell` hears of the bytes of packs that were read so far."""
        for name in self._in("keys/"):
            self._checked(name, self._vault.client_key)
        for name in self._in("commit/"):
            self._checked(name, lambda name: self._chain.append(self._side.commit(name)))
        self._chain.sort(key=lambda pair: (pair[1].set, pair[1].sequence, pair[0]))
        self._read_moves_and_marks()
        for name in self._in("index/"):
            self._checked(name, lambda name: decode_index(self._side.read(Kind.INDEX, name)))
        self._check_chains()
        self._check_packs(tell)
        self._check_named()
        manifests = {name: self._decoded(name) for name in self._in("snap/")}
        self._check_manifests(manifests)
        self._forgive()
        self._count_unreferenced()

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

    def _read_moves_and_marks(self) -> None:
        moves: list[Moves] = []
        marks: list[tuple[ObjectName, Mark]] = []
        read = self._side.read
        for name in self._in("moves/"):
            self._checked(name, lambda name: moves.append(decode_moves(read(Kind.MOVES, name))))
        for name in self._in("marks/"):
            self._checked(
                name, lambda name: marks.append((name, decode_mark(read(Kind.MARK, name))))
            )
        self._moves, self._marks = all_moves(moves), all_marks(marks)
        for digest in self._marks.gaps():
            if not any(hash_in(name) == digest for name in self._bad):
                self._bad[ObjectName(f"{self._side.space.prefix}marks/{digest}")] = "missing"

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

    def _check_named(self) -> None:
        """Whatever a commit names must be there, a pack in its size; unless it may go."""
        dropped = self._marks.dropped
        for digest, commit in self._chain:
            forgotten = digest in self._marks.forgotten
            for name in map(ObjectName, commit.indexes):
                if name not in dropped:
                    self._require(self._moves.object(name))
            if not forgotten or ObjectName(commit.manifest) not in dropped:
                self._require(self._moves.object(ObjectName(commit.manifest)))
            for pack, size in commit.packs:
                name = self._side.space.pack(pack)
                if name not in dropped and self._require(name) and self._sizes[name] != size:
                    self._bad[name] = "damaged"

    def _require(self, name: ObjectName) -> bool:
        if name not in self._sizes:
            self._bad[name] = "missing"
        return name in self._sizes

    # --- packs -----------------------------------------------------------------------------------

    def _check_packs(self, tell: Callable[[int], None]) -> None:
        packs, read = self._in("packs/"), 0
        chosen = [name for name in packs if self._reads(name)]
        for name in packs:
            self._count(self._sizes[name])
        with ThreadPoolExecutor(WORKERS, "verify") as workers:
            for size in workers.map(self._check_pack, chosen):
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
        if closed := {s.number for s in table.segments if not _opens(table, s, view)}:
            self._bad[name] = "damaged"
            self._bad_segments[name] = closed
        self._plain[name] = array("I", (segment.plain for segment in table.segments))
        return len(data)

    # --- manifests, and whom damage hits ---------------------------------------------------------

    def _decoded(self, name: ObjectName) -> Manifest | Delta | Same | None:
        found: list[Manifest | Delta | Same] = []
        self._checked(name, lambda n: found.append(decode(self._side.read(Kind.MANIFEST, n))))
        return found[0] if found else None

    def _check_manifests(self, manifests: dict[ObjectName, Manifest | Delta | Same | None]) -> None:
        """Whole ones first: what tells of another knows then what that one's fault is."""
        deltas: dict[ObjectName, Delta] = {}
        for name, content in manifests.items():
            if isinstance(content, Manifest):
                self._hits[name] = self._hit(content, name)
            elif isinstance(content, Same):
                self._stand(name, content.base)
            elif content is not None:
                self._stand(name, content.base)
                deltas[name] = content
        for name, delta in deltas.items():
            base = manifests.get(self._bases[name])
            if isinstance(base, Manifest) and not _proves(delta, base):
                self._bad[name] = "damaged"
            replaced = {*delta.gone, *delta.rows.paths}
            hits = self._hit(delta.rows, name)
            for bad, paths in self._hits.get(self._moves.object(delta.base), {}).items():
                hits.setdefault(bad, set()).update(paths - replaced)
            self._hits[name] = {bad: paths for bad, paths in hits.items() if paths}

    def _stand(self, name: ObjectName, base: ObjectName) -> None:
        self._bases[name] = base = self._moves.object(base)
        if base not in self._marks.dropped:
            self._require(base)

    def _hit(self, manifest: Manifest, name: ObjectName) -> Hits:
        """Return what a manifest's own rows cannot give back, and the object whose fault it is."""
        packs = [self._side.space.pack(pack.hex()) for pack in manifest.packs]
        hits: Hits = {}
        if not self._is_whole(manifest, packs):
            for path, bad in self._broken(manifest, packs, name):
                hits.setdefault(bad, set()).add(path)
        if name in hits:
            self._bad[name] = "damaged"
        return hits

    def _is_whole(self, manifest: Manifest, packs: list[ObjectName]) -> bool:
        """Tell, without making rows, whether all pieces lie in sound segments."""
        moved = not self._moves.segments.keys().isdisjoint(manifest.packs)
        if moved or any(pack in self._bad or pack not in self._sizes for pack in packs):
            return False
        self._needed.update(packs)
        plain, m = [self._plain.get(pack) for pack in packs], manifest
        if not any(plain):
            return True
        columns = (m.piece_packs, m.piece_segments, m.piece_offsets, m.piece_lengths)
        return all(
            (segments := plain[pack]) is None
            or (segment < len(segments) and offset + length <= segments[segment])
            for pack, segment, offset, length in zip(*columns, strict=True)
        )

    def _broken(
        self, manifest: Manifest, packs: list[ObjectName], name: ObjectName
    ) -> Iterator[tuple[bytes, ObjectName]]:
        """Yield each path that cannot be restored and the object whose fault it is."""
        for row in manifest.rows():
            for piece in row.pieces:
                pack, segment = packs[piece.pack], piece.segment
                if manifest.packs[piece.pack] in self._moves.segments:
                    place, segment = self._moves.place(manifest.packs[piece.pack], segment)
                    pack = self._side.space.pack(place.hex())
                self._needed.add(pack)
                if pack not in self._sizes:
                    self._bad.setdefault(pack, "missing")
                segments, plain = self._bad_segments.get(pack), self._plain.get(pack)
                if pack in self._bad and (not segments or segment in segments):
                    yield row.item.path, pack
                elif plain is not None and (
                    segment >= len(plain) or piece.offset + piece.length > plain[segment]
                ):
                    yield row.item.path, name

    def _forgive(self) -> None:
        """What may go and is gone is no damage, unless a snapshot that is kept needs it."""
        needed = set[ObjectName]()
        for digest, commit in self._chain:
            if digest not in self._marks.forgotten:
                manifest = ObjectName(commit.manifest)
                needed.update(self._stands_on(manifest), self._hits_of(manifest))
        for name in [n for n, what in self._bad.items() if what == "missing"]:
            if name in self._marks.dropped and name not in needed:
                del self._bad[name]

    def _stands_on(self, manifest: ObjectName) -> list[ObjectName]:
        """Return the manifest's object and those it is told by, the nearest first."""
        found = [self._moves.object(manifest)]
        while found[-1] in self._bases and len(found) < 4:
            found.append(self._bases[found[-1]])
        return found

    def _count_unreferenced(self) -> None:
        kept = {ObjectName(name) for _, c in self._chain for name in (c.manifest, *c.indexes)}
        kept |= {self._side.space.pack(digest) for _, c in self._chain for digest, _ in c.packs}
        kept |= {self._moves.object(name) for name in kept}
        kept |= self._needed | set(self._bases.values()) | set(self._bad)
        prefix = self._side.space.prefix
        own = tuple(prefix + kind for kind in ("keys/", "commit/", "moves/", "marks/", "shredded/"))
        self.unreferenced = sum(n not in kept and not n.startswith(own) for n in self._sizes)

    def damages(self) -> list[Damage]:
        """Return the damage with the snapshots and files that it hits."""
        snapshots = {name: set[str]() for name in self._bad}
        files = {name: set[bytes]() for name in self._bad}
        for digest, commit in self._chain if self._bad else ():
            own = self._side.space.commit(
                self._side.set_pseudonym(commit.set), commit.sequence, digest
            )
            hit = self._hits_of(ObjectName(commit.manifest))
            objects = {own, *self._stands_on(ObjectName(commit.manifest)), *hit}
            objects |= {self._moves.object(ObjectName(name)) for name in commit.indexes}
            if digest in self._marks.forgotten:
                objects = {own}
            for name in objects & set(files):
                snapshots[name].add(snapshot_of(commit, digest).id)
                files[name] |= hit.get(name, set())
        for name in self._bad:
            if "/commit/" in name and sequence_in(name):
                snapshots[name] |= self._snapshot_at(name)
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

    def _snapshot_at(self, name: ObjectName) -> set[str]:
        """Return the id of the snapshot whose commit has this name, as far as its set is known."""
        sets = {commit.set for _, commit in self._chain} | {"main"}
        own = {self._side.set_pseudonym(one): one for one in sets}.get(name.split("/")[3])
        return {snapshot_id(own, sequence_in(name), hash_in(name))} if own else set()

    def _hits_of(self, manifest: ObjectName) -> Hits:
        """Return what a snapshot cannot give back: a delta's hits hold those of its base."""
        for name in self._stands_on(manifest):
            if name in self._hits:
                return self._hits[name]
        return {}


def _proves(delta: Delta, base: Manifest) -> bool:
    """Tell whether every proof of a delta comes out as it was."""
    proofs = Patched(delta.proofs, base.proofs, delta.base)
    with suppress(CorruptObjectError):
        deque(proofs.values(), 0)
        return True
    return False


def _opens(table: PackTable, segment: Segment, data: memoryview) -> bool:
    with suppress(CorruptObjectError):
        table.check(segment, data[segment.offset : segment.offset + segment.length])
        return True
    return False
