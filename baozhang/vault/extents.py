"""Extents: each is stored once, and told afterwards where it lies."""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress

from blake3 import blake3

from baozhang.errors import CorruptObjectError, ObjectMissingError
from baozhang.vault.chunker import Grouping
from baozhang.vault.client import ClientVault
from baozhang.vault.index import Extent, decode_index, encode_index
from baozhang.vault.packing import Packer
from baozhang.vault.sealing import Kind
from baozhang.vault.snapshot import Manifest, Piece
from baozhang.vault.stores.base import ObjectName

PENDING = 0xFFFFFFFF  # pack row of a piece whose pack is not finished yet


class Extents:
    """What the client's packs hold, and what this backup adds to them.

    Args:
        side: the client's part of the vault.
        packer: takes what is new.
        there: the packs that are there.
        pack_row: gives a pack's row in the manifest that is being made.
    """

    def __init__(
        self,
        side: ClientVault,
        packer: Packer,
        there: AbstractSet[bytes],
        pack_row: Callable[[bytes], int],
    ) -> None:
        self._side, self._packer, self._there = side, packer, there
        self._pack_row = pack_row
        self._known: dict[bytes, Extent] | None = None
        self._fresh: dict[bytes, tuple[int, int, int]] = {}  # id to handle, offset, length

    def store(self, extent: memoryview, group: Grouping) -> Piece:
        """Return where an extent lies, or will; what is not there yet is stored."""
        if self._known is None:  # a quiet night needs no index
            self._known = self._load_known()
        name = blake3(extent, key=self._side.id_key).digest()
        known = self._known.get(name)
        if known is not None:
            return Piece(self._pack_row(known.pack), known.segment, known.offset, known.length)
        fresh = self._fresh.get(name)
        if fresh is None:
            fresh = self._fresh[name] = (*self._packer.add(extent, group), len(extent))
        return Piece(PENDING, *fresh)

    def store_pages(self, pages: memoryview, group: Grouping) -> Piece:
        """Store pages that changed: nobody will look for them, so no index tells of them."""
        return Piece(PENDING, *self._packer.add(pages, group), len(pages))

    def place(self, manifest: Manifest) -> None:
        """Say for each pending piece which segment of which pack it came to lie in."""
        for at, row in enumerate(manifest.piece_packs):
            if row == PENDING:
                pack, segment = self._packer.where(manifest.piece_segments[at])
                manifest.piece_packs[at] = self._pack_row(pack)
                manifest.piece_segments[at] = segment

    def write_index(self) -> tuple[tuple[ObjectName, ...], int]:
        """Store the index of what is new; return its name, if there is any, and its length."""
        if not self._fresh:
            return (), 0
        where = self._packer.where
        extents = {
            name: Extent(*where(handle), offset, length)
            for name, (handle, offset, length) in self._fresh.items()
        }
        sealed = self._side.seal(Kind.INDEX, encode_index(extents))
        name = self._side.space.index(sealed)
        self._side.store.put(name, sealed)
        return (name,), len(sealed)

    def _load_known(self) -> dict[bytes, Extent]:
        known: dict[bytes, Extent] = {}
        moves = self._side.moves
        for _, commit in self._side.chain():
            for name in commit.indexes:
                with suppress(CorruptObjectError, ObjectMissingError):  # costs space, never data
                    sealed_as = moves.object(ObjectName(name))
                    found = decode_index(self._side.read(Kind.INDEX, sealed_as))
                    known |= dict(self._present(found))
        return known

    def _present(self, found: Mapping[bytes, Extent]) -> Iterator[tuple[bytes, Extent]]:
        """Yield the extents whose packs are there, at the places where they lie now."""
        moves = self._side.moves
        for name, extent in found.items():
            here = extent
            if extent.pack in moves.segments:
                pack, segment = moves.place(extent.pack, extent.segment)
                here = extent._replace(pack=pack, segment=segment)
            if here.pack in self._there:
                yield name, here
