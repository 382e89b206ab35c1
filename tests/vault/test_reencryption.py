"""Sealing anew after a leak: nothing is lost at any point, and the leaked key opens nothing new."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.errors import CorruptObjectError, StoreUnreachableError, UsageError
from baozhang.sources.tree import TreeSource
from baozhang.vault import reencryption
from baozhang.vault.client import ClientVault
from baozhang.vault.mirror import copy_to_mirror
from baozhang.vault.model import Progress, Snapshot
from baozhang.vault.moves import NOWHERE, Moves, encode_moves
from baozhang.vault.names import hash_in, hash_of, is_ours
from baozhang.vault.pack import parse_pack
from baozhang.vault.reader import restore
from baozhang.vault.reencryption import Reencryption, resealed_pack
from baozhang.vault.rotation import rotate_client
from baozhang.vault.sealing import HEADER, Kind, epoch_of, open_seal
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import Vault
from baozhang.vault.verify import verify
from baozhang.vault.writer import back_up
from tests.vault.conftest import AT, BackUp
from tests.vault.dying import DyingStore
from tests.vault.test_round_trip import facts

LATER = AT + timedelta(days=90)
SEALED_ANEW = ("packs", "index", "snap", "moves")


def reencrypt(side: ClientVault, **options: object) -> Reencryption:
    return reencryption.reencrypt(side, at=LATER, **options)  # type: ignore[arg-type]


@pytest.fixture
def snapshots(back: BackUp, tree: Path) -> list[Snapshot]:
    """Three snapshots: one full, one that repeats it, one with changes."""
    found = [back().snapshot, back().snapshot]
    (tree / "books" / "more.csv").write_bytes(b"4,5,6\n" * 400)
    return [*found, back().snapshot]


@pytest.fixture
def leaked(vault: Vault, snapshots: list[Snapshot]) -> ClientVault:
    """The client after its first key has leaked and a second one was made."""
    assert len(snapshots) == 3
    rotate_client(vault, "c001")
    return vault.client("c001")


def kinds(store: MemoryStore, epoch: int) -> dict[str, int]:
    """Count what lies under a key of this epoch, by the folder it lies in."""
    found: dict[str, int] = {}
    for name, data in store.objects.items():
        if is_ours(name) and name.startswith("c/") and epoch_of(data) == epoch:
            folder = name.split("/")[2]
            found[folder] = found.get(folder, 0) + 1
    return found


def restores(side: ClientVault, tree: Path, out: Path) -> bool:
    """Tell whether the latest snapshot comes back as the tree is."""
    side = replace(side)
    restore(side, side.find("latest"), out)
    return facts(out) == facts(tree)


def test_every_snapshot_comes_back_after_the_old_objects_are_gone(
    leaked: ClientVault, snapshots: list[Snapshot], tree: Path, tmp_path: Path
) -> None:
    before = [restored(leaked, one, tmp_path / f"a{one.sequence}") for one in snapshots]
    reencrypt(leaked, delete_old=True)
    side = replace(leaked)
    assert [restored(side, one, tmp_path / f"b{one.sequence}") for one in snapshots] == before


def restored(side: ClientVault, snapshot: Snapshot, out: Path) -> dict[bytes, tuple[object, ...]]:
    restore(side, snapshot, out)
    return facts(out)


def test_nothing_but_commits_stays_under_the_old_key(
    leaked: ClientVault, store: MemoryStore
) -> None:
    done = reencrypt(leaked, delete_old=True)
    assert kinds(store, 1) == {"commit": 3, "keys": 1}
    assert (done.left, done.staying) == (0, 3)


@pytest.mark.parametrize("delete_old", [False, True])
def test_what_was_sealed_anew_is_not_called_damage(
    leaked: ClientVault, vault: Vault, delete_old: bool
) -> None:
    reencrypt(leaked, delete_old=delete_old)
    assert verify(vault, every_byte=True).damaged == ()


def test_a_backup_after_sealing_anew_stands_on_what_is_there(
    leaked: ClientVault, vault: Vault, tree: Path, tmp_path: Path
) -> None:
    reencrypt(leaked, delete_old=True)
    (tree / "books" / "small.csv").write_bytes(b"7,8,9\n")
    side = vault.client("c001")
    with TreeSource(tree).freeze() as frozen:
        receipt = back_up(side, frozen, set_name="main", at=LATER)
    assert restored(vault.client("c001"), receipt.snapshot, tmp_path / "out") == facts(tree)
    assert verify(vault, every_byte=True).damaged == ()


def test_a_backup_that_runs_beside_is_told_that_old_packs_go(leaked: ClientVault) -> None:
    packs = {leaked.space.pack(pack.hex()) for pack in leaked.packs()}
    reencrypt(leaked, delete_old=True)
    assert leaked.marks().dropped == packs


def test_without_the_word_nothing_old_is_deleted(leaked: ClientVault, store: MemoryStore) -> None:
    before = dict(store.objects)
    done = reencrypt(leaked)
    assert before.items() <= store.objects.items()
    assert done.left == sum(kinds(store, 1).get(folder, 0) for folder in SEALED_ANEW)


def test_old_objects_go_in_a_later_run_as_well(leaked: ClientVault, store: MemoryStore) -> None:
    reencrypt(leaked)
    done = reencrypt(leaked, delete_old=True)
    assert (done.packs, done.others, done.left) == (0, 0, 0)
    assert kinds(store, 1) == {"commit": 3, "keys": 1}


def test_a_dry_run_writes_nothing_and_counts_all(leaked: ClientVault, store: MemoryStore) -> None:
    before = dict(store.objects)
    planned = reencrypt(leaked, dry_run=True, delete_old=True)
    assert store.objects == before
    done = reencrypt(leaked)
    assert (planned.packs, planned.others, planned.bytes) == (done.packs, done.others, done.bytes)


def test_a_second_run_finds_nothing_to_do(leaked: ClientVault, store: MemoryStore) -> None:
    reencrypt(leaked)
    before = dict(store.objects)
    done = reencrypt(leaked)
    assert (done.packs, done.others, store.objects) == (0, 0, before)


def test_a_client_with_one_key_is_told_to_rotate(
    side: ClientVault, snapshots: list[Snapshot]
) -> None:
    with pytest.raises(UsageError) as caught:
        reencrypt(side)
    assert "rotate" in caught.value.hint
    assert snapshots


def test_progress_is_told_in_bytes(leaked: ClientVault) -> None:
    told: list[Progress] = []
    done = reencrypt(leaked, report=told.append)
    assert told[-1] == Progress("re-encrypting", done.bytes, done.bytes)


def test_a_new_pack_has_the_old_segments_under_a_new_salt(
    leaked: ClientVault, store: MemoryStore
) -> None:
    name = next(name for name in store.objects if "/packs/" in name)
    data = store.objects[name]
    old = parse_pack(data, leaked.seal_of(Kind.PACK, data))
    sealed, count = resealed_pack(leaked, data)
    new = parse_pack(bytes(sealed), leaked.seal_of(Kind.PACK, bytes(sealed)))
    assert (len(sealed), count, new.segments) == (len(data), len(old.segments), old.segments)
    for one in old.segments:
        span = slice(one.offset, one.offset + one.length)
        assert new.open(one, bytes(sealed[span])) == old.open(one, data[span])
        assert sealed[span] != data[span]


def test_no_salt_is_used_twice(leaked: ClientVault, store: MemoryStore) -> None:
    """Nonces are counters, so that one salt used twice under one key would be one nonce twice."""
    reencrypt(leaked)
    reencrypt(replace(leaked))
    sealed = [data for name, data in store.objects.items() if name.startswith("c/")]
    salts = {data[14:46] for data in sealed}
    assert len(salts) == len(sealed)


def test_sealing_one_pack_twice_gives_two_ciphertexts(
    leaked: ClientVault, store: MemoryStore
) -> None:
    data = next(data for name, data in store.objects.items() if "/packs/" in name)
    first, second = (bytes(resealed_pack(leaked, data)[0]) for _ in range(2))
    equal = sum(a == b for a, b in zip(first[HEADER.size :], second[HEADER.size :], strict=True))
    assert equal < len(first) / 50


def test_the_leaked_key_opens_nothing_that_was_sealed_anew(
    leaked: ClientVault, store: MemoryStore
) -> None:
    reencrypt(leaked, delete_old=True)
    thief = leaked.keys[1]
    for name, data in store.objects.items():
        if name.startswith("c/") and name.split("/")[2] in SEALED_ANEW:
            place = leaked.place(Kind(data[6]), epoch_of(data))
            with pytest.raises(CorruptObjectError):
                open_seal(data[: HEADER.size], thief, place)


def test_a_damaged_pack_stays_and_is_named_and_the_rest_goes_on(
    leaked: ClientVault, store: MemoryStore
) -> None:
    name = next(name for name in store.objects if "/packs/" in name)
    data = bytearray(store.objects[name])
    data[200] ^= 1
    store.objects[name] = bytes(data)
    done = reencrypt(leaked, delete_old=True)
    assert (done.damaged, name in store.objects) == ((name,), True)
    assert kinds(store, 1)["packs"] == 1
    assert "snap" not in kinds(store, 1)


def test_a_damaged_replacement_saves_the_old_object(
    leaked: ClientVault, store: MemoryStore
) -> None:
    old = {name for name in store.objects if "/packs/" in name}
    reencrypt(leaked)
    for name in [name for name in store.objects if "/packs/" in name and name not in old]:
        store.objects[name] = store.objects[name][:-1] + b"x"
    reencrypt(leaked, delete_old=True)
    assert old <= store.objects.keys()


def test_after_two_leaks_two_chains_of_moves_lead_to_the_newest(
    leaked: ClientVault, vault: Vault, store: MemoryStore, tree: Path, tmp_path: Path
) -> None:
    reencrypt(leaked, delete_old=True)
    rotate_client(vault, "c001")
    side = vault.client("c001")
    reencrypt(side, delete_old=True)
    assert restores(side, tree, tmp_path / "out")
    assert kinds(store, 2) == {"keys": 1, "marks": 1}


def test_a_key_that_nothing_needs_any_more_is_removed(
    leaked: ClientVault, vault: Vault, store: MemoryStore
) -> None:
    """Epoch 2 sealed no commit; epoch 1 did, and its key stays."""
    reencrypt(leaked)
    rotate_client(vault, "c001")
    done = reencrypt(vault.client("c001"), delete_old=True)
    assert done.keys_removed == (2,)
    assert sorted(vault.client("c001").keys) == [1, 3]


def test_a_key_is_kept_while_a_snapshot_is_written_under_it(
    leaked: ClientVault, vault: Vault, store: MemoryStore
) -> None:
    """A backup that began before the rotation commits between two looks at the store."""
    reencrypt(leaked)
    rotate_client(vault, "c001")
    late = leaked.seal(Kind.COMMIT, b"{}")
    folder = next(n for n in store.objects if "/commit/" in n).rsplit("/", 1)[0]

    class Late(DyingStore):
        def delete(self, name: ObjectName, /) -> None:
            super().delete(name)
            if "/keys/" in name:
                self.objects[ObjectName(f"{folder}/0000000009-{'0' * 64}")] = late

    busy = Late(store, after=10**6)
    side = replace(vault, store=busy).client("c001")
    done = reencrypt(side, delete_old=True)
    assert (done.keys_removed, sorted(vault.client("c001").keys)) == ((), [1, 2, 3])


def changes(leaked: ClientVault, store: MemoryStore, *, delete_old: bool) -> int:
    """Count how often a whole run changes the store, on a copy of it."""
    copy = MemoryStore()
    copy.objects |= store.objects
    counting = DyingStore(copy, after=10**6)
    reencrypt(replace(leaked, store=counting), delete_old=delete_old)
    return 10**6 - counting.left


@pytest.mark.parametrize("done", [False, True])
def test_a_run_may_die_at_any_change_and_the_next_one_ends_it(
    leaked: ClientVault,
    store: MemoryStore,
    snapshots: list[Snapshot],
    tree: Path,
    tmp_path: Path,
    done: bool,
) -> None:
    whole = dict(store.objects)
    total = changes(leaked, store, delete_old=True)
    assert total > 12
    for after in range(1, total + 1):
        store.objects.clear()
        store.objects |= whole
        dying = DyingStore(store, after=after, done=done)
        with pytest.raises(StoreUnreachableError):
            reencrypt(replace(leaked, store=dying), delete_old=True)
        assert dying.died
        assert restores(leaked, tree, tmp_path / f"died-{after}")
        reencrypt(replace(leaked), delete_old=True)
        assert kinds(store, 1) == {"commit": len(snapshots), "keys": 1}
        assert restores(leaked, tree, tmp_path / f"ended-{after}")


def test_a_mirror_loses_old_objects_only_after_it_has_the_new(
    leaked: ClientVault, store: MemoryStore, tree: Path, tmp_path: Path
) -> None:
    mirror = MemoryStore()
    mirror.objects |= store.objects
    first = reencrypt(leaked, delete_old=True, mirrors=[mirror])
    assert first.left == sum(kinds(mirror, 1).get(folder, 0) for folder in SEALED_ANEW)
    copy_to_mirror(store, mirror)
    second: Reencryption = reencrypt(leaked, delete_old=True, mirrors=[mirror])
    assert (second.left, kinds(mirror, 1)) == (0, {"commit": 3, "keys": 1})
    assert restores(replace(leaked, store=mirror), tree, tmp_path / "out")


def test_a_segment_that_an_earlier_run_gave_up_is_not_lost(
    side: ClientVault, snapshots: list[Snapshot], vault: Vault, store: MemoryStore
) -> None:
    """A snapshot that was written beside that run may need it: moves do not lead away from it."""
    assert snapshots
    name = next(name for name in store.objects if "/packs/" in name)
    again, count = resealed_pack(side, store.objects[name])
    old, new = (bytes.fromhex(digest) for digest in (hash_in(name), hash_of(again)))
    places = [(new, number) for number in range(count - 1)]
    sealed = side.seal(Kind.MOVES, encode_moves(Moves({old: [*places, (new, NOWHERE)]})))
    store.put(side.space.pack(new.hex()), again)
    store.put(side.space.moves(sealed), sealed)
    rotate_client(vault, "c001")
    reencrypt(vault.client("c001"), delete_old=True)
    pack, number = vault.client("c001").moves.place(old, count - 1)
    assert (number, vault.client("c001").space.pack(pack.hex()) in store.objects) == (
        count - 1,
        True,
    )
    assert pack != old


def test_moves_say_nothing_of_content_in_their_names(
    leaked: ClientVault, store: MemoryStore
) -> None:
    reencrypt(leaked)
    names = [name for name in store.objects if "/moves/" in name]
    assert names
    assert all(is_ours(name) and hash_in(name) for name in names)
