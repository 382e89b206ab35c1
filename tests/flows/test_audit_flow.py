"""The flow of an audit: sections and items on its page, a run that waits for its signature."""

from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterParentFlowRunId,
    TaskRunFilter,
    TaskRunFilterFlowRunId,
)

from baozhang.clock import system_clock
from baozhang.errors import UsageError
from baozhang.governance.audits import Audit, audits_of
from baozhang.governance.packed import verify_pack
from baozhang.wiring import open_site
from flows.audit import audit
from tasks.signing_gate import NotSignedError
from tests.flows.approving import Devices
from tests.flows.auditing import this_month, with_auditor
from tests.flows.test_waiting import Run, started

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("server")]


@pytest.fixture
def home(home: Path) -> Path:
    return with_auditor(home)


def below(run: Run) -> dict[str, UUID]:
    """Return the runs that a run has begun, by name."""
    parent = FlowRunFilterParentFlowRunId(any_=[run.id])
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(flow_run_filter=FlowRunFilter(parent_flow_run_id=parent))
    return {str(each.name): each.id for each in found}


def tasks_of(flow_run: UUID) -> dict[str, str]:
    """Return the tasks of a run with the names of their states."""
    wanted = TaskRunFilter(flow_run_id=TaskRunFilterFlowRunId(any_=[flow_run]))
    with get_client(sync_client=True) as client:
        return {
            each.name: str(each.state_name)
            for each in client.read_task_runs(task_run_filter=wanted)
        }


def only_audit() -> Audit:
    with open_site() as site:
        [found] = audits_of(site).all()
    return found


def waiting() -> Run:
    """A run over two sections that waits for the auditor."""
    run = started(audit, period=this_month(), sections=["B9", "A7"])
    assert run.go().name == "Suspended"
    return run


def test_every_section_and_item_has_its_name_and_how_it_stands(home: Path) -> None:
    sections = below(waiting())
    assert sorted(name.split()[0] for name in sections) == ["A7", "B9"]
    a7 = next(id_ for name, id_ in sections.items() if name.startswith("A7 "))
    told = tasks_of(a7)
    assert sorted(name.split()[0] for name in told) == [f"A7.{n}" for n in range(1, 7)]
    assert set(told.values()) == {"Not evidenced"}


def test_signed_in_the_form_it_goes_on_with_the_same_audit(home: Path) -> None:
    devices, run = Devices(home, system_clock, "zhao"), waiting()
    sections = below(run)
    run.send(person="zhao", approve=True, code=devices.code("zhao"))

    ended = run.go()

    assert ended.is_completed()
    found = only_audit()
    assert (ended.result(), found.stage) == (found.id, "published")
    assert below(run) == sections
    assert verify_pack(found.pack).troubles == ()


def test_refused_it_ends_with_that_and_without_a_letter(home: Path) -> None:
    devices, run = Devices(home, system_clock, "zhao"), waiting()
    run.send(person="zhao", refuse=True, code=devices.code("zhao"))
    ended = run.go()
    assert isinstance(ended.result(raise_on_failure=False), NotSignedError)
    assert only_audit().stage == "packed"


def test_a_section_that_is_not_known_is_refused(home: Path) -> None:
    with pytest.raises(UsageError):
        audit(period=this_month(), sections=["A21"])
