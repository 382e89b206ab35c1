"""Repair: sound copies from a mirror; nothing is deleted, and what cannot be mended is told."""

import random
from collections.abc import Callable

import pytest

from baozhang.errors import CorruptObjectError, UsageError, WrongKeyError
from baozhang.keys.slots import new_secret
from baozhang.vault.mirror import copy_to_mirror
from baozhang.vault.names import CONFIG, hash_of
from baozhang.vault.repair import QUARANTINE, RepairReceipt, mend_entrance, repair
from baozhang.vault.stores.base import ObjectName, Store
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import create_vault, open_vault
from baozhang.vault.verify import verify
from tests.vault.aging import BEGIN, CLIENT, Aging

Harm = Callable[[MemoryStore, ObjectName], None]


def contents(day: int) -> dict[bytes, bytes]:
    return {b"file": random.Random(day).randbytes(2000)}


def flipped(store: MemoryStore, name: ObjectName) -> None:
    data = store.objects[name]
    store.objects[name] = data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]


def cut_short(store: MemoryStore, name: ObjectName) -> None:
    store.objects[name] = store.objects[name][:-5]


def emptied(store: MemoryStore, name: ObjectName) -> None:
    store.objects[name] = b""


def removed(store: MemoryStore, name: ObjectName) -> None:
    del store.objects[name]


HARMS = [flipped, cut_short, emptied, removed]


@pytest.fixture
def pair() -> tuple[Aging, MemoryStore]:
    """A vault with three snapshots, and its mirror."""
    aging, mirror = Aging(), MemoryStore()
    for day in range(3):
        aging.back_up(contents(day))
        aging.later()
    copy_to_mirror(aging.store, mirror)
    return aging, mirror


def run(aging: Aging, *mirrors: Store, **more: object) -> RepairReceipt:
    return repair(aging.vault, mirrors, **more)  # type: ignore[arg-type]


def of_kind(store: MemoryStore, kind: str) -> list[ObjectName]:
    return [name for name in store.objects if name.split("/")[2:3] == [kind]]


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("kind", ["packs", "index", "snap", "commit"])
def test_any_harm_to_any_object_is_mended(
    pair: tuple[Aging, MemoryStore], harm: Harm, kind: str
) -> None:
    aging, mirror = pair
    sound = dict(aging.store.objects)
    for name in of_kind(aging.store, kind):
        harm(aging.store, name)
    receipt = run(aging, mirror)
    assert set(receipt.repaired) == set(of_kind(mirror, kind))
    assert not receipt.unrepaired
    assert sound.items() <= aging.store.objects.items()
    assert not verify(aging.vault, every_byte=True).damaged


@pytest.mark.parametrize("harm", HARMS)
def test_a_client_s_key_is_mended(pair: tuple[Aging, MemoryStore], harm: Harm) -> None:
    aging, mirror = pair
    for name in of_kind(aging.store, "keys"):
        harm(aging.store, name)
    assert run(aging, mirror).repaired
    assert not verify(aging.vault, every_byte=True).damaged


def test_swapped_packs_are_put_right(pair: tuple[Aging, MemoryStore]) -> None:
    aging, mirror = pair
    first, second, *_ = of_kind(aging.store, "packs")
    objects = aging.store.objects
    objects[first], objects[second] = objects[second], objects[first]
    assert set(run(aging, mirror).repaired) == {first, second}
    assert not verify(aging.vault, every_byte=True).damaged


def test_damaged_bytes_are_put_aside_by_their_hash(pair: tuple[Aging, MemoryStore]) -> None:
    aging, mirror = pair
    name = of_kind(aging.store, "packs")[0]
    flipped(aging.store, name)
    damaged = aging.store.objects[name]
    (aside,) = run(aging, mirror).quarantined
    assert aside == f"{QUARANTINE}{hash_of(damaged)}"
    assert aging.store.objects[aside] == damaged


def test_what_is_in_quarantine_is_nobody_s(pair: tuple[Aging, MemoryStore]) -> None:
    aging, mirror = pair
    flipped(aging.store, of_kind(aging.store, "packs")[0])
    run(aging, mirror)
    found = verify(aging.vault, every_byte=True)
    assert not found.damaged
    assert not found.unreferenced
    assert copy_to_mirror(aging.store, mirror).objects == 0


def test_nothing_is_ever_deleted(pair: tuple[Aging, MemoryStore]) -> None:
    aging, mirror = pair
    for name in list(aging.store.objects)[::2]:
        if name.startswith("c/") and "/keys/" not in name:
            flipped(aging.store, name)
    before = set(aging.store.objects)
    run(aging, mirror)
    assert before <= set(aging.store.objects)


def test_a_sound_vault_is_left_as_it_is(pair: tuple[Aging, MemoryStore]) -> None:
    aging, mirror = pair
    before = dict(aging.store.objects)
    assert not run(aging, mirror).repaired
    assert aging.store.objects == before


