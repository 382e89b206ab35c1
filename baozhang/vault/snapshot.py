"""Manifests: what a snapshot holds, and where each byte of it lies.

A *full* manifest has one row per item (path, kind, mode, times, owner, content hash) and, for the
files, their pieces: (pack, segment, offset, length).  A *delta* holds the rows that differ from an
earlier full one, and the paths that are gone.  A *same* manifest says only that the set is what an
earlier full or delta manifest says.  The proofs of the books travel with the rows, in a delta as
patches of the full one's where that is less.

Parses and builds values; performs no I/O.  Normative: docs/format.md, "Manifests".
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice
from typing import Any, NamedTuple

from baozhang.errors import CorruptObjectError, NewerFormatError
from baozhang.sources.base import Item
from baozhang.sources.base import Kind as ItemKind
from baozhang.sources.traits import unpacked
from baozhang.vault.columns import Column, decode_columns, encode_columns
from baozhang.vault.patches import Patch, Told
from baozhang.vault.stores.base import ObjectName

KINDS: tuple[ItemKind, ...] = ("file", "dir", "symlink")
HASH = 32  # bytes of BLAKE3-256
NO_HASH = bytes(HASH)
BATCH = 4096  # items whose columns are made at a time
FAR = 2**63 - 1  # ns from 1970, in 2262; file systems reach further, a time beyond is brought here


class Piece(NamedTuple):
    """A run of a file's bytes: part of one segment of one pack."""

    pack: int  # row of the manifest's pack table
    segment: int
    offset: int  # within the segment's plaintext
    length: int


class Row(NamedTuple):
    """One item of a snapshot."""

    item: Item
    digest: bytes  # BLAKE3-256 of a file's content, NO_HASH for the rest
    pieces: tuple[Piece, ...]


