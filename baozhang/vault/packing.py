"""Packing: extents into segments, segments through compression into packs, packs into the store.

    extents ─► segment of their grouping ─► compress, decompress again ─► seal into the open pack
                                              (worker threads)             └─full─► store
                                                                                  (one thread)

Segments come out of the workers in the order they went in, so that equal input gives equal packs
but for their salts.  Waiting for the oldest one bounds what is in flight.
"""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

import zstandard

from baozhang.vault.chunker import Grouping
from baozhang.vault.client import ClientVault
from baozhang.vault.names import hash_of
from baozhang.vault.pack import PackBuilder
from baozhang.vault.sealing import Codec, Kind, pack

SEGMENT = 2**20  # bytes; 256 KiB compresses 1 % worse, 4 MiB 0.2 % better but leaves the cache
LEVEL = 3  # zstd; level 6 saves 2 % of bytes for twice the time
WORKERS = 2
IN_FLIGHT = WORKERS + 2  # segments waiting for or in compression
PROBE = 32 * 2**10  # bytes from the middle that tell whether compressing is worth it
WORTH = 0.98  # of its size is what a probe must get below


class Packer:
    """Stores new extents; tells afterwards where each came to lie."""

    def __init__(self, side: ClientVault) -> None:
        self._side = side
        self._open: dict[Grouping, tuple[int, bytearray]] = {}
        self._waiting: deque[tuple[int, int, Future[tuple[Codec, bytes]]]] = deque()
        self._places: list[tuple[int, int]] = []  # handle to pack's ordinal and segment
        self._builder: PackBuilder | None = None
        self._packs: list[tuple[str, int]] = []
        self._workers = ThreadPoolExecutor(WORKERS, "compress")
        self._storing = ThreadPoolExecutor(1, "store")
        self._stored: Future[None] | None = None

    @property
    def packs(self) -> tuple[tuple[str, int], ...]:
        """Hash and size of every pack that was written."""
        return tuple(self._packs)

    def add(self, extent: memoryview, group: Grouping) -> tuple[int, int]:
        """Take one extent; return its segment's handle and its offset in it."""
        handle, buffer = self._open.get(group) or self._new_segment(group)
        offset = len(buffer)
        buffer += extent
        if len(buffer) >= SEGMENT:
            del self._open[group]
            self._submit(handle, buffer, group)
        return handle, offset

    def where(self, handle: int) -> tuple[bytes, int]:
        """Return pack and number of a segment; only after `finish`."""
        ordinal, segment = self._places[handle]
        return bytes.fromhex(self._packs[ordinal][0]), segment

    def finish(self) -> None:
        """Store what is still open; on return every extent is durable."""
        for group, (handle, buffer) in self._open.items():
            self._submit(handle, buffer, group)
        self._open.clear()
        while self._waiting:
            self._take_oldest()
        if self._builder is not None:
            self._roll()
        if self._stored is not None:
            self._stored.result()

    def close(self) -> None:
        """End the threads; what was not finished is given up."""
        self._workers.shutdown(wait=True, cancel_futures=True)
        self._storing.shutdown(wait=True, cancel_futures=True)

    def _new_segment(self, group: Grouping) -> tuple[int, bytearray]:
        handle = len(self._places)
        self._places.append((-1, -1))
        self._open[group] = handle, bytearray()
        return self._open[group]

    def _submit(self, handle: int, buffer: bytearray, group: Grouping) -> None:
        future = self._workers.submit(_compressed, buffer, doubtful=group.doubtful)
        self._waiting.append((handle, len(buffer), future))
        while len(self._waiting) > IN_FLIGHT:
            self._take_oldest()

    def _take_oldest(self) -> None:
        handle, plain_length, future = self._waiting.popleft()
        codec, packed = future.result()
        if self._builder is None:
            side = self._side
            self._builder = PackBuilder(side.key, side.place(Kind.PACK))
        segment = self._builder.add(codec, packed, plain_length)
        self._places[handle] = len(self._packs), segment
        if self._builder.full:
            self._roll()

    def _roll(self) -> None:
        """Hand the full pack to the store; wait for the one before, so that two are in memory."""
        assert self._builder is not None
        data, self._builder = self._builder.finish(), None
        digest = hash_of(data)
        self._packs.append((digest, len(data)))
        if self._stored is not None:
            self._stored.result()
        name = self._side.space.pack(digest)
        self._stored = self._storing.submit(self._side.store.put, name, data)


def _compressed(buffer: bytearray, *, doubtful: bool) -> tuple[Codec, bytes]:
    if doubtful:
        middle = len(buffer) // 2
        probe = bytes(buffer[middle : middle + PROBE])
        if len(zstandard.ZstdCompressor(level=1).compress(probe)) > WORTH * len(probe):
            return Codec.RAW, bytes(buffer)
    return pack(buffer, level=LEVEL)
