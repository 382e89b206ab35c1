"""The register of attestations (人工确认登记): who owes what, what is shown, what is overdue.

What nobody has shown is `not evidenced`; only what a second person accepted is green.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from baozhang import __version__
from baozhang.catalog.model import Status
from baozhang.governance.model import Words
from baozhang.governance.obligations import State, Theme
from baozhang.masking import Gate
from baozhang.settings import LetterKind
from baozhang.words import CHINESE, say
from reports.attestation import said
from reports.canonical import canonical, fingerprint
from reports.compose import file_name
from reports.page import (
    Chart,
    Fact,
    Letter,
    Mark,
    Page,
    Pairs,
    Picture,
    Row,
    Section,
    Series,
    Table,
    Tally,
)
from reports.page import Words as Paragraphs
from reports.render import render
from reports.writing import Pen, pen

KIND: Final[LetterKind] = "governance"
MOST_ROWS = 200

STATES: tuple[State, ...] = ("attested", "handed in", "due", "not evidenced", "overdue")
MARKS: dict[State, Status] = {
    "attested": "ok",
    "handed in": "partial",
    "due": "partial",
    "not evidenced": "inconclusive",
    "overdue": "failed",
}
STATE_TEMPLATES: dict[State, str] = {
    "attested": "attested",
    "handed in": "handed in, unchecked",
    "due": "due soon",
    "not evidenced": "not evidenced",
    "overdue": "overdue",
}
HEAD_TEMPLATES: dict[State, str] = {
    "attested": "shown",
    "handed in": "unchecked",
    "due": "soon",
    "not evidenced": "none yet",
    "overdue": "overdue",
}
"""The same over narrow columns."""
THEME_TEMPLATES: dict[Theme, str] = {
    "training": "Training: plans, attendance, results",
    "hand-offs": "Hand-offs between departments",
    "support": "Technical support and documentation",
    "partners": "Partners and vendors",
    "staff": "Staff and recognition",
    "outside": "Market, research, brand, social responsibility",
    "contracts": "Contracts and insurance",
    "operations": "Continuity, risk and operations",
}
SHORT_TEMPLATES: dict[Theme, str] = {
    "training": "training",
    "hand-offs": "hand-offs",
    "support": "support",
    "partners": "partners",
    "staff": "staff",
    "outside": "outside",
    "contracts": "contracts",
    "operations": "operations",
}
WORST_FIRST: tuple[State, ...] = ("overdue", "not evidenced", "due", "handed in", "attested")


@dataclass(frozen=True, slots=True)
class Line:
    """One obligation."""

    id: str
    title: Words
    theme: Theme
    owner: str  # id of a person; "": nobody
    state: State
    due: date | None
    effective: date | None  # of the newest that was not refused
    late: int = 0  # days


@dataclass(frozen=True, slots=True)
class Office:
    """What the office's own lists say; counts of rows.

    Attributes:
        response: median days until a hand-off was answered; None: none was.
    """

    courses: int = 0
    courses_over: int = 0
    courses_failed: int = 0
    handoffs: int = 0
    handoffs_open: int = 0
    response: int | None = None
    contracts: int = 0
    contracts_soon: int = 0
    contracts_over: int = 0
    vendors: int = 0
    vendors_poor: int = 0


@dataclass(frozen=True, slots=True)
class Governance:
    """What one letter reports.

    Attributes:
        refused: hand-ins that lie in the drop folder and could not be taken.
        altered: attestations whose proof is gone or was changed; unknown: whose check the audit
            log does not know; own: checked by who handed them in.  Ids.
    """

    day: date
    at: datetime
    lines: tuple[Line, ...]
    office: Office
    refused: int = 0
    altered: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    sample: bool = False

    def of(self, state: State) -> tuple[Line, ...]:
        """Return the lines of one state."""
        return tuple(each for each in self.lines if each.state == state)

    @property
    def broken(self) -> tuple[str, ...]:
        """Attestations that were changed by hand, or whose proof was."""
        return tuple(dict.fromkeys((*self.altered, *self.unknown, *self.own)))


def status(value: Governance) -> Status:
    """Return how governance stands; well only where everything is attested and sound."""
    if value.of("overdue") or value.broken:
        return "failed"
    attested = len(value.of("attested"))
    return "ok" if value.lines and attested == len(value.lines) else "inconclusive"


def render_governance(
    value: Governance,
    *,
    number: int,
    language: str = CHINESE,
    audience: str = "manager",
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the register's letter.

    Raises:
        UsageError: a language without letters.
    """
    page = _page(value, number, audience, pen(language))
    return render(page, template="governance", language=language, gate=gate, pdf=pdf)


VERDICT_TEMPLATES: dict[Status, str] = {
    "ok": "all attested",
    "inconclusive": "not all evidenced",
    "failed": "overdue or not sound",
}


