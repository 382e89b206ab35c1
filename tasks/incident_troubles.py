"""What of open incidents is in trouble, for the watch: an alert stands as long as one is open.

An acknowledgement of that alert is an event of the incident: somebody is looking at it.
"""

from collections.abc import Iterator

from baozhang.catalog.model import Alert
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.site import Site

ALERT = "incident"
"""Kind of the alert; its subject is the incident's id."""
ACKNOWLEDGED = "acknowledged"
INCIDENT_TEMPLATES = {
    "incident": "incident {incident} is open: {clients} clients are hit",
    "hint": "Run `baozhang incident show {incident}`, and follow docs/runbooks/incident.md.",
}


def incident_troubles(site: Site) -> Iterator[Alert]:
    """Yield an alert for each open incident.

    Raises:
        CorruptObjectError: an incident's journal was changed.
        UnreachableError: one cannot be read.
    """
    for incident in incidents_of(site).open_ones():
        yield alert_of(site, incident)


def alert_of(site: Site, incident: Incident) -> Alert:
    """Return the alert that stands as long as the incident is open."""
    opening = incident.opening()
    facts = (("incident", incident.id), ("clients", len({client for client, _ in opening.sets})))
    return Alert(
        "",
        "urgent",
        ALERT,
        incident.id,
        incident.id,
        INCIDENT_TEMPLATES["incident"],
        facts,
        INCIDENT_TEMPLATES["hint"],
        site.clock(),
    )


def note_acknowledged(site: Site, subject: str, person: str) -> None:
    """Write into an incident's journal who looks at it.

    Raises:
        UsageError: no such incident.
    """
    incidents_of(site).get(subject).journal.append(ACKNOWLEDGED, actor=person)
