"""What the nightly duties show, on a real catalog."""

from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.catalog.model import Status
from baozhang.incidents.incidents import incidents_of
from baozhang.site import Site
from baozhang.wiring import open_site
from tests.flows.approving import Hand
from tests.flows.site import add_papers
from tests.governance.evidence_office import (
    BOOKS,
    NOVEMBER,
    answered,
    ask,
    at_end,
    nights,
    on,
    outcome,
)


@pytest.fixture
def after(office: Site, clock: Hand) -> Site:
    """The same site, some days after November."""
    at_end(clock)
    return office


def whole(site: Site) -> None:
    for client in ("c001", "c002"):
        nights(site, 1, 30, client=client)


# --- rhythm ---------------------------------------------------------------------------------------


def test_a_rhythm_passes_when_every_set_had_a_good_outcome_at_the_end(after: Site) -> None:
    whole(after)
    found = answered(after, "rhythm", duty="backup")
    assert found.result == "pass"
    assert (found.facts["good"], found.facts["all"], found.facts["gaps"]) == (2, 2, 0)
    assert found.facts["day"] == "2026-11-30"


def test_evidence_is_as_new_as_its_newest_record(after: Site) -> None:
    whole(after)
    outcome(after, on(2, month=12))
    found = answered(after, "rhythm", duty="backup")
    assert found.effective == found.received == on(30)


def test_a_set_without_a_good_outcome_at_the_end_fails_and_is_named(after: Site) -> None:
    whole(after)
    nights(after, 1, 27, client="c003")
    (after.home / "clients" / "c003.yaml").write_text(
        (after.home / "clients" / "c001.yaml").read_text("utf-8").replace("c001", "c003"), "utf-8"
    )
    with open_site(after.home, clock=after.clock) as site:
        found = answered(site, "rhythm", duty="backup")
    assert (found.result, found.facts["sets"]) == ("fail", "c003/main")
    assert found.refs[0] == "run:backup-2026-11-27-14"


@pytest.mark.parametrize("status", ["failed", "partial", "inconclusive"])
def test_a_backup_that_was_not_good_does_not_count(after: Site, status: Status) -> None:
    nights(after, 1, 30)
    nights(after, 1, 28, client="c002")
    outcome(after, on(30), status, client="c002")
    assert answered(after, "rhythm", duty="backup").facts["sets"] == "c002/main"


def test_without_any_record_a_rhythm_says_nothing(after: Site) -> None:
    assert ask(after, "rhythm", duty="backup") is None


def test_a_configured_set_that_no_backup_ever_tried_fails(after: Site) -> None:
    nights(after, 1, 30)
    found = answered(after, "rhythm", duty="backup")
    assert (found.result, found.facts["sets"]) == ("fail", "c002/main")


def test_a_client_that_was_added_after_the_period_is_not_asked_for(after: Site) -> None:
    nights(after, 1, 30)
    outcome(after, on(3, month=12), client="c002")
    found = answered(after, "rhythm", duty="backup")
    assert (found.result, found.facts["all"]) == ("pass", 1)


def test_a_client_that_ended_in_the_period_is_counted_apart(after: Site) -> None:
    whole(after)
    nights(after, 1, 10, client="c009")
    found = answered(after, "rhythm", duty="backup")
    assert (found.result, found.facts["all"], found.facts["ended"]) == ("pass", 2, 1)


def test_a_client_that_ended_after_the_period_is_asked_for(after: Site) -> None:
    whole(after)
    nights(after, 1, 10, client="c009")
    outcome(after, on(2, month=12), client="c009")
    assert answered(after, "rhythm", duty="backup").facts["sets"] == "c009/main"


def test_a_longer_gap_within_the_period_fails_though_all_is_well_at_its_end(after: Site) -> None:
    whole(after)
    nights(after, 1, 10, client="c009")
    outcome(after, on(15), client="c009")
    outcome(after, on(30), client="c009")
    outcome(after, on(2, month=12), client="c009")
    found = answered(after, "rhythm", duty="backup")
    assert (found.result, found.facts["gaps"], found.facts["sets"]) == ("fail", 1, "c009/main")


def test_a_gap_before_the_period_is_not_counted(after: Site) -> None:
    outcome(after, on(27, month=10))
    outcome(after, on(31, month=10))
    whole(after)
    assert answered(after, "rhythm", duty="backup").facts["gaps"] == 0


