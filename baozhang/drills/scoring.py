"""What a drill came to: each target beside what was measured, and what is to be done about it.

A drill passes when everything that must be found was found, every target was reached, and all that
held before holds again.  What was not measured was not reached: a drill that nobody detected has no
recovery time, and no excuse.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

from baozhang.drills.model import Scenario
from baozhang.settings import Agency, Role
from baozhang.settings.part import Part

Name = Literal["detect", "acknowledge", "rto", "rpo", "checks", "notices"]
"""`detect`, `acknowledge`, `rto` in seconds; `rpo` in vouchers; `checks` in books that equal their
proofs; `notices` in notices that lay ready in time."""
LESS_IS_BETTER: frozenset[Name] = frozenset({"detect", "acknowledge", "rto", "rpo"})
PROMPT, PATIENT = timedelta(days=14), timedelta(days=30)
"""Until when an action is due: what left something broken, and what was only slow."""


class Measure(Part):
    """One target and what was measured.

    Attributes:
        target: at most so many where less is better, else at least so many.
        measured: None: it never came to it.
    """

    name: Name
    target: int
    measured: int | None

    @property
    def met(self) -> bool:
        """Tell whether the target was reached."""
        if self.measured is None:
            return False
        if self.name in LESS_IS_BETTER:
            return self.measured <= self.target
        return self.measured >= self.target


class Found(Part):
    """One thing that had to be found.

    Attributes:
        by, finding: as in the scenario.
        at: when, on the played clock; None: it was not found.
    """

    by: str
    finding: str
    at: datetime | None


class Score(Part):
    """What a drill came to.

    Attributes:
        found: everything that had to be found, in the scenario's order.
        measures: the scenario's targets.
        before, after: what must hold, held.
    """

    found: tuple[Found, ...]
    measures: tuple[Measure, ...]
    before: bool
    after: bool

    @property
    def detected(self) -> bool:
        """Tell whether everything was found."""
        return bool(self.found) and all(each.at is not None for each in self.found)

    @property
    def passed(self) -> bool:
        """Tell whether the drill was passed."""
        met = all(each.met for each in self.measures)
        return self.detected and met and self.before and self.after


class Timings(Part):
    """When things happened, on the played clock, and what was counted; None: they did not.

    Attributes:
        broken: when the first thing broke.
        found: when the first of the expected findings was there.
        acknowledged: when somebody said that they are looking.
        working: when people could work again.
        missing: vouchers that were there before and are not after.
        books, proven: books of the sets that were hit, and those that equal their proofs.
        due, ready: notices that the law asks for, and those that lay ready in time.
    """

    broken: datetime | None = None
    found: datetime | None = None
    acknowledged: datetime | None = None
    working: datetime | None = None
    missing: int | None = None
    books: int = 0
    proven: int | None = None
    due: int = 0
    ready: int | None = None


def measures_of(scenario: Scenario, timings: Timings) -> tuple[Measure, ...]:
    """Return the scenario's targets beside what was measured."""
    return tuple(_measures(scenario, timings))


def _measures(scenario: Scenario, timings: Timings) -> Iterator[Measure]:
    targets = scenario.targets
    found = timings.found
    yield Measure(
        name="detect", target=_seconds(targets.detect), measured=_between(timings.broken, found)
    )
    yield Measure(
        name="acknowledge",
        target=_seconds(targets.acknowledge),
        measured=_between(found, timings.acknowledged),
    )
    if targets.rto is not None:
        yield Measure(
            name="rto", target=_seconds(targets.rto), measured=_between(found, timings.working)
        )
    if targets.rpo_vouchers is not None:
        yield Measure(name="rpo", target=targets.rpo_vouchers, measured=timings.missing)
    if timings.books:
        yield Measure(name="checks", target=timings.books, measured=timings.proven)
    if targets.notices:
        yield Measure(name="notices", target=max(1, timings.due), measured=timings.ready)


def _seconds(span: timedelta) -> int:
    return round(span.total_seconds())


def _between(start: datetime | None, end: datetime | None) -> int | None:
    return None if start is None or end is None else round((end - start).total_seconds())


# --- what follows ---------------------------------------------------------------------------------

Matter = Literal[
    "undetected", "unsteady", "unsound", "detect", "acknowledge", "rto", "rpo", "checks", "notices"
]


class Action(Part):
    """What is to be done because of a drill.

    Attributes:
        matter: what was not reached; its words are in `ACTION_TEMPLATES`.
        subject: what it is about, e.g. a finding's finder; "" where there is one only.
        owner: id of one of the agency's people.
        due: day by which it is to be done.
    """

    matter: Matter
    subject: str = ""
    owner: str
    due: date


ACTION_TEMPLATES: dict[Matter, str] = {
    "undetected": "find out why {subject} did not see it, and run the drill again",
    "unsteady": "mend what did not hold before the drill began ({subject}), and run it again",
    "unsound": "find out what is still broken after the recovery ({subject}), and run it again",
    "detect": "shorten the time until it is found",
    "acknowledge": "see that alerts reach somebody who answers in time",
    "rto": "shorten the recovery, or agree on a longer time with the clients",
    "rpo": "back up more often, or agree on more to be keyed in again",
    "checks": "find out why restored books do not equal their proofs",
    "notices": "prepare the notices so that they are ready before their deadline",
}
_OWNERS: dict[Matter, tuple[Role, ...]] = {
    "acknowledge": ("on_call", "operator"),
    "notices": ("manager", "operator"),
}
_PROMPT: frozenset[Matter] = frozenset({"undetected", "unsteady", "unsound", "checks", "rpo"})


def actions_of(
    score: Score, agency: Agency, day: date, *, broken: Sequence[str] = ()
) -> tuple[Action, ...]:
    """Return an action for each expectation that was not met.

    Args:
        score: of the drill.
        agency: whose people answer for it.
        day: of the drill.
        broken: ids of the probes that did not hold.
    """
    subject = ", ".join(broken)
    return tuple(
        Action(
            matter=matter,
            subject=about,
            owner=_owner(agency, matter),
            due=day + (PROMPT if matter in _PROMPT else PATIENT),
        )
        for matter, about in _matters(score, subject)
    )


def _matters(score: Score, broken: str) -> Iterator[tuple[Matter, str]]:
    if not score.before:
        yield "unsteady", broken
    for each in score.found:
        if each.at is None:
            yield "undetected", each.by
    for measure in score.measures:
        if not measure.met and (measure.name != "detect" or score.detected):
            yield measure.name, ""
    if score.before and not score.after:
        yield "unsound", broken


def _owner(agency: Agency, matter: Matter) -> str:
    """Return who answers for it: the first with one of the roles, else the first of all."""
    people = agency.file.people
    for role in _OWNERS.get(matter, ("operator", "on_call")):
        for name, person in people.items():
            if role in person.roles:
                return name
    return next(iter(people))
