"""The vault as it is typed, on Ceph's gateway: back up, verify, mirror, restore, probe, lock."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baozhang.keys.slots import encode_key_file, new_secret
from baozhang.sources.tree import TreeSource
from baozhang.vault.locks import extend_locks
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.stores.rolling import is_key
from baozhang.vault.stores.s3_locked import LockedS3Store
from baozhang.vault.vault import Vault, create_vault
from baozhang.vault.writer import back_up
from tests.vault.stores.rgw import OWNER, Rgw
from tests.vault.test_round_trip import facts

pytestmark = pytest.mark.server

BAOZHANG = Path(sys.executable).with_name("baozhang")
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    environment = {
        **os.environ,
        "BAOZHANG_LANG": "en",
        "COLUMNS": "200",
        "AWS_ACCESS_KEY_ID": OWNER.key,
        "AWS_SECRET_ACCESS_KEY": OWNER.secret,
    }

    def vault(*words: object, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(BAOZHANG), "vault", *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            env=environment | more,
            cwd=tmp_path,
        )

    return vault


@pytest.fixture
def books(tmp_path: Path) -> Path:
    folder = tmp_path / "books"
    folder.mkdir()
    (folder / "journal.csv").write_bytes(b"1,rent,100\n" * 50_000)
    (folder / "invoice.pdf").write_bytes(b"%PDF" + os.urandom(300_000))
    return folder


def done(ran: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert ran.returncode == 0, ran.stdout + ran.stderr
    value: dict[str, object] = json.loads(ran.stdout)
    return value


def test_a_whole_round_trip_through_a_url(rgw: Rgw, run: Run, books: Path, tmp_path: Path) -> None:
    url, key = rgw.url(rgw.bucket()), ("--key-file", tmp_path / "key")
    mirror = rgw.url(rgw.bucket(lock=True), "&lock=compliance:30d")
    done(run("init", url, *key, "--json"))
    done(run("backup", url, books, "--client", "c001", *key, "--json"))
    assert done(run("verify", url, "--read-data", *key, "--json"))["damaged"] == []
    done(run("mirror", url, "--to", mirror, *key, "--json"))
    assert done(run("verify", mirror, "--read-data", *key, "--json"))["damaged"] == []
    for place, name in ((url, "out"), (mirror, "from-mirror")):
        done(run("restore", place, "--client", "c001", "--to", tmp_path / name, *key, "--json"))
        assert facts(tmp_path / name) == facts(books)


def test_a_wrong_access_key_is_said_to_be_wrong(rgw: Rgw, run: Run, tmp_path: Path) -> None:
    ran = run(
        "init", rgw.url(rgw.bucket()), "--key-file", tmp_path / "key", AWS_SECRET_ACCESS_KEY="typo"
    )
    assert ran.returncode == 2
    assert "does not accept these credentials" in ran.stderr
    assert "typo" not in ran.stderr
    assert not (tmp_path / "key").exists()


def test_a_bucket_that_is_not_there_is_said_to_be_missing(
    rgw: Rgw, run: Run, tmp_path: Path
) -> None:
    ran = run("init", rgw.url("no-such-bucket"), "--key-file", tmp_path / "key")
    assert ran.returncode == 2
    assert "there is no bucket" in ran.stderr


def test_a_probe_is_shown_recorded_and_ends_well(rgw: Rgw, run: Run, tmp_path: Path) -> None:
    url = rgw.url(rgw.bucket(lock=True), "&lock=compliance:30d")
    ran = run("probe", url, "--record", tmp_path / "probe.json")
    assert ran.returncode == 0
    assert "tamper-proof: what is locked" in ran.stdout
    record = json.loads((tmp_path / "probe.json").read_text())
    assert record["tamper_proof"] is True
    assert OWNER.secret not in ran.stdout + json.dumps(record)


def test_a_probe_of_a_store_that_breaks_its_word_ends_with_one(rgw: Rgw, run: Run) -> None:
    ran = run("probe", rgw.url(rgw.bucket(lock=True), "&lock=bucket"), "--json")
    assert ran.returncode == 1
    assert json.loads(ran.stdout)["keeps_claims"] is False


def test_locks_are_extended_as_it_is_typed(locked: Vault, run: Run, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(encode_key_file(SECRET))
    (tmp_path / "key").chmod(0o600)
    words = (f"{locked.store.url}&lock=compliance:1d", "--key-file", tmp_path / "key", "--json")
    would = done(run("lock-extend", *words, "--days", "30", "--dry-run"))
    did = done(run("lock-extend", *words, "--days", "30", "--leave-out", "c002"))
    assert would["extended"] == would["objects"] == len(days_left(locked))
    assert did["clients"] == ["c001"]
    assert did["left_out"] == ["c002"]
    assert set(days_left(locked).values()) == {1, 30, 90}


NOW = datetime.now(UTC)
SECRET = new_secret("keyfile")


@pytest.fixture
def locked(rgw: Rgw, books: Path) -> Vault:
    """A vault locked for a day, with a snapshot of each of two clients."""
    vault = create_vault(rgw.store(lock="compliance:1d"), [SECRET], at=NOW)
    for client in ("c001", "c002"):
        with TreeSource(books).freeze() as frozen:
            back_up(vault.client(client, create=True), frozen, set_name="main", at=NOW)
    return vault


def days_left(vault: Vault, prefix: str = "") -> dict[str, int]:
    """Return for how many days each object is locked."""
    store = vault.store
    assert isinstance(store, LockedS3Store)
    ends = {info.name: store.lock_until(info.name) for info in store.list(prefix)}
    return {name: round((end - NOW) / timedelta(days=1)) for name, end in ends.items() if end}


def test_content_is_locked_to_the_end_asked_for_and_keys_for_ninety_days(locked: Vault) -> None:
    receipt = extend_locks(locked, NOW + timedelta(days=400), now=NOW)
    left = days_left(locked)
    assert receipt.extended == receipt.objects == len(left)
    assert {days for name, days in left.items() if is_key(name)} == {90}  # type: ignore[arg-type]
    assert {days for name, days in left.items() if not is_key(name)} == {400}  # type: ignore[arg-type]


def test_a_client_that_is_left_out_is_not_renewed(locked: Vault) -> None:
    extend_locks(locked, NOW + timedelta(days=400), now=NOW, leave_out=["c002"])
    gone = days_left(locked, locked.space("c002").prefix)
    assert set(gone.values()) == {1}
    assert 400 in days_left(locked, locked.space("c001").prefix).values()


def test_what_no_snapshot_uses_is_not_renewed(locked: Vault) -> None:
    name = locked.space("c001").pack("0" * 64)
    locked.store.put(name, b"left by a run that was killed")
    extend_locks(locked, NOW + timedelta(days=400), now=NOW)
    assert days_left(locked, name) == {name: 1}


def test_a_store_that_locks_nothing_says_so() -> None:
    vault = create_vault(MemoryStore(), [SECRET], at=NOW)
    with pytest.raises(Exception, match="locks no single objects"):
        extend_locks(vault, NOW + timedelta(days=1), now=NOW)
