"""What happened and when: the events of an incident, or of a drill, read as a timeline.

    events ─┬─ moments   discovered ─ opened ─ paged ─ acknowledged ─ … ─ closed
            ├─ steps     begun, done, how often a run had to begin again
            ├─ gates     asked, by whom approved or refused, with which hash
            └─ sets      planned beside measured; what came back and what is to be keyed in

Pure: everything follows from the journal and the values that were kept.  An instant that no event
tells is None, never a guess.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from baozhang.incidents.journal import BEGUN, DONE, Event
from baozhang.incidents.model import Kind
from baozhang.incidents.set_records import Known, SetRecord, sets_of

Name = Literal[
    "discovered",
    "opened",
    "paged",
    "acknowledged",
    "stopped",
    "scoped",
    "planned",
    "plan-asked",
    "plan-approved",
    "restored",
    "proven",
    "cut-over-asked",
    "cut-over-approved",
    "cut-over",
    "service-checked",
    "lifted",
    "closed",
]
"""The moments of an incident, in the order in which they should come."""
PHASES: tuple[tuple[Name, Name], ...] = (
    ("discovered", "opened"),
    ("opened", "acknowledged"),
    ("opened", "planned"),
    ("plan-asked", "plan-approved"),
    ("plan-approved", "proven"),
    ("cut-over-asked", "cut-over-approved"),
    ("cut-over-approved", "cut-over"),
    ("cut-over", "service-checked"),
    ("service-checked", "lifted"),
)
"""The stretches that are told, each from one moment to another."""
GATE_ASKED, APPROVAL, REFUSAL = "gate.asked", "approval", "refusal"


@dataclass(frozen=True, slots=True)
class Moment:
    """One of the instants by which a recovery is measured."""

    name: Name
    at: datetime
    actor: str  # id of a person or a run


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the recovery.

    Attributes:
        done: None where it did not come to its end.
        attempts: how often a run began it; more than one: a run died or was stopped in it.
    """

    name: str
    begun: datetime
    done: datetime | None
    attempts: int
    actor: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One gate, as it was asked."""

    gate: str
    digest: str
    at: datetime
    people: int
    by: str


@dataclass(frozen=True, slots=True)
class Word:
    """What one person said at a gate, with which hash, and how they proved who they are."""

    gate: str
    digest: str
    person: str
    word: str  # approve, refuse
    means: str  # code, seal
    at: datetime


@dataclass(frozen=True, slots=True)
class StopTold:
    """What was stopped: sources, how many of them could be set read-only, and whom it was told."""

    sources: int = 0
    read_only: int = 0
    people: int = 0
    acknowledged: int = 0


@dataclass(frozen=True, slots=True)
class Timeline:
    """An incident from its discovery on."""

    incident: str
    drill: str
    kind: Kind
    discovered: datetime
    opened: datetime
    noticed_by: str
    moments: tuple[Moment, ...]
    steps: tuple[Step, ...]
    gates: tuple[Asked, ...]
    words: tuple[Word, ...]
    sets: tuple[SetRecord, ...]
    plans: int  # how many plans were made
    estimate_rests_on: int | None  # measured restores; 0: it was a guess; None: no plan
    stop: StopTold
    struck: tuple[str, ...]  # backup points that turned out damaged

    def at(self, name: Name) -> datetime | None:
        """Return a moment's instant; None: it has not come, or no event tells it."""
        return next((each.at for each in self.moments if each.name == name), None)

    def between(self, first: Name, last: Name) -> timedelta | None:
        """Return how long it was from one moment to another; None where one is not known."""
        begun, ended = self.at(first), self.at(last)
        return None if begun is None or ended is None else ended - begun

    @property
    def rto(self) -> timedelta | None:
        """From the discovery until the service was found well; None: it was not yet."""
        return self.between("discovered", "service-checked")

    @property
    def behind(self) -> timedelta | None:
        """From the oldest backup point that came back until the discovery."""
        known = [each.behind for each in self.sets if each.behind is not None and each.point]
        return timedelta(seconds=max(known)) if known else None

    @property
    def waited(self) -> timedelta:
        """How long the recovery stood at its gates until they were open."""
        pairs: tuple[tuple[Name, Name], ...] = (
            ("plan-asked", "plan-approved"),
            ("cut-over-asked", "cut-over-approved"),
        )
        return sum((self.between(*pair) or timedelta() for pair in pairs), timedelta())

    @property
    def planned(self) -> timedelta | None:
        """What the plan expected of all restores that were also measured."""
        both = [each for each in self.sets if each.measured_ms is not None]
        return timedelta(seconds=sum(each.planned or 0 for each in both)) if both else None

    @property
    def measured(self) -> timedelta | None:
        """What those restores took."""
        found = [each.measured_ms for each in self.sets if each.measured_ms is not None]
        return timedelta(milliseconds=sum(found)) if found else None

    @property
    def again(self) -> tuple[Step, ...]:
        """The steps that were begun more than once."""
        return tuple(each for each in self.steps if each.attempts > 1)

    @property
    def clients(self) -> tuple[str, ...]:
        """The clients that were hit, in the order in which they came back."""
        return tuple(dict.fromkeys(each.client for each in self.sets))

    @property
    def amounts(self) -> tuple[tuple[str, int], ...]:
        """What is to be keyed in, in minor units of each currency, as far as it is known."""
        found: Counter[str] = Counter()
        for each in self.sets:
            if each.owed is not None and each.owed.known and each.owed.amount:
                found[each.owed.currency] += each.owed.amount
        return tuple(sorted(found.items()))


