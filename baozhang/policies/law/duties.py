"""Must we report?  An answer with a deadline, or what is missing for one; never a silent no.

    facts of an incident ──► grade ──┐
                                     ├──► one answer per clock of the law register
    facts that matter to a clock ────┘

Facts may be unknown (None), and logic over them is Kleene's: what does not depend on an unknown
fact is answered, the rest names the fact.  A loss below every number still wants a person's
qualitative review (the guide's grades also have qualitative sides that no number answers).
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal

from baozhang.clock import SHANGHAI
from baozhang.policies.law.register import Clock, Grade, Level, Register, Role

Answer = Literal["yes", "review", "unknown", "no"]
"""`review`: not by number, a qualitative review is required."""

PERSONS, LOSS = "persons", "loss_fen"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an incident; None: not yet known."""

    discovered: datetime  # 发现或获知, aware
    role: Role | None = None
    personal_data: bool | None = None  # leaked, altered or lost, or possibly so
    persons: int | None = None  # whose personal information
    loss_fen: int | None = None  # direct loss
    client_data: bool | None = None
    critical_infrastructure: bool | None = None
    central_organ: bool | None = None
    harm_to_others: bool | None = None
    harm_avoided: bool | None = None
    suspected_crime: bool | None = None
    paper_invoices_lost: bool | None = None
    reported: bool = False
    closed: datetime | None = None
    reviewed_grade: Grade | Literal["below"] | None = None
    """The grade a person decided on after a qualitative review."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One clock's answer.

    Attributes:
        by: until when, by law; None: the law says at once, or without delay, and no number.
        target: until when by our own measure.
        missing: the facts that an answer needs; not empty exactly for `unknown`.
    """

    clock: Clock
    answer: Answer
    by: datetime | None = None
    target: datetime | None = None
    missing: tuple[str, ...] = ()


def duties(register: Register, facts: Facts) -> tuple[Duty, ...]:
    """Return an answer for every clock of the register, in its order."""
    return tuple(_duty(register, clock, facts) for clock in register.clocks)


def graded(register: Register, facts: Facts, grade: Grade) -> tuple[Answer, tuple[str, ...]]:
    """Tell whether an incident has a grade or a graver one, and what is missing to tell.

    `no` only where a person has decided so.
    """
    if facts.reviewed_grade is not None:
        names = [level.id for level in register.severity.from_level(grade)]
        return ("yes" if facts.reviewed_grade in names else "no"), ()
    levels = register.severity.from_level(grade)
    reached = [_reached(level, facts) for level in levels]
    if True in reached:
        return "yes", ()
    missing = tuple(name for name in (PERSONS, LOSS) if getattr(facts, name) is None)
    return ("unknown", missing) if missing else ("review", ())


def _reached(level: Level, facts: Facts) -> bool:
    numbers = ((facts.persons, level.persons), (facts.loss_fen, level.loss_fen))
    return any(known is not None and known >= least for known, least in numbers)


def _duty(register: Register, clock: Clock, facts: Facts) -> Duty:
    found = [(name, _fact(facts, name), wanted) for name, wanted in clock.when.wanted()]
    if any(value is not None and value != wanted for _, value, wanted in found):
        return Duty(clock, "no")
    missing = tuple(name for name, value, _ in found if value is None)
    answer: Answer = "unknown" if missing else "yes"
    if clock.when.level is not None:
        grade, lacking = graded(register, facts, clock.when.level)
        missing += lacking
        if grade in ("no", "review") and not missing:
            return Duty(clock, grade)
        answer = "no" if grade == "no" else "unknown" if missing else grade
    if answer != "yes":
        return Duty(clock, answer, missing=missing if answer == "unknown" else ())
    return Duty(clock, "yes", *_times(clock, facts))


def _fact(facts: Facts, name: str) -> object:
    return facts.closed is not None if name == "closed" else getattr(facts, name)


def _times(clock: Clock, facts: Facts) -> tuple[datetime | None, datetime | None]:
    start = facts.closed if clock.start == "closed" else facts.discovered
    if start is None:  # a clock from the closing runs for closed incidents alone
        return None, None
    target = start + timedelta(minutes=clock.target_minutes) if clock.target_minutes else None
    if clock.deadline == "same_day":
        local = start.astimezone(SHANGHAI)
        return datetime.combine(local.date(), time.max, SHANGHAI).astimezone(start.tzinfo), target
    if clock.deadline_minutes is None:
        return None, target
    return start + timedelta(minutes=clock.deadline_minutes), target
