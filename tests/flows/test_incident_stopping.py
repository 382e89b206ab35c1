"""Stopping on a real tiny site: held, read-only, passed over at night, and put back exactly."""

from pathlib import Path

import pytest

from baozhang.catalog.clean import state_of
from baozhang.catalog.model import Outcome
from baozhang.clock import business_day
from baozhang.incidents.holds import hold_client, standing_holds
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.batches import Pair
from tasks.incident_stopping import (
    lift,
    stop,
    stopped_pairs,
    unacknowledged,
)
from tasks.morning import line_of
from tasks.points import accept_point
from tasks.troubles import look
from tests.flows.site import add_papers, ledger, make_site
from tests.flows.stopping import books, modes, opened
from tests.flows.stopping import incident as incident
from tests.flows.stopping import site as site
from tests.flows.walking import night, statuses
from tests.incidents.dying import killed_at

# --- stopped, and put back ------------------------------------------------------------------------


def test_a_folder_can_no_longer_be_written_to(site: Site, home: Path, incident: Incident) -> None:
    (found,) = stop(site, incident, actor="run").sources
    assert (found.state, found.objects, found.left) == ("read-only", 2, 0)
    assert not any(mode & 0o222 for name, mode in modes(home).items() if "c001" in name)


def test_whom_it_does_not_hit_is_left_alone(site: Site, home: Path, incident: Incident) -> None:
    before = {name: mode for name, mode in modes(home).items() if "c002" in name}
    stop(site, incident, actor="run")
    assert {name: mode for name, mode in modes(home).items() if "c002" in name} == before
    assert standing_holds(site, "c002") == ()


def test_lifting_puts_every_permission_back_exactly(
    site: Site, home: Path, incident: Incident
) -> None:
    (books(home) / "FEC2026.txt").chmod(0o640)
    (books(home) / "closed").mkdir(mode=0o555)
    (books(home) / "note").touch(0o400)
    before = modes(home)
    stop(site, incident, actor="run")
    lift(site, incident, actor="run")
    assert modes(home) == before


def test_what_somebody_else_changed_since_is_not_touched(
    site: Site, home: Path, incident: Incident
) -> None:
    stop(site, incident, actor="run")
    (books(home) / "FEC2026.txt").chmod(0o400)
    lift(site, incident, actor="run")
    assert (books(home) / "FEC2026.txt").stat().st_mode & 0o777 == 0o400


def test_stopping_twice_is_stopping_once(site: Site, home: Path, incident: Incident) -> None:
    before = modes(home)
    first = stop(site, incident, actor="run")
    events = len(incident.journal.events())
    assert stop(site, incident, actor="run") == first
    assert len(incident.journal.events()) == events
    lift(site, incident, actor="run")
    assert modes(home) == before


@pytest.mark.parametrize("before", [False, True])
def test_a_stop_killed_at_any_event_is_gone_on_with_and_undone_exactly(
    tmp_path: Path, before: bool
) -> None:
    for number in range(1, 30):
        home = make_site(tmp_path / f"{number}", "c001")
        (books(home) / "FEC2026.txt").chmod(0o640)
        known = modes(home)
        with open_site(home) as site:
            incident = opened(site)

        def work(home: Path = home) -> None:
            with open_site(home) as again:
                (found,) = incidents_of(again).all()
                stop(again, found, actor="run")
                lift(again, found, actor="run")

        died = killed_at(number, work, before=before)
        with open_site(home) as site:
            (incident,) = incidents_of(site).all()
            stop(site, incident, actor="run")
            lift(site, incident, actor="run")
            assert modes(home) == known
            assert stopped_pairs(site) == {}
            assert len(site.catalog.letters("stop-order")) == 1
        if not died:
            return
    pytest.fail("it never came to its end")


def test_nothing_of_the_client_may_be_destroyed_meanwhile(
    site: Site, home: Path, incident: Incident
) -> None:
    stop(site, incident, actor="run")
    assert [hold.reason for hold in standing_holds(site, "c001")] == [incident.id]
    lift(site, incident, actor="run")
    assert standing_holds(site, "c001") == ()


def test_a_hold_for_another_reason_stays(site: Site, home: Path, incident: Incident) -> None:
    hold_client(site, "c001", "lawsuit-7", by="wang")
    stop(site, incident, actor="run")
    lift(site, incident, actor="run")
    assert [hold.reason for hold in standing_holds(site, "c001")] == ["lawsuit-7"]


# --- opened by a machine --------------------------------------------------------------------------


def damaged_in_the_vault(site: Site) -> Incident:
    night("c001")
    return incidents_of(site).open(
        "damaged", [("c001", "*")], noticed_by="system", discovered=site.clock()
    )[0]


