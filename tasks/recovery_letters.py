"""The letters with which a recovery ends: what is known is gathered once, and told to each reader.

    journal + kept values + custody + law ──► Recovery ─┬─ managers, counsel, one page, the public
                                                        └─ each client's accountants: 补录清单

They rest on the journal up to the step that writes them, so that a run that was killed over them
writes the same letters, and what lies in the library already is not sent twice.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from itertools import groupby

from baozhang.catalog.custody import CustodyBook
from baozhang.catalog.model import KnownCopy
from baozhang.incidents.incidents import CLOSED, Incident
from baozhang.incidents.journal import BEGUN, Event
from baozhang.incidents.model import CutOverAll, Plan, Recovered, RecoveredAll
from baozhang.incidents.notices import DRAFTED, answers, facts_of, handed, known
from baozhang.incidents.scope import Scope
from baozhang.incidents.set_records import Known
from baozhang.incidents.timeline import Timeline, timeline_of
from baozhang.mail.readers import readers
from baozhang.policies.law.register import load_register
from baozhang.settings import LetterKind
from baozhang.site import Site
from reports import canonical, rekey_letter
from reports.onepager import render_onepager
from reports.page import Letter
from reports.public_statement import render_public_statement
from reports.recovery import render_recovery
from reports.recovery_legal import render_recovery_legal
from reports.recovery_value import Custody, Duty, Involved, Recovery, Sent, verdict_status
from reports.rekey_letter import Keyed, RekeyLetter, RekeyPart, render_rekey_letter
from tasks.incident_recovery import RekeyInvoiceKept, RekeyKept, RekeyVoucherKept, rekey_name
from tasks.incident_scoping import Evidence
from tasks.letters import Draft, Written, library, write

REPORT = "report"
"""The step that writes the letters; they tell of what was before it."""
REKEY: LetterKind = "rekey-list"
RENDERERS: dict[LetterKind, Callable[..., Letter]] = {
    "recovery": render_recovery,
    "recovery-legal": render_recovery_legal,
    "one-page": render_onepager,
    "public-statement": render_public_statement,
}


def recovery_drafts(site: Site, incident: Incident, *, actor: str = "system") -> list[Draft]:
    """Return the letters of a recovery, kind by kind, ready to be numbered.

    Args:
        site: the site.
        incident: the incident, or a drill's.
        actor: id of the run that has them written.

    Raises:
        UsageError: nobody is to receive one of them.
        CorruptObjectError: the journal or a kept value is not what was kept.
    """
    value = recovery_of(site, incident)
    told = [_draft(site, kind, value, actor) for kind in RENDERERS]
    return [*told, *_rekey_drafts(site, incident, value, actor)]


def write_recovery(site: Site, incident: Incident, *, actor: str) -> tuple[Written, ...]:
    """Write the letters of a recovery that are not in the library yet.

    Raises:
        UsageError: nobody is to receive one of them.
        StoreFullError, UnreachableError: one cannot be written; its number is not taken.
    """
    there = {(each.kind, each.client, each.fingerprint) for each in library(site).reports()}
    wanted = [
        draft
        for draft in recovery_drafts(site, incident, actor=actor)
        if (draft.kind, draft.client, canonical.fingerprint(draft.value)) not in there
    ]
    written: list[Written] = []
    for _, same in groupby(wanted, key=lambda draft: draft.kind):
        written += write(site, list(same))
    return tuple(written)


def recovery_of(site: Site, incident: Incident) -> Recovery:
    """Return what is known of a recovery up to the step that writes its letters."""
    events = told_events(incident.journal.events())
    found, uncompared = known_of(site, incident)
    line = timeline_of(incident.id, events, found)
    return Recovery(
        timeline=line,
        at=events[-1].at,
        objective=_objective(site, line),
        cause=found.opening.cause,
        events=len(events),
        head=events[-1].digest(),
        agency=site.agency.name,
        people=tuple(_people(site, line)),
        copies=tuple(_copies(site, incident)),
        duties=tuple(_duties(site, incident)),
        notices=tuple(_notices(incident)),
        unsent=_unsent(events, incident),
        evidence=incident.value("evidence", Evidence).points if incident.has("evidence") else (),
        uncompared=uncompared,
        sample=site.agency.file.sample,
    )


def timeline(site: Site, incident: Incident) -> Timeline:
    """Return an incident's timeline as it stands now, also of a drill."""
    return timeline_of(incident.id, incident.journal.events(), known_of(site, incident)[0])


def told_events(events: Sequence[Event]) -> Sequence[Event]:
    """Return the events of before the letters were begun for the first time, or the closing."""
    ends = (
        event.seq
        for event in events
        if event.kind == CLOSED or (event.kind == BEGUN and event.facts.get("step") == REPORT)
    )
    return events[: next(ends, len(events) + 1) - 1]


def known_of(site: Site, incident: Incident) -> tuple[Known, tuple[tuple[str, str], ...]]:
    """Return the kept values of an incident, and the sets of which a book could not be compared."""
    recovered = _sets(incident)
    kept = {
        (each.client, each.set): incident.value(name, RekeyKept)
        for each in recovered
        if incident.has(name := rekey_name(each.client, each.set))
    }
    uncompared = tuple(pair for pair, each in kept.items() if _is_unread(site, each))
    found = Known(
        opening=incident.opening(),
        losses=incident.value("scope", Scope).losses if incident.has("scope") else (),
        plan=incident.value("plan", Plan) if incident.has("plan") else None,
        recovered=recovered,
        cut_over=incident.value("cut-over", CutOverAll).sets if incident.has("cut-over") else (),
        evidence=tuple((*pair, each.evidence) for pair, each in kept.items()),
        uncompared=uncompared,
    )
    return found, uncompared


