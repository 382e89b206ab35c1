"""Incidents: opened once per trouble, found again, and what they keep cannot be changed unseen."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from baozhang.errors import CorruptObjectError, UsageError
from baozhang.incidents.incidents import CLOSED, Incident, Incidents
from baozhang.incidents.model import Plan
from tests.incidents.dying import killed_at

NOW = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
PLAN = Plan(incident="i-20261123-01", number=1, restorations=(), measured=0, seconds=0)


@pytest.fixture
def incidents(tmp_path: Path) -> Incidents:
    return Incidents(tmp_path / "incidents", lambda: NOW)


def opened(incidents: Incidents, *sets: tuple[str, str], drill: str = "") -> tuple[Incident, bool]:
    return incidents.open("lost", sets, noticed_by="zhang", discovered=NOW, drill=drill)


def test_an_incident_is_named_by_its_day_in_shanghai(incidents: Incidents) -> None:
    incident, new = opened(incidents, ("c001", "main"))
    assert (incident.id, new) == ("i-20261123-01", True)
    assert incident.opening().sets == (("c001", "main"),)


@pytest.mark.parametrize("again", [("c001", "main"), ("c001", "*")])
def test_the_same_trouble_is_the_same_incident(
    incidents: Incidents, again: tuple[str, str]
) -> None:
    first, _ = opened(incidents, ("c001", "main"), ("c002", "main"))
    second, new = opened(incidents, again)
    assert (second.id, new) == (first.id, False)
    assert [e.kind for e in second.journal.events()][-1] == "noticed-again"


def test_reports_at_one_instant_are_one_incident(incidents: Incidents) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: opened(incidents, ("c001", "main")), range(8)))
    assert sum(new for _, new in found) == 1
    assert len(incidents.all()) == 1


@pytest.mark.parametrize("other", [("c001", "papers"), ("c002", "main")])
def test_another_trouble_is_another_incident(incidents: Incidents, other: tuple[str, str]) -> None:
    opened(incidents, ("c001", "main"))
    assert opened(incidents, other)[0].id == "i-20261123-02"


def test_a_drill_is_never_taken_for_the_real_thing(incidents: Incidents) -> None:
    opened(incidents, ("c001", "main"))
    drill, new = opened(incidents, ("c001", "main"), drill="lost-folder")
    assert (drill.id, new) == ("d-20261123-01", True)


def test_a_closed_incident_is_not_opened_again(incidents: Incidents) -> None:
    first, _ = opened(incidents, ("c001", "main"))
    first.journal.append(CLOSED, actor="zhang")
    assert opened(incidents, ("c001", "main"))[1] is True
    assert [each.id for each in incidents.open_ones()] == ["i-20261123-02"]


def test_what_is_kept_comes_back(incidents: Incidents) -> None:
    incident, _ = opened(incidents, ("c001", "main"))
    incident.keep("plan-1", PLAN, actor="system")
    assert incidents.get(incident.id).value("plan-1", Plan) == PLAN


def test_the_newest_of_a_name_counts(incidents: Incidents) -> None:
    incident, _ = opened(incidents, ("c001", "main"))
    incident.keep("plan", PLAN, actor="system")
    incident.keep("plan", PLAN.model_copy(update={"number": 2}), actor="system")
    assert incident.value("plan", Plan).number == 2


@pytest.mark.parametrize(("before", "number"), [(True, 1), (False, 2)])
def test_whoever_is_killed_while_keeping_leaves_one_that_is_known(
    incidents: Incidents, before: bool, number: int
) -> None:
    incident, _ = opened(incidents, ("c001", "main"))
    incident.keep("plan", PLAN, actor="run")
    newer = PLAN.model_copy(update={"number": 2})
    assert killed_at(1, lambda: incident.keep("plan", newer, actor="run"), before=before)
    assert incident.value("plan", Plan).number == number


def test_what_was_changed_afterwards_is_found_out(incidents: Incidents) -> None:
    incident, _ = opened(incidents, ("c001", "main"))
    incident.keep("plan-1", PLAN, actor="system")
    path = incident.folder / "plan-1.json"
    path.write_bytes(path.read_bytes().replace(b'"number":1', b'"number":2'))
    with pytest.raises(CorruptObjectError, match="not what was kept"):
        incident.value("plan-1", Plan)


def test_what_was_put_there_by_hand_is_not_kept(incidents: Incidents) -> None:
    incident, _ = opened(incidents, ("c001", "main"))
    (incident.folder / "plan-1.json").write_text(PLAN.model_dump_json())
    assert not incident.has("plan-1")
    with pytest.raises(CorruptObjectError):
        incident.value("plan-1", Plan)


def test_an_incident_that_is_not_there_is_refused(incidents: Incidents) -> None:
    opened(incidents, ("c001", "main"))
    with pytest.raises(UsageError, match="i-20261123-01"):
        incidents.get("i-1")


def test_a_folder_whose_opening_never_happened_is_no_incident(
    incidents: Incidents, tmp_path: Path
) -> None:
    (tmp_path / "incidents" / "i-20261123-01").mkdir(parents=True)
    assert incidents.all() == ()
    assert opened(incidents, ("c001", "main"))[0].id == "i-20261123-02"
