"""Reading packs: one table per pack, one ranged read per segment."""

import threading
from collections import OrderedDict

from baozhang.errors import CorruptObjectError
from baozhang.vault.client import ClientVault, damaged
from baozhang.vault.pack import TRAILER, PackTable, Segment, read_table, table_span
from baozhang.vault.sealing import HEADER, Kind
from baozhang.vault.stores.base import ObjectName, Span

TABLES = 256  # packs whose tables are kept; about 8 GiB of content


class PackReader:
    """Opens segments of a client's packs; safe to share between threads."""

    def __init__(self, side: ClientVault) -> None:
        self._side = side
        self._tables: OrderedDict[bytes, PackTable] = OrderedDict()
        self._lock = threading.Lock()

    def name(self, pack: bytes) -> ObjectName:
        """Return a pack's object name."""
        return self._side.space.pack(pack.hex())

    def segment(self, pack: bytes, number: int) -> bytes:
        """Return a segment's plaintext.

        Raises:
            CorruptObjectError: damaged; names the object.
            ObjectMissingError: the pack is not there.
        """
        name = self.name(pack)
        try:
            table = self._table(pack)
            found = _pick(table, number)
            sealed = self._side.store.get(name, Span(found.offset, found.length))
            return table.open(found, sealed)
        except CorruptObjectError as error:
            raise damaged(name) from error

    def _table(self, pack: bytes) -> PackTable:
        with self._lock:
            if pack in self._tables:
                self._tables.move_to_end(pack)
                return self._tables[pack]
        table = self._read_table(pack)
        with self._lock:
            self._tables[pack] = table
            if len(self._tables) > TABLES:
                self._tables.popitem(last=False)
        return table

    def _read_table(self, pack: bytes) -> PackTable:
        store, name = self._side.store, self.name(pack)
        size = store.size(name)
        if size < HEADER.size + TRAILER.size:
            raise CorruptObjectError("a pack is cut short")
        trailer = store.get(name, Span(size - TRAILER.size, TRAILER.size))
        offset, sealed, plain = table_span(size, trailer)
        seal = self._side.seal_of(Kind.PACK, store.get(name, Span(0, HEADER.size)))
        return read_table(seal, store.get(name, Span(offset, sealed)), plain, offset)


def _pick(table: PackTable, number: int) -> Segment:
    if number >= len(table.segments):
        raise CorruptObjectError("a pack lacks a segment")
    return table.segments[number]
