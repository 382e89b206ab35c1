"""The audit as one file to filter (全部事项): every line, linked to its evidence.

It is made of the very sections that the printed report has, so that neither can say something the
other does not.  The page needs no network and nothing beside it; without scripts everything can be
read, opened and followed, and only filtering is missing.
"""

from baozhang.governance.model import Status
from baozhang.masking import Gate
from baozhang.words import CHINESE
from reports.audit import page_of, whole
from reports.audit_value import AuditValue
from reports.audit_words import OWNER_TEMPLATES, TONES, mark, read
from reports.gated import gated
from reports.notice_words import Voice
from reports.page import Grid, Lines, Page, Tally
from reports.render import fill
from reports.writing import pen

Options = tuple[tuple[str, str], ...]


def audit_page(
    value: AuditValue,
    *,
    language: str = CHINESE,
    number: int = 0,
    gate: Gate | None = None,
) -> str:
    """Return the page as HTML; `number` is that of the letter, 0 an unsigned draft.

    Raises:
        UsageError: a language without letters.
    """
    reading, voice = read(value), Voice(pen(language))
    page = gated(page_of(reading, voice, number, "manager", whole(reading, voice)), gate)
    lined, places = _lined(page), [isinstance(each, Lines) for each in page.sections]
    first, last = places.index(True), len(places) - 1 - places[::-1].index(True)
    return fill(
        page,
        template="audit_page",
        glance=[each for each in page.sections if isinstance(each, Tally | Grid)],
        before=[each for each in page.sections[:first] if not isinstance(each, Tally | Grid)],
        lined=lined,
        after=[each for each in page.sections[first:last] if not isinstance(each, Lines)],
        pieces=page.sections[last],
        last=page.sections[last + 1 :],
        agency=page.evidence.facts[0].value,
        said=_words(voice),
        statuses=_statuses(voice),
        sections=tuple((each.anchor.removeprefix("section-"), each.heading) for each in lined),
        owners=_owners(page, voice),
        documents=(("A", voice.say("A: backup")), ("B", voice.say("B: recovery"))),
    )


def _lined(page: Page) -> tuple[Lines, ...]:
    return tuple(
        each
        for each in page.sections
        if isinstance(each, Lines) and each.anchor.startswith("section-")
    )


def _statuses(voice: Voice) -> Options:
    order: tuple[Status, ...] = tuple(TONES)
    return tuple((TONES[status], mark(status, voice).word) for status in order)


def _owners(page: Page, voice: Voice) -> Options:
    """Return who answers for lines: people by their id, a duty that nobody has by its word."""
    duties: dict[str, str] = {key: voice.say(OWNER_TEMPLATES[key]) for key in OWNER_TEMPLATES}
    found = {
        value
        for section in _lined(page)
        for entry in section.entries
        for name, value in entry.keys
        if name == "owner" and value
    }
    return tuple((each, duties.get(each, each)) for each in sorted(found))


def _words(voice: Voice) -> dict[str, str]:
    return {
        "about": voice.say(
            "Every line of this audit, each linked to its evidence. This page needs neither a "
            "network nor anything beside it."
        ),
        "skip": voice.say("Skip to the lines"),
        "filter": voice.say("Filter the lines"),
        "search": voice.say("Search in all words"),
        "status": voice.say("Status"),
        "section": voice.say("Section"),
        "owner": voice.say("Person responsible"),
        "document": voice.say("Document"),
        "failed": voice.say("Non-conformities only"),
        "all_statuses": voice.say("All statuses"),
        "all_sections": voice.say("All sections"),
        "all_owners": voice.say("Everybody"),
        "all_documents": voice.say("Both"),
        "count": voice.say("{shown} of {all} lines shown", shown="{shown}", all="{all}"),
        "nothing": voice.say("No line fits."),
        "clear": voice.say("Clear"),
        "open": voice.say("Open all"),
        "close": voice.say("Close all"),
    }
