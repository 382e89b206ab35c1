"""Packing: extents into segments, segments through compression into packs, packs into the store.

    extents ─► segment of their grouping ─► compress, decompress again ─► seal into the open pack
                                              (worker threads)             └─full─► hash, store
                                                                                  (one thread)

Segments come out of the workers in the order they went in, so that equal input gives equal packs
but for their salts.  Waiting for the oldest one bounds what is in flight.
"""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

from baozhang.vault.chunker import Grouping
from baozhang.vault.client import ClientVault
from baozhang.vault.memory import keep_memory
from baozhang.vault.names import hash_of
from baozhang.vault.pack import PackBuilder
from baozhang.vault.sealing import Codec, Kind, compressible, pack

SEGMENT = 2**20  # bytes; 256 KiB compresses 1 % worse, 4 MiB 0.2 % better but leaves the cache
LEVEL = 3  # zstd; level 6 saves 2 % of bytes for twice the time
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
        self._open: dict[Grouping, tuple[int, bytearray]] = {}
        self._waiting: deque[tuple[int, int, Future[tuple[Codec, bytes | bytearray]]]] = deque()
        self._places: list[tuple[int, int]] = []  # handle to pack's ordinal and segment
        self._builder: PackBuilder | None = None
        self._begun = 0  # packs
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
        return bytes.fromhex(self._stored[ordinal][0]), segment

    def finish(self) -> None:
        """Store what is still open; on return every extent is durable."""
        for group, (handle, buffer) in self._open.items():
            self._submit(handle, buffer, group)
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

    def _new_segment(self, group: Grouping) -> tuple[int, bytearray]:
        handle = len(self._places)
        self._places.append((-1, -1))
        self._open[group] = handle, bytearray()
        return self._open[group]

    def _submit(self, handle: int, buffer: bytearray, group: Grouping) -> None:
        level = FINE_LEVEL if self._fine >= len(buffer) else LEVEL
        self._fine -= len(buffer)
        future = self._workers.submit(_compressed, buffer, level, doubtful=group.doubtful)
        self._waiting.append((handle, len(buffer), future))
        while len(self._waiting) > IN_FLIGHT:
            self._take_oldest()

    def _take_oldest(self) -> None:
        handle, plain_length, future = self._waiting.popleft()
        codec, packed = future.result()
        if self._builder is not None and not self._builder.has_room(len(packed)):
            self._roll(self._builder)
        if self._builder is None:
            self._builder = PackBuilder(self._side.key, self._side.place(Kind.PACK))
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
        builder.close()


def _compressed(
    buffer: bytearray, level: int, *, doubtful: bool
) -> tuple[Codec, bytes | bytearray]:
    if doubtful and not compressible(buffer):
        return Codec.RAW, buffer
    return pack(buffer, level=level)
