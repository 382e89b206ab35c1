"""Manifests: what a snapshot holds, and where each byte of it lies.

A full manifest has one row per item (path, kind, mode, times, owner, content hash) and, for the
files, their pieces: (pack, segment, offset, length).  A `same` manifest says only that the set is
what an earlier manifest says.  The proofs of the books travel with the rows.

Parses and builds values; performs no I/O.  Normative: docs/format.md, "Manifests".
"""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from baozhang.errors import CorruptObjectError, NewerFormatError
from baozhang.sources.base import Item
from baozhang.sources.base import Kind as ItemKind
from baozhang.vault.columns import Column, decode_columns, encode_columns

KINDS: tuple[ItemKind, ...] = ("file", "dir", "symlink")
HASH = 32  # bytes of BLAKE3-256
NO_HASH = bytes(HASH)
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
    proofs: dict[str, bytes] = field(default_factory=dict)
    recipe: str = ""  # what the proofs depend on besides the books

    def __len__(self) -> int:
        return len(self.paths)

    def add(self, item: Item, digest: bytes, pieces: tuple[Piece, ...] | list[Piece]) -> None:
        """Append one row."""
        self.paths.append(item.path)
        self.targets.append(item.target)
        self.kinds.append(KINDS.index(item.kind))
        self.modes.append(item.mode)
        self.mtimes.append(min(max(item.mtime_ns, -FAR), FAR))
        self.uids.append(item.uid)
        self.gids.append(item.gid)
        self.sizes.append(item.size)
        self.changes_1.append(item.change[0])
        self.changes_2.append(item.change[1])
        self.digests += digest
        self.counts.append(len(pieces))
        for pack, segment, offset, length in pieces:
            self.piece_packs.append(pack)
            self.piece_segments.append(segment)
            self.piece_offsets.append(offset)
            self.piece_lengths.append(length)

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
        )

    def rows(self) -> Iterator[Row]:
        """Yield every row, in order of path."""
        at = 0
        columns = (self.piece_packs, self.piece_segments, self.piece_offsets, self.piece_lengths)
        for row, count in enumerate(self.counts):
            end = at + count
            pieces = tuple(
                Piece(*values) for values in zip(*(c[at:end] for c in columns), strict=True)
            )
            digest = bytes(self.digests[row * HASH : (row + 1) * HASH])
            yield Row(self.item(row), digest, pieces)
            at = end

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


def encode_full(manifest: Manifest) -> bytes:
    """Return a full manifest's plaintext."""
    columns: dict[str, Column] = {}
    for name, attribute in _COLUMNS.items():
        value = getattr(manifest, attribute)
        columns[name] = bytes(value) if isinstance(value, bytearray) else value
    columns["proof_name"] = [name.encode() for name in manifest.proofs]
    columns["proof"] = list(manifest.proofs.values())
    head = {"format": 1, "kind": "full", "recipe": manifest.recipe}
    return encode_columns(head, columns)


def encode_same(base: str) -> bytes:
    """Return the plaintext of a manifest that says: as in `base` (an object name)."""
    return encode_columns({"format": 1, "kind": "same", "base": base}, {})


def decode(plain: bytes) -> Manifest | str:
    """Return a full manifest, or the object name of the one that it repeats.

    Raises:
        CorruptObjectError: the columns do not fit each other.
        NewerFormatError: a kind this release does not know.
    """
    head, columns = decode_columns(plain)
    kind = head.get("kind")
    if kind == "same" and isinstance(head.get("base"), str):
        return str(head["base"])
    if kind != "full" or head.get("format") != 1:
        raise NewerFormatError(
            "a manifest is of a kind this release does not know ({kind})",
            hint="Install the release that wrote this vault, or a newer one.",
            kind=kind,
        )
    manifest = _full(columns)
    manifest.recipe = str(head.get("recipe", ""))
    return manifest


def _full(columns: Mapping[str, Any]) -> Manifest:
    try:
        manifest = Manifest(**{attribute: columns[name] for name, attribute in _COLUMNS.items()})
        names = [name.decode() for name in columns["proof_name"]]
        manifest.proofs = dict(zip(names, columns["proof"], strict=True))
    except (KeyError, ValueError) as error:
        raise CorruptObjectError("a manifest lacks columns") from error
    per_row = ("paths", "targets", "kinds", "modes", "mtimes", "uids", "gids", "sizes", "counts")
    rows = {len(getattr(manifest, name)) for name in (*per_row, "changes_1", "changes_2")}
    pieces = {len(manifest.piece_packs), len(manifest.piece_segments)}
    pieces |= {len(manifest.piece_offsets), len(manifest.piece_lengths), sum(manifest.counts)}
    fits = len(rows) == len(pieces) == 1 and len(manifest.digests) == HASH * len(manifest)
    if not fits or max(manifest.piece_packs, default=-1) >= len(manifest.packs):
        raise CorruptObjectError("a manifest's columns do not fit each other")
    if max(manifest.kinds, default=0) >= len(KINDS):
        raise CorruptObjectError("a manifest holds a kind of item that this release does not know")
    return manifest
