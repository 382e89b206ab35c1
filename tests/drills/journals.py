"""Journals as drills leave them, made by hand: instants and figures are always the same."""

from datetime import UTC, date, datetime, timedelta
from typing import Literal

from baozhang.drills.model import Scenario
from baozhang.drills.records import Activity, Entry, Journal, State, Status, SteadyStates
from baozhang.drills.scenarios import scenario
from baozhang.drills.scoring import Action, Found, Measure, Score

START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def entry(
    name: str,
    provider: str,
    minutes: int,
    *,
    kind: Literal["probe", "action"] = "action",
    holds: bool | None = None,
) -> Entry:
    at = START + timedelta(minutes=minutes)
    return Entry(
        activity=Activity(type=kind, name=name, provider=provider),
        status="failed" if holds is False else "succeeded",
        start=at,
        end=at + timedelta(seconds=2),
        duration=2.25,
        output={"files": 3},
        tolerance_met=holds,
    )


def state(which: Scenario, *broken: str) -> State:
    probes = tuple(
        entry(probe, "steady-state", 1, kind="probe", holds=probe not in broken)
        for probe in which.steady
    )
    return State(steady_state_met=not broken, probes=probes)


def journal(
    name: str = "lost-folder",
    *,
    id_: str = "d-20261122-01",
    start: datetime = START,
    passed: bool = True,
    status: Status = "completed",
    planned: str = "",
) -> Journal:
    which = scenario(name)
    found = START + timedelta(hours=11)
    detections = tuple(
        Found(by=each.by, finding=each.finding, at=found if passed else None)
        for each in which.detections
    )
    measures = (
        Measure(name="detect", target=86_400, measured=39_600 if passed else None),
        Measure(name="acknowledge", target=3_600, measured=1_200 if passed else None),
        Measure(name="rto", target=129_600, measured=67_062 if passed else None),
        Measure(name="rpo", target=0, measured=0 if passed else 12),
        Measure(name="checks", target=2, measured=2),
    )
    broken = () if passed else ("sources-whole",)
    return Journal(
        id=id_,
        experiment=which,
        start=start,
        end=start + timedelta(seconds=14),
        duration=13.5,
        status=status,
        deviated=not passed,
        steady_states=SteadyStates(before=state(which), after=state(which, *broken)),
        run=(
            entry("lose-folder", "injection", 20),
            entry("backup", "duty", 660),
            entry("found-by-backup", "detection", 661, kind="probe", holds=passed),
            entry("decide-plan", "gate", 700),
        ),
        rollbacks=(entry("destroy-sandbox", "rollback", 720),),
        seed=7,
        planned=planned,
        people=("zhang", "wang"),
        observers=("li",),
        place="总部会议室",
        score=Score(found=detections, measures=measures, before=True, after=passed),
        actions=()
        if passed
        else (
            Action(matter="undetected", subject="backup", owner="zhang", due=date(2026, 12, 6)),
            Action(matter="unsound", subject="sources-whole", owner="zhang", due=date(2026, 12, 6)),
        ),
    )
