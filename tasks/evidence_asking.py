"""What the tests of an audit ask with: one site, one period, and records that are read once.

    Asking(site, period)  ──►  a kind of test  ──►  Found, or None: there is no record at all

`until` is where the period ends, or right after the present where that is earlier.  Nothing that
happened from then on is looked at, so that the same records give the same evidence whenever they
are asked.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import get_args

from baozhang.catalog.model import Duty
from baozhang.catalog.tally import Life, Place, Tally, lives, tally
from baozhang.clock import business_day
from baozhang.errors import UsageError
from baozhang.governance.model import Fact, Period, Result
from baozhang.site import Site
from tasks.evidence_journals import Drilled, Lived, drilled, lived
from tasks.evidence_records import Logged, logged

MOST = 20
"""References of one piece of evidence; its figures say how many records there are."""
MOST_NAMED = 5
"""Ids in a sentence."""
INSTANT = timedelta(microseconds=1)

Args = Mapping[str, Fact]
Facts = Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Found:
    """What the records answer to a test; see `baozhang.governance.model.Evidence`."""

    result: Result
    effective: datetime
    says: str
    facts: Facts
    refs: tuple[str, ...]
    digest: str


Kind = Callable[["Asking", Args], Found | None]
"""Asks the records; None: there is none that speaks of it."""


@dataclass(slots=True)
class Rows:
    """The canonical rows that evidence is drawn from: a line of JSON each, digested at once."""

    _hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def add(self, *cells: str | int) -> None:
        """Take one row in."""
        line = json.dumps(cells, separators=(",", ":"), ensure_ascii=True)
        self._hash.update(line.encode("ascii") + b"\n")

    @property
    def digest(self) -> str:
        """SHA-256 of all rows so far, 64 hexadecimal digits."""
        return self._hash.hexdigest()


class Asking:
    """One round of questions to the records of a site."""

    def __init__(self, site: Site, period: Period) -> None:
        self.site, self.period = site, period
        self.begin = period.begin
        self.until = min(period.end, site.clock() + INSTANT)
        self._tallies: dict[tuple[Duty, datetime], Tally] = {}

    @property
    def last(self) -> datetime:
        """The last instant that is looked at."""
        return self.until - INSTANT

    @property
    def day(self) -> str:
        """The last day that is looked at, Asia/Shanghai."""
        return business_day(self.last).isoformat()

    @property
    def dawn(self) -> datetime:
        """What could not be judged is dated by its day: the same however often it is asked."""
        return Period(*(business_day(self.last),) * 2).begin

    def within(self, at: datetime) -> bool:
        """Tell whether an instant lies in the period, and is not to come."""
        return self.begin <= at < self.until

    def tally(self, duty: Duty, since: datetime) -> Tally:
        """Return what a duty's outcomes come to from an instant until the end, read once."""
        key = (duty, since)
        if key not in self._tallies:
            self._tallies[key] = tally(
                self.site.catalog, duty, since, self.until, gaps_since=self.begin
            )
        return self._tallies[key]

    @cached_property
    def protected(self) -> dict[Place, Life]:
        """From when to when each client's set has been in the nightly backup."""
        return lives(self.site.catalog, "backup")

    @cached_property
    def log(self) -> Logged:
        """The audit log."""
        return logged(self.site, self.until)

    @cached_property
    def incidents(self) -> Lived:
        """Every incident that had begun, drills aside."""
        return lived(self.site, self.until)

    @cached_property
    def drills(self) -> Drilled:
        """Every drill that had ended."""
        return drilled(self.site, self.until)


def word(args: Args, name: str) -> str:
    """Return an argument of a test.

    Raises:
        UsageError: it is not there.
    """
    if name not in args:
        raise UsageError(
            "a test of a control lacks its argument {name}",
            hint="Correct the tests of the control in its YAML file.",
            name=name,
        )
    return str(args[name])


def number(args: Args, name: str) -> int:
    """Return an argument of a test that is a whole number.

    Raises:
        UsageError: it is not there, or none.
    """
    text = word(args, name)
    if not text.isascii() or not text.isdecimal():
        raise UsageError(
            "the argument {name} of a test must be a whole number",
            hint="Correct the tests of the control in its YAML file.",
            name=name,
        )
    return int(text)


def duty_of(args: Args) -> Duty:
    """Return the duty that a test is about.

    Raises:
        UsageError: there is no such duty.
    """
    asked = word(args, "duty")
    known: dict[str, Duty] = {each: each for each in get_args(Duty)}
    if asked not in known:
        raise UsageError(
            "there is no duty {duty}",
            hint="Choose one of {known}.",
            duty=asked[:40],
            known=", ".join(known),
        )
    return known[asked]


def refs(first: Iterable[str], then: Iterable[str] = ()) -> tuple[str, ...]:
    """Return references without doubles: those that matter most first, at most `MOST`."""
    return tuple(dict.fromkeys((*first, *then)))[:MOST]


def named(ids: Iterable[str]) -> str:
    """Return some ids as one fact."""
    found = tuple(ids)
    return ", ".join(found[:MOST_NAMED]) + ", …" * (len(found) > MOST_NAMED)


def percent(part: int, whole: int) -> str:
    """Return a share in per cent with one digit, cut off: 99.99 of a hundred is not all."""
    tenths = part * 1000 // whole
    return f"{tenths // 10}.{tenths % 10}"
