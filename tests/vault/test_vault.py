"""Opening a vault: with the right secret, the right release, and after a crash at any point."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.errors import (
    CorruptObjectError,
    NewerFormatError,
    StoreUnreachableError,
    UsageError,
    WrongKeyError,
)
from baozhang.keys.slots import Secret, new_secret, passphrase
from baozhang.sources.tree import TreeSource
from baozhang.vault.client import ClientVault
from baozhang.vault.mirror import copy_to_mirror
from baozhang.vault.names import CONFIG
from baozhang.vault.reader import restore
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import Vault, create_vault, open_vault
from baozhang.vault.verify import verify
from baozhang.vault.writer import back_up
from tests.vault.conftest import AT, BackUp
from tests.vault.test_round_trip import facts


def test_any_of_its_secrets_opens_a_vault(store: MemoryStore) -> None:
    secrets = [new_secret("keyfile"), new_secret("recovery"), passphrase("正确的 马")]
    made = create_vault(store, secrets, at=AT)
    assert {open_vault(store, secret).master for secret in secrets} == {made.master}


@pytest.mark.parametrize("wrong", [new_secret("keyfile"), passphrase("guess")])
def test_a_wrong_secret_is_said_to_be_wrong(vault: Vault, wrong: Secret) -> None:
    with pytest.raises(WrongKeyError) as caught:
        open_vault(vault.store, wrong)
    assert wrong.value.hex() not in str(caught.value)


def test_a_place_without_a_vault_is_said(store: MemoryStore, secret: Secret) -> None:
    with pytest.raises(UsageError):
        open_vault(store, secret)


def test_a_vault_is_never_made_over_another(vault: Vault, secret: Secret) -> None:
    with pytest.raises(UsageError):
        create_vault(vault.store, [secret], at=AT)


@pytest.mark.parametrize("change", [{"format": 2}, {"must_understand": ["sm4"]}])
def test_a_vault_of_a_newer_format_is_refused_with_a_hint(
    vault: Vault, store: MemoryStore, secret: Secret, change: dict[str, object]
) -> None:
    line, _, mac = store.objects[CONFIG].partition(b"\n")
    store.objects[CONFIG] = json.dumps({**json.loads(line), **change}).encode() + b"\n" + mac
    with pytest.raises(NewerFormatError) as caught:
        open_vault(store, secret)
    assert "release" in caught.value.hint


def test_a_client_that_is_not_there_is_not_made_by_reading(vault: Vault) -> None:
    with pytest.raises(UsageError):
        vault.client("c404")
    assert vault.clients() == ()


@pytest.mark.parametrize("name", ["", "a/b", "客户", "x" * 65, "../up", ".hidden"])
def test_a_name_that_cannot_be_kept_is_refused(vault: Vault, name: str) -> None:
    with pytest.raises(UsageError):
        vault.client(name, create=True)


def test_no_client_or_set_name_shows_in_the_store(
    vault: Vault, store: MemoryStore, tree: Path
) -> None:
    side = vault.client("hongda-trading", create=True)
    with TreeSource(tree).freeze() as frozen:
        back_up(side, frozen, set_name="contracts", at=AT)
    everything = b"".join(name.encode() + data for name, data in store.objects.items())
    for secret in (b"hongda", b"contracts", b"journal.csv", b"rent", vault.master, side.key):
        assert secret not in everything


def test_a_snapshot_is_found_by_latest_by_id_and_by_time(back: BackUp, side: ClientVault) -> None:
    first, second = back().snapshot, back().snapshot
    assert side.find("latest") == second
    assert side.find(first.id) == first
    assert side.find(second.id[:11]) == second
    assert side.find("latest", as_of=AT + timedelta(hours=1)) == first
    for selector in ("main-0", "nothing"):
        with pytest.raises(UsageError):
            side.find(selector)


def test_a_time_beside_a_snapshot_s_id_is_refused_not_forgotten(
    back: BackUp, side: ClientVault
) -> None:
    first = back().snapshot
    with pytest.raises(UsageError):
        side.find(first.id, as_of=AT - timedelta(days=1))
    with pytest.raises(UsageError):
        side.find("")


def test_sets_of_one_client_have_their_own_sequences(side: ClientVault, tree: Path) -> None:
    for set_name in ("main", "invoices", "main"):
        with TreeSource(tree).freeze() as frozen:
            back_up(side, frozen, set_name=set_name, at=AT)
    found = [(s.set, s.sequence) for s in side.snapshots()]
    assert found == [("invoices", 1), ("main", 1), ("main", 2)]


def test_sets_of_one_client_share_what_they_store(side: ClientVault, tree: Path) -> None:
    receipts = []
    for set_name in ("main", "again"):
        with TreeSource(tree).freeze() as frozen:
            receipts.append(back_up(side, frozen, set_name=set_name, at=AT))
    assert receipts[1].bytes_added < receipts[0].bytes_added / 50


class DyingStore(MemoryStore):
    """Takes `puts` objects, then fails every call: a writer that dies there."""

    def __init__(self, objects: dict[ObjectName, bytes], puts: int) -> None:
        super().__init__()
        self.objects, self.left, self.died = dict(objects), puts, False

    def put(self, name: ObjectName, data: bytes | bytearray | memoryview, /) -> None:
        if self.left == 0:
            self.died = True
            raise StoreUnreachableError("cut off")
        self.left -= 1
        super().put(name, data)


def test_a_writer_that_dies_at_any_put_loses_no_snapshot(
    vault: Vault, store: MemoryStore, secret: Secret, back: BackUp, tree: Path, tmp_path: Path
) -> None:
    before = facts(tree)
    first = back().snapshot
    (tree / "2.pdf").write_bytes(b"%PDF a new content" * 999)
    sound, puts = dict(store.objects), 0
    while True:
        dying = DyingStore(sound, puts)
        side = open_vault(dying, secret).client("c001")
        try:
            with TreeSource(tree).freeze() as frozen:
                back_up(side, frozen, set_name="main", at=AT + timedelta(days=9))
        except StoreUnreachableError:
            assert dying.died
            after = MemoryStore()
            after.objects = dying.objects
            reopened = open_vault(after, secret)
            assert reopened.client("c001").snapshots() == (first,)
            assert verify(reopened, every_byte=True).damaged == ()
            target = tmp_path / f"out{puts}"
            restore(reopened.client("c001"), first, target)
            assert facts(target) == before
            puts += 1
            continue
        break
    assert puts == 4  # pack, index, manifest, commit
    assert len(side.snapshots()) == 2


def test_a_mirror_holds_everything_and_opens_by_itself(
    vault: Vault, secret: Secret, back: BackUp, tree: Path, tmp_path: Path
) -> None:
    receipt = back()
    mirror = MemoryStore()
    copied = copy_to_mirror(vault.store, mirror)
    assert copied.objects == len(mirror.objects)
    restore(open_vault(mirror, secret).client("c001"), receipt.snapshot, tmp_path / "out")
    assert facts(tmp_path / "out") == facts(tree)
    assert copy_to_mirror(vault.store, mirror).objects == 0


def test_a_mirror_that_was_cut_off_is_an_older_vault_never_a_broken_one(
    vault: Vault, store: MemoryStore, secret: Secret, back: BackUp, tree: Path
) -> None:
    back()
    mirror = MemoryStore()
    copy_to_mirror(store, mirror)
    (tree / "2.pdf").write_bytes(b"%PDF new")
    back()
    missing = len(store.objects) - len(mirror.objects)
    for puts in range(missing):
        cut = DyingStore(mirror.objects, puts)
        with pytest.raises(StoreUnreachableError):
            copy_to_mirror(store, cut)
        opened = open_vault(cut, secret)
        assert verify(opened, every_byte=True).damaged == ()
        assert len(opened.client("c001").snapshots()) == 1
    assert missing == 4


def test_a_damaged_object_is_not_spread_to_the_mirror(
    vault: Vault, store: MemoryStore, back: BackUp
) -> None:
    back()
    pack = next(name for name in store.objects if "/packs/" in name)
    store.objects[pack] = b"\0" + store.objects[pack][1:]
    mirror = MemoryStore()
    with pytest.raises(CorruptObjectError):
        copy_to_mirror(store, mirror)
    assert pack not in mirror.objects
