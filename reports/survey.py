"""The letter that asks a client (客户满意度调查): the questions, a code to answer with, three ways.

    scan or open the page     with the code in the link
    reply to the letter       with the figures and the code
    tell it by telephone      with the code

The code stands for the client, so that no page needs a name.  Without a page the letter works by
reply and telephone.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from baozhang.governance.voice.records import WaveKind
from baozhang.governance.voice.rules import Question, asked_in
from baozhang.masking import Gate
from baozhang.settings import LetterKind
from baozhang.words import CHINESE, say
from reports import qr
from reports.canonical import canonical, fingerprint
from reports.page import Fact, Inline, Letter, Mark, Page, Pairs, Section, Words
from reports.plaintext import clean
from reports.render import render
from reports.writing import Pen, pen

KIND: Final[LetterKind] = "survey"
PLACE = "{code}"  # where a page wants the code in its address; else it is added as `code=`

TITLE_TEMPLATES: dict[WaveKind, str] = {
    "half-yearly": "Are you content with us?",
    "after-incident": "How did you find our help?",
}
SENTENCE_TEMPLATES: dict[WaveKind, str] = {
    "half-yearly": "From time to time we ask our clients how they find our work. Four questions, "
    "two minutes; your answer until {day} helps us to do better.",
    "after-incident": "Some time ago your accounting data was hit by an incident. We should like "
    "to know how you found our help, and how you find us now. Four questions, two minutes, until "
    "{day}.",
}


@dataclass(frozen=True, slots=True)
class Survey:
    """What one client is asked.

    Attributes:
        version, form: of the questions, and their hash.
        page: address of the agency's own page; "": there is none.
        line: whom to call or write to; "": the settings say nothing.
        reminder: it was asked before and has not answered.
        names: of the client: what its own letter may show.
    """

    wave: str
    kind: WaveKind
    client: str
    agency: str
    lead: str
    line: str
    code: str
    version: str
    form: str
    page: str
    asked: date
    closes: date
    at: datetime
    reminder: bool = False
    sample: bool = False
    names: tuple[str, ...] = ()

    @property
    def link(self) -> str:
        """The page's address with the client's code; "": there is no page."""
        if not self.page:
            return ""
        if PLACE in self.page:
            return self.page.replace(PLACE, self.code)
        return f"{self.page}{'&' if '?' in self.page else '?'}code={self.code}"


@dataclass(frozen=True, slots=True)
class SurveyPage(Page):
    """A page with a code to scan."""

    code: qr.Code | None = None


def value_of(survey: Survey) -> str:
    """Return what the letter's hash is made over; the code's own secret is kept out of the file."""
    return canonical(KIND, replace(survey, code="", names=()))


def render_survey(
    survey: Survey,
    *,
    number: int,
    language: str = CHINESE,
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the letter to one client.

    Raises:
        UsageError: a language without letters, or questions that are not the wave's.
    """
    page = _page(survey, number, pen(language))
    letter = render(page, template="survey", language=language, gate=gate, pdf=pdf)
    if page.code is None:
        return letter
    alt = say("Code to scan: {link}", spoken=language, link=page.code.link)
    picture = Inline(_cid(page.fingerprint), page.code.png, alt)
    return replace(letter, pictures=(*letter.pictures, picture))


def _cid(digest: str) -> str:
    return f"qr.{digest[:16]}@baozhang"


def _page(survey: Survey, number: int, pen: Pen) -> SurveyPage:
    language = pen.language
    title = say(TITLE_TEMPLATES[survey.kind], spoken=language)
    day = pen.day(survey.closes)
    subject = say("{title} ({agency})", spoken=language, title=title, agency=survey.agency)
    if survey.reminder:
        subject = say("A reminder: {subject}", spoken=language, subject=subject)
    return SurveyPage(
        kind=KIND,
        number=number,
        language=language,
        audience="client",
        reader=say("our client", spoken=language),
        title=title,
        period=say("until {day}", spoken=language, day=day),
        sample=survey.sample,
        verdict=Mark("inconclusive", say("we ask for your view", spoken=language)),
        sentence=say(SENTENCE_TEMPLATES[survey.kind], spoken=language, day=day),
        sections=tuple(_sections(survey, pen)),
        evidence=_evidence(survey, number, pen),
        fingerprint=fingerprint(value_of(survey)),
        subject=pen.gettext("[SAMPLE] %(subject)s", subject=subject) if survey.sample else subject,
        as_of=survey.at,
        file_name=f"{KIND}-{survey.wave}-{survey.client}-{number:06d}",
        names=survey.names,
        code=qr.draw(survey.link) if survey.link else None,
    )


def _sections(survey: Survey, pen: Pen) -> list[Section]:
    language = pen.language
    found: list[Section] = []
    if survey.reminder:
        words = say(
            "We asked you some days ago and have no answer yet. This is the only reminder.",
            spoken=language,
        )
        found.append(Words(say("Once more", spoken=language), (words,)))
    return [*found, _ways(survey, pen), _questions(survey, pen)]


def _ways(survey: Survey, pen: Pen) -> Pairs:
    language = pen.language
    facts = [Fact(say("Your reference code", spoken=language), survey.code)]
    if survey.link:
        facts.append(Fact(say("On our page", spoken=language), survey.link))
    reply = say("answer this letter with the numbers and the code", spoken=language)
    facts.append(Fact(say("By mail", spoken=language), reply))
    call = survey.line or say("your accountant, {lead}", spoken=language, lead=survey.lead)
    facts.append(Fact(say("By telephone", spoken=language), clean(call)))
    return Pairs(say("How to answer", spoken=language), tuple(facts))


def _questions(survey: Survey, pen: Pen) -> Words:
    asked = asked_in(survey.version, survey.form).questions
    lines = tuple(_line(n, each, pen.language) for n, each in enumerate(asked, 1))
    return Words(say("The questions", spoken=pen.language), lines)


def _line(number: int, question: Question, language: str) -> str:
    chinese = language == CHINESE
    asks, scale = question.asks, question.scale
    return say(
        "{number}. {asks} ({scale})",
        spoken=language,
        number=number,
        asks=asks.zh if chinese else asks.en,
        scale=scale.zh if chinese else scale.en,
    )


def _evidence(survey: Survey, number: int, pen: Pen) -> Pairs:
    language = pen.language
    facts = (
        Fact(say("number of this letter", spoken=language), f"{KIND}/{number:06d}"),
        Fact(say("round", spoken=language), survey.wave),
        Fact(say("version of the questions", spoken=language), f"{survey.version} {survey.form}"),
    )
    return Pairs(say("Record", spoken=language), facts)
