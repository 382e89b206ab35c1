"""Whether what was decided about a risk is really there: the treatment check.

    nothing      decided: nothing to do below the level, else open, and overdue after its day
    avoid        under way until the risk is closed
    reduce       as well as its weakest control
    transfer     a contract that runs, and every one of its conditions shown; else it may not pay
    accept       until its last day; then the risk is open again

Silence is no treatment: a control that nothing evidences holds nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from baozhang.governance.model import Status
from baozhang.governance.risk.model import Reading, Risk, Treatment
from baozhang.governance.risk.standard import Indicator, Level, Scale
from baozhang.settings.part import Part

Verdict = Literal["in place", "not needed", "under way", "open", "overdue", "void"]
"""`void`: what should bear it may refuse to, for a condition of the contract is not shown."""
Why = Literal[
    "unscored",
    "below",
    "undecided",
    "avoiding",
    "no-controls",
    "controls",
    "holds",
    "no-contract",
    "contract-ended",
    "no-conditions",
    "conditions",
    "insured",
    "no-term",
    "expired",
    "accepted",
]
Effect = Literal["better", "same", "worse", "unknown"]
_Judged = tuple[Verdict, Why, Sequence[str]]
HOLDING: frozenset[Status] = frozenset({"proven", "attested"})
CONTROL_LACKS: Status = "not evidenced"


@dataclass(frozen=True, slots=True)
class Contract:
    """An insurance contract, as far as a risk rests on it.

    Attributes:
        until: its last day; None: not known.
        conditions: ids of controls without which it does not pay.
    """

    until: date | None = None
    conditions: tuple[str, ...] = ()


class Shown(Part):
    """A control that a treatment rests on, and how it stands."""

    control: str
    status: Status


class Check(Part):
    """How the treatment of one risk stands.

    Attributes:
        level: of the risk as it is today; None: nobody scored it.
        why: what makes the verdict.
        shown: what it rests on.
        lacking: those of them that are not shown.
        effect: whether an indicator moved since it was decided.
    """

    treatment: Treatment | None
    verdict: Verdict
    why: Why
    level: Level | None
    due: date | None = None
    shown: tuple[Shown, ...] = ()
    effect: Effect = "unknown"

    @property
    def lacking(self) -> tuple[Shown, ...]:
        """What it rests on and nothing shows."""
        return tuple(each for each in self.shown if each.status not in HOLDING)

    @property
    def good(self) -> bool:
        """Whether nothing is to be done now."""
        return self.verdict in {"in place", "not needed", "under way"}


def check(
    risk: Risk,
    *,
    today: date,
    scale: Scale,
    statuses: Mapping[str, Status],
    contracts: Mapping[str, Contract],
    effect: Effect = "unknown",
) -> Check:
    """Return how a risk's treatment stands.

    Args:
        risk: an open one.
        today: the business day.
        scale: with the level from which on something must be decided.
        statuses: of controls by id, as the last audit judged them; the others show nothing.
        contracts: those that are known, by id.
        effect: what became of its indicators.
    """
    pair = risk.now()
    level = scale.level(*pair) if pair else None
    needs = level is not None and scale.rank(level) >= scale.rank(scale.treat_from)
    verdict, why, controls = _judged(risk, today, statuses, contracts, needs=needs)
    return Check(
        treatment=risk.treatment,
        verdict=verdict,
        why=why,
        level=level,
        due=risk.accept_until if risk.treatment == "accept" else risk.treat_by,
        shown=tuple(_shown(controls, statuses)),
        effect=effect,
    )


def _judged(
    risk: Risk,
    today: date,
    statuses: Mapping[str, Status],
    contracts: Mapping[str, Contract],
    *,
    needs: bool,
) -> _Judged:
    match risk.treatment:
        case None:
            return _undecided(risk, today, needs=needs)
        case "accept":
            return _accepted(risk, today)
        case "avoid":
            return _in_time(risk, today, "under way"), "avoiding", ()
        case "transfer":
            return _transferred(risk, today, statuses, contracts)
        case "reduce":
            return _reduced(risk, today, statuses)


def _in_time(risk: Risk, today: date, verdict: Verdict) -> Verdict:
    return "overdue" if risk.treat_by and risk.treat_by < today else verdict


def _undecided(risk: Risk, today: date, *, needs: bool) -> _Judged:
    if risk.now() is None:
        return "open", "unscored", ()
    return (
        (_in_time(risk, today, "open"), "undecided", ()) if needs else ("not needed", "below", ())
    )


def _reduced(risk: Risk, today: date, statuses: Mapping[str, Status]) -> _Judged:
    if not risk.controls:
        return _in_time(risk, today, "open"), "no-controls", ()
    if _all_hold(risk.controls, statuses):
        return "in place", "holds", risk.controls
    return _in_time(risk, today, "under way"), "controls", risk.controls


def _accepted(risk: Risk, today: date) -> _Judged:
    if risk.accept_until is None:
        return "open", "no-term", ()
    return ("open", "expired", ()) if risk.accept_until < today else ("in place", "accepted", ())


def _transferred(
    risk: Risk, today: date, statuses: Mapping[str, Status], contracts: Mapping[str, Contract]
) -> _Judged:
    contract = contracts.get(risk.insurance)
    if contract is None:
        return "open", "no-contract", ()
    conditions = tuple(dict.fromkeys((*contract.conditions, *risk.conditions)))
    if contract.until and contract.until < today:
        return "open", "contract-ended", conditions
    if not conditions:
        return "under way", "no-conditions", ()
    if _all_hold(conditions, statuses):
        return "in place", "insured", conditions
    return "void", "conditions", conditions


def _all_hold(controls: Iterable[str], statuses: Mapping[str, Status]) -> bool:
    return all(each.status in HOLDING for each in _shown(controls, statuses))


def _shown(controls: Iterable[str], statuses: Mapping[str, Status]) -> Iterable[Shown]:
    return (Shown(control=each, status=statuses.get(each, CONTROL_LACKS)) for each in controls)


def effect_of(
    risk: Risk, indicators: Mapping[str, Indicator], series: Mapping[str, Sequence[Reading]]
) -> Effect:
    """Return whether the indicators that warn of a risk moved since its treatment was decided.

    Args:
        risk: with the day of the decision; without one nothing can be said.
        indicators: by id.
        series: readings of each, one per month, oldest first.
    """
    found = [
        _moved(each, series.get(id_, ()), risk.treated_on)
        for id_, each in indicators.items()
        if risk.treated_on and risk.library and risk.library in each.risks
    ]
    known = [each for each in found if each != "unknown"]
    if not known:
        return "unknown"
    order: tuple[Effect, ...] = ("worse", "same", "better")
    return min(known, key=order.index)


def _moved(indicator: Indicator, series: Sequence[Reading], treated_on: date | None) -> Effect:
    day = f"{treated_on:%Y-%m}" if treated_on else ""
    before = [each.value for each in series if each.period <= day and each.value is not None]
    after = [each.value for each in series if each.period > day and each.value is not None]
    if not before or not after:
        return "unknown"
    sign = Decimal(1) if indicator.worse == "fewer" else Decimal(-1)
    gained = (after[-1] - before[-1]) * sign
    return "better" if gained > 0 else "worse" if gained < 0 else "same"
