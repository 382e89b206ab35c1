"""Tables of the risk letter: risks, treatments, ranges, indicators, prevention, proposals."""

from decimal import Decimal

from baozhang.governance.risk.coverage import Covered, share
from baozhang.governance.risk.review import Measured, Proposed, Review, Told
from baozhang.governance.risk.standard import indicators as known_indicators
from baozhang.governance.risk.standard import scale
from baozhang.words import CHINESE
from reports.page import Fact, Mark, Pairs, Row, Table, Words
from reports.risk_pictures import about, title
from reports.risk_words import (
    band_mark,
    cause_word,
    change_word,
    level_mark,
    level_word,
    owner_word,
    ready_word,
    treatment_word,
    unit_word,
    verdict_mark,
    why_words,
)
from reports.writing import Pen

MOST_ROWS = 60
BARS = "▁▂▃▄▅▆▇█"
GAP = "·"


def happened(value: Review, pen: Pen) -> Words:
    """Return what happened since the review before."""
    words = {
        "restore-test-failed": pen.gettext("a restore test failed"),
        "incident-closed": pen.gettext("an incident came to its end"),
    }
    lines = [f"{each.day.isoformat()} {words[each.what]} ({each.ref})" for each in value.since]
    since = (
        pen.gettext("Since the review of %(before)s", before=value.before)
        if value.before
        else pen.gettext("In the month before this first review")
    )
    nothing = pen.gettext("No restore test failed, and no incident came to its end.")
    asks = pen.gettext("Each of them asks for its risks to be scored anew.")
    return Words(since, (*lines, asks) if lines else (nothing,))


def risks(value: Review, pen: Pen) -> Table:
    """Return every open risk, the gravest first."""
    ranked = sorted(value.risks, key=_gravity)
    return Table(
        heading=pen.gettext("Top risks"),
        first=pen.gettext("Risk"),
        heads=(pen.gettext("Likelihood × impact"), pen.gettext("Before")),
        rows=tuple(_risk_row(each, pen) for each in ranked[:MOST_ROWS]),
        more=_more(len(ranked), pen),
    )


def _gravity(each: Told) -> tuple[int, int, str]:
    if each.level is None or each.now is None:
        return (1, 0, each.id)
    return (-scale().rank(each.level), -each.now[0] * each.now[1], each.id)


def _risk_row(each: Told, pen: Pen) -> Row:
    now = f"{each.now[0]} × {each.now[1]}" if each.now else "–"
    before = level_word(each.level_before, pen) if each.level_before else "–"
    below = [
        title(each, pen),
        pen.gettext(
            "Cause: %(cause)s. Answers for it: %(owner)s (%(person)s).",
            cause=cause_word(each.cause, pen),
            owner=owner_word(each.owner, pen),
            person=each.person or pen.gettext("nobody"),
        ),
    ]
    below.append(_loss_words(each, pen))
    if each.estimate_grades:
        likelihood, impact = each.estimate_grades
        below.append(
            pen.gettext(
                "Its estimates say %(likelihood)s × %(impact)s: score or estimate is to be put "
                "right.",
                likelihood=likelihood,
                impact=impact,
            )
        )
    if each.review_late:
        below.append(pen.gettext("To be reviewed since %(day)s.", day=f"{each.review_on:%Y-%m-%d}"))
    return Row(each.id, level_mark(each.level, pen), (now, before), tuple(below))


def _loss_words(each: Told, pen: Pen) -> str:
    spread = each.spread
    if spread is None:
        return pen.gettext("A year's loss: not measured, for nobody estimated it.")
    return pen.gettext(
        "A year's loss: %(low)s to %(high)s in eight years of ten, %(mean)s in an average year.",
        low=about(spread.low, pen),
        high=about(spread.high, pen),
        mean=about(spread.mean, pen),
    )


def treatments(value: Review, pen: Pen) -> Table:
    """Return what is done about each risk, what needs somebody first."""
    ranked = sorted(value.risks, key=lambda each: (each.check.good, _gravity(each)))
    return Table(
        heading=pen.gettext("Treatment"),
        first=pen.gettext("Risk"),
        heads=(pen.gettext("Decision"), pen.gettext("Until"), pen.gettext("Effect")),
        rows=tuple(_treatment_row(each, pen) for each in ranked[:MOST_ROWS]),
        more=_more(len(ranked), pen),
    )


def _treatment_row(each: Told, pen: Pen) -> Row:
    check = each.check
    effects = {
        "better": pen.gettext("better"),
        "same": pen.gettext("none"),
        "worse": pen.gettext("worse"),
        "unknown": "–",
    }
    lacking = pen.gettext(", ").join(shown.control for shown in check.lacking)
    below = [f"{why_words(check.why, pen)} {lacking}".strip()]
    if each.accepted_because:
        below.append(pen.gettext("Accepted because: %(reason)s", reason=each.accepted_because))
    cells = (
        treatment_word(check.treatment, pen),
        check.due.isoformat() if check.due else "–",
        effects[check.effect],
    )
    return Row(each.id, verdict_mark(check.verdict, pen), cells, tuple(below))


