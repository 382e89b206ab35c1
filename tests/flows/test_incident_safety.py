"""What must not happen in a recovery: forgotten sets, a second incident, unproven copies in use."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from baozhang.incidents.cutover import BEGUN
from baozhang.incidents.holds import standing_holds
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.model import Plan
from baozhang.incidents.quarantine import destroy_all
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.incident import IncidentForm, open_incident
from tasks.incident_restoring import put_into_use
from tasks.incident_scoping import Evidence, preserve
from tasks.incident_steps import begin_incident
from tasks.incident_stopping import Stopped, stop
from tasks.incident_walk import Halt, walk
from tests.flows.recovering import ACTOR, FORM, Team, book, opened
from tests.flows.site import CLIENT, ledger
from tests.flows.walking import night

RUN = UUID("11111111-1111-4111-8111-111111111111")
LOST = ledger("100,00").encode()


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    night("c001", "c002")
    with open_site(home) as made:
        yield made


@pytest.fixture
def team(site: Site) -> Team:
    return Team(site)


def hit(site: Site, home: Path, form: IncidentForm = FORM) -> Incident:
    book(home).write_bytes(LOST)
    return opened(site, form)


def kinds(incident: Incident) -> list[str]:
    return [event.kind for event in incident.journal.events()]


# --- opening --------------------------------------------------------------------------------------


def test_a_report_of_one_client_more_opens_an_incident_for_that_one(site: Site) -> None:
    first = opened(site)
    wider = IncidentForm(noticed_by="wang", clients=("c001", "c002"))
    second, ours = open_incident(site, wider, actor=ACTOR)
    assert (ours, second.opening().sets) == (True, (("c002", "main"),))
    assert kinds(first)[-1] == "noticed-again"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> UUID:
    monkeypatch.setenv("PREFECT__RUNTIME__FLOW_RUN__ID", str(RUN))
    return RUN


@pytest.mark.usefixtures("run")
def test_a_run_resumed_after_somebody_else_closed_its_incident_opens_no_other(
    site: Site, home: Path, team: Team
) -> None:
    book(home).write_bytes(LOST)
    begun = begin_incident.fn(FORM)
    team.recover(incidents_of(site).get(begun.id))
    again = begin_incident.fn(FORM)
    assert (again.id, again.ours) == (begun.id, False)
    assert len(incidents_of(site).all()) == 1


@pytest.mark.usefixtures("run")
def test_an_incident_whose_opener_died_at_once_is_worked_on_by_the_next_run(site: Site) -> None:
    incident = opened(site)
    assert begin_incident.fn(FORM).ours
    assert kinds(incident)[-1] == "run"


# --- going on -------------------------------------------------------------------------------------


def test_going_on_with_what_is_over_holds_nothing_anew(site: Site, home: Path, team: Team) -> None:
    incident = hit(site, home)
    team.recover(incident)
    away = Evidence(points=(("c001", "main", "", "vault"),))
    incident.keep("evidence", away, actor=ACTOR)
    assert walk(site, incident, actor=ACTOR) is None
    assert standing_holds(site, "c001") == ()


def test_what_is_in_use_after_the_cut_over_is_never_taken_for_evidence(
    site: Site, home: Path
) -> None:
    incident = hit(site, home)
    away = Evidence(points=(("c001", "main", "", "vault"),))
    incident.keep("evidence", away, actor=ACTOR)
    incident.journal.append(BEGUN, actor=ACTOR, client="c001", set="main")
    assert preserve(site, incident, actor=ACTOR) == away


def test_a_copy_that_had_to_be_brought_back_again_is_proven_again(
    site: Site, home: Path, team: Team
) -> None:
    incident = hit(site, home)
    walk(site, incident, actor=ACTOR)
    team.approve(incident, "plan", "wang")
    walk(site, incident, actor=ACTOR)
    destroy_all(site, incident, actor="zhang")
    walk(site, incident, actor=ACTOR)
    done = [str(e.facts["step"]) for e in incident.journal.events() if e.kind == "step.done"]
    assert len([step for step in done if step.startswith("prove.")]) == 2


def test_what_a_machine_opened_is_stopped_before_it_is_replaced(
    site: Site, home: Path, team: Team
) -> None:
    incident = hit(site, home, IncidentForm(noticed_by="system", clients=("c001",)))
    walk(site, incident, actor=ACTOR)
    assert incident.value("stopped", Stopped).sources == ()
    team.approve(incident, "plan", "wang")
    assert stop(site, incident, actor=ACTOR).sources


def test_a_false_alarm_of_a_machine_stops_nobody(site: Site, team: Team) -> None:
    incident = opened(site, IncidentForm(noticed_by="system", clients=("c001",)))
    walk(site, incident, actor=ACTOR)
    team.approve(incident, "plan", "wang")
    assert walk(site, incident, actor=ACTOR) is None
    assert "stop.source" not in kinds(incident)


def test_a_set_whose_vault_is_away_stays_open_when_the_incident_ends(
    site: Site, home: Path, team: Team
) -> None:
    incident = hit(site, home)
    stop(site, incident, actor=ACTOR)
    with away(home / "vault"):
        walk(site, incident, actor=ACTOR)
        team.approve(incident, "plan", "wang")
    walk(site, incident, actor=ACTOR)
    (left,) = incidents_of(site).open_ones()
    assert (incident.closed(), left.opening().sets) == (True, (("c001", "main"),))
    assert walk(site, left, actor=ACTOR) == Halt("gate", "plan")
    assert [each.set for each in left.value("plan", Plan).restorations] == ["main"]


@contextmanager
def away(place: Path) -> Iterator[None]:
    gone = place.rename(place.with_name("elsewhere"))
    try:
        yield
    finally:
        gone.rename(place)


# --- sets that people put into use in part --------------------------------------------------------

MIXED = CLIENT + "      - {{name: export, kind: opaque, path: exports/{client}}}\n"


def test_what_needs_no_people_is_put_into_use_beside_what_does(home: Path) -> None:
    (home / "clients" / "c001.yaml").write_text(MIXED.format(client="c001"), "utf-8")
    (home / "exports" / "c001").mkdir(parents=True)
    (home / "exports" / "c001" / "a.own").write_bytes(b"opaque")
    good = book(home).read_bytes()
    night("c001")
    with open_site(home) as site:
        team, incident = Team(site), hit(site, home)
        assert team.recover(incident) == Halt("checklist", "c001/main")
        assert book(home).read_bytes() == good
        (only,) = incident.value("plan", Plan).restorations
        assert put_into_use(site, incident, only, actor=ACTOR) is None
