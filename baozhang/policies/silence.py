"""What should have been heard by now: nobody complains of a letter that never came, so we count.

    22:00 of day D ── runs ── letter "night", period D ──► by 07:00 of D+1, or silence is told
                                                            (slot + grace)

A letter is due once per slot of its schedule, and reports on a period.  Judged is the period of the
newest one, not its instant: a run that was repeated by hand fills its day, and one that came hours
late is no longer silent.  Slots are those of prefect.yaml; a test holds the two together.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal

from baozhang.clock import SHANGHAI

Every = Literal["day", "week", "month"]

BACKWARDS = timedelta(minutes=10)
"""A clock that is set right by its server moves by seconds; further back it was set by somebody."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often something is to be heard, Asia/Shanghai."""

    kind: str  # of letters; "morning" is the morning line
    every: Every
    at: time
    grace: timedelta  # how long the run may take
    day: int = 0  # of the week (0: Monday), or of the month (from 1)

    def slot_before(self, instant: datetime) -> datetime:
        """Return the newest slot that lies before an instant."""
        local = instant.astimezone(SHANGHAI)
        slot = datetime.combine(local.date(), self.at, SHANGHAI)
        slot -= timedelta(days=1) * (slot > local)
        if self.every == "week":
            slot -= timedelta(days=(slot.weekday() - self.day) % 7)
        elif self.every == "month" and slot.day < self.day:
            slot = (slot.replace(day=1) - timedelta(days=1)).replace(day=self.day)
        elif self.every == "month":
            slot = slot.replace(day=self.day)
        return slot

    def period(self, slot: datetime) -> str:
        """Return what the letter of a slot reports on: its day, or the month before it."""
        if self.every == "month":
            return f"{slot.replace(day=1) - timedelta(days=1):%Y-%m}"
        return slot.date().isoformat()


RHYTHMS = (
    Rhythm("night", "day", time(22), timedelta(hours=9)),
    Rhythm("validation", "day", time(2), timedelta(hours=9)),
    Rhythm("restore-test", "week", time(4), timedelta(hours=20), day=6),
    Rhythm("monthly", "month", time(7), timedelta(hours=12), day=1),
    Rhythm("morning", "day", time(8, 30), timedelta(hours=1)),
)


def silent(rhythm: Rhythm, newest: str | None, *, since: datetime, now: datetime) -> str | None:
    """Return the period that should have been heard of and was not; None: all is heard.

    Args:
        rhythm: of what is listened for.
        newest: the newest period that was heard of; None: none ever was.
        since: when listening began; what was due before is not missed.
        now: the present instant.
    """
    slot = rhythm.slot_before(now - rhythm.grace)
    if slot < since:
        return None
    due = rhythm.period(slot)
    return due if newest is None or newest < due else None


def gaps(numbers: Iterable[int]) -> tuple[int, ...]:
    """Return the numbers missing between 1 and the highest, in order."""
    known = set(numbers)
    return tuple(number for number in range(1, max(known, default=0)) if number not in known)


def lost(known: Mapping[str, int], now: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Return, by kind, the highest number known earlier and the lower one there is now."""
    return {
        kind: (highest, now.get(kind, 0))
        for kind, highest in sorted(known.items())
        if now.get(kind, 0) < highest
    }


def is_backwards(seen: datetime, now: datetime) -> bool:
    """Tell whether the clock is earlier than an instant that has been seen."""
    return now < seen - BACKWARDS
