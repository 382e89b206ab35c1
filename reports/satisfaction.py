"""The satisfaction report (客户满意度报告): what clients answered, what it shows and what not.

No figure stands without its interval and the number of answers behind it, and none where too few
answered.  Who did not answer is counted beside who did.  What clients wrote is shown behind the
masking gate; the report is for managers alone.
"""

from collections.abc import Iterator
from typing import Final

from baozhang import __version__
from baozhang.catalog.model import Status
from baozhang.governance.voice.audience import REASON_TEMPLATES
from baozhang.governance.voice.scores import Difference, Estimate
from baozhang.governance.voice.trust import Curve, Point
from baozhang.masking import Gate
from baozhang.settings import LetterKind
from baozhang.words import CHINESE, say
from reports import canonical as canon
from reports.page import Fact, Letter, Mark, Page, Pairs, Picture, Row, Section, Table, Words
from reports.plaintext import clean
from reports.render import render
from reports.satisfaction_charts import charts
from reports.satisfaction_value import Satisfaction
from reports.satisfaction_words import (
    BESIDE_TEMPLATES,
    CHANGE_MARKS,
    CHANGE_TEMPLATES,
    CLASS_TEMPLATES,
    MEASURE_TEMPLATES,
    OUTCOME_TEMPLATES,
    STATE_TEMPLATES,
    THROUGH_TEMPLATES,
    change,
    figure,
    heads,
    moved_mark,
    percent,
    point_name,
    title_of,
)
from reports.writing import Pen, pen

KIND: Final[LetterKind] = "satisfaction"
MOST_ROWS = 60  # of issues, calls and comments; the registers have them all
MOST_WORDS = 4  # of a theme's words in a row


def canonical(value: Satisfaction) -> str:
    """Return what the report's hash is made over, as canonical JSON."""
    return canon.canonical(KIND, value)


def status_of(value: Satisfaction) -> Status:
    """Return the report's verdict; too few answers say nothing, and nothing is no praise."""
    late = any(value.overdue) or any(each.overdue for each in value.improvements)
    if late or any(each.verdict == "lower" for each in value.changes):
        return "partial"
    known = any(each.value is not None for each in value.estimates)
    return "ok" if known else "inconclusive"


