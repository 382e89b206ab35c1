"""The audit report (审计报告): how each of the 240 items stands, and by what evidence.

The mail is for managers: the verdict in one sentence, every line as a square, what changed, the
most serious, who sees to what.  Its PDF is the whole report, every line with its reasons and every
piece of evidence, with the pages that people sign and stamp.
"""

from dataclasses import replace
from typing import Final, Literal

from baozhang import __version__
from baozhang.catalog.model import Status
from baozhang.governance import model as governance
from baozhang.masking import Gate
from baozhang.settings import LetterKind
from baozhang.words import CHINESE
from reports import audit_lines, audit_rest, audit_sections
from reports.audit_value import AuditValue, canonical
from reports.audit_words import BEST_FIRST, Reading, in_order, mark, read
from reports.canonical import fingerprint
from reports.compose import file_name
from reports.notice_words import Voice
from reports.owner import subject_line
from reports.page import Fact, Letter, Mark, Page, Pairs, Section
from reports.render import render
from reports.telling import audience_word
from reports.writing import pen

KIND: Final[LetterKind] = "audit"
ALL_SECTIONS = 42  # 40 and the principles of each document
Found = Literal["well", "weak", "failed", "none"]

WORD_TEMPLATES: dict[Found, str] = {
    "well": "All in order",
    "weak": "In part",
    "failed": "Non-conformities found",
    "none": "No evidence",
}
STATUSES: dict[Found, Status] = {
    "well": "ok",
    "weak": "partial",
    "failed": "failed",
    "none": "inconclusive",
}


def _found(value: AuditValue) -> Found:
    if value.nonconformities or any(each.closed is None for each in value.actions):
        return "failed"
    good = sum(in_order(each.status) for each in value.lines)
    if not good:
        return "none"
    return "well" if good == len(value.lines) else "weak"


def status_of(value: AuditValue) -> Status:
    """Return the audit's verdict as a status; an audit without evidence proves nothing."""
    return STATUSES[_found(value)]


def render_audit(
    value: AuditValue,
    *,
    number: int,
    language: str = CHINESE,
    audience: str = "manager",
    gate: Gate | None = None,
    pdf: bool = False,
    sample: bool | None = None,
) -> Letter:
    """Return the audit report; `number` 0 is an unsigned draft.

    Raises:
        UsageError: a language without letters.
    """
    value = value if sample is None else replace(value, sample=sample)
    reading, voice = read(value), Voice(pen(language))
    short = page_of(reading, voice, number, audience, _short(reading, voice))
    paper = page_of(reading, voice, number, audience, whole(reading, voice)) if pdf else None
    return render(short, template="audit", language=language, gate=gate, pdf=pdf, paper=paper)


def page_of(
    reading: Reading, voice: Voice, number: int, audience: str, sections: tuple[Section, ...]
) -> Page:
    """Return the page around these sections."""
    value = reading.value
    digest = fingerprint(canonical(value))
    found = _found(value)
    verdict = Mark(STATUSES[found], voice.say(WORD_TEMPLATES[found]))
    title = voice.say("Audit report")
    subject = _subject(verdict, title, _news(reading, voice), number, reading, voice)
    sample = voice.pen.gettext("[SAMPLE] %(subject)s", subject=subject)
    name = file_name(title, number, value.audit, voice.pen, sample=value.sample)
    return Page(
        kind=KIND,
        number=number,
        language=voice.pen.language,
        audience=audience,
        reader=audience_word(audience, voice.pen),
        title=title,
        period=period(value),
        sample=value.sample,
        verdict=verdict,
        sentence=sentence_of(reading, voice),
        sections=sections,
        evidence=Pairs(voice.pen.gettext("Evidence"), _facts(value, number, digest, voice)),
        fingerprint=digest,
        subject=sample if value.sample else subject,
        as_of=value.at,
        file_name=name,
    )


def period(value: AuditValue) -> str:
    """Return the days it is about, as people write them."""
    return f"{value.period.first.isoformat()} – {value.period.last.isoformat()}"


def _subject(
    verdict: Mark, title: str, news: str, number: int, reading: Reading, voice: Voice
) -> str:
    about = reading.value.audit
    if number:
        return subject_line(verdict, title, about, news, number, voice.pen)
    return voice.say(
        "[{verdict}] {title} {about}: {news} (unsigned draft)",
        verdict=verdict.word,
        title=title,
        about=about,
        news=news,
    )


def _news(reading: Reading, voice: Voice) -> str:
    lines = audit_sections.items(reading)
    good = sum(in_order(each.status) for each in lines)
    return voice.say("{good} of {all} lines in order", good=good, all=len(lines))


