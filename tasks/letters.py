"""Letters: what was found is told to the people who answer for it, before it is judged.

    render ──► [ number still free? outbox, catalog row, audit record ] ──► library ──► index
               └──────────────── one transaction ──────────────┘

A letter's number, its file in the outbox and its row in the catalog are one transaction: numbers
have no gaps, so that a letter that never came is noticed.  It is rendered before, since that takes
a second and the catalog must not be held so long; should somebody else have taken the number
meanwhile, it is rendered again.

Neither a damaged audit log nor a library out of reach costs a letter: it goes out, the log of the
process says what failed, and the index shows the number that is missing.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from logging import getLogger
from pathlib import Path
from typing import Protocol

from baozhang.audit.letters import WRITTEN, letter_facts
from baozhang.audit.records import Entry
from baozhang.catalog.model import Duty, Outcome, Run, Status
from baozhang.catalog.model import Letter as Sent
from baozhang.clock import SHANGHAI
from baozhang.errors import BaozhangError
from baozhang.mail.message import POLICY, Attachment, Correspondent, build_message
from baozhang.mail.readers import USUAL_READERS, Copy, readers, rule, urgency, with_pdf
from baozhang.masking import Gate
from baozhang.settings import LetterKind
from baozhang.site import Site
from baozhang.wiring import open_site
from baozhang.words import say
from reports import figures
from reports.library import Filed, Library, standalone
from reports.night import render_night
from reports.page import Letter
from reports.restore_test import render_restore_test
from reports.validation import render_validation
from tasks.gate import gate
from tasks.options import effect

RENDERERS: dict[Duty, Callable[..., Letter]] = {
    "backup": render_night,
    "validation": render_validation,
    "restore_test": render_restore_test,
}
KINDS: dict[Duty, LetterKind] = {
    "backup": "night",
    "validation": "validation",
    "restore_test": "restore-test",
}
LOOK_BACK: dict[Duty, timedelta] = {
    "backup": timedelta(days=8),
    "validation": timedelta(days=40),
    "restore_test": timedelta(days=120),
}
"""How far back the run before is looked for: a little more than each duty's longest rhythm."""

AT_ONCE = 10  # letters of one transaction: the catalog is held for less than a second

LOG = getLogger(__name__)


@effect("write the letter of {run.id}")
def write_night_letter(run: Run) -> tuple[Path, ...]:
    """Put the letter of a backup or a validation into the outbox; return its files."""
    with open_site() as site:
        return send(site, run)


@effect("write the letter of {run.id}")
def write_restore_test_letter(run: Run) -> tuple[Path, ...]:
    """Put the letter of a restore test into the outbox; return its files."""
    with open_site() as site:
        return send(site, run)


class Render(Protocol):
    """Makes a letter of what is known, once it has a number."""

    def __call__(self, *, number: int, language: str, gate: Gate, pdf: bool) -> Letter:
        """Return the letter in one language."""
        ...


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter that is still to be numbered."""

    kind: LetterKind
    period: str  # what it reports on: "2026-07-31", "2026-07"
    status: Status
    value: str  # canonical JSON; its SHA-256 is the letter's fingerprint
    render: Render
    copies: tuple[Copy, ...]
    client: str = ""  # id, where it is about one client
    names: tuple[str, ...] = ()  # of that client: what it may show
    actor: str = "system"  # who had it written: a run's id, "operator"
    contains: tuple[str, ...] = ()  # Message-IDs of the letters that a digest stands for
    attachments: tuple[Attachment, ...] = ()  # go with the message, never into the library


@dataclass(frozen=True, slots=True)
class Written:
    """A letter that is in the outbox, the library, the catalog and the audit log."""

    filed: Filed
    messages: tuple[Path, ...]  # in the outbox; none where it was not to be sent
    pages: tuple[Path, ...]  # in the library


def library(site: Site) -> Library:
    """Return the site's library of reports."""
    return Library(site.agency.path(site.agency.file.reports))


def send(site: Site, run: Run) -> tuple[Path, ...]:
    """Write a run's letter in every language its recipients read; return its messages.

    Raises:
        UsageError: nobody of the agency is to receive it.
        StoreFullError, UnreachableError: it cannot be written; its number is not taken.
    """
    return write(site, [draft_of(site, run)])[0].messages


