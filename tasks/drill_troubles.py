"""Planned drills that were not run, for the watch; where drills and their plan lie."""

from collections.abc import Iterator
from datetime import datetime

from baozhang.catalog.model import Alert
from baozhang.drills.planning import DrillPlan, missed, read_plan
from baozhang.drills.records import Drills
from baozhang.drills.scenarios import scenarios
from baozhang.site import Site

FOLDER = "drills"

TROUBLE_TEMPLATES = {
    "missed": "a planned drill was not run: {entry}, at the latest on {day}",
    "hint": "Run it now: `baozhang drill run --planned {entry}`; or give it another day in "
    "drills.yaml.",
}


def drills_of(site: Site) -> Drills:
    """Return a site's drills."""
    return Drills(site.home / "state" / FOLDER)


def plan_of(site: Site) -> DrillPlan:
    """Return the site's drill plan.

    Raises:
        UsageError: `drills.yaml` does not hold.
    """
    return read_plan(site.home, people=site.agency.file.people, scenarios=scenarios())


def drill_troubles(site: Site, now: datetime) -> Iterator[Alert]:
    """Yield a notice for each planned drill whose last day is over and that was not run.

    Raises:
        UsageError: `drills.yaml` does not hold.
        CorruptObjectError: a journal cannot be read.
    """
    for entry in missed(plan_of(site), drills_of(site).all(), now):
        day = entry.latest.isoformat()
        facts = (("entry", entry.id), ("day", day))
        yield Alert(
            "",
            "notice",
            "drill",
            entry.id,
            day,
            TROUBLE_TEMPLATES["missed"],
            facts,
            TROUBLE_TEMPLATES["hint"],
            now,
        )
