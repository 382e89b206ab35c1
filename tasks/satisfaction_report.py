"""The satisfaction report of a wave or a month: figures behind the guard, written once.

A wave's report is written when the wave is over; a month's on the first days of the next.  A letter
of the same period is in the catalog from the transaction that took its number: none is written
twice.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import cast, get_args

from baozhang.clock import business_day
from baozhang.governance.voice.audience import Reason
from baozhang.governance.voice.follow import before, low_scores, moved, scores_of
from baozhang.governance.voice.records import MEASURES, Answer, Through, Wave
from baozhang.governance.voice.rules import rules
from baozhang.governance.voice.scores import Difference, Estimate, difference, estimate
from baozhang.governance.voice.themes import tally
from baozhang.governance.voice.trust import Curve, curve
from baozhang.mail.readers import readers
from baozhang.site import Site
from reports.months import Month, month_of
from reports.satisfaction import KIND, canonical, render_satisfaction, status_of
from reports.satisfaction_value import (
    CallTold,
    Comment,
    ImprovementTold,
    IssueTold,
    Past,
    Satisfaction,
    Scope,
)
from tasks.letters import Draft, Written, write
from tasks.satisfaction_asking import period_of
from tasks.satisfaction_site import ACTOR, Voice, hits_of, voice_of

MOST_PAST = 8  # rounds in the picture: four years of half-years
CURVE_DAYS = 400  # after an incident's end its curve is shown so long


@dataclass(frozen=True, slots=True)
class _Span:
    """What is reported: the answers of a wave or of a month, and who was asked."""

    period: str
    scope: Scope
    first: date
    last: date
    asked: int
    answers: tuple[Answer, ...]
    wave: str = ""
    incident: str = ""
    excluded: tuple[tuple[Reason, int], ...] = ()


def of_wave(site: Site, id_: str) -> Satisfaction:
    """Return what a wave's report shows.

    Raises:
        UsageError: there is none of this id.
    """
    voice = voice_of(site)
    wave = voice.wave(id_)
    return _told(site, voice, _wave_span(voice, id_, wave))


def of_month(site: Site, month: Month) -> Satisfaction:
    """Return what a month's report shows."""
    voice = voice_of(site)
    first, last = month.first, month.next.first - timedelta(days=1)
    open_then = {
        id_ for id_, each in voice.waves.items() if each.opens <= last and each.closes >= first
    }
    answers = (
        each for each in voice.answers.values() if first <= business_day(each.answered_at) <= last
    )
    asked = {each.client for each in voice.invitations.values() if each.wave in open_then}
    return _told(
        site,
        voice,
        _Span(str(month), "month", first, last, len(asked), tuple(_newest(answers))),
    )


def _newest(answers: Iterator[Answer]) -> list[Answer]:
    """Return the newest answer of each client: nobody counts twice."""
    found = {each.client: each for each in sorted(answers, key=lambda each: each.answered_at)}
    return list(found.values())


def _wave_span(voice: Voice, id_: str, wave: Wave) -> _Span:
    return _Span(
        period=id_,
        scope=wave.kind,
        first=wave.opens,
        last=wave.closes,
        asked=wave.audience,
        answers=tuple(voice.answers_of(id_)),
        wave=id_,
        incident=wave.incident,
        excluded=tuple(_excluded(wave)),
    )


def _excluded(wave: Wave) -> Iterator[tuple[Reason, int]]:
    for each in wave.excluded:
        reason, _, count = each.partition("=")
        if reason in get_args(Reason) and count.isdigit():
            yield cast("Reason", reason), int(count)


def _told(site: Site, voice: Voice, span: _Span) -> Satisfaction:
    minimum = rules().minimum
    previous = before(span.wave, voice.waves) if span.wave else ""
    answers = span.answers
    through = Counter(each.channel for each in answers)
    scores = [each.nps for each in answers if each.nps is not None]
    return Satisfaction(
        period=span.period,
        scope=span.scope,
        first=span.first,
        last=span.last,
        at=site.clock(),
        incident=span.incident,
        asked=span.asked,
        answered=len({each.client for each in answers}),
        excluded=span.excluded,
        through=tuple((each, through[each]) for each in get_args(Through) if through[each]),
        estimates=tuple(_estimates(answers, span.asked, minimum)),
        before=previous,
        changes=tuple(_changes(voice, span.wave, previous, minimum)),
        nps=_counts(scores) if len(scores) >= minimum else (),
        past=tuple(_past(voice, span, minimum)),
        themes=tally(each.comment for each in answers),
        comments=tuple(_comments(answers)),
        curves=tuple(_curves(site, voice, span.incident, minimum)),
        issues=tuple(_issues(voice, span)),
        calls=tuple(_calls(voice, span)),
        improvements=tuple(_improvements(voice, minimum)),
        minimum=minimum,
        sample=site.agency.file.sample,
    )


def _estimates(answers: Collection[Answer], asked: int, minimum: int) -> Iterator[Estimate]:
    for measure in MEASURES:
        scores = [score for each in answers if (score := each.score(measure)) is not None]
        yield estimate(measure, scores, of=asked, minimum=minimum)


def _changes(voice: Voice, wave: str, previous: str, minimum: int) -> Iterator[Difference]:
    answers = voice.answers.values()
    for measure in MEASURES if previous else ():
        now, then = (scores_of(each, answers, measure) for each in (wave, previous))
        yield difference(measure, now, then, minimum=minimum)


def _counts(scores: Collection[int]) -> tuple[int, ...]:
    counts = Counter(scores)
    return tuple(counts[score] for score in range(11))