@dataclass(slots=True)
class Manifest:
    """The rows of one snapshot, in columns; rows are made when they are asked for."""

    paths: list[bytes] = field(default_factory=list)
    targets: list[bytes] = field(default_factory=list)
    traits: list[bytes] = field(default_factory=list)
    kinds: bytearray = field(default_factory=bytearray)
    modes: "array[int]" = field(default_factory=lambda: array("I"))
    mtimes: "array[int]" = field(default_factory=lambda: array("q"))
    uids: "array[int]" = field(default_factory=lambda: array("I"))
    gids: "array[int]" = field(default_factory=lambda: array("I"))
    sizes: "array[int]" = field(default_factory=lambda: array("Q"))
    changes_1: "array[int]" = field(default_factory=lambda: array("Q"))
    changes_2: "array[int]" = field(default_factory=lambda: array("Q"))
    digests: bytearray = field(default_factory=bytearray)
    counts: "array[int]" = field(default_factory=lambda: array("I"))  # pieces per row
    packs: list[bytes] = field(default_factory=list)  # BLAKE3-256 each
    piece_packs: "array[int]" = field(default_factory=lambda: array("I"))
    piece_segments: "array[int]" = field(default_factory=lambda: array("I"))
    piece_offsets: "array[int]" = field(default_factory=lambda: array("I"))
    piece_lengths: "array[int]" = field(default_factory=lambda: array("I"))
    proofs: Mapping[str, bytes] = field(default_factory=dict)
    recipe: str = ""  # what the proofs depend on besides the books
    looked: bool = False  # the attributes of all files could be read: they may be inherited
    _starts: "array[int]" = field(default_factory=lambda: array("Q"), repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.paths)

    def list_items(self, items: Iterable[Item]) -> None:
        """Append the item columns of many rows; their content has to follow."""
        listed = iter(items)
        while batch := tuple(islice(listed, BATCH)):
            paths, kinds, modes, mtimes, uids, gids, sizes, targets, changes, traits = zip(
                *batch, strict=True
            )
            self.paths += paths
            self.targets += targets
            self.traits += traits
            self.kinds += bytes(map(KINDS.index, kinds))
            self.modes.extend(modes)
            if min(mtimes) < -FAR or max(mtimes) > FAR:
                mtimes = tuple(min(max(time, -FAR), FAR) for time in mtimes)
            self.mtimes.extend(mtimes)
            self.uids.extend(uids)
            self.gids.extend(gids)
            self.sizes.extend(sizes)
            changes_1, changes_2 = zip(*changes, strict=True)
            self.changes_1.extend(changes_1)
            self.changes_2.extend(changes_2)

    def add_content(self, digest: bytes, pieces: Sequence[Piece]) -> None:
        """Append what the next row holds: a file's content, or nothing."""
        self.digests += digest
        self.counts.append(len(pieces))
        for pack, segment, offset, length in pieces:
            self.piece_packs.append(pack)
            self.piece_segments.append(segment)
            self.piece_offsets.append(offset)
            self.piece_lengths.append(length)

    def add(self, item: Item, digest: bytes, pieces: Sequence[Piece]) -> None:
        """Append one row."""
        self.list_items((item,))
        self.add_content(digest, pieces)

    def set_item(self, row: int, item: Item) -> None:
        """Say something else of an item that is listed."""
        one = Manifest()
        one.list_items((item,))
        for name in ITEMS:
            getattr(self, name)[row] = getattr(one, name)[0]

    def drop_items(self, rows: Sequence[int]) -> None:
        """Take rows, given in order, out of the item columns; no content was added for them."""
        for name in ITEMS if rows else ():
            column = getattr(self, name)
            for row in reversed(rows):
                del column[row]

    def take_items(self, other: "Manifest", rows: range) -> None:
        """Append the item columns of another manifest's rows; their content has to follow."""
        for name in ITEMS:
            mine, theirs = getattr(self, name), getattr(other, name)
            mine.extend(theirs[rows.start : rows.stop])

    def take_content(self, other: "Manifest", rows: range, *, packs_at: int = 0) -> None:
        """Append the content of another manifest's rows.

        Args:
            other: its pack table is part of this one's.
            rows: which.
            packs_at: the row of this manifest's pack table at which the other's begins.
        """
        self.digests += other.digests[rows.start * HASH : rows.stop * HASH]
        self.counts.extend(other.counts[rows.start : rows.stop])
        start, stop = other.starts[rows.start], other.starts[rows.stop]
        packs = other.piece_packs[start:stop]
        self.piece_packs.extend(array("I", (p + packs_at for p in packs)) if packs_at else packs)
        self.piece_segments.extend(other.piece_segments[start:stop])
        self.piece_offsets.extend(other.piece_offsets[start:stop])
        self.piece_lengths.extend(other.piece_lengths[start:stop])

    def drop_unused_packs(self) -> None:
        """Leave out of the pack table what no piece lies in."""
        used = sorted(set(self.piece_packs))
        if len(used) < len(self.packs):
            row_of = {old: new for new, old in enumerate(used)}
            self.packs = [self.packs[old] for old in used]
            self.piece_packs = array("I", map(row_of.__getitem__, self.piece_packs))

    @property
    def starts(self) -> "array[int]":
        """The number of each row's first piece, and at the end the number of all pieces."""
        if len(self._starts) != len(self.counts) + 1:
            self._starts = array("Q", accumulate(self.counts, initial=0))
        return self._starts

    def digest(self, row: int) -> bytes:
        """Return the BLAKE3-256 of a row's content."""
        return bytes(self.digests[row * HASH : (row + 1) * HASH])

    def pieces(self, row: int) -> tuple[Piece, ...]:
        """Return a row's pieces, in the order of the file."""
        start, stop = self.starts[row], self.starts[row + 1]
        columns = (self.piece_packs, self.piece_segments, self.piece_offsets, self.piece_lengths)
        return tuple(map(Piece, *(column[start:stop] for column in columns)))

    def item(self, row: int) -> Item:
        """Return the item of a row."""
        return Item(
            path=self.paths[row],
            kind=KINDS[self.kinds[row]],
            mode=self.modes[row],
            mtime_ns=self.mtimes[row],
            uid=self.uids[row],
            gid=self.gids[row],
            size=self.sizes[row],
            target=self.targets[row],
            change=(self.changes_1[row], self.changes_2[row]),
            traits=self.traits[row],
        )

    def rows(self) -> Iterator[Row]:
        """Yield every row, in order of path."""
        for row in range(len(self)):
            yield Row(self.item(row), self.digest(row), self.pieces(row))

    @property
    def content(self) -> int:
        """Bytes of all files."""
        return sum(self.sizes)

    @property
    def files(self) -> int:
        """How many files there are."""
        return self.kinds.count(KINDS.index("file"))


_COLUMNS = {
    "path": "paths",
    "target": "targets",
    "kind": "kinds",
    "mode": "modes",
    "mtime_ns": "mtimes",
    "uid": "uids",
    "gid": "gids",
    "size": "sizes",
    "change_1": "changes_1",
    "change_2": "changes_2",
    "digest": "digests",
    "pieces": "counts",
    "pack": "packs",
    "piece_pack": "piece_packs",
    "piece_segment": "piece_segments",
    "piece_offset": "piece_offsets",
    "piece_length": "piece_lengths",
}
"""Column of the format to field of `Manifest`."""


ITEMS = (
    *("paths", "targets", "kinds", "modes", "mtimes", "uids", "gids", "sizes"),
    *("changes_1", "changes_2", "traits"),
)
"""Fields that say what a set holds, as opposed to its content and where that lies."""


@dataclass(frozen=True, slots=True)
class Same:
    """A manifest that says: as in another."""

    base: ObjectName


@dataclass(frozen=True, slots=True)
class Delta:
    """A manifest that says: as in another, but for these rows."""

    base: ObjectName  # of a full manifest
    gone: list[bytes]  # paths, in order
    rows: Manifest  # new and changed ones, and the snapshot's recipe; its proofs are in `proofs`
    proofs: Mapping[str, Told]  # all that the snapshot has, by their books


