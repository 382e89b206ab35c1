"""`baozhang sample` makes an agency, passes a day and damages a copy."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from baozhang.cli.sample import register
from baozhang.errors import UsageError
from tests.samples.trees import tree


@pytest.fixture
def root() -> typer.Typer:
    made = typer.Typer()
    register(made)
    return made


def run(root: typer.Typer, *words: str) -> dict[str, object]:
    result = CliRunner().invoke(root, [*words, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    told: dict[str, object] = json.loads(result.stdout)
    return told


def test_make_tells_what_it_made(root: typer.Typer, tmp_path: Path) -> None:
    told = run(root, "sample", "make", str(tmp_path / "a"), "--clients", "2", "--months", "1")
    files = [path for path in (tmp_path / "a").rglob("*") if path.is_file()]
    assert (told["clients"], told["files"]) == (2, len(files))
    assert told["bytes"] == sum(path.stat().st_size for path in files)


def test_next_day_passes_a_day(root: typer.Typer, copy: Path) -> None:
    told = run(root, "sample", "next-day", str(copy), "--day", "1")
    assert told["date"] == "2026-04-01"


def test_tamper_tells_voucher_account_and_difference(root: typer.Typer, copy: Path) -> None:
    told = run(root, "sample", "tamper", str(copy), "--profile", "fec")
    assert told["difference"] == 1
    assert told["currency"] == "EUR"


def test_flip_byte_turns_over_the_byte_asked_for(root: typer.Typer, tmp_path: Path) -> None:
    (tmp_path / "pack").write_bytes(b"\x00\x00\x00")
    run(root, "sample", "flip-byte", str(tmp_path / "pack"), "--offset", "1")
    assert (tmp_path / "pack").read_bytes() == b"\x00\xff\x00"


def test_the_same_seed_on_the_command_line_is_the_same_agency(
    root: typer.Typer, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        run(root, "sample", "make", str(tmp_path / name), "--clients", "1", "--months", "1")
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def test_a_person_reads_a_sentence(root: typer.Typer, tmp_path: Path) -> None:
    words = ["sample", "make", str(tmp_path / "a"), "--clients", "1", "--months", "1"]
    result = CliRunner().invoke(root, words, catch_exceptions=False)
    assert result.stdout.startswith("1 clients, ")


def test_a_folder_in_use_is_a_usage_error(root: typer.Typer, copy: Path) -> None:
    with pytest.raises(UsageError):
        CliRunner().invoke(root, ["sample", "make", str(copy)], catch_exceptions=False)
