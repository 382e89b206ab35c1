"""A recovery from its first step to its last, without Prefect: until it is done or people must act.

    page ─► stop ─► preserve ─► scope ─► plan ─► (gate) ─► safety copy ─► bring back, prove
         ─► (gate) ─► put into use ─► equal? ─► service check ─► lift ─► destroy ─► letters ─► close

The steps are those of `flows/incident.py`, in its order.  Each is done once, whoever walks: what
is done is passed over, so walking again goes on where it stopped.
"""

from dataclasses import dataclass
from logging import getLogger
from typing import Literal

from baozhang.errors import BaozhangError
from baozhang.incidents.choosing import STRUCK
from baozhang.incidents.incidents import KEPT, Incident
from baozhang.incidents.model import CutOver, Plan, Recovered, RecoveredAll, Value
from baozhang.site import Site
from baozhang.vault.model import Report, silent
from baozhang.words import say
from tasks.gates import ask, run_of, standing_of
from tasks.incident import close, destroy_copies, leave_open, page
from tasks.incident_restoring import (
    PLAN,
    SAFETY,
    bring_back,
    gather,
    put_into_use,
    require_equal,
    settle,
)
from tasks.incident_scoping import plan as make_plan
from tasks.incident_scoping import preserve, scope
from tasks.incident_stopping import lift, service_check, stop
from tasks.notices import milestone, tick
from tasks.recovery_letters import write_recovery

LOG = getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Halt:
    """Why a walk goes no further for now; what is in use is whole, old or new.

    Attributes:
        kind: `gate`: people must approve; `checklist`: people must put a set into use.
        what: the gate, or the set.
    """

    kind: Literal["gate", "checklist"]
    what: str


def walk(site: Site, incident: Incident, *, actor: str, report: Report = silent) -> Halt | None:
    """Go on with an incident; None: it is closed.

    Raises:
        UsageError: another run works on it now.
        BaozhangError: a step failed; what it was doing is done again by the next walk.
    """
    with incident.journal.alone():
        if incident.closed():  # what is over is not stopped and held anew
            milestone(site, incident, "closed", actor=actor)
            return None
        first_aid(site, incident, actor=actor)
        plan, back = None, None
        while plan is None or back is None:
            plan = planned(site, incident, actor=actor)
            if halt := at_gate(site, incident, "plan", plan, actor=actor):
                return halt
            milestone(site, incident, "plan-approved", actor=actor)
            back = brought_back(site, incident, plan, actor=actor, report=report)
        if back.sets and (halt := at_gate(site, incident, "cut-over", back, actor=actor)):
            return halt
        if halt := cut_over_all(site, incident, plan, actor=actor):
            return halt
        finish(site, incident, actor=actor)
    return None


def first_aid(site: Site, incident: Incident, *, actor: str) -> None:
    """Wake people, stop what makes it worse, keep what is there, and find out what is lost."""
    page(site, incident, actor=actor)
    stop(site, incident, actor=actor)
    preserve(site, incident, actor=actor)
    scope(site, incident, actor=actor)
    tell(site, incident, actor=actor)


def tell(site: Site, incident: Incident, *, actor: str) -> None:
    """Draft what people must be told of by law; what fails is made up for by the next look."""
    try:
        tick(site, incident, actor=actor)
    except BaozhangError as error:
        LOG.warning("%s: %s", incident.id, say(error.template, **error.facts))


def planned(site: Site, incident: Incident, *, actor: str, run: str = "") -> Plan:
    """Return the plan that stands.

    There is another one where a backup point was struck since, or nobody approved in time: what was
    approved is what is done, however the world moves on meanwhile.  A run whose own plan was
    refused makes no other one: it ends at its gate.
    """
    if incident.has(PLAN) and not _is_void(site, incident, run):
        return incident.value(PLAN, Plan)
    return make_plan(site, incident, actor=actor)


def at_gate(site: Site, incident: Incident, gate: str, value: Value, *, actor: str) -> Halt | None:
    """Ask for approval; a halt unless it is there."""
    ask(site, incident, gate, value, asked_by=actor)
    found = standing_of(site, incident, gate)
    if found is None or found.state != "approved":
        return Halt("gate", gate)
    return None


def brought_back(
    site: Site, incident: Incident, plan: Plan, *, actor: str, report: Report = silent
) -> RecoveredAll | None:
    """Bring every set of the plan back and prove it; None: there must be another plan."""
    preserve(site, incident, actor=actor, what=SAFETY)
    found: list[Recovered | None] = []
    for each in plan.restorations:
        found.append(bring_back(site, incident, each, actor=actor, report=report))
    back = gather(incident, plan, found, actor=actor)
    if back is not None:
        milestone(site, incident, "restored", actor=actor)
    return back


def cut_over_all(site: Site, incident: Incident, plan: Plan, *, actor: str) -> Halt | None:
    """Put every set into use, in the plan's order; a halt where people have to.

    What the plan leaves out for now stays open, as an incident of its own.
    """
    done: list[CutOver] = []
    for each in plan.restorations:
        put = put_into_use(site, incident, each, actor=actor)
        if put is None:
            return Halt("checklist", f"{each.client}/{each.set}")
        done.append(put)
    require_equal(site, incident, plan, settle(incident, done, actor=actor), actor=actor)
    leave_open(site, incident, plan, actor=actor)
    milestone(site, incident, "cut-over", actor=actor)
    return None


def finish(site: Site, incident: Incident, *, actor: str) -> None:
    """Check that people can work, lift the stop, destroy the copies, write the letters, close."""
    service_check(site, incident, actor=actor)
    lift(site, incident, actor=actor)
    destroy_copies(site, incident, actor=actor)
    write_recovery(site, incident, actor=actor)
    close(site, incident, actor=actor)
    milestone(site, incident, "closed", actor=actor)


def _is_void(site: Site, incident: Incident, run: str) -> bool:
    """Tell whether the newest plan was overtaken: by a struck point, by refusal, by time."""
    events = incident.journal.events()
    kept = max(e.seq for e in events if e.kind == KEPT and e.facts.get("name") == PLAN)
    struck = any(event.kind == STRUCK and event.seq > kept for event in events)
    found = standing_of(site, incident, "plan")
    closed = found is not None and found.state in {"refused", "expired"}
    return struck or (closed and not (run and run == run_of(incident, "plan")))
