"""What protection is worth: what it costs a year, held against the loss it stands against.

A loss comes as a range (10th, 50th, 90th percentile of a year's loss, fen), from the risk register;
so does what is left of it, and no figure here pretends to know better.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from baozhang.costs.charges import cost_of
from baozhang.costs.model import DIVISORS, Days
from baozhang.costs.prices import PriceBook
from baozhang.costs.registers import HoursRow, PriceRow

MONTHS = 12
Occasion = Literal["incident", "drill"]


@dataclass(frozen=True, slots=True)
class Loss:
    """A year's loss; fen."""

    p10: int
    p50: int
    p90: int


@dataclass(frozen=True, slots=True)
class Benefit:
    """A year of protection, at this month's cost, against a year's expected loss; fen."""

    cost: int
    loss: Loss

    @property
    def left(self) -> Loss:
        """The loss beyond the cost of protection; negative: protection costs more than that."""
        return Loss(self.loss.p10 - self.cost, self.loss.p50 - self.cost, self.loss.p90 - self.cost)


def benefit(month_fen: int, loss: Loss | None) -> Benefit | None:
    """Return a year's cost against a year's loss; None: no loss was estimated."""
    return None if loss is None else Benefit(month_fen * MONTHS, loss)


@dataclass(frozen=True, slots=True)
class Ran:
    """One incident or drill, and how long machines worked in it."""

    id: str
    kind: Occasion
    seconds: int


@dataclass(frozen=True, slots=True)
class EventCost:
    """What one incident or drill cost; fen, without what has no price.

    Attributes:
        minutes: that people entered for it.
        unpriced: something of it has no price.
    """

    id: str
    kind: Occasion
    minutes: int
    seconds: int
    people: int
    machines: int
    unpriced: bool

    @property
    def fen(self) -> int:
        """People and machines."""
        return self.people + self.machines


def event_costs(
    ran: Iterable[Ran], hours: Iterable[HoursRow], book: PriceBook, month: Days
) -> tuple[EventCost, ...]:
    """Return what each cost: hours entered under its id, and machine time as `compute:<kind>`."""
    by_ref: dict[str, list[HoursRow]] = {}
    for row in hours:
        if row.ref:
            by_ref.setdefault(row.ref, []).append(row)
    return tuple(_cost(each, by_ref, book, month) for each in ran)


def _cost(
    each: Ran, by_ref: Mapping[str, list[HoursRow]], book: PriceBook, month: Days
) -> EventCost:
    rows = by_ref.get(each.id, [])
    people = [
        _priced(book.price(f"hours:{row.person}", row.day), row.minutes, DIVISORS["hours"])
        for row in rows
    ]
    row = book.price(f"compute:{each.kind}", month.last)
    machines = _priced(row, each.seconds, DIVISORS["compute"])
    return EventCost(
        each.id,
        each.kind,
        sum(row.minutes for row in rows),
        each.seconds,
        sum(fen or 0 for fen in people),
        machines or 0,
        unpriced=None in (*people, machines if each.seconds else 0),
    )


def _priced(row: PriceRow | None, raw: int, by: int) -> int | None:
    return cost_of(row.price, raw, by) if row else None
