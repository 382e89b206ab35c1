"""SIGKILL at every event of an incident's journal: it goes on, and what is in use is never half.

Killed by its own hand right after an event is durable, and right before one is: then all the work
that it would have told of is done, and nobody knows.  One incident is killed again and again, at
each of its events once, until it is over; people approve in between.
"""

from pathlib import Path

import pytest

from baozhang.incidents.incidents import incidents_of
from baozhang.wiring import open_site
from tests.faults.publishing import Publish
from tests.faults.recoveries import (
    GOOD,
    LOST,
    approve,
    assert_over,
    assert_whole,
    enrolled,
    hit_site,
    killed_at_news,
    opened_at,
    waiting,
)
from tests.flows.approving import Devices

MOST = 300  # events of one incident


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAOZHANG_HOME", str(tmp_path / "site"))
    monkeypatch.setenv("BAOZHANG_LANG", "en")
    return hit_site(tmp_path / "site")


@pytest.mark.parametrize("before", [False, True])
def test_an_incident_killed_at_every_event_comes_to_its_end(
    home: Path, publish: Publish, before: bool
) -> None:
    name, kills, seen, devices = opened_at(home), 0, [], enrolled(home)
    for _ in range(MOST):
        died = killed_at_news(name, home, before=before)
        kills += died
        seen.append(assert_whole(home))
        if not died and not go_on(home, name, devices):
            break
    assert_over(home, name)
    assert seen == [LOST] * seen.count(LOST) + [GOOD] * seen.count(GOOD)
    assert LOST in seen
    publish("incident killed", kills, before=before)


def go_on(home: Path, name: str, devices: Devices) -> bool:
    """Let people approve what waits; False: it is over."""
    with open_site(home) as site:
        incident = incidents_of(site).get(name)
        if incident.closed():
            return False
        gate = waiting(site, incident)
        assert gate, "it waits for nobody"
        approve(site, incident, gate, devices)
        return True
