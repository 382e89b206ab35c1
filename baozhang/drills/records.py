"""What is kept of drills: a journal each, in the real site, away from its incidents.

    state/drills/d-20261122-01/journal.json

The journal has the form of the Chaos Toolkit's (https://chaostoolkit.org/reference/api/journal/),
so that machines that read those read ours: experiment, steady states before and after, run,
rollbacks; beside them what is ours: who played and where, the score, the actions.  Its SHA-256
stands in the audit log.

How ready an agency is follows from these alone: a scenario is proven by its last drill that was
passed, and not for ever.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from baozhang import durable
from baozhang.clock import business_day
from baozhang.drills.model import Scenario
from baozhang.drills.scoring import Action, Score
from baozhang.errors import CorruptObjectError, UnreachableError, UsageError
from baozhang.settings.part import Part

FILE = "journal.json"
STALE = timedelta(days=180)
"""How long a passed drill says anything: half a year, the rhythm that this product proposes."""
Value = str | int | bool
Status = Literal["completed", "deviated", "failed", "aborted"]
"""`deviated`: something held before and not after; `failed`: a step could not be done; `aborted`:
it never began, for something did not hold or the guard refused."""


class Activity(Part):
    """What was done or asked."""

    type: Literal["probe", "action"]
    name: str
    provider: str


class Entry(Part):
    """One thing that was done, and how it went.

    Attributes:
        start, end: on the played clock.
        duration: measured seconds of the machine.
        output: ids and figures.
        tolerance_met: of a probe: it holds.
    """

    activity: Activity
    status: Literal["succeeded", "failed"]
    start: datetime
    end: datetime
    duration: float
    output: dict[str, Value] = Field({})
    tolerance_met: bool | None = None


class State(Part):
    """What was asked before or after, and whether all of it held."""

    steady_state_met: bool
    probes: tuple[Entry, ...]


class SteadyStates(Part):
    """Both ends; None: it did not come to it."""

    before: State | None = None
    after: State | None = None


class Sealed(Part):
    """What was drawn for a surprise, and the digest that was in the audit log beforehand."""

    entry: str  # of the plan
    seed: str  # 32 hexadecimal digits
    scenario: str
    at: datetime
    sha256: str


class Journal(Part):
    """One drill."""

    id: str
    experiment: Scenario
    start: datetime
    end: datetime
    duration: float  # measured seconds
    status: Status
    deviated: bool
    steady_states: SteadyStates
    run: tuple[Entry, ...]
    rollbacks: tuple[Entry, ...]
    seed: int
    planned: str = ""  # id of the plan's entry
    people: tuple[str, ...] = ()  # ids of those who took part
    observers: tuple[str, ...] = ()
    place: str = ""
    surprise: Sealed | None = None
    stopped: str = ""  # the class of the error that ended it
    score: Score
    actions: tuple[Action, ...]

    @property
    def scenario(self) -> str:
        """Id of the scenario."""
        return self.experiment.id

    @property
    def passed(self) -> bool:
        """Tell whether it was passed: completed, with every target reached."""
        return self.status == "completed" and self.score.passed


def encoded(journal: Journal) -> bytes:
    """Return a journal as it is stored: JSON in a fixed order."""
    value = journal.model_dump(mode="json")
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False).encode() + b"\n"


def digest_of(journal: Journal) -> str:
    """Return the SHA-256 of a journal as it is stored."""
    return hashlib.sha256(encoded(journal)).hexdigest()


class Drills:
    """The drills of a site."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def reserve(self, now: datetime) -> str:
        """Return a new drill's id; making its folder is what makes it ours.

        Raises:
            UnreachableError: the site's state cannot be written.
        """
        day = business_day(now)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for number in range(1, 1000):
                name = f"d-{day:%Y%m%d}-{number:02d}"
                try:
                    (self._folder / name).mkdir(mode=0o700)
                except FileExistsError:
                    continue
                return name
        except OSError as error:
            raise _unwritable(error) from error
        raise UsageError("a day has room for 999 drills", hint="Look why so many are run.")

    def keep(self, journal: Journal) -> str:
        """Keep a journal; return its SHA-256.

        Raises:
            UnreachableError: it cannot be written.
        """
        content = encoded(journal)
        try:
            durable.replace(self._folder / journal.id / FILE, content)
        except OSError as error:
            raise _unwritable(error) from error
        return hashlib.sha256(content).hexdigest()

    def all(self) -> tuple[Journal, ...]:
        """Return every drill that came to an end, oldest first.

        Raises:
            CorruptObjectError: a journal cannot be read.
        """
        try:
            names = sorted(os.listdir(self._folder))
        except FileNotFoundError:
            return ()
        files = (self._folder / name / FILE for name in names)
        return tuple(_read(file) for file in files if file.exists())

    def get(self, name: str) -> Journal:
        """Return one drill.

        Raises:
            UsageError: there is none of this id.
        """
        known = {each.id: each for each in self.all()}
        if name not in known:
            raise UsageError(
                "there is no drill {drill}",
                hint="Known are: {known}.",
                drill=name[:40],
                known=", ".join(known) or "-",
            )
        return known[name]


class Readiness(Part):
    """What is proven of one scenario.

    Attributes:
        state: `ready`: passed lately; `stale`: passed too long ago; `failed`: the last drill was
            not passed; `never`: there was none.
        last, passed: when the last drill was, and the last one that was passed.
        days: since the last one that was passed.
    """

    scenario: str
    state: Literal["ready", "stale", "failed", "never"]
    drills: int
    last: datetime | None = None
    passed: datetime | None = None
    days: int | None = None


def readiness(
    scenarios: Iterable[str], journals: Iterable[Journal], now: datetime
) -> tuple[Readiness, ...]:
    """Return what is proven of each scenario, by the drills there were."""
    known = sorted(journals, key=lambda each: each.start)
    return tuple(
        _ready(scenario, [each for each in known if each.scenario == scenario], now)
        for scenario in scenarios
    )


def _ready(scenario: str, drills: list[Journal], now: datetime) -> Readiness:
    if not drills:
        return Readiness(scenario=scenario, state="never", drills=0)
    good = [each.start for each in drills if each.passed]
    days = (now - good[-1]).days if good else None
    fresh = bool(good) and now - good[-1] < STALE
    failed = not drills[-1].passed
    return Readiness(
        scenario=scenario,
        state="failed" if failed else "ready" if fresh else "stale",
        drills=len(drills),
        last=drills[-1].start,
        passed=good[-1] if good else None,
        days=days,
    )


def _read(path: Path) -> Journal:
    try:
        return Journal.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise CorruptObjectError(
            "the journal of drill {drill} cannot be read",
            hint="Keep the file, and hold it against the audit log.",
            drill=path.parent.name,
        ) from error


def _unwritable(error: OSError) -> UnreachableError:
    return UnreachableError(
        "a drill cannot be kept: {reason}",
        hint="Make room and check the rights of the site's state folder.",
        reason=error.strerror or type(error).__name__,
    )
