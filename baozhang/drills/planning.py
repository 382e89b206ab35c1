"""The drill plan: when which scenario is drilled, with whom and where; and surprises.

    drills.yaml ──► what is due now, what was missed, which scenarios nobody has planned

A surprise names a window of days and hours.  Scenario and instant are drawn once, from a random
seed; the digest of seed and choice goes into the audit log at once, the choice itself into a file
that players do not see.  Afterwards anybody can draw again from the seed and compare: nothing was
chosen to please.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from baozhang.clock import SHANGHAI, business_day
from baozhang.drills.records import Journal, Sealed
from baozhang.errors import UsageError
from baozhang.settings.part import Part, Text
from baozhang.settings.values import Id
from baozhang.settings.yaml_file import read_yaml

FILE = "drills.yaml"
_MINUTES = 60


class Window(Part):
    """Between which days, and hours of the day, a surprise comes."""

    first: date
    last: date
    from_hour: int = Field(9, ge=0, le=23)
    to_hour: int = Field(17, ge=1, le=24)

    @model_validator(mode="after")
    def _forwards(self) -> "Window":
        if self.last < self.first or self.to_hour <= self.from_hour:
            raise ValueError("a window ends after it begins")
        return self

    @property
    def end(self) -> datetime:
        """The instant at which it is over."""
        return _office(self.last, time(0)) + timedelta(hours=self.to_hour)


class Planned(Part):
    """One entry of the plan.

    Attributes:
        on, at: the day and the time in the office.
        window: instead of them, for a surprise.
        scenario: None: any that may come as a surprise.
        people, observers: ids of the agency's people.
        place: where, in words.
    """

    id: Id
    on: date | None = None
    at: time = time(10)
    window: Window | None = None
    scenario: Id | None = None
    people: Annotated[tuple[Id, ...], Field(min_length=1)]
    observers: tuple[Id, ...] = ()
    place: Text

    @model_validator(mode="after")
    def _either(self) -> "Planned":
        if (self.on is None) == (self.window is None):
            raise ValueError("give either a day (on) or a window")
        if self.on is not None and self.scenario is None:
            raise ValueError("only a surprise may leave its scenario open")
        return self

    @property
    def surprise(self) -> bool:
        """Tell whether nobody knows the instant."""
        return self.window is not None

    @property
    def latest(self) -> date:
        """The last day on which it may be run."""
        return self.window.last if self.window else self.on or date.min


class DrillPlan(Part):
    """`drills.yaml`.

    Attributes:
        sandbox: folder in which sandboxes are made, apart from the site; None: the system's
            temporary folder.
    """

    sandbox: Path | None = None
    drills: tuple[Planned, ...] = ()

    @model_validator(mode="after")
    def _once(self) -> "DrillPlan":
        names = [each.id for each in self.drills]
        if len(names) != len(set(names)):
            raise ValueError("two entries have one id")
        return self


def read_plan(home: Path, *, people: Iterable[str], scenarios: Iterable[str]) -> DrillPlan:
    """Return the site's drill plan; an empty one where there is no file.

    Args:
        home: the site's folder.
        people: ids of the agency's people.
        scenarios: ids of the scenarios there are.

    Raises:
        UsageError: the file is no plan, or names people or scenarios that nobody knows.
    """
    if not (home / FILE).exists():
        return DrillPlan()
    document = read_yaml(home, FILE)
    try:
        plan = DrillPlan.model_validate(document.value)
    except ValidationError as error:
        first = error.errors()[0]
        raise _wrong(".".join(map(str, first["loc"])) or FILE, first["msg"]) from error
    for each in plan.drills:
        strange = {*each.people, *each.observers} - set(people)
        if strange:
            raise _wrong(each.id, ", ".join(sorted(strange)))
        if each.scenario is not None and each.scenario not in set(scenarios):
            raise _wrong(each.id, each.scenario)
    return plan


def draw(entry: Planned, seed: str, scenarios: Sequence[str]) -> tuple[str, datetime]:
    """Return the scenario and the instant that a seed gives for a surprise; always the same.

    Args:
        entry: of the plan, with a window.
        seed: hexadecimal digits.
        scenarios: ids that may come as a surprise, in their order.
    """
    window = entry.window
    if window is None:
        raise ValueError(entry.id)
    rng = Random(f"{entry.id}:{seed}")  # noqa: S311 - drawn again by whoever checks it
    chosen = entry.scenario or rng.choice(list(scenarios))
    days = (window.last - window.first).days
    day = window.first + timedelta(days=rng.randint(0, days))
    minutes = rng.randrange((window.to_hour - window.from_hour) * _MINUTES)
    at = _office(day, time(0)) + timedelta(hours=window.from_hour, minutes=minutes)
    return chosen, at.astimezone(UTC)


def seal(entry: Planned, seed: str, scenarios: Sequence[str]) -> Sealed:
    """Draw, and return what was drawn with its digest, which says nothing to who lacks the seed."""
    scenario, at = draw(entry, seed, scenarios)
    return Sealed(
        entry=entry.id,
        seed=seed,
        scenario=scenario,
        at=at,
        sha256=commitment(entry.id, seed, scenario, at),
    )


def commitment(entry: str, seed: str, scenario: str, at: datetime) -> str:
    """Return the SHA-256 that binds a choice before it is known."""
    value = [entry, seed, scenario, at.astimezone(UTC).isoformat()]
    return hashlib.sha256(json.dumps(value).encode("ascii")).hexdigest()


def honest(sealed: Sealed, entry: Planned, scenarios: Sequence[str]) -> bool:
    """Tell whether what was run is what the seed gives, and what was promised beforehand."""
    drawn = draw(entry, sealed.seed, scenarios)
    promised = commitment(sealed.entry, sealed.seed, sealed.scenario, sealed.at)
    return drawn == (sealed.scenario, sealed.at) and promised == sealed.sha256


def due(
    plan: DrillPlan, journals: Iterable[Journal], sealed: Iterable[Sealed], now: datetime
) -> Planned | None:
    """Return the entry whose time has come today and that was not run; None: there is none."""
    ran = {each.planned for each in journals}
    drawn = {each.entry: each.at for each in sealed}
    for each in plan.drills:
        at = drawn.get(each.id) if each.surprise else _office(each.on or date.min, each.at)
        if each.id not in ran and at is not None and at <= now and not _over(each, at, now):
            return each
    return None


def missed(plan: DrillPlan, journals: Iterable[Journal], now: datetime) -> tuple[Planned, ...]:
    """Return the entries whose last day is over and that were not run, oldest first."""
    ran = {each.planned for each in journals}
    today = business_day(now)
    late = [each for each in plan.drills if each.id not in ran and each.latest < today]
    return tuple(sorted(late, key=lambda each: (each.latest, each.id)))


def unplanned(plan: DrillPlan, scenarios: Iterable[str], year: int) -> tuple[str, ...]:
    """Return the scenarios that nobody has planned for a year; open surprises count for none."""
    planned = {each.scenario for each in plan.drills if each.latest.year == year}
    return tuple(each for each in scenarios if each not in planned)


def _over(entry: Planned, at: datetime, now: datetime) -> bool:
    """Tell whether it is too late for today: a drill is not run on a day it was not meant for."""
    return business_day(now) > (entry.latest if entry.surprise else business_day(at))


def _office(day: date, at: time) -> datetime:
    return datetime.combine(day, at, SHANGHAI)


def _wrong(where: str, what: str) -> UsageError:
    return UsageError(
        "drills.yaml does not hold: {where} ({what})",
        hint="Correct it there; docs/runbooks/drill.md shows an example.",
        where=where[:60],
        what=what[:120],
    )
