"""The cost report (成本报告): what protection cost in a month, who pays, what could be saved.

One sentence first; then the month and what comes, what has no price, the pictures, budget, tiers,
clients, savings with those that were refused, cost against loss, incidents and drills, books
against stores, the footprint, and how all of it was measured.  Clients appear by id.
"""

from typing import Final

from baozhang.catalog.model import Status
from baozhang.costs.closing import Close
from baozhang.masking import Gate
from baozhang.words import CHINESE
from reports import canonical, causes, cost_charts, cost_parts, telling
from reports.causes import month_words, period_words
from reports.compose import file_name
from reports.cost_charts import money
from reports.months import Month, parse_month
from reports.owner import subject_line
from reports.page import Fact, Letter, Mark, Page, Pairs, Picture, Section, Signatures
from reports.render import render
from reports.writing import Pen, pen

KIND: Final = "cost"


def status(value: Close) -> Status:
    """Return how a month stands: with what lacks a price, nobody can tell."""
    if not value.seen or value.gaps:
        return "inconclusive"
    if value.over:
        return "failed"
    strangers = any(kind == "strangers" for kind, _ in value.unseen)
    return "partial" if value.losing or value.unusual or strangers else "ok"


def render_cost(
    value: Close,
    *,
    number: int,
    language: str = CHINESE,
    audience: str = "manager",
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the cost report of a month.

    Raises:
        UsageError: a language without letters.
    """
    page = _page(value, number, audience, pen(language))
    return render(page, template="cost", language=language, gate=gate, pdf=pdf)


def _page(value: Close, number: int, audience: str, pen: Pen) -> Page:
    month = parse_month(value.month)
    fingerprint = canonical.fingerprint(canonical.canonical(KIND, value))
    title, reader = pen.gettext("Cost report"), telling.audience_word(audience, pen)
    mark = _mark(value, pen)
    subject = subject_line(mark, title, value.month, _news(value, pen), number, pen)
    evidence = (
        *causes.evidence(number, reader, month, value.at, fingerprint, pen),
        Fact(pen.gettext("Runbook"), pen.gettext("docs/runbooks/cost.md")),
    )
    return Page(
        kind=KIND,
        number=number,
        language=pen.language,
        audience=audience,
        reader=reader,
        title=title,
        period=period_words(month, value.at, pen),
        sample=value.sample,
        verdict=mark,
        sentence=_sentence(value, month, pen),
        sections=_sections(value, pen),
        evidence=Pairs(pen.gettext("Evidence"), evidence),
        fingerprint=fingerprint,
        subject=pen.gettext("[SAMPLE] %(subject)s", subject=subject) if value.sample else subject,
        file_name=file_name(title, number, value.month, pen, sample=value.sample),
        as_of=value.at,
    )


def _mark(value: Close, pen: Pen) -> Mark:
    words: dict[Status, str] = {
        "ok": pen.gettext("In order"),
        "partial": pen.gettext("To look at"),
        "failed": pen.gettext("Over budget"),
        "inconclusive": pen.gettext("Incomplete"),
    }
    found = status(value)
    return Mark(found, words[found])


def _news(value: Close, pen: Pen) -> str:
    if not value.seen:
        return pen.gettext("nothing is known of this month")
    if value.gaps:
        return pen.ngettext(
            "%(n)s usage has no price", "%(n)s usages have no price", len(value.gaps)
        )
    return money(value.fen, pen)


def _sentence(value: Close, month: Month, pen: Pen) -> str:
    if not value.seen:
        return pen.gettext(
            "Nothing is known of %(month)s: nothing was stored, nothing was done, nothing was "
            "bought.",
            month=month_words(month, pen),
        )
    said = [
        pen.gettext(
            "Protection cost %(money)s in %(month)s.",
            money=money(value.fen, pen),
            month=period_words(month, value.at, pen),
        )
    ]
    if value.gaps:
        said.append(
            pen.ngettext(
                "%(n)s usage has no price and is not in it.",
                "%(n)s usages have no price and are not in it.",
                len(value.gaps),
            )
        )
    whole = value.variances[0]
    if whole.over is not None and whole.over > 0:
        said.append(pen.gettext("That is %(over)s over budget.", over=money(whole.over, pen)))
    paying = sum(each.fee is not None for each in value.clients)
    if value.losing:
        said.append(
            pen.ngettext(
                "%(n)s of the clients with a fee (%(all)s) costs more than it pays.",
                "%(n)s of the clients with a fee (%(all)s) cost more than they pay.",
                len(value.losing),
                all=pen.number(paying),
            )
        )
    elif paying:
        said.append(
            pen.gettext("Every client with a fee (%(n)s) pays its cost.", n=pen.number(paying))
        )
    return ("" if pen.language == CHINESE else " ").join(said)


def _sections(value: Close, pen: Pen) -> tuple[Section, ...]:
    if not value.seen:
        return (cost_parts.unseen(value, pen),)
    return (
        cost_parts.changed(value, pen),
        *([cost_parts.gaps(value, pen)] if value.gaps else []),
        *(Picture(heading, chart) for heading, chart in cost_charts.charts(value, pen)),
        *([cost_parts.skus(value, pen)] if value.skus else []),
        cost_parts.budget(value, pen),
        *([cost_parts.tiers(value, pen)] if value.tiers else []),
        *([cost_parts.clients(value, pen)] if value.clients else []),
        *cost_parts.savings(value, pen),
        cost_parts.odd(value, pen),
        cost_parts.benefit(value, pen),
        *([cost_parts.events(value, pen)] if value.events else []),
        cost_parts.places(value, pen),
        cost_parts.footprint(value, pen),
        cost_parts.unseen(value, pen),
        Signatures(
            pen.gettext("Signatures and stamp"),
            (pen.gettext("Prepared by"), pen.gettext("Reviewed by")),
            pen.gettext("Archive number:"),
        ),
    )
