"""A drill from its sandbox to its journal: broken on purpose, recovered by the real code, scored.

    fence ─► sandbox ─► steady? ─► break ─► detect ─► acknowledge ─► incident ─► recover
          ─► the night after ─► steady? ─► destroy the sandbox, always ─► score, actions, journal

The real site gives its people and keeps the journal; nothing else of it is touched.  A drill is no
incident: it counts for readiness alone.
"""

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from time import perf_counter

from baozhang.clock import Clock, business_day
from baozhang.drills.ground import Facts, Ground
from baozhang.drills.guard import Fence, make_fence, real_places
from baozhang.drills.injections import break_
from baozhang.drills.log import Log
from baozhang.drills.model import PassNight, Scenario
from baozhang.drills.records import (
    Entry,
    Journal,
    Sealed,
    State,
    Status,
    SteadyStates,
)
from baozhang.drills.scoring import Found, Score, Timings, actions_of, measures_of
from baozhang.errors import BaozhangError
from baozhang.site import Site
from tasks.drill_actions import file_actions
from tasks.drill_duties import answer_alerts, backup, find, noticed, raise_alerts, vouch
from tasks.drill_notices import notices_of
from tasks.drill_probes import Truth, missing_vouchers, steady, truth
from tasks.drill_recovery import Play, recover
from tasks.drill_sandbox import Cast, destroy, pass_night, sandbox
from tasks.drill_troubles import drills_of
from tasks.people import require_person


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be drilled.

    Attributes:
        scenario: what happens.
        seed: decides books and chance; the same seed breaks the same things.
        token: random text, for the sandbox's marker.
        people, observers: ids of the real agency's people who take part, or look on.
        place: where they sit, in words.
        planned: id of the plan's entry, "" for a drill out of turn.
        surprise: what was drawn for it.
        parent: folder in which the sandbox is made; None: the system's temporary folder.
    """

    scenario: Scenario
    seed: int
    token: str
    people: tuple[str, ...] = ()
    observers: tuple[str, ...] = ()
    place: str = ""
    planned: str = ""
    surprise: Sealed | None = None
    parent: Path | None = None

    def seeded(self, seed: int) -> "Order":
        """Return the same with another seed."""
        return replace(self, seed=seed)


@dataclass(slots=True)
class Course:
    """How far a drill came; whatever ends it, this is what is scored."""

    before: State | None = None
    after: State | None = None
    found: tuple[Found, ...] = ()
    timings: Timings = field(default_factory=Timings)
    stopped: str = ""

    def note(self, **times: datetime | int | None) -> None:
        """Add what was measured."""
        self.timings = self.timings.model_copy(update=times)


def run_drill(site: Site, order: Order) -> Journal:
    """Run a drill and keep its journal.

    Args:
        site: the real one.
        order: what is to be drilled.

    Returns:
        The journal; a drill that was not passed is no error.

    Raises:
        UsageError: somebody named is nobody of the agency.
        UnreachableError: the journal cannot be kept.
    """
    scenario = order.scenario
    for person in (*order.people, *order.observers):
        require_person(site, person)
    drills = drills_of(site)
    name, start, began = drills.reserve(site.clock()), site.clock(), perf_counter()
    site.audit.append(actor=name, action="drill.began", subject=scenario.id)
    played = _played(site, scenario, order, name)
    journal = _journal(site, scenario, order, name, start, perf_counter() - began, played)
    digest = drills.keep(journal)
    site.audit.append(
        actor=name,
        action="drill.ended",
        subject=scenario.id,
        sha256=digest,
        passed=journal.passed,
        status=journal.status,
    )
    file_actions(site, journal)
    return journal


@dataclass(slots=True)
class _Played:
    """What is left of a drill when its sandbox is gone."""

    course: Course
    run: list[Entry] = field(default_factory=list)
    rollbacks: list[Entry] = field(default_factory=list)


def _played(site: Site, scenario: Scenario, order: Order, name: str) -> _Played:
    """Play a drill in a sandbox of its own, which is destroyed whatever happens."""
    played = _Played(Course())
    parent = (order.parent or Path(tempfile.gettempdir())).absolute()
    back = Log(site.clock)
    try:
        fence = make_fence(
            parent / f"baozhang-{name}-{order.token[:8]}", order.token, real_places(site.agency)
        )
    except (BaozhangError, OSError) as error:
        played.course.stopped = type(error).__name__
        return played
    try:
        _inside(scenario, fence, played, name, order.seed, site.clock)
    except (BaozhangError, OSError) as error:
        played.course.stopped = type(error).__name__
    finally:
        try:
            back.act("destroy-sandbox", "rollback", lambda: destroy(fence))
        except (BaozhangError, OSError) as error:  # it is still there: nobody calls that passed
            played.course.stopped = played.course.stopped or type(error).__name__
        played.rollbacks = back.entries
    return played


def _inside(
    scenario: Scenario, fence: Fence, played: _Played, name: str, seed: int, real: Clock
) -> None:
    with sandbox(scenario, fence, actor=name, seed=seed, real=real) as (ground, cast):
        log = Log(ground.clock)
        played.run = log.entries
        play(ground, cast, log, scenario, played.course)


# --- the course of a drill ------------------------------------------------------------------------


def play(ground: Ground, cast: Cast, log: Log, scenario: Scenario, course: Course) -> None:
    """Play a scenario on its ground; what comes of it stands in `log` and `course`.

    Raises:
        BaozhangError, OSError: a step could not be done; what was measured until then counts.
    """
    for _ in range(scenario.sandbox.nights):
        pass_night(ground)
        log.act("vouch", "duty", partial(vouch, ground))
    ground.clock.wait_for(scenario.begins)
    course.before = steady(ground, log, scenario, None)
    if not course.before.steady_state_met:
        return
    known = _Known(truth(ground.site), scenario)
    broken = _break(ground, log, scenario, course, known)
    course.found = find(ground, log, scenario, broken)
    first = min((each.at for each in course.found if each.at is not None), default=None)
    course.note(found=first)
    try:
        if first is not None:
            play_ = Play(ground, cast, log, scenario, broken)
            _respond(play_, course, first)
    finally:
        _look_after(ground, log, scenario, course, known.truth)


@dataclass(slots=True)
class _Known:
    """What the sources are known to have held, work of the played days included."""

    truth: Truth
    scenario: Scenario
    broken: datetime | None = None

    def night(self, usual: Callable[[Ground], Facts], ground: Ground) -> Facts:
        """Let a night pass, and learn what was worked before it."""
        done = usual(ground)
        with suppress(BaozhangError, OSError):  # a source that is broken by now taught what it had
            self.truth = self.truth.and_then(truth(ground.site))
        since = self.broken
        found = since is not None and noticed(ground.site, self.scenario, since)
        return {**done, "noticed": int(found)}


def _break(ground: Ground, log: Log, scenario: Scenario, course: Course, known: _Known) -> datetime:
    """Do the scenario's method; return when the first thing broke."""
    ground.hands = replace(ground.hands, pass_night=partial(known.night, ground.hands.pass_night))
    for step in scenario.method:
        if known.broken is None and not isinstance(step, PassNight):
            known.broken = ground.clock()
            course.note(broken=known.broken)
        log.act(step.do, "injection", partial(break_, ground, step))
    return known.broken or ground.clock()


