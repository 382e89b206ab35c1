"""`baozhang restore` registers what it makes; `baozhang custody` lists, explains, destroys it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.clock import system_clock
from baozhang.incidents.custody import held, open_copy
from baozhang.vault.writer import back_up
from baozhang.wiring import open_site
from tests.cli.test_hold_command import typed
from tests.flows.site import make_site


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = make_site(tmp_path / "site", "c001")
    monkeypatch.setenv("BAOZHANG_HOME", str(home))
    with open_site(home) as site:
        side = site.vault("c001", "main").client("c001", create=True)
        with site.source("c001", "main").freeze() as frozen:
            back_up(side, frozen, set_name="main", at=site.clock())
    return home


def test_a_restored_copy_is_registered_explained_and_destroyed(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = typed("restore", "--client", "c001", "--to", out, "--reason", "inspection", "--json")
    copy = json.loads(done.stdout)["copy"]
    told = json.loads(typed("custody", "explain", copy, "--json").stdout)
    assert (told["reason"], told["path"], told["there"]) == ("inspection", str(out), True)
    assert typed("custody", "destroy", copy, "--by", "nobody").returncode == 2
    ended = json.loads(typed("custody", "destroy", copy, "--by", "zhang", "--json").stdout)
    assert (ended["how"], ended["files"] > 0) == ("removed", True)
    assert not out.exists()
    assert "no decrypted copies" in typed("custody", "list").stdout


def test_an_overdue_copy_makes_the_list_end_with_1(home: Path, tmp_path: Path) -> None:
    with open_site(home, clock=lambda: system_clock() - timedelta(days=30)) as site:
        copy = open_copy(
            site,
            tmp_path / "out",
            client="c001",
            set_name="main",
            snapshot="s",
            reason="x",
            opener="zhang",
        )
    listed = typed("custody", "list", "--json")
    assert listed.returncode == 1
    assert [each["id"] for each in json.loads(listed.stdout)["copies"]] == [copy.id]


def test_a_restore_that_fails_leaves_nothing_in_custody(home: Path, tmp_path: Path) -> None:
    refused = typed("restore", "--client", "c001", "--to", tmp_path / "out", "--path", "nowhere")
    assert refused.returncode == 2
    with open_site(home) as site:
        assert held(site) == ()
