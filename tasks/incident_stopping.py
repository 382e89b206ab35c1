"""What makes a loss worse is stopped, people are told to stop, and both are undone at the end.

stop ──► retention held ──► sources read-only where that can be undone ──► orders to people
              │                                                               └─ acknowledged?
lift ◄────────┴── what was there before, exactly; and a check that people can work again

Each step is done once; a run that was killed looks at what is there and goes on.  What cannot be
set read-only ends nothing: it is said, and the order goes to people for every source alike.  Why
our own backups pass over what is stopped, and why no deployment is paused: `tasks.stopped`.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from baozhang.catalog.model import Alert
from baozhang.errors import BaozhangError, UsageError
from baozhang.incidents.holds import hold_client, release_client
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.journal import Begun, Event, Facts
from baozhang.incidents.model import CutOverAll, Plan, Value
from baozhang.incidents.service import SourceCheck, check_source
from baozhang.incidents.stopping import (
    SOURCE,
    SourceStop,
    give_way_source,
    put_back_source,
    stop_source,
    stopped_sources,
)
from baozhang.settings import Role, SourceFile
from baozhang.site import Site
from tasks.batches import Pair
from tasks.gates import APPROVAL
from tasks.people import prove, require_person
from tasks.stop_orders import people_of, tell_people
from tasks.stopped import LIFT, is_stopped, pairs_of, stopped_pairs

__all__ = ["stopped_pairs"]

STOPPED, CHECKED, PLAN = "stopped", "service-check", "plan"
MACHINE, NOTICED_AGAIN = "system", "noticed-again"
HELD, NOT_HELD, RELEASED = "hold.set", "hold.refused", "hold.lifted"
ACKNOWLEDGED, CHECK = "stop.acknowledged", "service.checked"
RECORDERS: frozenset[Role] = frozenset({"on_call", "operator", "manager"})
"""Who may write down what somebody else said on the telephone."""

STOP_TEMPLATES = {
    "trouble": "{count} people have not acknowledged the order to stop of incident {incident}: "
    "{people}",
    "hint": "Telephone them; who has stopped types `baozhang incident stop-ack {incident} --by …`, "
    "or whoever is on call writes it down for them.",
}


class Stopped(Value):
    """What was stopped, and who was told to.

    Attributes:
        at: when the first source was.
        people: ids of those whom the order is for.
    """

    incident: str
    at: datetime
    sources: tuple[SourceStop, ...]
    people: tuple[str, ...]


class Checked(Value):
    """What was tried of every source after the cut-over, and no more than that."""

    sources: tuple[SourceCheck, ...]


class ServiceError(BaozhangError):
    """What was put into use cannot be worked with."""


def stop(site: Site, incident: Incident, *, actor: str) -> Stopped:
    """Stop what makes it worse: hold retention, set sources read-only, order people to stop.

    An incident that a machine opened by itself, because stored bytes are damaged, only holds:
    nobody has said that the books in use are hit, and their next backup heals.  Once a person says
    so, or approves that they are replaced, stopping again does the rest.

    Returns:
        The value that is kept as `stopped`; it says what was done, which may be nothing but holds.

    Raises:
        UnreachableError: a vault did not take its hold; everything else is done by then.
    """
    journal = incident.journal
    if _by_machine_alone(incident):
        journal.once("hold", partial(_only_held, site, incident, actor), actor=actor)
        return incident.value(STOPPED, Stopped)
    journal.once("stop", partial(_stopped, site, incident, actor), actor=actor)
    stopped = incident.value(STOPPED, Stopped)
    orders = partial(tell_people, site, incident, stopped.sources, stopped.at, actor)
    journal.once("stop-orders", orders, actor=actor)
    return stopped


def give_way(site: Site, incident: Incident, client: str, set_name: str, *, actor: str) -> None:
    """Give the files of a set their permissions back, right before they are replaced.

    People stay told to stop; see `baozhang.incidents.stopping.give_way_source`.
    """
    for each in site.client_set(client, set_name).sources:
        give_way_source(site, incident, client, set_name, each, actor=actor)


def lift(site: Site, incident: Incident, *, actor: str) -> None:
    """Put everything back as it was before the stop, and lift this incident's holds; once.

    Raises:
        BaozhangError: a source cannot be put back, or a vault does not answer; everything else is
            done by then, and lifting again goes on with what is left.
    """
    incident.journal.once(LIFT, partial(_lifted, site, incident, actor), actor=actor)


def service_check(site: Site, incident: Incident, *, actor: str) -> Checked:
    """Read every source that is hit, open its books, and try a write where it is a database.

    Returns:
        The value that is kept as `service-check`; it claims nothing that was not tried.

    Raises:
        ServiceError: what was put into use in one step cannot be read, or refuses writes.
    """
    found = []
    for pair, each in _sources(site, incident):
        made = check_source(site, pair.client, pair.set, each)
        incident.journal.append(CHECK, actor=actor, **made.model_dump())
        found.append(made)
    checked = Checked(sources=tuple(found))
    incident.keep(CHECKED, checked, actor=actor)
    _require_service(incident, checked)
    return checked


# --- people ---------------------------------------------------------------------------------------


def acknowledge_stop(site: Site, incident: Incident, *, person: str, by: str, code: str) -> Event:
    """Write down that somebody has stopped.

    Args:
        site: the site.
        incident: whose order it is.
        person: id of who has stopped.
        by: their own id; or of who is on call and was told so by telephone.
        code: one-time code, or sealed one, of `by`.

    Returns:
        The event; an earlier one, and no code is used, where it was acknowledged before.

    Raises:
        UsageError: the order is not for them, `by` may not write it down, or the code does not
            count.
    """
    require_person(site, by)
    _require_ordered(site, incident, person)
    if person != by and not RECORDERS & set(site.agency.people[by].roles):
        raise UsageError(
            "{by} may not write down what {person} has said",
            hint="Ask somebody with one of these roles: {roles}.",
            by=by,
            person=person,
            roles=", ".join(sorted(RECORDERS)),
        )
    earlier = _acknowledgements(incident).get(person)
    if earlier is not None:
        return earlier
    means = prove(site, by, code, what=f"{incident.id} stop-ack {person}")
    return incident.journal.append(
        ACKNOWLEDGED, actor=by, person=person, means=means, telephone=person != by
    )


def unacknowledged(site: Site, incident: Incident) -> tuple[str, ...]:
    """Return the ids of those who were ordered to stop and have not said that they did."""
    known = _acknowledgements(incident)
    return tuple(person for person in _ordered(site, incident) if person not in known)


def stop_troubles(site: Site, now: datetime) -> Iterator[Alert]:
    """Yield an alert for each incident whose order somebody has left unanswered for too long.

    Too long is what the site's file says of every urgent alert: `alerts.acknowledge_within`.
    """
    for incident in incidents_of(site).open_ones():
        since = _stopped_at(incident) if is_stopped(incident) else None
        if since is None or now - since < site.agency.file.alerts.acknowledge_within:
            continue
        if silent := unacknowledged(site, incident):
            facts: tuple[tuple[str, str | int], ...] = (
                ("incident", incident.id),
                ("count", len(silent)),
                ("people", ", ".join(silent)),
            )
            template, hint = STOP_TEMPLATES["trouble"], STOP_TEMPLATES["hint"]
            yield Alert("", "urgent", "stop", incident.id, incident.id, template, facts, hint, now)


def _acknowledgements(incident: Incident) -> dict[str, Event]:
    events = (event for event in incident.journal.events() if event.kind == ACKNOWLEDGED)
    return {str(event.facts["person"]): event for event in events}


def _ordered(site: Site, incident: Incident) -> tuple[str, ...]:
    return tuple(people_of(site, incident)) if stopped_sources(incident) else ()


def _require_ordered(site: Site, incident: Incident, person: str) -> None:
    known = _ordered(site, incident)
    if person not in known:
        raise UsageError(
            "the order to stop of {incident} is not for {person}",
            hint="It is for {known}.",
            incident=incident.id,
            person=person[:40],
            known=", ".join(known) or "-",
        )


def _stopped_at(incident: Incident) -> datetime | None:
    return next((event.at for event in incident.journal.events() if event.kind == SOURCE), None)


# --- the steps ------------------------------------------------------------------------------------


def _sources(site: Site, incident: Incident) -> Iterator[tuple[Pair, SourceFile]]:
    for pair in pairs_of(site, incident):
        for each in site.client_set(pair.client, pair.set).sources:
            yield pair, each


def _clients(site: Site, incident: Incident) -> tuple[str, ...]:
    return tuple(dict.fromkeys(pair.client for pair in pairs_of(site, incident)))


def _by_machine_alone(incident: Incident) -> bool:
    events = incident.journal.events()
    again = (event.actor for event in events if event.kind == NOTICED_AGAIN)
    approved = any(e.kind == APPROVAL and e.facts["gate"] == PLAN for e in events)
    by_machine = all(each == MACHINE for each in (incident.opening().noticed_by, *again))
    return by_machine and not (approved and incident.value(PLAN, Plan).restorations)


def _only_held(site: Site, incident: Incident, actor: str, _begun: Begun) -> Facts:
    clients = _clients(site, incident)
    failed = [_held(site, incident, each, actor) for each in clients]
    value = Stopped(incident=incident.id, at=site.clock(), sources=(), people=())
    incident.keep(STOPPED, value, actor=actor)
    _raise_first(failed)
    return {"clients": len(clients)}


def _stopped(site: Site, incident: Incident, actor: str, _begun: Begun) -> Facts:
    failed = [_held(site, incident, each, actor) for each in _clients(site, incident)]
    known, made = stopped_sources(incident), []
    for pair, each in _sources(site, incident):
        earlier = known.get((pair.client, pair.set, each.name))
        made.append(
            earlier or stop_source(site, incident, pair.client, pair.set, each, actor=actor)
        )
    value = Stopped(
        incident=incident.id,
        at=_stopped_at(incident) or site.clock(),
        sources=tuple(made),
        people=tuple(people_of(site, incident)),
    )
    incident.keep(STOPPED, value, actor=actor)
    _raise_first(failed)
    return {
        "sources": len(made),
        "read_only": sum(each.state == "read-only" for each in made),
        "people": len(value.people),
    }


def _held(site: Site, incident: Incident, client: str, actor: str) -> BaozhangError | None:
    """Hold a client's retention; return what may be tried again.

    Where the vault's marks are damaged nothing can be pruned or shredded anyway.
    """
    try:
        new = hold_client(site, client, incident.id, by=actor)
    except BaozhangError as error:
        why = type(error).__name__
        incident.journal.append(NOT_HELD, actor=actor, client=client, why=why)
        return error if error.transient else None
    if new:
        incident.journal.append(HELD, actor=actor, client=client, vaults=new)
    return None


def _lifted(site: Site, incident: Incident, actor: str, _begun: Begun) -> Facts:
    failed: list[BaozhangError | None] = []
    sources, clients = stopped_sources(incident), _clients(site, incident)
    for pair, each in _sources(site, incident):
        if (pair.client, pair.set, each.name) in sources:
            failed.append(_put_back(site, incident, pair, each, actor))
    for client in clients:
        failed.append(_released(site, incident, client, actor))
    _raise_first(failed)
    return {"sources": len(sources), "clients": len(clients)}


def _put_back(
    site: Site, incident: Incident, pair: Pair, each: SourceFile, actor: str
) -> BaozhangError | None:
    try:
        put_back_source(site, incident, pair.client, pair.set, each, actor=actor)
    except BaozhangError as error:
        return error
    return None


def _released(site: Site, incident: Incident, client: str, actor: str) -> BaozhangError | None:
    try:
        ended = release_client(site, client, incident.id, by=actor)
    except BaozhangError as error:
        return error
    if ended:
        incident.journal.append(RELEASED, actor=actor, client=client, vaults=ended)
    return None


def _raise_first(failed: list[BaozhangError | None]) -> None:
    for error in failed:
        if error is not None:
            raise error


def _require_service(incident: Incident, checked: Checked) -> None:
    if not incident.has("cut-over"):
        return
    done = incident.value("cut-over", CutOverAll)
    atomic = {(each.client, each.set) for each in done.sets if each.how == "atomic"}
    for each in checked.sources:
        if (each.client, each.set) in atomic and not each.serves:
            raise ServiceError(
                "{client}/{set} was put into use and cannot be worked with: {source}",
                hint="Look at the events `service.checked` of the incident, mend what they name, "
                "and go on with it then.",
                client=each.client,
                set=each.set,
                source=each.source,
            )
