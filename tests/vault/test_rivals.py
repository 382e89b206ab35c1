"""Others at the same place and time: writers, listings, other vaults, stray files."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.errors import CorruptObjectError, StoreUnreachableError, UsageError
from baozhang.keys.slots import Secret, new_secret
from baozhang.sources.tree import TreeSource
from baozhang.vault.client import ClientVault
from baozhang.vault.mirror import copy_to_mirror
from baozhang.vault.names import CONFIG, slot_name
from baozhang.vault.reader import restore
from baozhang.vault.stores.base import ObjectInfo, ObjectName, Span
from baozhang.vault.stores.choosing import new_store_at
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import Vault, create_vault, open_vault
from baozhang.vault.verify import verify
from baozhang.vault.writer import back_up
from tests.vault.conftest import AT, BackUp
from tests.vault.test_round_trip import facts
from tests.vault.test_vault import DyingStore
from tests.vault.unprivileged import common_folder, unprivileged


def back_up_tree(side: ClientVault, tree: Path, set_name: str, days: int = 0) -> None:
    with TreeSource(tree).freeze() as frozen:
        back_up(side, frozen, set_name=set_name, at=AT + timedelta(days=days))


class LateStore(MemoryStore):
    """Does not yet see, at its first listing, what another writer has just put."""

    def __init__(self, objects: dict[ObjectName, bytes]) -> None:
        super().__init__()
        self.objects, self._late = objects, True

    def list(self, prefix: str = "", /) -> Iterator[ObjectInfo]:
        if "/keys/" in prefix and self._late:
            self._late = False
            return iter(())
        return super().list(prefix)


def test_a_client_made_by_two_writers_at_once_loses_nothing_of_either(
    vault: Vault, store: MemoryStore, secret: Secret, tree: Path, tmp_path: Path
) -> None:
    one = vault.client("c001", create=True)
    two = open_vault(LateStore(store.objects), secret).client("c001", create=True)
    assert sum("/keys/" in name for name in store.objects) == 2
    back_up_tree(one, tree, "main")
    back_up_tree(two, tree, "invoices")
    back_up_tree(two, tree, "main", days=1)
    side = open_vault(store, secret).client("c001")
    assert [(s.set, s.sequence) for s in side.snapshots()] == [
        ("invoices", 1),
        ("main", 1),
        ("main", 2),
    ]
    for number, snapshot in enumerate(side.snapshots()):
        restore(side, snapshot, tmp_path / str(number))
        assert facts(tmp_path / str(number)) == facts(tree)
    assert verify(vault, every_byte=True).damaged == ()


def test_a_vault_that_was_half_made_can_be_made_again_with_the_same_key() -> None:
    secret, recovery = new_secret("keyfile"), new_secret("recovery")
    for puts in range(3):
        for _ in range(8):  # the order of the slots' names is chance
            dying = DyingStore({}, puts)
            with pytest.raises(StoreUnreachableError):
                create_vault(dying, [secret, recovery], at=AT)
            dying.left = 99
            made = create_vault(dying, [secret, recovery], at=AT)
            assert open_vault(dying, secret).id == made.id
            assert verify(made, every_byte=True).damaged == ()


def test_a_planted_slot_locks_nobody_out(vault: Vault, secret: Secret, store: MemoryStore) -> None:
    for number in range(40):  # some of which come before the true one
        for rubbish in (b"%d", b'{"salt":%d}', b'{"kdf":{"memory_kib":"%d"}}'):
            slot = rubbish % number
            store.put(slot_name(slot), slot)
    assert open_vault(store, secret).id == vault.id


class BusyStore(MemoryStore):
    """Somebody commits while its objects are being listed, last folder first."""

    def __init__(self, objects: dict[ObjectName, bytes], meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self.objects, self._meanwhile = objects, meanwhile
        self.happened = 0

    def list(self, prefix: str = "", /) -> Iterator[ObjectInfo]:
        found = [info for info in super().list(prefix) if "/commit/" not in info.name]
        if prefix.startswith("c/") and prefix.count("/") < 3:
            self._meanwhile()
            self.happened += 1
        found += [info for info in super().list(prefix) if "/commit/" in info.name]
        return iter(sorted(found, key=lambda info: info.name))


def test_a_backup_during_a_verification_is_no_damage(
    vault: Vault, store: MemoryStore, secret: Secret, back: BackUp, tree: Path
) -> None:
    back()
    busy = BusyStore(store.objects, lambda: (tree / "9.pdf").write_bytes(b"%PDF!") and back())
    report = verify(open_vault(busy, secret), every_byte=True)
    assert busy.happened
    assert report.damaged == ()


def test_a_backup_during_a_copy_leaves_the_mirror_whole(
    vault: Vault, store: MemoryStore, secret: Secret, back: BackUp, tree: Path
) -> None:
    back()
    busy = BusyStore(store.objects, lambda: (tree / "9.pdf").write_bytes(b"%PDF!") and back())
    mirror = MemoryStore()
    copy_to_mirror(busy, mirror)
    assert busy.happened
    assert verify(open_vault(mirror, secret), every_byte=True).damaged == ()


class UnpluggedStore(MemoryStore):
    """Is taken away once a pack has been asked for; an empty folder stays."""

    def __init__(self, objects: dict[ObjectName, bytes]) -> None:
        super().__init__()
        self.objects, self.gone = dict(objects), False

    def get(self, name: ObjectName, span: Span | None = None, /) -> bytes:
        if "/packs/" in name:
            self.objects, self.gone = {}, True
        return super().get(name, span)


def test_a_disk_that_is_unplugged_meanwhile_is_not_a_vault_that_lost_everything(
    store: MemoryStore, secret: Secret, back: BackUp
) -> None:
    back()
    unplugged = UnpluggedStore(store.objects)
    with pytest.raises(StoreUnreachableError):
        verify(open_vault(unplugged, secret), every_byte=True)
    assert unplugged.gone


def test_another_vault_s_mirror_is_refused_and_left_alone(vault: Vault, back: BackUp) -> None:
    back()
    other = MemoryStore()
    create_vault(other, [new_secret("keyfile")], at=AT)
    before = dict(other.objects)
    with pytest.raises(UsageError):
        copy_to_mirror(vault.store, other)
    assert other.objects == before


def test_a_vault_is_not_its_own_mirror(vault: Vault) -> None:
    with pytest.raises(UsageError):
        copy_to_mirror(vault.store, vault.store)


def test_one_client_s_damage_keeps_no_other_client_from_the_mirror(
    vault: Vault, store: MemoryStore, secret: Secret, back: BackUp, side: ClientVault, tree: Path
) -> None:
    back()
    for name in ("c000", "c002"):
        back_up_tree(vault.client(name, create=True), tree, "main")
    pack = next(n for n in store.objects if n.startswith(f"{side.space.prefix}packs/"))
    store.objects[pack] = b"\0" + store.objects[pack][1:]
    mirror = MemoryStore()
    with pytest.raises(CorruptObjectError) as caught:
        copy_to_mirror(store, mirror)
    assert caught.value.facts["object"] == pack
    opened = open_vault(mirror, secret)
    assert verify(opened, every_byte=True).damaged == ()
    assert [len(opened.client(name).snapshots()) for name in opened.clients()] == [1, 0, 1]


def test_stray_files_in_the_folder_are_nobody_s(
    vault: Vault, store: MemoryStore, secret: Secret, back: BackUp, side: ClientVault
) -> None:
    back()
    prefix = side.space.prefix
    for name in ("keys/.DS_Store", "c/.DS_Store", f"{prefix}keys/Thumbs.db", f"{prefix}x", "lost"):
        store.objects[ObjectName(name)] = b"stray"
    assert verify(open_vault(store, secret), every_byte=True).damaged == ()
    assert open_vault(store, secret).clients() == ("c001",)
    assert back().unchanged
    mirror = MemoryStore()
    copy_to_mirror(store, mirror)
    assert b"stray" not in mirror.objects.values()
    assert verify(open_vault(mirror, secret), every_byte=True).damaged == ()


def test_a_folder_that_nobody_may_list_beside_the_vault_is_no_hindrance() -> None:
    """lost+found, where the vault is the root of a disk."""

    def work() -> None:
        (place / "lost+found").mkdir(mode=0o000)
        store = new_store_at(str(place))
        vault = create_vault(store, [new_secret("keyfile")], at=AT)
        vault.client("c001", create=True)
        copy_to_mirror(store, MemoryStore())
        assert verify(vault, every_byte=True).damaged == ()

    with common_folder() as place:
        unprivileged(work)


def test_the_head_is_not_written_over_another_that_came_first(secret: Secret) -> None:
    class Contested(MemoryStore):
        def put(self, name: ObjectName, data: bytes | bytearray | memoryview, /) -> None:
            if name.startswith("keys/"):
                self.objects[CONFIG] = b"another vault's head"
            super().put(name, data)

    store = Contested()
    with pytest.raises(UsageError):
        create_vault(store, [secret], at=AT)
    assert store.objects[CONFIG] == b"another vault's head"
