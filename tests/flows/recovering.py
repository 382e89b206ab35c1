"""People of a test site with their devices, and an incident that is walked with their approvals."""

from pathlib import Path

from baozhang.incidents.incidents import Incident
from baozhang.site import Site
from tasks.gates import decide, request_of
from tasks.incident import IncidentForm, open_incident
from tasks.incident_walk import Halt, walk
from tests.flows.approving import Devices

ACTOR = "test"
FORM = IncidentForm(noticed_by="zhang", clients=("c001",))


class Team:
    """Zhang and Wang, enrolled."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.devices = Devices(site.home, site.clock, "zhang", "wang")

    def approve(self, incident: Incident, gate: str, *people: str) -> None:
        """Let people approve what a gate asks for now."""
        request = request_of(incident, gate)
        assert request is not None
        for person in people:
            decide(
                self._site,
                incident,
                gate,
                person=person,
                code=self.devices.code(person),
                word="approve",
                digest=request.digest,
            )

    def recover(self, incident: Incident) -> Halt | None:
        """Walk an incident to its end, approving whatever is asked."""
        halt = walk(self._site, incident, actor=ACTOR)
        while halt is not None and halt.kind == "gate":
            people = ("wang", "zhang") if halt.what == "cut-over" else ("wang",)
            self.approve(incident, halt.what, *people)
            halt = walk(self._site, incident, actor=ACTOR)
        return halt


def opened(site: Site, form: IncidentForm = FORM) -> Incident:
    """Open an incident."""
    return open_incident(site, form, actor=ACTOR)[0]


def book(home: Path, client: str = "c001") -> Path:
    """Return the file of a client's ledger."""
    return home / "books" / client / "FEC2026.txt"