def test_a_set_that_an_incident_has_stopped_is_not_asked_for(after: Site) -> None:
    nights(after, 1, 30, client="c002")
    nights(after, 1, 20)
    site = open_site(after.home, clock=lambda: on(21))
    with site as then:
        made, _ = incidents_of(then).open(
            "damaged", [("c001", "main")], noticed_by="zhang", discovered=on(21)
        )
        made.journal.append("stop.source", actor="zhang", client="c001", set="main")
    found = answered(after, "rhythm", duty="backup")
    assert (found.result, found.facts["all"], found.facts["stopped"]) == ("pass", 1, 1)


def test_where_every_set_is_stopped_nothing_passes(after: Site) -> None:
    nights(after, 1, 20)
    nights(after, 1, 20, client="c002")
    with open_site(after.home, clock=lambda: on(21)) as then:
        made, _ = incidents_of(then).open(
            "ransomware", [("c001", "*"), ("c002", "*")], noticed_by="zhang", discovered=on(21)
        )
        made.journal.append("stop.source", actor="zhang", client="c001", set="main")
    assert ask(after, "rhythm", duty="backup") is None


def test_a_stop_that_was_lifted_excuses_nothing(after: Site) -> None:
    nights(after, 1, 30, client="c002")
    nights(after, 1, 20)
    with open_site(after.home, clock=lambda: on(21)) as then:
        made, _ = incidents_of(then).open(
            "damaged", [("c001", "main")], noticed_by="zhang", discovered=on(21)
        )
        made.journal.append("stop.source", actor="zhang", client="c001", set="main")
        made.journal.once("lift", lambda _: {"sources": 1}, actor="zhang")
    assert answered(after, "rhythm", duty="backup").result == "fail"


def test_a_gap_in_which_an_incident_had_stopped_the_set_is_no_gap(after: Site) -> None:
    nights(after, 1, 30, client="c002")
    nights(after, 1, 20)
    nights(after, 25, 30)
    with open_site(after.home, clock=lambda: on(21)) as then:
        made, _ = incidents_of(then).open(
            "damaged", [("c001", "main")], noticed_by="zhang", discovered=on(21)
        )
        made.journal.append("stop.source", actor="zhang", client="c001", set="main")
    with open_site(after.home, clock=lambda: on(24)) as then:
        again = incidents_of(then).get(made.id)
        again.journal.once("lift", lambda _: {"sources": 1}, actor="zhang")
    found = answered(after, "rhythm", duty="backup")
    assert (found.result, found.facts["gaps"]) == ("pass", 0)


def test_the_agencys_own_rows_are_no_sets(after: Site) -> None:
    whole(after)
    outcome(after, on(30), "failed", client="_agency", name="main-mirror-1")
    assert answered(after, "rhythm", duty="backup").facts["all"] == 2


def test_validation_is_asked_by_client(after: Site, home: Path) -> None:
    whole(after)
    for client in ("c001", "c002"):
        outcome(after, on(10), duty="validation", client=client, name="*")
    found = answered(after, "rhythm", duty="validation")
    assert (found.result, found.facts["good"], found.facts["all"]) == ("pass", 2, 2)


def test_a_client_too_new_to_be_due_is_not_asked_for_yet(after: Site) -> None:
    outcome(after, on(1, month=8))
    outcome(after, on(20, month=11), client="c002")
    outcome(after, on(20), duty="restore_test", figures=BOOKS)
    found = answered(after, "rhythm", duty="restore_test")
    assert (found.result, found.facts["all"], found.facts["new"]) == ("pass", 1, 1)


def test_a_restore_test_that_is_overdue_fails(after: Site) -> None:
    outcome(after, on(1, month=6))
    outcome(after, on(20), client="c002")
    outcome(after, on(1, month=7), duty="restore_test", figures=BOOKS)
    assert answered(after, "rhythm", duty="restore_test").facts["sets"] == "c001/main"


def test_backups_that_stopped_long_ago_fail(after: Site) -> None:
    outcome(after, on(1, month=6))
    found = answered(after, "rhythm", duty="backup")
    assert (found.result, found.effective) == ("fail", on(1, month=6))


def test_a_second_set_is_asked_for_by_itself(home: Path, clock: Hand) -> None:
    add_papers(home, "c001")
    at_end(clock)
    with open_site(home, clock=clock) as site:
        nights(site, 1, 30)
        nights(site, 1, 30, client="c002")
        outcome(site, on(3), name="papers")
        assert answered(site, "rhythm", duty="backup").facts["sets"] == "c001/papers"


