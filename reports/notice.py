"""Notices as letters: whom one is for, its page, and how its words become what is approved.

News ──► client's | official ──► Page ──► HTML, text, PDF
                                   └──► words: what a person approves, as a hash
"""

import hashlib
import json
from dataclasses import dataclass

from baozhang import __version__
from baozhang.incidents.notices import CLIENTS, News
from baozhang.masking import Gate
from baozhang.policies.law.register import load_register
from baozhang.settings import LetterKind
from baozhang.words import CHINESE, ENGLISH
from reports.compose import file_name
from reports.notice_client import Desk, Said, client_notice
from reports.notice_official import Sender, official_notice
from reports.notice_words import Voice
from reports.page import Fact, Letter, Page, Pairs
from reports.plaintext import clean
from reports.render import render
from reports.writing import pen

KIND: LetterKind = "notice"
UNNUMBERED = 0  # of a draft


@dataclass(frozen=True, slots=True)
class Addressed:
    """From whom, to whom.

    Attributes:
        to: who receives it, by name; "" where the settings do not say.
        lead: the client's accountant in charge, by name.
        allowed: names and numbers of client and agency that this letter may show.
    """

    agency: str
    credit_code: str
    to: str
    reference: str
    lead: str
    line: str
    allowed: tuple[str, ...]
    sample: bool


def fingerprint(news: News) -> str:
    """Return the SHA-256 of what a letter reports: canonical JSON of the news."""
    text = json.dumps(news.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def canonical(news: News) -> str:
    """Return the news as canonical JSON, for the library."""
    return json.dumps(news.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))


def words_of(news: News, to: Addressed, gate: Gate | None) -> str:
    """Return the SHA-256 of reader and words in both languages, before there is a number."""
    texts = (
        render_notice(news, to, number=UNNUMBERED, language=language, gate=gate).text
        for language in (CHINESE, ENGLISH)
    )
    return hashlib.sha256("\f".join((to.to, *texts)).encode("utf-8", "replace")).hexdigest()


def render_notice(
    news: News,
    to: Addressed,
    *,
    number: int,
    language: str = CHINESE,
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return one notice.

    Raises:
        UsageError: a language without letters.
    """
    page = _page(news, to, number, Voice(pen(language)))
    return render(page, template="notice", language=language, gate=gate, pdf=pdf)


def _page(news: News, to: Addressed, number: int, voice: Voice) -> Page:
    said = _said(news, to, voice)
    title = _marked(said.title, news, voice)
    return Page(
        kind=KIND,
        number=number,
        language=voice.pen.language,
        audience=news.notice,
        reader=clean(to.to, 80) or voice.blank(voice.say("name of the authority in charge")),
        title=title,
        period=voice.say("as of {at}", at=voice.moment(news.at)),
        sample=to.sample or bool(news.drill),
        verdict=said.mark,
        sentence=said.sentence,
        advice=said.advice,
        sections=said.sections,
        evidence=_evidence(news, to, number, voice),
        fingerprint=fingerprint(news),
        subject=_subject(said, title, news, number, voice, sample=to.sample),
        file_name=file_name(said.title, number, news.incident, voice.pen, sample=to.sample),
        as_of=news.at,
        names=to.allowed,
    )


def _said(news: News, to: Addressed, voice: Voice) -> Said:
    if news.notice == CLIENTS:
        desk = Desk(clean(to.agency, 80), clean(to.lead, 80), clean(to.line, 200))
        return client_notice(news, desk, voice)
    sender = Sender(
        agency=clean(to.agency, 80),
        credit_code=to.credit_code,
        reference=clean(to.reference, 80),
        line=clean(to.line, 200),
    )
    return official_notice(news, sender, load_register(), voice)


def _marked(title: str, news: News, voice: Voice) -> str:
    return voice.say("[DRILL] {title}", title=title) if news.drill else title


def _subject(said: Said, title: str, news: News, number: int, voice: Voice, *, sample: bool) -> str:
    subject = voice.say(
        "[{mark}] {title} ({incident}, no. {number})",
        mark=said.mark.word,
        title=title,
        incident=news.incident,
        number=f"{number:06d}",
    )
    return voice.pen.gettext("[SAMPLE] %(subject)s", subject=subject) if sample else subject


def _evidence(news: News, to: Addressed, number: int, voice: Voice) -> Pairs:
    pen = voice.pen
    facts = (
        Fact(pen.gettext("Letter number"), f"{number:06d}"),
        Fact(voice.say("From"), clean(to.agency, 80)),
        Fact(voice.say("Incident"), f"{news.incident} / {news.notice}-{news.number}"),
        Fact(voice.say("Drafted (Shanghai time)"), pen.instant(news.at)),
        Fact(pen.gettext("Software"), f"baozhang {__version__}"),
        Fact(pen.gettext("SHA-256 of the figures"), fingerprint(news)),
    )
    return Pairs(pen.gettext("Evidence"), facts)
