"""Orders to stop: a letter to each person who may write to what is hit, and a line to every bot.

clients hit ──► lead, reviewer, deputy of each ──► one letter a person, all their clients in it
                                               └──► event `stop.ordered`
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from baozhang.catalog.model import Letter as Sent
from baozhang.errors import BaozhangError
from baozhang.incidents.incidents import Incident
from baozhang.incidents.journal import Begun, Facts
from baozhang.incidents.stopping import SourceStop
from baozhang.mail.message import Correspondent
from baozhang.mail.readers import Copy
from baozhang.masking import Gate
from baozhang.notify.channel import Channel
from baozhang.site import Site
from reports.page import Letter
from reports.stop_order import KIND, State, StopOrder, canonical, render_stop_order, short_lines
from tasks.alert_words import sampled
from tasks.channels import channels
from tasks.gate import gate
from tasks.letters import Draft, write
from tasks.stopped import pairs_of

ORDERED = "stop.ordered"
WORST: tuple[State, ...] = ("people", "partly", "read-only")


def people_of(site: Site, incident: Incident) -> dict[str, tuple[str, ...]]:
    """Return whom the order is for, by id, each with their clients that are hit."""
    found: dict[str, list[str]] = {}
    for client in dict.fromkeys(pair.client for pair in pairs_of(site, incident)):
        each = site.client(client)
        for person in dict.fromkeys((each.lead, each.reviewer, each.deputy)):
            if person is not None:
                found.setdefault(person, []).append(client)
    return {person: tuple(clients) for person, clients in found.items()}


def tell_people(
    site: Site,
    incident: Incident,
    sources: Sequence[SourceStop],
    since: datetime,
    actor: str,
    _begun: Begun,
) -> Facts:
    """Write the letters and tell the bots; return how many of each.

    What cannot be told now does not hold up the recovery: whoever has not acknowledged after a
    while is in an alert.
    """
    orders = orders_of(site, incident, sources, since)
    letters = _written(site, incident, orders, actor)
    known = {e.facts["person"] for e in incident.journal.events() if e.kind == ORDERED}
    for number, each in enumerate(orders):
        if each.person not in known:
            incident.journal.append(
                ORDERED,
                actor=actor,
                person=each.person,
                clients=len(each.clients),
                letter=number < letters,
            )
    told, failed = _shouted(site, StopOrder(incident.id, "", since, _sets(sources), _within(site)))
    return {"people": len(orders), "letters": letters, "bots": told, "bots_failed": failed}


def orders_of(
    site: Site, incident: Incident, sources: Sequence[SourceStop], since: datetime
) -> tuple[StopOrder, ...]:
    """Return each person's order."""
    sets, sample = _sets(sources), site.agency.file.sample
    return tuple(
        StopOrder(
            incident.id,
            person,
            since,
            tuple(each for each in sets if each[0] in clients),
            _within(site),
            sample=sample,
        )
        for person, clients in people_of(site, incident).items()
    )


def _within(site: Site) -> timedelta:
    return site.agency.file.alerts.acknowledge_within


def _sets(sources: Sequence[SourceStop]) -> tuple[tuple[str, str, State], ...]:
    """Return every set with the worst state of its sources."""
    found: dict[tuple[str, str], list[State]] = {}
    for each in sources:
        found.setdefault((each.client, each.set), []).append(each.state)
    return tuple((*key, min(states, key=WORST.index)) for key, states in found.items())


def _written(site: Site, incident: Incident, orders: Sequence[StopOrder], actor: str) -> int:
    """Write the letters that a killed run did not; they are numbered in the order of people."""
    done = sum(letter.period == incident.id for letter in site.catalog.letters(KIND))
    drafts = [_draft(site, each, actor) for each in orders[done:]]
    try:
        return done + len(write(site, drafts) if drafts else ())
    except BaozhangError:
        letters: tuple[Sent, ...] = site.catalog.letters(KIND)
        return sum(letter.period == incident.id for letter in letters)


def _draft(site: Site, order: StopOrder, actor: str) -> Draft:
    person = site.agency.people[order.person]
    to = (Correspondent(person.name, person.email),)
    return Draft(
        kind=KIND,
        period=order.incident,
        status="failed",
        value=canonical(order),
        render=partial(_rendered, order),
        copies=(Copy(person.language or site.agency.language, to),),
        actor=actor,
    )


def _rendered(order: StopOrder, *, number: int, language: str, gate: Gate, pdf: bool) -> Letter:
    return render_stop_order(order, number=number, language=language, gate=gate, pdf=pdf)


def _shouted(site: Site, order: StopOrder) -> tuple[int, int]:
    """Tell every bot of urgent things; return how many took it, and how many did not."""
    cover, told, failed = gate(site).masked, 0, 0
    for channel in channels(site, "urgent"):
        if isinstance(channel, Channel):
            lines = [*short_lines(order, channel.language)]
            lines[0] = sampled(site, lines[0], channel.language)
            taken = channel.send([cover(line) for line in lines]) is None
        else:
            taken = False
        told, failed = told + taken, failed + (not taken)
    return told, failed
