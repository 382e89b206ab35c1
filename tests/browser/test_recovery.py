"""A ledger is lost, and comes back through the browser: what people see, tick and type.

on-call fills in the form ─► the run waits ─► the owner ticks and types a code
  ─► brought back, proven ─► two people open the second gate ─► in use again, letters are out
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.wiring import open_site
from tasks.gates import standing_of
from tests.browser.conftest import PATIENCE, Office
from tests.flows.site import ledger
from tools.serve import ask

pytestmark = pytest.mark.server

SOUND = ledger("100,00", "250,50")
SPOILED = ledger("100,00")


@dataclass(frozen=True)
class Story:
    """What was seen on the way."""

    run: str
    incident: str
    form: str  # words of the deployment's form
    plan: str  # words of the first gate's dialog
    wrong: str  # words of the dialog after a wrong code
    cut_over: str  # words of the second gate's dialog, after one person's word
    end: str  # state of the run


class Walk:
    """Somebody before the screen, with a camera."""

    def __init__(self, office: Office, page: Page, shots: Path) -> None:
        self.office, self.page, self._shots, self._taken = office, page, shots, 0
        self.run = ""

    def picture(self, name: str) -> None:
        """Keep what is on the screen."""
        self._taken += 1
        self.page.screenshot(path=self._shots / f"{self._taken:02d}-{name}.png")

    def start(self) -> str:
        """Open the deployment from the list, fill in its form and send it; return its words."""
        page = self.page
        page.goto(f"{self.office.pages}/deployments")
        page.get_by_role("link", name="incident", exact=True).first.click()
        page.get_by_role("button", name="Run", exact=True).click()
        page.get_by_text("Custom run").click()
        page.get_by_text("发现人 / Noticed by").wait_for()
        fields = page.locator("textarea")
        fields.nth(0).fill("zhang")
        before = fields.count()
        page.get_by_role("button", name="Add item").nth(0).click()
        expect(fields).to_have_count(before + 1, timeout=PATIENCE)
        fields.nth(1).fill("c001")
        words = page.inner_text("body")
        self.picture("form")
        page.get_by_role("button", name="Submit").click()
        page.get_by_text("scheduled to start").first.wait_for()
        self.picture("started")
        self.run = self._newest()
        return words

    def _newest(self) -> str:
        """Return the id of the run that was started."""
        wanted = {"flows": {"name": {"any_": ["incident"]}}}
        runs = ask(f"{self.office.api}/flow_runs/filter", wanted)
        assert isinstance(runs, list)
        (run,) = runs
        return str(run["id"])

    def waits(self, gate: str, form: int) -> None:
        """Wait until the run is suspended with a form of a gate, and its page says so."""
        until = monotonic() + PATIENCE / 1000
        while not _waits(self.state(), gate, form):
            assert monotonic() < until, self.state()
            sleep(1)
        self.page.goto(f"{self.office.pages}/runs/flow-run/{self.run}")
        expect(self.page.get_by_text("Suspended").first).to_be_visible(timeout=PATIENCE)
        self.picture(f"{gate}-suspended")

    def approve(self, gate: str, person: str, code: str) -> str:
        """Open the dialog, tick, type and send; return the dialog's words."""
        self.page.get_by_role("button", name="Resume").click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_text("动态口令 / One-time code").wait_for()
        words = dialog.inner_text()
        self.picture(f"{gate}-dialog")
        dialog.locator("textarea").nth(0).fill(person)
        dialog.get_by_role("switch").nth(0).click()
        dialog.locator("textarea").nth(1).fill(code)
        self.picture(f"{gate}-{person}")
        dialog.get_by_role("button", name="Submit").click()
        dialog.wait_for(state="hidden")
        return words

    def ends(self) -> str:
        """Wait until the run is over; return its state."""
        until = monotonic() + PATIENCE / 1000
        while self.state()["type"] not in {"COMPLETED", "FAILED", "CRASHED"}:
            assert monotonic() < until, self.state()
            sleep(1)
        self.page.goto(f"{self.office.pages}/runs/flow-run/{self.run}")
        self.page.get_by_text("Completed").first.wait_for()
        self.picture("completed")
        return str(self.state()["type"])

    def state(self) -> dict[str, Any]:
        """Return the run's state."""
        run = ask(f"{self.office.api}/flow_runs/{self.run}")
        assert isinstance(run, dict)
        found = run["state"]
        assert isinstance(found, dict)
        return found


