"""The plan of an incident on a real site: order, estimates from what was measured, and numbers."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.incidents.cutover import how_of
from baozhang.incidents.impact import Impact
from baozhang.incidents.incidents import Incident
from baozhang.incidents.measured import restores
from baozhang.incidents.model import Plan
from baozhang.incidents.scope import Scope
from baozhang.policies.law.filing import load_filing_calendar
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.incident_recovery import recover
from tasks.incident_scoping import plan, preserve, scope
from tests.flows.scoping import TEN, opened, points, save
from tests.flows.site import add_client, add_papers, ledger
from tests.flows.walking import night, restore_test
from tests.incidents.dying import killed_at


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    """A site whose two clients have lost vouchers."""
    for client in ("c001", "c002"):
        (home / "books" / client / "FEC2026.txt").write_text(ledger(*TEN), "utf-8")
        night(client)
        (home / "books" / client / "FEC2026.txt").write_text(ledger(*TEN[:4]), "utf-8")
    with open_site(home) as opened:
        yield opened


def both(site: Site) -> Incident:
    return opened(site, ("c001", "main"), ("c002", "main"))


def planned(site: Site, incident: Incident) -> Plan:
    preserve(site, incident, actor="run")
    return plan(site, incident, actor="run")


def test_a_plan_names_the_point_of_every_set_that_lost_something(site: Site) -> None:
    found = planned(site, both(site))
    assert [
        (each.client, each.snapshot, each.vouchers, each.amount) for each in found.restorations
    ] == [(client, points(site, client)[0].id, 6, 600_00) for client in ("c001", "c002")]
    assert (found.approvers, found.by_hand, found.left_out) == (2, 0, ())


def test_deadlines_are_those_of_each_clients_own_rhythm(site: Site, home: Path) -> None:
    with (home / "clients" / "c001.yaml").open("a", encoding="utf-8") as file:
        file.write("filing: quarterly\n")
    calendar = load_filing_calendar()
    with open_site(home) as fresh:
        incident = both(fresh)
        found = planned(fresh, incident)
        impact = incident.value("impact", Impact)
    assert {each.client: each.rhythm for each in impact.clients} == {
        "c001": "quarterly",
        "c002": "monthly",
    }
    assert {each.client: each.deadline for each in found.restorations} == {
        each.client: calendar.next_deadline(impact.day, each.rhythm) for each in impact.clients
    }


def test_a_set_that_lost_nothing_is_left_as_it_is(site: Site, home: Path) -> None:
    add_papers(home, "c001")
    night("c001")
    (home / "books" / "c001" / "FEC2026.txt").write_text(ledger(*TEN[:4], "9,00"), "utf-8")
    with open_site(home) as fresh:
        found = planned(fresh, opened(fresh, ("c001", "*")))
    assert ("c001", "papers") in found.unhurt


def test_a_set_that_was_never_backed_up_is_left_out(site: Site, home: Path) -> None:
    add_client(home, "c003")
    with open_site(home) as fresh:
        found = planned(fresh, opened(fresh, ("c003", "main"), ("c001", "main")))
    assert found.left_out == (("c003", "main", "no-clean-point"),)
    assert [each.client for each in found.restorations] == ["c001"]


def test_planning_again_is_the_same_plan(site: Site) -> None:
    incident = both(site)
    first = planned(site, incident)
    events = len(incident.journal.events())
    assert planned(site, incident) == first
    assert len(incident.journal.events()) == events


def test_a_restore_test_in_between_makes_no_other_plan(site: Site) -> None:
    incident = both(site)
    first = planned(site, incident)
    restore_test("c001")
    assert planned(site, incident) == first


def test_an_estimate_rests_on_restore_tests(site: Site) -> None:
    assert planned(site, both(site)).measured == 0
    restore_test("c001")
    assert planned(site, another(site)).measured == 1


def another(site: Site) -> Incident:
    """Close the incident that is open, and open one like it."""
    incident = both(site)
    incident.journal.append("closed", actor="run")
    return both(site)


def test_an_estimate_rests_on_earlier_incidents(site: Site) -> None:
    incident = both(site)
    for each in planned(site, incident).restorations:
        recover(site, incident, each, evidence="", actor="run")
    assert len(restores(site, but=incident)[0]) == 0
    brought, proved = restores(site, but=another(site))
    assert (len(brought), len(proved)) == (2, 2)
    assert [each.bytes for each in proved] == [each.bytes for each in brought]


def test_what_was_measured_long_ago_tells_nothing(site: Site, home: Path) -> None:
    restore_test("c001")
    then = site.clock() + timedelta(days=500)
    with open_site(home, clock=lambda: then) as later:
        assert restores(later, but=both(later)) == ((), ())


def test_a_disk_without_room_leaves_sets_out_and_the_next_plan_has_them(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = both(site)
    usage = shutil.disk_usage(site.home)
    full = usage._replace(free=0)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: full)
        found = planned(site, incident)
    assert [reason for *_, reason in found.left_out] == ["no-room", "no-room"]
    again = planned(site, incident)
    assert (again.number, len(again.restorations), again.left_out) == (2, 2, ())


def test_every_plan_stays_under_its_number(site: Site) -> None:
    incident = both(site)
    found = planned(site, incident)
    assert incident.value("plan-1", Plan) == incident.value("plan", Plan) == found


def test_an_incident_in_which_nothing_is_lost_has_a_plan_of_nothing(home: Path) -> None:
    save(home, *TEN)
    with open_site(home) as site:
        found = planned(site, opened(site))
    assert (found.restorations, found.seconds, found.unhurt) == ((), 0, (("c001", "main"),))


def test_a_book_that_grew_is_restored_only_where_somebody_may_have_tampered(home: Path) -> None:
    save(home, *TEN)
    save(home, *TEN, "7,00", then=False)
    with open_site(home) as site:
        assert planned(site, opened(site)).restorations == ()
    with open_site(home) as site:
        opened(site).journal.append("closed", actor="run")
        found = planned(site, opened(site, kind="tampered"))
    assert [(each.files, each.vouchers) for each in found.restorations] == [(1, 0)]


def test_a_set_that_people_put_into_use_says_so(home: Path) -> None:
    text = (home / "clients" / "c001.yaml").read_text("utf-8")
    (home / "clients" / "c001.yaml").write_text(
        text + "      - {name: t3, kind: opaque, path: t3}\n", "utf-8"
    )
    (home / "t3").mkdir()
    (home / "t3" / "a.dat").write_text("a")
    save(home, *TEN)
    save(home, *TEN[:2], then=False)
    with open_site(home) as site:
        assert how_of(site, "c001", "main") == "assisted"
        found = planned(site, opened(site))
    assert (found.by_hand, found.restorations[0].how) == (1, "assisted")


@pytest.mark.parametrize("number", range(1, 9))
def test_a_run_that_was_killed_comes_to_the_same_plan(site: Site, home: Path, number: int) -> None:
    def work() -> None:
        with open_site(home) as fresh:
            incident = opened(fresh, ("c001", "main"), ("c002", "main"))
            preserve(fresh, incident, actor="run")
            plan(fresh, incident, actor="run")

    incident = both(site)
    preserve(site, incident, actor="run")
    killed_at(number, work)
    work()
    with open_site(home) as fresh:
        incident = both(fresh)
        found = incident.value("plan", Plan)
        assert (found.number, len(found.restorations)) == (1, 2)
        assert len(incident.value("scope", Scope).losses) == 2


def test_scoping_again_says_nothing_new(site: Site) -> None:
    incident = both(site)
    preserve(site, incident, actor="run")
    first = scope(site, incident, actor="run")
    events = len(incident.journal.events())
    assert scope(site, incident, actor="run") == first
    assert len(incident.journal.events()) == events
