"""`baozhang vault` as it is typed, where something is in the way."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BAOZHANG = Path(sys.executable).with_name("baozhang")


def vault(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BAOZHANG), "vault", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "BAOZHANG_LANG": "en", "COLUMNS": "200"},
    )


@pytest.fixture
def made(tmp_path: Path) -> tuple[str, str, str]:
    """A vault with two snapshots of client c001; what every command is given."""
    common = (str(tmp_path / "vault"), "--key-file", str(tmp_path / "key"))
    assert vault("init", *common).returncode == 0
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a").write_text("1")
    for _ in range(2):
        done = vault("backup", *common, "--client", "c001", tmp_path / "data")
        assert done.returncode == 0
    return common


def test_a_recovery_sheet_that_cannot_be_written_is_shown_instead(tmp_path: Path) -> None:
    """The vault is made by then, and its code exists nowhere else."""
    (tmp_path / "file").write_text("")
    sheet = tmp_path / "file" / "sheet"
    ran = vault("init", tmp_path / "vault", "--key-file", tmp_path / "key", "--sheet", sheet)
    assert ran.returncode == 2
    assert any(line.count("-") == 13 for line in ran.stderr.splitlines())
    assert (tmp_path / "vault" / "config").exists()


def test_a_path_that_is_not_there_makes_no_client(
    made: tuple[str, str, str], tmp_path: Path
) -> None:
    assert vault("backup", *made, "--client", "c009", tmp_path / "typo").returncode == 3
    assert vault("snapshots", *made, "--client", "c009").returncode == 2


def test_a_listing_tells_of_what_it_cannot_list(made: tuple[str, str, str], tmp_path: Path) -> None:
    commit = min((tmp_path / "vault").glob("c/*/commit/*/*"))
    commit.write_bytes(bytes(300))
    ran = vault("snapshots", *made, "--json")
    value = json.loads(ran.stdout)
    assert ran.returncode == 1
    assert [one["sequence"] for one in value["snapshots"]] == [2]
    assert value["damaged"] == [str(commit.relative_to(tmp_path / "vault"))]
    assert value["damaged"][0] in vault("snapshots", *made).stdout
