"""Notices: who must be told of an incident, until when, with what words; and the receipts.

    facts, scope, settings ──► answers ──► wanted ──► drafts ──► gate ──► outbox | handed over
                                  │                                             │
                                  └── deadlines ──► alerts, while no receipt ◄──┘

A look (`tick`) may come at any time, from any process, and be killed anywhere: drafts are kept,
letters go out in steps of the journal, and what has gone out is passed over.  Nothing leaves
without a person's approval, which is bound to the very words.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from logging import getLogger

from baozhang.catalog.model import Alert
from baozhang.errors import BaozhangError
from baozhang.incidents.approvals import digest_of
from baozhang.incidents.incidents import CLOSED, Incident, incidents_of
from baozhang.incidents.notices import (
    CLIENTS,
    MILESTONE,
    Answered,
    Draft,
    Known,
    Milestone,
    Wanted,
    answers,
    facts_of,
    handed,
    known,
    newest_draft,
    told_clients,
    wanted,
)
from baozhang.policies.law.duties import Facts
from baozhang.policies.law.register import load_register
from baozhang.site import Site
from baozhang.wiring import open_site
from baozhang.words import say
from tasks.gates import ask, request_of, standing_of
from tasks.notice_deadlines import fact_alerts, notice_alerts, waiting_alerts
from tasks.notice_drafting import drafted, is_due, is_out
from tasks.notice_log import is_over, log_of, write_log
from tasks.notice_sending import collect_receipts, send
from tasks.notice_words import GATE
from tasks.options import effect

LOOK_BACK = timedelta(days=45)
"""How long after its end an incident is looked at: the final report is due within 30 days."""
LOCK = ".telling"
LOG = getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ticked:
    """What one look at an incident's notices came to; names such as `clients-2`."""

    drafted: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    received: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is known of an incident's duties to tell, at one instant."""

    known: dict[str, Known]
    facts: Facts
    answers: tuple[Answered, ...]
    wanted: tuple[Wanted, ...]


def picture(site: Site, incident: Incident) -> Picture:
    """Return what is known, what follows from it in law, and which notices are to be given."""
    settings = site.agency.file.notices
    found = known(incident, settings)
    facts = facts_of(incident, found)
    told = answers(load_register(), facts)
    due = wanted(told, facts, settings, facts.discovered)
    if told_clients(incident) and CLIENTS not in {each.id for each in due}:
        due = (*due, Wanted(CLIENTS, facts.discovered, None, lawful=False))
    return Picture(found, facts, told, due)


def tick(site: Site, incident: Incident, *, actor: str) -> Ticked:
    """Draft, ask, send and note receipts, whatever is due now; nothing twice.

    Where another run is at it, nothing is done: the next look comes soon.

    Raises:
        BaozhangError: something cannot be written; what is left is done by the next look.
    """
    with _alone(incident) as free:
        return _tick(site, incident, actor) if free else Ticked()


def _tick(site: Site, incident: Incident, actor: str) -> Ticked:
    made, sent = list[str](), list[str]()
    for each in picture(site, incident).wanted:
        draft = newest_draft(incident, each.id)
        if draft is None or is_due(
            site, incident, draft, approved=_approved(site, incident, draft)
        ):
            fresh = drafted(site, incident, each.id, draft, actor)
            made += [fresh.name.removeprefix(GATE)] if fresh else []
            draft = fresh or draft
        if draft is not None:
            _ask(site, incident, draft, actor)
            if _approved(site, incident, draft):
                sent += send(site, incident, draft, actor=actor)
    received = list(collect_receipts(site, incident, actor=actor))
    _end(site, incident, actor)
    return Ticked(tuple(made), tuple(sent), tuple(received))


def _end(site: Site, incident: Incident, actor: str) -> None:
    """Write the log of notices when nobody is left to be told; a drill's is read off its journal.

    An incident of which nobody was ever to be told has none.
    """
    if incident.opening().drill or not incident.closed():
        return
    seen = picture(site, incident)
    log = log_of(site, incident, seen.known, seen.answers, seen.wanted)
    if log.told and is_over(log, seen.wanted, site.clock()):
        write_log(site, incident, log, actor=actor)


