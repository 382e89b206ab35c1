"""`baozhang catalog rebuild` on a real site: the vault alone brings the catalog back."""

import json
from pathlib import Path

import pytest

from baozhang.catalog.catalog import Catalog
from baozhang.catalog.rebuilding import AGENCY, JOURNAL_SET
from baozhang.keys.slots import encode_key_file, new_secret
from baozhang.sources.tree import TreeSource
from baozhang.vault.stores.choosing import new_store_at
from baozhang.vault.vault import Vault, create_vault
from baozhang.vault.writer import back_up
from baozhang.wiring import open_site
from tests.catalog.values import NIGHT, outcome
from tests.site.conftest import Run, home, run  # noqa: F401 - fixtures


@pytest.fixture
def vault(home: Path) -> Vault:  # noqa: F811
    secret = new_secret("keyfile")
    key = home / "keys" / "main.key"
    key.parent.mkdir()
    key.write_bytes(encode_key_file(secret))
    key.chmod(0o600)
    return create_vault(new_store_at(str(home / "vault")), [secret], at=NIGHT)


@pytest.fixture
def lost(home: Path, vault: Vault) -> Path:  # noqa: F811
    """A site whose catalog was backed up with its journal, and is gone."""
    (home / "books" / "c001" / "notes.txt").write_text("a ledger")
    _store(vault, "c001", "main", home / "books" / "c001")
    with open_site(home) as site:
        site.catalog.append(outcome())
        site.catalog.export_journal(home / "journal")
    _store(vault, AGENCY, JOURNAL_SET, home / "journal")
    for file in (home / "state").glob("catalog.db*"):
        file.unlink()
    return home


def _store(vault: Vault, client: str, set_name: str, folder: Path) -> None:
    with TreeSource(folder).freeze() as frozen:
        back_up(vault.client(client, create=True), frozen, set_name=set_name, at=NIGHT)


def test_snapshots_and_journal_are_back(lost: Path, run: Run) -> None:  # noqa: F811
    code, out, _ = run("catalog", "rebuild", "--json")
    told = json.loads(out)
    assert (code, told["clients"], told["snapshots"], told["rows"]) == (0, 2, 2, 3)
    with Catalog.open(lost / "state" / "catalog.db") as catalog:
        assert catalog.outcomes() == (outcome(),)
        assert [each.client for each in catalog.snapshots()] == [AGENCY, "c001"]


def test_the_old_file_is_kept_and_named(lost: Path, run: Run) -> None:  # noqa: F811
    (lost / "state" / "catalog.db").write_bytes(b"not a database, " * 999)
    told = json.loads(run("catalog", "rebuild", "--json")[1])
    assert told["aside"] == str(lost / "state" / "catalog.db.before-rebuild-1")
    assert Path(told["aside"]).read_bytes() == b"not a database, " * 999


def test_the_rebuild_stands_in_the_audit_log(lost: Path, run: Run) -> None:  # noqa: F811
    run("catalog", "rebuild")
    told = json.loads(run("audit", "show", "--last", "1", "--json")[1])
    assert told["records"][0]["action"] == "catalog.rebuilt"


def test_a_person_reads_what_came_back(lost: Path, run: Run) -> None:  # noqa: F811
    out = run("catalog", "rebuild")[1]
    assert "2 snapshots of 2 clients are in the catalog again" in out
