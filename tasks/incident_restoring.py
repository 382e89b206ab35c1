"""A plan carried out: every set brought back and proven, then put into use in the plan's order.

plan ──► set by set: restored, proven ──► all proven ──► (gate) ──► put into use ──► equal there?
              └── damaged, or not the books that were backed up: struck; there must be another plan
"""

from collections.abc import Iterable
from functools import partial

from baozhang.errors import BaozhangError, CorruptObjectError, ObjectMissingError
from baozhang.incidents.checklists import progress as progress_of
from baozhang.incidents.checklists import worked_off
from baozhang.incidents.cutover import ATOMIC, cut_over, in_use
from baozhang.incidents.incidents import Incident
from baozhang.incidents.journal import Begun, Facts
from baozhang.incidents.model import (
    CutOver,
    CutOverAll,
    Plan,
    Recovered,
    RecoveredAll,
    Restoration,
)
from baozhang.site import Site
from baozhang.vault.model import Report, Snapshot, silent
from tasks.incident_recovery import recover
from tasks.incident_scoping import Evidence, What, strike
from tasks.incident_stopping import give_way

PLAN, RECOVERED, CUT_OVER = "plan", "recovered", "cut-over"
SAFETY: What = "safety"


def bring_back(
    site: Site,
    incident: Incident,
    restoration: Restoration,
    *,
    actor: str,
    report: Report = silent,
) -> Recovered | None:
    """Bring one set of the plan back into quarantine and prove it.

    Returns:
        None where the backup point is damaged, or a book of it is not the book that was backed up:
        it is struck, and the next plan passes over it.

    Raises:
        StoreFullError: no room; nothing is left behind.
        StoreUnreachableError: try later.
    """
    there = evidence_of(incident, restoration.client, restoration.set)
    try:
        found = recover(site, incident, restoration, evidence=there, actor=actor, report=report)
    except (CorruptObjectError, ObjectMissingError):
        _strike(site, incident, restoration, actor)
        return None
    if found.failed:
        _strike(site, incident, restoration, actor)
        return None
    return found


def evidence_of(incident: Incident, client: str, set_name: str) -> str:
    """Return the backup point of what was there just before the restore; "": it was unreadable."""
    kept = incident.value(SAFETY, Evidence)
    return next(
        (point for one, name, point, _ in kept.points if (one, name) == (client, set_name)), ""
    )


def gather(
    incident: Incident, plan: Plan, found: Iterable[Recovered | None], *, actor: str
) -> RecoveredAll | None:
    """Keep what lies in quarantine; None where something was struck."""
    sets = list(found)
    if None in sets:
        return None
    whole = RecoveredAll(
        incident=incident.id,
        plan=plan.number,
        sets=tuple(each for each in sets if each is not None),
    )
    if not (incident.has(RECOVERED) and incident.value(RECOVERED, RecoveredAll) == whole):
        incident.keep(RECOVERED, whole, actor=actor)
    return whole


def put_into_use(
    site: Site, incident: Incident, restoration: Restoration, *, actor: str
) -> CutOver | None:
    """Put one set into use; None where people have not worked off its checklist yet.

    Sources of it that can be exchanged in one step are, whatever people do with the others.

    Raises:
        UsageError: what lies in quarantine is used up, and what is in use is something else.
        SourceUnreadableError: what lies in quarantine is not whole; nothing was touched.
        SourceBusyError: what is in use is held by somebody; transient.
    """
    snapshot = point_of(site, restoration)
    sources = site.client_set(restoration.client, restoration.set).sources
    if any(each.kind in ATOMIC for each in sources):
        give_way(site, incident, restoration.client, restoration.set, actor=actor)
        put = cut_over(site, incident, snapshot, actor=actor)
        if restoration.how == "atomic":
            return put
    waiting = progress_of(site, incident, restoration.client, restoration.set)
    if any(each.next is not None for each in waiting):
        return None
    return worked_off(site, incident, snapshot)


def settle(incident: Incident, found: Iterable[CutOver], *, actor: str) -> CutOverAll:
    """Keep what was put into use."""
    whole = CutOverAll(sets=tuple(found))
    if not (incident.has(CUT_OVER) and incident.value(CUT_OVER, CutOverAll) == whole):
        incident.keep(CUT_OVER, whole, actor=actor)
    return whole


def require_equal(
    site: Site, incident: Incident, plan: Plan, done: CutOverAll, *, actor: str
) -> None:
    """Make sure, once, that what was put into use in one step is what was proven.

    What people put into use is not read again: a product changes its own files when it takes books
    in.  Its checklist asks for totals instead, and the report says what was not read.

    Raises:
        UnequalError: something else is in use; the stop stays, and the copies too.
    """
    work = partial(_required, site, plan, done)
    incident.journal.once("equal", work, actor=actor)


class UnequalError(BaozhangError):
    """What is in use is not what was put there."""


def point_of(site: Site, restoration: Restoration) -> Snapshot:
    """Return the backup point that a set comes back from."""
    side = site.vault(restoration.client, restoration.set).client(restoration.client)
    return side.find(restoration.snapshot, set_name=restoration.set)


def _required(site: Site, plan: Plan, done: CutOverAll, _begun: Begun) -> Facts:
    points = {(each.client, each.set): each for each in plan.restorations}
    for each in done.sets:
        if each.how == "atomic" and not each.checked:
            _require_in_use(site, points[each.client, each.set])
    return {"sets": len(done.sets)}


def _require_in_use(site: Site, restoration: Restoration) -> None:
    if not in_use(site, point_of(site, restoration)):
        raise UnequalError(
            "{client}/{set} was put into use and is not what was proven",
            hint="Somebody is writing to it: make sure that everybody has stopped, look at what "
            "differs, and go on with the incident then.",
            client=restoration.client,
            set=restoration.set,
        )


def _strike(site: Site, incident: Incident, restoration: Restoration, actor: str) -> None:
    strike(
        site,
        incident,
        restoration.client,
        restoration.set,
        restoration.snapshot,
        actor=actor,
    )
