"""The vault that format 1 was released with: every later release restores it byte for byte."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.keys.slots import decode_key_file, passphrase, read_recovery_code
from baozhang.sources.tree import TreeSource
from baozhang.vault.reader import restore
from baozhang.vault.stores.local import LocalStore
from baozhang.vault.vault import Vault, open_vault
from baozhang.vault.verify import verify
from baozhang.vault.writer import back_up
from tests.vault.golden import EXPECTED, FOLDER, SNAPSHOTS, described, tree_of

KEY = decode_key_file((FOLDER / "key").read_bytes())


@pytest.fixture(scope="module")
def golden() -> Vault:
    return open_vault(LocalStore(FOLDER / "vault"), KEY)


def test_every_snapshot_is_found_and_no_other(golden: Vault) -> None:
    found = [s for client in golden.clients() for s in golden.client(client).snapshots()]
    told = {(s.client, s.set, s.id, s.at.isoformat()) for s in found}
    assert told == {(s["client"], s["set"], s["id"], s["at"]) for s in SNAPSHOTS}


@pytest.mark.parametrize("number", range(len(SNAPSHOTS)))
def test_a_snapshot_comes_back_byte_for_byte(golden: Vault, tmp_path: Path, number: int) -> None:
    expected = SNAPSHOTS[number]
    side = golden.client(expected["client"])
    snapshot = side.find(expected["id"])
    restore(side, snapshot, tmp_path / "out")
    assert described(tmp_path / "out") == tree_of(expected)
    proofs = {name: proof.decode() for name, proof in side.proofs(snapshot).items()}
    assert proofs == expected["proofs"]
    assert side.commit_of(snapshot).same == expected["same"]


def test_every_byte_of_it_is_sound(golden: Vault) -> None:
    report = verify(golden, every_byte=True)
    assert report.damaged == ()
    assert report.unreferenced == 0
    there = [path for path in (FOLDER / "vault").rglob("*") if path.is_file()]
    assert (report.objects, report.bytes) == (len(there), sum(p.stat().st_size for p in there))


def test_each_of_its_secrets_opens_it(golden: Vault) -> None:
    code, words = EXPECTED["recovery_code"], EXPECTED["passphrase"]
    for secret in (read_recovery_code(code), passphrase(words)):
        assert open_vault(golden.store, secret).master == golden.master


def test_a_later_release_still_finds_what_this_one_stored(tmp_path: Path) -> None:
    """Same cuts, same ids: no content is stored twice."""
    shutil.copytree(FOLDER / "vault", tmp_path / "vault")
    side = open_vault(LocalStore(tmp_path / "vault"), KEY).client("c002")
    last = side.find("latest")
    restore(side, last, tmp_path / "out")
    (tmp_path / "out" / "again.db").write_bytes(
        (tmp_path / "out" / "books" / "ledger.db").read_bytes()
    )
    with TreeSource(tmp_path / "out").freeze() as frozen:
        at = last.at + timedelta(days=1)
        receipt = back_up(side, frozen, set_name="main", at=at, reread=True)
    assert receipt.bytes_read > 1_000_000
    assert side.commit_of(receipt.snapshot).packs == ()
