"""What surrounds a drill: refusals, what is kept of it, the plan at work, the command line."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from baozhang.cli import drill as command
from baozhang.drills.ground import Facts
from baozhang.drills.guard import Fence
from baozhang.drills.model import Detection, JudgeLost, Scenario
from baozhang.drills.records import Drills
from baozhang.drills.scenarios import scenario
from baozhang.incidents.review import actions_of
from baozhang.keys.slots import Secret
from baozhang.site import Site
from baozhang.vault.rotation import MasterRotation, add_slot
from baozhang.vault.stores.base import Store
from baozhang.vault.vault import Vault
from baozhang.wiring import open_site
from tasks.drill import Order, run_drill
from tasks.drill_actions import acted, file_actions
from tasks.drill_planning import (
    DrillNotPassedError,
    conclude_drill,
    next_order,
    play_drill,
    report_drill,
    seal_surprises,
    write_report,
)
from tasks.drill_troubles import drill_troubles, drills_of, plan_of
from tests.drills.conftest import TOKEN, Play
from tests.drills.journals import START, journal

PLAN = """\
drills:
  - {id: q4, on: 2026-11-20, scenario: leaver, people: [zhang], place: A}
  - id: s1
    window: {first: 2026-11-01, last: 2099-12-10}
    people: [zhang]
    place: B
