"""`baozhang notice`: answers, facts, decisions, approvals with a code, and what was handed over."""

import json
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from baozhang.cli import notice
from baozhang.clock import system_clock
from baozhang.errors import UsageError
from baozhang.incidents.incidents import incidents_of
from baozhang.wiring import open_site
from tests.flows.approving import Devices, four_people
from tests.flows.site import make_site


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = make_site(tmp_path / "site", "c001")
    four_people(home)
    monkeypatch.setenv("BAOZHANG_HOME", str(home))
    monkeypatch.setenv("BAOZHANG_LANG", "en")
    return home


@pytest.fixture
def incident(home: Path) -> str:
    with open_site(home) as site:
        return (
            incidents_of(site)
            .open("lost", [("c001", "main")], noticed_by="zhang", discovered=site.clock())[0]
            .id
        )


def typed(*words: str, keys: str = "") -> Result:
    """Run the command in this process: another one would load everything again each time."""
    root = typer.Typer()
    root.callback()(lambda: None)
    notice.register(root)
    return CliRunner().invoke(root, list(words), input=keys)


def refused(done: Result) -> bool:
    return isinstance(done.exception, UsageError)


def listed(incident: str) -> dict[str, object]:
    (found,) = json.loads(typed("notice", "list", incident, "--json").stdout)["incidents"]
    assert isinstance(found, dict)
    return found


def test_facts_change_the_answer_and_a_decision_ends_it(incident: str) -> None:
    assert listed(incident)["must_report"] == "unknown"
    stated = typed("notice", "fact", incident, "persons=12", "loss=5000.50", "--by", "zhang")
    assert stated.exit_code == 0
    assert listed(incident)["must_report"] == "review"
    decided = ("notice", "decide", incident, "below", "--why", "x", "--by")
    assert refused(typed(*decided, "zhang"))
    assert typed(*decided, "li").exit_code == 0
    found = listed(incident)
    assert found["must_report"] == "no"
    assert found["facts"]["loss_fen"] == {"value": 500050, "source": "zhang", "why": ""}  # type: ignore[index]


@pytest.mark.parametrize("written", ["persons", "persons=many", "weather=fine", "loss=1.005"])
def test_what_is_no_fact_is_refused(incident: str, written: str) -> None:
    assert refused(typed("notice", "fact", incident, written, "--by", "zhang"))


def test_a_grade_cannot_be_slipped_in_as_a_fact(incident: str) -> None:
    slipped = typed("notice", "fact", incident, "reviewed_grade=below", "--by", "zhang")
    assert refused(slipped)


def test_approving_sends_and_handing_over_is_recorded(home: Path, incident: str) -> None:
    devices = Devices(home, system_clock, "li")
    assert json.loads(typed("notice", "run", "--json").stdout)["drafted"] == ["clients-1"]
    assert "张三" in typed("notice", "show", incident, "clients").stdout
    approved = typed(
        *("notice", "approve", incident, "clients", "--by", "li", "--json"),
        keys=devices.code("li") + "\n",
    )
    assert json.loads(approved.stdout)["sent"] == ["clients-1.c001"]
    how = ("--means", "telephone", "--by", "zhang")
    assert typed("notice", "sent", incident, "clients", *how).exit_code == 0
    notices = listed(incident)["notices"]
    assert isinstance(notices, list)
    (told,) = notices
    assert (told["state"], told["receipts"]) == ("arrived", 1)


def test_the_list_is_readable(incident: str) -> None:
    page = typed("notice", "list").stdout
    assert "must it be reported to the authority? unknown until it is known" in page
    assert "no legal advice" in page
