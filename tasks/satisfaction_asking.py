"""Asking clients: a wave opens, its letters go out, whoever is silent is reminded once.

    due? ─► who may be asked ─► [ wave, invitations with codes ] ─► letters ─► one reminder
                                 └──── one after the other ────┘

What is done is read off the registers and the audit log: whoever is killed in between goes on where
it stopped, and no client gets a letter twice.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from baozhang.audit.letters import WRITTEN, records_of
from baozhang.clock import business_day
from baozhang.errors import UsageError
from baozhang.governance.voice.audience import Choice, Circumstances, beside, choose, last_asked
from baozhang.governance.voice.calendar import Hit, Planned, due, half_of, last_day
from baozhang.governance.voice.records import (
    AUDIENCE,
    INVITATIONS,
    WAVES,
    Audience,
    Channel,
    Invitation,
    Wave,
    answer_id,
)
from baozhang.governance.voice.rules import newest, questionnaires, rules
from baozhang.mail.message import Correspondent
from baozhang.mail.readers import Copy
from baozhang.masking import Gate
from baozhang.settings import Language
from baozhang.site import Site
from baozhang.wiring import STATE
from reports.survey import KIND, Survey, render_survey, value_of
from tasks.gate import gate
from tasks.letters import Draft, write
from tasks.people import require_person
from tasks.satisfaction_site import ACTOR, Voice, hits_of, open_hits, voice_of

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what is misread on paper: i, l, o, 0, 1
LETTERS = 10  # of a code: 31**10 are 8e14; a page may well be tried a million times
REMINDER = "-r"


@dataclass(frozen=True, slots=True)
class Asked:
    """What asking came to."""

    wave: str
    asked: int
    letters: int
    reminders: int


def agree(
    site: Site,
    client: str,
    *,
    consent: bool,
    by: str,
    channel: Channel = "mail",
    language: Language | None = None,
) -> Audience:
    """Note whether a client agrees to be asked.

    Raises:
        UsageError: no such client, or nobody of the agency.
    """
    site.client(client)
    require_person(site, by)
    row = Audience(
        consent=consent, since=business_day(site.clock()), channel=channel, language=language
    )
    AUDIENCE.put(site, {client: row}, by=by)
    return row


def choice_for(site: Site, voice: Voice, planned: Planned, hits: tuple[Hit, ...]) -> Choice:
    """Return who is asked in a wave, and who is not, and why."""
    known = Circumstances(
        day=planned.opens,
        spacing=rules().spacing,
        reachable=frozenset(id_ for id_, each in site.agency.clients.items() if each.contact),
        hit=open_hits(hits),
        asked=last_asked(voice.invitations.values()),
    )
    if not planned.clients:
        return choose(site.agency.clients, voice.audience, known)
    others = choose(
        [each for each in site.agency.clients if each not in planned.clients], voice.audience, known
    )
    chosen = beside(planned.clients, others.asked, least=rules().comparison, wave=planned.id)
    return choose(sorted({*planned.clients, *chosen}), voice.audience, known)


def planned_now(site: Site, wave: str = "", *, incident: str = "") -> list[Planned]:
    """Return the waves to open: those that are due, or the one that a person names.

    Raises:
        UsageError: the wave is there already, or no such incident has ended.
    """
    voice, hits = voice_of(site), hits_of(site)
    if not wave and not incident:
        return due(voice.day, hits, voice.waves, rules())
    found = {each.id: each for each in hits if each.ended}
    if incident and incident not in found:
        raise UsageError(
            "there is no incident {incident} that has ended",
            hint="Look at `baozhang incident list`.",
            incident=incident[:40],
        )
    id_ = wave or f"w-{incident}"
    if id_ in voice.waves:
        raise UsageError(
            "the round of questions {wave} is there already",
            hint="Look at it: `baozhang survey show {wave}`.",
            wave=id_[:40],
        )
    return [
        Planned(
            id=id_,
            kind="after-incident" if incident else "half-yearly",
            opens=voice.day,
            closes=last_day(voice.day, rules()),
            incident=incident,
            clients=found[incident].clients if incident else frozenset(),
        )
    ]


def usual_wave(site: Site) -> str:
    """Return what the half-year's wave is called."""
    return f"w-{half_of(business_day(site.clock()))}"


def open_wave(site: Site, planned: Planned, *, by: str = ACTOR) -> tuple[Wave, Choice] | None:
    """Open a wave and write down who is asked; None: nobody may be asked, and nothing is opened."""
    voice = voice_of(site)
    choice = choice_for(site, voice, planned, hits_of(site))
    if not choice.asked:
        return None
    version = newest(planned.kind)
    wave = Wave(
        kind=planned.kind,
        opens=planned.opens,
        closes=planned.closes,
        questions=version,
        form=questionnaires()[version].digest,
        audience=len(choice.asked),
        excluded=tuple(f"{reason}={count}" for reason, count in choice.counts),
        incident=planned.incident,
    )
    asked = {client: _version(planned, client) for client in choice.asked}
    invitations = {
        answer_id(planned.id, client): Invitation(
            wave=planned.id,
            client=client,
            questions=asked[client],
            form=questionnaires()[asked[client]].digest,
            asked=planned.opens,
            channel=voice.audience[client].channel,
            code=new_code(),
        )
        for client in choice.asked
    }
    with site.catalog.transaction():
        WAVES.put(site, {planned.id: wave}, by=by)
        INVITATIONS.put(site, invitations, by=by)
    return wave, choice


