"""The curve of trust: clients that an incident hit beside those it did not, before it and after.

    before          30            90            180     days after the incident's end
    hit     ──●──────●─────────────●──────────────●──
    others  ──●──────●─────────────●──────────────●──

Each client counts once in a stretch, with its last answer there.  A client that another incident
hit in the meantime is no comparison, and is left out of the others.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from baozhang.clock import business_day
from baozhang.governance.voice.calendar import Hit
from baozhang.governance.voice.records import Answer, Measure
from baozhang.governance.voice.rules import Stretch
from baozhang.governance.voice.scores import Difference, Estimate, difference, estimate


@dataclass(frozen=True, slots=True)
class Point:
    """Both groups in one stretch of days."""

    name: str
    first: date
    last: date
    hit: Estimate
    others: Estimate
    difference: Difference  # of those hit less the others


@dataclass(frozen=True, slots=True)
class Curve:
    """One incident's curve; points that lie ahead are not there yet."""

    incident: str
    ended: date
    points: tuple[Point, ...]


def curve(
    hit: Hit,
    answers: Collection[Answer],
    *,
    stretches: Iterable[Stretch],
    troubled: Collection[str],
    minimum: int,
    day: date,
    measure: Measure = "csat",
) -> Curve | None:
    """Return an incident's curve as it is known on a day; None: it has not ended.

    Args:
        hit: the incident.
        answers: of all clients and waves.
        stretches: which days stand for which point.
        troubled: clients that other incidents hit.
        minimum: answers that a group needs.
        day: the day it is drawn.
        measure: what is compared.
    """
    if hit.ended is None:
        return None
    points = []
    for each in stretches:
        start = hit.discovered if each.last < 0 else hit.ended
        first, last = start + timedelta(days=each.first), start + timedelta(days=each.last)
        if first <= day:
            points.append(_point(each.name, first, last, hit, answers, troubled, minimum, measure))
    return Curve(hit.id, hit.ended, tuple(points))


def _point(
    name: str,
    first: date,
    last: date,
    hit: Hit,
    answers: Iterable[Answer],
    troubled: Collection[str],
    minimum: int,
    measure: Measure,
) -> Point:
    newest: dict[str, int] = {}
    for each in sorted(answers, key=lambda each: each.answered_at):
        score = each.score(measure)
        if score is not None and first <= business_day(each.answered_at) <= last:
            newest[each.client] = score
    ours = [score for client, score in newest.items() if client in hit.clients]
    others = [
        score
        for client, score in newest.items()
        if client not in hit.clients and client not in troubled
    ]
    return Point(
        name=name,
        first=first,
        last=last,
        hit=estimate(measure, ours, of=len(hit.clients), minimum=minimum),
        others=estimate(measure, others, of=len(others), minimum=minimum),
        difference=difference(measure, ours, others, minimum=minimum),
    )
