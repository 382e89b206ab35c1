"""The verification report: what was read back from the vault, and what is damaged."""

from baozhang.catalog.model import Outcome, Run
from baozhang.masking import Gate
from baozhang.words import CHINESE
from reports import compose, figures, telling
from reports.page import Letter, Row
from reports.writing import Pen, pen


def render_validation(
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
    """Return the letter on a verification of the vault's bytes.

    Raises:
        UsageError: a language without letters, or a run that is no validation.
    """
    writer = pen(language)
    envelope = compose.Envelope(number, previous, audience, sample, gate, pdf)
    return compose.compose(run, _wording(run, writer), envelope, writer)


def _wording(run: Run, pen: Pen) -> compose.Wording:
    labels = (
        ("objects", pen.gettext("Objects read")),
        ("bytes", pen.gettext("Data read")),
        ("damaged", pen.gettext("Damaged objects")),
    )
    everybody = len(figures.clients(run))
    return compose.Wording(
        duty="validation",
        kind="validation",
        title=pen.gettext("Integrity verification"),
        well=pen.ngettext(
            "The one client's backups were read and are intact.",
            "The backups of all %(n)s clients were read and are intact.",
            everybody,
        ),
        nobody=pen.gettext("No client was handled: nothing was verified."),
        figures=(
            compose.client_fact(run, pen),
            *compose.count_facts(run, pen, labels),
            *compose.time_facts(run, pen),
        ),
        heads=(pen.gettext("Objects"), pen.gettext("Data read"), pen.gettext("Took")),
        row=lambda outcome: _row(outcome, pen),
    )


def _row(outcome: Outcome, pen: Pen) -> Row:
    cell = compose.number_cell
    return Row(
        name=telling.called(figures.name(outcome), pen),
        mark=telling.mark(outcome.status, pen),
        cells=(
            cell(figures.figure(outcome, "objects"), pen.number),
            cell(figures.figure(outcome, "bytes"), pen.size),
            pen.duration(figures.duration(outcome)),
        ),
    )
