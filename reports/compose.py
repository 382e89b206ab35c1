"""What all letters on a run have in common: the page around what one duty has to say.

Verdict first, in one sentence; then what changed, the figures, the clients in trouble, all
clients, and the evidence.  A duty supplies a `Wording`; the order is the same in every letter.
"""

from collections.abc import Callable
from dataclasses import dataclass

from baozhang.catalog.model import Duty, Outcome, Run
from baozhang.errors import UsageError
from baozhang.masking import Gate
from reports import figures, telling
from reports.page import Cards, Fact, Letter, Page, Pairs, Row, Section, Table, Tally
from reports.render import render
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
    gate: Gate | None = None
    pdf: bool = False


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
    return render(
        page, template=wording.duty, language=pen.language, gate=envelope.gate, pdf=envelope.pdf
    )


def _page(run: Run, wording: Wording, envelope: Envelope, pen: Pen) -> Page:
    reader = telling.audience_word(envelope.audience, pen)
    number, sample = envelope.number, envelope.sample
    worked = figures.span(run)
    return Page(
        kind=wording.kind,
        number=number,
        language=pen.language,
        audience=envelope.audience,
        reader=reader,
        title=wording.title,
        period=pen.day(run.day),
        sample=sample,
        verdict=telling.mark(figures.verdict(run), pen),
        sentence=_sentence(run, wording, pen),
        advice="" if figures.client_outcomes(run) else _advice(pen),
        sections=_sections(run, wording, envelope.previous, pen),
        evidence=Pairs(pen.gettext("Evidence"), telling.evidence(run, number, reader, pen)),
        fingerprint=figures.fingerprint(run),
        subject=telling.subject(run, wording.title, number, pen, sample=sample),
        as_of=worked[1] if worked else None,
        file_name=file_name(wording.title, number, run.day.isoformat(), pen, sample=sample),
    )


def file_name(title: str, number: int, period: str, pen: Pen, *, sample: bool) -> str:
    """Return the name of a letter's PDF, without its ending."""
    words = [pen.gettext("SAMPLE")] if sample else []
    return "_".join([*words, title, f"{number:06d}", period])


def _sections(run: Run, wording: Wording, previous: Run | None, pen: Pen) -> tuple[Section, ...]:
    rows = figures.worst_first(run.outcomes)[:MOST_ROWS]
    cards: list[Section] = [
        Cards(heading, *told)
        for heading, told in (
            (pen.gettext("Needs attention"), telling.troubled(run, pen)),
            (pen.gettext("Worth knowing"), telling.notes(run, pen)),
        )
        if told[0]
    ]
    table = Table(
        heading=pen.gettext("All clients"),
        first=pen.gettext("Client"),
        heads=wording.heads,
        rows=tuple(map(wording.row, rows)),
        more=_left_out(len(rows), len(run.outcomes), pen),
    )
    return (
        Pairs(pen.gettext("What changed"), *telling.changes(run, previous, pen)),
        Tally(pen.gettext("Figures"), telling.tally(run, pen), wording.figures),
        *cards,
        *([table] if rows else []),
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
