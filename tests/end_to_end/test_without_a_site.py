"""What still works when the catalog, the site's files and the server's database are gone."""

import shutil
from pathlib import Path

import pytest

from tests.end_to_end.running import Preloaded, run
from tests.flows.site import make_site

DATABASES = (".db", ".db-wal", ".db-shm")


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory, duty: Preloaded) -> Path:
    """A site whose clients were backed up once."""
    home = make_site(tmp_path_factory.mktemp("worked") / "site", "c001", "c002")
    assert duty("backup", home=home).code == 0
    return home


@pytest.fixture
def home(worked: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(worked, tmp_path / "site"))


def test_a_vault_and_a_key_are_enough_to_restore(home: Path, tmp_path: Path) -> None:
    keep = Path(shutil.copytree(home / "vault", tmp_path / "disk"))
    shutil.copy(home / "keys" / "main.key", tmp_path / "key")
    books = {path.name: path.read_bytes() for path in (home / "books" / "c001").iterdir()}
    shutil.rmtree(home)
    nothing = {"HOME": str(tmp_path / "new"), "PREFECT_HOME": str(tmp_path / "new")}
    to = ("--client", "c001", "--to", tmp_path / "back")
    ran = run("vault", "restore", keep, "--key-file", tmp_path / "key", *to, **nothing)
    assert ran.code == 0, ran.said
    back = {path.name: path.read_bytes() for path in (tmp_path / "back").rglob("*.txt")}
    assert back == books
    assert not (tmp_path / "new").exists()


def test_a_deleted_catalog_is_made_again_from_the_vault(home: Path, duty: Preloaded) -> None:
    for suffix in DATABASES:
        (home / "state" / f"catalog{suffix}").unlink(missing_ok=True)
    ran = duty("catalog", "rebuild", "--json", home=home)
    assert ran.code == 0, ran.said
    assert (ran.json["clients"], ran.json["snapshots"]) == (3, 3)  # with the agency's own
    assert ran.json["rows"] > 0


def test_a_damaged_catalog_is_kept_aside_and_made_again(home: Path, duty: Preloaded) -> None:
    (home / "state" / "catalog.db").write_bytes(b"no database" * 1000)
    ran = duty("catalog", "rebuild", "--json", home=home)
    assert ran.code == 0, ran.said
    assert Path(ran.json["aside"]).read_bytes().startswith(b"no database")
    assert ran.json["snapshots"] == 3


def test_a_rebuild_without_the_vault_leaves_the_catalog_as_it_was(
    home: Path, duty: Preloaded
) -> None:
    (home / "vault").rename(home / "elsewhere")
    assert duty("catalog", "rebuild", "--json", home=home).code == 3
    (home / "elsewhere").rename(home / "vault")
    restored = home.parent / "back"
    assert duty("restore", "--client", "c001", "--to", restored, home=home).code == 0


def test_the_audit_log_of_a_night_holds(home: Path, duty: Preloaded) -> None:
    ran = duty("audit", "verify", "--json", home=home)
    assert (ran.code, ran.json["holds"]) == (0, True)


def test_an_edited_record_is_named(home: Path, duty: Preloaded) -> None:
    log = home / "state" / "audit" / "log.jsonl"
    lines = log.read_text("utf-8").splitlines(keepends=True)
    lines[1] = lines[1].replace("c001", "c009").replace("c002", "c009")
    assert "c009" in lines[1]
    log.write_text("".join(lines), "utf-8")
    ran = duty("audit", "verify", "--json", home=home)
    assert (ran.code, ran.json["holds"]) == (1, False)
    assert [trouble["record"] for trouble in ran.json["troubles"]] == [2]


def test_a_shortened_log_is_told_from_a_whole_one(home: Path, duty: Preloaded) -> None:
    log = home / "state" / "audit" / "log.jsonl"
    lines = log.read_text("utf-8").splitlines(keepends=True)
    log.write_text("".join(lines[:-1]), "utf-8")
    ran = duty("audit", "verify", lang="zh_CN", home=home)
    assert ran.code == 1
    assert f"第 {len(lines)} 条" in ran.out
