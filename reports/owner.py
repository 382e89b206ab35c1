"""Letters to one client: whom they are for, and the page that statement and certificate share."""

from dataclasses import dataclass
from datetime import datetime

from baozhang.masking import Gate
from reports.causes import evidence, period_words
from reports.compose import file_name
from reports.months import Month
from reports.page import Letter, Mark, Page, Pairs, Section
from reports.plaintext import clean
from reports.render import render
from reports.standing import ClientMonth
from reports.writing import Pen


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose data it is, and who keeps it; all that a letter to a client may name."""

    client: str  # id
    name: str
    credit_code: str  # "" where the site's files have none
    agency: str
    lead: str  # 主办会计, by name

    @property
    def names(self) -> tuple[str, ...]:
        """What the masking gate lets through."""
        return tuple(filter(None, (self.name, self.credit_code)))


@dataclass(frozen=True, slots=True)
class ClientLetter:
    """What a letter to one client reports."""

    month: Month
    at: datetime  # up to when it is told, UTC
    owner: Owner
    client: ClientMonth
    sample: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is asked of a letter beside what it reports."""

    number: int
    audience: str
    fingerprint: str
    gate: Gate | None
    pdf: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What one kind of letter says."""

    kind: str
    template: str
    title: str
    verdict: Mark
    sentence: str
    news: str  # the verdict in a few words without a name, for the subject
    sections: tuple[Section, ...]


def letter(value: ClientLetter, said: Said, envelope: Envelope, pen: Pen) -> Letter:
    """Return the letter to a client, with its name where the words ask for it."""
    reader = clean(value.owner.name, 80)
    number, period = envelope.number, str(value.month)
    subject = subject_line(said.verdict, said.title, period, said.news, number, pen)
    page = Page(
        kind=said.kind,
        number=number,
        language=pen.language,
        audience=envelope.audience,
        reader=reader,
        title=said.title,
        period=period_words(value.month, value.at, pen),
        sample=value.sample,
        verdict=said.verdict,
        sentence=said.sentence,
        sections=said.sections,
        evidence=Pairs(
            pen.gettext("Evidence"),
            evidence(number, reader, value.month, value.at, envelope.fingerprint, pen),
        ),
        fingerprint=envelope.fingerprint,
        subject=pen.gettext("[SAMPLE] %(subject)s", subject=subject) if value.sample else subject,
        file_name=file_name(said.title, number, period, pen, sample=value.sample),
        names=value.owner.names,
    )
    return render(
        page,
        template=said.template,
        language=pen.language,
        gate=envelope.gate,
        pdf=envelope.pdf,
    )


def subject_line(verdict: Mark, title: str, period: str, news: str, number: int, pen: Pen) -> str:
    """Return a subject: the verdict first, no name of anybody."""
    return pen.gettext(
        "[%(verdict)s] %(title)s %(day)s: %(news)s (Baozhang no. %(number)s)",
        verdict=verdict.word,
        title=title,
        day=period,
        news=news,
        number=f"{number:06d}",
    )
