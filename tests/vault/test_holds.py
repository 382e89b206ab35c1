"""Holds: while one stands nothing of a client is destroyed, and lifting it is a record as well."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from baozhang.errors import CorruptObjectError, UsageError
from baozhang.keys.certificates import new_signing
from baozhang.vault.holds import HeldError, Hold, holds_of, lift_hold, set_hold, standing
from baozhang.vault.marking import GRACE, put_mark, read_marks
from baozhang.vault.marks import Marks, all_of
from baozhang.vault.mirror import copy_to_mirror
from baozhang.vault.prune import needs_approval, require_approval
from baozhang.vault.shredding import planned, shred
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import open_vault
from tests.vault.aging import CLIENT, Aging
from tests.vault.test_marks import a_mark, named

WHY = "i-20260104-01"
SIGNING, _ = new_signing()


@pytest.fixture
def aging() -> Aging:
    """Three snapshots of changing content, a day apart."""
    made = Aging()
    for day in range(3):
        made.back_up({b"a": random.Random(day).randbytes(3000)})
        made.later()
    return made


def hold(aging: Aging, reason: str = WHY) -> bool:
    return set_hold(aging.vault, CLIENT, reason, by="zhang", at=aging.now)


def lift(aging: Aging, reason: str = WHY) -> bool:
    return lift_hold(aging.vault, CLIENT, reason, by="wang", at=aging.now)


def destroy(aging: Aging, *mirrors: MemoryStore) -> None:
    shred(
        aging.vault,
        CLIENT,
        check=lambda client: None,
        by="zhang",
        reason="-",
        checked_by="wang",
        clock=lambda: aging.now,
        signing=SIGNING,
        mirrors=mirrors,
    )


def test_a_hold_tells_who_set_it_when_and_why(aging: Aging) -> None:
    assert hold(aging)
    assert holds_of(aging.vault, CLIENT) == (Hold(CLIENT, WHY, "zhang", aging.now),)


def test_a_hold_that_stands_is_not_set_twice(aging: Aging) -> None:
    hold(aging)
    before = set(aging.store.objects)
    assert not hold(aging)
    assert set(aging.store.objects) == before


def test_lifting_a_hold_adds_a_record_and_deletes_none(aging: Aging) -> None:
    hold(aging)
    before = set(aging.store.objects)
    assert lift(aging)
    assert before < set(aging.store.objects)
    assert holds_of(aging.vault, CLIENT) == ()


def test_only_a_hold_that_stands_is_lifted(aging: Aging) -> None:
    assert not lift(aging)


def test_a_hold_of_another_reason_stands_on(aging: Aging) -> None:
    hold(aging)
    hold(aging, "lawsuit-7")
    lift(aging)
    assert [one.reason for one in holds_of(aging.vault, CLIENT)] == ["lawsuit-7"]


def test_a_lifted_hold_is_set_again(aging: Aging) -> None:
    hold(aging)
    lift(aging)
    assert hold(aging)
    assert holds_of(aging.vault, CLIENT)


@pytest.mark.parametrize("reason", ["", "Lawsuit", "a b", "官司", "a" * 64, "-x", "a\n"])
def test_a_reason_is_an_id(aging: Aging, reason: str) -> None:
    with pytest.raises(UsageError):
        hold(aging, reason)


def test_of_two_marks_of_one_sequence_the_hold_stands() -> None:
    both = [named(a_mark(1, "hold", reason=WHY)), named(a_mark(1, "lift", reason=WHY))]
    assert set(all_of(both).holds) == {WHY}


def test_a_hold_forgets_nothing_and_keeps_nothing_again() -> None:
    first = named(a_mark(1, "forget", ("a",), drop=("x",)))
    said = all_of([first, named(a_mark(2, "hold", ("a",), drop=("x",), reason=WHY))])
    assert said.forgotten == {"a"}
    assert said.dropped == {"x"}


# --- pruning ------------------------------------------------------------------------------------


def test_a_plan_under_a_hold_says_what_the_hold_keeps(aging: Aging) -> None:
    hold(aging)
    plan = aging.plan()
    assert plan.held == (WHY,)
    assert len(plan.forget) == 2
    assert plan.drop


def test_nothing_is_marked_under_a_hold(aging: Aging) -> None:
    hold(aging)
    before = set(aging.store.objects)
    with pytest.raises(HeldError) as caught:
        aging.mark()
    assert caught.value.facts["reasons"] == WHY
    assert set(aging.store.objects) == before


def test_what_was_marked_before_the_hold_is_not_swept(aging: Aging) -> None:
    aging.mark()
    aging.later(GRACE / timedelta(days=1) + 1)
    hold(aging)
    before = set(aging.store.objects)
    with pytest.raises(HeldError):
        aging.sweep()
    assert set(aging.store.objects) == before


def test_a_dry_sweep_under_a_hold_says_what_it_keeps(aging: Aging) -> None:
    aging.mark()
    aging.later(GRACE / timedelta(days=1) + 1)
    hold(aging)
    told = aging.sweep(dry_run=True)
    assert told.held == (WHY,)
    assert told.deleted


def test_what_was_marked_goes_after_the_hold_is_lifted(aging: Aging) -> None:
    aging.mark()
    aging.later(GRACE / timedelta(days=1) + 1)
    hold(aging)
    lift(aging)
    assert aging.sweep().deleted


def test_a_client_under_a_hold_needs_nobody_to_agree(aging: Aging) -> None:
    hold(aging)
    assert not needs_approval([aging.plan()])
    require_approval([aging.plan()], ())


# --- shredding ----------------------------------------------------------------------------------


def test_a_held_client_is_not_shredded(aging: Aging) -> None:
    hold(aging)
    before = set(aging.store.objects)
    with pytest.raises(HeldError):
        destroy(aging)
    assert set(aging.store.objects) == before


def test_the_plan_of_a_destruction_names_the_holds(aging: Aging) -> None:
    hold(aging)
    assert planned(aging.vault, CLIENT).held == (WHY,)


def test_a_client_is_shredded_after_the_hold_is_lifted(aging: Aging) -> None:
    hold(aging)
    lift(aging)
    destroy(aging)
    assert not any("/keys/" in name for name in aging.store.objects if name.startswith("c/"))


def test_a_destruction_that_was_begun_is_ended(aging: Aging) -> None:
    destroy(aging)
    destroy(aging)
    assert standing(aging.vault, CLIENT, (aging.store,)) == ()


def test_a_hold_that_only_a_mirror_still_has_is_honoured(aging: Aging) -> None:
    hold(aging)
    mirror = MemoryStore()
    copy_to_mirror(aging.store, mirror)
    for name in [name for name in aging.store.objects if "/marks/" in name]:
        del aging.store.objects[name]
    with pytest.raises(HeldError):
        destroy(aging, mirror)


def test_a_hold_that_a_mirror_does_not_know_as_lifted_is_lifted(aging: Aging) -> None:
    hold(aging)
    mirror = MemoryStore()
    copy_to_mirror(aging.store, mirror)
    lift(aging)
    assert standing(aging.vault, CLIENT, (aging.store, mirror)) == ()


def test_a_damaged_mark_may_be_a_hold_and_stops_a_destruction(aging: Aging) -> None:
    name = put_mark(aging.side, Marks(), "hold", at=aging.now, reason=WHY)
    aging.store.objects[name] = aging.store.objects[name][:-1] + b"\0"
    with pytest.raises(CorruptObjectError):
        destroy(aging)


def test_a_hold_travels_to_a_mirror_that_is_opened_by_itself(aging: Aging) -> None:
    hold(aging)
    mirror = MemoryStore()
    copy_to_mirror(aging.store, mirror)
    assert holds_of(open_vault(mirror, aging.secret), CLIENT)


def test_backups_go_on_under_a_hold(aging: Aging) -> None:
    hold(aging)
    receipt = aging.back_up({b"a": b"new"})
    assert aging.restored(receipt.snapshot) == {b"a": b"new"}
    assert read_marks(replace(aging.side)).holds
