"""Incidents of a tiny site that are walked, killed and walked again, with people approving."""

import os
import signal
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from baozhang.catalog.custody import CustodyBook
from baozhang.clock import system_clock
from baozhang.incidents.custody import held
from baozhang.incidents.holds import standing_holds
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.journal import Event, Fact, Journal
from baozhang.incidents.quarantine import copies_of
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.gates import GATES, decide, request_of, standing_of
from tasks.incident_walk import walk
from tests.crash.dying import in_child
from tests.flows.approving import Devices, four_people
from tests.flows.recovering import ACTOR, book, opened
from tests.flows.site import ledger, make_site, without_pdf
from tests.flows.walking import night

APPROVERS = {"plan": ("li",), "cut-over": ("wang", "zhang")}
"""Nobody is asked so often within a minute that the codes of a device run out."""
GOOD, LOST = ledger("100,00", "250,50").encode(), ledger("100,00").encode()


def hit_site(home: Path, *, lost: bytes = LOST) -> Path:
    """Make a site, back it up, and lose a voucher; nothing is opened yet."""
    make_site(home, "c001", "c002")
    four_people(home)
    without_pdf(home)
    night("c001", "c002")
    book(home).write_bytes(lost)
    return home


def opened_at(home: Path) -> str:
    """Open an incident; return its id."""
    with open_site(home) as site:
        return opened(site).id


def walked(home: Path, name: str) -> object:
    """Walk an incident in a site of its own: what a run does, and does again."""
    with open_site(home) as site:
        return walk(site, incidents_of(site).get(name), actor=ACTOR)


def enrolled(home: Path) -> Devices:
    """Return the devices of those who approve."""
    return Devices(home, system_clock, "zhang", "wang", "li")


def waiting(site: Site, incident: Incident) -> str | None:
    """Return the gate that waits for people."""
    for gate in GATES:
        found = standing_of(site, incident, gate)
        if found is not None and found.state == "waiting":
            return gate
    return None


def approve(site: Site, incident: Incident, gate: str, devices: Devices) -> None:
    """Let as many people approve a gate as it asks for."""
    for person in APPROVERS[gate]:
        request = request_of(incident, gate)
        assert request is not None
        decide(
            site,
            incident,
            gate,
            person=person,
            code=devices.code(person),
            word="approve",
            digest=request.digest,
        )


def assert_whole(home: Path) -> bytes:
    """Make sure that what is in use is wholly the old or wholly the new; return which."""
    assert os.listdir(home / "books" / "c001") == ["FEC2026.txt"]
    found = book(home).read_bytes()
    assert found in (GOOD, LOST), "it is neither the old nor the new"
    return found


def assert_over(home: Path, name: str) -> None:
    """Make sure that an incident came to its end: the ledger back, nothing done twice or left."""
    assert assert_whole(home) == GOOD
    assert sorted(os.listdir(home / "books")) == ["c001", "c001.replaced-1", "c002"]
    assert (home / "books" / "c001.replaced-1" / "FEC2026.txt").read_bytes() == LOST
    with open_site(home) as site:
        incident = incidents_of(site).get(name)
        events = incident.journal.events()
        assert incident.closed()
        done = Counter(str(e.facts["step"]) for e in events if e.kind == "step.done")
        assert [step for step, times in done.items() if times > 1] == []
        kinds = Counter(event.kind for event in events)
        assert (kinds["closed"], kinds["opened"]) == (1, 1)
        assert copies_of(site, incident) == ()
        assert held(site) == ()
        assert all(known.end for known in CustodyBook(site.catalog).all())
        assert standing_holds(site, "c001") == ()


def killed_at_news(name: str, home: Path, *, before: bool) -> bool:
    """Walk an incident in a child that dies right after the first event that no run wrote yet.

    With `before` it dies right before the second one: all that it would tell of is done.  An event
    that is written again, since what it tells of is done again, is no news.

    Returns:
        Whether it died; False: the walk came to its end, or to where people must act.
    """

    def doomed() -> None:
        original, news = Journal.append, [0]

        def append(self: Journal, kind: str, *, actor: str, **facts: Fact) -> Event:
            known = {_told(event.kind, event.facts) for event in self.events()}
            news[0] += _told(kind, facts) not in known
            if before and news[0] == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            event = original(self, kind, actor=actor, **facts)
            if not before and news[0] == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            return event

        Journal.append = append  # type: ignore[method-assign]
        walked(home, name)

    status = in_child(doomed)
    assert status in {0, -signal.SIGKILL}
    return status != 0


_CHANGING = {"attempt", "sha256", "expires", "copy", "seconds_ms"}


def _told(kind: str, facts: Mapping[str, Fact]) -> tuple[str, frozenset[tuple[str, Fact]]]:
    return kind, frozenset((name, one) for name, one in facts.items() if name not in _CHANGING)
