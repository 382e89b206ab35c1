"""The post-incident review (事后复盘报告): what happened, why, and what is done about it.

Facts come from the journal.  Causes, lessons and actions are people's words, under their ids; what
nobody wrote stands as not filled in yet.  Until somebody signed, it is a draft.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from baozhang.catalog.model import Status
from baozhang.incidents.review import Part
from baozhang.masking import Gate
from baozhang.words import CHINESE
from reports import recovery, recovery_legal
from reports import recovery_value as words
from reports.page import Fact, Letter, Mark, Pairs, Row, Section, Table, Words
from reports.plaintext import clean
from reports.recovery_value import Envelope, Recovery, Said
from reports.writing import Pen, pen

KIND: Final = "review"
FACTOR = 2  # a restore that took this many times its plan is a fact to talk about


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody wrote under one heading."""

    part: Part
    text: str
    by: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """One action; `overdue`: days, none where it is done."""

    number: int
    text: str
    owner: str
    due: date
    done: datetime | None
    overdue: int


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed what."""

    person: str
    at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class ReviewTold:
    """All that the review reports."""

    recovery: Recovery
    led_by: str
    entries: tuple[Written, ...]
    tasks: tuple[Task, ...]
    signed: Signed | None

    def of(self, part: Part) -> tuple[Written, ...]:
        """Return what was written under one heading."""
        return tuple(each for each in self.entries if each.part == part)


def status(value: ReviewTold) -> Status:
    """Return `ok` for a signed review without open actions; unsigned it is not known."""
    if value.signed is None:
        return "inconclusive"
    return "ok" if all(each.done for each in value.tasks) else "partial"


def render_review(
    value: ReviewTold,
    *,
    number: int,
    language: str = CHINESE,
    audience: str = "manager",
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the review of an incident or a drill.

    Raises:
        UsageError: a language without letters.
    """
    writer, recovered = pen(language), value.recovery
    said = Said(
        template="review",
        title=words.title_of(recovered, writer.gettext("Post-incident review"), writer),
        reader=writer.gettext("management, approvers and auditors"),
        verdict=_mark(value, writer),
        sentence=_sentence(value, writer),
        news=_news(value, writer),
        sections=tuple(_sections(value, writer)),
        more_evidence=_signature(value, writer),
        subject_of=value,
    )
    return words.letter(recovered, said, Envelope(KIND, number, audience, gate, pdf), writer)


def _mark(value: ReviewTold, pen: Pen) -> Mark:
    found = status(value)
    told: dict[Status, str] = {
        "ok": pen.gettext("Signed"),
        "partial": pen.gettext("Signed, actions open"),
        "failed": pen.gettext("Draft"),
        "inconclusive": pen.gettext("Draft"),
    }
    return Mark(found, told[found])


def _news(value: ReviewTold, pen: Pen) -> str:
    if value.signed is None:
        return pen.gettext("not signed yet")
    left = sum(each.done is None for each in value.tasks)
    return pen.ngettext("%(n)s action open", "%(n)s actions open", left)


def _sentence(value: ReviewTold, pen: Pen) -> str:
    root, unfilled = value.of("root"), pen.gettext("not filled in yet")
    told = pen.gettext("Root cause: %(cause)s", cause=root[0].text if root else unfilled)
    if not told.endswith(("。", ".")):
        told += pen.gettext(".")
    if value.signed is None:
        return told + pen.gettext(" Nobody has signed this: it is a draft.")
    return told + pen.gettext(
        " Signed by %(who)s on %(day)s.",
        who=value.signed.person,
        day=pen.instant(value.signed.at)[:10],
    )


def _signature(value: ReviewTold, pen: Pen) -> tuple[Fact, ...]:
    if value.signed is None:
        return (Fact(pen.gettext("Signature"), pen.gettext("none")),)
    return (
        Fact(
            pen.gettext("Signature"),
            pen.gettext(
                "%(who)s, %(at)s, by one-time code",
                who=value.signed.person,
                at=pen.instant(value.signed.at),
            ),
        ),
        Fact(pen.gettext("Hash of what was signed"), value.signed.digest),
    )


def _sections(value: ReviewTold, pen: Pen) -> list[Section]:
    recovered = value.recovery
    return [
        Pairs(pen.gettext("Promised and measured"), recovery.figures(recovered, pen)),
        recovery_legal.moments(recovered, pen),
        *recovery.pictures(recovered, pen),
        Words(pen.gettext("Facts to talk about"), tuple(observations(recovered, pen))),
        _heading("why", pen.gettext("Five times why"), value, pen),
        _heading("root", pen.gettext("Root cause"), value, pen),
        _heading("well", pen.gettext("What went well"), value, pen),
        _heading("badly", pen.gettext("What went badly"), value, pen),
        _heading("lesson", pen.gettext("Lessons"), value, pen),
        _actions(value, pen),
        _heading("plan", pen.gettext("Proposed changes to the emergency plan"), value, pen),
        _heading("risk", pen.gettext("Proposed changes to the risk register"), value, pen),
        _heading("training", pen.gettext("Proposed changes to training"), value, pen),
    ]


