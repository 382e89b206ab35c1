"""Every scenario is played for real: broken, found, recovered as an incident is, and scored."""

import os
from pathlib import Path

import pytest

from baozhang.drills.model import PROBES, Scenario
from baozhang.drills.records import Drills, Journal
from baozhang.drills.scenarios import scenario, scenarios
from baozhang.errors import UsageError
from baozhang.incidents.incidents import Incidents
from baozhang.wiring import open_site
from baozhang.words import CHINESE, ENGLISH, say
from flows.drill import Scenario as Offered
from reports.drill import STEP_TEMPLATES, words_of
from tests.drills.conftest import Play

NAMES = tuple(scenarios())
RESTORED = tuple(
    name for name, each in scenarios().items() if any(r.by == "restore" for r in each.recovery)
)


def test_there_are_at_least_twelve() -> None:
    assert len(NAMES) >= 12


def test_a_form_offers_every_scenario() -> None:
    assert Offered.__args__ == NAMES


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no drill scenario flood"):
        scenario("flood")


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_survives_being_stored(name: str) -> None:
    assert Scenario.model_validate_json(scenario(name).model_dump_json()) == scenario(name)


@pytest.mark.parametrize("name", NAMES)
def test_what_duties_must_find_are_sentences_that_the_product_says(name: str) -> None:
    for each in scenario(name).detections:
        if each.by != "person":
            assert words_of(each.finding, CHINESE) != words_of(each.finding, ENGLISH)


@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_has_both_languages(name: str) -> None:
    each = scenario(name)
    assert all(part.zh != part.en for part in (each.title, each.story))


@pytest.mark.parametrize("name", NAMES)
def test_a_drill_is_passed(name: str, played: Play) -> None:
    journal = played(name)
    assert (journal.status, journal.stopped, journal.actions) == ("completed", "", ())
    assert journal.passed


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_of_a_sandbox(name: str, played: Play, sandboxes: Path) -> None:
    (rollback,) = played(name).rollbacks
    assert rollback.status == "succeeded"
    assert os.listdir(sandboxes) == []


@pytest.mark.parametrize("name", RESTORED)
def test_recovery_passed_both_gates(name: str, played: Play) -> None:
    decided = [e.activity.name for e in played(name).run if e.activity.provider == "gate"]
    assert decided.count("decide-plan") == 1
    assert decided.count("decide-cut-over") == 2


@pytest.mark.parametrize("name", NAMES)
def test_what_held_before_holds_after(name: str, played: Play) -> None:
    states = played(name).steady_states
    assert states.before
    assert states.after
    assert states.before.steady_state_met
    assert states.after.steady_state_met


@pytest.mark.parametrize("name", NAMES)
def test_every_step_has_words_for_the_report(name: str, played: Play) -> None:
    for each in (*played(name).run, *played(name).rollbacks):
        step = each.activity.name
        known = step in PROBES or step in STEP_TEMPLATES or step.partition("-")[0] in STEP_TEMPLATES
        assert known, step


def entry(journal: Journal, name: str) -> dict[str, str | int | bool]:
    return next(each.output for each in journal.run if each.activity.name == name)


def measured(journal: Journal, name: str) -> int | None:
    return next(each.measured for each in journal.score.measures if each.name == name)


def test_a_gate_without_approvers_expires_and_nothing_is_touched_meanwhile(played: Play) -> None:
    waits = [e.output for e in played("lost-folder").run if e.activity.name == "wait-at-plan"]
    assert [each["waited_for"] for each in waits] == ["expiry", "people"]
    assert all(each["untouched"] for each in waits)


def test_an_absent_person_on_call_lets_the_alert_go_a_step_up(played: Play) -> None:
    assert entry(played("disk-failure"), "acknowledged")["by"] == "zhao"
    assert (measured(played("disk-failure"), "acknowledge") or 0) > 30 * 60


def test_slow_ransomware_comes_back_from_before_its_first_night(played: Play) -> None:
    journal = played("ransomware-slow")
    assert entry(journal, "strike")["points"] == entry(journal, "encrypt")["nights"]


def test_what_is_to_be_keyed_in_after_slow_ransomware_is_counted(played: Play) -> None:
    assert (measured(played("ransomware-slow"), "rpo") or 0) > 0


def test_a_backup_was_really_killed(played: Play) -> None:
    assert entry(played("month-end-power-cut"), "cut-power")["signal"] == 9


def test_damaged_objects_come_back_from_the_mirror(played: Play) -> None:
    assert entry(played("vault-damage"), "mend-vault") == {"repaired": 3, "put_aside": 1}


def test_nothing_can_be_read_of_a_lost_disk(played: Play) -> None:
    found = entry(played("usb-lost"), "judge-lost")
    assert found["readable"] == 0
    assert found["files"]


def test_a_decrypted_copy_that_was_carried_off_can_be_read(played: Play) -> None:
    assert entry(played("leaked-data"), "judge-lost")["readable"]


def test_notices_of_a_leak_are_approved_and_sent(played: Play) -> None:
    drafted, sent = [e.output for e in played("leaked-data").run if e.activity.name == "notices"]
    assert drafted["drafted"]
    assert sent["sent"]


def test_a_leavers_key_opens_the_vault_no_more(played: Play) -> None:
    assert entry(played("leaver"), "renew-keys")["old_opens"] is False


def test_a_leavers_copies_are_destroyed(played: Play) -> None:
    assert entry(played("leaver"), "destroy-copies")["destroyed"] == 2


def test_two_share_holders_bring_the_vault_back(played: Play) -> None:
    assert entry(played("key-lost"), "open-escrow")["shares"] == 2


def test_drills_are_no_incidents_of_the_real_site(played: Play, real: Path) -> None:
    played("vault-damage")
    with open_site(real) as site:
        assert Incidents(real / "state" / "incidents", site.clock).all() == ()


def test_the_real_site_keeps_nothing_but_journals_and_the_audit_log(
    played: Play, real: Path
) -> None:
    journal = played("vault-damage")
    assert Drills(real / "state" / "drills").get(journal.id) == journal
    assert not list((real / "vault").rglob("commit/*"))
    with open_site(real) as site:
        assert site.catalog.outcomes() == ()


def test_the_audit_log_knows_the_journals_hash(played: Play, real: Path) -> None:
    journal = played("vault-damage")
    text = (real / "state" / "audit").rglob("*")
    log = b"".join(path.read_bytes() for path in text if path.is_file())
    assert journal.id.encode() in log
    assert say("drill")  # words are loaded in this process