def timeline_of(incident: str, events: Sequence[Event], known: Known) -> Timeline:
    """Return an incident's timeline.

    Args:
        incident: its id.
        events: of its journal, oldest first.
        known: what it has kept.
    """
    opening, plan = known.opening, known.plan
    return Timeline(
        incident=incident,
        drill=opening.drill,
        kind=opening.kind,
        discovered=opening.discovered,
        opened=opening.opened,
        noticed_by=opening.noticed_by,
        moments=tuple(_moments(events, known)),
        steps=tuple(_steps(events)),
        gates=tuple(_asked(event) for event in events if event.kind == GATE_ASKED),
        words=tuple(_word(event) for event in events if event.kind in {APPROVAL, REFUSAL}),
        sets=tuple(sets_of(events, known)),
        plans=sum(_is_numbered_plan(event) for event in events),
        estimate_rests_on=plan.measured if plan else None,
        stop=_stop(events),
        struck=tuple(_text(e, "snapshot") for e in events if e.kind == "point.struck"),
    )


# --- moments --------------------------------------------------------------------------------------


def _moments(events: Sequence[Event], known: Known) -> Iterable[Moment]:
    opening = known.opening
    found: dict[Name, Event | None] = {
        "opened": _first(events, "opened"),
        "paged": _first(events, "paged"),
        "acknowledged": _first(events, "acknowledged"),
        "stopped": _first(events, "stop.source") or _first(events, "stop.ordered"),
        "scoped": _last_kept(events, "scope"),
        "planned": _first_kept(events, "plan-1") or _first_kept(events, "plan"),
        "plan-asked": _asked_last(events, "plan"),
        "plan-approved": _approved(events, "plan"),
        "restored": _last_done(events, "quarantine."),
        "proven": _last_done(events, "prove."),
        "cut-over-asked": _asked_last(events, "cut-over"),
        "cut-over-approved": _approved(events, "cut-over"),
        "cut-over": _last_kept(events, "cut-over"),
        "service-checked": service_checked(events),
        "lifted": _last(events, "stop.lifted"),
        "closed": _last(events, "closed"),
    }
    yield Moment("discovered", opening.discovered, opening.noticed_by)
    for name in get_args(Name)[1:]:
        event = found[name]
        if event is not None:
            yield Moment(name, event.at, event.actor)


def _first(events: Iterable[Event], kind: str) -> Event | None:
    return next((event for event in events if event.kind == kind), None)


def _last(events: Sequence[Event], kind: str) -> Event | None:
    return _first(reversed(events), kind)


def _first_kept(events: Iterable[Event], name: str) -> Event | None:
    return next((e for e in events if e.kind == "kept" and e.facts.get("name") == name), None)


