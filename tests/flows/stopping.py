"""What the tests of stopping have in common: an incident of a tiny site, and its permissions."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.site import Site
from baozhang.wiring import open_site
from tests.flows.walking import night


def books(home: Path, client: str = "c001") -> Path:
    return home / "books" / client


def modes(home: Path) -> dict[str, int]:
    """Return the permissions of everything below the clients' books."""
    found = {}
    for folder, _, names in os.walk(home / "books"):
        for name in (".", *names):
            place = Path(folder, name)
            found[str(place.relative_to(home))] = place.stat().st_mode & 0o7777
    return found


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    with open_site(home) as opened:
        yield opened


def opened(site: Site, *sets: tuple[str, str]) -> Incident:
    return incidents_of(site).open(
        "damaged", sets or [("c001", "main")], noticed_by="zhang", discovered=site.clock()
    )[0]


@pytest.fixture
def incident(site: Site) -> Incident:
    night()
    return opened(site)


def kinds(incident: Incident) -> list[str]:
    return [event.kind for event in incident.journal.events()]
