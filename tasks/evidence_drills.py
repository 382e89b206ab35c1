"""What drills show: that a scenario is passed, and where there was no incident, that it was played.

A drill's journal counts as the audit log knows it: one that was edited is named, and shows nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from baozhang.clock import business_day
from baozhang.drills.records import Entry, Journal, digest_of
from baozhang.drills.scoring import Measure
from baozhang.governance.model import Result
from tasks.evidence_asking import Args, Asking, Facts, Found, Rows, named, word
from tasks.evidence_journals import day_of
from tasks.evidence_log import unclear, unsound

ANY = "any"
DRILL_TEMPLATES = {
    "passed": "the scenario {scenario} was passed in drill {drill} on {day}",
    "failed": "the scenario {scenario} was not passed in drill {drill} on {day}",
    "aborted": "the drill {drill} of {day} never began, so nothing of {scenario} was tried",
    "edited": "the journals of {count} drills are not what the audit log knows, or cannot be read: "
    "{drills}",
    "played": "there was no incident in the period; in drill {drill} of {day} it was done",
    "unplayed": "there was no incident in the period; in drill {drill} of {day} it did not come to "
    "it",
    "notices": "there was no incident in the period; in drill {drill} of {day} {measured} of "
    "{target} notices lay ready in time",
}

RESULTS: Mapping[str, Result] = MappingProxyType(
    {"passed": "pass", "failed": "fail", "aborted": "inconclusive"}
)
Played = Callable[[Journal], bool | None]
"""Whether something was done in a drill; None: the drill did not play it."""

WALK, OPEN = "walk", "open-incident"
KEPT_BY_WALK = ("stopped", "evidence", "scope", "impact", "plan", "recovered", "cut-over")
ACTS: Mapping[str, str] = MappingProxyType(
    {
        "opened": OPEN,
        "paged": OPEN,
        "acknowledged": "acknowledged",
        "fact": "state-facts",
        "notice.drafted": "notices",
        "point.struck": "strike",
        "closed": WALK,
        **dict.fromkeys((f"kept:{name}" for name in KEPT_BY_WALK), WALK),
        "step.done": WALK,
        "milestone": WALK,
        "gate.asked": WALK,
        "stop.source": WALK,
        "stop.lifted": WALK,
        "stop.ordered": WALK,
        "hold.set": WALK,
        "hold.lifted": WALK,
        "service.checked": WALK,
        "step:page": OPEN,
        "step:stop": WALK,
        "step:stop-orders": WALK,
        "step:evidence": WALK,
        "step:safety": WALK,
        "step:quarantine": WALK,
        "step:prove": WALK,
        "step:rekey": WALK,
        "step:cut-over": WALK,
        "step:equal": WALK,
        "step:lift": WALK,
        "step:destroy": WALK,
        "letter:recovery": WALK,
        "letter:recovery-legal": WALK,
    }
)
"""By which act of a drill's log an incident's event or step is played; of others no drill speaks.
A walk that came to its end did all of its steps: none can be left out."""


def drill(asking: Asking, args: Args) -> Found | None:
    """Tell whether a scenario was passed in its newest drill; of `any`, whether one ever was."""
    scenario = word(args, "scenario")
    if not asking.log.sound:
        return unsound(asking)
    ours = [each for each in _true(asking) if scenario in (ANY, each.scenario)]
    passed = [each for each in ours if each.passed]
    newest = (passed if scenario == ANY and passed else ours)[-1:]
    if doubt := _doubt(asking, newest):
        return doubt
    return _tried(newest[0], len(ours)) if newest else None


def _tried(newest: Journal, drills: int) -> Found:
    state = "passed" if newest.passed else "aborted" if newest.status == "aborted" else "failed"
    facts: dict[str, str | int] = {"status": newest.status, "drills": drills}
    return _found(newest, RESULTS[state], DRILL_TEMPLATES[state], facts)


def played_event(asking: Asking, event: str) -> Found | None:
    """Tell whether the newest drill that came to it played an event or step of an incident."""
    return _stood_in(asking, event, lambda journal: _done(journal, event))


def played_gate(asking: Asking, gate: str) -> Found | None:
    """Tell whether players opened a gate in the newest drill that came to it."""

    def opened(journal: Journal) -> bool | None:
        words = [e for e in journal.run if e.activity.name == f"decide-{gate}"]
        return words[-1].output.get("state") == "approved" if words else None

    return _stood_in(asking, gate, opened)


def played_notices(asking: Asking) -> Found | None:
    """Tell whether all notices lay ready in time in the newest drill that asked for any."""

    def ready(journal: Journal) -> bool | None:
        found = _notices(journal)
        return found.met if found else None

    found = _newest(asking, ready)
    if not isinstance(found, Journal):
        return found
    measure = _notices(found)
    if measure is None:
        return None
    facts = {"measured": measure.measured or 0, "target": measure.target}
    return _found(found, "pass" if measure.met else "fail", DRILL_TEMPLATES["notices"], facts)


def _notices(journal: Journal) -> Measure | None:
    return next((each for each in journal.score.measures if each.name == "notices"), None)


def _done(journal: Journal, event: str) -> bool | None:
    act = ACTS.get(event)
    entries = [each for each in journal.run if each.activity.name == act]
    if not entries:
        return None
    last: Entry = entries[-1]
    held = last.tolerance_met is not False and last.status == "succeeded"
    return held and not last.output.get("waits")  # a walk that waits is not at its end


def _stood_in(asking: Asking, event: str, played: Played) -> Found | None:
    found = _newest(asking, played)
    if not isinstance(found, Journal):
        return found
    good = bool(played(found))
    template = DRILL_TEMPLATES["played" if good else "unplayed"]
    return _found(found, "pass" if good else "fail", template, {"event": event})


def _newest(asking: Asking, played: Played) -> Journal | Found | None:
    """Return the newest drill that played something, or what keeps it from being known."""
    if not asking.log.sound:
        return unsound(asking)
    newest = [each for each in _true(asking) if played(each) is not None][-1:]
    return _doubt(asking, newest) or (newest[0] if newest else None)


def _true(asking: Asking) -> tuple[Journal, ...]:
    """Return the drills whose journals are what the audit log knows, oldest first."""
    known = asking.log.drills
    return tuple(each for each, digest in asking.drills.journals if known.get(each.id) == digest)


def _doubt(asking: Asking, newest: Sequence[Journal]) -> Found | None:
    """Return what to say where a drill that cannot be trusted may be newer than the newest."""
    known = {each.id for each in _true(asking)}
    edited = [each.id for each, _ in asking.drills.journals if each.id not in known]
    after = newest[0].id if newest else ""
    doubted = [
        each
        for each in sorted({*edited, *asking.drills.damaged})
        if each > after and ((day := day_of(each)) is None or day <= asking.period.last)
    ]
    if not doubted:
        return None
    facts: dict[str, str | int] = {"count": len(doubted), "drills": named(doubted)}
    return unclear(asking, DRILL_TEMPLATES["edited"], facts)


def _found(journal: Journal, result: Result, says: str, facts: Facts) -> Found:
    rows = Rows()
    rows.add(journal.id, digest_of(journal))
    common = {
        "scenario": journal.scenario,
        "drill": journal.id,
        "day": business_day(journal.end).isoformat(),
    }
    return Found(
        result=result,
        effective=journal.end,
        says=says,
        facts=common | dict(facts),
        refs=(f"drill:{journal.id}",),
        digest=rows.digest,
    )
