"""Pruning: marked first, deleted after the grace, and never what is still needed."""

import random
from datetime import timedelta

import pytest

from baozhang.errors import CorruptObjectError, SourceBusyError, StoreUnreachableError, UsageError
from baozhang.vault.liveness import live_now
from baozhang.vault.liveness_check import Raw, needed
from baozhang.vault.marking import GRACE, read_marks
from baozhang.vault.model import Snapshot
from baozhang.vault.names import is_ours
from baozhang.vault.prune import (
    mark,
    needs_approval,
    plan_prune,
    require_approval,
    require_life,
    unforget,
)
from baozhang.vault.retention import Rule
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.verify import verify
from tests.vault.aging import CLIENT, NEWEST, Aging


def noise(seed: int, size: int = 3000) -> bytes:
    return random.Random(seed).randbytes(size)


@pytest.fixture
def aged() -> tuple[Aging, list[Snapshot]]:
    """Five snapshots, a day apart, each of a file that stays and one that does not."""
    aging, snapshots = Aging(), []
    for day in range(5):
        receipt = aging.back_up({b"stays": noise(0), b"changes": noise(1 + day)})
        snapshots.append(receipt.snapshot)
        aging.later()
    return aging, snapshots


def names(aging: Aging) -> set[ObjectName]:
    return set(aging.store.objects)


# --- marking ------------------------------------------------------------------------------------