def _last_kept(events: Sequence[Event], name: str) -> Event | None:
    return _first_kept(reversed(events), name)


def _first_done(events: Iterable[Event], step: str) -> Event | None:
    return next((e for e in events if e.kind == DONE and e.facts.get("step") == step), None)


def _last_done(events: Sequence[Event], beginning: str) -> Event | None:
    """Return the end of the last step of this kind; a copy of the evidence is no restore."""
    done = (e for e in reversed(events) if e.kind == DONE and ".evidence" not in _text(e, "step"))
    return next((e for e in done if _text(e, "step").startswith(beginning)), None)


def service_checked(events: Sequence[Event]) -> Event | None:
    """Return when the service was last looked at, unless a source was found ill then."""
    kept = [e for e in events if e.kind == "kept" and e.facts.get("name") == "service-check"]
    if not kept:
        return None
    since = kept[-2].seq if len(kept) > 1 else 0
    looked = [e for e in events if e.kind == "service.checked" and since < e.seq < kept[-1].seq]
    return kept[-1] if all(map(_serves, looked)) else None


def _serves(event: Event) -> bool:
    return bool(event.facts.get("read")) and event.facts.get("write") != "failed"


def _asked_last(events: Sequence[Event], gate: str) -> Event | None:
    """Return the asking that counts: the first of the newest hash."""
    asked = [e for e in events if e.kind == GATE_ASKED and e.facts.get("gate") == gate]
    return next((e for e in asked if e.facts["digest"] == asked[-1].facts["digest"]), None)


def _approved(events: Sequence[Event], gate: str) -> Event | None:
    """Return the approval with which the gate's newest request had everybody it wanted."""
    asked = [e for e in events if e.kind == GATE_ASKED and e.facts.get("gate") == gate]
    if not asked:
        return None
    people: set[str] = set()
    for event in events:
        if event.seq > asked[-1].seq and _approves(event, asked[-1]):
            people.add(event.actor)
            if len(people) >= int(asked[-1].facts.get("people", 1)):
                return event
    return None


def _approves(event: Event, asked: Event) -> bool:
    facts = event.facts
    return (
        event.kind == APPROVAL
        and facts.get("gate") == asked.facts["gate"]
        and facts.get("digest") == asked.facts["digest"]
    )


# --- steps and gates ------------------------------------------------------------------------------


def _steps(events: Sequence[Event]) -> Iterable[Step]:
    """Yield every step once, in the order in which they were first begun."""
    begun: dict[str, list[Event]] = {}
    done: dict[str, Event] = {}
    for event in events:
        if event.kind == BEGUN:
            begun.setdefault(_text(event, "step"), []).append(event)
        elif event.kind == DONE:
            done.setdefault(_text(event, "step"), event)
    for name, found in begun.items():
        yield Step(
            name=name,
            begun=found[0].at,
            done=done[name].at if name in done else None,
            attempts=max(int(event.facts.get("attempt", 1)) for event in found),
            actor=found[0].actor,
        )


def _stop(events: Sequence[Event]) -> StopTold:
    done = _first_done(events, "stop")
    if done is None:
        return StopTold()
    said = {_text(event, "person") for event in events if event.kind == "stop.acknowledged"}
    counts = {name: int(done.facts.get(name, 0)) for name in ("sources", "read_only", "people")}
    return StopTold(**counts, acknowledged=len(said))


def _asked(event: Event) -> Asked:
    return Asked(
        gate=_text(event, "gate"),
        digest=_text(event, "digest"),
        at=event.at,
        people=int(event.facts.get("people", 1)),
        by=event.actor,
    )


def _word(event: Event) -> Word:
    return Word(
        gate=_text(event, "gate"),
        digest=_text(event, "digest"),
        person=_text(event, "person") or event.actor,
        word="approve" if event.kind == APPROVAL else "refuse",
        means=_text(event, "means"),
        at=event.at,
    )


def _is_numbered_plan(event: Event) -> bool:
    return event.kind == "kept" and _text(event, "name").startswith("plan-")


def _text(event: Event, name: str) -> str:
    return str(event.facts.get(name, ""))
