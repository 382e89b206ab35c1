"""Open actions (整改事项) of reviews and drills: what is late, what is due, and whose it is.

To managers all of them; to an owner their own, once one is late.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from baozhang import __version__
from baozhang.catalog.model import Status
from baozhang.masking import Gate
from baozhang.words import CHINESE
from reports import canonical, telling
from reports.compose import file_name
from reports.owner import subject_line
from reports.page import Fact, Letter, Mark, Page, Pairs, Section, Table, Words
from reports.render import render
from reports.review import Task, task_row
from reports.writing import Pen, pen

KIND: Final = "actions"
MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """One open action, and the incident or drill that it follows from."""

    incident: str
    task: Task


@dataclass(frozen=True, slots=True)
class Actions:
    """What one letter on open actions reports.

    Attributes:
        owner: id of whose actions these are; "": of everybody.
        leavers: owners that are not of the agency any more.
    """

    day: date
    at: datetime
    owner: str
    listed: tuple[Listed, ...]
    leavers: tuple[str, ...] = ()
    sample: bool = False

    @property
    def late(self) -> tuple[Listed, ...]:
        """The actions whose day has passed."""
        return tuple(each for each in self.listed if each.task.overdue > 0)


def status(value: Actions) -> Status:
    """Return `ok` where nothing is late."""
    return "failed" if value.late else "ok"


def render_actions(
    value: Actions,
    *,
    number: int,
    language: str = CHINESE,
    audience: str = "manager",
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the letter on open actions.

    Raises:
        UsageError: a language without letters.
    """
    page = _page(value, number, audience, pen(language))
    return render(page, template="actions", language=language, gate=gate, pdf=pdf)


def _page(value: Actions, number: int, audience: str, pen: Pen) -> Page:
    title, period = pen.gettext("Open actions"), value.day.isoformat()
    reader = value.owner or telling.audience_word(audience, pen)
    hash_ = canonical.fingerprint(canonical.canonical(KIND, value))
    found = status(value)
    mark = Mark(found, pen.gettext("Overdue") if value.late else pen.gettext("In time"))
    news = pen.gettext(
        "%(late)s of %(all)s overdue",
        late=pen.number(len(value.late)),
        all=pen.number(len(value.listed)),
    )
    subject = subject_line(mark, title, period, news, number, pen)
    return Page(
        kind=KIND,
        number=number,
        language=pen.language,
        audience=audience,
        reader=reader,
        title=title,
        period=pen.day(value.day),
        sample=value.sample,
        verdict=mark,
        sentence=_sentence(value, pen),
        sections=_sections(value, pen),
        evidence=Pairs(
            pen.gettext("Evidence"),
            (
                Fact(pen.gettext("Letter number"), f"{number:06d}"),
                Fact(pen.gettext("Written for"), reader),
                Fact(pen.gettext("Software"), f"baozhang {__version__}"),
                Fact(pen.gettext("SHA-256 of the figures"), hash_),
                Fact(pen.gettext("Runbook"), pen.gettext("docs/runbooks/review.md")),
            ),
        ),
        fingerprint=hash_,
        subject=pen.gettext("[SAMPLE] %(subject)s", subject=subject) if value.sample else subject,
        as_of=value.at,
        file_name=file_name(title, number, period, pen, sample=value.sample),
    )


def _sentence(value: Actions, pen: Pen) -> str:
    if not value.late:
        return pen.ngettext(
            "%(n)s action is open, and none is overdue.",
            "%(n)s actions are open, and none is overdue.",
            len(value.listed),
        )
    return pen.gettext(
        "%(late)s of %(all)s open actions are overdue, the oldest by %(days)s.",
        late=pen.number(len(value.late)),
        all=pen.number(len(value.listed)),
        days=pen.ngettext("%(n)s day", "%(n)s days", max(each.task.overdue for each in value.late)),
    )


def _sections(value: Actions, pen: Pen) -> tuple[Section, ...]:
    shown = sorted(value.listed, key=lambda each: -each.task.overdue)[:MOST_ROWS]
    table = Table(
        heading=pen.gettext("Actions"),
        first=pen.gettext("Action"),
        heads=(pen.gettext("Owner"), pen.gettext("Due")),
        rows=tuple(
            task_row(f"{each.incident} #{each.task.number}", each.task, pen) for each in shown
        ),
        more=""
        if len(shown) == len(value.listed)
        else pen.gettext(
            "%(shown)s of %(all)s rows are shown, the worst first.",
            shown=pen.number(len(shown)),
            all=pen.number(len(value.listed)),
        ),
    )
    how = [
        pen.gettext(
            "When one is done: `baozhang review action done INCIDENT NUMBER --by YOUR-ID`, with "
            "evidence where there is some."
        )
    ]
    if value.leavers:
        how.append(
            pen.gettext(
                "Owners that are not of the agency any more: %(people)s. Give their actions to "
                "somebody else.",
                people=pen.gettext(", ").join(value.leavers),
            )
        )
    return (table, Words(pen.gettext("What to do"), tuple(how)))
