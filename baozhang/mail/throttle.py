"""No faster than the provider allows: so many messages a minute, so many a day.

What was sent is counted in a file, so that runs that follow each other by minutes keep the limits
together.  A message is counted before it is sent: one too many that nobody sent does less harm
than a blocked mailbox.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from baozhang.clock import SHANGHAI, business_day
from baozhang.mail.files import read_count, read_instant, read_values, write_values

FILE = ".sent.json"
MINUTE = timedelta(minutes=1)
KEPT_FOR_TROUBLE = 20  # one of so many messages a day is kept for letters that report trouble


@dataclass(frozen=True, slots=True)
class Limits:
    """What a provider allows."""

    per_minute: int
    per_day: int


class Throttle:
    """Counts the messages of one outbox."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._path = folder / FILE
        self._limits = limits

    def take(self, now: datetime, *, urgent: bool) -> timedelta:
        """Count one message and return zero, or count none and return how long to wait.

        A day that is used up makes it wait for the next business day; the last part of each day
        is for what is urgent.
        """
        found = read_values(self._path)
        recent = [at for at in _instants(found.get("recent")) if now - MINUTE < at <= now]
        today = business_day(now)
        sent = read_count(found.get("count")) if found.get("day") == today.isoformat() else 0
        kept = 0 if urgent else self._limits.per_day // KEPT_FOR_TROUBLE
        if sent >= self._limits.per_day - kept:
            return _until_tomorrow(today, now)
        if len(recent) >= self._limits.per_minute:
            return recent[-self._limits.per_minute] + MINUTE - now
        self._write(today, sent + 1, [*recent, now])
        return timedelta()

    def _write(self, day: date, count: int, recent: list[datetime]) -> None:
        times = [at.isoformat() for at in recent]
        write_values(self._path, {"day": day.isoformat(), "count": count, "recent": times})


def _until_tomorrow(today: date, now: datetime) -> timedelta:
    return datetime.combine(today + timedelta(days=1), time(), SHANGHAI) - now


def _instants(found: object) -> list[datetime]:
    texts = found if isinstance(found, list) else []
    return sorted(at for text in texts if (at := read_instant(text)))