"""


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    with open_site(home) as opened:
        yield opened


@pytest.fixture
def planned(home: Path, site: Site) -> Site:
    (home / "drills.yaml").write_text(PLAN, "utf-8")
    return site


def order(name: str, parent: Path) -> Order:
    return Order(scenario(name), seed=7, token=TOKEN, parent=parent)


def test_a_drill_that_nobody_detects_is_not_passed(site: Site, tmp_path: Path) -> None:
    blind = scenario("vault-damage").model_copy(
        update={"detections": (Detection(by="validation", finding="nothing says this"),)}
    )
    found = run_drill(site, replace(order("vault-damage", tmp_path), scenario=blind))
    assert not found.passed
    assert not found.score.detected
    assert "mend-vault" not in [each.activity.name for each in found.run]
    assert [each.matter for each in found.actions] == [
        "undetected",
        "acknowledge",
        "rto",
        "unsound",
    ]
    assert [each.owner for each in actions_of(acted(site, found.id))] == ["zhang"] * 4


def judging(*, readable: bool) -> Scenario:
    usb = scenario("usb-lost")
    return usb.model_copy(update={"recovery": (JudgeLost(by="judge-lost", readable=readable),)})


def test_a_lost_disk_that_is_judged_otherwise_stops_the_drill(site: Site, tmp_path: Path) -> None:
    found = run_drill(site, replace(order("usb-lost", tmp_path), scenario=judging(readable=True)))
    assert (found.status, found.stopped) == ("failed", "NotRecoveredError")


@pytest.mark.slow
def test_papers_that_did_not_come_back_fail_the_drill(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.drill.recover", lambda _: None)  # nobody recovers anything
    found = run_drill(site, order("ransomware-slow", tmp_path))
    after = found.steady_states.after
    assert after is not None
    assert "sources-whole" in [
        each.activity.name for each in after.probes if not each.tolerance_met
    ]
    assert not found.passed


@pytest.mark.slow
def test_an_old_key_that_still_opens_the_vault_fails_the_drill(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.drill_recovery.rotate_master", add_instead)
    found = run_drill(site, order("leaver", tmp_path))
    assert (found.stopped, found.passed) == ("NotRecoveredError", False)


def add_instead(
    vault: Vault, secrets: Sequence[Secret], *, at: datetime, mirrors: Sequence[Store]
) -> MasterRotation:
    """Let the new key in, and leave the old one in."""
    slot = add_slot(vault, secrets[0], at=at, mirrors=mirrors)
    return MasterRotation(slots=(slot,), retired=(), clients=0, damaged=())


def test_a_sandbox_that_stays_behind_fails_the_drill(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.drill.destroy", broken_disk)
    found = run_drill(site, order("vault-damage", tmp_path))
    assert (found.stopped, found.passed) == ("OSError", False)


def broken_disk(_fence: Fence) -> Facts:
    raise OSError


def test_a_sandbox_within_the_real_site_is_refused(site: Site, home: Path) -> None:
    found = run_drill(site, order("vault-damage", home))
    assert (found.status, found.stopped) == ("aborted", "BlastRadiusError")
    assert not list(home.glob("baozhang-d-*"))


def test_a_drill_that_did_not_take_place_is_not_passed(site: Site, home: Path) -> None:
    assert not run_drill(site, order("vault-damage", home)).passed


def test_a_drill_leaves_the_environment_as_it_was(played: Play, home: Path) -> None:
    played("vault-damage")
    assert os.environ["BAOZHANG_HOME"] == str(home)


def test_actions_are_filed_once(site: Site) -> None:
    drill = journal(passed=False)
    late = drill.model_copy(
        update={
            "actions": tuple(
                each.model_copy(update={"due": each.due + timedelta(days=36_500)})
                for each in drill.actions
            )
        }
    )
    assert file_actions(site, late) == file_actions(site, late) == 2
    assert len(actions_of(acted(site, late.id))) == 2


def test_a_report_goes_to_who_answers_for_it(site: Site, home: Path) -> None:
    drills_of(site).keep(journal())
    written = write_report(site, journal())
    assert len(written.messages) == 2  # one in Chinese, one in English
    assert list((home / "reports" / "drill").rglob("*.pdf"))


def test_nothing_is_due_without_a_plan(site: Site) -> None:
    assert next_order(site) is None


def test_a_surprise_is_drawn_once_and_sealed_in_the_audit_log(planned: Site, home: Path) -> None:
    (first,) = seal_surprises(planned, plan_of(planned))
    (second,) = seal_surprises(planned, plan_of(planned))
    assert first == second
    log = b"".join(path.read_bytes() for path in (home / "state" / "audit").glob("*.jsonl"))
    assert log.count(first.sha256.encode()) == 1
    assert first.seed.encode() not in log


def test_a_drawn_surprise_is_private(planned: Site, home: Path) -> None:
    seal_surprises(planned, plan_of(planned))
    path = home / "state" / "drills" / "sealed" / "s1.json"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_sealed_surprise_is_no_drill(planned: Site) -> None:
    seal_surprises(planned, plan_of(planned))
    assert drills_of(planned).all() == ()


def test_a_missed_drill_is_told(planned: Site) -> None:
    (alert,) = drill_troubles(planned, START)
    assert (alert.alert_class, alert.kind, alert.subject) == ("notice", "drill", "q4")


def test_a_drill_that_was_run_is_not_told(planned: Site) -> None:
    drills_of(planned).keep(journal(planned="q4"))
    assert list(drill_troubles(planned, START)) == []


def test_a_run_of_a_drill_that_was_not_passed_fails() -> None:
    with pytest.raises(DrillNotPassedError):
        conclude_drill("d-1", passed=False)


def test_a_scheduled_look_without_anything_planned_does_nothing(home: Path) -> None:
    assert play_drill.fn(None) == ""
    assert not (home / "state" / "drills").exists()


def test_the_report_of_a_run_says_whether_it_was_passed(home: Path) -> None:
    Drills(home / "state" / "drills").keep(journal(passed=False))
    assert report_drill.fn("d-20261122-01") is False


def called(*words: str) -> dict[str, object]:
    root = typer.Typer()
    command.register(root)
    result = CliRunner().invoke(root, ["drill", *words, "--json"], catch_exceptions=False)
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_the_command_lists_scenarios(home: Path) -> None:
    listed = called("list")["scenarios"]
    assert isinstance(listed, list)
    assert len(listed) >= 12


def test_the_command_shows_a_scenario(home: Path) -> None:
    assert called("show", "leaver")["id"] == "leaver"


def test_the_command_shows_the_plan_without_its_surprises(planned: Site) -> None:
    text = json.dumps(called("plan"))
    (drawn,) = seal_surprises(planned, plan_of(planned))
    assert drawn.seed not in text
    assert '"missed": ["q4"]' in text


def test_the_command_shows_how_ready_we_are(home: Path) -> None:
    Drills(home / "state" / "drills").keep(journal())
    found = called("history")["readiness"]
    assert isinstance(found, list)
    assert {each["scenario"]: each["drills"] for each in found}["lost-folder"] == 1


def test_the_command_writes_a_report_again(home: Path) -> None:
    Drills(home / "state" / "drills").keep(journal())
    assert called("report", "d-20261122-01")["pages"]