def draft_of(site: Site, run: Run) -> Draft:
    """Return the letter that a run's end asks for.

    Raises:
        UsageError: nobody of the agency is to receive it.
    """
    kind, previous = KINDS[run.duty], before(site, run)

    def render(*, number: int, language: str, gate: Gate, pdf: bool) -> Letter:
        return RENDERERS[run.duty](
            run,
            number=number,
            previous=previous,
            language=language,
            sample=site.agency.file.sample,
            gate=gate,
            pdf=pdf,
        )

    return Draft(
        kind=kind,
        period=run.day.isoformat(),
        status=figures.verdict(run),
        value=figures.canonical(run),
        render=render,
        copies=readers(site.agency, kind),
        actor=run.id,
    )


def write(
    site: Site, drafts: Sequence[Draft], *, send: bool = True, pdf: bool | None = None
) -> tuple[Written, ...]:
    """Number, render and file letters of one kind, and show them in the library's index.

    Args:
        site: the site.
        drafts: letters of one kind; all their numbers follow each other.
        send: put them into the outbox as well.
        pdf: with a PDF; None: as the site's file says.

    Raises:
        StoreFullError, UnreachableError: one cannot be written; its number is not taken, and those
            of its group neither.
    """
    groups = (drafts[first : first + AT_ONCE] for first in range(0, len(drafts), AT_ONCE))
    written = tuple(
        each for group in groups for each in _write_group(site, group, send=send, pdf=pdf)
    )
    refresh(site)
    return written


def refresh(site: Site) -> Path:
    """Write the library's index anew and return it."""
    try:
        return library(site).refresh()
    except BaozhangError as error:
        LOG.warning("%s", say(error.template, **error.facts))
        return library(site).index


@dataclass(frozen=True, slots=True)
class _Ready:
    """A draft under its number, in every language, not yet filed."""

    draft: Draft
    number: int
    letters: tuple[Letter, ...]


def _write_group(
    site: Site, drafts: Sequence[Draft], *, send: bool, pdf: bool | None
) -> tuple[Written, ...]:
    kind, masks = drafts[0].kind, gate(site)
    wanted = with_pdf(site.agency, kind) if pdf is None else pdf
    first = _next(site, kind)
    while True:
        ready = [
            _rendered(draft, first + place, masks, pdf=wanted) for place, draft in enumerate(drafts)
        ]
        with site.catalog.transaction():
            free = site.catalog.next_letter(kind)
            if free == first:
                stored = [_store(site, each, masks, send=send) for each in ready]
                break
        first = free
    return tuple(_shelve(site, *each) for each in zip(ready, stored, strict=True))


def _next(site: Site, kind: str) -> int:
    with site.catalog.transaction():
        return site.catalog.next_letter(kind)


def _rendered(draft: Draft, number: int, masks: Gate, *, pdf: bool) -> _Ready:
    letters = (
        draft.render(number=number, language=copy.language, gate=masks, pdf=pdf)
        for copy in draft.copies
    )
    return _Ready(draft, number, tuple(letters))


@dataclass(frozen=True, slots=True)
class _Stored:
    """What became of a letter in the transaction that took its number."""

    at: datetime
    value: str  # as the library may have it
    messages: tuple[Path, ...]


def _store(site: Site, ready: _Ready, masks: Gate, *, send: bool) -> _Stored:
    """Put a letter into the outbox and write down that it is there."""
    at, draft = site.clock(), ready.draft
    messages = tuple(_messages(site, ready, at)) if send else ()
    value = covered(draft.value, masks, draft.names)
    paths = tuple(site.outbox.put(message) for message in messages)
    content = b"".join(_bytes(message) for message in messages) or value.encode("ascii")
    sent = Sent(
        kind=draft.kind,
        number=ready.number,
        period=draft.period,
        roles=rule(site.agency, draft.kind).to or USUAL_READERS.get(draft.kind, ()),
        message_id=str(messages[0]["Message-ID"]) if messages else "",
        sha256=hashlib.sha256(content).hexdigest(),
        at=at,
    )
    site.catalog.record_letter(sent)
    try:
        site.audit.append_many([_entry(ready, sent, value, messages)])
    except BaozhangError as error:  # a log that was touched must not silence the letters
        LOG.warning(
            "%s: %s", f"{draft.kind}/{ready.number:06d}", say(error.template, **error.facts)
        )
    return _Stored(at, value, paths)