def _waits(state: dict[str, Any], gate: str, form: int) -> bool:
    key = str(state["state_details"]["pause_key"])
    return state["name"] == "Suspended" and key.startswith(gate) and key.endswith(f"-{form}")


def typed(office: Office, *words: str, keys: str) -> None:
    """Type a command at the office's machine."""
    env = {**os.environ, "BAOZHANG_HOME": str(office.home), "PREFECT_API_URL": office.api}
    command = [sys.executable, "-c", "from baozhang.cli import main; main()", *words]
    subprocess.run(command, input=keys, text=True, env=env, check=True, capture_output=True)


def books(office: Office) -> Path:
    return office.home / "books" / "c001" / "FEC2026.txt"


def found(office: Office) -> Incident:
    with open_site(office.home) as site:
        (incident,) = incidents_of(site).all()
        return incident


@pytest.fixture(scope="module")
def story(office: Office, page: Page, shots: Path) -> Story:
    """Lose the ledger and bring it back."""
    books(office).write_text(SPOILED, "utf-8")
    walk, devices = Walk(office, page, shots), office.devices
    form = walk.start()
    walk.waits("plan", 1)
    plan = walk.approve("plan", "li", devices.wrong("li"))
    walk.waits("plan", 2)
    wrong = walk.approve("plan", "li", devices.code("li"))
    walk.waits("cut-over", 1)
    incident = found(office).id
    typed(
        office,
        *("approve", incident, "--gate", "cut-over", "--by", "zhang"),
        keys=devices.code("zhang") + "\n",
    )
    assert books(office).read_bytes().decode() == SPOILED  # one person's word changes nothing
    cut_over = walk.approve("cut-over", "wang", devices.code("wang"))
    return Story(walk.run, incident, form, plan, wrong, cut_over, walk.ends())


@pytest.fixture(scope="module")
def letters(office: Office, story: Story) -> list[str]:
    """Return the subjects in the manager's mailbox, once the outbox was handed over."""
    with open_site(office.home) as site:
        assert site.postman is not None
        site.postman.deliver(hurry=True)
    return [str(each["Subject"]) for each in office.mail.mailbox("wang", at_least=4)]


def test_the_form_asks_in_chinese(story: Story) -> None:
    for label in ("发现人", "受影响客户", "发生了什么", "发现时间", "初步原因"):
        assert label in story.form


def test_the_dialog_shows_what_is_approved_in_chinese_first(office: Office, story: Story) -> None:
    assert "恢复方案" in story.plan
    assert story.plan.index("审批截止") < story.plan.index("Who may approve")
    assert "c001 / main" in story.plan


def test_a_wrong_code_is_told_and_the_run_waits_again(story: Story) -> None:
    assert "口令与 li 不符" in story.wrong


def test_the_run_completes(story: Story) -> None:
    assert story.end == "COMPLETED"


def test_the_ledger_is_back(office: Office, story: Story) -> None:
    assert books(office).read_bytes().decode() == SOUND


def test_two_different_people_opened_the_second_gate(office: Office, story: Story) -> None:
    with open_site(office.home) as site:
        standing = standing_of(site, found(office), "cut-over")
    assert standing is not None
    assert standing.by == ("zhang", "wang")


def test_the_incident_is_closed(office: Office, story: Story) -> None:
    assert found(office).closed()


def test_the_letter_of_the_recovery_is_in_the_mailbox(story: Story, letters: list[str]) -> None:
    assert any("恢复" in subject or "ecover" in subject for subject in letters), letters


def test_no_code_is_left_on_the_server(office: Office, story: Story) -> None:
    wanted = {"prefix": "suspended-", "limit": 200, "exclude_keys": []}
    left = ask(f"{office.api}/flow_runs/{story.run}/input/filter", wanted)
    assert isinstance(left, list)
    assert not [each["key"] for each in left if each["key"].endswith("-response")]
