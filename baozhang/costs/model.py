"""Usage: what was used in a span of days, by whom, in what; exact whole numbers of a small unit.

A SKU is a group and what exactly: `storage:main` is a vault, `storage:main-mirror-1` its first
copy, `compute:backup` the work of a duty, `hours:zhang` the hours of a person.  A price for
`storage` alone holds for every place that has no price of its own.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args

from baozhang.clock import SHANGHAI

Group = Literal[
    "storage", "requests", "egress", "compute", "restores", "hours", "licences", "media"
]
GROUPS: tuple[Group, ...] = get_args(Group)
METERED: tuple[Group, ...] = ("storage", "requests", "egress", "compute", "restores", "hours")
"""What is metered and priced by the price book; licences and media have their own prices."""
SHARED = ""
"""The client of what is for all."""
GIGABYTE = 10**9  # bytes: the unit that stores charge by; not a GiB
MINUTES_A_DAY = 1440

UNITS: dict[Group, str] = {
    "storage": "GB-Months",
    "requests": "10000 Requests",
    "egress": "GB",
    "compute": "Hours",
    "restores": "Restores",
    "hours": "Hours",
    "licences": "Licences",
    "media": "Media",
}
"""What a price is for one of, spelled as FOCUS spells units ("Unit Format")."""
DIVISORS: dict[Group, int] = {
    "requests": 10_000,
    "egress": GIGABYTE,
    "compute": 3600,
    "restores": 1,
    "hours": 60,
}
"""Raw units (requests, bytes, seconds, restores, minutes) in one priced unit; for storage see
`divisor`."""


@dataclass(frozen=True, slots=True, order=True)
class Days:
    """Business days from the first to the last, both included, Asia/Shanghai."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first} – {self.last}"

    @property
    def count(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    @property
    def begin(self) -> datetime:
        """The first instant."""
        return datetime.combine(self.first, datetime.min.time(), SHANGHAI)

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        return datetime.combine(self.last + timedelta(days=1), datetime.min.time(), SHANGHAI)

    def within(self, first: date, last: date | None) -> "Days | None":
        """Return the days of it that lie in a validity; None: none do."""
        begin, end = max(self.first, first), min(self.last, last or self.last)
        return Days(begin, end) if begin <= end else None


def month_days(year: int, month: int) -> Days:
    """Return the days of a month."""
    return Days(date(year, month, 1), date(year, month, monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class Usage:
    """What one client used of one SKU in some days.

    Attributes:
        client: id; "" for what is for all.
        what: the place, duty or person; with the group, the SKU.
        raw: byte-minutes, requests, bytes, seconds, restores or minutes, by group.
        estimated: nobody counted it; it follows from what was written, by a stated rule.
    """

    days: Days
    client: str
    set: str
    group: Group
    what: str
    raw: int
    estimated: bool = False

    @property
    def sku(self) -> str:
        """Group and what exactly."""
        return f"{self.group}:{self.what}"


def divisor(group: Group, month: Days) -> int:
    """Return how many raw units one priced unit has; a GB-month is a GB for all of that month."""
    if group == "storage":
        return GIGABYTE * MINUTES_A_DAY * month.count
    return DIVISORS[group]
