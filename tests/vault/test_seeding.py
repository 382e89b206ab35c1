"""A vault travels on a disk: sealed there, held against the seal where it arrives."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.errors import CorruptObjectError, StoreUnreachableError, UsageError
from baozhang.keys.slots import Secret, new_secret
from baozhang.sources.tree import TreeSource
from baozhang.vault.mirror import catch_up
from baozhang.vault.reader import restore
from baozhang.vault.seeding import SEAL, Seal, encode_seal, export_seed, import_seed, read_seal
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.stores.local import LocalStore
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import Vault, create_vault, open_vault
from baozhang.vault.verify import verify
from baozhang.vault.writer import back_up
from tests.vault.conftest import AT, BackUp
from tests.vault.test_mirror import CutStore
from tests.vault.test_round_trip import facts


@pytest.fixture
def kept(vault: Vault, back: BackUp, tree: Path) -> Vault:
    """A vault with a snapshot of two clients."""
    back()
    other(vault, tree)
    return vault


def other(vault: Vault, tree: Path, days: int = 0) -> None:
    with TreeSource(tree).freeze() as frozen:
        side = vault.client("c002", create=True)
        back_up(side, frozen, set_name="main", at=AT + timedelta(days=days))


def carried(vault: Vault, secret: Secret) -> tuple[MemoryStore, Vault]:
    disk = MemoryStore()
    assert export_seed(vault, disk, at=AT).complete
    return disk, open_vault(disk, secret)


def test_a_disk_with_its_seal_becomes_a_mirror(
    kept: Vault, store: MemoryStore, secret: Secret, tree: Path, tmp_path: Path
) -> None:
    _, opened = carried(kept, secret)
    mirror = MemoryStore()
    receipt = import_seed(opened, mirror, workers=3)
    assert receipt.complete
    assert mirror.objects == store.objects
    side = open_vault(mirror, secret).client("c001")
    restore(side, side.find("latest"), tmp_path / "out")
    assert facts(tmp_path / "out") == facts(tree)


def test_a_disk_in_a_folder_is_a_plain_mirror_and_opens_by_itself(
    kept: Vault, secret: Secret, tmp_path: Path
) -> None:
    disk = LocalStore(tmp_path / "disk")
    disk.prepare()
    assert export_seed(kept, disk, at=AT, workers=2).complete
    assert verify(open_vault(disk, secret), every_byte=True).damaged == ()


def test_the_seal_names_every_object_with_its_hash(
    kept: Vault, store: MemoryStore, secret: Secret
) -> None:
    _, opened = carried(kept, secret)
    seal = read_seal(opened)
    assert {name: size for name, size, _ in seal.objects} == {
        name: len(data) for name, data in store.objects.items()
    }
    assert seal.bytes == sum(map(len, store.objects.values()))


def test_what_came_later_goes_over_the_line(
    kept: Vault, store: MemoryStore, secret: Secret, tree: Path
) -> None:
    _, opened = carried(kept, secret)
    (tree / "new.pdf").write_bytes(b"%PDF new")
    other(kept, tree, 1)
    mirror = MemoryStore()
    import_seed(opened, mirror)
    rest = catch_up(store, mirror, opened=kept)
    assert rest.complete
    assert rest.objects == 4
    assert mirror.objects == store.objects


def test_an_export_that_was_cut_has_no_seal_and_goes_on(
    kept: Vault, store: MemoryStore, secret: Secret
) -> None:
    objects: dict[ObjectName, bytes] = {}
    for calls in range(0, 2 * len(store.objects), 3):
        cut = CutStore(objects, calls)
        receipt = export_seed(kept, cut, at=AT)
        if receipt.complete:
            break
        assert cut.fired
        assert SEAL not in objects
    disk = MemoryStore()
    disk.objects = objects
    if SEAL not in objects:
        assert export_seed(kept, disk, at=AT).complete
    assert import_seed(open_vault(disk, secret), MemoryStore()).complete


def test_a_disk_without_a_seal_is_refused(kept: Vault, store: MemoryStore, secret: Secret) -> None:
    disk = MemoryStore()
    catch_up(store, disk)
    mirror = MemoryStore()
    with pytest.raises(UsageError, match="no seal"):
        import_seed(open_vault(disk, secret), mirror)
    assert mirror.objects == {}


def test_an_old_seal_is_gone_before_anything_is_added(
    kept: Vault, secret: Secret, tree: Path
) -> None:
    disk, _ = carried(kept, secret)
    (tree / "new.pdf").write_bytes(b"%PDF new")
    other(kept, tree, 1)
    receipt = export_seed(kept, CutStore(disk.objects, 2), at=AT)
    assert not receipt.complete
    assert SEAL not in disk.objects


def test_an_import_that_is_cut_goes_on(kept: Vault, store: MemoryStore, secret: Secret) -> None:
    _, opened = carried(kept, secret)
    objects: dict[ObjectName, bytes] = {}
    receipt = import_seed(opened, CutStore(objects, 5))
    assert isinstance(receipt.copied.error, StoreUnreachableError)
    assert not receipt.complete
    mirror = MemoryStore()
    mirror.objects = objects
    again = import_seed(opened, mirror)
    assert again.complete
    assert again.copied.objects == len(store.objects) - 3
    assert mirror.objects == store.objects


@pytest.mark.parametrize("kind", ["packs", "index", "snap", "commit", "keys"])
def test_a_flipped_byte_on_the_disk_is_found_and_not_spread(
    kept: Vault, secret: Secret, kind: str
) -> None:
    disk, opened = carried(kept, secret)
    hurt = next(name for name in disk.objects if f"/{kind}/" in name and name.startswith("c/"))
    disk.objects[hurt] = disk.objects[hurt][:-1] + bytes([disk.objects[hurt][-1] ^ 1])
    mirror = MemoryStore()
    receipt = import_seed(opened, mirror)
    assert not receipt.complete
    assert isinstance(receipt.copied.error, CorruptObjectError)
    assert hurt not in mirror.objects
    assert verify(open_vault(mirror, secret), every_byte=True).damaged == ()


def test_an_object_missing_on_the_disk_is_told_and_its_client_kept_back(
    kept: Vault, secret: Secret
) -> None:
    disk, opened = carried(kept, secret)
    lost = next(name for name in disk.objects if "/packs/" in name)
    del disk.objects[lost]
    mirror = MemoryStore()
    receipt = import_seed(opened, mirror)
    assert receipt.missing == (lost,)
    assert not receipt.complete
    arrived = open_vault(mirror, secret)
    assert verify(arrived, every_byte=True).damaged == ()
    assert sum(len(arrived.client(name).snapshots()) for name in arrived.clients()) == 1


def test_what_is_on_the_disk_and_not_in_the_seal_stays_there(
    kept: Vault, store: MemoryStore, secret: Secret
) -> None:
    disk, opened = carried(kept, secret)
    space = kept.client("c001").space
    disk.put(space.index(b"slipped in"), b"slipped in")
    mirror = MemoryStore()
    assert import_seed(opened, mirror).complete
    assert mirror.objects == store.objects


@pytest.mark.parametrize("at", [5, 100, -3])
def test_a_changed_seal_is_refused(kept: Vault, secret: Secret, at: int) -> None:
    disk, opened = carried(kept, secret)
    seal = bytearray(disk.objects[SEAL])
    seal[at] ^= 1
    disk.objects[SEAL] = bytes(seal)
    mirror = MemoryStore()
    with pytest.raises((CorruptObjectError, UsageError)):
        import_seed(opened, mirror)
    assert mirror.objects == {}


def test_a_seal_without_the_key_is_refused(kept: Vault, secret: Secret) -> None:
    disk, opened = carried(kept, secret)
    stranger = create_vault(MemoryStore(), [new_secret("keyfile")], at=AT)
    forger = Vault(stranger.store, kept.id, stranger.root)
    disk.objects[SEAL] = encode_seal(forger, Seal(kept.id, AT, ()))
    with pytest.raises(CorruptObjectError):
        import_seed(opened, MemoryStore())


def test_another_vaults_mirror_and_another_vaults_seal_are_refused(
    kept: Vault, secret: Secret
) -> None:
    disk, opened = carried(kept, secret)
    elsewhere = MemoryStore()
    other_vault = create_vault(elsewhere, [secret], at=AT)
    before = dict(elsewhere.objects)
    with pytest.raises(UsageError, match="holds another vault"):
        import_seed(opened, elsewhere)
    assert elsewhere.objects == before
    disk.objects[SEAL] = encode_seal(other_vault, Seal(other_vault.id, AT, ()))
    with pytest.raises(UsageError, match="another vault"):
        import_seed(opened, MemoryStore())


def test_a_seal_is_canonical(kept: Vault, secret: Secret) -> None:
    disk, opened = carried(kept, secret)
    line = disk.objects[SEAL].partition(b"\n")[0]
    fields = json.loads(line)
    assert line == json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    assert encode_seal(kept, read_seal(opened)) == disk.objects[SEAL]