def _page(value: Governance, number: int, audience: str, pen: Pen) -> Page:
    spoken, period = pen.language, value.day.isoformat()
    title = say("Register of attestations", spoken=spoken)
    word = say(VERDICT_TEMPLATES[status(value)], spoken=spoken)
    subject = say(
        "[{word}] {title} {day}: {overdue} overdue, {attested} of {all} attested "
        "(Baozhang no. {number})",
        spoken=spoken,
        word=word,
        title=title,
        day=period,
        overdue=len(value.of("overdue")),
        attested=len(value.of("attested")),
        all=len(value.lines),
        number=f"{number:06d}",
    )
    return Page(
        kind=KIND,
        number=number,
        language=spoken,
        audience=audience,
        reader=say("managers and approvers", spoken=spoken),
        title=title,
        period=pen.day(value.day),
        sample=value.sample,
        verdict=Mark(status(value), word),
        sentence=_sentence(value, spoken),
        sections=tuple(_sections(value, pen)),
        evidence=_evidence(value, number, pen),
        fingerprint=fingerprint(canonical(KIND, value)),
        subject=pen.gettext("[SAMPLE] %(subject)s", subject=subject) if value.sample else subject,
        as_of=value.at,
        file_name=file_name(title, number, period, pen, sample=value.sample),
    )


def _sentence(value: Governance, spoken: str) -> str:
    if value.broken:
        return say(
            "{count} attestations do not hold any more: a proof or a row was changed.",
            spoken=spoken,
            count=len(value.broken),
        )
    return say(
        "{attested} of {all} obligations are attested, {overdue} are overdue, {nothing} are not "
        "evidenced yet.",
        spoken=spoken,
        attested=len(value.of("attested")),
        all=len(value.lines),
        overdue=len(value.of("overdue")),
        nothing=len(value.of("not evidenced")),
    )


def _sections(value: Governance, pen: Pen) -> Iterator[Section]:
    spoken = pen.language
    counts = tuple((_mark(state, spoken), len(value.of(state))) for state in STATES)
    yield Tally(say("How obligations stand", spoken=spoken), counts, tuple(_totals(value, spoken)))
    if broken := tuple(_broken(value, spoken)):
        yield Paragraphs(say("Does not hold any more", spoken=spoken), broken)
    for heading, state in (
        (say("Overdue", spoken=spoken), "overdue"),
        (say("Due in the next two weeks", spoken=spoken), "due"),
        (say("Waits for a second person", spoken=spoken), "handed in"),
    ):
        lines = [each for each in value.lines if each.state == state]
        if lines:
            yield _listed(heading, lines, pen)
    yield _by_theme(value, pen)
    yield _picture(value, pen)
    yield _by_owner(value, pen)
    yield Pairs(say("What the office's lists say", spoken=spoken), tuple(_office(value, pen)))
    yield _listed(say("All obligations", spoken=spoken), _worst_first(value.lines), pen)


def _totals(value: Governance, spoken: str) -> Iterator[Fact]:
    yield Fact(say("obligations", spoken=spoken), str(len(value.lines)))
    nobody = sum(not each.owner for each in value.lines)
    if nobody:
        yield Fact(say("nobody answers for", spoken=spoken), str(nobody))
    if value.refused:
        yield Fact(say("hand-ins that could not be taken", spoken=spoken), str(value.refused))


BROKEN_TEMPLATES = {
    "altered": "A proof is gone or was changed: {ids}. It counts for nothing; have it handed in "
    "again.",
    "unknown": "Called accepted, and the audit log knows of no check: {ids}. Have it checked.",
    "own": "Checked by who handed it in: {ids}. It counts for nothing.",
}


def _broken(value: Governance, spoken: str) -> Iterator[str]:
    for name, ids in (("altered", value.altered), ("unknown", value.unknown), ("own", value.own)):
        if ids:
            yield say(BROKEN_TEMPLATES[name], spoken=spoken, ids=", ".join(ids))


def _mark(state: State, spoken: str) -> Mark:
    return Mark(MARKS[state], say(STATE_TEMPLATES[state], spoken=spoken))


def _worst_first(lines: Sequence[Line]) -> list[Line]:
    def rank(each: Line) -> tuple[int, date, str]:
        return WORST_FIRST.index(each.state), each.due or date.max, each.id

    return sorted(lines, key=rank)


def _listed(heading: str, lines: Sequence[Line], pen: Pen) -> Table:
    spoken, shown = pen.language, lines[:MOST_ROWS]
    more = pen.gettext(
        "%(shown)s of %(all)s rows are shown, the worst first.",
        shown=pen.number(len(shown)),
        all=pen.number(len(lines)),
    )
    return Table(
        heading=heading,
        first=say("obligation", spoken=spoken),
        heads=(
            say("owner", spoken=spoken),
            say("due by", spoken=spoken),
            say("shown for", spoken=spoken),
        ),
        rows=tuple(_row(each, spoken) for each in shown),
        more=more if len(shown) < len(lines) else "",
    )