def _sets(incident: Incident) -> tuple[Recovered, ...]:
    if not incident.has("recovered"):
        return ()
    return incident.value("recovered", RecoveredAll).sets


def _is_unread(site: Site, kept: RekeyKept) -> bool:
    """Tell whether what was there lacks a book that came back: nobody knows what was in it."""
    points = {each.id: each for each in site.catalog.snapshots(kept.client, kept.set)}
    back, there = points.get(kept.snapshot), points.get(kept.evidence)
    return bool(back and there and set(back.books) - set(there.books))


def _objective(site: Site, line: Timeline) -> timedelta:
    """Return the shortest recovery time that the policies of these sets promise."""
    names = {each.set for each in line.sets} & site.agency.file.sets.keys()
    policies = {site.agency.file.sets[name].policy for name in names or site.agency.file.sets}
    return min(site.agency.file.policies[name].restore_test.within for name in policies)


def _people(site: Site, line: Timeline) -> Iterator[Involved]:
    acted = (
        line.noticed_by,
        *(each.actor for each in line.moments),
        *(w.person for w in line.words),
    )
    for person in dict.fromkeys(acted):
        if person in site.agency.people:
            yield Involved(person, tuple(site.agency.people[person].roles))


def _duties(site: Site, incident: Incident) -> Iterator[Duty]:
    """Yield how the law register answers what is known of the incident."""
    facts = facts_of(incident, known(incident, site.agency.file.notices))
    for each in answers(load_register(), facts):
        clock = each.duty.clock
        yield Duty(
            id=clock.id,
            to=(clock.to.zh, clock.to.en),
            do=(clock.do.zh, clock.do.en),
            article=clock.article,
            confidence=clock.confidence,
            answer=each.answer,
            by=None if each.answer == "no" else each.limit,
            lawful=each.duty.by is not None,
            missing=each.duty.missing,
        )


def _notices(incident: Incident) -> Iterator[Sent]:
    for each in handed(incident):
        yield Sent(each.notice, each.client, each.letter, each.sent, each.receipt, each.means)


def _unsent(events: Iterable[Event], incident: Incident) -> tuple[str, ...]:
    """Return the notices that were drafted, and none of whose letters went out."""
    drafted = dict.fromkeys(str(e.facts["notice"]) for e in events if e.kind == DRAFTED)
    out = {each.notice for each in handed(incident)}
    return tuple(each for each in drafted if each not in out)


def _copies(site: Site, incident: Incident) -> Iterator[Custody]:
    for each in CustodyBook(site.catalog).all():
        if each.copy.reason == incident.id:
            yield _custody(each)


def _custody(held: KnownCopy) -> Custody:
    copy, end = held.copy, held.end
    return Custody(
        copy=copy.id,
        client=copy.client,
        set=copy.set,
        snapshot=copy.snapshot,
        opener=copy.opener,
        opened=copy.opened,
        ended=end.at if end else None,
        how=end.how if end else "",
        files=end.files if end else 0,
    )


# --- drafts ---------------------------------------------------------------------------------------


def _draft(site: Site, kind: LetterKind, value: Recovery, actor: str) -> Draft:
    return Draft(
        kind=kind,
        period=value.timeline.incident,
        status=verdict_status(value),
        value=canonical.canonical(kind, value),
        render=partial(RENDERERS[kind], value),
        copies=readers(site.agency, kind),
        actor=actor,
    )


def _rekey_drafts(site: Site, incident: Incident, value: Recovery, actor: str) -> Iterator[Draft]:
    """Yield the re-key list of each client that has one, for its accountants."""
    for client in value.timeline.clients:
        letter = rekey_of(site, incident, value, client)
        if letter is None:
            continue
        yield Draft(
            kind=REKEY,
            period=incident.id,
            status=rekey_letter.status(letter),
            value=canonical.canonical(REKEY, letter),
            render=partial(render_rekey_letter, letter),
            copies=readers(site.agency, REKEY, client=site.client(client)),
            client=client,
            names=letter.names,
            actor=actor,
        )


def rekey_of(site: Site, incident: Incident, value: Recovery, client: str) -> RekeyLetter | None:
    """Return a client's re-key list; None: nothing of it came back."""
    parts = tuple(
        _part(incident.value(rekey_name(client, each.set), RekeyKept), known=each.owed.known)
        for each in value.timeline.sets
        if each.client == client and each.owed and incident.has(rekey_name(client, each.set))
    )
    if not parts:
        return None
    file = site.client(client)
    return RekeyLetter(
        incident=incident.id,
        drill=value.timeline.drill,
        at=value.at,
        client=client,
        name=file.name,
        credit_code=file.credit_code or "",
        lead=file.lead,
        agency=value.agency,
        parts=parts,
        sample=value.sample,
    )


def _part(kept: RekeyKept, *, known: bool) -> RekeyPart:
    return RekeyPart(
        set=kept.set,
        snapshot=kept.snapshot,
        evidence=kept.evidence,
        known=known,
        currency=kept.currency,
        amount=kept.amount,
        rows=(*map(_voucher, kept.vouchers), *map(_invoice, kept.invoices)),
    )


def _voucher(each: RekeyVoucherKept) -> Keyed:
    return Keyed(
        kind="voucher",
        book=each.book,
        state=each.state,
        period=each.period,
        name=each.voucher,
        date=each.date,
        lines=each.lines,
        amount=each.debit,
        credit=each.credit,
        invoices=each.invoices,
        places=each.places,
    )


def _invoice(each: RekeyInvoiceKept) -> Keyed:
    return Keyed(
        kind="invoice",
        book=each.book,
        state=each.state,
        period=each.date[:7],
        name=each.number,
        date=each.date,
        lines=0,
        amount=each.total,
        credit=0,
        invoices=(),
        places=("tax_account",),
    )
