"""`baozhang hold` as it is typed, and the vault's own commands that honour a hold with no site."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest

from baozhang.clock import system_clock
from baozhang.keys.codes import new_secret
from baozhang.vault.writer import back_up
from baozhang.wiring import open_site
from tasks.people import enrol
from tests.flows.site import make_site

COMMAND = [sys.executable, "-c", "from baozhang.cli import main; main()"]
WHY = ("--reason", "lawsuit-7")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site with one backup point, and a manager whose device is in use."""
    home = make_site(tmp_path / "site", "c001")
    monkeypatch.setenv("BAOZHANG_HOME", str(home))
    with open_site(home) as site:
        side = site.vault("c001", "main").client("c001", create=True)
        with site.source("c001", "main").freeze() as frozen:
            back_up(side, frozen, set_name="main", at=site.clock())
        secret = new_secret()
        enrol(site, "wang", secret, pyotp.TOTP(secret).now())
    (tmp_path / "secret").write_text(secret)
    return home


def typed(*words: object, keys: str = "") -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "BAOZHANG_LANG": "en", "COLUMNS": "160"}
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        input=keys,
        capture_output=True,
        text=True,
        check=False,
        env=env,
    )


def test_a_hold_is_set_honoured_without_a_site_and_lifted_with_a_code(
    home: Path, tmp_path: Path
) -> None:
    vault = (home / "vault", "--client", "c001", "--key-file", home / "keys" / "main.key")
    assert typed("hold", "set", "c001", *WHY, "--by", "nobody").returncode == 2
    assert typed("hold", "set", "c001", *WHY, "--by", "zhang").returncode == 0
    (told,) = json.loads(typed("hold", "list", "--json").stdout)["holds"]
    assert (told["client"], told["reason"], told["by"]) == ("c001", "lawsuit-7", "zhang")
    shown = json.loads(typed("vault", "prune", *vault, "--dry-run", "--json").stdout)
    assert shown["marked"][0]["holds"] == ["lawsuit-7"]
    who = ("--by", "zhang", "--reason", "over", "--retention-checked-by", "wang")
    refused = typed("vault", "shred", *vault, *who, "--json")
    assert json.loads(refused.stdout)["error"] == "HeldError"
    lift = ("hold", "lift", "c001", *WHY, "--by", "wang")
    assert typed(*lift, keys="000000\n").returncode == 2
    code = pyotp.TOTP((tmp_path / "secret").read_text()).at(system_clock() + timedelta(seconds=30))
    assert typed(*lift, keys=f"{code}\n").returncode == 0
    assert "no hold stands" in typed("hold", "list").stdout


def test_a_held_client_is_passed_over_when_all_are_pruned_and_refused_when_named(
    home: Path,
) -> None:
    vault = (home / "vault", "--key-file", home / "keys" / "main.key")
    typed("hold", "set", "c001", *WHY, "--by", "zhang")
    passed = typed("vault", "prune", *vault)
    assert passed.returncode == 0
    assert "a hold (lawsuit-7) keeps" in passed.stdout
    assert typed("vault", "prune", *vault, "--client", "c001").returncode == 2
