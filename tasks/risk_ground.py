"""What the risk review stands on beside signals: audited controls, contracts, what happened.

Controls are as the audits judged them last; what no audit judged is not evidenced.  An audit of
invented clients says nothing about a real site.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from baozhang.catalog.trends import runs_of
from baozhang.clock import business_day
from baozhang.drills.records import Drills, readiness
from baozhang.drills.scenarios import scenarios
from baozhang.governance.audits import FOLDER as AUDITS
from baozhang.governance.audits import Audit, Audits
from baozhang.governance.judging import Judged
from baozhang.governance.model import Status
from baozhang.governance.offices import CONTRACTS
from baozhang.governance.risk.proposing import Happened
from baozhang.governance.risk.review import Event
from baozhang.governance.risk.treatment import Contract
from baozhang.incidents.incidents import CLOSED, incidents_of
from baozhang.site import Site
from baozhang.wiring import STATE
from tasks.drill_troubles import FOLDER as DRILLS


@dataclass(frozen=True, slots=True)
class Standing:
    """How controls stand, and by which audit; "": there was none."""

    audit: str
    statuses: dict[str, Status]


def standing(site: Site) -> Standing:
    """Return how every control that was audited stands today.

    Raises:
        CorruptObjectError: an audit cannot be read.
    """
    now, statuses, newest = site.clock(), dict[str, Status](), ""
    for audit in _counting(site, Audits(site.home / STATE / AUDITS).all()):
        newest = audit.id
        for each in audit.verdict().judged:
            statuses[each.control] = _today(each, now)
    return Standing(newest, statuses)


def _counting(site: Site, audits: Iterable[Audit]) -> Iterable[Audit]:
    """Yield the judged audits whose clients are as real as the site's, oldest first."""
    real = not site.agency.file.sample
    return (each for each in audits if each.has("judged") and not (real and each.ground().sample))


def _today(judged: Judged, now: datetime) -> Status:
    return "stale" if judged.until is not None and judged.until < now else judged.status


def contracts(site: Site) -> dict[str, Contract]:
    """Return the insurance contracts of the register, by id."""
    return {
        id_: Contract(row.end, row.conditions)
        for id_, row in CONTRACTS.rows(site).items()
        if row.kind == "insurance"
    }


def readies(site: Site) -> dict[str, str]:
    """Return how ready the agency is for each scenario: ready, stale, failed or never."""
    drills = Drills(site.home / STATE / DRILLS).all()
    return {each.scenario: each.state for each in readiness(scenarios(), drills, site.clock())}


def happened(site: Site, since: datetime) -> tuple[Happened, ...]:
    """Return incidents and failed restore tests from an instant on; drills are none."""
    found = []
    for incident in incidents_of(site).all():
        opening = incident.opening()
        if not opening.drill and opening.discovered >= since:
            day = business_day(opening.discovered)
            found.append(Happened(f"incident:{incident.id}", day, opening.kind))
    tests = runs_of(site.catalog, since, "restore_test")
    found += [
        Happened(f"run:{each.run}", business_day(each.begun), None) for each in tests if each.failed
    ]
    return tuple(found)


def events(site: Site, since: datetime) -> tuple[Event, ...]:
    """Return what the next letter must say: restore tests that failed, incidents that ended."""
    tests = [
        Event(ref=f"run:{each.run}", day=business_day(each.begun), what="restore-test-failed")
        for each in runs_of(site.catalog, since, "restore_test")
        if each.failed
    ]
    ended = [
        Event(ref=f"incident:{incident.id}", day=business_day(event.at), what="incident-closed")
        for incident in incidents_of(site).all()
        if not incident.opening().drill
        for event in incident.journal.events()
        if event.kind == CLOSED and event.at >= since
    ]
    return tuple(sorted((*tests, *ended), key=lambda each: (each.day, each.ref)))