def _ask(site: Site, incident: Incident, draft: Draft, actor: str) -> None:
    """Ask for approval, unless these very words were asked for and stand or were refused."""
    gate = GATE + draft.notice
    request = request_of(incident, gate)
    if request is not None and request.digest == _digest(draft):
        standing = standing_of(site, incident, gate)
        if standing and standing.state != "expired":
            return
    if not is_out(incident, draft):
        ask(site, incident, gate, draft, asked_by=actor)


def _approved(site: Site, incident: Incident, draft: Draft) -> bool:
    gate = GATE + draft.notice
    request, standing = request_of(incident, gate), standing_of(site, incident, gate)
    if request is None or standing is None or request.digest != _digest(draft):
        return False
    return standing.state == "approved"


def _digest(draft: Draft) -> str:
    return digest_of(draft.model_dump(mode="json"))


def milestone(site: Site, incident: Incident, name: Milestone, *, actor: str) -> Ticked:
    """Note that the recovery has come so far, and tell whom it concerns; never stops it.

    What fails here is made up for by the next look.
    """
    try:
        reached = {e.facts["name"] for e in incident.journal.events() if e.kind == MILESTONE}
        if name not in reached:
            incident.journal.append(MILESTONE, actor=actor, name=name)
        return tick(site, incident, actor=actor)
    except BaozhangError as error:
        LOG.warning("%s: %s", incident.id, say(error.template, **error.facts))
        return Ticked()


def pending(site: Site) -> Iterator[Incident]:
    """Yield the incidents of which somebody may still have to be told: open, or closed lately."""
    now = site.clock()
    span = max(LOOK_BACK, site.agency.file.notices.follow_up + timedelta(days=15))
    for each in incidents_of(site).all():
        if not each.closed() or _closed_at(each) >= now - span:
            yield each


def _closed_at(incident: Incident) -> datetime:
    return next(event.at for event in incident.journal.events() if event.kind == CLOSED)


@contextmanager
def _alone(incident: Incident) -> Iterator[bool]:
    """Yield whether nobody else is telling; the lock goes with the process."""
    lock = os.open(incident.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        yield False
        return
    try:
        yield True
    finally:
        os.close(lock)


@effect("tell everybody")
def tell_everybody() -> tuple[Ticked, ...]:
    """Look at the notices of every incident of which somebody may have to be told."""
    with open_site() as site:
        return tick_all(site, actor="notices")


def tick_all(site: Site, *, actor: str) -> tuple[Ticked, ...]:
    """Look at the notices of all incidents.

    Raises:
        BaozhangError: the first that something failed with; all others were looked at.
    """
    told, failed = list[Ticked](), list[BaozhangError]()
    for incident in pending(site):
        try:
            told.append(tick(site, incident, actor=actor))
        except BaozhangError as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return tuple(told)


def deadline_troubles(site: Site, now: datetime) -> Iterator[Alert]:
    """Yield an alert for each notice whose time runs out or has run out; drills never alert."""
    for incident in pending(site):
        if incident.opening().drill:
            continue
        seen = picture(site, incident)
        yield from notice_alerts(incident, seen.wanted, site.agency.file.notices.every, now)
        yield from fact_alerts(incident, seen.answers, seen.facts.discovered, now)
        yield from waiting_alerts(incident, tuple(_waiting(site, incident, seen)), now)


def _waiting(site: Site, incident: Incident, seen: Picture) -> Iterator[str]:
    """Yield the notices that wait for a person's approval, or to be handed over by one."""
    unheard = {(e.notice, e.number) for e in handed(incident) if not e.outbox and not e.receipt}
    for each in seen.wanted:
        standing = standing_of(site, incident, GATE + each.id)
        draft = newest_draft(incident, each.id)
        if draft and standing and standing.state == "waiting":
            yield f"{each.id} (approve)"
        elif draft and (each.id, draft.number) in unheard:
            yield f"{each.id} (hand over)"
