"""Repacking: what is still needed of half-empty packs goes into new ones, compressed harder.

    packs of which little is needed, and text ─► segments opened ─► compressed again, opened again
        ─► new packs, read back and opened ─► moves ─► a mark over the old packs ─► after the grace
                                                                                    they are swept

At every point of it the vault is whole: until the moves are there, everything is read where it was;
from then on where it is; and a backup that ran beside it finds what it named in the old packs,
which the sweep keeps if they are needed after all.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from blake3 import blake3

from baozhang.errors import CorruptObjectError, ObjectMissingError
from baozhang.vault.client import ClientVault, damaged
from baozhang.vault.evidence import Evidence, gather
from baozhang.vault.liveness import live_now, require_there
from baozhang.vault.marking import GRACE, put_mark, read_marks
from baozhang.vault.model import Progress, Report, silent
from baozhang.vault.moves import NOWHERE, Moves, encode_moves
from baozhang.vault.moves import Place as MovedTo
from baozhang.vault.names import hash_in, hash_of
from baozhang.vault.pack import (
    TRAILER,
    PackBuilder,
    PackTable,
    Segment,
    parse_pack,
    read_table,
    table_span,
)
from baozhang.vault.sealing import HEADER, Codec, Kind, pack
from baozhang.vault.stores.base import ObjectName, Span
from baozhang.vault.vault import Vault

LIVE = 0.60  # of a pack's bytes; one of which less is needed is worth taking apart
LEVEL = 12  # zstd; 7 % less than level 3 on ledgers, and too slow for a night's backup
BUDGET = 2**30  # bytes of old packs in one run


@dataclass(frozen=True, slots=True)
class RepackReceipt:
    """What one run rewrote of one client."""

    client: str
    packs: tuple[ObjectName, ...]  # old ones, now marked
    written: tuple[ObjectName, ...]  # new ones
    segments: int  # that were kept
    given_up: int  # that nothing needs
    bytes_before: int
    bytes_after: int
    damaged: tuple[ObjectName, ...]  # left as they are; `verify` and `repair` are for these


@dataclass(frozen=True, slots=True)
class _Chosen:
    pack: bytes
    name: ObjectName
    size: int
    live: frozenset[int]


def repack(
    vault: Vault,
    client: str,
    *,
    now: datetime,
    budget: int = BUDGET,
    recompress: bool = False,
    grace: timedelta = GRACE,
    dry_run: bool = False,
    report: Report = silent,
) -> RepackReceipt:
    """Rewrite packs of which little is needed, emptiest first; with `recompress` text as well.

    Args:
        vault: opened.
        client: its id.
        now: the present instant, UTC.
        budget: bytes of old packs that are read at most.
        recompress: also packs of compressed content that were never rewritten.
        grace: how long the old packs stay.
        dry_run: only choose.
        report: is told of progress in bytes.

    Raises:
        CorruptObjectError: what the client holds is not certain; nothing was changed.
        StoreFullError: no room for the new packs; nothing was changed.
    """
    found = gather(vault, client)
    needed = live_now(found)
    require_there(found.side, needed, found.sizes)
    work = _Repacking(found.side)
    for one in _within(_worth(found, needed.segments, work, recompress=recompress), budget):
        work.chosen.append(one)
    if dry_run:
        return work.receipt(client, work.chosen)
    work.rewrite(report)
    work.publish()
    if work.done:
        marks = read_marks(found.side)
        drop = [one.name for one in work.done]
        put_mark(found.side, marks, "forget", drop=drop, seen=found.heads, at=now, grace=grace)
    return work.receipt(client, work.done)


def _within(chosen: Sequence[tuple[float, _Chosen]], budget: int) -> Sequence[_Chosen]:
    taken = []
    for _, one in sorted(chosen, key=lambda pair: (pair[0], pair[1].name)):
        budget -= one.size
        if budget >= 0:
            taken.append(one)
    return taken


def _worth(
    found: Evidence,
    segments: Mapping[bytes, Mapping[int, int]],
    work: "_Repacking",
    *,
    recompress: bool,
) -> list[tuple[float, _Chosen]]:
    """Return the packs that are worth it, with the share of their bytes that is needed."""
    moves, side = found.side.moves, found.side
    rewritten = {to for places in moves.segments.values() for to, _ in places}
    chosen = []
    for digest, numbers in segments.items():
        name = side.space.pack(digest.hex())
        one = _Chosen(digest, name, found.sizes[name], frozenset(numbers))
        if digest in moves.segments or name in found.marks.dropped:
            continue  # it is on its way out, or somebody needs what was given up
        try:
            table = _table(side, one)
        except CorruptObjectError:
            work.damaged.append(name)
            continue
        needed = [table.segments[number] for number in numbers if number < len(table.segments)]
        share = sum(segment.length for segment in needed) / one.size
        text = any(segment.codec == Codec.ZSTD for segment in needed)
        if share < LIVE or (recompress and text and digest not in rewritten):
            chosen.append((share, one))
    return chosen


def _table(side: ClientVault, one: _Chosen) -> PackTable:
    trailer = side.store.get(one.name, Span(one.size - TRAILER.size, TRAILER.size))
    offset, sealed, plain = table_span(one.size, trailer)
    seal = side.seal_of(Kind.PACK, side.store.get(one.name, Span(0, HEADER.size)))
    return read_table(seal, side.store.get(one.name, Span(offset, sealed)), plain, offset)


@dataclass(slots=True)
class _Segment:
    """One segment on its way: packed anew, and the hash of what it holds."""

    number: int
    codec: Codec
    packed: bytes
    plain: int
    digest: bytes


class _Repacking:
    """One run: what was chosen, and where each segment of it came to lie."""

    def __init__(self, side: ClientVault) -> None:
        self._side = side
        self.chosen: list[_Chosen] = []
        self.done: list[_Chosen] = []
        self.damaged: list[ObjectName] = []
        self._builder: PackBuilder | None = None
        self._digests: list[bytes] = []  # of the segments in the builder
        self._written: list[tuple[ObjectName, int]] = []
        self._places: dict[bytes, list[tuple[int, int]]] = {}  # ordinal of a new pack, segment
        self._kept = self._given_up = 0

    def rewrite(self, report: Report) -> None:
        """Put what is needed of the chosen packs into new ones, each opened after it was stored."""
        total, read = sum(one.size for one in self.chosen), 0
        for one in self.chosen:
            try:
                segments, count = self._opened(one)
            except (CorruptObjectError, ObjectMissingError):
                self.damaged.append(one.name)
            else:
                places = [(-1, NOWHERE)] * count
                for segment in segments:
                    places[segment.number] = self._add(segment)
                self._places[one.pack] = places
                self.done.append(one)
                self._kept += len(segments)
                self._given_up += count - len(segments)
            read += one.size
            report(Progress("repacking", read, total))
        self._roll()

    def publish(self) -> None:
        """Say where everything lies now; from here on it is read there."""
        moves = Moves({old: list(map(self._place, places)) for old, places in self._places.items()})
        if moves.segments:
            sealed = self._side.seal(Kind.MOVES, encode_moves(moves))
            self._side.store.put(self._side.space.moves(sealed), sealed)

    def receipt(self, client: str, old: Sequence[_Chosen]) -> RepackReceipt:
        """Return what was done, or with a dry run what was chosen."""
        return RepackReceipt(
            client=client,
            packs=tuple(one.name for one in old),
            written=tuple(name for name, _ in self._written),
            segments=self._kept,
            given_up=self._given_up,
            bytes_before=sum(one.size for one in old),
            bytes_after=sum(size for _, size in self._written),
            damaged=tuple(self.damaged),
        )

    def _place(self, place: tuple[int, int]) -> MovedTo:
        ordinal, segment = place
        if segment == NOWHERE:
            return bytes(32), NOWHERE
        return bytes.fromhex(hash_in(self._written[ordinal][0])), segment

    def _opened(self, one: _Chosen) -> tuple[list[_Segment], int]:
        """Return what is needed of a pack, packed anew; all of it, before any of it is placed."""
        data = self._side.store.get(one.name)
        if hash_of(data) != hash_in(one.name):
            raise damaged(one.name)
        table, view = parse_pack(data, self._side.seal_of(Kind.PACK, data)), memoryview(data)
        found = []
        for segment in (table.segments[number] for number in sorted(one.live)):
            sealed = view[segment.offset : segment.offset + segment.length]
            plain = table.open(segment, sealed)
            codec, packed = _packed(plain, segment, table, sealed)
            digest = blake3(plain).digest()
            found.append(_Segment(segment.number, codec, packed, len(plain), digest))
        return found, len(table.segments)

    def _add(self, segment: _Segment) -> tuple[int, int]:
        if self._builder is not None and not self._builder.has_room(len(segment.packed)):
            self._roll()
        if self._builder is None:
            self._builder = PackBuilder(self._side.key, self._side.place(Kind.PACK))
            self._digests = []
        self._digests.append(segment.digest)
        number = self._builder.add(segment.codec, segment.packed, segment.plain)
        return len(self._written), number

    def _roll(self) -> None:
        if self._builder is None:
            return
        with self._builder.finish() as data:
            name = self._side.space.pack(hash_of(data))
            self._side.store.put(name, data)
            self._written.append((name, len(data)))
        self._builder = None
        self._require_readable(name, self._digests)

    def _require_readable(self, name: ObjectName, digests: Collection[bytes]) -> None:
        """Open what was stored, segment by segment, before anything relies on it."""
        data = self._side.store.get(name)
        table, view = parse_pack(data, self._side.seal_of(Kind.PACK, data)), memoryview(data)
        opened = [table.open(s, view[s.offset : s.offset + s.length]) for s in table.segments]
        if hash_of(data) != hash_in(name) or [blake3(p).digest() for p in opened] != list(digests):
            raise damaged(name)


def _packed(
    plain: bytes, segment: Segment, table: PackTable, sealed: memoryview
) -> tuple[Codec, bytes]:
    """Return a segment packed harder; as it was where that is not smaller."""
    was = table.seal.raw(segment.number, segment.codec, segment.plain, sealed)
    if segment.codec == Codec.RAW:
        return Codec.RAW, was
    codec, packed = pack(plain, level=LEVEL)
    return (codec, bytes(packed)) if len(packed) < len(was) else (Codec(segment.codec), was)
