"""Packs: many sealed segments in one object, with a sealed table of contents at the end.

    ┌────────┬───────────┬───────────┬───┬──────────────┬──────────────────┬───────┐
    │ header │ segment 0 │ segment 1 │ … │ sealed table │ table length u32 │ magic │
    └────────┴───────────┴───────────┴───┴──────────────┴──────────────────┴───────┘

A pack is written once and never changed; its name is the hash of its bytes, so any copy of it is as
good as the original.  Manifests name segments by pack and number, and the table says where they
lie: manifests and packs alone are enough to restore.

Lays out and parses bytes; performs no I/O.  Normative: docs/format.md, "Packs".
"""

import struct
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from baozhang.errors import CorruptObjectError
from baozhang.vault.columns import Column, decode_columns, encode_columns
from baozhang.vault.sealing import HEADER, LAST, TAG, Codec, Place, Seal, new_seal

PACK_TARGET = 32 * 2**20  # bytes; S3 requests outweigh storage below, memory above
TRAILER = struct.Struct("<II4s")  # sealed and plain length of the table, magic
MAGIC = b"BZPK"


class PackBuilder:
    """Collects sealed segments until a pack is full."""

    def __init__(self, key: bytes, place: Place) -> None:
        self._seal = new_seal(key, place)
        self._bytes = bytearray(self._seal.header)
        self._sealed, self._plain = array("I"), array("I")
        self._codecs = bytearray()

    def __len__(self) -> int:
        return len(self._bytes)

    @property
    def segments(self) -> int:
        """How many segments it holds."""
        return len(self._sealed)

    @property
    def full(self) -> bool:
        """Whether it has reached its size."""
        return len(self._bytes) >= PACK_TARGET

    def add(self, codec: Codec, packed: bytes, plain_length: int) -> int:
        """Seal one segment into the pack and return its number."""
        number = len(self._sealed)
        sealed = self._seal.close(number, codec, plain_length, packed)
        self._bytes += sealed
        self._sealed.append(len(sealed))
        self._plain.append(plain_length)
        self._codecs.append(codec)
        return number

    def finish(self) -> bytearray:
        """Return the whole pack; the builder is spent."""
        columns: dict[str, Column] = {
            "sealed": self._sealed,
            "plain": self._plain,
            "codec": bytes(self._codecs),
        }
        table = encode_columns({"format": 1}, columns)
        sealed = self._seal.close(LAST, Codec.RAW, len(table), table)
        self._bytes += sealed + TRAILER.pack(len(sealed), len(table), MAGIC)
        return self._bytes


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