def encode_full(manifest: Manifest) -> bytes:
    """Return a full manifest's plaintext."""
    head = {"format": 1, "kind": "full", **_told_of(manifest)}
    return encode_columns(head, {**_columns(manifest), **_proof_columns(manifest.proofs)})


def encode_delta(delta: Delta) -> bytes:
    """Return a delta's plaintext."""
    head = {"format": 1, "kind": "delta", "base": delta.base, **_told_of(delta.rows)}
    columns = {**_columns(delta.rows), **_proof_columns(delta.proofs)}
    return encode_columns(head, {"gone": delta.gone, **columns})


def encode_same(base: ObjectName) -> bytes:
    """Return the plaintext of a manifest that says: as in `base`, a full one or a delta."""
    return encode_columns({"format": 1, "kind": "same", "base": base}, {})


def _told_of(manifest: Manifest) -> dict[str, object]:
    looked = {"looked": True} if manifest.looked else {}
    return {"recipe": manifest.recipe, **looked}


def _columns(manifest: Manifest) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for name, attribute in _COLUMNS.items():
        value = getattr(manifest, attribute)
        columns[name] = bytes(value) if isinstance(value, bytearray) else value
    if any(manifest.traits):  # few sets have any
        columns["traits"] = manifest.traits
    return columns


def _proof_columns(proofs: Mapping[str, Told]) -> dict[str, Column]:
    told = proofs.values()
    columns: dict[str, Column] = {
        "proof_name": [name.encode() for name in proofs],
        "proof": [one.frame if isinstance(one, Patch) else one for one in told],
    }
    if any(isinstance(one, Patch) for one in told):
        digests = (one.digest if isinstance(one, Patch) else NO_HASH for one in told)
        columns["proof_digest"] = b"".join(digests)
    return columns


def decode(plain: bytes) -> Manifest | Delta | Same:
    """Return what a manifest says.

    Raises:
        CorruptObjectError: the columns do not fit each other.
        NewerFormatError: a kind this release does not know.
    """
    head, columns = decode_columns(plain)
    kind, base = head.get("kind"), head.get("base")
    if kind == "same" and isinstance(base, str):
        return Same(ObjectName(base))
    if kind not in ("full", "delta") or head.get("format") != 1:
        raise NewerFormatError(
            "a manifest is of a kind this release does not know ({kind})",
            hint="Install the release that wrote this vault, or a newer one.",
            kind=kind,
        )
    manifest, proofs = _rows(columns), _proofs(columns)
    manifest.recipe, manifest.looked = str(head.get("recipe", "")), head.get("looked") is True
    if kind == "full":
        manifest.proofs = {name: one for name, one in proofs.items() if not isinstance(one, Patch)}
        if len(manifest.proofs) < len(proofs):
            raise CorruptObjectError("a proof in a whole manifest is told by another one")
        return manifest
    gone = columns.get("gone")
    if not isinstance(base, str) or not isinstance(gone, list):
        raise CorruptObjectError("a manifest lacks columns")
    return Delta(ObjectName(base), gone, manifest, proofs)


def _proofs(columns: Mapping[str, Any]) -> dict[str, Told]:
    """Return the proofs; a reader that knows no patches takes one for a proof that is damaged."""
    try:
        names = [name.decode() for name in columns["proof_name"]]
        texts, digests = columns["proof"], columns.get("proof_digest", NO_HASH * len(names))
        found = [digests[at : at + HASH] for at in range(0, len(digests), HASH)]
        told = zip(names, texts, found, strict=True)
        return {n: text if digest == NO_HASH else Patch(digest, text) for n, text, digest in told}
    except (KeyError, ValueError) as error:
        raise CorruptObjectError("a manifest lacks columns") from error


def _rows(columns: Mapping[str, Any]) -> Manifest:
    try:
        manifest = Manifest(**{attribute: columns[name] for name, attribute in _COLUMNS.items()})
        texts: dict[bytes, bytes] = {}  # one for all rows of equal ones
        told = columns.get("traits") or [b""] * len(manifest)
        manifest.traits = list(map(texts.setdefault, told, told))
    except (KeyError, ValueError) as error:
        raise CorruptObjectError("a manifest lacks columns") from error
    per_row = ("paths", "targets", "kinds", "modes", "mtimes", "uids", "gids", "sizes", "counts")
    rows = {len(getattr(manifest, name)) for name in (*per_row, "changes_1", "changes_2", "traits")}
    pieces = {len(manifest.piece_packs), len(manifest.piece_segments)}
    pieces |= {len(manifest.piece_offsets), len(manifest.piece_lengths), sum(manifest.counts)}
    fits = len(rows) == len(pieces) == 1 and len(manifest.digests) == HASH * len(manifest)
    if not fits or max(manifest.piece_packs, default=-1) >= len(manifest.packs):
        raise CorruptObjectError("a manifest's columns do not fit each other")
    if max(manifest.kinds, default=0) >= len(KINDS):
        raise CorruptObjectError("a manifest holds a kind of item that this release does not know")
    for text in texts:
        unpacked(text)
    return manifest
