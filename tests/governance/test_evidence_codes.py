"""What people did with their codes attests the people's half of a control, where it is that."""

import pytest

from baozhang.governance.controls import control
from baozhang.governance.model import Evidence
from baozhang.incidents.journal import FILE
from baozhang.site import Site
from tasks.evidence import gather
from tasks.gates import ask as ask_gate
from tests.flows.approving import Devices, Hand, a_plan
from tests.governance.evidence_office import NOVEMBER, approve, closed, on, opened


@pytest.fixture
def devices(office: Site, clock: Hand) -> Devices:
    clock.now = on(2)
    return Devices(office.home, clock, "wang", "li")


def by_people(site: Site, id_: str = "incident.plan") -> list[Evidence]:
    """Return the evidence of a control's people that nobody had to hand in."""
    found = gather(site, NOVEMBER, [control(id_)])
    return [each for each in found if each.source == "attested"]


def test_a_plan_that_somebody_else_approved_is_attested_by_their_code(
    office: Site, clock: Hand, devices: Devices
) -> None:
    incident = opened(office, clock, on(5))
    ask_gate(office, incident, "plan", a_plan(incident), asked_by="zhang")
    assert by_people(office) == []
    approve(office, incident, "plan", devices, "wang")
    clock.now = on(6, month=12)
    (found,) = by_people(office)
    assert (found.by, found.checked_by, found.effective) == (("zhang",), "wang", on(5))
    assert found.refs[0] == f"incident:{incident.id}"
    assert by_people(office, "restore.lessons") == []
    assert by_people(office, "bcp.resources") == []


def test_who_asked_has_not_checked_by_approving(
    office: Site, clock: Hand, devices: Devices
) -> None:
    incident = opened(office, clock, on(5))
    ask_gate(office, incident, "plan", a_plan(incident), asked_by="wang")
    approve(office, incident, "plan", devices, "wang")
    assert by_people(office) == []


def test_a_newer_incident_that_nobody_approved_takes_it_back(
    office: Site, clock: Hand, devices: Devices
) -> None:
    incident = opened(office, clock, on(5))
    ask_gate(office, incident, "plan", a_plan(incident), asked_by="run")
    approve(office, incident, "plan", devices, "wang")
    closed(incident, clock)
    assert len(by_people(office)) == 1
    newer = opened(office, clock, on(6))
    ask_gate(office, newer, "plan", a_plan(newer), asked_by="run")
    assert by_people(office) == []


def test_a_newer_incident_that_cannot_be_read_leaves_it_open(
    office: Site, clock: Hand, devices: Devices
) -> None:
    incident = opened(office, clock, on(5))
    ask_gate(office, incident, "plan", a_plan(incident), asked_by="run")
    approve(office, incident, "plan", devices, "wang")
    bad = opened(office, clock, on(6), client="c002")
    (bad.folder / FILE).write_text("{\n")
    assert by_people(office) == []


def test_an_approval_whose_code_the_log_does_not_know_attests_nothing(
    office: Site, clock: Hand, devices: Devices
) -> None:
    incident = opened(office, clock, on(5))
    request = ask_gate(office, incident, "plan", a_plan(incident), asked_by="run")
    facts = {"gate": "plan", "digest": request.digest, "person": "wang", "word": "approve"}
    incident.journal.append("approval", actor="wang", **facts)
    assert by_people(office) == []
