"""`baozhang backup | validate | restore-test | restore`: the duties without a server."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from baozhang.cli import main
from tests.flows.site import ledger
from tests.flows.walking import flip_a_byte, slip_in

Ran = tuple[int, str, str]
Command = Callable[..., Ran]


@pytest.fixture
def command(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run one command line in this process: exit code, output, errors."""

    def ran(*words: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["baozhang", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), said.out, said.err

    return ran


def test_a_good_night_exits_0_and_writes_letters(command: Command) -> None:
    code, out, _ = command("backup", "--json")
    told = json.loads(out)
    assert (code, told["troubled"]) == (0, 0)
    assert all(Path(path).is_file() for path in told["letters"])


def test_a_night_with_a_dead_client_exits_1_with_the_letter_written(
    command: Command, home: Path
) -> None:
    shutil.rmtree(home / "books" / "c001")
    code, out, _ = command("backup", "--json")
    told = json.loads(out)
    assert code == 1
    assert [each["status"] for each in told["outcomes"]] == ["failed", "ok"]
    assert told["letters"]


def test_a_dry_run_says_whose_turn_it_is_and_writes_nothing(command: Command, home: Path) -> None:
    code, out, _ = command("backup", "--dry-run", "--json")
    assert (code, json.loads(out)) == (0, {"due": ["c001/main", "c002/main"]})
    assert not (home / "state" / "outbox").exists()


def test_when_nothing_is_due_no_letter_is_written(command: Command) -> None:
    command("backup")
    code, out, _ = command("backup", "--json")
    assert (code, json.loads(out)["letters"]) == (0, [])


def test_an_unknown_client_exits_2(command: Command) -> None:
    code, _, error = command("backup", "--client", "c999")
    assert code == 2
    assert "c999" in error


def test_validation_names_what_is_damaged(command: Command, home: Path) -> None:
    command("backup")
    flip_a_byte(home, "c001")
    code, out, _ = command("validate", "--client", "c001", "--json")
    (finding,) = json.loads(out)["outcomes"][0]["findings"]
    assert (code, finding["facts"]["files"]) == (1, "books/FEC2026.txt")


def test_a_restore_test_names_the_voucher(command: Command, home: Path) -> None:
    command("backup")
    slip_in(home, "c001", ledger("100,00", "250,51"))
    code, out, _ = command("restore-test", "--client", "c001")
    assert code == 1
    assert "VE-2" in out


def test_a_person_sees_a_row_per_client_and_where_the_letter_lies(command: Command) -> None:
    _, out, error = command("backup")
    assert "c002" in out
    assert "000001-night-en.eml" in out
    assert "c001/main: fine" in error


def test_books_come_back_from_the_sites_own_vault(
    command: Command, home: Path, tmp_path: Path
) -> None:
    command("backup")
    code, _, _ = command("restore", "--client", "c001", "--to", str(tmp_path / "back"))
    restored = tmp_path / "back" / "books" / "FEC2026.txt"
    assert code == 0
    assert restored.read_bytes() == (home / "books" / "c001" / "FEC2026.txt").read_bytes()


def test_a_dry_restore_writes_nothing(command: Command, tmp_path: Path) -> None:
    command("backup")
    back = tmp_path / "back"
    code, out, _ = command("restore", "--client", "c001", "--to", str(back), "--dry-run", "--json")
    assert (code, json.loads(out)["files"], back.exists()) == (0, 1, False)
