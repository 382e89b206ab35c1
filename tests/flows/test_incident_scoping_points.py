"""The point that is offered: clean, looked at, mended from a mirror, or the next older one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from baozhang.audit.verification import lines_of
from baozhang.catalog.model import Run
from baozhang.incidents.choosing import MENDED, STRUCK
from baozhang.incidents.incidents import Incident
from baozhang.incidents.model import Plan, Restoration
from baozhang.incidents.scope import Choice
from baozhang.site import Site
from baozhang.vault.model import Snapshot
from baozhang.wiring import open_site
from tasks.backup import copy_vault
from tasks.batches import Pair
from tasks.incident_scoping import plan, preserve, scope, strike
from tasks.points import accept_point
from tests.flows.scoping import (
    TEN,
    flip,
    kinds,
    opened,
    own_packs,
    points,
    remove,
    save,
)
from tests.flows.walking import NIGHT

MAIN = Pair("c001", "main")


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    """A site with three clean points; what is there now has lost most of them."""
    save(home, *TEN)
    save(home, *TEN, "1,00")
    save(home, *TEN, "1,00", "2,00")
    save(home, *TEN[:2], then=False)
    with open_site(home) as opened:
        yield opened


def chosen(site: Site, incident: Incident) -> Choice:
    preserve(site, incident, actor="run")
    (choice,) = scope(site, incident, actor="run").choices
    return choice


def planned(site: Site, incident: Incident) -> Restoration:
    (found,) = the_plan(site, incident).restorations
    return found


def the_plan(site: Site, incident: Incident) -> Plan:
    preserve(site, incident, actor="run")
    return plan(site, incident, actor="run")


def mirrored(site: Site) -> None:
    run = Run("copy", "backup", NIGHT.date())
    (mirror,) = site.mirrors_named("main")
    assert copy_vault(site, run, "main", 1, mirror).status == "ok"


def newest(site: Site) -> Snapshot:
    return points(site)[2]


def test_the_newest_clean_point_is_offered_and_every_byte_of_it_was_read(site: Site) -> None:
    choice = chosen(site, opened(site))
    assert (choice.snapshot, choice.instead_of, choice.why) == (newest(site).id, "", "")
    assert (choice.checked, choice.unjudged) == ("every-byte", False)


def test_a_point_that_nobody_could_judge_is_said_to_be_one(home: Path) -> None:
    save(home, *TEN)
    with open_site(home) as site:
        assert chosen(site, opened(site)).unjudged


def test_a_suspicious_point_is_passed_over_and_named(site: Site, home: Path) -> None:
    save(home, *TEN[:2])
    clean, suspicious = points(site)[2:]
    choice = chosen(site, opened(site))
    assert (choice.snapshot, choice.instead_of) == (clean.id, suspicious.id)
    assert choice.why == "suspicious"


def test_a_suspicious_point_that_somebody_accepted_is_offered(site: Site, home: Path) -> None:
    save(home, *TEN[:2])
    accepted = points(site)[-1].id
    accept_point(site, MAIN, accepted, by="zhang", reason="年度清理")
    choice = chosen(site, opened(site))
    assert (choice.snapshot, choice.instead_of, choice.unjudged) == (accepted, "", False)


def test_what_was_stored_after_the_incident_was_opened_is_no_way_back(
    site: Site, home: Path
) -> None:
    incident = opened(site)
    save(home, *TEN, "1,00", "2,00")
    assert chosen(site, incident).snapshot == newest(site).id


def test_evidence_of_an_earlier_incident_is_not_what_was_passed_over(
    site: Site, home: Path
) -> None:
    first = opened(site)
    preserve(site, first, actor="run")
    first.journal.append("closed", actor="run")
    choice = chosen(site, opened(site))
    assert (choice.snapshot, choice.instead_of) == (points(site)[2].id, "")


@pytest.mark.parametrize(("harm", "why"), [(flip, "damaged"), (remove, "missing")])
def test_a_newest_point_that_is_damaged_falls_back_to_the_next_clean_one(
    site: Site, home: Path, harm: object, why: str
) -> None:
    assert callable(harm)
    before, damaged = points(site)[1:]
    harm(own_packs(site, home, damaged))
    found = planned(site, opened(site))
    assert (found.snapshot, found.instead_of, found.why) == (before.id, damaged.id, why)


def test_a_commit_that_is_gone_is_missed_by_the_catalog(site: Site, home: Path) -> None:
    before, lost = points(site)[1:]
    side = site.vault("c001", "main").client("c001")
    remove([home / "vault" / side.commit_names("main")[-1]])
    found = planned(site, opened(site))
    assert (found.snapshot, found.instead_of, found.why) == (before.id, lost.id, "missing")


def test_that_a_point_was_struck_is_in_the_journal_and_in_the_audit_log(
    site: Site, home: Path
) -> None:
    flip(own_packs(site, home, newest(site)))
    incident = opened(site)
    chosen(site, incident)
    (event,) = (each for each in incident.journal.events() if each.kind == STRUCK)
    assert (event.facts["snapshot"], event.facts["why"]) == (newest(site).id, "damaged")
    log = [line for _, line in lines_of(site.home / "state" / "audit")]
    assert any(STRUCK.encode() in line and newest(site).id.encode() in line for line in log)


def test_what_a_mirror_has_is_brought_back_and_the_newest_point_stays(
    site: Site, home: Path
) -> None:
    mirrored(site)
    flip(own_packs(site, home, newest(site)))
    incident = opened(site)
    choice = chosen(site, incident)
    assert (choice.snapshot, choice.instead_of) == (newest(site).id, "")
    (event,) = (each for each in incident.journal.events() if each.kind == MENDED)
    assert (event.facts["objects"], event.facts["mirrors"], event.facts["away"]) == (1, 1, 0)


def test_a_commit_that_a_mirror_has_is_brought_back(site: Site, home: Path) -> None:
    mirrored(site)
    lost = newest(site).id
    side = site.vault("c001", "main").client("c001")
    remove([home / "vault" / side.commit_names("main")[-1]])
    assert chosen(site, opened(site)).snapshot == lost


def test_a_mirror_that_is_away_is_said_and_stops_nothing(site: Site, home: Path) -> None:
    flip(own_packs(site, home, newest(site)))
    (home / "mirror").rmdir()
    incident = opened(site)
    assert chosen(site, incident).why == "damaged"
    (event,) = (each for each in incident.journal.events() if each.kind == MENDED)
    assert (event.facts["mirrors"], event.facts["away"]) == (0, 1)


def test_where_every_point_is_damaged_the_set_is_left_out(site: Site, home: Path) -> None:
    for point in points(site):
        flip(own_packs(site, home, point))
    found = the_plan(site, opened(site))
    assert found.restorations == ()
    assert found.left_out == (("c001", "main", "no-clean-point"),)


def test_a_set_whose_vault_is_away_is_left_out_and_comes_back_with_it(
    site: Site, home: Path
) -> None:
    (home / "vault").rename(home / "elsewhere")
    with open_site(home) as fresh:
        incident = opened(fresh)
        assert the_plan(fresh, incident).left_out == (("c001", "main", "vault-away"),)
    (home / "elsewhere").rename(home / "vault")
    with open_site(home) as fresh:
        found = the_plan(fresh, opened(fresh))
    assert (found.number, found.left_out) == (2, ())
    assert found.restorations[0].vouchers == 10


# --- struck later ---------------------------------------------------------------------------------


def test_a_struck_point_is_passed_over_by_the_next_plan(site: Site, home: Path) -> None:
    incident = opened(site)
    first = planned(site, incident)
    assert strike(site, incident, "c001", "main", first.snapshot, actor="run")
    second = the_plan(site, incident)
    (found,) = second.restorations
    assert second.number == 2
    assert (found.snapshot, found.instead_of) == (points(site)[1].id, first.snapshot)
    assert (found.why, found.vouchers) == ("unproven", 9)


def test_striking_twice_strikes_once(site: Site) -> None:
    incident = opened(site)
    first = planned(site, incident)
    for _ in range(2):
        assert strike(site, incident, "c001", "main", first.snapshot, actor="run")
    assert kinds(incident).count(STRUCK) == 1


def test_a_point_that_a_mirror_can_mend_is_not_struck(site: Site, home: Path) -> None:
    mirrored(site)
    incident = opened(site)
    first = the_plan(site, incident)
    flip(own_packs(site, home, newest(site)))
    assert not strike(site, incident, "c001", "main", newest(site).id, actor="run")
    assert the_plan(site, incident) == first


def test_a_point_is_mended_once(site: Site, home: Path) -> None:
    mirrored(site)
    incident = opened(site)
    the_plan(site, incident)
    for _ in range(2):
        flip(own_packs(site, home, newest(site)))
        told = strike(site, incident, "c001", "main", newest(site).id, actor="run")
    assert told
