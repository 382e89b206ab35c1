"""A recovery whose process is killed under a real worker, three times, and gone on with each time.

The kill comes as soon as the journal shows an event, whatever the run is doing by then; a new run
with the incident's id goes on.  The server is the orchestrator's own, as in an office.
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from baozhang.clock import system_clock
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.journal import Event, Journal
from baozhang.wiring import open_site
from tasks.gates import decide, request_of
from tests.flows.approving import Devices, four_people
from tests.flows.recovering import book
from tests.flows.site import ledger, make_site, without_pdf
from tests.flows.walking import night
from tools.deployments import FILE
from tools.serve import CODE, ask

pytestmark = pytest.mark.server

SOUND, LOST = ledger("100,00", "250,50"), ledger("100,00")
NEEDED = {"incident", "monthly"}  # serving waits for something with a schedule
SOON = 600  # seconds
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@dataclass
class Office:
    """A served site, and its people's devices."""

    home: Path
    api: str
    devices: Devices

    def start(self, **form: object) -> str:
        """Start a run of the recovery; return its id."""
        found = ask(f"{self.api}/deployments/filter", {})
        assert isinstance(found, list)
        (deployment,) = (each for each in found if each["name"] == "incident")
        wanted = {"parameters": {"form": {"noticed_by": "zhang", **form}}}
        run = ask(f"{self.api}/deployments/{deployment['id']}/create_flow_run", wanted)
        assert isinstance(run, dict)
        return str(run["id"])

    def state(self, run: str) -> dict[str, Any]:
        """Return a run's state."""
        found = ask(f"{self.api}/flow_runs/{run}")
        assert isinstance(found, dict)
        state = found["state"]
        assert isinstance(state, dict)
        return state

    def incident(self) -> Incident | None:
        """Return the one incident, once it is open."""
        with open_site(self.home) as site:
            return next(iter(incidents_of(site).all()), None)

    def suspended(self, run: str) -> Incident:
        """Wait until a run waits at a gate; return its incident."""
        _until(lambda: self.state(run)["name"] == "Suspended", lambda: self.state(run))
        incident = self.incident()
        assert incident is not None
        return incident

    def approve(self, run: str, gate: str, *people: str) -> None:
        """Let people approve, and wake the run."""
        incident = self.suspended(run)
        with open_site(self.home) as site:
            for person in people:
                request = request_of(incident, gate)
                assert request is not None
                code = self.devices.code(person)
                digest = request.digest
                decide(
                    site, incident, gate, person=person, code=code, word="approve", digest=digest
                )
        ask(f"{self.api}/flow_runs/{run}/resume", {"run_input": {}})

    def killed_at(self, run: str, reached: Callable[[Event], bool]) -> None:
        """Kill a run's process as soon as the journal shows an event; wait until that is known."""
        _until(lambda: self._shows(reached), lambda: self.state(run))
        processes = _processes_of(run)
        assert processes, "the run was over before it could be killed"
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        _until(lambda: self.state(run)["type"] in ENDED, lambda: self.state(run))
        assert self.state(run)["type"] == "CRASHED"

    def _shows(self, reached: Callable[[Event], bool]) -> bool:
        """Look into the journal itself: opening the site each time would take too long."""
        folders = (self.home / "state" / "incidents").glob("i-*")
        events = (Journal.open(folder, system_clock).events() for folder in folders)
        return any(reached(event) for found in events for event in found)


def _until(true: Callable[[], bool], told: Callable[[], object]) -> None:
    limit = time.monotonic() + SOON
    while not true():
        assert time.monotonic() < limit, told()
        time.sleep(0.01)


def _processes_of(run: str) -> list[int]:
    """Return the processes that the worker has made for a run, by what their environment says."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and f"FLOW_RUN_ID={run}" in (entry / "environ").read_text(
                "utf-8", "replace"
            ):
                found.append(int(entry.name))
    return found


def _done(step: str) -> Callable[[Event], bool]:
    return lambda event: event.kind == "step.done" and str(event.facts["step"]).startswith(step)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Serve a site whose client lost a voucher since last night."""
    home = make_site(tmp_path / "site", "c001")
    four_people(home)
    without_pdf(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BAOZHANG_HOME", str(home))
        night("c001")
    book(home).write_bytes(LOST.encode())
    whole = yaml.safe_load(FILE.read_text("utf-8"))
    whole["deployments"] = [each for each in whole["deployments"] if each["name"] in NEEDED]
    file = tmp_path / "prefect.yaml"
    file.write_text(yaml.safe_dump(whole, allow_unicode=True), "utf-8")
    words = [sys.executable, "-m", "tools.serve", "--home", str(home), "--port", "0"]
    words += ["--file", str(file)]
    with subprocess.Popen(words, cwd=CODE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pages = next(line for line in process.stdout if line.startswith("pages: "))
        devices = Devices(home, system_clock, "zhang", "wang", "li")
        try:
            yield Office(home, f"{pages.removeprefix('pages: ').strip()}/api", devices)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(120)


def test_a_run_killed_three_times_under_a_worker_is_gone_on_with_each_time(office: Office) -> None:
    first = office.start(clients=["c001"])
    office.killed_at(first, _done("stop"))
    incident = office.incident()
    assert incident is not None

    second = office.start(incident=incident.id)
    office.approve(second, "plan", "li")
    office.killed_at(second, _done("safety"))
    assert book(office.home).read_bytes().decode() == LOST

    third = office.start(incident=incident.id)
    office.approve(third, "cut-over", "wang", "zhang")
    office.killed_at(third, lambda event: event.kind == "cut-over.begun")
    assert book(office.home).read_bytes().decode() in {LOST, SOUND}

    last = office.start(incident=incident.id)
    _until(lambda: office.state(last)["type"] in ENDED, lambda: office.state(last))
    assert office.state(last)["type"] == "COMPLETED"
    assert book(office.home).read_bytes().decode() == SOUND
    assert incident.closed()
    done = Counter(e.facts["step"] for e in incident.journal.events() if e.kind == "step.done")
    assert [step for step, times in done.items() if times > 1] == []
