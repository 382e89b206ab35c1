"""`make serve`: runs really appear by the clock, and really complete; ending leaves nothing."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from baozhang.incidents.incidents import incidents_of
from baozhang.wiring import open_site
from tests.flows.site import make_site
from tests.flows.walking import flip_a_byte
from tools import deployments
from tools.deployments import DECLARED
from tools.serve import CODE, WORKERS_AT_MOST, again_and_again, ask, environment, main

SOON = 600  # seconds: it takes half a minute on a quiet machine, shared ones are slow


@dataclass(frozen=True)
class Served:
    """A running `make serve`."""

    process: "subprocess.Popen[str]"
    home: Path
    api: str
    scheduled: dict[str, int]
    children: tuple[int, ...]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = make_site(tmp_path_factory.mktemp("serve") / "site", "c001", "c002")
    words = [sys.executable, "-m", "tools.serve", "--home", str(home), "--port", "0"]
    with subprocess.Popen(words, cwd=CODE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield told(process, home)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(120)


def told(process: "subprocess.Popen[str]", home: Path) -> Served:
    """Read what serving says until all is up."""
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if line.startswith("pages: "):
            break
    text = "".join(lines)
    found = re.search(r"^pages: (\S+)$", text, re.MULTILINE)
    counts = re.search(r"^scheduled runs: (.+)$", text, re.MULTILINE)
    assert found, text
    assert counts, text
    children = tuple(int(pid) for pid in re.findall(r"process (\d+)", text))
    return Served(process, home, f"{found[1]}/api", json.loads(counts[1]), children)


def deployment(served: Served, name: str) -> dict[str, Any]:
    found = ask(f"{served.api}/deployments/filter", {})
    assert isinstance(found, list)
    return next(each for each in found if each["name"] == name)


def completed(served: Served, **which: object) -> list[dict[str, Any]]:
    """Wait for runs that completed; fail when one failed or time is up."""
    limit = time.monotonic() + SOON
    while time.monotonic() < limit:
        runs = ask(f"{served.api}/flow_runs/filter", {"flow_runs": which})
        assert isinstance(runs, list)
        assert not [run["state"] for run in runs if run["state_type"] in {"FAILED", "CRASHED"}]
        if done := [run for run in runs if run["state_type"] == "COMPLETED"]:
            return done
        time.sleep(1)
    pytest.fail(f"nothing completed within {SOON} s")


SUSPENDED = {"any_": ["PAUSED"]}  # a suspended run is of this type


def appeared(served: Served, **which: object) -> dict[str, Any]:
    """Wait for a run of this kind."""
    limit = time.monotonic() + SOON
    while time.monotonic() < limit:
        runs = ask(f"{served.api}/flow_runs/filter", {"flow_runs": which})
        if isinstance(runs, list) and runs:
            return dict(runs[0])
        time.sleep(1)
    pytest.fail(f"no such run within {SOON} s")


@pytest.mark.server
def test_runs_appear_by_the_clock_wherever_there_is_a_schedule(served: Served) -> None:
    by_hand = {"acknowledge", "incident"}
    declared = {each.name for each in deployments.load(deployments.FILE).deployments}
    assert set(served.scheduled) == declared - by_hand
    assert all(served.scheduled.values())


@pytest.mark.server
def test_a_run_started_from_its_deployment_completes(served: Served) -> None:
    backup = deployment(served, "backup")
    run = ask(f"{served.api}/deployments/{backup['id']}/create_flow_run", {})
    assert isinstance(run, dict)
    (done,) = completed(served, id={"any_": [run["id"]]})
    assert done["name"].startswith("backup 20")


@pytest.mark.server
def test_damage_that_validation_finds_starts_an_incident(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAOZHANG_HOME", str(served.home))
    flip_a_byte(served.home, "c001")
    validation, incident = deployment(served, "validation"), deployment(served, "incident")
    start = {"parameters": {"clients": ["c001"]}}
    ask(f"{served.api}/deployments/{validation['id']}/create_flow_run", start)
    run = appeared(served, deployment_id={"any_": [incident["id"]]}, state={"type": SUSPENDED})
    assert run["parameters"]["form"]["clients"] == ["c001"]
    with open_site(served.home) as site:
        (opened,) = incidents_of(site).open_ones()
        assert opened.opening().noticed_by == "system"


@pytest.mark.server
def test_a_run_the_clock_started_completes(served: Served) -> None:
    validation = deployment(served, "validation")
    soon = {"interval": 30, "timezone": "Asia/Shanghai"}
    schedule = [{"active": True, "schedule": soon, "slug": "soon"}]
    ask(f"{served.api}/deployments/{validation['id']}/schedules", schedule)
    later = {"after_": datetime.now(UTC).isoformat()}
    which = {"deployment_id": {"any_": [validation["id"]]}, "expected_start_time": later}
    done = completed(served, **which)
    assert done[0]["auto_scheduled"]


@pytest.mark.server
def test_a_worker_that_died_is_started_again(served: Served) -> None:
    worker = served.children[1]
    os.kill(worker, signal.SIGKILL)
    assert served.process.stdout is not None
    again = next(line for line in served.process.stdout if line.startswith("worker: process "))
    assert int(re.findall(r"process (\d+)", again)[0]) != worker
    validation = deployment(served, "validation")
    run = ask(f"{served.api}/deployments/{validation['id']}/create_flow_run", {})
    assert isinstance(run, dict)
    completed(served, id={"any_": [run["id"]]})


def test_a_worker_that_keeps_dying_is_given_up() -> None:
    assert len(list(again_and_again())) == WORKERS_AT_MOST


@pytest.mark.server
def test_ending_it_leaves_no_process_behind(served: Served) -> None:
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(120) == 0
    assert [pid for pid in served.children if Path(f"/proc/{pid}").exists()] == []


class Busy(BaseHTTPRequestHandler):
    """Answers as the server does while its database is held: twice no, then yes."""

    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(200 if type(self).asked > 2 else 503)
        self.end_headers()
        self.wfile.write(b"true")


def test_a_server_whose_database_is_held_is_asked_again() -> None:
    with HTTPServer(("127.0.0.1", 0), Busy) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            assert ask(f"http://127.0.0.1:{server.server_port}/health") is True
        finally:
            server.shutdown()
    assert Busy.asked == 3


def test_every_variable_a_deployment_may_use_is_set(tmp_path: Path) -> None:
    assert set(DECLARED) <= set(environment(tmp_path, tmp_path, 4200))


def test_the_callers_own_prefect_settings_are_not_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_KEY", "elsewhere")
    assert "PREFECT_API_KEY" not in environment(tmp_path, tmp_path, 4200)


def test_a_folder_that_is_no_site_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(tmp_path)]) == 2
    assert "agency.yaml" in capsys.readouterr().err


def test_a_port_that_is_taken_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "agency.yaml").touch()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--home", str(tmp_path), "--port", str(port)]) == 2
    assert str(port) in capsys.readouterr().err


def test_a_faulty_file_of_deployments_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "agency.yaml").touch()
    faulty = tmp_path / "faulty.yaml"
    faulty.write_text("nome: x\n", "utf-8")
    assert main(["--home", str(tmp_path), "--port", "0", "--file", str(faulty)]) == 2
    assert "write instead" in capsys.readouterr().err