def _past(voice: Voice, span: _Span, minimum: int) -> Iterator[Past]:
    """Yield the rounds of the same kind up to this one; of a month, none."""
    kind = voice.waves[span.wave].kind if span.wave else ""
    rounds = sorted(
        (each.opens, id_)
        for id_, each in voice.waves.items()
        if each.kind == kind and each.opens <= span.first
    )
    for _, id_ in rounds[-MOST_PAST:]:
        scores = scores_of(id_, voice.answers.values(), "csat")
        asked = voice.waves[id_].audience
        yield Past(id_, estimate("csat", scores, of=asked, minimum=minimum))


def _comments(answers: Collection[Answer]) -> list[Comment]:
    found = [
        Comment(each.client, each.comment, bool(low_scores(each, rules())))
        for each in answers
        if each.comment
    ]
    return sorted(found, key=lambda each: (not each.low, each.client))


def _curves(site: Site, voice: Voice, incident: str, minimum: int) -> Iterator[Curve]:
    """Yield the curve of the wave's incident, else those of the last year's incidents."""
    hits = hits_of(site)
    for hit in hits:
        recent = hit.ended is not None and (voice.day - hit.ended).days <= CURVE_DAYS
        if hit.id == incident or (not incident and recent):
            others = frozenset(one for each in hits if each.id != hit.id for one in each.clients)
            found = curve(
                hit,
                voice.answers.values(),
                stretches=rules().curve,
                troubled=others,
                minimum=minimum,
                day=voice.day,
            )
            if found and any(point.hit.n or point.others.n for point in found.points):
                yield found


def _issues(voice: Voice, span: _Span) -> list[IssueTold]:
    found = [
        IssueTold(
            id=id_,
            client=each.client,
            kind=each.kind,
            state=each.state,
            confirmed=each.confirmed,
            owner=each.owner,
            due=each.due if each.answered else each.answer_due,
            age=((each.resolved or voice.day) - each.opened).days,
            overdue=each.overdue(voice.day),
        )
        for id_, each in voice.issues.items()
        if each.resolved is None or span.first <= each.resolved <= span.last
    ]
    return sorted(found, key=lambda each: (not each.overdue, each.state == "resolved", each.due))


def _calls(voice: Voice, span: _Span) -> list[CallTold]:
    found = [
        CallTold(
            client=each.client,
            why=each.why,
            owner=each.owner,
            due=each.due,
            done=each.done,
            outcome=each.outcome,
            overdue=each.overdue(voice.day),
        )
        for each in voice.calls.values()
        if each.done is None or each.wave == span.wave or span.first <= each.done <= span.last
    ]
    return sorted(found, key=lambda each: (not each.overdue, each.done is not None, each.due))


def _improvements(voice: Voice, minimum: int) -> Iterator[ImprovementTold]:
    answers = list(voice.answers.values())
    for each in moved(voice.improvements, voice.waves, answers, day=voice.day, minimum=minimum):
        row = each.improvement
        yield ImprovementTold(
            id=each.id,
            action=row.action,
            measure=row.measure,
            owner=row.owner,
            wave=row.wave,
            after=each.after,
            difference=each.difference,
            due=row.due,
            done=row.done,
            overdue=row.done is None and voice.day > row.due,
        )


def improvements_of(site: Site) -> tuple[ImprovementTold, ...]:
    """Return every improvement, how far it is, and whether it moved anything."""
    return tuple(_improvements(voice_of(site), rules().minimum))


# --- writing --------------------------------------------------------------------------------------


def draft(site: Site, value: Satisfaction, period: str, actor: str = ACTOR) -> Draft:
    """Return the report, ready to be numbered.

    Raises:
        UsageError: nobody of the agency is to receive it.
    """
    return Draft(
        kind=KIND,
        period=period,
        status=status_of(value),
        value=canonical(value),
        render=partial(render_satisfaction, value),
        copies=readers(site.agency, KIND),
        actor=actor,
    )


def report_on(site: Site, what: str, *, actor: str = ACTOR) -> Written:
    """Write the report of a wave, or of a month (`2026-11`), under a new number.

    Raises:
        UsageError: neither; nobody is to receive it.
        StoreFullError, UnreachableError: it cannot be written; its number is not taken.
    """
    voice = voice_of(site)
    month = _month(what)
    if month is not None:
        return write(site, [draft(site, of_month(site, month), str(month), actor)])[0]
    period = period_of(voice.wave(what), what)
    return write(site, [draft(site, of_wave(site, what), period, actor)])[0]


def due_reports(site: Site) -> tuple[str, ...]:
    """Return what is to be reported now: waves that are over, and the month before this one.

    A month is reported when something was asked, answered or owed in it.
    """
    voice = voice_of(site)
    gone = {each.period for each in site.catalog.letters(KIND)}
    waves = [
        id_
        for id_, each in voice.waves.items()
        if each.closes < voice.day and period_of(each, id_) not in gone
    ]
    month = month_of(voice.day).previous
    if str(month) not in gone and _anything(voice, month):
        waves.append(str(month))
    return tuple(waves)


def _anything(voice: Voice, month: Month) -> bool:
    last = month.next.first - timedelta(days=1)
    return (
        any(each.opens <= last and each.closes >= month.first for each in voice.waves.values())
        or any(each.opened <= last for each in voice.issues.values() if not each.resolved)
        or any(each.done is None and each.due <= last for each in voice.calls.values())
    )


def _month(what: str) -> Month | None:
    year, dash, number = what.partition("-")
    if dash and year.isdigit() and number.isdigit() and 1 <= int(number) <= 12:
        return Month(int(year), int(number))
    return None
