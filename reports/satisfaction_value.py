"""What the satisfaction report shows, as values; every figure in it has been through the guard."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from baozhang.governance.voice.audience import Reason
from baozhang.governance.voice.records import IssueClass, Measure, Outcome, State, Through
from baozhang.governance.voice.scores import Difference, Estimate
from baozhang.governance.voice.themes import Tally
from baozhang.governance.voice.trust import Curve

Scope = Literal["half-yearly", "after-incident", "month"]


@dataclass(frozen=True, slots=True)
class Past:
    """The share of satisfied clients in one round, the oldest first."""

    wave: str
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Comment:
    """What a client wrote; `low`: its scores ask for a call."""

    client: str
    text: str
    low: bool


@dataclass(frozen=True, slots=True)
class IssueTold:
    """An issue that is open, or was resolved in the time that is reported."""

    id: str
    client: str
    kind: IssueClass
    state: State
    confirmed: bool
    owner: str
    due: date
    age: int  # days until it was resolved, or until now
    overdue: bool


@dataclass(frozen=True, slots=True)
class CallTold:
    """A call that is owed, or took place in the time that is reported."""

    client: str
    why: tuple[str, ...]
    owner: str
    due: date
    done: date | None
    outcome: Outcome
    overdue: bool


@dataclass(frozen=True, slots=True)
class ImprovementTold:
    """An improvement, and whether the measure it was to move has moved since it is in place."""

    id: str
    action: str
    measure: Measure
    owner: str
    wave: str
    after: str
    difference: Difference | None
    due: date
    done: date | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """All that the report shows.

    Attributes:
        period: `w-2026h2`, or a month, `2026-11`.
        first, last: the days whose answers it counts.
        incident: id, for a round after one.
        asked: clients that were asked; answered: those of them that did.
        excluded: clients that were not asked, by reason.
        through: how answers came.
        estimates, changes: a measure each; changes against the round `before`, none: there is none.
        nps: how many answered 0, 1, ... 10; empty: too few.
        past: rounds of the same kind.
        minimum: answers that a figure needs.
    """

    period: str
    scope: Scope
    first: date
    last: date
    at: datetime
    incident: str
    asked: int
    answered: int
    excluded: tuple[tuple[Reason, int], ...]
    through: tuple[tuple[Through, int], ...]
    estimates: tuple[Estimate, ...]
    before: str
    changes: tuple[Difference, ...]
    nps: tuple[int, ...]
    past: tuple[Past, ...]
    themes: Tally
    comments: tuple[Comment, ...]
    curves: tuple[Curve, ...]
    issues: tuple[IssueTold, ...]
    calls: tuple[CallTold, ...]
    improvements: tuple[ImprovementTold, ...]
    minimum: int
    sample: bool = False

    @property
    def overdue(self) -> tuple[int, int]:
        """How many issues and how many calls are overdue."""
        return sum(each.overdue for each in self.issues), sum(each.overdue for each in self.calls)

    @property
    def share(self) -> Decimal | None:
        """Per cent of the clients asked that answered; None: nobody was asked."""
        return round(Decimal(100 * self.answered) / self.asked) + Decimal(0) if self.asked else None