def test_a_plan_changes_nothing(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, snapshots = aged
    before = names(aging)
    plan = aging.plan()
    assert list(plan.forget) == snapshots[:4]
    assert plan.drop
    assert names(aging) == before


def test_what_is_forgotten_is_listed_no_more(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, snapshots = aged
    aging.mark()
    assert list(aging.side.snapshots()) == snapshots[4:]


def test_a_mark_deletes_nothing(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, _ = aged
    before = names(aging)
    aging.mark()
    assert before < names(aging)


def test_a_second_plan_finds_nothing_more(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, _ = aged
    aging.mark()
    plan = aging.plan()
    assert not plan.forget
    assert not plan.drop


def test_what_is_under_a_hold_is_not_forgotten(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, snapshots = aged
    assert snapshots[1] not in aging.plan(always=[snapshots[1].id]).forget


def test_a_person_may_forget_what_the_rule_would_keep(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, snapshots = aged
    assert list(aging.plan(Rule(), forget=[snapshots[1].id]).forget) == [snapshots[1]]


def test_a_set_s_newest_snapshot_cannot_be_forgotten(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, snapshots = aged
    with pytest.raises(UsageError):
        aging.plan(forget=[snapshots[4].id])


def test_what_is_under_a_hold_cannot_be_forgotten(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, snapshots = aged
    with pytest.raises(UsageError):
        aging.plan(forget=[snapshots[1].id], always=[snapshots[1].id])


def test_leftovers_of_a_backup_that_may_still_run_are_left(
    aged: tuple[Aging, list[Snapshot]],
) -> None:
    aging, _ = aged
    side = aging.side
    leftover = side.space.pack("ab" * 32)
    aging.store.put(leftover, b"of a backup that runs")
    assert leftover not in aging.plan(Rule()).drop
    aging.later(8)
    plan = aging.plan(Rule())
    assert leftover in plan.drop
    assert plan.leftovers == 1


def test_files_of_other_names_are_nobody_s(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, _ = aged
    foreign = ObjectName(f"{aging.side.space.prefix}packs/.DS_Store")
    aging.store.put(foreign, b"")
    aging.later(100)
    assert foreign not in aging.plan().drop


# --- approval -----------------------------------------------------------------------------------


def test_much_at_once_needs_two_people(aged: tuple[Aging, list[Snapshot]]) -> None:
    plan = aged[0].plan()
    assert needs_approval([plan])
    for people in ((), ("Li",), ("Li", " li "), ("Li", "")):
        with pytest.raises(UsageError):
            require_approval([plan], people)
    require_approval([plan], ("Li", "Wang"))


def test_little_at_once_needs_nobody() -> None:
    aging = Aging()
    for day in range(30):
        aging.back_up({b"stays": noise(0, 10**6), b"changes": noise(1 + day, 100)})
        aging.later()
    plan = aging.plan(Rule(last=20, daily=0, weekly=0, monthly=0, yearly=0))
    assert plan.forget
    assert plan.lost < plan.total / 10
    require_approval([plan], ())


def test_one_of_a_set_s_last_three_snapshots_needs_two_people(
    aged: tuple[Aging, list[Snapshot]],
) -> None:
    aging, snapshots = aged
    assert not aging.plan(Rule(), forget=[snapshots[1].id]).recent
    plan = aging.plan(Rule(), forget=[snapshots[2].id])
    assert plan.recent
    assert needs_approval([plan])


# --- sweeping -----------------------------------------------------------------------------------


def test_nothing_goes_before_the_grace_is_over(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, _ = aged
    aging.mark()
    before = names(aging)
    aging.later(GRACE.days - 0.01)
    assert aging.sweep().waiting
    assert names(aging) == before


def test_after_the_grace_all_that_was_marked_goes_and_the_rest_is_whole(
    aged: tuple[Aging, list[Snapshot]],
) -> None:
    aging, snapshots = aged
    plan = aging.mark()
    aging.later(8)
    swept = aging.sweep()
    assert set(swept.deleted) == set(plan.drop)
    assert swept.bytes == sum(plan.drop.values()) > 0
    assert aging.restored(snapshots[4]) == {b"stays": noise(0), b"changes": noise(5)}
    assert not verify(aging.vault, every_byte=True).damaged


def test_commits_stay_for_ever(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, _ = aged
    aging.mark()
    aging.later(8)
    aging.sweep()
    assert len(aging.side.commit_names()) == 5


def test_a_dry_run_tells_what_a_sweep_would_delete(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, _ = aged
    aging.mark()
    aging.later(8)
    before = names(aging)
    told = aging.sweep(dry_run=True)
    assert names(aging) == before
    assert aging.sweep() == told


def test_only_the_store_s_clock_ends_the_grace(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, _ = aged
    aging.mark()
    aging.now += timedelta(days=3650)
    assert not aging.sweep().deleted


def test_a_store_s_clock_that_jumped_does_not_end_the_grace_alone(
    aged: tuple[Aging, list[Snapshot]],
) -> None:
    aging, _ = aged
    aging.mark()
    aging.store.now += 3650 * 86_400
    assert not aging.sweep().deleted


def test_a_clock_that_was_set_back_deletes_nothing(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, _ = aged
    aging.mark()
    aging.later(-3650)
    assert not aging.sweep().deleted


def test_where_no_backup_comes_any_more_nothing_is_swept_without_two_people(
    aged: tuple[Aging, list[Snapshot]],
) -> None:
    aging, _ = aged
    require_life(aging.vault)
    aging.later(40)
    with pytest.raises(UsageError):
        require_life(aging.vault)
    require_life(aging.vault, ["Li", "Wang"])


def test_the_order_of_deletion_leaves_nothing_that_names_what_is_gone(
    aged: tuple[Aging, list[Snapshot]],
) -> None:
    aging, _ = aged
    aging.mark()
    aging.later(8)
    kinds = [name.split("/")[2] for name in aging.sweep().deleted]
    assert kinds == sorted(kinds, key=["snap", "index", "packs"].index)


# --- taken back ---------------------------------------------------------------------------------


def test_what_was_forgotten_comes_back_within_the_grace(
    aged: tuple[Aging, list[Snapshot]],
) -> None:
    aging, snapshots = aged
    aging.mark()
    aging.later(8)
    unforget(aging.vault, CLIENT, [snapshots[2].id], now=aging.now)
    aging.sweep()
    assert list(aging.side.snapshots()) == [snapshots[2], snapshots[4]]
    assert aging.restored(snapshots[2]) == {b"stays": noise(0), b"changes": noise(3)}


def test_what_is_deleted_cannot_come_back_and_the_hint_says_from_where(
    aged: tuple[Aging, list[Snapshot]],
) -> None:
    aging, snapshots = aged
    aging.mark()
    aging.later(8)
    aging.sweep()
    with pytest.raises(UsageError) as caught:
        unforget(aging.vault, CLIENT, [snapshots[2].id], now=aging.now)
    assert "mirror" in caught.value.hint
    assert list(aging.side.snapshots()) == [snapshots[4]]


def test_a_snapshot_that_never_was_cannot_come_back(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, _ = aged
    with pytest.raises(UsageError):
        unforget(aging.vault, CLIENT, ["main-000099-00000000"], now=aging.now)


def test_bringing_back_while_a_sweep_deletes_says_so_and_forgets_again(
    aged: tuple[Aging, list[Snapshot]],
) -> None:
    aging, snapshots = aged
    plan = aging.mark()
    put = aging.store.put

    def late(name: ObjectName, data: bytes) -> None:
        put(name, data)
        for one in plan.drop:
            aging.store.delete(one)

    aging.store.put = late  # type: ignore[method-assign,assignment]
    with pytest.raises(UsageError):
        unforget(aging.vault, CLIENT, [snapshots[2].id], now=aging.now)
    assert list(aging.side.snapshots()) == [snapshots[4]]


# --- beside a backup ----------------------------------------------------------------------------


class Interrupting(MemoryStore):
    """A store in which something happens just before the n-th put."""

    def __init__(self) -> None:
        super().__init__()
        self.before: dict[int, object] = {}
        self.puts = 0

    def put(self, name: ObjectName, data: bytes | bytearray | memoryview, /) -> None:
        happening = self.before.pop(self.puts, None)
        self.puts += 1
        if callable(happening):
            happening()
        super().put(name, data)


@pytest.fixture
def busy() -> tuple[Aging, Interrupting, list[Snapshot]]:
    """Five snapshots in a store that can be interrupted; the fifth lacks what the others had."""
    store = Interrupting()
    aging, snapshots = Aging(store), []
    for day in range(5):
        files = {b"old": noise(0)} if day < 4 else {}
        receipt = aging.back_up({**files, b"changes": noise(1 + day)})
        snapshots.append(receipt.snapshot)
        aging.later()
    return aging, store, snapshots


def test_a_backup_builds_on_nothing_that_is_marked(
    busy: tuple[Aging, Interrupting, list[Snapshot]],
) -> None:
    aging, _, _ = busy
    aging.mark()
    aging.later(6.9)
    receipt = aging.back_up({b"old": noise(0)})
    aging.later(0.2)
    assert aging.sweep().deleted
    assert aging.restored(receipt.snapshot) == {b"old": noise(0)}


def test_a_backup_whose_base_is_marked_while_it_runs_commits_nothing(
    busy: tuple[Aging, Interrupting, list[Snapshot]],
) -> None:
    aging, store, _ = busy
    store.before[store.puts] = aging.mark
    with pytest.raises(SourceBusyError):
        aging.back_up({b"old": noise(0)})
    assert len(aging.side.commit_names()) == 5


@pytest.mark.parametrize("when", [0, 1, 2])
def test_a_backup_during_which_its_base_is_marked_and_swept_commits_nothing_broken(
    busy: tuple[Aging, Interrupting, list[Snapshot]], when: int
) -> None:
    aging, store, snapshots = busy

    def prune() -> None:
        aging.mark()
        aging.later(8)
        aging.sweep()

    store.before[store.puts + when] = prune
    try:
        aging.back_up({b"old": noise(0), b"new": noise(9)})
    except SourceBusyError:
        assert aging.back_up({b"old": noise(0), b"new": noise(9)})
    newest = aging.side.snapshots()[-1]
    assert newest not in snapshots
    assert aging.restored(newest) == {b"old": noise(0), b"new": noise(9)}
    assert not verify(aging.vault, every_byte=True).damaged


def test_a_backup_that_looked_before_the_mark_keeps_what_it_committed(
    busy: tuple[Aging, Interrupting, list[Snapshot]],
) -> None:
    """The mark comes between its last look and its commit, when its manifest is there."""
    aging, store, _ = busy
    before = store.puts
    aging.back_up({b"old": noise(0), b"new": noise(8)})
    commit = store.puts - before - 1  # the last put of a backup like the next
    aging.later()
    aging.back_up({b"new": noise(9)})
    aging.later()
    store.before[store.puts + commit] = aging.mark
    receipt = aging.back_up({b"old": noise(0), b"new": noise(10)})
    assert store.before == {}
    aging.later(8)
    aging.sweep()
    assert aging.restored(receipt.snapshot) == {b"old": noise(0), b"new": noise(10)}
    assert not verify(aging.vault, every_byte=True).damaged


def test_what_became_needed_after_the_plan_is_kept_and_its_mark_taken_back(
    busy: tuple[Aging, Interrupting, list[Snapshot]],
) -> None:
    aging, _, _ = busy
    plan = aging.plan()
    receipt = aging.back_up({b"old": noise(0)})
    mark(plan, now=aging.now)
    aging.later(8)
    swept = aging.sweep()
    assert swept.kept
    assert swept.deleted
    assert not set(swept.kept) & aging.side.marks().dropped
    assert aging.restored(receipt.snapshot) == {b"old": noise(0)}
    assert not verify(aging.vault, every_byte=True).damaged


# --- when the store lies ------------------------------------------------------------------------


class Lying(MemoryStore):
    """A store that does not list some of what it has."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: set[ObjectName] = set()
        self.hides = 10**9  # listings that lie before it tells the truth again

    def list(self, prefix: str = "", /):  # type: ignore[no-untyped-def]
        self.hides -= 1
        found = list(super().list(prefix))
        yield from (i for i in found if self.hides < 0 or i.name not in self.hidden)


@pytest.fixture
def lying() -> tuple[Aging, Lying, list[Snapshot]]:
    store = Lying()
    aging, snapshots = Aging(store), []
    for day in range(5):
        receipt = aging.back_up({b"stays": noise(0), b"changes": noise(1 + day)})
        snapshots.append(receipt.snapshot)
        aging.later()
    aging.mark()
    aging.later(8)
    return aging, store, snapshots


def test_an_empty_listing_deletes_nothing(lying: tuple[Aging, Lying, list[Snapshot]]) -> None:
    aging, store, _ = lying
    store.hidden = {name for name in store.objects if "/keys/" not in name}
    before = names(aging)
    for work in (aging.sweep, aging.plan):
        with pytest.raises(CorruptObjectError):
            work()
    assert names(aging) == before


@pytest.mark.parametrize("kind", ["commit", "marks", "packs", "snap", "index"])
def test_a_listing_that_lacks_any_one_object_deletes_nothing_that_is_needed(
    lying: tuple[Aging, Lying, list[Snapshot]], kind: str
) -> None:
    aging, store, snapshots = lying
    for name in [name for name in store.objects if f"/{kind}/" in name]:
        store.hidden = {name}
        try:
            aging.sweep()
        except CorruptObjectError:
            continue
        assert kind != "commit"
    store.hidden = set()
    assert aging.restored(snapshots[4]) == {b"stays": noise(0), b"changes": noise(5)}
    assert not verify(aging.vault, every_byte=True).damaged


def test_a_listing_that_lacks_the_newest_commit_is_not_believed(
    lying: tuple[Aging, Lying, list[Snapshot]],
) -> None:
    aging, store, _ = lying
    receipt = aging.back_up({b"stays": noise(7)})
    store.hidden = {max(name for name in store.objects if "/commit/" in name)}
    before = names(aging)
    digest = next(iter(store.hidden)).rsplit("-", 1)[-1]
    with pytest.raises(CorruptObjectError):
        aging.sweep(known=[digest])
    assert names(aging) == before
    assert receipt


def test_a_listing_that_says_this_and_then_that_is_not_believed(
    lying: tuple[Aging, Lying, list[Snapshot]],
) -> None:
    aging, store, _ = lying
    commits = {name for name in store.objects if "/commit/" in name}
    listings = [set(), commits]

    def fickle(prefix: str = ""):  # type: ignore[no-untyped-def]
        hidden = listings[0] if "/commit/" in prefix else listings[1]
        return (i for i in MemoryStore.list(store, prefix) if i.name not in hidden)

    store.list = fickle  # type: ignore[method-assign]
    before = names(aging)
    with pytest.raises(StoreUnreachableError):
        aging.sweep()
    assert names(aging) == before


def test_what_is_committed_between_looking_and_deleting_stops_the_deletion(
    lying: tuple[Aging, Lying, list[Snapshot]],
) -> None:
    aging, store, _ = lying
    looks: list[ObjectName] = []
    before = names(aging)
    age = store.age

    def late(name: ObjectName, /) -> float:
        if not looks:
            looks.append(name)
            aging.back_up({b"stays": noise(7)})
        return age(name)

    store.age = late  # type: ignore[method-assign]
    with pytest.raises(StoreUnreachableError):
        aging.sweep()
    assert before < names(aging)


# --- two answers --------------------------------------------------------------------------------


def test_both_ways_of_telling_what_is_needed_agree(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, _ = aged
    aging.mark()
    plan = plan_prune(aging.vault, CLIENT, NEWEST, now=aging.now)
    side = plan.found.side
    first = {name for name in live_now(plan.found).objects if "/index/" not in name}
    raw = Raw(side.store, aging.vault.id, side.space.client, side.keys)
    assert needed(raw, ripe=frozenset()) == first


@pytest.mark.parametrize("wrong", ["less", "more"])
def test_where_the_two_answers_differ_nothing_is_deleted(
    aged: tuple[Aging, list[Snapshot]], monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    aging, _ = aged
    aging.mark()
    aging.later(8)
    before = names(aging)

    def other(raw: Raw, *, ripe: frozenset[str]) -> set[str]:
        answer = needed(raw, ripe=ripe)
        return answer | {"more"} if wrong == "more" else set(sorted(answer)[1:])

    monkeypatch.setattr("baozhang.vault.prune.needed", other)
    with pytest.raises(CorruptObjectError):
        aging.sweep()
    assert names(aging) == before


def test_damage_anywhere_that_decides_stops_the_sweep(aged: tuple[Aging, list[Snapshot]]) -> None:
    aging, snapshots = aged
    aging.mark()
    aging.later(8)
    kept = aging.side.commit_of(snapshots[4]).manifest
    deciding = [n for n in names(aging) if is_ours(n) and ("/commit/" in n or "/marks/" in n)]
    for name in [*deciding, ObjectName(kept)]:
        sound = aging.store.objects[name]
        aging.store.objects[name] = sound[:-1] + bytes([sound[-1] ^ 1])
        before = names(aging)
        with pytest.raises(CorruptObjectError):
            aging.sweep()
        assert names(aging) == before
        aging.store.objects[name] = sound


def test_a_missing_pack_that_is_needed_stops_the_sweep(
    aged: tuple[Aging, list[Snapshot]],
) -> None:
    aging, _ = aged
    aging.mark()
    aging.later(8)
    pack = next(n for n in live_now(aging.plan().found).objects if "/packs/" in n)
    del aging.store.objects[pack]
    with pytest.raises(CorruptObjectError):
        aging.sweep()


def test_marks_say_who_agreed_and_which_snapshots_there_were(
    aged: tuple[Aging, list[Snapshot]],
) -> None:
    aging, _ = aged
    plan = aging.mark()
    (one,) = read_marks(aging.side).by_name.values()
    assert set(one.seen) == plan.found.heads
    assert len(one.commits) == 4