def sentence_of(reading: Reading, voice: Voice) -> str:
    """Return the verdict in a few sentences."""
    lines = audit_sections.items(reading)
    found = audit_sections.counted(lines)
    good = found["proven"] + found["attested"]
    told = [_standing(found, len(lines), voice)]
    failed = len(reading.value.nonconformities)
    if failed:
        told.append(voice.say("Checks of our own records that failed: {count}.", count=failed))
    if reading.value.before and good:
        trends = [reading.trend(each) for each in lines]
        told.append(
            voice.say(
                "Since last time better: {better}, worse: {worse}.",
                better=trends.count(1),
                worse=trends.count(-1),
            )
        )
    return voice.joined(told)


def _standing(found: dict[governance.Status, int], every: int, voice: Voice) -> str:
    good = found["proven"] + found["attested"]
    if not good:
        return voice.say(
            "None of {all} lines is evidenced: nothing that counts was found. This is no good "
            "news.",
            all=every,
        )
    if good == every:
        return voice.say(
            "All {all} lines are in order: {proven} proven by the system's own records, {attested} "
            "attested by people and checked.",
            all=every,
            proven=found["proven"],
            attested=found["attested"],
        )
    rest = voice.listed(
        f"{mark(status, voice).word} {found[status]}"
        for status in BEST_FIRST
        if found[status] and not in_order(status)
    )
    return voice.say(
        "Of {all} lines {proven} are proven by the system's own records and {attested} attested "
        "by people and checked; {open} are not in order ({rest}).",
        all=every,
        proven=found["proven"],
        attested=found["attested"],
        open=every - good,
        rest=rest,
    )


def _facts(value: AuditValue, number: int, digest: str, voice: Voice) -> tuple[Fact, ...]:
    say, gettext = voice.say, voice.pen.gettext
    whole = say("all 40 sections and the principles")
    asked = voice.listed(each.id for each in value.sections)
    since = value.genuine_since
    facts = (
        Fact(say("Agency"), value.agency),
        Fact(gettext("Letter number"), f"{number:06d}" if number else say("unsigned draft")),
        Fact(say("Audit"), say("{audit}, revision {n}", audit=value.audit, n=value.revision)),
        Fact(say("Period audited"), period(value)),
        Fact(say("Sections asked for"), whole if len(value.sections) == ALL_SECTIONS else asked),
        Fact(say("Judged as of (Shanghai time)"), voice.pen.instant(value.at)),
        Fact(say("Evidence counts from"), voice.pen.instant(since) if since else ""),
        Fact(say("Seed of the samples"), value.seed),
        Fact(say("Evidence pack"), value.pack),
        Fact(say("Fingerprint of the pack"), value.pack_digest),
        Fact(gettext("Software"), f"baozhang {__version__}"),
        Fact(gettext("SHA-256 of the figures"), digest),
        Fact(gettext("Runbook"), say("docs/runbooks/audit.md")),
    )
    return tuple(each for each in facts if each.value)


def _short(reading: Reading, voice: Voice) -> tuple[Section, ...]:
    parts, rest = audit_sections, audit_rest
    mending = parts.weak(reading)
    return (
        parts.tally(reading, voice),
        audit_lines.grid(reading, voice),
        parts.changes(reading, voice),
        *((parts.serious(reading, voice), parts.tasks(reading, voice)) if mending else ()),
        parts.actions(reading, voice, parts.MOST_ACTIONS),
        rest.readiness(reading, voice),
        rest.law_in_short(reading, voice),
        rest.independence(reading, voice),
        rest.verifying(reading, voice),
        rest.signed(reading, voice),
    )


def whole(reading: Reading, voice: Voice) -> tuple[Section, ...]:
    """Return all the report says, on paper and in the page to filter."""
    parts, rest = audit_sections, audit_rest
    mending = parts.weak(reading)
    return (
        parts.tally(reading, voice),
        audit_lines.grid(reading, voice),
        parts.changes(reading, voice),
        *((parts.serious(reading, voice), parts.tasks(reading, voice)) if mending else ()),
        parts.actions(reading, voice),
        rest.by_section(reading, voice),
        *audit_lines.sections(reading, voice),
        rest.yearly(reading, voice),
        rest.law(reading, voice),
        rest.readiness(reading, voice),
        rest.samples(reading, voice),
        rest.independence(reading, voice),
        audit_lines.evidence(reading, voice),
        rest.verifying(reading, voice),
        rest.signed(reading, voice),
        rest.opinion(voice),
        rest.signatures(voice),
    )