def test_a_mirror_that_is_damaged_as_well_is_not_believed(
    pair: tuple[Aging, MemoryStore],
) -> None:
    aging, mirror = pair
    name = of_kind(aging.store, "packs")[0]
    flipped(aging.store, name)
    cut_short(mirror, name)
    before = dict(aging.store.objects)
    receipt = run(aging, mirror)
    assert [one.object for one in receipt.unrepaired] == [name]
    assert receipt.unrepaired[0].snapshots
    assert aging.store.objects == before


def test_the_next_mirror_is_asked_where_one_has_no_sound_copy(
    pair: tuple[Aging, MemoryStore],
) -> None:
    aging, mirror = pair
    other = MemoryStore()
    copy_to_mirror(aging.store, other)
    name = of_kind(aging.store, "packs")[0]
    flipped(aging.store, name)
    removed(mirror, name)
    assert run(aging, mirror, other).repaired == (name,)


def test_a_mirror_is_mended_from_its_vault(pair: tuple[Aging, MemoryStore]) -> None:
    aging, mirror = pair
    for name in of_kind(mirror, "packs"):
        flipped(mirror, name)
    assert not repair(open_vault(mirror, aging.secret), [aging.store]).unrepaired
    assert not verify(open_vault(mirror, aging.secret), every_byte=True).damaged


def test_newest_snapshots_that_went_missing_come_back(pair: tuple[Aging, MemoryStore]) -> None:
    """They leave no trace in the vault itself."""
    aging, mirror = pair
    newest = aging.side.snapshots()[-1]
    folders = ("commit", "snap", "packs", "index")
    gone = {n for kind in folders for n in of_kind(aging.store, kind) if "0000000003-" in n}
    for name in gone:
        removed(aging.store, name)
    assert len(aging.side.snapshots()) == 2
    assert set(run(aging, mirror).repaired) == gone
    assert aging.side.snapshots()[-1] == newest
    assert aging.restored(newest) == contents(2)


def test_what_was_pruned_does_not_come_back_from_a_mirror(
    pair: tuple[Aging, MemoryStore],
) -> None:
    aging, mirror = pair
    aging.mark()
    aging.later(8)
    assert aging.sweep().deleted
    before = dict(aging.store.objects)
    assert not run(aging, mirror).repaired
    assert aging.store.objects == before


def test_a_whole_client_that_only_a_mirror_has_comes_back_only_when_asked_for(
    pair: tuple[Aging, MemoryStore],
) -> None:
    aging, mirror = pair
    sound = dict(aging.store.objects)
    for name in list(aging.store.objects):
        if name.startswith("c/"):
            removed(aging.store, name)
    assert run(aging, mirror).absent_clients == 1
    assert not any(name.startswith("c/") for name in aging.store.objects)
    run(aging, mirror, absent_clients=True)
    assert aging.store.objects == sound


def test_a_dry_run_only_tells(pair: tuple[Aging, MemoryStore]) -> None:
    aging, mirror = pair
    for name in of_kind(aging.store, "packs"):
        flipped(aging.store, name)
    before = dict(aging.store.objects)
    told = run(aging, mirror, dry_run=True)
    assert aging.store.objects == before
    assert not told.unrepaired
    assert set(told.repaired) == set(of_kind(mirror, "packs"))


def test_one_client_can_be_mended_alone(pair: tuple[Aging, MemoryStore]) -> None:
    aging, mirror = pair
    name = of_kind(aging.store, "packs")[0]
    flipped(aging.store, name)
    assert run(aging, mirror, clients=[CLIENT]).repaired == (name,)


# --- the way in ---------------------------------------------------------------------------------


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("what", ["head", "slots", "both"])
def test_a_vault_that_does_not_open_is_mended_from_a_mirror_that_does(
    pair: tuple[Aging, MemoryStore], harm: Harm, what: str
) -> None:
    aging, mirror = pair
    sound = dict(aging.store.objects)
    slots = [name for name in aging.store.objects if name.startswith("keys/")]
    for name in {"head": [CONFIG], "slots": slots, "both": [CONFIG, *slots]}[what]:
        harm(aging.store, name)
    assert mend_entrance(aging.store, [mirror], aging.secret)
    assert open_vault(aging.store, aging.secret).id == aging.vault.id
    assert sound.items() <= aging.store.objects.items()


def test_a_vault_that_opens_is_left_as_it_is(pair: tuple[Aging, MemoryStore]) -> None:
    aging, mirror = pair
    assert mend_entrance(aging.store, [mirror], aging.secret) == ()


def test_a_wrong_secret_mends_nothing(pair: tuple[Aging, MemoryStore]) -> None:
    aging, mirror = pair
    before = dict(aging.store.objects)
    with pytest.raises(WrongKeyError):
        mend_entrance(aging.store, [mirror], new_secret("keyfile"))
    assert aging.store.objects == before


def test_another_vault_is_no_mirror(pair: tuple[Aging, MemoryStore]) -> None:
    aging, _ = pair
    other = MemoryStore()
    create_vault(other, [aging.secret], at=BEGIN)
    for name in [name for name in aging.store.objects if name.startswith("keys/")]:
        flipped(aging.store, name)
    before = dict(aging.store.objects)
    with pytest.raises((UsageError, CorruptObjectError)):
        mend_entrance(aging.store, [other], aging.secret)
    assert aging.store.objects == before
