"""`baozhang incident` and `approve` as they are typed; a recovery from its report to its end."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from baozhang.cli import main
from baozhang.clock import system_clock
from baozhang.incidents.incidents import incidents_of
from baozhang.wiring import open_site
from tasks.gates import ask, decide
from tests.flows.approving import Devices, a_plan, back, four_people, opened
from tests.flows.site import CLIENT, ledger, make_site
from tests.flows.walking import night

SOUND, SPOILED = ledger("100,00", "250,50"), ledger("100,00")


@dataclass(frozen=True)
class Done:
    """What a command said, and how it ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAOZHANG_HOME", str(tmp_path / "site"))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    made = make_site(tmp_path / "site", "c001", "c002")
    four_people(made)
    return made


@pytest.fixture
def devices(home: Path) -> Devices:
    return Devices(home, system_clock, "zhang", "wang", "li")


@pytest.fixture
def asked(home: Path) -> str:
    """An incident whose plan waits for approval; its id."""
    with open_site(home) as site:
        incident = opened(site)
        ask(site, incident, "plan", a_plan(incident), asked_by="system")
        return incident.id


Typed = Callable[..., Done]
Told = Callable[..., dict[str, Any]]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Type a command, and what it asks for."""
    monkeypatch.setenv("BAOZHANG_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")

    def type_it(*words: object, keys: str = "") -> Done:
        monkeypatch.setattr(sys, "argv", ["baozhang", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", StringIO(f"{keys}\n"))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return type_it


@pytest.fixture
def told(typed: Typed) -> Told:
    """Type a command, and read its JSON."""

    def read(*words: object, keys: str = "") -> dict[str, Any]:
        done = typed(*words, "--json", keys=keys)
        found = json.loads(done.stdout)
        assert isinstance(found, dict), done.stderr
        return found

    return read


def books(home: Path) -> Path:
    return home / "books" / "c001" / "FEC2026.txt"


# --- the whole way --------------------------------------------------------------------------------


def test_a_ledger_comes_back_by_typed_commands_alone(
    told: Told, home: Path, devices: Devices
) -> None:
    night("c001")
    books(home).write_text(SPOILED, "utf-8")
    first = told("incident", "open", "--kind", "damaged", "--client", "c001", "--by", "zhang")
    assert (first["halt"], first["what"]) == ("gate", "plan")
    incident = first["incident"]
    told("approve", incident, "--gate", "plan", "--by", "li", keys=devices.code("li"))
    assert told("incident", "go-on", incident, "--by", "zhang")["what"] == "cut-over"
    for person in ("zhang", "wang"):
        told("approve", incident, "--gate", "cut-over", "--by", person, keys=devices.code(person))
    assert told("incident", "go-on", incident, "--by", "zhang")["halt"] == "closed"
    assert books(home).read_bytes().decode() == SOUND


def test_a_dry_run_says_what_would_be_hit_and_opens_nothing(told: Told, home: Path) -> None:
    night("c001")
    words = ("open", "--kind", "lost", "--client", "c001", "--by", "zhang", "--dry-run")
    found = told("incident", *words)
    assert [(one["client"], one["set"], bool(one["snapshot"])) for one in found["hit"]] == [
        ("c001", "main", True)
    ]
    with open_site(home) as site:
        assert incidents_of(site).all() == ()


def test_a_wrong_client_is_refused(typed: Typed, home: Path) -> None:
    done = typed("incident", "open", "--kind", "lost", "--client", "c009", "--by", "zhang")
    assert done.returncode == 2
    assert "c009" in done.stderr


def test_a_kind_that_there_is_not_is_refused(typed: Typed, home: Path) -> None:
    done = typed("incident", "open", "--kind", "eaten", "--client", "c001", "--by", "zhang")
    assert done.returncode == 2
    assert "ransomware" in done.stderr


# --- looking --------------------------------------------------------------------------------------


def test_what_waits_is_listed(told: Told, asked: str) -> None:
    (found,) = told("incident", "list")["incidents"]
    assert found["id"] == asked
    assert [(one["gate"], one["state"], one["wanting"]) for one in found["waits"]] == [
        ("plan", "waiting", 1)
    ]


def test_an_incident_is_shown_with_the_command_that_approves_it(typed: Typed, asked: str) -> None:
    shown = typed("incident", "show", asked).stdout
    assert f"baozhang approve {asked} --gate plan --by PERSON" in shown
    assert "approval asked for" in shown


def test_a_timeline_for_programs_has_every_event(told: Told, asked: str) -> None:
    kinds = [event["kind"] for event in told("incident", "show", asked)["events"]]
    assert kinds == ["kept", "opened", "kept", "gate.asked"]


def test_steps_tell_how_often_each_was_begun(told: Told, home: Path, asked: str) -> None:
    with open_site(home) as site:
        journal = incidents_of(site).get(asked).journal
        journal.append("step.begun", actor="run", step="scope", attempt=1)
        journal.once("scope", lambda _: {}, actor="run")
    (step,) = told("incident", "steps", asked)["steps"]
    assert (step["step"], step["attempts"], step["done"] is not None) == ("scope", 2, True)


def test_an_incident_that_there_is_not_is_refused(typed: Typed, home: Path) -> None:
    assert typed("incident", "show", "i-20200101-01").returncode == 2


# --- facts ----------------------------------------------------------------------------------------


def test_a_fact_is_stated_in_a_persons_name(told: Told, asked: str) -> None:
    words = ("incident", "fact", asked, "persons=120", "--by", "zhao", "--why", "counted")
    (found,) = [each for each in told(*words)["facts"] if each["name"] == "persons"]
    assert found == {"name": "persons", "value": 120, "source": "zhao", "why": "counted"}


def test_a_fact_that_nobody_states_is_refused(typed: Typed, asked: str) -> None:
    done = typed("incident", "fact", asked, "persons=120")
    assert (done.returncode, "nobody is named who states the fact" in done.stderr) == (2, True)


def test_a_stranger_who_says_to_have_stopped_is_not_asked_for_a_code(
    typed: Typed, asked: str
) -> None:
    done = typed("incident", "stop-ack", asked, "--by", "stranger", keys="123456")
    assert (done.returncode, "Code of" in done.stderr) == (2, False)


def test_what_nobody_stated_is_named(told: Told, asked: str) -> None:
    assert "personal_data" in told("incident", "fact", asked)["not_known"]


@pytest.mark.parametrize("stated", ["persons", "persons=many", "weather=fine"])
def test_what_is_no_fact_is_refused(typed: Typed, asked: str, stated: str) -> None:
    assert typed("incident", "fact", asked, stated, "--by", "zhao").returncode == 2


# --- approving ------------------------------------------------------------------------------------


def test_what_is_approved_is_shown_before_the_code_is_asked_for(
    typed: Typed, asked: str, devices: Devices
) -> None:
    done = typed("approve", asked, "--gate", "plan", "--by", "li", keys=devices.code("li"))
    assert done.stderr.index("Hash of what is approved") < done.stderr.index("Code of li")
    assert "approved by li" in done.stdout


def test_where_no_run_waits_the_next_command_is_told(
    typed: Typed, asked: str, devices: Devices
) -> None:
    done = typed("approve", asked, "--gate", "plan", "--by", "li", keys=devices.code("li"))
    assert f"baozhang incident go-on {asked}" in done.stdout


def test_a_refusal_is_kept_with_its_reason(
    told: Told, home: Path, asked: str, devices: Devices
) -> None:
    words = ("approve", asked, "--gate", "plan", "--by", "li", "--refuse", "--reason", "wait")
    assert told(*words, keys=devices.code("li"))["state"] == "refused"
    events = told("incident", "show", asked)["events"]
    assert [each["facts"]["reason"] for each in events if each["kind"] == "refusal"] == ["wait"]


def test_a_wrong_code_approves_nothing(
    told: Told, typed: Typed, asked: str, devices: Devices
) -> None:
    done = typed("approve", asked, "--gate", "plan", "--by", "li", keys=devices.wrong("li"))
    assert done.returncode == 2
    assert told("incident", "list")["incidents"][0]["waits"][0]["state"] == "waiting"


def test_who_may_not_approve_is_not_asked_for_a_code(typed: Typed, asked: str) -> None:
    done = typed("approve", asked, "--gate", "plan", "--by", "zhao")
    assert done.returncode == 2
    assert "Code of" not in done.stderr


def test_a_server_that_does_not_answer_is_told_and_the_word_counts(
    home: Path, asked: str, devices: Devices
) -> None:
    with open_site(home) as site:
        incident = incidents_of(site).get(asked)
        run = "00000000-0000-4000-8000-000000000000"
        ask(site, incident, "plan", a_plan(incident), asked_by="system", run=run)
    env = {**os.environ, "PREFECT_API_URL": "http://127.0.0.1:9/api"}
    command = [sys.executable, "-c", "from baozhang.cli import main; main()"]
    done = subprocess.run(
        [*command, "approve", asked, "--gate", "plan", "--by", "li", "--json"],
        input=devices.code("li") + "\n",
        capture_output=True,
        text=True,
        check=True,
        env=env,
    )
    found = json.loads(done.stdout)
    assert (found["state"], found["run"]) == ("approved", "unreachable")


# --- checklists -----------------------------------------------------------------------------------


def test_sets_that_are_put_into_use_by_themselves_have_no_checklist(told: Told, asked: str) -> None:
    assert told("incident", "checklist", asked)["checklists"] == []


@pytest.fixture
def by_people(home: Path, devices: Devices) -> str:
    """An incident of a client whose books people put into use, as was approved; its id."""
    text = CLIENT.format(client="c001").replace("kind: tree", "kind: opaque")
    (home / "clients" / "c001.yaml").write_text(text.replace(", profile: fec", ""), "utf-8")
    with open_site(home) as site:
        incident = opened(site)
        digest = ask(site, incident, "cut-over", back(incident), asked_by="system").digest
        for person in ("wang", "li"):
            code = devices.code(person)
            decide(
                site,
                incident,
                "cut-over",
                person=person,
                code=code,
                word="approve",
                digest=digest,
            )
        return incident.id


def test_nothing_is_ticked_off_before_the_cut_over_is_approved(typed: Typed, asked: str) -> None:
    done = tick(typed, asked, "stop")
    assert done.returncode == 2
    assert "is not approved" in done.stderr


def tick(typed: Typed, incident: str, step: str, *evidence: str) -> Done:
    given = [word for each in evidence for word in ("--evidence", each)]
    where = ("--client", "c001", "--source", "books", "--by", "zhang")
    return typed("incident", "tick", incident, step, *where, *given, "--json")


def test_a_checklist_is_worked_off_step_by_step(told: Told, typed: Typed, by_people: str) -> None:
    (found,) = told("incident", "checklist", by_people)["checklists"]
    step = found["steps"][0]
    done = tick(typed, by_people, step["id"], *(f"{name}=1" for name in step["evidence"]))
    assert json.loads(done.stdout)["left"] == len(found["steps"]) - 1
    (after,) = told("incident", "checklist", by_people)["checklists"]
    assert (after["next"], after["steps"][0]["done_by"]) == (found["steps"][1]["id"], "zhang")


def test_no_step_of_a_checklist_is_passed_over(told: Told, typed: Typed, by_people: str) -> None:
    (found,) = told("incident", "checklist", by_people)["checklists"]
    assert tick(typed, by_people, found["steps"][1]["id"]).returncode == 2


def test_a_source_that_has_no_checklist_is_refused(typed: Typed, by_people: str) -> None:
    where = ("--client", "c001", "--source", "papers", "--by", "zhang")
    done = typed("incident", "tick", by_people, "stop", *where, "--json")
    assert done.returncode == 2
    assert "people do nothing for source papers" in done.stderr