def _heading(part: Part, heading: str, value: ReviewTold, pen: Pen) -> Words:
    """Return what people wrote under a heading, or that nobody has."""
    found = value.of(part)
    if not found:
        return Words(heading, (pen.gettext("Not filled in yet."),))
    numbered = len(found) > 1 or part == "why"
    return Words(
        heading,
        tuple(
            (f"{n}. " if numbered else "") + _entry(each, pen) for n, each in enumerate(found, 1)
        ),
    )


def _entry(each: Written, pen: Pen) -> str:
    if not each.evidence:
        return pen.gettext("%(text)s (%(who)s)", text=each.text, who=each.by)
    return pen.gettext(
        "%(text)s (%(who)s; evidence: %(links)s)",
        text=each.text,
        who=each.by,
        links=pen.gettext(", ").join(each.evidence),
    )


def _actions(value: ReviewTold, pen: Pen) -> Section:
    heading = pen.gettext("Actions")
    if not value.tasks:
        return Words(heading, (pen.gettext("Not filled in yet."),))
    return task_table(heading, value.recovery.timeline.incident, value.tasks, pen)


def task_table(heading: str, incident: str, tasks: tuple[Task, ...], pen: Pen) -> Table:
    """Return actions in rows, each with its words below."""
    return Table(
        heading=heading,
        first=pen.gettext("Action"),
        heads=(pen.gettext("Owner"), pen.gettext("Due")),
        rows=tuple(task_row(f"{incident} #{each.number}", each, pen) for each in tasks),
    )


def task_row(name: str, each: Task, pen: Pen) -> Row:
    """Return one action; late is never shown as well."""
    mark = Mark("partial", pen.gettext("Open"))
    if each.done:
        mark = Mark("ok", pen.gettext("Done"))
    elif each.overdue > 0:
        mark = Mark("failed", pen.gettext("Overdue"))
    return Row(
        name,
        mark,
        (clean(each.owner, 40), each.due.isoformat()),
        (each.text, *([_done(each.done, pen)] if each.done else [])),
    )


def _done(at: datetime, pen: Pen) -> str:
    return pen.gettext("done on %(day)s", day=pen.instant(at)[:10])


def observations(value: Recovery, pen: Pen) -> list[str]:
    """Return what the figures say by themselves; what it means is for people to write."""
    return [*_times(value, pen), *_trouble(value, pen), *words.gap_sentences(value, pen)]


def _times(value: Recovery, pen: Pen) -> list[str]:
    line, told = value.timeline, []
    if line.rto is not None:
        told.append(
            pen.gettext(
                "The recovery time objective was %(how)s: %(took)s of %(objective)s.",
                how=pen.gettext("met") if value.met else pen.gettext("missed"),
                took=pen.duration(line.rto),
                objective=pen.duration(value.objective),
            )
        )
        share = round(100 * (line.waited / line.rto)) if line.rto else 0
        told.append(
            pen.gettext(
                "%(time)s of it passed waiting for approvals, %(share)s%%.",
                time=pen.duration(line.waited),
                share=pen.number(share),
            )
        )
    if line.planned and line.measured and line.measured > FACTOR * line.planned:
        told.append(
            pen.gettext(
                "The restores took more than %(factor)s times what was planned.",
                factor=pen.number(FACTOR),
            )
        )
    answered = line.between("opened", "acknowledged")
    if answered is not None:
        told.append(
            pen.gettext("Until somebody answered the call: %(time)s.", time=_after(answered, pen))
        )
    return told


def _after(time: timedelta, pen: Pen) -> str:
    return pen.duration(max(time, timedelta()))


def _trouble(value: Recovery, pen: Pen) -> list[str]:
    line, told = value.timeline, []
    if line.again:
        told.append(
            pen.ngettext(
                "%(n)s step had to be begun again.",
                "%(n)s steps had to be begun again.",
                len(line.again),
            )
        )
    if line.struck:
        told.append(
            pen.gettext(
                "Backup points turned out damaged: %(points)s.",
                points=words.listed(line.struck, pen),
            )
        )
    if line.plans > 1:
        told.append(pen.gettext("%(n)s plans were needed.", n=pen.number(line.plans)))
    refused = sum(each.word == "refuse" for each in line.words)
    if refused:
        told.append(pen.gettext("Refused at a gate: %(n)s.", n=pen.number(refused)))
    return told
