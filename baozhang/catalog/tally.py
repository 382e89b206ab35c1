"""What the outcomes of a long time come to, however many there are: counted as they stream by.

    outcomes of a duty ──by client, set, start──► a Fared of each set ──┐
            │                                                           ├──► Tally
            ├──────────── each month's counts ──────────────────────────┘
            └──────────── each row, canonical ──► SHA-256

Rows are read as the database keeps them and never become objects of their own; what is held is one
value per set.  The digest is of the very rows that were counted.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

from sqlalchemy import Select, String, func, select, type_coerce

from baozhang.catalog.catalog import Catalog
from baozhang.catalog.model import Duty, Status
from baozhang.catalog.schema import OutcomeRow
from baozhang.clock import SHANGHAI

MOST = 20
"""Runs that are named."""

_AT_ONCE = 5000  # rows fetched at once: enough to hide the overhead, a megabyte to hold

Place = tuple[str, str]
"""Client and set."""


@dataclass(frozen=True, slots=True)
class Fared:
    """How one set of one client fared.

    Attributes:
        count, good: outcomes, and those that were `ok`.
        newest: when the last outcome began, UTC.
        well: when the last good one began; None: there was none.
        longest: the longest time from a good one to the next good one, of those looked at.
        run, status: of the last outcome.
    """

    client: str
    set: str
    count: int
    good: int
    newest: datetime
    well: datetime | None
    longest: timedelta
    run: str
    status: Status


@dataclass(frozen=True, slots=True)
class Shared:
    """How a month's outcomes came out."""

    month: date  # its first day, Asia/Shanghai
    count: int
    good: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What the outcomes of a duty between two instants come to.

    Attributes:
        sets: one for each client and set that had any, in their order.
        months: in order; those without any are not there.
        newest: when the last of all began, UTC; None: there was none.
        troubled: ids of runs with an outcome that was not `ok`, the newest first, at most `MOST`.
        runs: ids of the newest runs, the newest first, at most `MOST`.
        digest: SHA-256 of the rows, each as run, client, set, status, start and end (UTC, as
            `2026-07-31 14:00:00.000000`) with U+001F between them and U+000A behind, by client,
            set, start and run.
    """

    sets: tuple[Fared, ...]
    months: tuple[Shared, ...]
    newest: datetime | None
    troubled: tuple[str, ...]
    runs: tuple[str, ...]
    digest: str

    @property
    def count(self) -> int:
        """All outcomes."""
        return sum(each.count for each in self.sets)

    @property
    def good(self) -> int:
        """Those that were `ok`."""
        return sum(each.good for each in self.sets)


@dataclass(frozen=True, slots=True)
class Life:
    """From when to when a duty has had to do with a set."""

    first: datetime  # when the first outcome began, UTC
    last: datetime  # when the last one did


@dataclass(frozen=True, slots=True)
class Measured:
    """One outcome with its figures."""

    run: str
    client: str
    set: str
    status: Status
    started: datetime  # UTC
    ended: datetime
    figures: tuple[tuple[str, int], ...]

    def figure(self, name: str) -> int | None:
        """Return a figure; None: it was not measured."""
        return dict(self.figures).get(name)


def tally(
    catalog: Catalog,
    duty: Duty,
    since: datetime,
    until: datetime,
    *,
    gaps_since: datetime | None = None,
) -> Tally:
    """Count the outcomes of a duty that began between two instants, the second not included.

    Args:
        catalog: where they are.
        duty: which.
        since: the first instant, aware.
        until: the instant after the last.
        gaps_since: gaps that ended before it are not looked at; None: all are.
    """
    counting = _Counting(_written(gaps_since) if gaps_since else "")
    with catalog.reading() as session:
        found = session.execute(_raw(duty, since, until).execution_options(yield_per=_AT_ONCE))
        for part in found.partitions():
            for row in part:
                counting.add(*row)
    return counting.done()


def lives(catalog: Catalog, duty: Duty) -> dict[Place, Life]:
    """Return from when to when a duty has had to do with each client and set."""
    place = (OutcomeRow.client, OutcomeRow.set)
    query = (
        select(*place, func.min(OutcomeRow.started), func.max(OutcomeRow.started))
        .where(OutcomeRow.duty == duty)
        .group_by(*place)
    )
    with catalog.reading() as session:
        return {
            (client, name): Life(first, last)
            for client, name, first, last in session.execute(query)
        }


def measured(
    catalog: Catalog, duty: Duty, since: datetime, until: datetime
) -> tuple[Measured, ...]:
    """Return the outcomes of a duty with their figures, by their start, client and set.

    For duties that have thousands a year; those of backups are counted by `tally`.
    """
    columns = (
        OutcomeRow.run,
        OutcomeRow.client,
        OutcomeRow.set,
        OutcomeRow.status,
        OutcomeRow.started,
        OutcomeRow.ended,
        OutcomeRow.figures,
    )
    query = _between(select(*columns), duty, since, until)
    query = query.order_by(OutcomeRow.started, OutcomeRow.client, OutcomeRow.set)
    with catalog.reading() as session:
        return tuple(
            Measured(run, client, name, status, started, ended, _whole(figures))
            for run, client, name, status, started, ended, figures in session.execute(query)
        )


def _whole(figures: Iterable[Sequence[str | int]]) -> tuple[tuple[str, int], ...]:
    return tuple((str(name), int(value)) for name, value in figures)


# --- counting --------------------------------------------------------------------------------


def _raw(duty: Duty, since: datetime, until: datetime) -> Select[tuple[str, ...]]:
    """Select rows as SQLite keeps them: reading 365,000 instants as text halves the time."""
    query = select(
        OutcomeRow.client,
        OutcomeRow.set,
        OutcomeRow.run,
        type_coerce(OutcomeRow.status, String),
        type_coerce(OutcomeRow.started, String),
        type_coerce(OutcomeRow.ended, String),
    )
    order = (OutcomeRow.client, OutcomeRow.set, OutcomeRow.started, OutcomeRow.run)
    return _between(query, duty, since, until).order_by(*order)


def _between(query: Select[Any], duty: Duty, since: datetime, until: datetime) -> Select[Any]:
    return query.where(
        OutcomeRow.duty == duty, OutcomeRow.started >= since, OutcomeRow.started < until
    )


@dataclass(slots=True)
class _Counting:
    """The rows that went by."""

    gaps_since: str
    sets: list["_Set"] = field(default_factory=list)
    months: dict[date, list[int]] = field(default_factory=dict)  # count, good
    hours: dict[str, list[int]] = field(default_factory=dict)  # the same, by hour as it is written
    runs: dict[str, str] = field(default_factory=dict)  # when its last outcome began
    troubled: dict[str, str] = field(default_factory=dict)
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def add(self, client: str, name: str, run: str, status: str, began: str, ended: str) -> None:
        line = f"{run}\x1f{client}\x1f{name}\x1f{status}\x1f{began}\x1f{ended}"
        self.digest.update(line.encode() + b"\n")
        if not self.sets or (self.sets[-1].client, self.sets[-1].set) != (client, name):
            self.sets.append(_Set(client, name, self.gaps_since))
        good = status == "ok"
        self.sets[-1].add(run, status, began, good=good)
        shares = self.hours.get(began[:13]) or self._hour(began)
        shares[0] += 1
        shares[1] += good
        _keep_newest(self.runs, run, began)
        if not good:
            _keep_newest(self.troubled, run, began)

    def _hour(self, began: str) -> list[int]:
        """Return the counts of the month that an hour lies in: no month begins within one."""
        month = _instant(began).astimezone(SHANGHAI).date().replace(day=1)
        self.hours[began[:13]] = self.months.setdefault(month, [0, 0])
        return self.hours[began[:13]]

    def done(self) -> Tally:
        newest = max(self.runs.values(), default="")
        return Tally(
            sets=tuple(each.done() for each in self.sets),
            months=tuple(Shared(month, *self.months[month]) for month in sorted(self.months)),
            newest=_instant(newest) if newest else None,
            troubled=_named(self.troubled),
            runs=_named(self.runs),
            digest=self.digest.hexdigest(),
        )


@dataclass(slots=True)
class _Set:
    """The rows of one set, in order of their start; instants as they are written."""

    client: str
    set: str
    gaps_since: str
    count: int = 0
    good: int = 0
    newest: str = ""
    well: str = ""
    longest: timedelta = timedelta(0)
    run: str = ""
    status: str = ""

    def add(self, run: str, status: str, began: str, *, good: bool) -> None:
        self.count += 1
        self.newest, self.run, self.status = began, run, status
        if good:
            self.good += 1
            if self.well and began >= self.gaps_since:
                gap = datetime.fromisoformat(began) - datetime.fromisoformat(self.well)
                self.longest = max(self.longest, gap)
            self.well = began

    def done(self) -> Fared:
        status: Status = next(each for each in get_args(Status) if each == self.status)
        return Fared(
            client=self.client,
            set=self.set,
            count=self.count,
            good=self.good,
            newest=_instant(self.newest),
            well=_instant(self.well) if self.well else None,
            longest=self.longest,
            run=self.run,
            status=status,
        )


def _keep_newest(runs: dict[str, str], run: str, began: str) -> None:
    if began > runs.get(run, ""):
        runs[run] = began


def _named(runs: dict[str, str]) -> tuple[str, ...]:
    return tuple(sorted(runs, key=lambda run: (runs[run], run), reverse=True)[:MOST])


def _instant(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