def _respond(play_: Play, course: Course, first: datetime) -> None:
    """Acknowledge, open the incident, recover, and close it."""
    ground, log, scenario = play_.ground, play_.log, play_.scenario
    log.act("watch", "duty", partial(raise_alerts, ground))
    acknowledged, who = answer_alerts(ground, scenario, play_.broken)
    noticed_by = who or next(iter(play_.present()))
    log.act("open-incident", "incident", partial(play_.open, noticed_by, first))
    if acknowledged is None:
        acknowledged, who = answer_alerts(ground, scenario, play_.broken)
    course.note(acknowledged=acknowledged)
    log.ask("acknowledged", "alert", lambda: (acknowledged is not None, {"by": who}))
    recover(play_)
    course.note(working=ground.clock())
    if scenario.targets.notices:
        course.note(**notices_of(ground.site, play_.opened()))
    if not play_.opened().closed():
        log.act("close-incident", "incident", play_.close)


def _look_after(ground: Ground, log: Log, scenario: Scenario, course: Course, known: Truth) -> None:
    """Let the night after pass, ask what must hold, and count what is missing."""
    with suppress(BaozhangError, OSError):  # it stands in the log, and what follows asks anyway
        log.act("backup", "duty", partial(_night_after, ground))
    course.after = steady(ground, log, scenario, known)
    for probe in course.after.probes:
        if probe.activity.name == "restorable":
            counts = {name: probe.output.get(name) for name in ("books", "proven")}
            course.note(**{n: int(v) for n, v in counts.items() if v is not None})
    with suppress(BaozhangError, OSError):  # unreadable: nothing was measured
        course.note(missing=missing_vouchers(known, truth(ground.site)))


def _night_after(ground: Ground) -> Facts:
    outcomes = backup(ground)
    return {"outcomes": len(outcomes), "troubled": sum(each.status != "ok" for each in outcomes)}


# --- what came of it ------------------------------------------------------------------------------


def _journal(
    site: Site,
    scenario: Scenario,
    order: Order,
    name: str,
    start: datetime,
    duration: float,
    played: _Played,
) -> Journal:
    course = played.course
    score = _score(scenario, course)
    broken = [*_failing(course.before), *_failing(course.after)]
    return Journal(
        id=name,
        experiment=scenario,
        start=start,
        end=site.clock(),
        duration=round(duration, 3),
        status=_status(course),
        deviated=score.before and not score.after,
        steady_states=SteadyStates(before=course.before, after=course.after),
        run=tuple(played.run),
        rollbacks=tuple(played.rollbacks),
        seed=order.seed,
        planned=order.planned,
        people=order.people,
        observers=order.observers,
        place=order.place,
        surprise=order.surprise,
        stopped=course.stopped,
        score=score,
        actions=actions_of(score, site.agency, business_day(start), broken=broken),
    )


def _score(scenario: Scenario, course: Course) -> Score:
    found = course.found or tuple(
        Found(by=each.by, finding=each.finding, at=None) for each in scenario.detections
    )
    return Score(
        found=found,
        measures=measures_of(scenario, course.timings),
        before=course.before is not None and course.before.steady_state_met,
        after=course.after is not None and course.after.steady_state_met,
    )


def _status(course: Course) -> Status:
    if course.timings.broken is None:
        return "aborted"
    if course.stopped:
        return "failed"
    sound = course.after is not None and course.after.steady_state_met
    return "completed" if sound else "deviated"


def _failing(state: State | None) -> list[str]:
    probes = state.probes if state else ()
    return [each.activity.name for each in probes if not each.tolerance_met]
