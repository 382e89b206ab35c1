"""What follows from answers: calls after low scores, and whether improvements moved anything."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from baozhang.clock import business_day
from baozhang.governance.voice.records import (
    MEASURES,
    Answer,
    Callback,
    Improvement,
    Issue,
    IssueClass,
    Measure,
    Wave,
)
from baozhang.governance.voice.rules import Rules
from baozhang.governance.voice.scores import Difference, difference


@dataclass(frozen=True, slots=True)
class Moved:
    """An improvement, and how its measure stands in a later wave beside the one it came from.

    Attributes:
        after: the wave it is judged by; "": there is none yet.
        difference: the later wave less the earlier one; None: no later wave yet.
    """

    id: str
    improvement: Improvement
    after: str = ""
    difference: Difference | None = None


def low_scores(answer: Answer, rules: Rules) -> tuple[str, ...]:
    """Return the low scores of an answer: `csat=2`."""
    scores = ((measure, answer.score(measure)) for measure in MEASURES)
    return tuple(
        f"{measure}={score}"
        for measure, score in scores
        if score is not None and score <= rules.low[measure]
    )


def calls(
    answers: Mapping[str, Answer], known: Collection[str], *, owner: str, rules: Rules
) -> dict[str, Callback]:
    """Return the calls that answers ask for and nobody has noted yet, by the answer's id."""
    wanted = {id_: low_scores(each, rules) for id_, each in answers.items() if id_ not in known}
    return {
        id_: Callback(
            client=answers[id_].client,
            wave=answers[id_].wave,
            why=why,
            owner=owner,
            due=business_day(answers[id_].answered_at) + timedelta(days=rules.callback_days),
        )
        for id_, why in wanted.items()
        if why
    }


def issue(
    client: str,
    kind: IssueClass,
    text: str,
    *,
    opened: date,
    owner: str,
    rules: Rules,
    linked: str = "",
) -> Issue:
    """Return a new issue with its clock."""
    clock = rules.issues[kind]
    return Issue(
        client=client,
        kind=kind,
        text=text,
        opened=opened,
        owner=owner,
        answer_due=opened + timedelta(days=clock.answer),
        due=opened + timedelta(days=clock.resolve),
        linked=linked,
    )


def scores_of(wave: str, answers: Iterable[Answer], measure: Measure) -> list[int]:
    """Return what a wave's clients answered to a measure."""
    found = (each.score(measure) for each in answers if each.wave == wave)
    return [score for score in found if score is not None]


def before(wave: str, waves: Mapping[str, Wave]) -> str:
    """Return the wave of the same kind before one; "": it is the first."""
    ours = [
        (each.opens, id_)
        for id_, each in waves.items()
        if each.kind == waves[wave].kind and each.opens < waves[wave].opens
    ]
    return max(ours, default=(None, ""))[1]


def moved(
    improvements: Mapping[str, Improvement],
    waves: Mapping[str, Wave],
    answers: Collection[Answer],
    *,
    day: date,
    minimum: int,
) -> tuple[Moved, ...]:
    """Return how each improvement's measure stands in the next closed wave of the same kind.

    The next is one that opened once the improvement was in place: what was asked before it cannot
    have moved by it, and nothing moves by what is not in place.
    """
    return tuple(
        _moved(id_, each, waves, answers, day, minimum) for id_, each in improvements.items()
    )


def _moved(
    id_: str,
    improvement: Improvement,
    waves: Mapping[str, Wave],
    answers: Collection[Answer],
    day: date,
    minimum: int,
) -> Moved:
    first, done = waves.get(improvement.wave), improvement.done
    later = sorted(
        (each.opens, name)
        for name, each in waves.items()
        if (first and done and each.kind == first.kind)
        and (each.opens > first.opens and each.opens >= done and each.closes < day)
    )
    if not later:
        return Moved(id_, improvement)
    after, measure = later[0][1], improvement.measure
    found = difference(
        measure,
        scores_of(after, answers, measure),
        scores_of(improvement.wave, answers, measure),
        minimum=minimum,
    )
    return Moved(id_, improvement, after, found)
