"""Whom a notice is for and what it says before it is approved; nothing here sends anything.

A preview for the orchestrator's form names no client: it keeps what it is given.
"""

from dataclasses import replace

from baozhang.errors import UsageError
from baozhang.incidents.incidents import Incident
from baozhang.incidents.notices import (
    CLIENTS,
    INSURER,
    VENDOR,
    Draft,
    News,
    newest_draft,
)
from baozhang.mail.message import Correspondent
from baozhang.mail.readers import Copy
from baozhang.masking import Gate
from baozhang.settings import Party
from baozhang.site import Site
from baozhang.words import CHINESE, ENGLISH, say
from reports.notice import UNNUMBERED, Addressed, render_notice
from tasks.gate import gate as masking_gate

GATE = "notice-"  # names of gates begin with it; the notice's id follows
MOST_SHOWN = 3  # letters of one draft in a form; the hash covers them all

AUTHORITIES = {
    "cyberspace-4h": "cyberspace",
    "final-report": "cyberspace",
    "privacy-authority": "privacy",
    "police": "police",
    "lost-invoices": "tax",
}
READER_TEMPLATES = {
    "privacy-persons": "the persons concerned",
    "interested-parties": "all who may be concerned",
}


def party_of(site: Site, notice: str) -> Party | None:
    """Return the insurer or the vendor that a notice is for; None: it is for neither."""
    settings = site.agency.file.notices
    return {INSURER: settings.insurer, VENDOR: settings.vendor}.get(notice)


def addressed(site: Site, news: News, masks: Gate, language: str = CHINESE) -> Addressed:
    """Return from whom and to whom a letter is, and what it may name."""
    file = site.agency.file
    line, party = file.notices.public_line or "", party_of(site, news.notice)
    own = _own(masks, line, party.reference if party and party.reference else "")
    plain = Addressed(
        agency=file.name,
        credit_code=file.credit_code or "",
        to=party.name if party else _authority(site, news.notice, language),
        reference=party.reference or "" if party else "",
        lead="",
        line=line,
        allowed=own,
        sample=file.sample,
    )
    if news.notice != CLIENTS:
        return plain
    client = site.client(news.client)
    mine = tuple(filter(None, (client.name, client.credit_code)))
    lead = site.agency.people[client.lead].name
    return replace(plain, to=client.name, lead=lead, allowed=(*mine, *own))


def _own(masks: Gate, *texts: str) -> tuple[str, ...]:
    """Return the numbers in the agency's own words, which may be shown; names are no part of it."""
    return tuple(
        text[each.start : each.end]
        for text in texts
        for each in masks.secrets(text)
        if each.kind != "name"
    )


def _authority(site: Site, notice: str, language: str) -> str:
    if notice in READER_TEMPLATES:
        return say(READER_TEMPLATES[notice], spoken=language)
    authorities = site.agency.file.notices.authorities.model_dump()
    return authorities.get(AUTHORITIES.get(notice, "")) or ""


def copies(site: Site, news: News) -> tuple[Copy, ...]:
    """Return who receives a letter by mail; nobody: a person hands it over.

    A client without a contact is told by its accountant in charge, who gets the letter and records
    that it was handed over.
    """
    spoken = site.agency.language
    if news.notice == CLIENTS:
        client = site.client(news.client)
        reader = client.contact or site.agency.people[client.lead]
        return (Copy(reader.language or spoken, (Correspondent(reader.name, reader.email),)),)
    party = party_of(site, news.notice)
    if party and party.email:
        return (Copy(spoken, (Correspondent(party.name, party.email),)),)
    return ()


def arrives(site: Site, news: News) -> bool:
    """Tell whether the mail server's word that it took the letter shows that it arrived."""
    return bool(copies(site, news)) and (
        news.notice != CLIENTS or site.client(news.client).contact is not None
    )


def text_of(site: Site, news: News, language: str) -> str:
    """Return a letter's words as they would be sent, without a number."""
    masks = masking_gate(site)
    to = addressed(site, news, masks, language)
    return render_notice(news, to, number=UNNUMBERED, language=language, gate=masks).text


def preview(site: Site, incident: Incident, gate: str) -> str:
    """Return in Markdown what a gate of a notice is about, Chinese first, naming no client.

    Raises:
        UsageError: no such notice was drafted.
    """
    draft = required(incident, gate.removeprefix(GATE))
    shown = draft.letters[:MOST_SHOWN]
    parts = [
        f"**{news.client or news.notice}**\n\n```text\n{_nameless(site, news, language)}\n```"
        for language in (CHINESE, ENGLISH)
        for news in shown
    ]
    left = len(draft.letters) - len(shown)
    more = [
        say("{count} further letters of the same words, each about its own client.", count=left)
    ]
    return "\n\n".join([*parts, *(more if left else [])])


def required(incident: Incident, notice: str) -> Draft:
    """Return the newest draft of a notice.

    Raises:
        UsageError: there is none.
    """
    found = newest_draft(incident, notice)
    if found is None:
        raise UsageError(
            "no notice {notice} was drafted for {incident}",
            hint="Look at what is to be told: `baozhang notice list {incident}`.",
            notice=notice[:40],
            incident=incident.id,
        )
    return found


def _nameless(site: Site, news: News, language: str) -> str:
    masks = masking_gate(site)
    to = addressed(site, news, masks, language)
    if news.client:
        to = replace(to, to=news.client, allowed=())
    return render_notice(news, to, number=UNNUMBERED, language=language, gate=masks).text
