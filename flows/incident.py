"""Incident recovery: what was lost is brought back, proven, and put into use by those who may.

    open ─► page ─► stop ─► preserve evidence ─► scope ─► plan ─► GATE: the plan
                                                   │        ▲          │
                                                notices     │          │
                                         a point was struck │      safety copy
                                                            │          │
                                                            └── bring back and prove (set by set)
                                                                       │
    close ◄─ letters ◄─ destroy copies ◄─ lift ◄─ check ◄─ put into use ◄─ GATE: the cut-over

A gate suspends the run and frees its worker; a run that resumes starts from the top and passes over
what the incident's journal knows as done.  Whatever ends a run, production is whole, old or new:
start the deployment again with the incident's id, and it goes on.

Runbook for people: docs/runbooks/incident.md
"""

from prefect import flow, unmapped

from tasks.gate import mask_logs
from tasks.incident import IncidentForm
from tasks.incident_steps import (
    CHECKLIST,
    at_work,
    begin_incident,
    bring_back_set,
    check_service,
    destroy_working_copies,
    draft_notices,
    gather_back,
    keep_safety_copy,
    lift_stop,
    page_people,
    plan_recovery,
    preserve_evidence,
    put_into_use,
    run_name,
    scope_loss,
    stop_harm,
    to_work_off,
    write_reports,
)
from tasks.options import at_once
from tasks.waiting import wait_at, wait_for_people

SETS_AT_ONCE = 2  # one is read from the vault while another is judged


@flow(name="incident", flow_run_name=run_name, task_runner=at_once(SETS_AT_ONCE))
def incident(form: IncidentForm) -> str:
    """Recover from a loss of data.

    Args:
        form: 已知的情况，或要继续的事件 / what is known, or the open incident to go on with.

    Returns:
        The incident's id; where another run works on it already, nothing else was done.

    Raises:
        UsageError: nobody of that id, no such client, or the incident is closed.
        IncidentHaltedError: refused, or not approved in time; what is in use was not touched.
        BaozhangError: a step failed; start again with the incident's id.
    """
    mask_logs()
    opened = begin_incident(form)
    if opened.ours:
        with at_work(opened.id):
            recover(opened.id)
    return opened.id


def recover(incident: str) -> None:
    """Walk the recovery from where its journal stands."""
    paged = page_people(incident)
    stopped = stop_harm(incident, wait_for=[paged])
    kept = preserve_evidence(incident, wait_for=[stopped])
    scoped = scope_loss(incident, wait_for=[kept])
    draft_notices(incident, wait_for=[scoped])

    back = None
    while back is None:
        plan = plan_recovery(incident, wait_for=[scoped])
        wait_at(incident, "plan")
        shown = keep_safety_copy(incident, plan)
        sets = bring_back_set.map(unmapped(incident), plan.restorations, unmapped(shown))
        back = gather_back(incident, plan, sets.result())

    if back.sets:
        wait_at(incident, "cut-over")
    while halted := put_into_use(incident, plan):
        wait_for_people(incident, CHECKLIST, to_work_off(incident, halted))

    checked = check_service(incident)
    lifted = lift_stop(incident, wait_for=[checked])
    destroyed = destroy_working_copies(incident, wait_for=[checked])
    write_reports(incident, wait_for=[lifted, destroyed])