def render_satisfaction(
    value: Satisfaction,
    *,
    number: int,
    language: str = CHINESE,
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the report.

    Raises:
        UsageError: a language without letters.
    """
    page = _page(value, number, pen(language))
    return render(page, template="satisfaction", language=language, gate=gate, pdf=pdf)


def _page(value: Satisfaction, number: int, pen: Pen) -> Page:
    language = pen.language
    word = word_of(value, language)
    subject = say(
        "[Satisfaction: {word}] {period} (Baozhang satisfaction report no. {number})",
        spoken=language,
        word=word,
        period=value.period,
        number=f"{number:06d}",
    )
    return Page(
        kind=KIND,
        number=number,
        language=language,
        audience="manager",
        reader=say("managers", spoken=language),
        title=say("Satisfaction report", spoken=language),
        period=value.period,
        sample=value.sample,
        verdict=Mark(status_of(value), word),
        sentence=sentence_of(value, pen),
        sections=tuple(_sections(value, pen)),
        evidence=_evidence(value, number, pen),
        fingerprint=canon.fingerprint(canonical(value)),
        subject=pen.gettext("[SAMPLE] %(subject)s", subject=subject) if value.sample else subject,
        as_of=value.at,
        file_name=f"{KIND}-{value.period}-{number:06d}",
    )


def word_of(value: Satisfaction, language: str) -> str:
    """Return the verdict in a word."""
    status = status_of(value)
    if status == "ok":
        return say("figures known", spoken=language)
    if status == "inconclusive":
        return say("too few answers", spoken=language)
    return say("something to do", spoken=language)


def sentence_of(value: Satisfaction, pen: Pen) -> str:
    """Return the verdict in one sentence or two."""
    language, csat = pen.language, value.estimates[0]
    told = say(
        "{answered} of {asked} clients asked have answered; satisfied: {figure}.",
        spoken=language,
        answered=pen.number(value.answered),
        asked=pen.number(value.asked),
        figure=figure(csat, pen),
    )
    issues, calls = value.overdue
    if issues or calls:
        told += say(
            " Overdue: issues {issues}, call-backs {calls}.",
            spoken=language,
            issues=pen.number(issues),
            calls=pen.number(calls),
        )
    return told


def _sections(value: Satisfaction, pen: Pen) -> Iterator[Section]:
    yield _answered(value, pen)
    yield _scores(value, pen)
    for heading, chart in charts(value, pen):
        yield Picture(heading, chart)
    if value.themes.comments:
        yield _themes(value, pen)
    for curve in value.curves:
        yield _curve(curve, pen)
    if value.comments:
        yield _comments(value, pen)
    yield _calls(value, pen)
    yield _issues(value, pen)
    if value.improvements:
        yield _improvements(value, pen)
    yield _limits(value, pen)


def _answered(value: Satisfaction, pen: Pen) -> Pairs:
    language, number = pen.language, pen.number
    share = "–" if value.share is None else percent(value.share, language)
    facts = [
        Fact(
            say("days of the answers", spoken=language),
            f"{pen.day(value.first)} – {pen.day(value.last)}",
        ),
        Fact(say("clients asked", spoken=language), number(value.asked)),
        Fact(say("answered", spoken=language), f"{number(value.answered)} ({share})"),
        Fact(say("did not answer", spoken=language), number(value.asked - value.answered)),
    ]
    if value.incident:
        facts.append(Fact(say("after the incident", spoken=language), value.incident))
    for through, count in value.through:
        facts.append(Fact(say(THROUGH_TEMPLATES[through], spoken=language), number(count)))
    for reason, count in value.excluded:
        label = say("not asked: {why}", spoken=language,
                    why=say(REASON_TEMPLATES[reason], spoken=language))  # fmt: skip
        facts.append(Fact(label, number(count)))
    return Pairs(say("Who was asked, who answered", spoken=language), tuple(facts))


def _scores(value: Satisfaction, pen: Pen) -> Table:
    language = pen.language
    changes = {each.measure: each for each in value.changes}
    head = say("change", spoken=language)
    if value.before:
        head = say("change since {wave}", spoken=language, wave=value.before)
    return Table(
        heading=say("Figures, with 95 % intervals", spoken=language),
        first=say("measure", spoken=language),
        heads=(say("figure", spoken=language), say("answers", spoken=language), head),
        rows=tuple(
            Row(
                name=say(MEASURE_TEMPLATES[each.measure], spoken=language),
                mark=_mark(each, changes.get(each.measure), language),
                cells=(
                    figure(each, pen) if each.value is not None else "–",
                    f"{pen.number(each.n)} / {pen.number(each.of)}",
                    change(changes.get(each.measure), pen),
                ),
            )
            for each in value.estimates
        ),
    )


def _mark(estimate: Estimate, difference: Difference | None, language: str) -> Mark:
    if estimate.value is None:
        return Mark("inconclusive", say("too few answers", spoken=language))
    if difference is None or difference.verdict == "too few":
        return Mark("ok", say("known", spoken=language))
    return Mark(
        CHANGE_MARKS[difference.verdict],
        say(CHANGE_TEMPLATES[difference.verdict], spoken=language),
    )


def _themes(value: Satisfaction, pen: Pen) -> Table:
    language, tally = pen.language, value.themes
    share = round(100 * tally.unmatched / tally.comments)
    more = say(
        "{unmatched} of {all} comments ({share} %) are about no theme of the dictionary. A comment "
        "may be about several; a theme says what is spoken of, not whether it is praise or blame.",
        spoken=language,
        unmatched=pen.number(tally.unmatched),
        all=pen.number(tally.comments),
        share=share,
    )
    rows = tuple(
        Row(
            name=title_of(each.theme, language),
            mark=Mark("none", say("spoken of", spoken=language)),
            cells=(
                pen.number(each.comments),
                percent(round(100 * each.comments / tally.comments), language),
            ),
            below=(_rule(each.words, language),),
        )
        for each in tally.counts
    )
    heads = (say("comments", spoken=language), say("of all comments", spoken=language))
    return Table(
        say("Themes, and the words that told them", spoken=language),
        say("theme", spoken=language),
        heads,
        rows,
        more,
    )


def _rule(words: tuple[tuple[str, int], ...], language: str) -> str:
    shown = ", ".join(f"{word} ×{count}" for word, count in words[:MOST_WORDS])
    return say("by: {words}", spoken=language, words=shown)


def _curve(curve: Curve, pen: Pen) -> Table:
    language = pen.language
    return Table(
        heading=say("Trust after {incident}: figures", spoken=language, incident=curve.incident),
        first=say("when", spoken=language),
        heads=(
            say("clients hit", spoken=language),
            say("others", spoken=language),
            say("difference", spoken=language),
        ),
        rows=tuple(_point(each, pen) for each in curve.points),
    )


def _point(point: Point, pen: Pen) -> Row:
    language, verdict = pen.language, point.difference.verdict
    return Row(
        name=point_name(point.name, language),
        mark=Mark(CHANGE_MARKS[verdict], say(BESIDE_TEMPLATES[verdict], spoken=language)),
        cells=(_short(point.hit, pen), _short(point.others, pen), change(point.difference, pen)),
    )


def _short(estimate: Estimate, pen: Pen) -> str:
    if estimate.value is None:
        return f"– (n={pen.number(estimate.n)})"
    return f"{percent(estimate.value, pen.language)} (n={pen.number(estimate.n)})"


def _comments(value: Satisfaction, pen: Pen) -> Table:
    language = pen.language
    low, other = say("low score", spoken=language), say("comment", spoken=language)
    return Table(
        heading=say("What they wrote", spoken=language),
        first=say("client", spoken=language),
        heads=(),
        rows=tuple(
            Row(
                name=each.client,
                mark=Mark("partial", low) if each.low else Mark("none", other),
                cells=(),
                below=(clean(each.text),),
            )
            for each in value.comments[:MOST_ROWS]
        ),
        more=_more(len(value.comments), pen),
    )


def _calls(value: Satisfaction, pen: Pen) -> Section:
    language = pen.language
    heading = say("Call-backs after low scores", spoken=language)
    if not value.calls:
        return Words(heading, (say("None is owed.", spoken=language),))
    return Table(
        heading=heading,
        first=say("client", spoken=language),
        heads=heads(("score", "owner", "due"), language),
        rows=tuple(
            Row(
                name=each.client,
                mark=_due_mark(each.overdue, each.done is not None,
                               OUTCOME_TEMPLATES[each.outcome], language),
                cells=(", ".join(each.why), each.owner, each.due.isoformat()),
            )
            for each in value.calls[:MOST_ROWS]
        ),
        more=_more(len(value.calls), pen),
    )  # fmt: skip


def _issues(value: Satisfaction, pen: Pen) -> Section:
    language = pen.language
    heading = say("Complaints, questions, requests", spoken=language)
    if not value.issues:
        return Words(heading, (say("None is open.", spoken=language),))
    return Table(
        heading=heading,
        first=say("issue", spoken=language),
        heads=heads(("client", "owner", "due", "days"), language),
        rows=tuple(
            Row(
                name=f"{each.id} {say(CLASS_TEMPLATES[each.kind], spoken=language)}",
                mark=_due_mark(each.overdue, each.state == "resolved",
                               STATE_TEMPLATES[each.state], language),
                cells=(each.client, each.owner, each.due.isoformat(), pen.number(each.age)),
            )
            for each in value.issues[:MOST_ROWS]
        ),
        more=_more(len(value.issues), pen),
    )  # fmt: skip


def _due_mark(overdue: bool, done: bool, state: str, language: str) -> Mark:  # noqa: FBT001
    if overdue:
        return Mark("failed", say("overdue", spoken=language))
    return Mark("ok" if done else "partial", say(state, spoken=language))


def _improvements(value: Satisfaction, pen: Pen) -> Table:
    language = pen.language
    rows = tuple(
        Row(
            name=each.id,
            mark=moved_mark(each, language),
            cells=(
                each.measure.upper(),
                change(each.difference, pen),
                each.owner,
                each.due.isoformat(),
            ),
            below=(clean(each.action),),
        )
        for each in value.improvements
    )
    return Table(
        say("Improvements, and what they were to move", spoken=language),
        say("improvement", spoken=language),
        heads(("measure", "change", "owner", "due"), language),
        rows,
    )


def _limits(value: Satisfaction, pen: Pen) -> Words:
    language = pen.language
    return Words(
        say("What this does not show", spoken=language),
        (
            say(
                "Below {minimum} answers no figure is given. Two figures differ only where the "
                "interval of their difference leaves zero out; “no difference shown” does not mean "
                "that there is none.",
                spoken=language,
                minimum=value.minimum,
            ),
            say(
                "Who did not answer may think otherwise; nothing is reckoned for them, and no "
                "correction is made for how few clients there are.",
                spoken=language,
            ),
            say(
                "Answers show how clients judge our service. Nothing about our brand, our "
                "advertising or the market is proven by them; that stays with what people attest.",
                spoken=language,
            ),
        ),
    )


def _more(count: int, pen: Pen) -> str:
    if count <= MOST_ROWS:
        return ""
    return say(
        "{shown} of {all} are shown; the register has them all.",
        spoken=pen.language,
        shown=pen.number(MOST_ROWS),
        all=pen.number(count),
    )


def _evidence(value: Satisfaction, number: int, pen: Pen) -> Pairs:
    language = pen.language
    digest = canon.fingerprint(canonical(value))
    facts = (
        Fact(say("letter", spoken=language), f"{KIND}/{number:06d}"),
        Fact(say("as of", spoken=language), pen.instant(value.at)),
        Fact(say("software", spoken=language), f"baozhang {__version__}"),
        Fact(say("hash of these figures", spoken=language), digest),
        Fact(
            say("runbook", spoken=language),
            say("docs/runbooks/satisfaction.md", spoken=language),
        ),
    )
    return Pairs(say("Record", spoken=language), facts)
