"""`init` makes a site that works at once, or leaves nothing behind."""

import json
from pathlib import Path

import pytest

from baozhang.keys.slots import decode_key_file, read_recovery_code
from baozhang.settings import load_agency
from baozhang.vault.stores.local import LocalStore
from baozhang.vault.vault import open_vault
from baozhang.wiring import open_site
from tests.site.conftest import Run

NAME = ("--name", "示例代理记账有限公司")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return tmp_path / "new"


def code_in(sheet: str) -> str:
    return next(line.strip() for line in sheet.splitlines() if line.count("-") == 13)


def test_a_new_site_is_sound(new: Path, run: Run) -> None:
    assert run("init", str(new), *NAME)[0] == 0
    assert load_agency(new).name == "示例代理记账有限公司"


def test_its_vault_opens_with_the_key_it_names(new: Path, run: Run) -> None:
    run("init", str(new), *NAME)
    with open_site(new) as site:
        assert site.vault_named("main").clients() == ()


def test_its_vault_opens_with_the_printed_sheet_alone(new: Path, run: Run) -> None:
    _, out, _ = run("init", str(new), *NAME)
    (new / "keys" / "main.key").unlink()
    assert open_vault(LocalStore(new / "vault"), read_recovery_code(code_in(out)))


def test_the_key_is_for_its_owner_alone(new: Path, run: Run) -> None:
    run("init", str(new), *NAME)
    assert (new / "keys" / "main.key").stat().st_mode & 0o777 == 0o600


def test_a_sheet_that_is_written_is_private_and_not_shown(new: Path, run: Run) -> None:
    sheet = new.parent / "sheet.txt"
    _, out, _ = run("init", str(new), *NAME, "--recovery-sheet", str(sheet))
    assert sheet.stat().st_mode & 0o777 == 0o600
    assert code_in(sheet.read_text("utf-8")) not in out


def test_a_sheet_that_cannot_be_written_is_shown(new: Path, run: Run) -> None:
    (new.parent / "file").write_text("in the way")
    code, _, err = run("init", str(new), *NAME, "--recovery-sheet", str(new.parent / "file" / "s"))
    assert code == 2
    assert open_vault(LocalStore(new / "vault"), read_recovery_code(code_in(err)))


def test_a_key_that_is_there_is_used(new: Path, run: Run) -> None:
    run("init", str(new.parent / "other"), *NAME)
    key = new.parent / "other" / "keys" / "main.key"
    assert run("init", str(new), *NAME, "--key-file", str(key))[0] == 0
    assert open_vault(LocalStore(new / "vault"), decode_key_file(key.read_bytes()))


def test_the_example_client_is_not_yet_a_client(new: Path, run: Run) -> None:
    run("init", str(new), *NAME)
    assert load_agency(new).clients == {}
    example = new / "clients" / "c000.yaml.example"
    example.rename(new / "clients" / "c000.yaml")
    assert tuple(load_agency(new).clients) == ("c000",)


def test_schemas_for_editors_lie_where_the_files_say(new: Path, run: Run) -> None:
    run("init", str(new), *NAME)
    first = (new / "agency.yaml").read_text("utf-8").splitlines()[0]
    schema = new / first.partition("$schema=")[2]
    assert json.loads(schema.read_text("utf-8"))["title"] == "AgencyFile"


def test_the_comments_are_in_the_language_spoken(
    new: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAOZHANG_LANG", "zh_CN")
    run("init", str(new), *NAME)
    assert "备份库" in (new / "agency.yaml").read_text("utf-8")


def test_a_site_that_is_there_is_never_overwritten(home: Path, run: Run) -> None:
    before = (home / "agency.yaml").read_bytes()
    assert run("init", str(home), *NAME)[0] == 2
    assert (home / "agency.yaml").read_bytes() == before


def test_a_vault_that_is_there_leaves_no_half_site(new: Path, run: Run) -> None:
    run("init", str(new.parent / "other"), *NAME)
    vault = str(new.parent / "other" / "vault")
    assert run("init", str(new), *NAME, "--vault", vault)[0] == 2
    assert [path for path in new.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("option", "value", "key"),
    [
        ("--credit-code", "91330100799655058A", "credit_code"),
        ("--email", "zhang", "people.operator.email"),
        ("--vault", "ftp://bucket", "vaults.main.url"),
    ],
)
def test_an_impossible_option_is_refused_before_anything_is_made(
    new: Path, run: Run, option: str, value: str, key: str
) -> None:
    code, _, err = run("init", str(new), *NAME, option, value)
    assert (code, key in err, new.exists()) == (2, True, False)
