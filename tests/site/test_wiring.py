"""An opened site gives a duty what its files promise."""

import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from baozhang.errors import UsageError, WrongKeyError
from baozhang.keys.slots import encode_key_file, new_secret, passphrase
from baozhang.settings import SecretRef
from baozhang.vault.stores.choosing import new_store_at
from baozhang.vault.vault import create_vault
from baozhang.wiring import open_site, read_secret
from tests.site.conftest import AGENCY, CLIENT

NOON = datetime(2026, 7, 31, 4, tzinfo=UTC)


@pytest.fixture
def vault(home: Path) -> Path:
    """The site's vault, opened by its key file."""
    key = new_secret("keyfile")
    (home / "keys").mkdir()
    write_key(home / "keys" / "main.key", encode_key_file(key))
    create_vault(new_store_at(str(home / "vault")), (key,), at=NOON)
    return home / "vault"


def write_key(path: Path, content: bytes, mode: int = 0o600) -> None:
    path.write_bytes(content)
    path.chmod(mode)


def test_a_vault_is_opened_once_per_name(home: Path, vault: Path) -> None:
    with open_site(home) as site:
        assert site.vault("c001", "main") is site.vault_named("main")


def test_a_vault_is_opened_once_per_process(home: Path, vault: Path) -> None:
    with open_site(home) as first, open_site(home) as second:
        assert first.vault("c001", "main") is second.vault("c001", "main")


def test_a_passphrase_from_the_environment_opens_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_vault(new_store_at(str(home / "vault")), (passphrase("correct horse"),), at=NOON)
    text = AGENCY.replace('"file:keys/main.key"', "env:THE_KEY")
    (home / "agency.yaml").write_text(text, "utf-8")
    monkeypatch.setenv("THE_KEY", "correct horse\n")
    with open_site(home) as site:
        assert site.vault("c001", "main").clients() == ()


def test_a_wrong_key_is_said_to_be_wrong(home: Path, vault: Path) -> None:
    write_key(home / "keys" / "main.key", encode_key_file(new_secret("keyfile")))
    with open_site(home) as site, pytest.raises(WrongKeyError):
        site.vault("c001", "main")


def test_the_key_is_not_read_before_a_vault_is_asked_for(home: Path) -> None:
    with open_site(home) as site:
        assert site.source("c001", "main")


def test_an_unknown_client_is_named(home: Path) -> None:
    with open_site(home) as site, pytest.raises(UsageError, match="client c009 is not known"):
        site.source("c009", "main")


def test_an_unknown_set_is_named(home: Path) -> None:
    with open_site(home) as site, pytest.raises(UsageError, match="has no set papers"):
        site.vault("c001", "papers")


def test_the_paths_of_a_source_begin_with_its_name(home: Path) -> None:
    (home / "books" / "c001" / "a.txt").write_text("x")
    with open_site(home) as site, site.source("c001", "main").freeze() as frozen:
        paths = [item.path for item in frozen.items()]
    assert b"books/a.txt" in paths


def test_what_is_excluded_stays_out(home: Path) -> None:
    text = CLIENT.replace("profile: fec", 'exclude: ["*.tmp"]')
    (home / "clients" / "c001.yaml").write_text(text, "utf-8")
    (home / "books" / "c001" / "a.tmp").write_text("x")
    with open_site(home) as site, site.source("c001", "main").freeze() as frozen:
        assert not [item for item in frozen.items() if item.path.endswith(b".tmp")]


def test_a_sqlite_source_is_read_as_a_database(home: Path) -> None:
    text = CLIENT.replace("tree, path: books/c001, profile: fec", "sqlite, path: books/t3.db")
    (home / "clients" / "c001.yaml").write_text(text, "utf-8")
    with sqlite3.connect(home / "books" / "t3.db") as book:
        book.execute("create table t (x)")
    with open_site(home) as site, site.source("c001", "main").freeze() as frozen:
        assert b"books/t3.db" in [item.path for item in frozen.items()]


def test_each_glob_is_a_place_of_ledgers(home: Path) -> None:
    fec = b"JournalCode|JournalLib|EcritureNum|EcritureDate|CompteNum|CompteLib|CompAuxNum|"
    fec += b"CompAuxLib|PieceRef|PieceDate|EcritureLib|Debit|Credit|EcritureLet|DateLet|"
    fec += b"ValidDate|Montantdevise|Idevise\n"
    for name in ("one.txt", "two.txt", "three.txt"):
        (home / "books" / "c001" / name).write_bytes(fec)
    text = CLIENT.replace("profile: fec", "profile: fec, globs: [one.txt, two.txt]")
    (home / "clients" / "c001.yaml").write_text(text, "utf-8")
    with open_site(home) as site, site.source("c001", "main").freeze() as frozen:
        assert len(list(frozen.items())) == 4  # the folder and three files
        assert len(list(frozen.ledgers())) == 2


def test_mirrors_are_given_in_the_files_order(home: Path) -> None:
    text = AGENCY.replace("url: vault,", "url: vault, mirrors: [m1, 'file:///m%202'],")
    (home / "agency.yaml").write_text(text, "utf-8")
    with open_site(home) as site:
        urls = [store.url for store in site.mirrors("c001", "main")]
    assert urls == [str(home / "m1"), "/m 2"]


def test_the_state_of_a_site_lies_in_one_folder(home: Path) -> None:
    before = set(home.iterdir())
    with open_site(home) as site:
        site.audit.append(actor="system", action="test.ran", subject="c001/main")
    assert {path.name for path in set(home.iterdir()) - before} == {"state"}


def test_letters_go_where_the_file_says(home: Path) -> None:
    text = AGENCY.replace("{sender:", "{outbox: letters, sender:")
    (home / "agency.yaml").write_text(text, "utf-8")
    with open_site(home) as site:
        assert site.outbox.folder == home / "letters"


def test_the_clock_handed_in_is_the_sites(home: Path) -> None:
    with open_site(home, clock=lambda: NOON) as site:
        assert site.clock() == NOON


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_secret_that_others_can_read_is_refused(home: Path, mode: int) -> None:
    write_key(home / "k", b"correct horse", mode)
    with pytest.raises(UsageError, match="chmod 600"):
        read_secret(home, SecretRef("file:k"))


@pytest.mark.parametrize("ref", ["file:missing", "env:BAOZHANG_NOT_SET_ANYWHERE"])
def test_a_secret_that_is_not_there_is_named_by_its_reference(home: Path, ref: str) -> None:
    with pytest.raises(UsageError, match=ref.partition(":")[2]):
        read_secret(home, SecretRef(ref))


def test_an_empty_secret_opens_nothing(home: Path) -> None:
    write_key(home / "k", b"\n")
    with pytest.raises(UsageError, match="is empty"):
        read_secret(home, SecretRef("file:k"))


def test_a_file_may_hold_a_passphrase(home: Path) -> None:
    write_key(home / "k", "保账 correct horse\r\n".encode())
    assert read_secret(home, SecretRef("file:k")) == passphrase("保账 correct horse")


def test_the_environment_may_hold_a_key_files_line(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_secret("keyfile")
    monkeypatch.setenv("THE_KEY", os.fsdecode(encode_key_file(key)))
    assert read_secret(home, SecretRef("env:THE_KEY")) == key
