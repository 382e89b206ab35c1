"""Verification names every damage, and whom it hits; it never cries wolf."""

import random
from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.errors import BaozhangError, ObjectMissingError
from baozhang.keys.slots import Secret
from baozhang.sources.tree import TreeSource
from baozhang.vault.client import ClientVault
from baozhang.vault.sealing import Kind
from baozhang.vault.stores.base import ObjectName, Span
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import Vault, open_vault
from baozhang.vault.verify import verify
from baozhang.vault.writer import back_up
from tests.vault.conftest import AT, BackUp

KINDS = ["config", "keys/", "/keys/", "/packs/", "/index/", "/snap/", "/commit/"]


def objects(store: MemoryStore, kind: str) -> list[ObjectName]:
    if kind == "keys/":
        return [name for name in store.objects if name.startswith("keys/")]
    return [name for name in store.objects if kind in name]


def flip(store: MemoryStore, name: ObjectName, at: int, bit: int) -> None:
    data = bytearray(store.objects[name])
    data[at] ^= 1 << bit
    store.objects[name] = bytes(data)


def test_a_sound_vault_has_no_damage(vault: Vault, back: BackUp) -> None:
    back()
    back()
    report = verify(vault, every_byte=True)
    assert report.damaged == ()
    assert report.unreferenced == 0
    assert report.objects == len(vault.store.objects)  # type: ignore[attr-defined]
    assert report.bytes == sum(len(data) for data in vault.store.objects.values())  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", KINDS)
def test_every_flipped_bit_is_found_and_named(
    vault: Vault, store: MemoryStore, back: BackUp, secret: Secret, kind: str
) -> None:
    """12 random flips in each kind of object; each one alone."""
    back()
    sound = dict(store.objects)
    rng = random.Random(kind)
    for _ in range(12):
        name = rng.choice(objects(store, kind))
        flip(store, name, rng.randrange(len(sound[name])), rng.randrange(8))
        assert store.objects[name] != sound[name]
        report = verify(vault, every_byte=True)
        assert name in [damage.object for damage in report.damaged]
        store.objects = dict(sound)
    assert verify(vault, every_byte=True).damaged == ()


