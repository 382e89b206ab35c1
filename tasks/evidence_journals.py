"""Incidents and drills as evidence needs them, each read by itself: a damaged one costs no other.

A drill's journal counts only as the audit log knows it; see `tasks.evidence_drills`.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pydantic import ValidationError

from baozhang.drills.records import FILE
from baozhang.drills.records import Journal as Drill
from baozhang.errors import BaozhangError
from baozhang.incidents.incidents import CLOSED, KEPT, Incident
from baozhang.incidents.journal import DONE, Event, Journal
from baozhang.incidents.model import Opening
from baozhang.site import Site

_DAY = re.compile(r"[di]-(\d{4})(\d{2})(\d{2})-")


@dataclass(frozen=True, slots=True)
class Trace:
    """One incident, with what had happened until an instant."""

    incident: Incident
    opening: Opening
    events: tuple[Event, ...]

    @property
    def id(self) -> str:
        """Its id."""
        return self.opening.id

    @property
    def closed(self) -> datetime | None:
        """When it had come to its end; None: it had not."""
        return next((each.at for each in self.events if each.kind == CLOSED), None)

    @property
    def head(self) -> str:
        """Digest of the newest event, which binds all before it."""
        return self.events[-1].digest()

    def first(self, what: str) -> Event | None:
        """Return the first event of a kind, end of a step, or keeping of a value.

        Args:
            what: `closed`; `step:prove`, of whichever set; `kept:plan`.
        """
        return next((each for each in self.events if _is(each, what)), None)


@dataclass(frozen=True, slots=True)
class Lived:
    """The incidents of a site, and the ids of those that cannot be read."""

    traces: tuple[Trace, ...]
    damaged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drilled:
    """The drills of a site with the SHA-256 of their journals, and the ids of the unreadable."""

    journals: tuple[tuple[Drill, str], ...]
    damaged: tuple[str, ...]


def lived(site: Site, until: datetime) -> Lived:
    """Return the incidents that were opened before an instant, drills aside, oldest first."""
    traces, damaged = [], []
    for folder in _folders(site.home / "state" / "incidents"):
        incident = Incident(folder, Journal.open(folder, site.clock))
        try:
            trace = _trace(incident, until)
        except BaozhangError:
            damaged.append(folder.name)
            continue
        if trace is not None:
            traces.append(trace)
    return Lived(tuple(traces), tuple(damaged))


def _trace(incident: Incident, until: datetime) -> Trace | None:
    events = incident.journal.events()
    if not incident.has("opening"):
        return None  # whoever opened it was killed; nothing had happened yet
    opening = incident.opening()
    if opening.drill or opening.opened >= until:
        return None
    return Trace(incident, opening, tuple(each for each in events if each.at < until))


def drilled(site: Site, until: datetime) -> Drilled:
    """Return the drills that ended before an instant, oldest first."""
    journals, damaged = [], []
    for folder in _folders(site.home / "state" / "drills"):
        if not (folder / FILE).exists():
            continue
        try:
            content = (folder / FILE).read_bytes()
            journal = Drill.model_validate_json(content)
        except (OSError, ValidationError):
            damaged.append(folder.name)
            continue
        if journal.end < until:
            journals.append((journal, hashlib.sha256(content).hexdigest()))
    ordered = sorted(journals, key=lambda each: (each[0].end, each[0].id))
    return Drilled(tuple(ordered), tuple(damaged))


def day_of(name: str) -> date | None:
    """Return the day that an incident's or drill's id names; None: it names none."""
    found = _DAY.match(name)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def _is(event: Event, what: str) -> bool:
    kind, _, name = what.partition(":")
    if kind == "step":
        step = str(event.facts.get("step", ""))
        return event.kind == DONE and (step == name or step.startswith(f"{name}."))
    if kind == KEPT and name:
        return event.kind == KEPT and event.facts["name"] == name
    return event.kind == what


def _folders(parent: Path) -> Iterator[Path]:
    try:
        names = sorted(os.listdir(parent))
    except FileNotFoundError:
        return
    yield from (parent / name for name in names if not name.startswith("."))
