"""What a site's records warn of: every signal fires on what it is about, and is silent else."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from baozhang.catalog.clean import STATES, SUSPICION
from baozhang.catalog.custody import CustodyBook
from baozhang.catalog.model import Copy, KnownSnapshot, Outcome
from baozhang.clock import business_day
from baozhang.drills.records import Drills
from baozhang.governance.attestations import ATTESTATIONS, Attestation
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.backup import copy_to_mirrors
from tasks.review import add_action
from tasks.risk_signals import SIGNALS, Look, Signal, signals
from tests.drills.journals import journal
from tests.flows.approving import Devices, Hand, four_people
from tests.flows.risking import outcome, struck
from tests.flows.walking import night


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def site(home: Path, clock: Hand) -> Iterator[Site]:
    four_people(home)
    with open_site(home, clock=clock) as opened_site:
        yield opened_site


def signal(site: Site, name: str) -> Signal:
    return SIGNALS[name](Look(site))


def test_an_untouched_site_measures_nothing(site: Site) -> None:
    assert {each.value for each in signals(site).values()} == {None}


@pytest.fixture
def tonight(home: Path) -> Iterator[Site]:
    """The site after a whole real night, by the real clock: backed up, and copied to its mirror."""
    four_people(home)
    run = night("c001", "c002")
    assert copy_to_mirrors.fn(run) == ()
    with open_site(home) as opened_site:
        yield opened_site


def test_a_good_night_has_no_failures_and_two_copies(tonight: Site) -> None:
    names = ("failed-nights", "unprotected-sets", "single-copy", "vendor-troubles")
    assert {name: signal(tonight, name).value for name in names} == dict.fromkeys(names, Decimal(0))


def test_a_good_night_proves_no_restore(tonight: Site) -> None:
    assert signal(tonight, "failed-proofs").value is None
    assert signal(tonight, "restore-time").value is None


def test_a_mirror_that_is_behind_is_no_second_copy(tonight: Site, home: Path) -> None:
    night("c001")
    found = signal(tonight, "single-copy")
    assert (found.value, found.refs) == (2, ("set:c001/main", "set:c002/main"))


def test_a_vault_without_a_mirror_is_one_copy(home: Path) -> None:
    four_people(home)
    text = (home / "agency.yaml").read_text("utf-8")
    (home / "agency.yaml").write_text(text.replace(", mirrors: [mirror]", ""), "utf-8")
    night("c001")
    with open_site(home) as opened_site:
        assert signal(opened_site, "single-copy").refs == ("set:c001/main",)
        assert signal(opened_site, "vendor-troubles").value is None


def test_a_failed_proof_is_counted_and_named(site: Site) -> None:
    run = outcome(site, "restore_test")
    outcome(site, "validation", "ok", client="c002")
    found = signal(site, "failed-proofs")
    assert (found.value, found.refs) == (1, (f"run:{run}",))


def test_proofs_that_came_to_no_end_measure_nothing(site: Site) -> None:
    outcome(site, "restore_test", "inconclusive")
    assert signal(site, "failed-proofs").value is None


def test_nights_that_did_not_end_well_are_a_share(site: Site) -> None:
    outcome(site, "backup", "partial")
    for hours in (24, 48, 72):
        outcome(site, "backup", "ok", hours=hours)
    assert signal(site, "failed-nights").value == 25


def judged(site: Site, suspicion: str) -> None:
    now = site.clock()
    figures = ((SUSPICION, STATES.index(suspicion)),)
    made = Outcome("r1", "backup", "c001", "main", "ok", now, now, "main-1", figures=figures)
    site.catalog.append(made)


def test_a_suspicious_backup_is_counted_until_somebody_vouches_for_it(site: Site) -> None:
    point(site, 1, 1000, days=0.1)
    judged(site, "suspicious")
    assert signal(site, "suspicious-sets").refs == ("set:c001/main",)
    now = site.clock()
    site.catalog.append(Outcome("w1", "acceptance", "c001", "main", "ok", now, now, "main-1"))
    assert signal(site, "suspicious-sets").value == 0


def test_a_normal_backup_is_not_suspicious(site: Site) -> None:
    point(site, 1, 1000, days=0.1)
    judged(site, "normal")
    assert signal(site, "suspicious-sets").value == 0


@pytest.mark.parametrize(("expires", "late"), [(date(2026, 11, 21), 1), (date(2026, 11, 22), 0)])
def test_an_attestation_is_expired_after_its_last_day(site: Site, expires: date, late: int) -> None:
    row = Attestation(
        obligation="training.security", by="zhang", effective=site.clock(), received=site.clock(),
        sha256=("0" * 64,), bytes=1, kinds=("pdf",), expires=expires, verdict="accepted",
    )  # fmt: skip
    ATTESTATIONS.put(site, {"a-001": row}, by="zhang")
    assert signal(site, "expired-attestations").value == late


def test_an_account_set_that_no_source_protects_is_counted(home: Path, clock: Hand) -> None:
    share = "share:\n  path: nas\n  account_sets: u8\n  rules: [{client: c001, set: main}]\n"
    (home / "agency.yaml").write_text((home / "agency.yaml").read_text("utf-8") + share, "utf-8")
    (home / "u8" / "ZT001" / "2026").mkdir(parents=True)
    with open_site(home, clock=clock) as opened_site:
        assert signal(opened_site, "uncovered-accounts").value == 1


def test_a_failed_proof_of_long_ago_is_not_counted(site: Site) -> None:
    outcome(site, "restore_test", hours=32 * 24)
    assert signal(site, "failed-proofs").value is None


def test_a_mirror_in_trouble_is_counted_by_night(site: Site) -> None:
    outcome(site, "backup", "ok")
    outcome(site, "backup", "partial", client="_agency", set_="main-mirror-1")
    assert signal(site, "vendor-troubles").value == 1


def test_the_agencys_own_outcomes_are_no_nights_of_clients(site: Site) -> None:
    outcome(site, "backup", "failed", client="_agency", set_="main-mirror-1")
    assert signal(site, "failed-nights").value is None


def test_the_length_of_nights_is_their_median(site: Site) -> None:
    outcome(site, "backup", "ok")
    outcome(site, "backup", "ok", hours=24)
    assert signal(site, "night-length").value == 30


def test_the_slowest_restore_is_held_against_its_objective(site: Site) -> None:
    outcome(site, "restore_test", "ok", seconds_ms=2 * 3_600_000)  # of 4 hours
    outcome(site, "restore_test", "ok", client="c002", seconds_ms=1000)
    assert signal(site, "restore-time").value == 50


def point(site: Site, sequence: int, added: int, *, days: float) -> None:
    at = site.clock() - timedelta(days=days)
    site.catalog.record_snapshot(
        KnownSnapshot(f"main-{sequence}", "c001", "main", sequence, at, 1, added, added, False, ())
    )


def test_growth_is_what_a_month_added_to_what_was_there(site: Site) -> None:
    point(site, 1, 1000, days=40)
    point(site, 2, 250, days=3)
    assert signal(site, "growth").value == 25


def test_a_first_month_has_no_growth(site: Site) -> None:
    point(site, 1, 1000, days=3)
    assert signal(site, "growth").value is None


def test_a_set_that_was_never_restored_is_overdue_after_its_span(site: Site) -> None:
    point(site, 1, 1000, days=91)
    assert signal(site, "overdue-restores").value == 1
    outcome(site, "restore_test", "ok")
    assert signal(site, "overdue-restores").value == 0


def test_a_set_without_a_good_backup_for_two_nights_is_unprotected(site: Site) -> None:
    point(site, 1, 1000, days=3)
    outcome(site, "backup", "ok", hours=50)
    outcome(site, "backup", "ok", client="c002", hours=40)
    assert signal(site, "unprotected-sets").refs == ("set:c001/main",)


def test_people_with_devices_can_approve(site: Site, clock: Hand) -> None:
    Devices(site.home, clock, "wang", "li")
    assert signal(site, "approvers").value == 2


def drilled(site: Site, number: int, *people: str, passed: bool = True, days: float = 1) -> None:
    drills = Drills(site.home / "state" / "drills")
    id_ = drills.reserve(site.clock())
    start_ = site.clock() - timedelta(days=days)
    drills.keep(journal(id_=id_, start=start_, passed=passed).model_copy(update={"people": people}))


def test_only_whoever_passed_alone_can_restore_alone(site: Site) -> None:
    drilled(site, 1, "zhang", "li")
    assert signal(site, "restorers").value == 0
    drilled(site, 2, "zhang")
    assert signal(site, "restorers").value == 1


@pytest.mark.parametrize("said", [{"passed": False}, {"days": 400.0}])
def test_a_drill_that_was_failed_or_is_too_old_shows_nobody(
    site: Site, said: dict[str, float]
) -> None:
    drilled(site, 1, "zhang", **said)  # type: ignore[arg-type]
    assert signal(site, "restorers").value is None


def test_whoever_left_restores_nothing(site: Site) -> None:
    drilled(site, 1, "chen")
    assert signal(site, "restorers").value == 0


def test_a_restore_at_the_command_line_names_nobody(site: Site) -> None:
    site.audit.append(actor="operator", action="vault.restored", subject="c001/main")
    assert signal(site, "restorers").value is None


def test_a_scenario_that_was_passed_lately_is_ready(site: Site) -> None:
    drilled(site, 1, "zhang")
    assert signal(site, "ready-scenarios").value == Decimal("7.7")  # 1 of 13


def test_incidents_are_counted_and_drills_are_not(site: Site) -> None:
    struck(site, drill="lost-folder")
    assert signal(site, "incidents").value is None
    made = struck(site)
    assert signal(site, "incidents") == Signal(Decimal(1), (f"incident:{made.id}",))


def test_a_kind_that_came_again_is_a_repeated_cause(site: Site) -> None:
    struck(site)
    struck(site, "lost")
    assert signal(site, "repeated-causes").value == 0
    struck(site)
    assert signal(site, "repeated-causes").value == 1


def test_an_action_is_overdue_after_its_day(site: Site, clock: Hand) -> None:
    day = business_day(site.clock())
    add_action(site, struck(site), owner="zhang", due=day, text="x", by="zhang")
    assert signal(site, "overdue-actions").value == 0
    clock.move(days=1)
    assert signal(site, "overdue-actions").value == 1


def test_a_copy_past_its_day_is_overdue(site: Site, clock: Hand) -> None:
    now = site.clock()
    due = now + timedelta(days=1)
    copy = Copy("c-1", "c001", "main", "main-1", "test", "zhang", now, due, "0" * 64)
    CustodyBook(site.catalog).add(copy)
    assert signal(site, "overdue-custody").value == 0
    clock.move(days=2)
    assert signal(site, "overdue-custody").refs == ("copy:c-1",)
