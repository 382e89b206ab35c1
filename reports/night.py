"""The night report: what was backed up, and who is not protected."""

from baozhang.catalog.model import Outcome, Run
from baozhang.masking import Gate
from baozhang.words import CHINESE
from reports import compose, figures, telling
from reports.page import Letter, Row
from reports.writing import Pen, pen


def render_night(
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
    """Return the letter on a night of backups.

    `previous` is the run of the letter before; `sample` marks data that is no evidence.

    Raises:
        UsageError: a language without letters, or a run that is no backup.
    """
    writer = pen(language)
    envelope = compose.Envelope(number, previous, audience, sample, gate, pdf)
    return compose.compose(run, _wording(run, writer), envelope, writer)


def _wording(run: Run, pen: Pen) -> compose.Wording:
    labels = (
        ("files", pen.gettext("Files")),
        ("bytes", pen.gettext("Data protected")),
        ("bytes_added", pen.gettext("Newly stored")),
        ("books", pen.gettext("Books")),
        # a set that did not change inherits its proofs: these two are not all there is
        ("vouchers", pen.gettext("Vouchers proven anew")),
        ("lines", pen.gettext("Voucher lines proven anew")),
    )
    everybody = len(figures.clients(run))
    return compose.Wording(
        duty="backup",
        kind="night",
        title=pen.gettext("Nightly backup"),
        well=pen.ngettext(
            "The one client is backed up.", "All %(n)s clients are backed up.", everybody
        ),
        nobody=pen.gettext("No client was handled: nothing was backed up."),
        figures=(
            compose.client_fact(run, pen),
            compose.set_fact(run, pen),
            *compose.count_facts(run, pen, labels),
            *compose.time_facts(run, pen),
        ),
        heads=(pen.gettext("Files"), pen.gettext("Size"), pen.gettext("New"), pen.gettext("Took")),
        row=lambda outcome: _row(outcome, pen),
    )


def _row(outcome: Outcome, pen: Pen) -> Row:
    cell = compose.number_cell
    return Row(
        name=telling.called(figures.name(outcome), pen),
        mark=telling.mark(outcome.status, pen),
        cells=(
            cell(figures.figure(outcome, "files"), pen.number),
            cell(figures.figure(outcome, "bytes"), pen.size),
            cell(figures.figure(outcome, "bytes_added"), pen.size),
            pen.duration(figures.duration(outcome)),
        ),
    )
