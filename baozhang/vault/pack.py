"""Packs: many sealed segments in one object, with a sealed table of contents at the end.

    ┌────────┬───────────┬───────────┬───┬──────────────┬──────────────────┬───────┐
    │ header │ segment 0 │ segment 1 │ … │ sealed table │ table length u32 │ magic │
    └────────┴───────────┴───────────┴───┴──────────────┴──────────────────┴───────┘

A pack is written once and never changed; its name is the hash of its bytes, so any copy of it is as
good as the original.  Manifests name segments by pack and number, and the table says where they
lie: manifests and packs alone are enough to restore.

Lays out and parses bytes; performs no I/O.  Normative: docs/format.md, "Packs".
"""

import mmap
import struct
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from baozhang.errors import CorruptObjectError
from baozhang.vault.columns import Column, decode_columns, encode_columns
from baozhang.vault.sealing import HEADER, LAST, TAG, Buffer, Codec, Place, Seal, new_seal

PACK_TARGET = 32 * 2**20  # bytes; S3 requests outweigh storage below, memory above
TABLE_ROOM = 2**20  # bytes kept for the table
ROW = 9  # bytes of one segment in the table
CAPACITY = PACK_TARGET + 4 * 2**20  # bytes; the last segment may reach beyond the target
TRAILER = struct.Struct("<II4s")  # sealed and plain length of the table, magic
MAGIC = b"BZPK"


def pack_memory() -> mmap.mmap:
    """Return memory for one pack; the system gives each page of it when it is first used."""
    return mmap.mmap(-1, CAPACITY)


class PackBuilder:
    """Collects sealed segments until a pack is full.

    Args:
        key: the client's.
        place: where the pack belongs.
        memory: `CAPACITY` bytes to build it in; the caller may use them again for the next one.
    """

    def __init__(self, key: bytes, place: Place, memory: mmap.mmap | None = None) -> None:
        self._seal = new_seal(key, place)
        self.memory = memory or pack_memory()
        self._sealed, self._plain = array("I"), array("I")
        self._codecs = bytearray()
        self._length = 0
        self._append(self._seal.header)

    def has_room(self, packed: int) -> bool:
        """Tell whether a segment of so many packed bytes still belongs in this pack."""
        rows = len(self._sealed) < TABLE_ROOM // ROW - 1000  # the table's head is short
        fits = self._length + packed <= CAPACITY - TABLE_ROOM
        return self._length < PACK_TARGET and fits and rows

    def add(self, codec: Codec, packed: Buffer, plain_length: int) -> int:
        """Seal one segment into the pack and return its number."""
        number, length = len(self._sealed), len(packed) + TAG
        with memoryview(self.memory) as view:
            out = view[self._length : self._length + length]
            self._seal.close_into(number, codec, plain_length, packed, out)
            out.release()
        self._length += length
        self._sealed.append(length)
        self._plain.append(plain_length)
        self._codecs.append(codec)
        return number

    def finish(self) -> memoryview:
        """Return the whole pack, a view of the memory it was built in."""
        columns: dict[str, Column] = {
            "sealed": self._sealed,
            "plain": self._plain,
            "codec": bytes(self._codecs),
        }
        table = encode_columns({"format": 1}, columns)
        sealed = self._seal.close(LAST, Codec.RAW, len(table), table)
        self._append(sealed + TRAILER.pack(len(sealed), len(table), MAGIC))
        return memoryview(self.memory)[: self._length]

    def _append(self, data: bytes) -> None:
        self.memory[self._length : self._length + len(data)] = data
        self._length += len(data)


@dataclass(frozen=True, slots=True)
class Segment:
    """Where one segment lies in its pack."""

    number: int
    offset: int
    length: int  # sealed bytes
    plain: int  # bytes
    codec: int


@dataclass(frozen=True, slots=True)
class PackTable:
    """An opened pack: its seal and where its segments lie."""

    seal: Seal
    segments: tuple[Segment, ...]

    def open(self, segment: Segment, sealed: bytes | memoryview) -> bytes:
        """Return a segment's plaintext; raises CorruptObjectError."""
        return self.seal.open(segment.number, segment.codec, segment.plain, sealed)

    def check(self, segment: Segment, sealed: bytes | memoryview) -> None:
        """Open a segment and forget its plaintext; raises as `open` does."""
        self.seal.check(segment.number, segment.codec, segment.plain, sealed)


def table_span(size: int, trailer: bytes) -> tuple[int, int, int]:
    """Return offset, sealed length and plain length of the table of a pack of `size` bytes.

    Raises:
        CorruptObjectError: the trailer is not a pack's.
    """
    if len(trailer) != TRAILER.size:
        raise CorruptObjectError("a pack is cut short")
    sealed, plain, magic = TRAILER.unpack(trailer)
    offset = size - TRAILER.size - sealed
    if magic != MAGIC or sealed != plain + TAG or offset < HEADER.size:
        raise CorruptObjectError("a pack's end cannot be read")
    return offset, sealed, plain


def read_table(seal: Seal, sealed_table: bytes, plain_length: int, end: int) -> PackTable:
    """Return a pack's table; `end` is the offset at which the table begins.

    Raises:
        CorruptObjectError: not what this pack's writer sealed.
    """
    _, columns = decode_columns(seal.open(LAST, Codec.RAW, plain_length, sealed_table))
    segments = tuple(_segments(columns))
    if (segments[-1].offset + segments[-1].length if segments else HEADER.size) != end:
        raise CorruptObjectError("a pack's segments do not fill it")
    return PackTable(seal, segments)


def _segments(columns: Mapping[str, Column]) -> Iterator[Segment]:
    sealed, plain, codecs = (columns.get(name) for name in ("sealed", "plain", "codec"))
    if not isinstance(sealed, array) or not isinstance(plain, array):
        raise CorruptObjectError("a pack's table lacks columns")
    if not isinstance(codecs, bytes) or not len(sealed) == len(plain) == len(codecs):
        raise CorruptObjectError("a pack's table lacks columns")
    at = HEADER.size
    for number, length in enumerate(sealed):
        yield Segment(number, at, length, plain[number], codecs[number])
        at += length


def parse_pack(data: bytes | memoryview, seal: Seal) -> PackTable:
    """Return the table of a whole pack held in memory; raises as `read_table` does."""
    offset, sealed, plain = table_span(len(data), bytes(data[-TRAILER.size :]))
    return read_table(seal, bytes(data[offset : offset + sealed]), plain, offset)