def estimates(value: Review, pen: Pen) -> Pairs:
    """Return the range of a year's loss, as three figures that belong together."""
    found = value.loss
    counts = Fact(
        pen.gettext("Risks in it; open risks that nobody estimated"),
        f"{pen.number(found.estimated)}; {pen.number(found.unestimated)}",
    )
    if not found.estimated:
        note = pen.gettext("Nobody has estimated a risk: there is no figure, not even zero.")
        return Pairs(pen.gettext("A year's loss"), (), note)
    figures = (
        (pen.gettext("One year in ten stays below"), found.low),
        (pen.gettext("Half of the years stay below"), found.middle),
        (pen.gettext("Nine years in ten stay below"), found.high),
    )
    return Pairs(
        pen.gettext("A year's loss"),
        (
            *(Fact(name, about(fen, pen)) for name, fen in figures),
            Fact(pen.gettext("An average year"), about(found.mean, pen)),
            counts,
            Fact(pen.gettext("Years drawn"), pen.number(found.draws)),
        ),
    )


def indicators(value: Review, pen: Pen) -> Table:
    """Return every indicator, the worst first, those that were not measured last."""
    order = {"red": 0, "amber": 1, "green": 2, "unmeasured": 3}
    ranked = sorted(value.indicators, key=lambda each: order[each.band])
    return Table(
        heading=pen.gettext("Key risk indicators"),
        first=pen.gettext("Indicator"),
        heads=(pen.gettext("Value"), pen.gettext("Amber, red"), pen.gettext("Course")),
        rows=tuple(_indicator_row(each, pen) for each in ranked),
    )


def _indicator_row(each: Measured, pen: Pen) -> Row:
    name = each.title.zh if pen.language == CHINESE else each.title.en
    refs = pen.gettext(", ").join(each.refs)
    where = (pen.gettext("Where: %(refs)s", refs=refs),) if refs else ()
    sign = "≥" if known_indicators()[each.id].worse == "more" else "≤"
    cells = (
        _figure(each.value, unit_word(each.unit, pen), pen),
        f"{sign} {pen.decimal(float(each.amber))}, {pen.decimal(float(each.red))}",
        sparkline(each.series),
    )
    return Row(name, band_mark(each.band, pen), cells, where)


def _figure(value: Decimal | None, unit: str, pen: Pen) -> str:
    return "–" if value is None else f"{pen.decimal(float(value))} {unit}".strip()


def sparkline(series: tuple[Decimal | None, ...]) -> str:
    """Return a course in eight heights from zero on; a month that nobody measured is a dot."""
    values = [each for each in series if each is not None]
    top = max([*values, Decimal(0)])
    return "".join(GAP if each is None else _bar(each, top) for each in series)


def _bar(value: Decimal, top: Decimal) -> str:
    if top <= 0:
        return BARS[0]
    return BARS[max(0, min(len(BARS) - 1, int(value / top * (len(BARS) - 1))))]


def prevention(value: Review, pen: Pen) -> Table:
    """Return every cause, and whether a proven control stands against it."""
    found = share(value.coverage)
    told = pen.gettext("unknown") if found is None else f"{found} %"
    return Table(
        heading=pen.gettext("Prevention: %(share)s of causes have a proven control", share=told),
        first=pen.gettext("Cause"),
        heads=(pen.gettext("Risks"), pen.gettext("Incidents"), pen.gettext("Proven controls")),
        rows=tuple(_cause_row(each, pen) for each in value.coverage),
    )


def _cause_row(each: Covered, pen: Pen) -> Row:
    covered = Mark("ok", pen.gettext("Covered"))
    bare = Mark("failed", pen.gettext("Not covered"))
    cells = (
        pen.number(len(each.risks)),
        pen.number(each.incidents),
        f"{len(each.proven)}/{len(each.controls)}",
    )
    below = (pen.gettext(", ").join(each.proven),) if each.proven else ()
    return Row(cause_word(each.cause, pen), covered if each.proven else bare, cells, below)


def answers(value: Review, pen: Pen) -> Table:
    """Return which drill tries the answer to each risk out, and how that stands."""
    states = {"ready": "ok", "stale": "partial", "failed": "failed", "never": "inconclusive"}
    rows = tuple(
        Row(
            each.id,
            Mark(states.get(each.ready, "inconclusive"), ready_word(each.ready, pen)),  # type: ignore[arg-type]
            (each.drill or "–",),
        )
        for each in value.risks[:MOST_ROWS]
    )
    heads = (pen.gettext("Scenario"),)
    return Table(pen.gettext("Answers that were tried out"), pen.gettext("Risk"), heads, rows)


def waiting(value: Review, pen: Pen) -> Table:
    """Return what waits for a person."""
    return Table(
        heading=pen.gettext("Waits for a decision"),
        first=pen.gettext("Proposal"),
        heads=(pen.gettext("Follows from"),),
        rows=tuple(_waiting_row(each, pen) for each in value.waiting[:MOST_ROWS]),
        more=_more(len(value.waiting), pen),
    )


def _waiting_row(each: Proposed, pen: Pen) -> Row:
    name = each.title.zh if pen.language == CHINESE else each.title.en
    about = each.id if each.change is None else f"{each.id} ({each.risk})"
    said = (
        (pen.gettext("Our records say likelihood %(grade)s.", grade=each.likelihood),)
        if each.likelihood
        else ()
    )
    mark = Mark("partial", change_word(each.change, pen))
    return Row(about, mark, (each.ref or "–",), (name, *said))


def _more(rows: int, pen: Pen) -> str:
    if rows <= MOST_ROWS:
        return ""
    return pen.gettext(
        "%(shown)s of %(all)s rows are shown, the worst first.",
        shown=pen.number(MOST_ROWS),
        all=pen.number(rows),
    )
