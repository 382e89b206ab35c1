"""What people are shown who are to approve: the thing itself, its hash, who may, until when."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from baozhang.errors import CorruptObjectError
from baozhang.incidents.incidents import Incident
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.gate_pages import shown
from tasks.gates import ask, decide
from tests.flows.approving import Devices, Hand, a_plan, back, four_people, opened


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    four_people(home)
    with open_site(home, clock=Hand()) as each:
        yield each


@pytest.fixture
def incident(site: Site) -> Incident:
    return opened(site)


def test_a_plan_is_shown_in_chinese_first_with_its_hash(site: Site, incident: Incident) -> None:
    request = ask(site, incident, "plan", a_plan(incident), asked_by="system")
    text = shown(site, incident, "plan")
    assert text.index("恢复方案") < text.index("Approve the recovery plan")
    assert text.replace("` `", "").count(request.digest) == 2


def test_a_plan_is_shown_with_its_figures(site: Site, incident: Incident) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    text = shown(site, incident, "plan", languages=("en",))
    assert "Plan 1: 1 sets, 0:01:35 in all." in text
    assert "1. **c001 / main** from s-1 of 2026-11-21 22:00, 1:00:00 behind; lost" in text
    assert "12.3 MB, 1 books; takes 0:01:35" in text
    assert "Who may approve: approver / manager; different people wanted: 1." in text
    assert "Until 2026-11-23 09:00 (Beijing time)." in text


def test_what_came_back_is_shown_with_what_is_to_be_keyed_in(
    site: Site, incident: Incident
) -> None:
    request = ask(site, incident, "cut-over", back(incident), asked_by="system")
    code = Devices(site.home, site.clock, "li").code("li")
    decide(
        site,
        incident,
        "cut-over",
        person="li",
        code=code,
        word="approve",
        digest=request.digest,
    )
    text = shown(site, incident, "cut-over", languages=("en",))
    assert "1. **c001 / main** from s-1: 1 files, 2 MB; of 1 books 1 proven, 0 failed" in text
    assert "to be keyed in: 2 vouchers, 1 invoices, 251.50 EUR" in text
    assert "Approved by: li." in text
    assert "1 more must approve." in text


def test_a_set_that_cannot_be_restored_is_shown(site: Site, incident: Incident) -> None:
    plan = a_plan(incident).model_copy(
        update={"left_out": (("c002", "main", "no-clean-point"),), "measured": 0}
    )
    ask(site, incident, "plan", plan, asked_by="system")
    text = shown(site, incident, "plan", languages=("en",))
    assert "Cannot be restored: c002, main: there is no backup point of it" in text
    assert "the times are a guess" in text


def test_what_is_doubtful_of_a_backup_point_is_shown(site: Site, incident: Incident) -> None:
    plan = a_plan(incident)
    doubts = {"why": "damaged", "instead_of": "s-2", "checked": "every-byte", "unjudged": True}
    (one,) = plan.restorations
    doubtful = plan.model_copy(update={"restorations": (one.model_copy(update=doubts),)})
    ask(site, incident, "plan", doubtful, asked_by="system")
    text = shown(site, incident, "plan", languages=("en",))
    assert "s-2 is newer, and is damaged" in text
    assert "every byte of it was read" in text
    assert "nobody has judged" in text


def test_what_stays_and_what_people_do_is_shown(site: Site, incident: Incident) -> None:
    unhurt = (("c002", "main"),)
    more = {"unhurt": unhurt, "by_hand": 3, "room": 2_000, "free": 5 * 10**9}
    plan = a_plan(incident).model_copy(update=more)
    ask(site, incident, "plan", plan, asked_by="system")
    text = shown(site, incident, "plan", languages=("en",))
    assert "stay as they are: c002 / main" in text
    assert "People put 3 sets into use." in text
    assert "The copies need 2 kB of 5.0 GB" in text


def test_of_two_hundred_sets_fifty_are_shown_and_the_rest_is_counted(
    site: Site, incident: Incident
) -> None:
    one = a_plan(incident)
    many = one.model_copy(update={"restorations": one.restorations * 200})
    ask(site, incident, "plan", many, asked_by="system")
    assert "and 150 more" in shown(site, incident, "plan", languages=("en",))


def test_what_was_changed_since_it_was_asked_is_not_shown(site: Site, incident: Incident) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    incident.keep("gate-plan", a_plan(incident, number=2), actor="system")
    with pytest.raises(CorruptObjectError):
        shown(site, incident, "plan")
