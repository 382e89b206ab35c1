"""The heavy half of `baozhang incident`: opening, walking, acknowledging; loaded when asked for."""

from collections.abc import Sequence
from datetime import datetime

from baozhang.errors import UsageError
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.site import Site
from baozhang.vault.model import Report
from tasks.incident import KINDS, IncidentForm, hit, open_incident
from tasks.incident_stopping import acknowledge_stop
from tasks.incident_walk import walk

WHOLE = "*"


def form_of(
    kind: str,
    clients: Sequence[str],
    sets: Sequence[str],
    *,
    by: str,
    cause: str,
    discovered: datetime | None,
) -> IncidentForm:
    """Return what was typed as the form that the orchestrator shows.

    Raises:
        UsageError: no such kind.
    """
    known = tuple(KINDS.values())
    if kind not in known:
        raise UsageError(
            "there is no kind of incident {kind}",
            hint="Use one of: {known}.",
            kind=kind[:40],
            known=", ".join(known),
        )
    return IncidentForm(
        noticed_by=by,
        clients=tuple(clients),
        sets=tuple(sets),
        what=kind,
        discovered=discovered,
        cause=cause[:200],
    )


def would_hit(site: Site, form: IncidentForm) -> dict[str, object]:
    """Return which sets would be hit, what the vault has of each, and what it would join."""
    wanted = hit(site, form.clients, form.sets)
    rows = []
    for client, name in wanted:
        for each in site.client(client).sets if name == WHOLE else (name,):
            points = site.vault(client, each).client(client).snapshots(each)
            rows.append(
                {
                    "client": client,
                    "set": each,
                    "snapshot": points[-1].id if points else None,
                    "at": points[-1].at.isoformat() if points else None,
                }
            )
    clients = {client for client, _ in wanted}
    joins = (
        each.id
        for each in incidents_of(site).open_ones()
        if not each.opening().drill and any(one in clients for one, _ in each.opening().sets)
    )
    return {"hit": rows, "joins": next(joins, None)}


def opened(site: Site, form: IncidentForm, report: Report) -> dict[str, object]:
    """Open an incident and walk it; one that another run works on is only joined."""
    actor = actor_of(form.noticed_by)
    incident, ours = open_incident(site, form, actor=actor)
    if not ours:
        return {"incident": incident.id, "halt": "joined", "what": ""}
    return walked(site, incident, form.noticed_by, report)


def walked(site: Site, incident: Incident, by: str, report: Report) -> dict[str, object]:
    """Walk an incident; return where it stands."""
    halt = walk(site, incident, actor=actor_of(by), report=report)
    kind, what = (halt.kind, halt.what) if halt else ("closed", "")
    return {"incident": incident.id, "halt": kind, "what": what}


def actor_of(person: str) -> str:
    """Return under which name a walk writes: it asks for approval, the person does not."""
    return f"cli-{person}"


def acknowledged(site: Site, incident: Incident, *, person: str, by: str, code: str) -> None:
    """Write down that somebody has stopped."""
    acknowledge_stop(site, incident, person=person, by=by, code=code)