def _version(planned: Planned, client: str) -> str:
    """Return what a client is asked: of an incident, only those that it hit are told."""
    return newest(planned.kind if client in planned.clients else "half-yearly")


def new_code() -> str:
    """Return a reference code that nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LETTERS))


def end_wave(site: Site, id_: str, *, by: str) -> Wave:
    """End a wave today: what is answered from tomorrow on does not count in it.

    Raises:
        UsageError: there is none of this id, it is over, or nobody of the agency.
    """
    require_person(site, by)
    voice = voice_of(site)
    wave = voice.wave(id_)
    if wave.closes < voice.day:
        raise UsageError(
            "the round of questions {wave} was over on {day}",
            hint="Write its report: `baozhang survey report {wave}`.",
            wave=id_,
            day=wave.closes,
        )
    ended = wave.model_copy(update={"closes": max(voice.day, wave.opens)})
    WAVES.put(site, {id_: ended}, by=by)
    return ended


def write_asking(site: Site, id_: str) -> Asked:
    """Write the letters of a wave that are not out yet, and the reminders that are due.

    Raises:
        UsageError: there is no such wave, or its questions were changed.
        StoreFullError, UnreachableError: a letter cannot be written; the others can be later.
    """
    voice = voice_of(site)
    wave = voice.wave(id_)
    gone = written_letters(site)
    answered = {each.client for each in voice.answers_of(id_)}
    asked = {
        row: each
        for row, each in voice.invitations.items()
        if each.wave == id_ and each.client in site.agency.clients
    }
    silent = {
        row: each
        for row, each in asked.items()
        if each.client not in answered and _by_mail(site, voice, each)
    }
    drafts = list(_drafts(site, voice, wave, silent, gone))
    letters = len(write(site, drafts)) if drafts else 0
    late = silent if _is_late(wave, voice.day) else {}
    reminders = list(_drafts(site, voice, wave, late, gone, reminder=True))
    written = len(write(site, reminders)) if reminders else 0
    reminded = {
        row: each.model_copy(update={"reminded": voice.day})
        for row, each in late.items()
        if each.reminded is None
    }
    INVITATIONS.put(site, reminded, by=ACTOR)
    return Asked(id_, len(asked), letters, written)


def _by_mail(site: Site, voice: Voice, invitation: Invitation) -> bool:
    """Tell whether a client still agrees to get letters: it may have said no since it was asked."""
    said = voice.audience.get(invitation.client)
    agrees = said is not None and said.consent and said.channel == "mail"
    reachable = site.agency.clients[invitation.client].contact is not None
    return agrees and reachable and invitation.channel == "mail"


def _is_late(wave: Wave, day: date) -> bool:
    after = rules().remind_after
    return bool(after) and wave.opens + timedelta(days=after) <= day <= wave.closes


def period_of(wave: Wave, id_: str) -> str:
    """Return what a wave's letters are filed under: its first day and its id."""
    return f"{wave.opens}-{id_}"


def written_letters(site: Site) -> frozenset[tuple[str, str]]:
    """Return period and client of every survey letter that went out.

    The audit log has it from the very transaction that put the letter into the outbox.
    """
    records = records_of(site.home / STATE / "audit", WRITTEN)
    facts = (dict(each.entry.facts) for each in records)
    return frozenset(
        (str(each["period"]), str(each.get("client", ""))) for each in facts if each["kind"] == KIND
    )


def _drafts(
    site: Site,
    voice: Voice,
    wave: Wave,
    invitations: Mapping[str, Invitation],
    gone: frozenset[tuple[str, str]],
    *,
    reminder: bool = False,
) -> Iterator[Draft]:
    """Yield the letters to those of these who have none yet."""
    for each in invitations.values():
        client = site.agency.clients[each.client]
        period = period_of(wave, each.wave) + (REMINDER if reminder else "")
        if client.contact is None or (period, client.id) in gone:
            continue
        survey = survey_of(site, wave, each, reminder=reminder)
        language = voice.audience[each.client].language or client.contact.language
        reader = Correspondent(client.contact.name, client.contact.email)
        yield Draft(
            kind=KIND,
            period=period,
            status="ok",
            value=value_of(survey),
            render=partial(render_survey, survey),
            copies=(Copy(language or site.agency.language, (reader,)),),
            client=client.id,
            names=survey.names,
            actor=ACTOR,
        )


def survey_of(site: Site, wave: Wave, invitation: Invitation, *, reminder: bool = False) -> Survey:
    """Return what one client is asked."""
    agency, client = site.agency, site.client(invitation.client)
    line, page = agency.file.notices.public_line or "", agency.file.governance.survey or ""
    contact = [client.contact.name] if client.contact else []
    names = (client.name, *contact, *_numbers(gate(site), line, page))
    return Survey(
        wave=invitation.wave,
        kind=questionnaires()[invitation.questions].kind,
        client=client.id,
        agency=agency.name,
        lead=agency.people[client.lead].name,
        line=line,
        code=invitation.code,
        version=invitation.questions,
        form=invitation.form,
        page=page,
        asked=invitation.asked,
        closes=wave.closes,
        at=site.clock(),
        reminder=reminder,
        sample=agency.file.sample,
        names=names,
    )


def _numbers(masks: Gate, *texts: str) -> Iterator[str]:
    """Yield the numbers in the agency's own words, which may be shown; names are no part of it."""
    for text in texts:
        for each in masks.secrets(text):
            if each.kind != "name":
                yield text[each.start : each.end]
