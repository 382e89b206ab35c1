"""Runs that wait at a gate: really suspended on a real server, resumed, begun anew from the top."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import State, flow
from prefect.client.orchestration import get_client
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow_sync
from prefect.runtime import flow_run
from prefect.settings import PREFECT_API_URL, temporary_settings

from baozhang.clock import system_clock
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.gates import IncidentHaltedError, ask, decide, request_of, standing_of
from tasks.waiting import Approval, resume_waiting, wait_at, wait_for_people
from tests.flows.approving import Devices, a_plan, four_people, opened

pytestmark = pytest.mark.server


@flow(name="waiting-at-a-gate")
def waiting(incident: str, number: int = 1) -> str:
    """Ask, wait, and go on."""
    with open_site() as site:
        found = incidents_of(site).get(incident)
        number = max(
            [
                number,
                *(int(e.facts["number"]) for e in found.journal.events() if e.kind == "replanned"),
            ]
        )
        plan = a_plan(found, number=number)
        ask(site, found, "plan", plan, asked_by="system", run=str(flow_run.id))
    wait_at(incident, "plan")
    return "went on"


@flow(name="waiting-for-work")
def working(incident: str) -> str:
    """Wait until people have done something."""
    with open_site() as site:
        events = incidents_of(site).get(incident).journal.events()
    if not any(event.kind == "checklist.item" for event in events):
        wait_for_people(incident, "steps", "## 清单")
    return "went on"


@dataclass
class Run:
    """A flow run as a worker would treat it: a process at a time, each from the top."""

    what: Any
    id: UUID
    parameters: dict[str, object]

    def go(self) -> State[Any]:
        """Do what a worker does with a run that is scheduled."""
        with get_client(sync_client=True) as client:
            run = client.read_flow_run(self.id)
        try:
            found = run_flow_sync(
                self.what, flow_run=run, parameters=self.parameters, return_type="state"
            )
        except Pause as pause:
            found = pause.state
        assert isinstance(found, State)
        return found

    def send(self, **fields: object) -> None:
        """Send the form, as the page does."""
        with get_client(sync_client=True) as client:
            assert client.resume_flow_run(self.id, run_input=dict(fields)).status == "ACCEPT"

    def inputs(self) -> dict[str, Any]:
        """Return what the server keeps of the forms."""
        with get_client(sync_client=True) as client:
            found = client.filter_flow_run_input(
                flow_run_id=self.id, key_prefix="suspended-", limit=200, exclude_keys=set()
            )
        return {each.key: each.decoded_value for each in found}

    def described(self) -> str:
        """Return what the newest form says."""
        found = {k: v for k, v in self.inputs().items() if k.endswith("-description")}
        newest = max(found, key=lambda key: int(key.split("-")[-2]))
        return str(found[newest])


def started(what: Any, **parameters: object) -> Run:
    with get_client(sync_client=True) as client:
        deployment = client.create_deployment(client.create_flow(what), name="here")
        run = client.create_flow_run_from_deployment(deployment, parameters=parameters)
    return Run(what, run.id, parameters)


@pytest.fixture
def site(home: Path, server: None) -> Iterator[Site]:
    four_people(home)
    with open_site(home) as each:
        yield each


@pytest.fixture
def devices(site: Site) -> Devices:
    return Devices(site.home, system_clock, "wang", "li")


@pytest.fixture
def incident(site: Site) -> Incident:
    return opened(site)


@pytest.fixture
def run(incident: Incident) -> Run:
    """A run that waits at the gate of the plan."""
    begun = started(waiting, incident=incident.id)
    assert begun.go().name == "Suspended"
    return begun


def halted(state: State[Any]) -> str:
    """Return why a run ended, which must be on purpose."""
    error = state.result(raise_on_failure=False)
    assert isinstance(error, IncidentHaltedError)
    return str(error)


def test_an_approval_in_the_form_opens_the_gate(
    site: Site, incident: Incident, run: Run, devices: Devices
) -> None:
    run.send(person="li", approve=True, code=devices.code("li"))
    assert run.go().is_completed()
    standing = standing_of(site, incident, "plan")
    assert standing is not None
    assert standing.by == ("li",)


def test_a_refusal_in_the_form_ends_the_run_in_a_safe_state(run: Run, devices: Devices) -> None:
    run.send(person="li", refuse=True, code=devices.code("li"))
    assert "baozhang incident go-on" in halted(run.go())


def test_no_code_stays_on_the_server(run: Run, devices: Devices) -> None:
    code = devices.code("li")
    run.send(person="li", approve=True, code=code)
    assert code in str(run.inputs())
    run.go()
    assert code not in str(run.inputs())


def test_a_wrong_code_is_told_on_the_next_form(run: Run, devices: Devices) -> None:
    run.send(person="li", approve=True, code=devices.wrong("li"))
    assert run.go().name == "Suspended"
    assert "that is not the code of li" in run.described()
    run.send(person="li", approve=True, code=devices.code("li"))
    assert run.go().is_completed()


def test_a_form_that_is_half_filled_in_is_told_on_the_next_form(run: Run, devices: Devices) -> None:
    run.send(person="li", code=devices.code("li"))
    assert run.go().name == "Suspended"
    assert "tick one of the two boxes" in run.described()


def test_a_form_that_was_filled_in_for_an_older_plan_is_not_counted(
    site: Site, incident: Incident, run: Run, devices: Devices
) -> None:
    run.send(person="li", approve=True, code=devices.code("li"))
    incident.journal.append("replanned", actor="system", number=2)
    assert run.go().name == "Suspended"
    assert "What you were shown is older" in run.described()
    assert "code" not in str({k: v for k, v in run.inputs().items() if "response" in k})


def test_an_empty_form_looks_into_the_journal(
    site: Site, incident: Incident, run: Run, devices: Devices
) -> None:
    request = request_of(incident, "plan")
    assert request is not None
    decide(
        site,
        incident,
        "plan",
        person="wang",
        code=devices.code("wang"),
        word="approve",
        digest=request.digest,
    )
    assert resume_waiting(incident, "plan") == "woken"
    assert run.go().is_completed()


def test_a_refusal_on_the_command_line_ends_the_run(
    site: Site, incident: Incident, run: Run, devices: Devices
) -> None:
    request = request_of(incident, "plan")
    assert request is not None
    decide(
        site,
        incident,
        "plan",
        person="wang",
        code=devices.code("wang"),
        word="refuse",
        digest=request.digest,
    )
    resume_waiting(incident, "plan")
    assert "was refused" in halted(run.go())


def test_an_empty_form_without_any_word_waits_again(run: Run) -> None:
    run.send()
    assert run.go().name == "Suspended"
    assert "⚠" not in run.described()


def test_the_form_asks_in_chinese_and_needs_no_field(run: Run) -> None:
    (schema,) = [value for key, value in run.inputs().items() if key.endswith("-schema")]
    titles = [each["title"] for each in schema["properties"].values()]
    assert titles == [
        "审批人 / Your id",
        "批准 / Approve",
        "拒绝 / Refuse",
        "动态口令 / One-time code",
    ]
    assert not schema.get("required")


def test_the_run_waits_no_longer_than_the_gate_stands_open(incident: Incident, run: Run) -> None:
    request = request_of(incident, "plan")
    assert request is not None
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(run.id).state
    assert state is not None
    assert state.state_details.pause_timeout is not None
    late = state.state_details.pause_timeout - request.expires
    assert abs(late.total_seconds()) < 60


def test_people_who_have_done_their_work_wake_the_run(incident: Incident) -> None:
    run = started(working, incident=incident.id)
    assert run.go().name == "Suspended"
    incident.journal.append("checklist.item", actor="zhang", item="one")
    assert resume_waiting(incident, "steps") == "woken"
    assert run.go().is_completed()


def test_people_who_have_not_done_their_work_are_waited_for_again(incident: Incident) -> None:
    run = started(working, incident=incident.id)
    run.go()
    run.send()
    assert run.go().name == "Suspended"


def test_a_run_that_ended_is_not_woken(incident: Incident, run: Run, devices: Devices) -> None:
    run.send(person="li", approve=True, code=devices.code("li"))
    run.go()
    assert resume_waiting(incident, "plan") == "gone"


def test_a_run_that_the_server_never_saw_is_not_woken(site: Site, incident: Incident) -> None:
    lost = "00000000-0000-4000-8000-000000000000"
    ask(site, incident, "plan", a_plan(incident), asked_by="system", run=lost)
    assert resume_waiting(incident, "plan") == "gone"


def test_without_a_run_nobody_is_woken(site: Site, incident: Incident) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    assert resume_waiting(incident, "plan") == "nobody"


def test_a_server_that_does_not_answer_is_told(site: Site, incident: Incident) -> None:
    lost = "00000000-0000-4000-8000-000000000000"
    ask(site, incident, "plan", a_plan(incident), asked_by="system", run=lost)
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        assert resume_waiting(incident, "plan") == "unreachable"


def test_a_form_sent_empty_is_an_approval_of_nothing() -> None:
    assert Approval() == Approval(person="", approve=False, refuse=False, code="")
