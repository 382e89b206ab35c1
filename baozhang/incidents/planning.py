"""The plan of a recovery: what comes back, from which point, in which order, and how long it takes.

How long follows from restores that were measured (restore tests, earlier incidents): bytes over the
rate that three of four of them reached, and no faster than the line.  Where none was measured the
plan says so; a guess is not an estimate.

    sets that lost something ──► in the order of their clients' filing deadlines ──► seconds each
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from statistics import median

from baozhang.incidents.model import How, Loss, Plan, Restoration

GUESSED_RATE = 20_000_000
"""Bytes a second where nothing was measured: a disk of the slowest kind, and never said to be more
than a guess."""
_QUARTER = 4
_LONG = 1.0  # seconds; shorter restores measure their own start, not the bytes


@dataclass(frozen=True, slots=True)
class Measured:
    """One restore that was measured."""

    bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Pace:
    """What an estimate rests on.

    Attributes:
        rate: bytes a second that three of four measured restores reached.
        fixed: seconds that a restore takes whatever its size.
        measured: how many restores it rests on; 0: it is a guess.
    """

    rate: float
    fixed: float
    measured: int

    def seconds(self, size: int) -> int:
        """Return how long so many bytes take, rounded up."""
        return ceil(self.fixed + size / self.rate)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One set that could be restored."""

    loss: Loss
    at: datetime  # of its clean point
    bytes: int
    books: int
    deadline: date | None
    how: How


def pace_of(measured: Sequence[Measured], *, line: float | None = None) -> Pace:
    """Return what measured restores allow to expect.

    Args:
        measured: restores, any order.
        line: bytes a second of the line the copy comes over; None: a local disk.
    """
    sound = [each for each in measured if each.bytes > 0 and each.seconds > 0]
    long = [each for each in sound if each.seconds >= _LONG] or sound
    short = [each.seconds for each in sound if each.seconds < _LONG]
    rates = sorted(each.bytes / each.seconds for each in long)
    rate = rates[len(rates) // _QUARTER] if rates else GUESSED_RATE
    return Pace(min(rate, line) if line else rate, median(short) if short else 0.0, len(sound))


def in_order(wanted: Iterable[Wanted]) -> list[Wanted]:
    """Return sets in the order in which they come back.

    The nearest filing deadline first; who has none that is known comes last.  A client's sets stay
    together, and of two clients with one deadline the quicker comes first, so that most are well
    soonest.
    """
    everything = list(wanted)
    sizes: dict[str, int] = {}
    for each in everything:
        sizes[each.loss.client] = sizes.get(each.loss.client, 0) + each.bytes
    return sorted(
        everything,
        key=lambda each: (
            each.deadline is None,
            each.deadline or date.max,
            sizes[each.loss.client],
            each.loss.client,
            each.loss.set,
        ),
    )


def plan_of(
    incident: str, number: int, wanted: Iterable[Wanted], *, discovered: datetime, pace: Pace
) -> Plan:
    """Return the plan for these sets; one without a clean point is left out, and says why.

    Args:
        incident: its id.
        number: of the plan, from 1.
        wanted: the sets that lost something.
        discovered: when the loss was found; what is older than the point must be keyed in again.
        pace: what was measured.
    """
    ordered = in_order(wanted)
    able = [each for each in ordered if each.loss.clean]
    restorations = tuple(
        _restoration(order, each, discovered, pace) for order, each in enumerate(able, 1)
    )
    return Plan(
        incident=incident,
        number=number,
        restorations=restorations,
        measured=pace.measured,
        seconds=sum(each.seconds for each in restorations),
        left_out=tuple(
            (each.loss.client, each.loss.set, "no-clean-point")
            for each in ordered
            if not each.loss.clean
        ),
    )


def _restoration(order: int, each: Wanted, discovered: datetime, pace: Pace) -> Restoration:
    return Restoration(
        order=order,
        client=each.loss.client,
        set=each.loss.set,
        snapshot=each.loss.clean,
        at=each.at,
        deadline=each.deadline,
        bytes=each.bytes,
        books=each.books,
        seconds=pace.seconds(each.bytes),
        behind=max(0, round((discovered - each.at).total_seconds())),
        how=each.how,
    )
