"""Scrubbing: every byte within a rotation, and all of a client after one hit."""

import random
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from baozhang.vault.model import Snapshot
from baozhang.vault.names import hash_of
from baozhang.vault.scrub import DAYS, ScrubReport, scrub, slice_of
from baozhang.vault.stores.base import ObjectName
from tests.vault.aging import CLIENT, Aging

DAY = date(2026, 3, 1)
FEW = 4  # days of a rotation


@pytest.fixture
def aged() -> tuple[Aging, list[Snapshot]]:
    """Eight snapshots with a pack of its own each."""
    aging, snapshots = Aging(), []
    for day in range(8):
        receipt = aging.back_up({b"file": random.Random(day).randbytes(2000)})
        snapshots.append(receipt.snapshot)
        aging.later()
    return aging, snapshots


def packs(aging: Aging) -> list[ObjectName]:
    return [name for name in aging.store.objects if "/packs/" in name]


def flip(aging: Aging, name: ObjectName) -> None:
    data = aging.store.objects[name]
    aging.store.objects[name] = data[:100] + bytes([data[100] ^ 1]) + data[101:]


def rotation(aging: Aging, days: int = FEW, **more: object) -> list[ScrubReport]:
    return [
        scrub(aging.vault, day=DAY + timedelta(days=n), days=days, **more)  # type: ignore[arg-type]
        for n in range(days)
    ]


def test_a_rotation_reads_every_pack_once(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, _ = aged
    reports = rotation(aging)
    assert sum(report.read_packs for report in reports) == 8
    assert sum(report.read_bytes for report in reports) == sum(
        len(aging.store.objects[name]) for name in packs(aging)
    )
    assert sorted(report.slice for report in reports) == [1, 2, 3, 4]
    assert all(report.covered for report in reports)


def test_a_rotation_finds_any_damaged_pack(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, _ = aged
    for name in packs(aging):
        sound = aging.store.objects[name]
        flip(aging, name)
        found = {one.object for report in rotation(aging) for one in report.found.damaged}
        assert found == {name}
        aging.store.objects[name] = sound


def test_damage_is_named_with_snapshot_client_and_file(
    aged: tuple[Aging, list[Snapshot]],
) -> None:
    aging, snapshots = aged
    (pack, _), *_ = aging.side.commit_of(snapshots[3]).packs
    flip(aging, aging.side.space.pack(pack))
    (damage,) = {one for report in rotation(aging) for one in report.found.damaged}
    assert damage.client == CLIENT
    assert damage.snapshots == (snapshots[3].id,)
    assert damage.files == (b"file",)


def test_what_describes_content_is_read_every_day(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, _ = aged
    for kind in ("snap", "commit", "index", "keys"):
        name = next(name for name in aging.store.objects if f"/{kind}/" in name)
        sound = aging.store.objects[name]
        flip(aging, name)
        found = scrub(aging.vault, day=DAY, days=10**6).found.damaged
        assert name in {one.object for one in found}
        aging.store.objects[name] = sound


def test_after_one_damaged_object_all_of_the_client_is_read(
    aged: tuple[Aging, list[Snapshot]],
) -> None:
    aging, _ = aged
    for name in packs(aging):
        flip(aging, name)
    due = next(n for n in range(FEW) if n in {slice_of(p, FEW) for p in packs(aging)})
    day = DAY + timedelta(days=(due - DAY.toordinal()) % FEW)
    report = scrub(aging.vault, day=day, days=FEW)
    assert report.widened == (CLIENT,)
    assert {one.object for one in report.found.damaged} == set(packs(aging))


def test_a_sound_client_beside_a_damaged_one_is_not_read_whole(
    aged: tuple[Aging, list[Snapshot]],
) -> None:
    aging, _ = aged
    aging.vault.client("c002", create=True)
    flip(aging, next(n for n in aging.store.objects if "/snap/" in n))
    assert scrub(aging.vault, day=DAY, days=FEW).widened == (CLIENT,)


def test_a_budget_is_kept_and_what_was_left_is_told(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, _ = aged
    report = scrub(aging.vault, day=DAY, days=1, budget=5000)
    assert report.read_packs == 2
    assert report.packs == 8
    assert not report.covered


def test_a_small_budget_still_reads_every_pack_in_the_end(
    aged: tuple[Aging, list[Snapshot]],
) -> None:
    aging, _ = aged
    flipped = packs(aging)[0]
    flip(aging, flipped)
    days = (DAY + timedelta(days=n) for n in range(8))
    found = [scrub(aging.vault, day=day, days=1, budget=1).found.damaged for day in days]
    assert any(found)


def test_no_pack_is_begun_once_the_time_is_over(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, _ = aged
    times = iter([True, True, False])
    report = scrub(aging.vault, day=DAY, days=1, in_time=lambda: next(times, False))
    assert report.read_packs == 2


@pytest.mark.parametrize("scale", [lambda n: n, lambda n: n * 31])
def test_a_month_of_any_packs_is_spread_evenly(scale: Callable[[int], int]) -> None:
    count = [0] * DAYS
    for n in range(3000):
        digest = hash_of(str(scale(n)).encode())
        count[slice_of(ObjectName(f"c/0/packs/{digest[:2]}/{digest}"))] += 1
    assert min(count) > 50
    assert max(count) < 150