def test_an_incident_that_a_machine_opened_only_holds(site: Site, home: Path) -> None:
    before, incident = modes(home), damaged_in_the_vault(site)
    assert stop(site, incident, actor="run").sources == ()
    assert [hold.reason for hold in standing_holds(site, "c001")] == [incident.id]
    assert (modes(home), stopped_pairs(site)) == (before, {})
    assert site.catalog.letters("stop-order") == ()
    assert unacknowledged(site, incident) == ()
    assert statuses(night("c001")) == {"c001/main": "ok"}


def test_its_hold_is_lifted_like_any_other(site: Site) -> None:
    incident = damaged_in_the_vault(site)
    stop(site, incident, actor="run")
    lift(site, incident, actor="run")
    assert standing_holds(site, "c001") == ()


def test_once_a_person_says_that_the_books_are_hit_everything_is_stopped(site: Site) -> None:
    incident = damaged_in_the_vault(site)
    stop(site, incident, actor="run")
    assert opened(site).id == incident.id
    assert [each.state for each in stop(site, incident, actor="run").sources] == ["read-only"]
    assert unacknowledged(site, incident) == ("zhang",)


# --- our own nights -------------------------------------------------------------------------------


def test_a_night_passes_over_what_is_stopped_and_says_so(
    site: Site, home: Path, incident: Incident
) -> None:
    stop(site, incident, actor="run")
    run = night("c001", "c002")
    assert statuses(run) == {"c001/main": "partial", "c002/main": "ok"}
    (found,) = [each for each in run.outcomes if each.client == "c001"]
    assert found.snapshot == ""
    assert [(each.severity, dict(each.facts)) for each in found.findings] == [
        ("warning", {"incident": incident.id})
    ]
    assert len(list(site.vault("c001", "main").client("c001").snapshots("main"))) == 1


def test_a_stopped_set_is_no_trouble_of_its_own_for_the_watch(
    site: Site, home: Path, incident: Incident
) -> None:
    stop(site, incident, actor="run")
    night("c001")
    assert {each.kind for each in look(site, None).troubles} == {"incident"}


def test_the_morning_line_shows_a_stopped_set_as_not_well(
    site: Site, home: Path, incident: Incident
) -> None:
    stop(site, incident, actor="run")
    night("c001")
    line = line_of(site, business_day(site.clock()))
    assert [(each.client, each.outcome and each.outcome.status) for each in line.ill] == [
        ("c001", "partial")
    ]


def test_after_the_stop_is_lifted_the_set_is_due_and_backed_up_again(
    site: Site, home: Path, incident: Incident
) -> None:
    stop(site, incident, actor="run")
    night("c001")
    lift(site, incident, actor="run")
    assert statuses(night("c001")) == {"c001/main": "ok"}


def test_the_other_sets_of_a_client_are_backed_up_on(site: Site, home: Path) -> None:
    add_papers(home, "c001")
    with open_site(home) as site:
        stop(site, opened(site, ("c001", "papers")), actor="run")
    assert statuses(night("c001")) == {"c001/main": "ok", "c001/papers": "partial"}


def test_a_client_that_is_hit_whole_is_stopped_whole(site: Site, home: Path) -> None:
    add_papers(home, "c001")
    with open_site(home) as site:
        incident = opened(site, ("c001", "*"))
        stop(site, incident, actor="run")
        assert stopped_pairs(site) == dict.fromkeys(
            [Pair("c001", "main"), Pair("c001", "papers")], incident.id
        )


def suspicious_night(home: Path) -> Outcome:
    """Back up books, and once more when most of them are gone."""
    for number in range(4):
        (books(home) / f"paper{number}").write_text("x" * number)
    night("c001")
    for number in range(4):
        (books(home) / f"paper{number}").unlink()
    (books(home) / "FEC2026.txt").write_text(ledger("1,00"))
    (found,) = night("c001").outcomes
    assert state_of(found) == "suspicious"
    return found


def test_a_suspicious_point_stays_suspicious_while_its_set_is_stopped(
    site: Site, home: Path
) -> None:
    first = suspicious_night(home)
    stop(site, opened(site), actor="run")
    (found,) = night("c001").outcomes
    assert (state_of(found), found.snapshot) == ("suspicious", first.snapshot)
    assert "suspicion" in {each.kind for each in look(site, None).troubles}


def test_a_suspicious_point_that_somebody_accepted_is_not_suspicious_again(
    site: Site, home: Path
) -> None:
    first = suspicious_night(home)
    accept_point(site, Pair("c001", "main"), first.snapshot, by="zhang", reason="meant")
    stop(site, opened(site), actor="run")
    (found,) = night("c001").outcomes
    assert (state_of(found), found.snapshot) == (None, "")


def test_a_damaged_journal_costs_nobody_the_backup(
    site: Site, home: Path, incident: Incident
) -> None:
    stop(site, incident, actor="run")
    journal = incident.folder / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"zhang", b"zhong"))
    assert statuses(night("c001", "c002")) == {"c001/main": "ok", "c002/main": "ok"}
