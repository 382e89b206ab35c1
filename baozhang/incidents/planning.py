"""The plan of a recovery: what comes back, from which point, in which order, and how long it takes.

How long follows from restores that were measured (restore tests, earlier incidents): bytes over the
rate that three of four of them reached, and no faster than the line.  Where none was measured the
plan says so; a guess is not an estimate.

    sets that lost something ──► in the order of their clients' filing deadlines
        ──► those whose copies have room beside each other ──► seconds each
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from statistics import median

from baozhang.incidents.model import Checked, How, Loss, PassedOver, Plan, Restoration

GUESSED_RATE = 20_000_000
"""Bytes a second where nothing was measured: a disk of the slowest kind, and never said to be more
than a guess."""
_QUARTER = 4
_LONG = 1.0  # seconds; shorter restores measure their own start, not the bytes
ROOM_BESIDE = 64 * 2**20
"""Bytes that a recovery leaves to whoever shares the disk."""

LEFT_OUT_TEMPLATES = {
    "no-clean-point": "there is no backup point of it that can be trusted and read",
    "no-room": "its copies have no room on this machine beside those of the others",
    "vault-away": "its vault does not answer",
}
"""Why a set is not in a plan, in words."""
PASSED_OVER_TEMPLATES: dict[PassedOver, str] = {
    "suspicious": "{point} is newer, and its change was alarming",
    "unjudged": "{point} is newer, and could not be judged",
    "damaged": "{point} is newer, and is damaged; no mirror has it whole",
    "missing": "{point} is newer, and parts of it are gone; no mirror has them",
    "unproven": "{point} is newer, and its books did not come back as they were backed up",
}
"""Why a restoration is not from the newest backup point, in words."""
CHECKED_TEMPLATES: dict[Checked, str] = {
    "every-byte": "every byte of it was read",
    "named": "all its parts are there; not every byte was read",
}
"""How the backup point of a restoration was looked at, in words."""


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
    at: datetime  # of its clean point; where there is none, of the discovery
    bytes: int
    books: int
    deadline: date | None
    how: How
    checked: Checked = ""
    unjudged: bool = False
    instead_of: str = ""
    why: PassedOver = ""
    beside: int = 0  # bytes of the copy that it is compared with
    there: bool = False  # its copies lie in quarantine already

    @property
    def room(self) -> int:
        """Bytes that its copies need on the disk of the site."""
        return self.bytes + self.beside


@dataclass(frozen=True, slots=True)
class Means:
    """What there is to recover with.

    Attributes:
        restoring: how fast backup points come back.
        proving: how fast what came back is proven; None: nobody measured it.
        free: bytes on the disk of the site; None: not asked.
        approvers: how many different people must approve.
    """

    restoring: Pace
    proving: Pace | None = None
    free: int | None = None
    approvers: int = 0


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
    incident: str,
    number: int,
    wanted: Iterable[Wanted],
    *,
    discovered: datetime,
    means: Means,
    left_out: Iterable[tuple[str, str, str]] = (),
) -> Plan:
    """Return the plan for these sets; one that cannot come back is left out, and says why.

    Args:
        incident: its id.
        number: of the plan, from 1.
        wanted: the sets; those that have lost nothing stay as they are.
        discovered: when the loss was found; what is older than the point must be keyed in again.
        means: what there is to recover with.
        left_out: sets that nothing is known of, each with the id of the reason.
    """
    every = list(wanted)
    ordered = in_order(each for each in every if not each.loss.nothing)
    able, crowded = _with_room([each for each in ordered if each.loss.clean], means.free)
    restorations = tuple(
        _restoration(order, each, discovered, means) for order, each in enumerate(able, 1)
    )
    return Plan(
        incident=incident,
        number=number,
        restorations=restorations,
        measured=means.restoring.measured,
        seconds=sum(each.seconds + each.proving for each in restorations),
        left_out=(
            *left_out,
            *(_out(each, "no-clean-point") for each in ordered if not each.loss.clean),
            *(_out(each, "no-room") for each in crowded),
        ),
        unhurt=tuple(
            sorted((each.loss.client, each.loss.set) for each in every if each.loss.nothing)
        ),
        room=sum(each.room for each in restorations),
        free=means.free or 0,
        approvers=means.approvers,
        by_hand=sum(each.how == "assisted" for each in restorations),
    )


def same_work(one: Plan, other: Plan) -> bool:
    """Tell whether two plans restore the same points of the same sets, and leave out the same.

    Estimates, deadlines and free room move with the hours; they make no plan another one.
    """
    return _work(one) == _work(other)


def _work(plan: Plan) -> tuple[object, ...]:
    points = {(each.client, each.set, each.snapshot, each.how) for each in plan.restorations}
    return points, set(plan.left_out), set(plan.unhurt)


def _with_room(wanted: Iterable[Wanted], free: int | None) -> tuple[list[Wanted], list[Wanted]]:
    """Return who has room together with those before it, and who has not.

    All copies lie there at once until the cut-over is approved; what lies there already has
    its room.
    """
    able, crowded = [], []
    left = None if free is None else free - ROOM_BESIDE
    for each in wanted:
        needed = 0 if each.there else each.room
        if left is not None and needed > left:
            crowded.append(each)
            continue
        left = None if left is None else left - needed
        able.append(each)
    return able, crowded


def _out(each: Wanted, reason: str) -> tuple[str, str, str]:
    return each.loss.client, each.loss.set, reason


def _restoration(order: int, each: Wanted, discovered: datetime, means: Means) -> Restoration:
    loss, proving = each.loss, means.proving
    return Restoration(
        order=order,
        client=loss.client,
        set=loss.set,
        snapshot=loss.clean,
        at=each.at,
        deadline=each.deadline,
        bytes=each.bytes,
        books=each.books,
        seconds=means.restoring.seconds(each.bytes),
        behind=max(0, round((discovered - each.at).total_seconds())),
        how=each.how,
        checked=each.checked,
        unjudged=each.unjudged,
        instead_of=each.instead_of,
        why=each.why,
        proving=proving.seconds(each.bytes) if proving and each.books else 0,
        files=loss.files_lost + loss.files_changed,
        vouchers=loss.vouchers_lost + loss.vouchers_changed,
        amount=loss.amount,
        currency=loss.currency,
        room=each.room,
    )
