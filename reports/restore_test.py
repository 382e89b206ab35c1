"""The restore-test report: what was restored for real, and what that proves of the books.

A set without books is restored and compared byte by byte; that says nothing of its bookkeeping,
and the letter says so each time: 未做账务核对.
"""

from baozhang.catalog.model import Outcome, Run
from baozhang.masking import Gate
from baozhang.words import CHINESE
from reports import compose, figures, telling
from reports.page import Fact, Letter, Row
from reports.plaintext import clean
from reports.writing import Pen, pen


def render_restore_test(
    run: Run,
    *,
    number: int,
    previous: Run | None = None,
    language: str = CHINESE,
    sample: bool = False,
    audience: str = "manager",
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the letter on a restore test.

    Figures read per outcome: files, bytes, books, vouchers, lines, seconds_ms, and debits and
    credits per currency (`reports.figures.money`).

    Raises:
        UsageError: a language without letters, or a run that is no restore test.
    """
    writer = pen(language)
    envelope = compose.Envelope(number, previous, audience, sample, gate, pdf)
    return compose.compose(run, _wording(run, writer), envelope, writer)


def _wording(run: Run, pen: Pen) -> compose.Wording:
    labels = (
        ("files", pen.gettext("Files restored")),
        ("bytes", pen.gettext("Data restored")),
        ("books", pen.gettext("Books held against their proofs")),
        ("vouchers", pen.gettext("Vouchers")),
        ("lines", pen.gettext("Voucher lines")),
    )
    return compose.Wording(
        duty="restore_test",
        kind="restore-test",
        title=pen.gettext("Restore test"),
        well=_well(run, pen),
        nobody=pen.gettext("No client was handled: nothing was restored, nothing is proven."),
        figures=(
            compose.client_fact(run, pen),
            compose.set_fact(run, pen),
            *compose.count_facts(run, pen, labels),
            *(
                Fact(pen.gettext("Control totals"), telling.amount(total, pen))
                for total in figures.money(run.outcomes)
            ),
            Fact(pen.gettext("Sets not proven at ledger level"), pen.number(figures.unproven(run))),
            *compose.time_facts(run, pen),
        ),
        heads=(
            pen.gettext("Files"),
            pen.gettext("Vouchers"),
            pen.gettext("Lines"),
            pen.gettext("Restored in"),
        ),
        row=lambda outcome: _row(outcome, pen),
    )


def _well(run: Run, pen: Pen) -> str:
    everybody, unread = len(figures.clients(run)), figures.bytes_only(run)
    passed = pen.ngettext(
        "The one client passed the restore test.",
        "All %(n)s clients passed the restore test.",
        everybody,
    )
    if not unread:
        return passed
    return passed + pen.ngettext(
        " For %(n)s of them at least one set was not proven at ledger level.",
        " For %(n)s of them at least one set was not proven at ledger level.",
        unread,
    )


def _row(outcome: Outcome, pen: Pen) -> Row:
    cell = compose.number_cell
    money = pen.gettext("; ").join(telling.amount(sum_, pen) for sum_ in figures.money([outcome]))
    snapshot = clean(outcome.snapshot)
    below = (pen.gettext("snapshot %(id)s", id=snapshot) if snapshot else "", money)
    return Row(
        name=telling.called(figures.name(outcome), pen),
        mark=telling.mark(outcome.status, pen),
        cells=(
            cell(figures.figure(outcome, "files"), pen.number),
            cell(figures.figure(outcome, "vouchers"), pen.number),
            cell(figures.figure(outcome, "lines"), pen.number),
            pen.duration(figures.duration(outcome)),
        ),
        below=tuple(
            part
            for part in (pen.gettext("; ").join(filter(None, below)), scope(outcome, pen))
            if part
        ),
    )


def scope(outcome: Outcome, pen: Pen) -> str:
    """Return what was checked of an outcome's set, and what was not."""
    count = figures.books(outcome)
    if outcome.status == "inconclusive":
        return pen.gettext("Not run to its end: nothing is proven.")
    if outcome.status == "failed":
        return pen.gettext("Not passed: see the finding.")
    if outcome.status == "partial":
        return pen.gettext("Checked in part: see the finding.") + _unproven(outcome, pen)
    if not count:
        return pen.gettext("Checked: every file.") + _unproven(outcome, pen)
    return pen.ngettext(
        "Checked: every file; %(n)s book against its proof (fingerprint, control totals, laws).",
        "Checked: every file; %(n)s books against their proofs "
        "(fingerprint, control totals, laws).",
        count,
    )


def _unproven(outcome: Outcome, pen: Pen) -> str:
    if figures.books(outcome):
        return ""
    return pen.gettext(" Not proven at ledger level: no book was read.")
