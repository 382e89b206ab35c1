"""The log of notices: whom the law wants told, who was told, when, and what shows that it arrived.

For those who answer for it, and for an auditor: written when nobody is left to be told.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from baozhang import __version__
from baozhang.catalog.model import Status
from baozhang.clock import SHANGHAI
from baozhang.masking import Gate
from baozhang.policies.law.register import load_register
from baozhang.settings import LetterKind
from baozhang.words import CHINESE
from reports.compose import file_name
from reports.notice_official import CONFIDENCE_TEMPLATES
from reports.notice_words import FACT_TEMPLATES, Voice, notice_word
from reports.page import Fact, Letter, Mark, Page, Pairs, Row, Section, Table, Words
from reports.plaintext import clean
from reports.render import render
from reports.writing import pen

KIND: LetterKind = "notice"
ANSWERED_TEMPLATES = {
    "yes": "yes, until {by}",
    "review": "not by number; a qualitative review is required",
    "unknown": "unknown until it is known: {missing}",
    "no": "does not apply",
}
STAGE_TEMPLATES = {
    "first": "first notice",
    "progress": "progress",
    "recovered": "recovered",
    "follow-up": "follow-up",
    "supplement": "supplementary report",
    "final": "final report",
}
MEANS_TEMPLATES = {
    "smtp": "taken by the reader's mail server",
    "telephone": "telephone",
    "portal": "the authority's portal",
    "paper": "on paper",
    "message": "messenger",
    "drill": "drill",
}


WORD_TEMPLATES: dict[Status, str] = {
    "failed": "late",
    "partial": "not all arrived",
    "ok": "all told in time",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One letter, or one word by telephone, to one reader; instants are aware, None: not yet.

    Attributes:
        number: of the draft; 0: it was to be given, and never was.
    """

    notice: str
    client: str
    stage: str
    number: int
    letter: int
    by: datetime | None  # the first word's deadline
    approved: tuple[str, ...]  # ids
    sent: datetime | None
    receipt: datetime | None
    means: str
    reference: str  # of the receipt


@dataclass(frozen=True, slots=True)
class Line:
    """How one clock of the law register was answered, and on whose word."""

    clock: str
    answer: str
    by: datetime | None
    missing: tuple[str, ...]
    reviewed: str  # id of who decided; "" where nobody did
    why: str


@dataclass(frozen=True, slots=True)
class NoticeLog:
    """All of it."""

    incident: str
    at: datetime
    discovered: datetime
    closed: datetime | None
    lines: tuple[Line, ...]
    told: tuple[Told, ...]
    sample: bool = False


def canonical(value: NoticeLog) -> str:
    """Return the log as canonical JSON."""
    return json.dumps(asdict(value), sort_keys=True, separators=(",", ":"), default=_iso)


def _iso(value: object) -> str:
    assert isinstance(value, datetime)
    return value.astimezone(UTC).isoformat()