def test_a_period_that_goes_on_is_judged_up_to_now(office: Site) -> None:
    for client in ("c001", "c002"):
        nights(office, 1, 21, client=client)
    found = answered(office, "rhythm", duty="backup")
    assert (found.result, found.facts["day"]) == ("pass", "2026-11-22")


# --- outcomes -------------------------------------------------------------------------------------


def test_the_promised_share_passes_and_one_more_bad_one_fails(after: Site) -> None:
    nights(after, 1, 9)
    outcome(after, on(10), "failed")
    found = answered(after, "outcomes", duty="backup", share=90)
    assert (found.result, found.facts["percent"]) == ("pass", "90.0")
    outcome(after, on(11), "partial")
    found = answered(after, "outcomes", duty="backup", share=90)
    assert (found.result, found.facts["percent"]) == ("fail", "81.8")
    assert found.refs[:2] == ("run:backup-2026-11-11-14", "run:backup-2026-11-10-14")


def test_outcomes_of_other_days_do_not_count(after: Site) -> None:
    outcome(after, on(31, month=10), "failed")
    outcome(after, on(1, month=12), "failed")
    assert ask(after, "outcomes", duty="backup", share=90) is None
    nights(after, 1, 2)
    assert answered(after, "outcomes", duty="backup", share=100).result == "pass"


def test_a_share_names_the_lowest_month(after: Site) -> None:
    outcome(after, on(3, month=10))
    outcome(after, on(4, month=10), "failed")
    nights(after, 1, 4)
    year = type(NOVEMBER)(NOVEMBER.first.replace(month=1), NOVEMBER.last)
    found = answered(after, "outcomes", year, duty="backup", share=50)
    assert (found.facts["month"], found.facts["lowest"]) == ("2026-10", "50.0")


# --- restore tests --------------------------------------------------------------------------------


def slow(seconds: int) -> tuple[tuple[str, int], ...]:
    return (*BOOKS[:-1], ("seconds_ms", seconds * 1000))


def test_restores_within_the_promise_pass_and_a_slow_one_fails(after: Site) -> None:
    outcome(after, on(10), duty="restore_test", figures=slow(4 * 3600))
    found = answered(after, "restore-time")
    assert (found.result, found.facts["seconds"]) == ("pass", 14400)
    outcome(after, on(11), duty="restore_test", client="c002", figures=slow(4 * 3600 + 1))
    found = answered(after, "restore-time")
    assert (found.result, found.facts["sets"]) == ("fail", "c002/main")
    assert found.refs[0] == "run:restore_test-2026-11-11-14"


def test_without_a_measured_restore_nothing_is_said_of_their_time(after: Site) -> None:
    assert ask(after, "restore-time") is None
    outcome(after, on(10), "failed", duty="restore_test")
    assert ask(after, "restore-time") is None


def test_proofs_pass_with_books_vouchers_and_debit_counted(after: Site) -> None:
    outcome(after, on(10), duty="restore_test", figures=BOOKS)
    found = answered(after, "proofs")
    assert found.result == "pass"
    assert (found.facts["books"], found.facts["vouchers"], found.facts["lines"]) == (1, 2, 4)


@pytest.mark.parametrize("lacking", ["books", "vouchers", "debit_minor:EUR"])
def test_a_restore_without_books_proves_none(after: Site, lacking: str) -> None:
    figures = tuple(each for each in BOOKS if each[0] != lacking)
    outcome(after, on(10), duty="restore_test", figures=figures)
    assert ask(after, "proofs") is None


def test_a_failed_proof_fails_until_a_later_one_holds(after: Site) -> None:
    outcome(after, on(10), duty="restore_test", figures=BOOKS)
    outcome(after, on(10), "failed", duty="restore_test", client="c002")
    found = answered(after, "proofs")
    assert (found.result, found.facts["good"], found.facts["all"]) == ("fail", 1, 2)
    outcome(after, on(11), duty="restore_test", client="c002", figures=BOOKS)
    assert answered(after, "proofs").result == "pass"


def test_a_proof_that_came_to_no_end_is_neither(after: Site) -> None:
    outcome(after, on(10), duty="restore_test", figures=BOOKS)
    outcome(after, on(10), "inconclusive", duty="restore_test", client="c002")
    assert answered(after, "proofs").result == "inconclusive"


def test_a_proof_of_an_earlier_month_still_speaks_by_its_own_day(after: Site) -> None:
    outcome(after, on(10, month=10), duty="restore_test", figures=BOOKS)
    found = answered(after, "proofs")
    assert found.effective == on(10, month=10) + timedelta(minutes=1)
