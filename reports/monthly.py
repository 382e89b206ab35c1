"""The monthly summary (月度管理报告): how the agency kept its promises in a month, for managers.

One sentence first; then what changed since the month before, the figures, the pictures, who is in
trouble, whose restore test is overdue, and all clients.  Clients appear by id.
"""

from collections.abc import Callable
from typing import Final

from baozhang.catalog.model import Status
from baozhang.masking import Gate
from baozhang.words import CHINESE
from reports import canonical, causes, month_charts, telling
from reports.causes import day_words, month_words, period_words
from reports.compose import MOST_ROWS, file_name
from reports.figures import WORST_FIRST
from reports.month import AgencyMonth, delta, kind_words, kinds_words
from reports.month_charts import HOUR
from reports.owner import subject_line
from reports.page import (
    Card,
    Cards,
    Fact,
    Letter,
    Mark,
    Page,
    Pairs,
    Picture,
    Row,
    Section,
    Signatures,
    Table,
    Tally,
)
from reports.plaintext import clean
from reports.render import render
from reports.standing import ClientMonth
from reports.telling import MOST_CARDS, MOST_REMARKS
from reports.writing import Pen, pen

KIND: Final = "monthly"
MOST_OVERDUE = 50  # named; the table of all clients has them too


def render_monthly(
    value: AgencyMonth,
    *,
    number: int,
    language: str = CHINESE,
    audience: str = "manager",
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the summary of a month.

    Raises:
        UsageError: a language without letters.
    """
    writer = pen(language)
    page = _page(value, number, audience, writer)
    return render(page, template="monthly", language=language, gate=gate, pdf=pdf)


def _page(value: AgencyMonth, number: int, audience: str, pen: Pen) -> Page:
    fingerprint = canonical.fingerprint(canonical.canonical(KIND, value))
    title, period = pen.gettext("Monthly summary"), str(value.month)
    reader = telling.audience_word(audience, pen)
    mark = telling.mark(value.status, pen)
    subject = subject_line(mark, title, period, _news(value, pen), number, pen)
    return Page(
        kind=KIND,
        number=number,
        language=pen.language,
        audience=audience,
        reader=reader,
        title=title,
        period=period_words(value.month, value.at, pen),
        sample=value.sample,
        verdict=mark,
        sentence=_sentence(value, pen),
        sections=_sections(value, pen),
        evidence=Pairs(
            pen.gettext("Evidence"),
            causes.evidence(number, reader, value.month, value.at, fingerprint, pen),
        ),
        fingerprint=fingerprint,
        subject=pen.gettext("[SAMPLE] %(subject)s", subject=subject) if value.sample else subject,
        file_name=file_name(title, number, period, pen, sample=value.sample),
        advice="" if value.seen else _advice(pen),
    )


def _advice(pen: Pen) -> str:
    return pen.gettext(
        "Find out whether the schedules ran in this month and whether the catalog is the right "
        "one; `baozhang report list` shows what was written."
    )


def _news(value: AgencyMonth, pen: Pen) -> str:
    if not value.seen:
        return pen.gettext("nothing is known of this month")
    everybody, ill = len(value.clients), len(value.troubled)
    if value.amiss and not ill:
        return pen.gettext("clients fine, agency data in trouble")
    if ill:
        return pen.gettext(
            "%(ill)s of %(all)s clients in trouble", ill=pen.number(ill), all=pen.number(everybody)
        )
    return pen.ngettext("%(n)s client, all fine", "%(n)s clients, all fine", everybody)


def _sentence(value: AgencyMonth, pen: Pen) -> str:
    if not value.seen:
        return pen.gettext(
            "Nothing is known of %(month)s: no backup, no verification, no restore test. This is "
            "no good news.",
            month=month_words(value.month, pen),
        )
    everybody, ill = len(value.clients), len(value.troubled)
    if not ill:
        well = pen.ngettext(
            "The one client is backed up, read back and tested as promised.",
            "All %(n)s clients are backed up, read back and tested as promised.",
            everybody,
        )
        return well + _unproven(value, pen) + _amiss(value, pen)
    counts = ((status, value.count(status)) for status in WORST_FIRST if status != "ok")
    which = [
        pen.gettext(
            "%(n)s %(status)s", n=pen.number(n), status=telling.mark(status, pen).word.lower()
        )
        for status, n in counts
        if n
    ]
    counted = pen.ngettext(
        "%(n)s client: %(well)s fine, %(ill)s in trouble (%(which)s).",
        "%(n)s clients: %(well)s fine, %(ill)s in trouble (%(which)s).",
        everybody,
        well=pen.number(everybody - ill),
        ill=pen.number(ill),
        which=pen.gettext(", ").join(which),
    )
    return counted + _amiss(value, pen)


def _amiss(value: AgencyMonth, pen: Pen) -> str:
    """Return what is wrong with the agency's own data and copies, "" where nothing is."""
    if not value.amiss:
        return ""
    words = kind_words(pen)
    return pen.gettext(
        " At the end the agency's own part was not well: %(kinds)s.",
        kinds=pen.gettext(", ").join(words[kind].lower() for kind, _ in value.amiss),
    )


def _unproven(value: AgencyMonth, pen: Pen) -> str:
    """Return how many of the well are not proven at ledger level, "" where all are."""
    unproven = sum(not each.books_proven for each in value.clients)
    if not unproven:
        return ""
    return pen.ngettext(
        " %(n)s of them is not proven at ledger level yet.",
        " %(n)s of them are not proven at ledger level yet.",
        unproven,
    )


def _sections(value: AgencyMonth, pen: Pen) -> tuple[Section, ...]:
    overdue = _overdue(value, pen)
    return (
        Pairs(pen.gettext("What changed since the month before"), *_changes(value, pen)),
        Tally(pen.gettext("Figures"), _tally(value, pen), _figures(value, pen)),
        *(Picture(heading, chart) for heading, chart in month_charts.charts(value, pen)),
        *([_troubled(value, pen)] if value.troubled else []),
        *([Pairs(pen.gettext("Overdue restore tests"), overdue)] if overdue else []),
        *([_table(value, pen)] if value.clients else []),
        Signatures(
            pen.gettext("Signatures and stamp"),
            (pen.gettext("Prepared by"), pen.gettext("Reviewed by")),
            pen.gettext("Archive number:"),
        ),
    )


def _tally(value: AgencyMonth, pen: Pen) -> tuple[tuple[Mark, int], ...]:
    order: tuple[Status, ...] = tuple(reversed(WORST_FIRST))
    return tuple((telling.mark(status, pen), value.count(status)) for status in order)


def _changes(value: AgencyMonth, pen: Pen) -> tuple[tuple[Fact, ...], str]:
    before = value.before
    if before is None:
        return (), pen.gettext("Nothing is known of the month before to compare with.")
    found = delta(value, before)
    listed = (
        (pen.gettext("Newly troubled"), found.broke),
        (pen.gettext("Still troubled"), found.still),
        (pen.gettext("Well again"), found.mended),
        (pen.gettext("New"), found.appeared),
        (pen.gettext("No longer a client"), found.absent),
    )
    sums = (
        (pen.gettext("Backup points"), value.points - before.points, pen.number),
        (pen.gettext("In the vault"), value.kept - before.kept, pen.size),
        (pen.gettext("Restore tests"), len(value.tests) - before.tests, pen.number),
    )
    return (
        Fact(pen.gettext("Compared with the month"), month_words(before.month, pen)),
        *(Fact(label, telling.names(ids, pen)) for label, ids in listed if ids),
        *(Fact(label, _signed(sum_, write)) for label, sum_, write in sums),
    ), ""


def _signed(value: int, write: Callable[[int], str]) -> str:
    return f"{'+' if value > 0 else '−' if value else '±'}{write(abs(value))}"


def _figures(value: AgencyMonth, pen: Pen) -> tuple[Fact, ...]:
    passed = sum(each.status == "ok" for each in value.tests)
    facts = [
        (pen.gettext("Clients"), pen.number(len(value.clients))),
        (pen.gettext("Backup points made"), pen.number(value.points)),
        (pen.gettext("Data protected"), pen.size(sum(each.bytes for each in value.clients))),
        (pen.gettext("In the vault"), pen.size(value.kept)),
        (pen.gettext("Books with a proof"), pen.number(sum(c.books for c in value.clients))),
        (pen.gettext("Clients proven at ledger level"), pen.number(value.proven)),
        (
            pen.gettext("Restore tests"),
            pen.gettext(
                "%(done)s done, %(passed)s passed, %(due)s overdue",
                done=pen.number(len(value.tests)),
                passed=pen.number(passed),
                due=pen.number(len(value.overdue)),
            ),
        ),
        (
            pen.gettext("Restored on request"),
            pen.ngettext("%(n)s time", "%(n)s times", value.restored),
        ),
        (pen.gettext("Exceptions"), kinds_words(value.exceptions, pen)),
    ]
    if value.priced:
        facts.append((pen.gettext("Cost of the month"), _money(value, value.cost, pen)))
    return tuple(Fact(label, text) for label, text in facts)


def _money(value: AgencyMonth, minor: int, pen: Pen) -> str:
    return pen.money(minor, value.prices.currency)


def _troubled(value: AgencyMonth, pen: Pen) -> Cards:
    shown = value.troubled[:MOST_CARDS]
    left = len(value.troubled) - len(shown)
    return Cards(
        pen.gettext("Needs attention"),
        tuple(_card(each, pen) for each in shown),
        pen.ngettext("and %(n)s more", "and %(n)s more", left) if left else "",
    )


def _card(each: ClientMonth, pen: Pen) -> Card:
    told = (
        *causes.remarks(each.every_trouble, each.client, pen),
        *(telling.remark(found, pen) for found in each.findings),
    )
    left = len(told) - MOST_REMARKS
    return Card(
        name=telling.called(each.client, pen),
        mark=telling.mark(each.status, pen),
        snapshot="",
        remarks=told[:MOST_REMARKS] or causes.no_set(pen),
        more=pen.ngettext("and %(n)s more", "and %(n)s more", left) if left > 0 else "",
    )


def _overdue(value: AgencyMonth, pen: Pen) -> tuple[Fact, ...]:
    facts = [
        Fact(
            telling.called(f"{client}/{part.set}", pen),
            pen.gettext("last proven on %(day)s", day=day_words(part.proven.at, pen))
            if part.proven
            else pen.gettext("never proven"),
        )
        for client, part in value.overdue[:MOST_OVERDUE]
    ]
    left = len(value.overdue) - len(facts)
    more = pen.ngettext("and %(n)s more", "and %(n)s more", left)
    return (*facts, *([Fact("…", more)] if left else []))


def _table(value: AgencyMonth, pen: Pen) -> Table:
    worst = sorted(value.clients, key=lambda c: (WORST_FIRST.index(c.status), c.client))
    shown = worst[:MOST_ROWS]
    heads = [
        pen.gettext("Backup points"),
        pen.gettext("In the vault"),
        pen.gettext("Longest gap, h"),
        pen.gettext("Proven on"),
    ]
    return Table(
        heading=pen.gettext("All clients"),
        first=pen.gettext("Client"),
        heads=(*heads, *([pen.gettext("Cost")] if value.priced else [])),
        rows=tuple(_row(value, each, pen) for each in shown),
        more=""
        if len(shown) == len(worst)
        else pen.gettext(
            "%(shown)s of %(all)s rows are shown, the worst first.",
            shown=pen.number(len(shown)),
            all=pen.number(len(worst)),
        ),
    )


def _row(value: AgencyMonth, each: ClientMonth, pen: Pen) -> Row:
    cells = [
        pen.number(each.points),
        pen.size(each.kept),
        pen.decimal(round(each.longest / HOUR, 1)) if each.longest else "–",
        pen.instant(each.proven)[:10] if each.proven else "–",
    ]
    return Row(
        name=clean(each.client, telling.LONGEST_NAME),
        mark=telling.mark(each.status, pen),
        cells=(*cells, *([_money(value, value.cost_of(each), pen)] if value.priced else [])),
        below=(pen.gettext("Not proven at ledger level"),) if each.bytes_only else (),
    )
