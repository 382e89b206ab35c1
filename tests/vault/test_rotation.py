"""Other secrets, another master, another client's key: nobody is locked out on the way."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.errors import (
    CorruptObjectError,
    StoreUnreachableError,
    UsageError,
    WrongKeyError,
)
from baozhang.keys.escrow import Share
from baozhang.keys.slots import Secret, new_secret, unlock
from baozhang.vault.client import ClientVault
from baozhang.vault.escrowing import escrow_numbers, make_escrow, open_escrow
from baozhang.vault.names import CONFIG, SLOTS, slot_name
from baozhang.vault.reader import restore
from baozhang.vault.rotation import (
    add_slot,
    find_slot,
    finish_master,
    list_slots,
    opened_by,
    remove_slot,
    rotate_client,
    rotate_master,
    rotate_slot,
)
from baozhang.vault.sealing import Kind, epoch_of
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import Vault, open_vault
from baozhang.vault.verify import verify
from tests.vault.conftest import AT, BackUp
from tests.vault.dying import DyingStore
from tests.vault.test_round_trip import facts

LATER = AT + timedelta(days=30)


def slots_in(store: MemoryStore) -> set[ObjectName]:
    return {info.name for info in store.list(SLOTS)}


# --- slots --------------------------------------------------------------------------------------


def test_a_new_slot_opens_the_vault(vault: Vault, store: MemoryStore) -> None:
    sheet = new_secret("recovery")
    add_slot(vault, sheet, at=LATER, label="safe-2")
    assert open_vault(store, sheet).master == vault.master


def test_a_new_slot_says_when_it_was_made_and_what_for(vault: Vault) -> None:
    name = add_slot(vault, new_secret("recovery"), at=LATER, label="safe-2")
    slot = find_slot(vault, name.removeprefix(SLOTS)[:8])
    assert (slot.kind, slot.label, slot.created) == ("recovery", "safe-2", LATER.isoformat())


def test_what_a_slot_says_of_itself_cannot_be_changed(vault: Vault, secret: Secret) -> None:
    slot = vault.new_slot(secret, at=AT, label="mine")
    with pytest.raises(CorruptObjectError):
        unlock(slot.replace(b'"mine"', b'"your"'), secret, vault_id=vault.id)


def test_a_store_that_keeps_other_bytes_is_noticed(vault: Vault, secret: Secret) -> None:
    class Lying(MemoryStore):
        def put(self, name: ObjectName, data: bytes | bytearray | memoryview, /) -> None:
            super().put(name, bytes(data).replace(b'"created":"2', b'"created":"1'))

    with pytest.raises(CorruptObjectError):
        rotate_slot(vault, secret, new_secret("keyfile"), at=LATER, mirrors=[Lying()])
    assert open_vault(vault.store, secret).id == vault.id


def test_the_slot_that_alone_opens_with_the_proof_is_not_removed(
    vault: Vault, secret: Secret, store: MemoryStore
) -> None:
    add_slot(vault, new_secret("recovery"), at=LATER)  # there, but nobody shows that it opens
    (own,) = opened_by(vault, secret)
    with pytest.raises(UsageError):
        remove_slot(vault, own, secret)
    assert own in slots_in(store)


def test_a_slot_is_removed_when_another_is_shown_to_open(
    vault: Vault, secret: Secret, store: MemoryStore
) -> None:
    sheet = new_secret("recovery")
    add_slot(vault, sheet, at=LATER)
    (own,) = opened_by(vault, secret)
    remove_slot(vault, own, sheet)
    with pytest.raises(WrongKeyError):
        open_vault(store, secret)
    assert open_vault(store, sheet).master == vault.master


def test_a_dry_run_removes_no_slot(vault: Vault, secret: Secret, store: MemoryStore) -> None:
    name, before = add_slot(vault, new_secret("recovery"), at=LATER), slots_in(store)
    remove_slot(vault, name, secret, dry_run=True)
    assert slots_in(store) == before | {name}


def test_a_slot_goes_at_the_mirrors_as_well(vault: Vault, secret: Secret) -> None:
    mirror = MemoryStore()
    name = add_slot(vault, new_secret("recovery"), at=LATER, mirrors=[mirror])
    assert name in slots_in(mirror)
    remove_slot(vault, name, secret, mirrors=[mirror])
    assert name not in slots_in(mirror)


@pytest.mark.parametrize("selector", ["", "zz", "0", "1", "2", "3"])
def test_a_slot_that_is_not_named_clearly_is_not_chosen(vault: Vault, selector: str) -> None:
    for _ in range(12):
        add_slot(vault, new_secret("recovery"), at=LATER)
    found = [s for s in list_slots(vault) if selector and s.id.startswith(selector)]
    if len(found) != 1:
        with pytest.raises(UsageError):
            find_slot(vault, selector)


def test_a_damaged_slot_is_listed_as_such(vault: Vault, store: MemoryStore) -> None:
    name = slot_name(b"rubbish")
    store.put(name, b"rubbish")
    assert find_slot(vault, name.removeprefix(SLOTS)).kind == ""


def test_a_rotated_key_file_opens_and_the_old_one_does_not(
    vault: Vault, secret: Secret, store: MemoryStore
) -> None:
    new = new_secret("keyfile")
    rotate_slot(vault, secret, new, at=LATER)
    assert open_vault(store, new).master == vault.master
    with pytest.raises(WrongKeyError):
        open_vault(store, secret)


def test_a_key_file_is_not_rotated_to_itself(vault: Vault, secret: Secret) -> None:
    with pytest.raises(UsageError):
        rotate_slot(vault, secret, secret, at=LATER)
    assert opened_by(vault, secret)


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("after", [1, 2])
def test_a_rotation_that_dies_leaves_a_key_that_opens_and_ends_when_run_again(
    vault: Vault, secret: Secret, store: MemoryStore, after: int, done: bool
) -> None:
    new, dying = new_secret("keyfile"), DyingStore(store, after=after, done=done)
    with pytest.raises(StoreUnreachableError):
        rotate_slot(replace(vault, store=dying), secret, new, at=LATER)
    assert dying.died
    assert opened_by(vault, secret) or opened_by(vault, new)
    rotate_slot(vault, secret, new, at=LATER)
    assert (len(opened_by(vault, new)), opened_by(vault, secret)) == (1, ())


def test_an_old_copy_of_a_slot_still_opens_with_its_old_key(
    vault: Vault, secret: Secret, store: MemoryStore
) -> None:
    """The limit of rotating slots, and why the master can be rotated."""
    copy = {name: store.objects[name] for name in slots_in(store)}
    rotate_slot(vault, secret, new_secret("keyfile"), at=LATER)
    store.objects |= copy
    assert open_vault(store, secret).master == vault.master


# --- the master ---------------------------------------------------------------------------------


@pytest.fixture
def filled(back: BackUp, vault: Vault) -> Vault:
    """A vault with two clients, one with two keys, and a snapshot."""
    back()
    rotate_client(vault, "c001")
    vault.client("c002", create=True)
    return vault


def test_a_new_master_opens_everything_and_changes_no_head(
    filled: Vault, store: MemoryStore, tree: Path, tmp_path: Path
) -> None:
    head, new = store.objects[CONFIG], new_secret("keyfile")
    done = rotate_master(filled, [new], at=LATER)
    opened = open_vault(store, new)
    side = opened.client("c001")
    restore(side, side.find("latest"), tmp_path / "out")
    assert facts(tmp_path / "out") == facts(tree)
    assert (done.clients, done.damaged, store.objects[CONFIG]) == (2, (), head)
    assert opened.master != filled.master


def test_after_a_new_master_nothing_is_damaged(filled: Vault, store: MemoryStore) -> None:
    new = new_secret("keyfile")
    rotate_master(filled, [new], at=LATER)
    assert verify(open_vault(store, new), every_byte=True).damaged == ()


def test_old_slots_and_the_old_master_open_nothing_after_a_new_one(
    filled: Vault, store: MemoryStore, secret: Secret
) -> None:
    """An old copy of a slot with its old key gives the old master, and that opens no key."""
    copy = {name: store.objects[name] for name in slots_in(store)}
    rotate_master(filled, [new_secret("keyfile")], at=LATER)
    with pytest.raises(WrongKeyError):
        open_vault(store, secret)
    store.objects |= copy
    thief = open_vault(store, secret)
    with pytest.raises(CorruptObjectError):
        thief.client("c001")


def test_a_second_new_master_works_as_the_first(filled: Vault, store: MemoryStore) -> None:
    first, second = new_secret("keyfile"), new_secret("keyfile")
    rotate_master(filled, [first], at=LATER)
    rotate_master(open_vault(store, first), [second], at=LATER)
    opened = open_vault(store, second)
    assert (opened.clients(), len(opened.root.masters)) == (("c001", "c002"), 3)
    assert max(slot.generation for slot in list_slots(opened)) == 3


def test_of_two_slots_of_one_secret_the_newer_master_counts(
    filled: Vault, store: MemoryStore
) -> None:
    """Whoever puts an old slot back does not bring the old master back."""
    new = new_secret("keyfile")
    rotate_master(filled, [new], at=LATER)
    for day in range(6):  # their names, and so their order, are chance
        slot = filled.new_slot(new, at=LATER + timedelta(days=day))
        store.put(slot_name(slot), slot)
    assert len(open_vault(store, new).root.masters) == 2


def test_a_slot_made_after_a_new_master_opens_all(filled: Vault, store: MemoryStore) -> None:
    new, sheet = new_secret("keyfile"), new_secret("recovery")
    rotate_master(filled, [new], at=LATER)
    add_slot(open_vault(store, new), sheet, at=LATER)
    assert open_vault(store, sheet).client("c001").epoch == 2


def test_a_master_is_not_rotated_to_a_secret_that_opens_already(
    filled: Vault, secret: Secret
) -> None:
    with pytest.raises(UsageError):
        rotate_master(filled, [secret], at=LATER)


def test_two_new_masters_never_stand_side_by_side(filled: Vault, store: MemoryStore) -> None:
    dying = DyingStore(store, after=2)
    with pytest.raises(StoreUnreachableError):
        rotate_master(replace(filled, store=dying), [new_secret("keyfile")], at=LATER)
    with pytest.raises(UsageError) as caught:
        rotate_master(filled, [new_secret("keyfile")], at=LATER)
    assert "not ended" in str(caught.value)


def test_a_rotation_of_the_first_master_has_nothing_to_finish(filled: Vault) -> None:
    with pytest.raises(UsageError):
        finish_master(filled)


def test_a_damaged_key_object_stops_no_rotation(filled: Vault, store: MemoryStore) -> None:
    space, new = filled.client("c001").space, new_secret("keyfile")
    name = space.key(7, b"rubbish")
    store.put(name, b"rubbish")
    done = rotate_master(filled, [new], at=LATER)
    assert (done.damaged, open_vault(store, new).client("c001").epoch) == ((name,), 2)


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("after", range(1, 11))
def test_a_rotation_of_the_master_may_die_at_any_change(
    filled: Vault, store: MemoryStore, secret: Secret, after: int, done: bool
) -> None:
    """Ten changes: two slots, three keys, two old slots gone, three old keys gone."""
    add_slot(filled, new_secret("recovery"), at=AT)
    new, mirrored = (
        [new_secret("keyfile"), new_secret("recovery")],
        DyingStore(store, after=after, done=done),
    )
    with pytest.raises(StoreUnreachableError):
        rotate_master(replace(filled, store=mirrored), new, at=LATER)
    ways = [one for one in (secret, *new) if opens(store, one)]
    assert mirrored.died
    assert ways
    finish(store, filled, new)
    assert open_vault(store, new[0]).clients() == ("c001", "c002")
    assert not opens(store, secret)


def opens(store: MemoryStore, secret: Secret) -> bool:
    """Tell whether a secret opens the vault and every key of its client."""
    try:
        return open_vault(store, secret).client("c001").epoch == 2
    except WrongKeyError:
        return False


def finish(store: MemoryStore, vault: Vault, new: list[Secret]) -> None:
    """Do what a person does: run again with the new key where it opens, else with the old."""
    if opens(store, new[0]):
        finish_master(open_vault(store, new[0]))
    else:
        rotate_master(vault, new, at=LATER)


def test_a_new_master_reaches_the_mirrors(filled: Vault, store: MemoryStore) -> None:
    mirror, new = MemoryStore(), new_secret("keyfile")
    mirror.objects |= store.objects
    rotate_master(filled, [new], at=LATER, mirrors=[mirror])
    assert mirror.objects.keys() == store.objects.keys()


# --- clients' keys ------------------------------------------------------------------------------


def test_a_client_s_new_key_seals_what_comes_and_opens_what_was(
    back: BackUp, vault: Vault, store: MemoryStore, tree: Path, tmp_path: Path
) -> None:
    first, before = back().snapshot, set(store.objects)
    assert rotate_client(vault, "c001") == 2
    side = vault.client("c001")
    restore(side, first, tmp_path / "old")
    assert facts(tmp_path / "old") == facts(tree)
    assert set(store.objects) - before == set(vault.client_key_names()) - before
    assert epoch_of(side.seal(Kind.INDEX, b"x")) == 2


def test_a_client_that_is_not_there_gets_no_key(vault: Vault) -> None:
    with pytest.raises(UsageError):
        rotate_client(vault, "c404")
    assert vault.clients() == ()


def test_a_new_key_counts_whenever_a_put_was_acknowledged(
    vault: Vault, side: ClientVault, store: MemoryStore
) -> None:
    dying = DyingStore(store, after=1, done=True)
    with pytest.raises(StoreUnreachableError):
        rotate_client(replace(vault, store=dying), "c001")
    assert vault.client("c001").epoch == 2
    assert rotate_client(vault, "c001") == 3


# --- escrow -------------------------------------------------------------------------------------


def test_enough_holders_open_the_vault(vault: Vault, store: MemoryStore) -> None:
    kept = kept_shares(vault)
    assert open_escrow(store, kept[1:]).master == vault.master


def kept_shares(vault: Vault) -> list[Share]:
    """Make an escrow and return its shares."""
    kept: list[Share] = []

    def keep(shares: Sequence[Share]) -> Sequence[Share]:
        kept.extend(shares)
        return kept

    make_escrow(vault, keep, at=LATER)
    return kept


def test_an_escrow_stands_in_the_list_with_its_number(vault: Vault, store: MemoryStore) -> None:
    make_escrow(vault, lambda shares: shares, at=LATER, needed=3, shares=5)
    (slot,) = [slot for slot in list_slots(vault) if slot.kind == "escrow"]
    assert (slot.shares, (slot.escrow,)) == ((3, 5), escrow_numbers(store))


def test_shares_that_were_not_kept_make_no_escrow(vault: Vault, store: MemoryStore) -> None:
    before = set(store.objects)
    with pytest.raises(CorruptObjectError):
        make_escrow(vault, lambda shares: shares[:2], at=LATER)
    assert set(store.objects) == before


def test_shares_of_another_vault_s_escrow_say_so(vault: Vault, store: MemoryStore) -> None:
    other = kept_shares(vault)
    for name in [s.name for s in list_slots(vault) if s.kind == "escrow"]:
        store.delete(name)
    with pytest.raises(WrongKeyError) as none:
        open_escrow(store, other)
    kept_shares(vault)
    with pytest.raises(WrongKeyError) as foreign:
        open_escrow(store, other)
    assert "no escrow" in str(none.value)
    assert foreign.value.facts["there"] == str(escrow_numbers(store)[0])
