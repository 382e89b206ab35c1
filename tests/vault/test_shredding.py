"""Crypto-shredding: every copy of the keys goes, it is proven, and whatever cannot be is said."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from baozhang.errors import CorruptObjectError, StoreUnreachableError, UsageError
from baozhang.keys.certificates import new_signing, read_certificate
from baozhang.keys.slots import Secret, new_secret
from baozhang.vault.mirror import copy_to_mirror
from baozhang.vault.names import CONFIG, is_ours
from baozhang.vault.rotation import rotate_client, rotate_master
from baozhang.vault.sealing import Kind
from baozhang.vault.shredding import Shredding, planned, prove_shredded, shred
from baozhang.vault.stores.base import ObjectName, Store, StoredVersion
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.tombstones import ClientShreddedError
from baozhang.vault.vault import Vault, open_vault
from baozhang.vault.verify import verify
from tests.vault.conftest import AT, BackUp
from tests.vault.dying import DyingStore

LATER = AT + timedelta(days=400)
SIGNING, _ = new_signing()


class LockedStore(MemoryStore):
    """Keeps key objects under a lock until an instant, by the clock that it is given."""

    def __init__(self, until: datetime | None) -> None:
        super().__init__()
        self.until, self.today = until, LATER

    def delete(self, name: ObjectName, /) -> None:
        held = self.until is None or self.today < self.until
        if "/keys/" in name and held:
            raise UsageError("locked")
        super().delete(name)

    def lock_until(self, name: ObjectName, /) -> datetime | None:
        return self.until if "/keys/" in name else None

    def extend_lock(self, name: ObjectName, until: datetime, /) -> None:
        raise UsageError("not this role")

    def legal_hold(self, name: ObjectName, /, *, on: bool) -> None:
        raise UsageError("not this role")

    def versions(self, name: ObjectName, /) -> tuple[StoredVersion, ...]:
        return ()


@pytest.fixture
def filled(back: BackUp, vault: Vault) -> Vault:
    """A vault with client c001, of two keys and a snapshot, and client c002."""
    back()
    rotate_client(vault, "c001")
    vault.client("c002", create=True)
    return vault


@pytest.fixture
def mirror(filled: Vault) -> MemoryStore:
    store = MemoryStore()
    copy_to_mirror(filled.store, store)
    return store


def destroyed(
    vault: Vault,
    *mirrors: Store,
    at: datetime = LATER,
    check: Callable[[str], None] = lambda client: None,
) -> Shredding:
    return shred(
        vault,
        "c001",
        check=check,
        by="p-manager",
        reason="保管期满",
        checked_by="p-archive",
        clock=lambda: at,
        signing=SIGNING,
        mirrors=mirrors,
    )


def told(done: Shredding) -> dict[str, object]:
    return read_certificate(done.certificate, SIGNING.public_key)


def keys_in(vault: Vault, store: MemoryStore) -> list[ObjectName]:
    prefix = f"{vault.space('c001').prefix}keys/"
    return [name for name in store.objects if name.startswith(prefix)]


def test_every_copy_of_the_keys_goes_in_every_store(
    filled: Vault, store: MemoryStore, mirror: MemoryStore
) -> None:
    assert (len(keys_in(filled, store)), len(keys_in(filled, mirror))) == (2, 2)
    destroyed(filled, mirror)
    assert (keys_in(filled, store), keys_in(filled, mirror)) == ([], [])


def test_the_certificate_says_what_was_destroyed_where_and_by_whom(
    filled: Vault, store: MemoryStore, mirror: MemoryStore
) -> None:
    keys = keys_in(filled, store)
    fields = told(destroyed(filled, mirror))
    stores = fields["stores"]
    assert isinstance(stores, list)
    assert [one["url"] for one in stores] == [store.url, mirror.url]
    assert [[key["object"] for key in one["destroyed"]] for one in stores] == [sorted(keys)] * 2
    assert [key["epoch"] for key in stores[0]["destroyed"]] == [1, 2]
    assert (fields["status"], fields["by"], fields["checked_by"], fields["reason"]) == (
        "final",
        "p-manager",
        "p-archive",
        "保管期满",
    )


def test_the_certificate_tells_what_was_tried_and_what_cannot_be_proven(filled: Vault) -> None:
    fields = told(destroyed(filled))
    proof = fields["proof"]
    assert isinstance(proof, dict)
    assert (proof["opened"], proof["keys_tried"]) == (0, 2)  # the master, and the other client's
    assert proof["objects_tried"] > 3
    assert "copies_elsewhere" in json.dumps(fields["not_proven"])


def test_a_shredded_client_says_so_and_when(filled: Vault) -> None:
    destroyed(filled)
    with pytest.raises(ClientShreddedError) as caught:
        filled.client("c001")
    assert caught.value.facts["at"] == LATER.strftime("%Y-%m-%d 22:00")


def test_a_shredded_client_is_not_made_anew(filled: Vault, store: MemoryStore) -> None:
    destroyed(filled)
    with pytest.raises(ClientShreddedError):
        filled.client("c001", create=True)
    assert keys_in(filled, store) == []


def test_other_clients_are_as_before(filled: Vault, mirror: MemoryStore) -> None:
    destroyed(filled, mirror)
    assert (filled.clients(), filled.client("c002").epoch) == (("c002",), 1)


def test_who_was_shredded_can_be_asked(filled: Vault) -> None:
    destroyed(filled)
    (stone,) = filled.shredded().values()
    assert (stone.client, stone.instant, stone.by) == ("c001", LATER, "p-manager")
    assert list(filled.shredded()) == [filled.space("c001").client]


def test_what_is_left_of_a_shredded_client_is_not_called_damage(filled: Vault) -> None:
    destroyed(filled)
    assert verify(filled, every_byte=True).damaged == ()


def test_no_name_shows_in_the_tombstone(filled: Vault, store: MemoryStore) -> None:
    destroyed(filled)
    (name,) = (name for name in store.objects if "/shredded/" in name)
    assert b"c001" not in store.objects[name]
    assert is_ours(name)


def test_nothing_is_touched_where_retention_forbids_it(filled: Vault, store: MemoryStore) -> None:
    before = dict(store.objects)

    def forbids(client: str) -> None:
        raise UsageError("{client} is under a hold", client=client)

    with pytest.raises(UsageError):
        destroyed(filled, check=forbids)
    assert store.objects == before


def test_a_plan_changes_nothing_and_names_every_copy(
    filled: Vault, store: MemoryStore, mirror: MemoryStore
) -> None:
    before = dict(store.objects), dict(mirror.objects)
    plan = planned(filled, "c001", mirrors=[mirror])
    assert (store.objects, mirror.objects) == before
    assert (len(plan.copies), plan.certificate) == (4, b"")


def test_a_client_that_never_was_cannot_be_shredded(filled: Vault, store: MemoryStore) -> None:
    with pytest.raises(UsageError):
        planned(filled, "c404")
    with pytest.raises(UsageError):
        shred(
            filled,
            "c404",
            check=lambda _: None,
            by="p",
            reason="r",
            checked_by="p",
            clock=lambda: LATER,
            signing=SIGNING,
        )
    assert not any("/shredded/" in name for name in store.objects)


def test_another_vault_is_no_mirror(filled: Vault, store: MemoryStore) -> None:
    other, before = MemoryStore(), dict(store.objects)
    other.objects[CONFIG] = b"{}\n\n"
    with pytest.raises(UsageError):
        destroyed(filled, other)
    assert store.objects == before


def test_a_mirror_does_not_bring_the_keys_back_as_the_vault_is_copied(
    filled: Vault, mirror: MemoryStore
) -> None:
    destroyed(filled, mirror)
    copy_to_mirror(filled.store, mirror)
    assert keys_in(filled, mirror) == []


def test_a_mirror_that_was_not_named_keeps_its_keys_and_opens_no_client(
    filled: Vault, mirror: MemoryStore, secret: Secret
) -> None:
    """Its keys go by shredding again with it; its tombstone comes with the next copy."""
    destroyed(filled)
    copy_to_mirror(filled.store, mirror)
    assert keys_in(filled, mirror)
    with pytest.raises(ClientShreddedError):
        open_vault(mirror, secret).client("c001")
    again = destroyed(filled, mirror, at=LATER + timedelta(days=1))
    assert (keys_in(filled, mirror), len(again.copies)) == ([], 4)
    assert told(again)["began"] == LATER.isoformat()


def test_a_later_certificate_still_lists_what_went_in_all_runs(
    filled: Vault, mirror: MemoryStore
) -> None:
    destroyed(filled)
    destroyed(filled, mirror, at=LATER + timedelta(days=1))
    last = destroyed(filled, mirror, at=LATER + timedelta(days=2))
    assert len(last.copies) == 4
    assert {stone.instant for stone in filled.shredded().values()} == {LATER}


def test_a_key_that_is_put_back_is_found_by_the_proof(
    filled: Vault, store: MemoryStore, mirror: MemoryStore
) -> None:
    copy = {name: store.objects[name] for name in keys_in(filled, store)}
    destroyed(filled)
    prove_shredded(filled, "c001")
    store.objects |= copy
    with pytest.raises(CorruptObjectError):
        prove_shredded(filled, "c001")


def test_a_copy_of_a_key_under_another_name_is_found_by_the_proof(
    filled: Vault, store: MemoryStore
) -> None:
    name = keys_in(filled, store)[0]
    aside = ObjectName(f"quarantine/{name.rsplit('/', 1)[1]}")
    store.objects[aside] = store.objects[name]
    with pytest.raises(CorruptObjectError) as caught:
        destroyed(filled)
    assert caught.value.facts["object"] == aside


def test_what_still_opens_is_found_by_the_proof(filled: Vault, store: MemoryStore) -> None:
    """Content sealed under a key that another client shares would survive its own key."""
    side, other = filled.client("c001"), filled.client("c002")
    sealed = replace(side, keys=other.keys).seal(Kind.INDEX, b"{}")
    store.put(side.space.index(sealed), sealed)
    with pytest.raises(CorruptObjectError) as caught:
        destroyed(filled)
    assert caught.value.facts["object"] == side.space.index(sealed)


def test_a_new_master_brings_no_shredded_client_back(
    filled: Vault, store: MemoryStore, mirror: MemoryStore
) -> None:
    """A mirror that was forgotten still holds the keys; they are not sealed anew from there."""
    destroyed(filled)
    copy_to_mirror(filled.store, mirror)
    new = new_secret("keyfile")
    rotate_master(filled, [new], at=LATER, mirrors=[mirror])
    assert keys_in(filled, store) == []
    assert open_vault(store, new).shredded().keys() == {filled.space("c001").client}


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_shredding_may_die_at_any_change_and_the_next_one_ends_it(
    filled: Vault, store: MemoryStore, after: int, done: bool
) -> None:
    keys = keys_in(filled, store)
    dying = DyingStore(store, after=after, done=done)
    with pytest.raises(StoreUnreachableError):
        destroyed(replace(filled, store=dying))
    assert dying.died
    fields = told(destroyed(filled))
    assert keys_in(filled, store) == []
    listed = {key["object"] for one in fields["stores"] for key in one["destroyed"]}  # type: ignore[attr-defined]
    assert set(keys) <= listed


def test_a_store_that_was_named_before_and_is_not_now_stands_in_the_certificate(
    filled: Vault, mirror: MemoryStore
) -> None:
    destroyed(filled, mirror)
    elsewhere = told(destroyed(filled))["not_looked_at"]
    assert isinstance(elsewhere, list)
    assert [one["url"] for one in elsewhere] == [mirror.url] * 2


def test_once_the_tombstone_stands_nobody_opens_the_client(
    filled: Vault, store: MemoryStore
) -> None:
    with pytest.raises(StoreUnreachableError):
        destroyed(replace(filled, store=DyingStore(store, after=2)))
    with pytest.raises(ClientShreddedError) as caught:
        filled.client("c001")
    assert "not finished" in str(caught.value)
    assert filled.clients() == ("c002",)


# --- locks --------------------------------------------------------------------------------------


def test_a_certificate_is_pending_while_a_lock_holds(filled: Vault, store: MemoryStore) -> None:
    locked = LockedStore(LATER + timedelta(days=60))
    locked.objects |= store.objects
    fields = told(done := destroyed(filled, locked))
    assert (fields["status"], done.final) == ("pending", False)
    assert fields["pending_until"] == (LATER + timedelta(days=60)).isoformat()
    assert (len(keys_in(filled, store)), len(keys_in(filled, locked))) == (0, 2)


def test_a_locked_client_is_opened_by_nobody_either(
    filled: Vault, store: MemoryStore, secret: Secret
) -> None:
    locked = LockedStore(LATER + timedelta(days=60))
    locked.objects |= store.objects
    destroyed(filled, locked)
    with pytest.raises(ClientShreddedError):
        open_vault(locked, secret).client("c001")


def test_the_certificate_becomes_final_when_the_last_lock_has_run_out(
    filled: Vault, store: MemoryStore
) -> None:
    locked = LockedStore(LATER + timedelta(days=60))
    locked.objects |= store.objects
    first = told(destroyed(filled, locked))
    locked.today = LATER + timedelta(days=61)
    fields = told(destroyed(filled, locked, at=locked.today))
    assert (fields["status"], fields["began"]) == ("final", first["began"])
    stores = fields["stores"]
    assert isinstance(stores, list)
    assert [len(one["destroyed"]) for one in stores] == [2, 2]


def test_a_hold_without_an_end_leaves_the_certificate_pending_without_a_day(
    filled: Vault, store: MemoryStore
) -> None:
    held = LockedStore(None)
    held.objects |= store.objects
    fields = told(destroyed(filled, held))
    assert (fields["status"], fields["pending_until"]) == ("pending", None)