def _shelve(site: Site, ready: _Ready, stored: _Stored) -> Written:
    """Put a letter that is out into the library."""
    filed = _filed(site, ready, stored.at)
    try:
        pages = library(site).put(filed, ready.letters, stored.value)
    except BaozhangError as error:  # the index shows what is missing
        LOG.warning("%s: %s", filed.stem, say(error.template, **error.facts))
        pages = ()
    return Written(filed, stored.messages, pages)


def _filed(site: Site, ready: _Ready, at: datetime) -> Filed:
    draft, letters = ready.draft, ready.letters
    return Filed(
        kind=draft.kind,
        number=ready.number,
        period=draft.period,
        client=draft.client,
        status=draft.status,
        at=at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M"),
        sample=site.agency.file.sample,
        languages=tuple(letter.language for letter in letters),
        pdfs=tuple(letter.language for letter in letters if letter.pdf),
        fingerprint=letters[0].fingerprint,
    )


def _messages(site: Site, ready: _Ready, at: datetime) -> Iterator[EmailMessage]:
    agency, draft = site.agency, ready.draft
    for copy, letter in zip(draft.copies, ready.letters, strict=True):
        pdf = [Attachment(letter.pdf_name, "application/pdf", letter.pdf)] if letter.pdf else []
        yield build_message(
            number=ready.number,
            kind=draft.kind,
            language=copy.language,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            fingerprint=letter.fingerprint,
            sender=Correspondent(agency.name, agency.file.mail.sender),
            recipients=copy.people,
            at=at,
            pictures=letter.pictures,
            attachments=[*pdf, *draft.attachments],
            when=urgency(agency, draft.kind, trouble=draft.status != "ok"),
            contains=draft.contains,
        )


def _bytes(message: EmailMessage) -> bytes:
    return message.as_bytes(policy=POLICY)


def _entry(ready: _Ready, sent: Sent, value: str, messages: Sequence[EmailMessage]) -> Entry:
    """Return what the audit log keeps of a letter: ids and hashes, so that it can be checked."""
    draft = ready.draft
    facts: dict[str, str | int | bool] = {
        "kind": draft.kind,
        "number": ready.number,
        "period": draft.period,
        "status": draft.status,
        "fingerprint": ready.letters[0].fingerprint,
        "sha256": sent.sha256,
        "value": hashlib.sha256(value.encode("ascii")).hexdigest(),
    }
    if draft.client:
        facts["client"] = draft.client
    for place, letter in enumerate(ready.letters):
        tag = letter.language.lower()
        bodies = {
            f"html_{tag}": letter.html,
            f"text_{tag}": letter.text,
            f"subject_{tag}": " ".join(letter.subject.split()),
        }
        files = {f"page_{tag}": standalone(letter).encode("utf-8", "replace")}
        if letter.pdf:
            files[f"pdf_{tag}"] = letter.pdf
        if messages:
            files[f"eml_{tag}"] = _bytes(messages[place])
        facts |= letter_facts(bodies, files)
    subject = f"{draft.kind}/{ready.number:06d}"
    return Entry(draft.actor, WRITTEN, subject, tuple(sorted(facts.items())))


def covered(value: str, masks: Gate, names: Sequence[str]) -> str:
    """Return canonical JSON with every secret in its texts covered; mostly there is none."""
    content = json.loads(value)
    masked = _covered(content, masks, names)
    if masked == content:
        return value
    return json.dumps(masked, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _covered(content: object, masks: Gate, names: Sequence[str]) -> object:
    if isinstance(content, str):
        return masks.masked(content, allowed=names)
    if isinstance(content, list):
        return [_covered(each, masks, names) for each in content]
    if isinstance(content, dict):
        return {name: _covered(each, masks, names) for name, each in content.items()}
    return content


def before(site: Site, run: Run) -> Run | None:
    """Return how the run's own pairs fared the last time each had its turn.

    Duties take turns, so the run before may have been about others altogether.
    """
    wanted = {(each.client, each.set) for each in run.outcomes}
    since = site.clock() - LOOK_BACK[run.duty]
    last: dict[tuple[str, str], Outcome] = {}
    for outcome in site.catalog.outcomes(duty=run.duty, since=since):
        if outcome.run != run.id and (outcome.client, outcome.set) in wanted:
            last[outcome.client, outcome.set] = outcome
    if not last:
        return None
    newest = max(last.values(), key=lambda each: each.started)
    day = site.catalog.run(newest.run).day
    return Run(newest.run, run.duty, day, tuple(last.values()))
