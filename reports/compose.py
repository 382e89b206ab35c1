"""What all letters on a run have in common: the page around what one duty has to say.

Verdict first, in one sentence; then what changed, the figures, the clients in trouble, all
clients, and the evidence.  A duty supplies a `Wording`; the order is the same in every letter.
"""

from collections.abc import Callable
from dataclasses import dataclass

from baozhang.catalog.model import Duty, Outcome, Run
from baozhang.errors import UsageError
from reports import figures, telling
from reports.render import Fact, Letter, Page, Row, render
from reports.writing import Pen

MOST_ROWS = 200  # rows of the table of all clients; the catalog holds the rest


@dataclass(frozen=True, slots=True)
class Wording:
    """What one duty says of a run, already in the letter's language."""

    duty: Duty
    kind: str
    title: str
    well: str  # the verdict when every client is well
    nobody: str  # the verdict when no client was handled
    figures: tuple[Fact, ...]
    heads: tuple[str, ...]
    row: Callable[[Outcome], Row]


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is asked of a letter beside its run."""

    number: int
    previous: Run | None
    audience: str
    sample: bool


def compose(run: Run, wording: Wording, envelope: Envelope, pen: Pen) -> Letter:
    """Return the letter of a run.

    Raises:
        UsageError: the run is of another duty than the letter.
    """
    if run.duty != wording.duty:
        raise UsageError(
            "a letter on {expected} cannot report the {duty} run {run}",
            expected=wording.duty,
            duty=run.duty,
            run=run.id,
        )
    page = _page(run, wording, envelope, pen)
    return render(page, template=wording.duty, language=pen.language)


def _page(run: Run, wording: Wording, envelope: Envelope, pen: Pen) -> Page:
    cards, cards_more = telling.troubled(run, pen)
    notes, notes_more = telling.notes(run, pen)
    changes, changes_note = telling.changes(run, envelope.previous, pen)
    shown = figures.worst_first(run.outcomes)[:MOST_ROWS]
    audience = telling.audience_word(envelope.audience, pen)
    return Page(
        kind=wording.kind,
        number=envelope.number,
        audience=envelope.audience,
        title=wording.title,
        day=pen.day(run.day),
        sample=envelope.sample,
        verdict=telling.mark(figures.verdict(run), pen),
        sentence=_sentence(run, wording, pen),
        advice="" if figures.client_outcomes(run) else _advice(pen),
        changes=changes,
        changes_note=changes_note,
        tally=telling.tally(run, pen),
        figures=wording.figures,
        troubled=cards,
        troubled_more=cards_more,
        notes=notes,
        notes_more=notes_more,
        heads=wording.heads,
        rows=tuple(wording.row(outcome) for outcome in shown),
        rows_more=_left_out(len(shown), len(run.outcomes), pen),
        evidence=telling.evidence(run, envelope.number, audience, pen),
        fingerprint=figures.fingerprint(run),
        subject=telling.subject(run, wording.title, envelope.number, pen, sample=envelope.sample),
    )


def _sentence(run: Run, wording: Wording, pen: Pen) -> str:
    own = telling.own_sentence(run, pen)
    if not figures.client_outcomes(run):
        return wording.nobody + own
    return wording.well if not run.troubled else telling.count_sentence(run, pen) + own


def _advice(pen: Pen) -> str:
    return pen.gettext(
        "Find out whether any client was due and whether the schedule names them; "
        "then run this duty again."
    )


def _left_out(shown: int, everything: int, pen: Pen) -> str:
    if shown == everything:
        return ""
    return pen.gettext(
        "%(shown)s of %(all)s rows are shown, the worst first.",
        shown=pen.number(shown),
        all=pen.number(everything),
    )


def count_facts(run: Run, pen: Pen, labels: tuple[tuple[str, str], ...]) -> tuple[Fact, ...]:
    """Return the totals of the named figures under their labels, those that were reported."""
    write = {"bytes": pen.size, "bytes_added": pen.size}
    known = ((label, named, figures.total(run, named)) for named, label in labels)
    return tuple(
        Fact(label, write.get(named, pen.number)(value))
        for label, named, value in known
        if value is not None
    )


def client_fact(run: Run, pen: Pen) -> Fact:
    """Return how many clients the run handled."""
    return Fact(pen.gettext("Clients"), pen.number(len(figures.clients(run))))


def set_fact(run: Run, pen: Pen) -> Fact:
    """Return how many of their sets the run handled."""
    return Fact(pen.gettext("Backup sets"), pen.number(len(figures.client_outcomes(run))))


def time_facts(run: Run, pen: Pen) -> tuple[Fact, ...]:
    """Return how long the run took, and who took longest."""
    worked, slow = figures.span(run), figures.slowest(run)
    if worked is None or slow is None:
        return ()
    parts = (telling.called(figures.name(slow), pen), pen.duration(figures.duration(slow)))
    return (
        Fact(pen.gettext("Time taken"), pen.duration(worked[1] - worked[0])),
        Fact(pen.gettext("Longest"), pen.gettext(", ").join(parts)),
    )


def number_cell(value: int | None, write: Callable[[int], str]) -> str:
    """Return a figure as a cell; a dash where it was not reported."""
    return "–" if value is None else write(value)
