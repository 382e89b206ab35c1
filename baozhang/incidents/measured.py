"""Restores that were measured on this site: in restore tests, and in earlier incidents and drills.

restore tests ──► bytes, seconds of the restore, seconds of the judging
journals      ──► bytes, seconds_ms of `quarantine.…`; begun to done of `prove.…`
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.journal import BEGUN, DONE, Event
from baozhang.incidents.planning import Measured
from baozhang.site import Site

SINCE = timedelta(days=400)
"""How far back a measurement still tells of this machine and this line: a year and a month."""
_BROUGHT, _PROVED = "quarantine.", "prove."


def restores(site: Site, *, but: Incident) -> tuple[tuple[Measured, ...], tuple[Measured, ...]]:
    """Return what restoring took, and what proving took.

    Args:
        site: the site.
        but: an incident that does not count: its own restores would change its own estimate.
    """
    since = site.clock() - SINCE
    brought, proved = [*_tests(site, since)], [*_judged(site, since)]
    for incident in incidents_of(site).all():
        if incident.id != but.id:
            events = [each for each in incident.journal.events() if each.at >= since]
            brought += _brought(events)
            proved += _proved(events)
    return tuple(brought), tuple(proved)


def _tests(site: Site, since: datetime) -> Iterator[Measured]:
    for outcome in site.catalog.outcomes(duty="restore_test", since=since):
        figures = dict(outcome.figures)
        if "seconds_ms" in figures:
            yield Measured(figures["bytes"], figures["seconds_ms"] / 1000)


def _judged(site: Site, since: datetime) -> Iterator[Measured]:
    for outcome in site.catalog.outcomes(duty="restore_test", since=since):
        figures = dict(outcome.figures)
        if figures.get("books"):
            seconds = outcome.seconds - figures["seconds_ms"] / 1000
            yield Measured(figures["bytes"], seconds)


def _brought(events: list[Event]) -> Iterator[Measured]:
    for event in events:
        if event.kind == DONE and str(event.facts["step"]).startswith(_BROUGHT):
            yield Measured(int(event.facts["bytes"]), int(event.facts["seconds_ms"]) / 1000)


def _proved(events: list[Event]) -> Iterator[Measured]:
    """Yield what proving took: from its beginning to its end, if one run did it."""
    size = 0
    begun: dict[str, datetime] = {}
    for event in events:
        step = str(event.facts.get("step", ""))
        if event.kind == DONE and step.startswith(_BROUGHT):
            size = int(event.facts["bytes"])
        elif event.kind == BEGUN and step.startswith(_PROVED):
            begun[step] = event.at
        elif event.kind == DONE and step in begun and event.facts.get("books"):
            yield Measured(size, (event.at - begun[step]).total_seconds())
