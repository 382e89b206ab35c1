"""Months as the office counts them: Asia/Shanghai, written 2026-07."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from baozhang.clock import SHANGHAI, business_day
from baozhang.errors import UsageError

_WRITTEN = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One calendar month."""

    year: int
    number: int  # 1 to 12

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def next(self) -> "Month":
        """The month after it."""
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def previous(self) -> "Month":
        """The month before it."""
        return month_of(self.first - timedelta(days=1))

    @property
    def start(self) -> datetime:
        """The instant at which it begins, UTC."""
        return midnight(self.first)

    @property
    def end(self) -> datetime:
        """The instant at which it is over, UTC."""
        return self.next.start

    @property
    def days(self) -> tuple[date, ...]:
        """All its days."""
        count = (self.next.first - self.first).days
        return tuple(self.first + timedelta(days=n) for n in range(count))


def midnight(day: date) -> datetime:
    """Return the instant at which a day begins in Shanghai, UTC."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def month_of(day: date) -> Month:
    """Return the month of a day."""
    return Month(day.year, day.month)


def parse_month(text: str) -> Month:
    """Return the month written as YYYY-MM.

    Raises:
        UsageError: it is not written like that.
    """
    found = _WRITTEN.fullmatch(text)
    if not found or found[1] == "0000":
        raise UsageError(
            "{month} is no month",
            hint="Write it as YYYY-MM, for example 2026-07.",
            month=repr(text[:20]),
        )
    return Month(int(found[1]), int(found[2]))


def cut(month: Month, now: datetime) -> datetime:
    """Return up to when a month can be told: its end, or the present instant before that.

    Raises:
        UsageError: it has not begun.
    """
    if now < month.start:
        raise UsageError(
            "{month} has not begun: nothing can be told of it",
            hint="Name a month up to {newest}.",
            month=month,
            newest=month_of(business_day(now)),
        )
    return min(now, month.end)
