"""The steps of a recovery as tasks: each takes an incident's id, opens the site and does one thing.

What they do stands in `tasks.incident`, `.incident_stopping`, `.incident_scoping`,
`.incident_restoring`; all of it is done once, however often a run is killed, resumed or begun anew.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from prefect.runtime import flow_run

from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.journal import BEGUN
from baozhang.incidents.model import Plan, Recovered, RecoveredAll, Restoration
from baozhang.site import Site
from baozhang.wiring import open_site
from baozhang.words import say
from tasks import incident_stopping as stopping
from tasks import incident_walk as walking
from tasks.gates import ask
from tasks.incident import IncidentForm, close, destroy_copies, open_incident, page
from tasks.incident_progress import Shown, report_to, show_plan, start
from tasks.incident_restoring import SAFETY, bring_back, gather
from tasks.incident_scoping import preserve, scope
from tasks.notices import milestone
from tasks.options import effect
from tasks.recovery_letters import write_recovery

CHECKLIST = "checklist"
"""What a run waits for while people put a set into use."""
WORKED_BY = "run"
"""Kind of the event that says which run of the orchestrator works on an incident."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The incident that a form opened or named.

    Attributes:
        ours: this run is to work on it; another one does where a second report joined it.
    """

    id: str
    ours: bool


def actor() -> str:
    """Return the id under which the run at hand writes into journals."""
    return f"incident-{UUID(flow_run.id).hex[-8:]}"


def run_name() -> str:
    """Return what a run of Prefect is called, e.g. `incident c001`."""
    form = flow_run.parameters["form"]
    named = form if isinstance(form, IncidentForm) else IncidentForm.model_validate(form)
    return f"incident {named.incident or ' '.join(named.clients)}"


@effect("open")
def begin_incident(form: IncidentForm) -> Opened:
    """Open the incident, or find the one that is open; a run that resumes finds its own alone."""
    me = actor()
    with open_site() as site:
        if earlier := _worked_on(site, str(flow_run.id)):
            return Opened(earlier.id, not earlier.closed())
        incident, ours = open_incident(site, form, actor=me)
        if ours or not _is_begun(incident):
            incident.journal.append(WORKED_BY, actor=me, run=str(flow_run.id))
            return Opened(incident.id, True)
        return Opened(incident.id, False)


def _worked_on(site: Site, run: str) -> Incident | None:
    """Return the incident of a run that is resumed; others may have closed it meanwhile."""
    return next((each for each in incidents_of(site).all() if _works(each, run)), None)


def _works(incident: Incident, run: str) -> bool:
    events = incident.journal.events()
    return any(event.kind == WORKED_BY and event.facts["run"] == run for event in events)


def _is_begun(incident: Incident) -> bool:
    """Tell whether anybody came to work on it: who opened it may have been killed."""
    return any(event.kind in {WORKED_BY, BEGUN} for event in incident.journal.events())


@contextmanager
def at_work(incident: str) -> Iterator[None]:
    """Let this run alone work on the incident, until it ends or is suspended."""
    with open_site() as site:
        journal = incidents_of(site).get(incident).journal
    with journal.alone():
        yield


@contextmanager
def _opened(incident: str) -> Iterator[tuple[Site, Incident]]:
    with open_site() as site:
        yield site, incidents_of(site).get(incident)


@effect("page for {incident}")
def page_people(incident: str) -> None:
    """Wake people up."""
    with _opened(incident) as (site, found):
        page(site, found, actor=actor())


@effect("stop what harms {incident}")
def stop_harm(incident: str) -> None:
    """Stop what makes it worse."""
    with _opened(incident) as (site, found):
        stopping.stop(site, found, actor=actor())


@effect("preserve evidence of {incident}")
def preserve_evidence(incident: str) -> None:
    """Store what is there now."""
    with _opened(incident) as (site, found):
        preserve(site, found, actor=actor())


@effect("scope the loss of {incident}")
def scope_loss(incident: str) -> None:
    """Find out what is lost."""
    with _opened(incident) as (site, found):
        scope(site, found, actor=actor())


@effect("draft the notices of {incident}")
def draft_notices(incident: str) -> None:
    """Draft what people must be told of by law."""
    with _opened(incident) as (site, found):
        walking.tell(site, found, actor=actor())


@effect("plan the recovery of {incident}")
def plan_recovery(incident: str) -> Plan:
    """Return the plan that stands, and ask for its approval."""
    with _opened(incident) as (site, found):
        plan = walking.planned(site, found, actor=actor(), run=str(flow_run.id))
        ask(site, found, "plan", plan, asked_by=actor(), run=str(flow_run.id))
        show_plan(plan)
        return plan


@effect("safety copy for {incident}")
def keep_safety_copy(incident: str, plan: Plan) -> Shown:
    """Store what is there once more, just before anything comes back; show an empty bar."""
    with _opened(incident) as (site, found):
        milestone(site, found, "plan-approved", actor=actor())
        preserve(site, found, actor=actor(), what=SAFETY)
    return start(plan)


@effect("bring back {restoration.client}/{restoration.set}", tags=["vault-read"])
def bring_back_set(incident: str, restoration: Restoration, shown: Shown) -> Recovered | None:
    """Bring one set back into quarantine and prove it."""
    with _opened(incident) as (site, found), report_to(shown, restoration) as report:
        return bring_back(site, found, restoration, actor=actor(), report=report)


@effect("gather what {incident} brought back")
def gather_back(incident: str, plan: Plan, found: list[Recovered | None]) -> RecoveredAll | None:
    """Keep what lies in quarantine and ask for the cut-over; None: there must be another plan."""
    with _opened(incident) as (site, its):
        back = gather(its, plan, found, actor=actor())
        if back is not None:
            milestone(site, its, "restored", actor=actor())
            if back.sets:
                ask(site, its, "cut-over", back, asked_by=actor(), run=str(flow_run.id))
        return back


@effect("put {incident} into use")
def put_into_use(incident: str, plan: Plan) -> walking.Halt | None:
    """Put every set into use, in the plan's order; a halt where people have to."""
    with _opened(incident) as (site, found):
        return walking.cut_over_all(site, found, plan, actor=actor())


def to_work_off(incident: str, halted: walking.Halt) -> str:
    """Return what a run's page says while people put a set into use, as Markdown."""
    return say(
        "{set} is put into use by people. Work off its checklist step by step: `baozhang incident "
        "checklist {incident}`. The run goes on after the last step.",
        set=halted.what,
        incident=incident,
    )


@effect("check the service of {incident}")
def check_service(incident: str) -> None:
    """Check that people can work again."""
    with _opened(incident) as (site, found):
        stopping.service_check(site, found, actor=actor())


@effect("lift the stop of {incident}")
def lift_stop(incident: str) -> None:
    """Let everybody work again."""
    with _opened(incident) as (site, found):
        stopping.lift(site, found, actor=actor())


@effect("destroy the copies of {incident}")
def destroy_working_copies(incident: str) -> None:
    """Destroy what lies in quarantine."""
    with _opened(incident) as (site, found):
        destroy_copies(site, found, actor=actor())


@effect("report on {incident}")
def write_reports(incident: str) -> None:
    """Write the letters, and close."""
    with _opened(incident) as (site, found):
        write_recovery(site, found, actor=actor())
        close(site, found, actor=actor())
        milestone(site, found, "closed", actor=actor())