def render_notice_log(
    value: NoticeLog,
    *,
    number: int,
    language: str = CHINESE,
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the log as a letter.

    Raises:
        UsageError: a language without letters.
    """
    page = _page(value, number, Voice(pen(language)))
    return render(page, template="notice", language=language, gate=gate, pdf=pdf)


def _page(value: NoticeLog, number: int, voice: Voice) -> Page:
    late = sum(_late(each, value) for each in value.told)
    never = sum(not each.number for each in value.told)
    open_ones = sum(each.receipt is None for each in value.told) - never
    status: Status = "failed" if late or never else "partial" if open_ones else "ok"
    mark = Mark(status, voice.say(WORD_TEMPLATES[status]))
    title = voice.say("Log of notices")
    given = len(value.told) - never
    sentence = voice.say(
        "{told} notices about incident {incident}: {arrived} arrived, {late} late, {open} "
        "without a receipt.",
        told=given,
        incident=value.incident,
        arrived=given - open_ones,
        late=late,
        open=open_ones,
    )
    subject = voice.say(
        "[{mark}] {title} of {incident} (no. {number})",
        mark=mark.word,
        title=title,
        incident=value.incident,
        number=f"{number:06d}",
    )
    lacking = voice.say("{count} that were to be given were not.", count=never)
    digest = hashlib.sha256(canonical(value).encode("ascii")).hexdigest()
    return Page(
        kind=KIND,
        number=number,
        language=voice.pen.language,
        audience="manager",
        reader=voice.say("management, auditor"),
        title=title,
        period=voice.say("as of {at}", at=voice.moment(value.at)),
        sample=value.sample,
        verdict=mark,
        sentence=voice.joined((sentence, lacking) if never else (sentence,)),
        sections=_sections(value, voice),
        evidence=_evidence(value, number, digest, voice),
        fingerprint=digest,
        subject=voice.pen.gettext("[SAMPLE] %(subject)s", subject=subject)
        if value.sample
        else subject,
        file_name=file_name(title, number, value.incident, voice.pen, sample=value.sample),
        as_of=value.at,
    )


def _late(each: Told, value: NoticeLog) -> bool:
    """Tell whether a word came late, or has not come and its time is over."""
    return each.by is not None and (each.receipt or value.at) > each.by


def _sections(value: NoticeLog, voice: Voice) -> tuple[Section, ...]:
    register = load_register()
    rows = []
    for line in value.lines:
        clock = register.clock(line.clock)
        said = voice.say(
            ANSWERED_TEMPLATES[line.answer],
            by=voice.moment(line.by) if line.by else voice.say("without delay"),
            missing=voice.listed(voice.say(FACT_TEMPLATES[name]) for name in line.missing),
        )
        decided = (
            voice.say("; decided by {who}: {why}", who=line.reviewed, why=clean(line.why, 200))
            if line.reviewed
            else ""
        )
        article = register.cited(clock.article, voice.pen.language)
        sure = voice.say(CONFIDENCE_TEMPLATES[clock.confidence])
        rows.append(
            Fact(
                clock.to.said(voice.pen.language),
                voice.say(
                    "{answer}{decided} — {article} ({sure})",
                    answer=said,
                    decided=decided,
                    article=article,
                    sure=sure,
                ),
            )
        )
    table = Table(
        heading=voice.say("Who was told"),
        first=voice.say("Notice"),
        heads=(voice.say("Sent"), voice.say("Receipt")),
        rows=tuple(_row(each, value, voice) for each in value.told),
    )
    nobody = Words(voice.say("Who was told"), (voice.say("nobody"),))
    must = Pairs(voice.say("Must it be reported?"), tuple(rows))
    return (must, table if value.told else nobody)


def _mark(each: Told, value: NoticeLog, voice: Voice) -> Mark:
    if not each.number:
        return Mark("failed", voice.say("not given"))
    if each.receipt is None:
        return Mark("failed" if _late(each, value) else "partial", voice.say("no receipt"))
    if _late(each, value):
        return Mark("failed", voice.say("late"))
    return Mark("ok", voice.say("delivered"))


def _row(each: Told, value: NoticeLog, voice: Voice) -> Row:
    below = [voice.say("due {at}", at=voice.moment(each.by))] if each.by else []
    if each.approved:
        below.append(voice.say("approved by {who}", who=voice.listed(each.approved)))
    if each.letter:
        below.append(voice.say("letter {number}", number=f"{each.letter:06d}"))
    if each.means:
        known = MEANS_TEMPLATES.get(each.means)
        below.append(voice.say(known) if known else clean(each.means, 40))
    if each.reference:
        below.append(voice.say("receipt {number}", number=clean(each.reference, 80)))
    return Row(
        name=_name(each, voice),
        mark=_mark(each, value, voice),
        cells=tuple(_moment(at) for at in (each.sent, each.receipt)),
        below=(voice.say("; ").join(below),) if below else (),
    )


def _name(each: Told, voice: Voice) -> str:
    who = notice_word(each.notice, voice)
    stage = voice.say(STAGE_TEMPLATES[each.stage])
    name = f"{who} {each.client}" if each.client else who
    if not each.number:
        return name
    return voice.say("{who}: {stage} {number}", who=name, stage=stage, number=each.number)


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(SHANGHAI):%m-%d %H:%M}" if at else "–"


def _evidence(value: NoticeLog, number: int, digest: str, voice: Voice) -> Pairs:
    pen = voice.pen
    facts = (
        Fact(pen.gettext("Letter number"), f"{number:06d}"),
        Fact(voice.say("Incident"), value.incident),
        Fact(voice.say("Discovered (Shanghai time)"), pen.instant(value.discovered)),
        Fact(pen.gettext("Software"), f"baozhang {__version__}"),
        Fact(pen.gettext("SHA-256 of the figures"), digest),
        Fact(pen.gettext("Runbook"), voice.say("docs/runbooks/notices.md")),
    )
    return Pairs(pen.gettext("Evidence"), facts)
