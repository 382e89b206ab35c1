"""Moves: where stored content lies now that a later run has put it elsewhere.

Manifests are written once and name packs and segments for ever.  Repacking, recompressing and
re-encryption put segments into new packs; a *move* says where each segment of an old pack went, and
which object took the place of another.  A segment keeps its plaintext, so offsets within it hold.

    manifest ─► (old pack, segment) ─► moves ─► (new pack, segment)

Performs no I/O.  Normative: docs/format.md, "Moves".
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any

from baozhang.errors import CorruptObjectError
from baozhang.vault.columns import Column, decode_columns, encode_columns
from baozhang.vault.snapshot import Manifest
from baozhang.vault.stores.base import ObjectName

NOWHERE = 0xFFFFFFFF
"""The new segment of one that nothing needed any more when its pack was rewritten."""

Place = tuple[bytes, int]
"""BLAKE3-256 of a pack and the number of a segment in it."""


@dataclass(slots=True)
class Moves:
    """What one run, or all runs together, moved."""

    segments: dict[bytes, Sequence[Place]] = field(default_factory=dict)
    """Old pack to the place of each of its segments, by number."""
    objects: dict[ObjectName, ObjectName] = field(default_factory=dict)
    """Manifests and indexes that were sealed anew: old name to new name."""

    def place(self, pack: bytes, segment: int) -> Place:
        """Return where a segment lies now; one that was never moved lies where it was.

        So does one that was given up: a backup that ran beside the repacking may have needed it,
        and its pack is kept for as long as that backup's snapshot is.

        Raises:
            CorruptObjectError: moves lead in a circle.
        """
        for _ in range(len(self.segments) + 1):
            places = self.segments.get(pack, ())
            if segment >= len(places) or places[segment][1] == NOWHERE:
                return pack, segment
            pack, segment = places[segment]
        raise CorruptObjectError("moves lead in a circle", object=pack.hex())

    def object(self, name: ObjectName) -> ObjectName:
        """Return the name under which an object lies now; raises as `place` does."""
        for _ in range(len(self.objects) + 1):
            if name not in self.objects:
                return name
            name = self.objects[name]
        raise CorruptObjectError("moves lead in a circle", object=name)

    def holders(self, pack: bytes) -> set[bytes]:
        """Return the packs that hold now what a pack held, as far as it is still needed."""
        todo, found = [pack], set[bytes]()
        seen = set[bytes]()
        while todo:
            one = todo.pop()
            if one in seen:
                continue
            seen.add(one)
            places = self.segments.get(one)
            if places is None:
                found.add(one)
            else:
                todo += {to for to, segment in places if segment != NOWHERE}
        return found

    def add(self, other: "Moves") -> None:
        """Take over what another run moved; where both moved a segment, the first stays right."""
        for pack, places in other.segments.items():
            both = zip_longest(self.segments.get(pack, ()), places, fillvalue=(pack, NOWHERE))
            self.segments[pack] = [mine if mine[1] != NOWHERE else its for mine, its in both]
        self.objects = other.objects | self.objects


def all_of(runs: Iterable[Moves]) -> Moves:
    """Return several runs' moves as one."""
    together = Moves()
    for run in runs:
        together.add(run)
    return together


def encode_moves(moves: Moves) -> bytes:
    """Return the plaintext of a moves object."""
    targets = dict.fromkeys(to for places in moves.segments.values() for to, _ in places)
    row_of = {pack: row for row, pack in enumerate(targets)}
    places = [place for several in moves.segments.values() for place in several]
    columns: dict[str, Column] = {
        "from": list(moves.segments),
        "segments": array("I", (len(several) for several in moves.segments.values())),
        "pack": list(targets),
        "to_pack": array("I", (row_of[pack] for pack, _ in places)),
        "to_segment": array("I", (segment for _, segment in places)),
        "object_from": [name.encode() for name in moves.objects],
        "object_to": [name.encode() for name in moves.objects.values()],
    }
    return encode_columns({"format": 1}, columns)


def decode_moves(plain: bytes) -> Moves:
    """Return what a moves object says.

    Raises:
        CorruptObjectError: the columns do not fit each other.
    """
    _, columns = decode_columns(plain)
    try:
        return Moves(_segments(columns), _objects(columns))
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise CorruptObjectError("moves lack columns") from error


def _segments(columns: Mapping[str, Any]) -> dict[bytes, Sequence[Place]]:
    packs = columns["pack"]
    targets = zip(columns["to_pack"], columns["to_segment"], strict=True)
    places = [(packs[row], segment) for row, segment in targets]
    found: dict[bytes, Sequence[Place]] = {}
    at = 0
    for old, count in zip(columns["from"], columns["segments"], strict=True):
        found[old] = places[at : at + count]
        at += count
    if at != len(places):
        raise ValueError("places are left over")
    return found


def _objects(columns: Mapping[str, Any]) -> dict[ObjectName, ObjectName]:
    pairs = zip(columns["object_from"], columns["object_to"], strict=True)
    return {ObjectName(old.decode()): ObjectName(new.decode()) for old, new in pairs}


def followed(manifest: Manifest, moves: Moves) -> Manifest:
    """Return a manifest whose pieces name the packs in which they lie now."""
    if moves.segments.keys().isdisjoint(manifest.packs):
        return manifest
    places = [
        moves.place(manifest.packs[pack], segment)
        for pack, segment in zip(manifest.piece_packs, manifest.piece_segments, strict=True)
    ]
    packs = list(dict.fromkeys(pack for pack, _ in places))
    row_of = {pack: row for row, pack in enumerate(packs)}
    return replace(
        manifest,
        packs=packs,
        piece_packs=array("I", (row_of[pack] for pack, _ in places)),
        piece_segments=array("I", (segment for _, segment in places)),
    )
