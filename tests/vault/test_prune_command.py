"""`baozhang vault prune`, `unforget`, `scrub` and `repair` as they are typed."""

import json
import random
from pathlib import Path

import pytest

from tests.vault.test_command import vault

NOTHING = [f"--keep-{what}=0" for what in ("last", "daily", "weekly", "monthly", "yearly")]


@pytest.fixture
def made(tmp_path: Path) -> tuple[str, str, str]:
    """A vault with three snapshots of client c001, and its mirror."""
    common = (str(tmp_path / "vault"), "--key-file", str(tmp_path / "key"))
    assert vault("init", *common).returncode == 0
    (tmp_path / "data").mkdir()
    for day in range(3):
        (tmp_path / "data" / "a").write_bytes(random.Random(day).randbytes(5000))
        assert vault("backup", *common, "--client", "c001", tmp_path / "data").returncode == 0
    assert vault("mirror", *common, "--to", tmp_path / "mirror").returncode == 0
    return common


def test_what_would_go_is_shown_asks_for_two_people_is_marked_and_comes_back(
    made: tuple[str, str, str],
) -> None:
    shown = json.loads(vault("prune", *made, *NOTHING, "--dry-run", "--json").stdout)
    (told,) = shown["marked"]
    assert shown["needs_approval"]
    assert len(told["snapshots"]) == 2
    refused = vault("prune", *made, *NOTHING)
    assert refused.returncode == 2
    assert "--approved-by" in refused.stderr
    people = ("--approved-by", "Li", "--approved-by", "Wang")
    done = json.loads(vault("prune", *made, *NOTHING, *people, "--json").stdout)
    assert done["marked"] == shown["marked"]
    assert vault("unforget", *made, *told["snapshots"], "--client", "c001").returncode == 0
    listed = json.loads(vault("snapshots", *made, "--json").stdout)["snapshots"]
    assert len(listed) == 3


def test_a_scrub_finds_damage_and_a_repair_mends_it(
    made: tuple[str, str, str], tmp_path: Path
) -> None:
    assert vault("scrub", *made, "--days", 1).returncode == 0
    pack = min((tmp_path / "vault").glob("c/*/packs/*/*"))
    data = bytearray(pack.read_bytes())
    data[100] ^= 1
    pack.write_bytes(data)
    assert vault("scrub", *made, "--days", 1).returncode == 1
    assert vault("repair", *made).returncode == 2
    mended = vault("repair", *made, "--mirror", tmp_path / "mirror", "--json")
    assert mended.returncode == 0
    assert json.loads(mended.stdout)["repaired"] == [str(pack.relative_to(tmp_path / "vault"))]
    assert vault("verify", *made, "--read-data").returncode == 0


def test_a_vault_whose_head_is_gone_is_mended(made: tuple[str, str, str], tmp_path: Path) -> None:
    (tmp_path / "vault" / "config").unlink()
    assert vault("repair", *made, "--mirror", tmp_path / "mirror").returncode == 0
    assert vault("verify", *made).returncode == 0