def test_a_flipped_pack_byte_names_snapshot_client_and_file(
    vault: Vault, store: MemoryStore, back: BackUp, side: ClientVault
) -> None:
    first = back()
    second = back()
    pack = objects(store, "/packs/")[0]
    flip(store, pack, len(store.objects[pack]) // 2, 0)
    (damage,) = verify(vault, every_byte=True).damaged
    assert damage.client == "c001"
    assert damage.snapshots == (first.snapshot.id, second.snapshot.id)
    assert 0 < len(damage.files) < first.snapshot.files
    assert set(damage.files) <= {row.item.path for row in side.manifest(first.snapshot).rows()}


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_missing_object_is_found(
    vault: Vault, store: MemoryStore, back: BackUp, tree: Path, kind: str
) -> None:
    back()
    (tree / "0.pdf").write_bytes(b"changed")
    back()
    name = objects(store, kind)[0]
    for gone in objects(store, kind) if kind == "keys/" else [name]:
        del store.objects[gone]
    damaged = verify(vault, every_byte=True).damaged
    assert damaged
    assert all(damage.kind == "missing" for damage in damaged)


def test_missing_and_shortened_packs_are_found_without_reading_data(
    vault: Vault, store: MemoryStore, back: BackUp
) -> None:
    back()
    pack = objects(store, "/packs/")[0]
    store.objects[pack] = store.objects[pack][:-1]
    assert [d.object for d in verify(vault, every_byte=False).damaged] == [pack]
    del store.objects[pack]
    assert [d.kind for d in verify(vault, every_byte=False).damaged] == ["missing"]


def test_a_pack_of_another_client_is_damage_under_any_name(
    vault: Vault, store: MemoryStore, back: BackUp, side: ClientVault, tree: Path
) -> None:
    """Even a thief who renames properly cannot pass one client's bytes for another's."""
    back()
    other = vault.client("c002", create=True)
    with TreeSource(tree).freeze() as frozen:
        back_up(other, frozen, set_name="main", at=AT)
    mine = next(n for n in store.objects if n.startswith(f"{side.space.prefix}packs/"))
    theirs = next(n for n in store.objects if n.startswith(f"{other.space.prefix}packs/"))
    renamed = other.space.pack(mine.rsplit("/", 1)[1])
    store.objects[renamed] = store.objects[theirs] = store.objects[mine]
    damaged = {damage.object: damage.client for damage in verify(vault, every_byte=True).damaged}
    assert damaged == {renamed: "c002", theirs: "c002"}


def test_an_object_that_no_commit_knows_is_counted_not_condemned(
    vault: Vault, store: MemoryStore, back: BackUp, side: ClientVault
) -> None:
    back()
    index = objects(store, "/index/")[0]
    sealed = store.objects[index]
    extra = side.seal(Kind.INDEX, side.open(Kind.INDEX, sealed))
    store.put(side.space.index(extra), extra)
    report = verify(vault, every_byte=True)
    assert report.damaged == ()
    assert report.unreferenced == 1


def test_two_snapshots_of_one_place_are_a_fork_until_the_next_heals_it(
    vault: Vault, store: MemoryStore, side: ClientVault, tree: Path
) -> None:
    def run(days: int) -> None:
        with TreeSource(tree).freeze() as frozen:
            back_up(side, frozen, set_name="main", at=AT + timedelta(days=days))

    run(0)
    before = dict(store.objects)
    run(1)
    one = dict(store.objects)
    store.objects = dict(before)
    run(2)
    store.objects |= one
    assert {d.kind for d in verify(vault, every_byte=True).damaged} == {"forked"}
    run(3)
    assert verify(vault, every_byte=True).damaged == ()
    assert len(side.snapshots("main")) == 4


def test_another_client_s_vault_part_can_be_left_out(vault: Vault, back: BackUp) -> None:
    back()
    vault.client("c002", create=True)
    report = verify(vault, every_byte=True, clients=["c002"])
    assert report.objects == 3  # the client's key, the head and the one slot


def test_the_keys_to_everything_are_checked_with_every_client(
    vault: Vault, store: MemoryStore, back: BackUp
) -> None:
    back()
    for name in ("config", objects(store, "keys/")[0]):
        flip(store, ObjectName(name), 30, 0)
        (damage,) = verify(vault, every_byte=False, clients=["c001"]).damaged
        assert damage.object == name
        flip(store, ObjectName(name), 30, 0)


def test_every_bit_of_the_head_matters(vault: Vault, store: MemoryStore) -> None:
    head = store.objects[ObjectName("config")]
    for at in range(len(head)):
        for bit in range(8):
            flip(store, ObjectName("config"), at, bit)
            assert [d.object for d in verify(vault, every_byte=False).damaged] == ["config"]
            store.objects[ObjectName("config")] = head


@pytest.mark.parametrize("every_byte", [False, True])
def test_a_pack_that_only_a_lost_commit_named_is_missed_by_the_later_snapshots(
    vault: Vault, store: MemoryStore, back: BackUp, tree: Path, every_byte: bool
) -> None:
    back()
    pack, commit = objects(store, "/packs/")[0], objects(store, "/commit/")[0]
    (tree / "0.pdf").write_bytes(b"%PDF changed")
    second = back()
    del store.objects[pack], store.objects[commit]
    found = {d.object: d for d in verify(vault, every_byte=every_byte).damaged}
    assert {d.kind for d in found.values()} == {"missing"}
    assert found[pack].snapshots == (second.snapshot.id,)
    assert len(found[pack].files) == second.snapshot.files - 2  # the changed and the empty one


def test_lost_commits_are_missed_by_what_they_left_behind(
    vault: Vault, store: MemoryStore, back: BackUp
) -> None:
    """A folder that a disk or a copy lost: manifests are numbered, and one came after a commit."""
    back()
    back()
    for name in objects(store, "/commit/"):
        del store.objects[name]
    (damage,) = verify(vault, every_byte=False).damaged
    assert (damage.kind, "/commit/" in damage.object) == ("missing", True)


def test_a_sound_key_beside_a_damaged_one_still_lets_its_client_be_verified(
    vault: Vault, store: MemoryStore, back: BackUp, side: ClientVault
) -> None:
    back()
    planted = ObjectName(f"{side.space.prefix}keys/000001-{'0' * 64}")
    store.objects[planted] = b"rubbish"
    (damage,) = verify(vault, every_byte=True).damaged
    assert (damage.object, damage.client) == (planted, "c001")
    assert back().unchanged


def test_an_object_that_vanishes_during_a_verification_is_missing(
    store: MemoryStore, secret: Secret, back: BackUp
) -> None:
    back()
    index = objects(store, "/index/")[0]

    class Vanishing(MemoryStore):
        def get(self, name: ObjectName, span: Span | None = None, /) -> bytes:
            if name == index:
                raise ObjectMissingError("gone", object=name)
            return super().get(name, span)

    vanishing = Vanishing()
    vanishing.objects = store.objects
    (damage,) = verify(open_vault(vanishing, secret), every_byte=True).damaged
    assert (damage.object, damage.kind) == (index, "missing")


def test_a_damaged_vault_still_opens_or_says_why(
    vault: Vault, store: MemoryStore, secret: Secret, back: BackUp
) -> None:
    back()
    sound = dict(store.objects)
    for name in ("config", objects(store, "keys/")[0]):
        for at in range(0, len(sound[ObjectName(name)]), 7):
            flip(store, ObjectName(name), at, at % 8)
            with pytest.raises(BaozhangError):
                open_vault(store, secret)
            store.objects = dict(sound)
    assert open_vault(store, secret).id == vault.id
