"""What is recorded is what is answered."""

import multiprocessing
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import StatementError

from baozhang.catalog.catalog import Catalog
from baozhang.catalog.model import AuditAnchor, KnownSnapshot, Outcome, Run, Verified
from baozhang.errors import BaozhangError, ObjectMissingError
from baozhang.vault.model import Snapshot
from tests.catalog.values import NIGHT, changed, letter, outcome, snapshot


def known(value: Snapshot) -> KnownSnapshot:
    return KnownSnapshot(
        value.id,
        value.client,
        value.set,
        value.sequence,
        value.at,
        value.files,
        value.size,
        value.added,
        value.partial,
        value.books,
    )


# --- snapshots ----------------------------------------------------------------------------------


def test_a_snapshot_comes_back_as_it_was_recorded(catalog: Catalog) -> None:
    catalog.record_snapshot(snapshot(1))
    assert catalog.snapshots() == (known(snapshot(1)),)


def test_a_snapshot_recorded_twice_is_one(catalog: Catalog) -> None:
    catalog.record_snapshot(snapshot(1))
    catalog.record_snapshot(snapshot(1))
    assert len(catalog.snapshots()) == 1


def test_snapshots_are_asked_for_by_client_and_set(catalog: Catalog) -> None:
    for client in ("c001", "c002"):
        for set_name in ("main", "invoices"):
            catalog.record_snapshot(snapshot(1, client=client, set_name=set_name))
    found = catalog.snapshots("c002", "invoices")
    assert [(each.client, each.set) for each in found] == [("c002", "invoices")]


def test_equal_ids_of_two_clients_are_two_snapshots(catalog: Catalog) -> None:
    catalog.record_snapshot(snapshot(1, client="c001"))
    catalog.record_snapshot(snapshot(1, client="c002"))
    assert len(catalog.snapshots()) == 2


def test_the_head_is_the_highest_sequence_whatever_the_order(catalog: Catalog) -> None:
    for sequence in (2, 3, 1):
        catalog.record_snapshot(snapshot(sequence))
    assert catalog.head("c001", "main") == known(snapshot(3))


def test_of_a_fork_the_later_one_is_the_head(catalog: Catalog) -> None:
    later = replace(snapshot(1, fork="a"), at=NIGHT + timedelta(days=9))
    catalog.record_snapshot(later)
    catalog.record_snapshot(snapshot(1, fork="b"))
    assert catalog.head("c001", "main") == known(later)


def test_a_set_without_snapshots_has_no_head(catalog: Catalog) -> None:
    catalog.record_snapshot(snapshot(1))
    assert catalog.head("c001", "invoices") is None


def test_the_last_verification_of_a_client_stands(catalog: Catalog) -> None:
    old = Verified("c001", NIGHT, 10, 2**40, 1)
    new = Verified("c001", NIGHT + timedelta(days=1), 11, 2**41, 0)
    for each in (new, old):
        catalog.record_verified(each)
    assert catalog.verified() == (new,)


# --- outcomes -----------------------------------------------------------------------------------


def test_an_outcome_comes_back_with_its_findings_and_figures(catalog: Catalog) -> None:
    catalog.append(outcome())
    assert catalog.outcomes() == (outcome(),)


def test_an_outcome_recorded_twice_is_one(catalog: Catalog) -> None:
    catalog.append(outcome())
    catalog.append(outcome())
    assert catalog.outcomes() == (outcome(),)


def test_of_two_outcomes_of_one_run_the_first_stands_and_is_told(catalog: Catalog) -> None:
    catalog.append(changed(outcome(), "failed"))
    assert catalog.append(outcome()).status == "failed"


def test_an_instant_of_another_zone_comes_back_in_utc(catalog: Catalog) -> None:
    local = NIGHT.astimezone(ZoneInfo("Asia/Shanghai"))
    catalog.append(replace(outcome(), started=local))
    (found,) = catalog.outcomes()
    assert (found.started, found.started.tzinfo) == (NIGHT, UTC)


def test_an_instant_without_a_zone_is_refused(catalog: Catalog) -> None:
    with pytest.raises(StatementError, match="aware"):
        catalog.append(replace(outcome(), started=datetime(2026, 7, 31)))


@pytest.fixture
def several(catalog: Catalog) -> Catalog:
    for day in range(3):
        for client in ("c001", "c002"):
            catalog.append(outcome(client, run=f"b{day}", day=day))
            catalog.append(
                outcome(client, run=f"t{day}", day=day, duty="restore_test", status="failed")
            )
    return catalog


def keys(outcomes: tuple[Outcome, ...]) -> list[tuple[str, str]]:
    return [(each.run, each.client) for each in outcomes]


def test_outcomes_are_asked_for_by_run(several: Catalog) -> None:
    assert keys(several.outcomes(run="b1")) == [("b1", "c001"), ("b1", "c002")]


def test_outcomes_are_asked_for_by_client_duty_and_start(several: Catalog) -> None:
    found = several.outcomes(client="c002", duty="restore_test", since=NIGHT + timedelta(days=1))
    assert keys(found) == [("t1", "c002"), ("t2", "c002")]


