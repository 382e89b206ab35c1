"""Repacking: the same bytes, in fewer packs; the old ones go only after the grace."""

import random
from dataclasses import replace

import pytest

from baozhang.errors import StoreUnreachableError
from baozhang.vault.marking import read_marks
from baozhang.vault.model import Snapshot
from baozhang.vault.moves import NOWHERE, Moves, all_of, decode_moves, encode_moves
from baozhang.vault.names import hash_in
from baozhang.vault.pack import parse_pack
from baozhang.vault.prune import unforget
from baozhang.vault.repack import RepackReceipt, repack
from baozhang.vault.sealing import Codec, Kind
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.verify import verify
from tests.vault.aging import CLIENT, Aging

STAYS = random.Random(0).randbytes(20_000)
BIG = random.Random(1).randbytes(2_500_000)
RNG = random.Random(2)
WORDS = ["rent", "travel", "tea and coffee", "paper", "postage", "salaries", "tax", "interest"]
TEXT = b"".join(
    f"{n // 7},2026-{n % 12 + 1:02d}-{n % 28 + 1:02d},{RNG.choice(WORDS)},{RNG.choice(WORDS)},"
    f"{RNG.randrange(900) * 25},6602.{RNG.randrange(20):02d}\n".encode()
    for n in range(40_000)
)
DIGITS = b"".join(b"%d,%d\n" % (n, RNG.randrange(10**6)) for n in range(90_000))


@pytest.fixture
def hollow() -> tuple[Aging, Snapshot, Snapshot]:
    """Two snapshots: most of the first one's packs nobody needs once it is forgotten."""
    aging = Aging()
    first = aging.back_up({b"big.db": BIG, b"stays": STAYS}).snapshot
    aging.later()
    second = aging.back_up({b"stays": STAYS}).snapshot
    return aging, first, second


def run(aging: Aging, **more: object) -> RepackReceipt:
    return repack(aging.vault, CLIENT, now=aging.now, **more)  # type: ignore[arg-type]


def packs(aging: Aging) -> set[ObjectName]:
    return {name for name in aging.store.objects if "/packs/" in name}


def test_a_full_vault_is_left_as_it_is(hollow: tuple[Aging, Snapshot, Snapshot]) -> None:
    aging, _, _ = hollow
    before = dict(aging.store.objects)
    assert not run(aging).packs
    assert aging.store.objects == before


def test_what_is_needed_of_a_hollow_pack_moves_and_the_rest_goes(
    hollow: tuple[Aging, Snapshot, Snapshot],
) -> None:
    aging, _, second = hollow
    aging.mark()
    receipt = run(aging)
    assert receipt.bytes_after < receipt.bytes_before / 4
    aging.later(8)
    aging.sweep()
    assert packs(aging) == set(receipt.written)
    assert aging.restored(second) == {b"stays": STAYS}
    assert not verify(aging.vault, every_byte=True).damaged


def test_the_old_packs_stay_for_the_grace(hollow: tuple[Aging, Snapshot, Snapshot]) -> None:
    aging, _, _ = hollow
    aging.mark()
    receipt = run(aging)
    assert set(receipt.packs) <= packs(aging)
    assert set(receipt.packs) <= aging.side.marks().dropped


def test_what_was_forgotten_still_comes_back_after_repacking(
    hollow: tuple[Aging, Snapshot, Snapshot],
) -> None:
    aging, first, second = hollow
    aging.mark()
    run(aging)
    unforget(aging.vault, CLIENT, [first.id], now=aging.now)
    aging.later(8)
    aging.sweep()
    assert aging.restored(first) == {b"big.db": BIG, b"stays": STAYS}
    assert aging.restored(second) == {b"stays": STAYS}
    assert not verify(aging.vault, every_byte=True).damaged


def test_text_is_compressed_harder_and_comes_back_byte_for_byte() -> None:
    aging = Aging()
    snapshot = aging.back_up({b"journal.csv": TEXT}).snapshot
    receipt = run(aging, recompress=True)
    assert receipt.bytes_after < receipt.bytes_before
    aging.later(8)
    aging.sweep()
    assert aging.restored(snapshot) == {b"journal.csv": TEXT}


def test_what_gets_no_smaller_is_kept_as_it_was_compressed() -> None:
    aging = Aging()
    snapshot = aging.back_up({b"journal.csv": DIGITS}).snapshot
    receipt = run(aging, recompress=True)
    assert receipt.bytes_after <= receipt.bytes_before
    assert aging.restored(snapshot) == {b"journal.csv": DIGITS}


def test_what_was_compressed_harder_is_not_compressed_again() -> None:
    aging = Aging()
    aging.back_up({b"journal.csv": TEXT})
    run(aging, recompress=True)
    assert not run(aging, recompress=True).packs


def test_what_does_not_compress_stays_raw(hollow: tuple[Aging, Snapshot, Snapshot]) -> None:
    aging, _, _ = hollow
    aging.mark()
    (name,) = run(aging).written
    data = aging.store.objects[name]
    table = parse_pack(data, aging.side.seal_of(Kind.PACK, data))
    assert {segment.codec for segment in table.segments} == {Codec.RAW}