def _row(each: Line, spoken: str) -> Row:
    return Row(
        name=f"{said(each.title, spoken)} ({each.id})",
        mark=_mark(each.state, spoken),
        cells=(
            each.owner or say("no one", spoken=spoken),
            each.due.isoformat() if each.due else "–",
            each.effective.isoformat() if each.effective else "–",
        ),
    )


def _grouped(heading: str, first: str, groups: dict[str, list[Line]], pen: Pen) -> Table:
    spoken = pen.language
    return Table(
        heading=heading,
        first=first,
        heads=tuple(say(HEAD_TEMPLATES[state], spoken=spoken) for state in STATES),
        rows=tuple(
            Row(name=name, mark=_mark(_worst_first(lines)[0].state, spoken), cells=_counts(lines))
            for name, lines in groups.items()
        ),
    )


def _counts(lines: Sequence[Line]) -> tuple[str, ...]:
    found = Counter(each.state for each in lines)
    return tuple(str(found[state]) for state in STATES)


def _by_theme(value: Governance, pen: Pen) -> Table:
    spoken = pen.language
    groups = {
        say(template, spoken=spoken): [each for each in value.lines if each.theme == theme]
        for theme, template in THEME_TEMPLATES.items()
    }
    known = {name: lines for name, lines in groups.items() if lines}
    return _grouped(say("By theme", spoken=spoken), say("theme", spoken=spoken), known, pen)


def _by_owner(value: Governance, pen: Pen) -> Table:
    spoken, groups = pen.language, dict[str, list[Line]]()
    for each in sorted(value.lines, key=lambda line: line.owner):
        groups.setdefault(each.owner or say("no one", spoken=spoken), []).append(each)
    return _grouped(say("By owner", spoken=spoken), say("owner", spoken=spoken), groups, pen)


def _picture(value: Governance, pen: Pen) -> Picture:
    spoken = pen.language
    themes = [theme for theme in SHORT_TEMPLATES if any(e.theme == theme for e in value.lines)]
    ticks = tuple(say(SHORT_TEMPLATES[theme], spoken=spoken) for theme in themes)
    series = tuple(
        Series(
            say(STATE_TEMPLATES[state], spoken=spoken),
            tuple(sum(each.theme == theme for each in value.of(state)) for theme in themes),
        )
        for state in STATES
    )
    title = say("Obligations by theme and state", spoken=spoken)
    told = "; ".join(
        f"{tick}: " + ", ".join(f"{each.label} {each.values[place] or 0:g}" for each in series)
        for place, tick in enumerate(ticks)
    )
    chart = Chart("stacked", title, "", ticks, series, f"{title}. {told}")
    return Picture(title, chart)


def _office(value: Governance, pen: Pen) -> Iterator[Fact]:
    spoken, office = pen.language, value.office
    none = say("no row has been entered", spoken=spoken)
    yield Fact(
        say("Training", spoken=spoken),
        say(
            "{all} places, {over} not attended in time or run out, {failed} not passed",
            spoken=spoken,
            all=office.courses,
            over=office.courses_over,
            failed=office.courses_failed,
        )
        if office.courses
        else none,
    )
    yield Fact(say("Hand-offs", spoken=spoken), _handoffs(office, spoken) or none)
    yield Fact(
        say("Contracts and insurance", spoken=spoken),
        say(
            "{all} in force or run out, {soon} want a decision soon, {over} have run out",
            spoken=spoken,
            all=office.contracts,
            soon=office.contracts_soon,
            over=office.contracts_over,
        )
        if office.contracts
        else none,
    )
    yield Fact(
        say("Vendors", spoken=spoken),
        say(
            "{all} reviewed, {poor} with a poor mark",
            spoken=spoken,
            all=office.vendors,
            poor=office.vendors_poor,
        )
        if office.vendors
        else none,
    )


def _handoffs(office: Office, spoken: str) -> str:
    if not office.handoffs:
        return ""
    if office.response is None:
        return say("{all}, none of them answered", spoken=spoken, all=office.handoffs)
    return say(
        "{all}, {open} unanswered, half of the answers within {days} days",
        spoken=spoken,
        all=office.handoffs,
        open=office.handoffs_open,
        days=office.response,
    )


def _evidence(value: Governance, number: int, pen: Pen) -> Pairs:
    spoken = pen.language
    facts = (
        Fact(pen.gettext("Letter number"), f"{number:06d}"),
        Fact(say("registers", spoken=spoken), "attestations, requests, obligations, first-dues"),
        Fact(pen.gettext("Software"), f"baozhang {__version__}"),
        Fact(pen.gettext("SHA-256 of the figures"), fingerprint(canonical(KIND, value))),
        Fact(pen.gettext("Runbook"), say("docs/runbooks/governance.md", spoken=spoken)),
    )
    return Pairs(pen.gettext("Evidence"), facts)