def test_the_last_good_outcome_is_the_newest_of_its_status(several: Catalog) -> None:
    several.append(outcome(run="b3", day=3, status="failed"))
    assert several.last("backup", "c001", "main") == outcome(run="b2", day=2)


def test_there_may_be_no_good_outcome_at_all(several: Catalog) -> None:
    assert several.last("restore_test", "c001", "main") is None


def test_a_run_that_was_begun_keeps_the_day_it_was_begun_for(catalog: Catalog) -> None:
    begun = Run("late", "backup", date(2026, 7, 30))
    catalog.begin(begun)
    catalog.append(outcome(run="late"))
    assert catalog.run("late") == replace(begun, outcomes=(outcome(run="late"),))


def test_a_run_begun_twice_is_one(catalog: Catalog) -> None:
    catalog.begin(Run("r", "backup", date(2026, 7, 30)))
    catalog.begin(Run("r", "backup", date(2026, 7, 31)))
    assert catalog.run("r").day == date(2026, 7, 30)


def test_a_run_that_nobody_began_has_the_business_day_of_its_first_outcome(
    catalog: Catalog,
) -> None:
    midnight = datetime(2026, 7, 31, 16, 30, tzinfo=UTC)  # 00:30 of 1 August in Shanghai
    catalog.append(replace(outcome(), started=midnight))
    assert catalog.run(outcome().run).day == date(2026, 8, 1)


def test_a_run_that_is_not_there_is_said_to_be_missing(catalog: Catalog) -> None:
    with pytest.raises(ObjectMissingError):
        catalog.run("backup-1999")


def _fail_half_way(catalog: Catalog) -> None:
    with catalog.transaction():
        catalog.append(outcome("c001"))
        catalog.record_snapshot(snapshot(1))
        raise ZeroDivisionError


def test_a_transaction_is_all_or_nothing(catalog: Catalog) -> None:
    with pytest.raises(ZeroDivisionError):
        _fail_half_way(catalog)
    assert (catalog.outcomes(), catalog.snapshots()) == ((), ())


def test_a_transaction_sees_what_it_recorded(catalog: Catalog) -> None:
    with catalog.transaction():
        catalog.append(outcome())
        assert catalog.outcomes() == (outcome(),)


def test_threads_share_a_catalog_each_with_its_own_transactions(catalog: Catalog) -> None:
    def work(name: str) -> None:
        for number in range(20):
            with catalog.transaction():
                catalog.append(outcome(run=f"{name}{number}"))
                catalog.record_snapshot(snapshot(number + 1))

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(catalog.outcomes()), len(catalog.snapshots())) == (80, 20)


# --- letters ------------------------------------------------------------------------------------


def test_letters_are_numbered_from_one_for_each_kind(catalog: Catalog) -> None:
    with catalog.transaction():
        for kind in ("night", "night", "restore-test"):
            catalog.record_letter(letter(catalog.next_letter(kind), kind=kind))
    found = [(each.kind, each.number) for each in catalog.letters()]
    assert found == [("night", 1), ("night", 2), ("restore-test", 1)]


def test_a_letter_comes_back_as_it_was_recorded(catalog: Catalog) -> None:
    with catalog.transaction():
        catalog.record_letter(letter(1))
    assert catalog.letters("night") == (letter(1),)


def test_a_number_is_given_inside_a_transaction_only(catalog: Catalog) -> None:
    with pytest.raises(BaozhangError):
        catalog.next_letter("night")


@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_number_out_of_order_is_refused(catalog: Catalog, number: int) -> None:
    with catalog.transaction():
        catalog.record_letter(letter(1))
    with pytest.raises(BaozhangError), catalog.transaction():
        catalog.record_letter(letter(number))


def _write_letters(path: Path, digit: str, count: int, together: Barrier) -> None:
    with Catalog.open(path) as catalog:
        together.wait()
        for _ in range(count):
            with catalog.transaction():
                number = catalog.next_letter("night")
                catalog.record_letter(letter(number, hash_digit=digit))


def test_two_processes_number_their_letters_without_gaps_or_doubles(catalog: Catalog) -> None:
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(2)
    writers = [
        context.Process(target=_write_letters, args=(catalog.path, digit, 20, together))
        for digit in "ab"
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert [each.number for each in catalog.letters()] == list(range(1, 41))
    assert {each.sha256[0] for each in catalog.letters()} == {"a", "b"}


# --- anchors ------------------------------------------------------------------------------------


def test_an_anchor_recorded_twice_is_one(catalog: Catalog) -> None:
    anchor = AuditAnchor(7, "e" * 64, NIGHT)
    catalog.record_anchor(anchor)
    catalog.record_anchor(anchor)
    assert catalog.anchors() == (anchor,)


def test_two_hashes_of_one_record_are_both_kept_as_evidence(catalog: Catalog) -> None:
    anchors = (AuditAnchor(7, "e" * 64, NIGHT), AuditAnchor(7, "f" * 64, NIGHT))
    for anchor in anchors:
        catalog.record_anchor(anchor)
    assert catalog.anchors() == anchors
