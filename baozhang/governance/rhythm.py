"""When something is due: steps of the calendar, working days, and a first year that floods nobody.

    first due      one a week and person, high severity first (`spread`)
    then           the last attestation and a step: a month, a quarter, ...   (`next_due`)
    asked by event the event's day and two weeks                              (`event_due`)

Days are business days of Asia/Shanghai.  Weekends are left out; public holidays are not known here,
and a request comes two weeks before the day it speaks of.
"""

import calendar
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Literal, Protocol

from baozhang.clock import SHANGHAI
from baozhang.governance.model import Cadence, Severity

MONTHS: Mapping[Cadence, int] = MappingProxyType(
    {
        "continuous": 1,
        "monthly": 1,
        "quarterly": 3,
        "half-yearly": 6,
        "yearly": 12,
        "per incident": 12,
        "per drill": 12,
        "per survey": 12,
        "on change": 12,
    }
)
"""Months between two attestations; what an event asks for comes once a year without one."""
BY_EVENT: frozenset[Cadence] = frozenset({"per incident", "per drill", "per survey", "on change"})

EVENT_TERM = timedelta(days=14)
"""After an incident, a drill, a survey, a change: a review is due in ten days, proof of it then."""
FIRST_AFTER = timedelta(days=14)
"""Before it a new agency owes nothing: its first request comes on its first day."""
PACE = 7  # days between two first dues of one person: one a week
FIRST_YEAR = 330  # days over which first dues are spread; the rest of the year is for what repeats
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")

Stage = Literal["request", "due", "late", "manager", "approver"]
STAGES: tuple[tuple[Stage, int], ...] = (
    ("request", -14),
    ("due", 0),
    ("late", 3),
    ("manager", 7),
    ("approver", 14),
)
"""Days after the due day at which an owner is asked and asked again, then those above."""


class Plannable(Protocol):
    """What a first due is planned for."""

    @property
    def id(self) -> str:
        """Unique."""
        ...

    @property
    def owner(self) -> str:
        """Id of the person."""
        ...

    @property
    def severity(self) -> Severity:
        """How bad it is when it is not done."""
        ...

    @property
    def cadence(self) -> Cadence:
        """How often it comes."""
        ...


def working(day: date, *, forward: bool = True) -> date:
    """Return the day, or the nearest working day after (before) it."""
    step = timedelta(days=1 if forward else -1)
    while day.weekday() >= 5:
        day += step
    return day


def months_on(day: date, months: int) -> date:
    """Return the same day so many months later; the month's last where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def next_due(effective: date, cadence: Cadence, fresh: int) -> date:
    """Return by when it is attested again: after a step, and before the last proof is stale."""
    by = min(months_on(effective, MONTHS[cadence]), effective + timedelta(days=fresh))
    return max(working(by, forward=False), effective + timedelta(days=1))


def event_due(day: date) -> date:
    """Return by when what an event asks for is attested."""
    return working(day + EVENT_TERM)


def end_of(day: date) -> datetime:
    """Return the last instant of a day in Asia/Shanghai; what comes after it is late."""
    return datetime.combine(day, time(23, 59, 59), SHANGHAI)


def spread(owed: Iterable[Plannable], start: date) -> dict[str, date]:
    """Return the first due day of each, by id.

    Each owner gets one a week from two weeks after the start on, the severest first, of those the
    ones that repeat soonest; more than one a week only where the year would not hold them.

    Args:
        owed: n obligations, any order; O(n log n).
        start: the first day, Asia/Shanghai.
    """
    queues: dict[str, list[Plannable]] = {}
    for each in sorted(owed, key=_rank):
        queues.setdefault(each.owner, []).append(each)
    return {id_: day for queue in queues.values() for id_, day in _paced(queue, start)}


def _rank(each: Plannable) -> tuple[int, int, str]:
    return SEVERITIES.index(each.severity), MONTHS[each.cadence], each.id


def _paced(queue: Sequence[Plannable], start: date) -> Iterable[tuple[str, date]]:
    pace = min(PACE, FIRST_YEAR / len(queue))
    for place, each in enumerate(queue):
        yield each.id, working(start + FIRST_AFTER + timedelta(days=int(place * pace)))


def stage_of(due: date, today: date) -> Stage | None:
    """Return how far a due day's reminders have come; None: too early for any."""
    reached = [name for name, after in STAGES if (today - due).days >= after]
    return reached[-1] if reached else None
