"""Packing: extents into segments, segments through compression into packs, packs into the store.

    extents ─► segment of their grouping ─► compress, decompress again ─► seal into the open pack
                                              (worker threads)             └─full─► hash, store
                                                                                  (one thread)

Segments come out of the workers in the order they went in, so that equal input gives equal packs
but for their salts.  Waiting for the oldest one bounds what is in flight.
"""

import mmap
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

from baozhang.vault.chunker import Grouping
from baozhang.vault.client import ClientVault
from baozhang.vault.memory import keep_memory
from baozhang.vault.names import hash_of
from baozhang.vault.pack import PackBuilder
from baozhang.vault.sealing import Codec, Effort, Kind, compressible, pack

SEGMENT = 2**20  # bytes; 256 KiB compresses 1 % worse, 4 MiB 0.2 % better but leaves the cache
ROOM = SEGMENT + 2**19  # bytes; most extents still fit in when a segment is all but full
FINE_LEVEL, FINE = 12, 16 * 2**20
"""A later snapshot brings little: these bytes of it may take five times the time for 15 % less."""
WORKERS = 2
IN_FLIGHT = WORKERS + 2  # segments waiting for or in compression


class Packer:
    """Stores new extents; tells afterwards where each came to lie.

    Args:
        side: the client's part of the vault.
        fine: this is not the set's first snapshot: compress its first bytes better.
    """

    def __init__(self, side: ClientVault, *, fine: bool = False) -> None:
        keep_memory()
        self._side = side
        self._fine = FINE if fine else 0  # bytes left
        self._open: dict[Grouping, _Segment] = {}
        self._waiting: deque[tuple[int, int, Future[tuple[Codec, bytes | bytearray]]]] = deque()
        self._places: list[tuple[int, int]] = []  # handle to pack's ordinal and segment
        self._builder: PackBuilder | None = None
        self._begun = 0  # packs
        self._spare: list[mmap.mmap] = []  # memory of packs that are stored
        self._stored: list[tuple[str, int]] = []
        self._workers = ThreadPoolExecutor(WORKERS, "compress")
        self._storing = ThreadPoolExecutor(1, "store")
        self._busy: Future[None] | None = None

    @property
    def packs(self) -> tuple[tuple[str, int], ...]:
        """Hash and size of every pack that was written."""
        return tuple(self._stored)

    def add(self, extent: memoryview, group: Grouping) -> tuple[int, int]:
        """Take one extent; return its segment's handle and its offset in it."""
        segment = self._open.get(group)
        if segment is None or not segment.has_room(len(extent)):
            if segment is not None:
                self._submit(segment, group)
            segment = self._open[group] = _Segment(len(self._places), len(extent))
            self._places.append((-1, -1))
        offset = segment.add(extent)
        if segment.length >= SEGMENT:
            del self._open[group]
            self._submit(segment, group)
        return segment.handle, offset

    def where(self, handle: int) -> tuple[bytes, int]:
        """Return pack and number of a segment; only after `finish`."""
        ordinal, segment = self._places[handle]
        return bytes.fromhex(self._stored[ordinal][0]), segment

    def finish(self) -> None:
        """Store what is still open; on return every extent is durable."""
        for group, segment in self._open.items():
            self._submit(segment, group)
        self._open.clear()
        while self._waiting:
            self._take_oldest()
        if self._builder is not None:
            self._roll(self._builder)
        if self._busy is not None:
            self._busy.result()

    def close(self) -> None:
        """End the threads; what was not finished is given up."""
        self._workers.shutdown(wait=True, cancel_futures=True)
        self._storing.shutdown(wait=True, cancel_futures=True)

    def _submit(self, segment: "_Segment", group: Grouping) -> None:
        handle, buffer = segment.handle, segment.finish()
        effort = FINE_LEVEL if self._fine >= len(buffer) else group.effort
        self._fine -= len(buffer)
        future = self._workers.submit(_compressed, buffer, effort, doubtful=group.doubtful)
        self._waiting.append((handle, len(buffer), future))
        while len(self._waiting) > IN_FLIGHT:
            self._take_oldest()

    def _take_oldest(self) -> None:
        handle, plain_length, future = self._waiting.popleft()
        codec, packed = future.result()
        if self._builder is not None and not self._builder.has_room(len(packed)):
            self._roll(self._builder)
        if self._builder is None:
            place, memory = self._side.place(Kind.PACK), self._spare.pop() if self._spare else None
            self._builder = PackBuilder(self._side.key, place, memory)
            self._begun += 1
        segment = self._builder.add(codec, packed, plain_length)
        self._places[handle] = self._begun - 1, segment

    def _roll(self, builder: PackBuilder) -> None:
        """Hand a full pack to the store; wait for the one before, so that two are in memory."""
        self._builder = None
        if self._busy is not None:
            self._busy.result()
        self._busy = self._storing.submit(self._store, builder)

    def _store(self, builder: PackBuilder) -> None:
        with builder.finish() as data:
            digest = hash_of(data)
            self._side.store.put(self._side.space.pack(digest), data)
            self._stored.append((digest, len(data)))
        self._spare.append(builder.memory)


class _Segment:
    """A segment that is being filled; never grown, since that would copy it."""

    def __init__(self, handle: int, least: int) -> None:
        self.handle, self.length = handle, 0
        self._buffer = bytearray(max(ROOM, least))
        self._view = memoryview(self._buffer)

    def has_room(self, length: int) -> bool:
        return self.length + length <= len(self._buffer)

    def add(self, extent: memoryview) -> int:
        """Append an extent; return its offset."""
        offset = self.length
        self.length += len(extent)
        self._view[offset : self.length] = extent
        return offset

    def finish(self) -> bytearray:
        self._view.release()
        del self._buffer[self.length :]
        return self._buffer


def _compressed(
    buffer: bytearray, effort: Effort, *, doubtful: bool
) -> tuple[Codec, bytes | bytearray]:
    if doubtful and not compressible(buffer):
        return Codec.RAW, buffer
    return pack(buffer, level=effort)
