"""What a span of time used, added up by the database: bytes stored, work done, by client and set.

    stored(catalog, begin, end)     byte-minutes, from what each backup point added
    work(catalog, begin, end)       seconds and figures, from the outcomes of every duty
    days(catalog, begin, end)       the same day by day, for the whole agency

One pass over the rows each, so that ten thousand clients are counted in seconds.  The catalog knows
what was written and nothing of what was removed since: these are the bytes that the books say.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, String, case, extract, func, select
from sqlalchemy.orm import InstrumentedAttribute

from baozhang.catalog.catalog import Catalog
from baozhang.catalog.model import Duty
from baozhang.catalog.schema import OutcomeRow, SnapshotRow

FIGURES = ("bytes", "bytes_added", "objects", "mirror_objects", "mirror_bytes")
"""Figures of outcomes that cost something."""
_MINUTE = 60
_SHANGHAI = timedelta(hours=8)  # no daylight saving since 1991 (tz database, Asia/Shanghai)


@dataclass(frozen=True, slots=True)
class Stored:
    """What one set of one client kept in one copy.

    Attributes:
        before: bytes that were there when the span began.
        added: bytes that came in it.
        byte_minutes: bytes times the whole minutes that each was there.
        points: backup points made in it.
    """

    client: str
    set: str
    before: int
    added: int
    byte_minutes: int
    points: int

    @property
    def after(self) -> int:
        """Bytes that were there when the span ended."""
        return self.before + self.added


@dataclass(frozen=True, slots=True)
class Work:
    """What one duty did for one set of one client: how often, how long, and its figures."""

    client: str
    set: str
    duty: Duty
    count: int
    seconds: int
    figures: tuple[tuple[str, int], ...]

    def figure(self, name: str) -> int:
        """Return a figure's sum; 0 where no outcome had it."""
        return dict(self.figures).get(name, 0)


@dataclass(frozen=True, slots=True)
class Day:
    """One business day of the whole agency; `read` are the bytes of readings and restore tests."""

    day: date
    added: int
    seconds: int
    read: int


def stored(catalog: Catalog, begin: datetime, end: datetime) -> tuple[Stored, ...]:
    """Return what every set kept from an instant up to another, by client and set."""
    earlier = SnapshotRow.at < begin
    minutes = int(end.timestamp()) // _MINUTE - _epoch(SnapshotRow.at) // _MINUTE
    query = (
        select(
            SnapshotRow.client,
            SnapshotRow.set,
            func.sum(case((earlier, SnapshotRow.added), else_=0)),
            func.sum(case((earlier, 0), else_=SnapshotRow.added)),
            func.sum(case((earlier, 0), else_=SnapshotRow.added * minutes)),
            func.sum(case((earlier, 0), else_=1)),
        )
        .where(SnapshotRow.at < end)
        .group_by(SnapshotRow.client, SnapshotRow.set)
        .order_by(SnapshotRow.client, SnapshotRow.set)
    )
    whole = (int(end.timestamp()) - int(begin.timestamp())) // _MINUTE
    with catalog.reading() as session:
        return tuple(
            Stored(client, name, before, added, before * whole + later, points)
            for client, name, before, added, later, points in session.execute(query)
        )


def work(catalog: Catalog, begin: datetime, end: datetime) -> tuple[Work, ...]:
    """Return what every duty did that began from an instant up to another, by client and set."""
    within = (OutcomeRow.started >= begin, OutcomeRow.started < end)
    keys = (OutcomeRow.client, OutcomeRow.set, OutcomeRow.duty)
    seconds = _epoch(OutcomeRow.ended) - _epoch(OutcomeRow.started)
    timed = select(*keys, func.count(), func.sum(seconds)).where(*within).group_by(*keys)
    each = func.json_each(OutcomeRow.figures).table_valued("value")
    name = func.json_extract(each.c.value, "$[0]", type_=String)
    figured = (
        select(*keys, name, func.sum(func.json_extract(each.c.value, "$[1]")))
        .select_from(OutcomeRow)
        .join(each, onclause=name.in_(FIGURES))
        .where(*within)
        .group_by(*keys, name)
    )
    with catalog.reading() as session:
        found: dict[tuple[str, str, Duty], list[tuple[str, int]]] = {}
        for client, set_name, duty, figure, sum_ in session.execute(figured):
            found.setdefault((client, set_name, duty), []).append((figure, sum_))
        return tuple(
            Work(
                client, set_name, duty, count, took, tuple(found.get((client, set_name, duty), ()))
            )
            for client, set_name, duty, count, took in session.execute(timed.order_by(*keys))
        )


def days(catalog: Catalog, begin: datetime, end: datetime) -> tuple[Day, ...]:
    """Return the business days on which anything ran, oldest first."""
    day = func.date(OutcomeRow.started, f"+{int(_SHANGHAI.total_seconds())} seconds", type_=String)
    each = func.json_each(OutcomeRow.figures).table_valued("value")
    name = func.json_extract(each.c.value, "$[0]", type_=String)
    within = (OutcomeRow.started >= begin, OutcomeRow.started < end)
    seconds = func.sum(_epoch(OutcomeRow.ended) - _epoch(OutcomeRow.started))
    timed = select(day, seconds).where(*within).group_by(day).order_by(day)
    summed = (
        select(day, OutcomeRow.duty, name, func.sum(func.json_extract(each.c.value, "$[1]")))
        .select_from(OutcomeRow)
        .join(each, onclause=name.in_(("bytes", "bytes_added")))
        .where(*within)
        .group_by(day, OutcomeRow.duty, name)
    )
    with catalog.reading() as session:
        added, read = dict[str, int](), dict[str, int]()
        for on, duty, figure, sum_ in session.execute(summed):
            if figure == "bytes_added":
                added[on] = added.get(on, 0) + sum_
            elif duty in ("validation", "restore_test"):
                read[on] = read.get(on, 0) + sum_
        return tuple(
            Day(date.fromisoformat(on), added.get(on, 0), took, read.get(on, 0))
            for on, took in session.execute(timed)
        )


def _epoch(column: InstrumentedAttribute[datetime]) -> ColumnElement[int]:
    return extract("epoch", column)
