"""`baozhang audit` works on another machine, with a folder and a key."""

import json
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from baozhang.audit.log import HEAD
from baozhang.audit.signing import PUBLIC_KEY
from baozhang.cli.audit import register
from baozhang.errors import CorruptObjectError, UsageError
from tests.audit.logs import lines, made, records, write


def run(*words: object) -> Result:
    root = typer.Typer()
    register(root)
    return CliRunner().invoke(root, ["audit", *map(str, words)], catch_exceptions=False)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    made(tmp_path / "audit", 5)
    return tmp_path / "audit"


def test_a_sound_log_ends_with_zero_and_an_anchor(log: Path) -> None:
    result = run("verify", log, "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["holds"], told["records"]) == (0, True, 5)
    assert told["anchor"] == f"5:{records(log)[-1].hash}"


def test_the_anchor_that_was_printed_can_be_given_back(log: Path) -> None:
    anchor = json.loads(run("verify", log, "--json").stdout)["anchor"]
    made(log, 1).append(actor="a", action="b", subject="c")
    assert run("verify", log, "--anchor", anchor).exit_code == 0


def test_an_edited_log_ends_with_one_and_names_the_record(log: Path) -> None:
    write(log, [line.replace(b"c003", b"c004") for line in lines(log)])
    result = run("verify", log, "--json")
    (trouble,) = json.loads(result.stdout)["troubles"]
    assert (result.exit_code, trouble["fault"], trouble["record"]) == (1, "edited", 3)


def test_a_person_reads_which_record_was_edited(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAOZHANG_LANG", "en")
    write(log, [line.replace(b"c003", b"c004") for line in lines(log)])
    assert "record 3 was edited" in run("verify", log).stdout


def test_a_copy_is_verified_with_a_key_from_elsewhere(log: Path, tmp_path: Path) -> None:
    key = (log / PUBLIC_KEY).rename(tmp_path / "paper.pub")
    told = json.loads(run("verify", log, "--public-key", key, "--json").stdout)
    assert (told["holds"], told["key_from"]) == (True, "file")


def test_another_key_ends_with_one(log: Path, tmp_path: Path) -> None:
    made(tmp_path / "other", 1)
    assert run("verify", log, "--public-key", tmp_path / "other" / PUBLIC_KEY).exit_code == 1


def test_a_key_that_is_none_is_a_usage_error(log: Path) -> None:
    with pytest.raises(UsageError):
        run("verify", log, "--public-key", log / HEAD)


def test_a_folder_without_a_log_is_a_usage_error(log: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        run("verify", tmp_path, "--public-key", log / PUBLIC_KEY)


def test_the_newest_records_are_shown(log: Path) -> None:
    told = json.loads(run("show", log, "--last", 2, "--json").stdout)
    assert [record["object"] for record in told["records"]] == ["c004/main", "c005/main"]


def test_a_log_that_cannot_be_shown_says_what_to_run(log: Path) -> None:
    write(log, [*lines(log), b"junk\n"])
    with pytest.raises(CorruptObjectError, match="baozhang audit verify"):
        run("show", log)


def test_markup_in_a_record_is_shown_as_it_is(log: Path) -> None:
    made(log, 1).append(actor="[red]u[/red]", action="b", subject="c")
    assert "[red]u[/red]" in run("show", log, "--last", 1).stdout
