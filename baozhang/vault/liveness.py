"""Liveness: which objects of a client the snapshots that are kept still need.

    commits that are kept ─► their manifests ─► pieces ─► moves ─► segments ─► packs
                                                                      └─► indexes that name them

Segments are counted, not extents: they are what repacking can take apart.  A manifest that no
commit names yet belongs to a backup that is about to commit, and needs what it names as well.

`baozhang.vault.liveness_check` works the same out by other means; what both agree on may go.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from baozhang.errors import CorruptObjectError
from baozhang.vault.client import ClientVault
from baozhang.vault.evidence import Evidence, orphaned_manifests
from baozhang.vault.index import decode_index
from baozhang.vault.names import is_ours
from baozhang.vault.sealing import Kind
from baozhang.vault.snapshot import Manifest
from baozhang.vault.stores.base import ObjectName

KINDS = ("packs/", "index/", "snap/")
"""What may become unneeded; keys, commits, moves and marks stay."""


@dataclass(frozen=True, slots=True)
class Live:
    """What is needed."""

    objects: frozenset[ObjectName]  # manifests, packs and indexes
    segments: Mapping[bytes, Mapping[int, int]]
    """By the pack in which they lie now; as many bytes of each, before compression, as reach from
    its beginning to the end of what is needed of it."""

    @property
    def size(self) -> int:
        """Bytes of the segments that are needed, before compression."""
        return sum(sum(sizes.values()) for sizes in self.segments.values())


def live_now(
    found: Evidence, gone: Collection[str] = (), ripe: Collection[ObjectName] = ()
) -> Live:
    """Return what the snapshots that stay need, and the backups that run.

    Args:
        found: the client.
        gone: hashes of commits that are about to be forgotten as well.
        ripe: manifests without a commit that are leftovers for certain.

    Raises as `live` does.
    """
    roots = [ObjectName(commit.manifest) for digest, commit in found.kept if digest not in gone]
    roots += sorted(orphaned_manifests(found) - set(ripe))
    return live(found.side, roots, found.sizes)


def live(
    side: ClientVault,
    roots: Iterable[ObjectName],
    there: Collection[ObjectName],
) -> Live:
    """Return what these manifests need.

    Args:
        side: the client's part, opened for this: moves are those of now.
        roots: manifests of the snapshots that are kept, and of backups about to commit.
        there: every object of the client that the store lists.

    Raises:
        CorruptObjectError: a manifest or index is damaged; then nothing is known.
        ObjectMissingError: a manifest is not there.
    """
    manifests: set[ObjectName] = set()
    named: dict[tuple[bytes, int], int] = {}
    for root in dict.fromkeys(roots):
        names, manifest = side.resolved(root)
        manifests |= {side.moves.object(name) for name in names}
        _add_places(named, manifest)
    needed: dict[bytes, dict[int, int]] = {}
    for place, size in named.items():
        pack, segment = side.moves.place(*place)
        sizes = needed.setdefault(pack, {})
        sizes[segment] = max(size, sizes.get(segment, 0))
    packs = {side.space.pack(pack.hex()) for pack in needed}
    indexes = _indexes(side, packs, there)
    return Live(frozenset(manifests | packs | indexes), needed)


def _add_places(named: dict[tuple[bytes, int], int], manifest: Manifest) -> None:
    """Note every segment that a manifest names, and how far into it the pieces reach."""
    m, rows = manifest, dict[tuple[int, int], int]()
    for pack, segment, offset, length in zip(
        m.piece_packs, m.piece_segments, m.piece_offsets, m.piece_lengths, strict=True
    ):
        if offset + length > rows.get((pack, segment), -1):
            rows[pack, segment] = offset + length
    for (pack, segment), size in rows.items():
        place = manifest.packs[pack], segment
        named[place] = max(size, named.get(place, 0))


def _indexes(
    side: ClientVault, packs: set[ObjectName], there: Collection[ObjectName]
) -> set[ObjectName]:
    """Return the indexes that help to find an extent in a pack that is needed."""
    prefix = f"{side.space.prefix}index/"
    found = set()
    for name in there:
        if name.startswith(prefix) and is_ours(name):
            extents = decode_index(side.read(Kind.INDEX, name)).values()
            if _holders(side, {extent.pack for extent in extents}) & packs:
                found.add(name)
    return found


def _holders(side: ClientVault, packs: set[bytes]) -> set[ObjectName]:
    now = packs | {holder for pack in packs for holder in side.moves.holders(pack)}
    return {side.space.pack(pack.hex()) for pack in now}


def candidates(side: ClientVault, there: Iterable[ObjectName]) -> set[ObjectName]:
    """Return those of a client's objects that may go once nothing needs them."""
    prefixes = tuple(side.space.prefix + kind for kind in KINDS)
    return {name for name in there if name.startswith(prefixes) and is_ours(name)}


def require_there(side: ClientVault, needed: Live, there: Collection[ObjectName]) -> None:
    """Absence is no evidence: where something needed is not listed, nothing is known.

    Raises:
        CorruptObjectError: an object that is needed is not listed.
    """
    lacking = sorted(needed.objects - set(there))
    if lacking:
        raise CorruptObjectError(
            "client {client} lacks {count} objects that its snapshots need, as {object}",
            hint="Run `baozhang vault repair` with a mirror; nothing is deleted until then.",
            client=side.client,
            count=len(lacking),
            object=lacking[0],
        )