def test_the_budget_is_kept(hollow: tuple[Aging, Snapshot, Snapshot]) -> None:
    aging, _, _ = hollow
    aging.mark()
    assert not run(aging, budget=1000).packs


def test_a_dry_run_only_chooses(hollow: tuple[Aging, Snapshot, Snapshot]) -> None:
    aging, _, _ = hollow
    aging.mark()
    before = dict(aging.store.objects)
    assert run(aging, dry_run=True).packs
    assert aging.store.objects == before


def test_the_next_backup_finds_what_was_moved(hollow: tuple[Aging, Snapshot, Snapshot]) -> None:
    aging, _, _ = hollow
    aging.mark()
    run(aging)
    aging.later(8)
    aging.sweep()
    receipt = aging.back_up({b"stays": STAYS, b"copy": STAYS})
    assert receipt.bytes_added < len(STAYS)
    assert aging.restored(receipt.snapshot) == {b"stays": STAYS, b"copy": STAYS}


def test_a_damaged_pack_is_left_for_the_repair(hollow: tuple[Aging, Snapshot, Snapshot]) -> None:
    aging, _, _ = hollow
    aging.mark()
    (name,) = run(aging, dry_run=True).packs
    sound = aging.store.objects[name]
    aging.store.objects[name] = sound[:100] + bytes([sound[100] ^ 1]) + sound[101:]
    receipt = run(aging)
    assert receipt.damaged == (name,)
    assert not receipt.packs
    assert name not in aging.side.marks().dropped


class Dying(MemoryStore):
    """A store that takes so many puts and no more."""

    left = 10**9

    def put(self, name: ObjectName, data: bytes | bytearray | memoryview, /) -> None:
        self.left -= 1
        if self.left < 0:
            raise StoreUnreachableError("unplugged")
        super().put(name, data)


@pytest.mark.parametrize("puts", range(3))
def test_a_run_that_is_cut_off_loses_nothing_and_the_next_ends_it(puts: int) -> None:
    store = Dying()
    aging = Aging(store)
    aging.back_up({b"big.db": BIG, b"stays": STAYS})
    aging.later()
    second = aging.back_up({b"stays": STAYS}).snapshot
    aging.mark()
    store.left = puts
    with pytest.raises(StoreUnreachableError):
        run(aging)
    store.left = 10**9
    assert aging.restored(second) == {b"stays": STAYS}
    run(aging)
    aging.later(8)
    aging.mark()
    aging.later(8)
    aging.sweep()
    assert len(packs(aging)) == 1
    assert aging.restored(second) == {b"stays": STAYS}
    assert not verify(aging.vault, every_byte=True).damaged


def test_a_backup_that_needs_what_was_given_up_beside_it_finds_it_where_it_was(
    hollow: tuple[Aging, Snapshot, Snapshot],
) -> None:
    """It began before the mark, and committed when the segment was given up but its pack there."""
    aging, first, _ = hollow
    aging.mark()
    run(aging)
    marks = read_marks(aging.side)
    name = max(marks.by_name, key=lambda one: marks.by_name[one].sequence)
    only = [one for one in marks.by_name if one != name]
    del aging.store.objects[only[0]]  # as if the snapshot had never been forgotten
    aging.store.objects.pop(name)
    assert aging.restored(first) == {b"big.db": BIG, b"stays": STAYS}


# --- moves --------------------------------------------------------------------------------------

A, B, C = (bytes([n]) * 32 for n in range(3))


def test_a_segment_is_followed_wherever_it_went() -> None:
    moves = Moves({A: [(B, 1), (B, NOWHERE)], B: [(C, 5), (C, 6)]})
    assert moves.place(A, 0) == (C, 6)
    assert moves.place(C, 3) == (C, 3)


def test_what_was_given_up_is_where_it_was() -> None:
    moves = Moves({A: [(B, 1), (B, NOWHERE)]})
    assert moves.place(A, 1) == (A, 1)


def test_of_two_runs_that_moved_one_pack_each_segment_is_found() -> None:
    moves = all_of([Moves({A: [(B, 0), (B, NOWHERE)]}), Moves({A: [(C, 0), (C, 1)]})])
    assert moves.place(A, 0) == (B, 0)
    assert moves.place(A, 1) == (C, 1)


def test_moves_are_read_as_they_were_written() -> None:
    moves = Moves({A: [(B, 1), (bytes(32), NOWHERE)], B: []}, {ObjectName("x"): ObjectName("y")})
    again = decode_moves(encode_moves(moves))
    assert {old: list(places) for old, places in again.segments.items()} == {
        old: list(places) for old, places in moves.segments.items()
    }
    assert again.objects == moves.objects


def test_a_receipt_says_what_became_smaller(hollow: tuple[Aging, Snapshot, Snapshot]) -> None:
    aging, _, _ = hollow
    aging.mark()
    told, done = run(aging, dry_run=True), run(aging)
    assert replace(told, written=done.written) != done
    assert told.packs == done.packs
    assert {hash_in(name)[:2] for name in done.written} == {
        name.split("/")[3] for name in done.written
    }
