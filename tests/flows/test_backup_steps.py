"""The steps of a backup, on a real site and without a server."""

import shutil
from pathlib import Path

import pytest

from baozhang.errors import UsageError
from baozhang.wiring import open_site
from tasks.backup import copy_to_mirrors, plan_backup, save_journal
from tasks.batches import Pair
from tasks.record import record_batch
from tasks.sudden import ALARM_TEMPLATES
from tests.flows.site import add_client, add_papers, ledger
from tests.flows.walking import begun, night, statuses


def test_every_set_that_was_never_backed_up_is_due(home: Path) -> None:
    add_papers(home, "c001")
    batches = plan_backup.fn(begun("backup"), None)
    due = [pair for batch in batches for pair in batch]
    assert due == [Pair("c001", "main"), Pair("c001", "papers"), Pair("c002", "main")]


def test_what_was_just_backed_up_is_not_due_again(home: Path) -> None:
    night()
    assert plan_backup.fn(begun("backup"), None) == []


def test_what_was_backed_up_only_in_part_stays_due(home: Path) -> None:
    (home / "books" / "c001" / "FEC2026.txt").write_text("not a ledger\n", "utf-8")
    night()
    assert plan_backup.fn(begun("backup"), None) == [(Pair("c001", "main"),)]


def test_a_client_that_is_asked_for_is_backed_up_whether_due_or_not(home: Path) -> None:
    night()
    assert statuses(night("c002")) == {"c002/main": "ok"}


def test_an_unknown_client_is_refused(home: Path) -> None:
    with pytest.raises(UsageError) as caught:
        plan_backup.fn(begun("backup"), ["c999"])
    assert caught.value.facts["client"] == "c999"


def test_a_dead_source_fails_and_leaves_the_others_protected(home: Path) -> None:
    shutil.rmtree(home / "books" / "c001")
    assert statuses(night()) == {"c001/main": "failed", "c002/main": "ok"}


def test_a_backup_point_holds_the_proof_of_its_books(home: Path) -> None:
    (outcome, _) = night().outcomes
    figures = dict(outcome.figures)
    assert (figures["books"], figures["vouchers"], figures["lines"]) == (1, 2, 4)


def test_a_book_that_cannot_be_read_is_stored_and_told_about(home: Path) -> None:
    (home / "books" / "c001" / "FEC2026.txt").write_text(ledger("1,00")[:-40], "utf-8")
    (outcome, _) = night().outcomes
    assert (outcome.status, bool(outcome.snapshot), len(outcome.findings)) == ("partial", True, 1)


def test_a_book_without_proof_is_told_about_again_when_nothing_has_changed(home: Path) -> None:
    (home / "books" / "c001" / "FEC2026.txt").write_text(ledger("1,00")[:-40], "utf-8")
    night()
    assert statuses(night("c001")) == {"c001/main": "partial"}


def test_a_folder_without_the_books_it_should_hold_is_no_good_backup(home: Path) -> None:
    (home / "books" / "c001" / "FEC2026.txt").unlink()
    assert statuses(night("c001")) == {"c001/main": "partial"}


def test_a_book_that_is_gone_since_the_last_clean_point_is_named(home: Path) -> None:
    other = home / "books" / "c001" / "FEC2025.txt"
    other.write_text(ledger("9,00"), "utf-8")
    night("c001")
    other.unlink()
    (outcome,) = night("c001").outcomes
    named = [dict(each.facts).get("book") for each in outcome.findings]
    assert (outcome.status, named) == ("partial", [None, "books/FEC2025.txt"])


def test_the_catalog_knows_the_new_backup_point(home: Path) -> None:
    (outcome,) = night("c001").outcomes
    with open_site() as site:
        head = site.catalog.head("c001", "main")
    assert head is not None
    assert head.id == outcome.snapshot


def test_a_batch_that_died_has_an_outcome_for_every_pair(home: Path) -> None:
    batch = (Pair("c001", "main"), Pair("c002", "main"))
    recorded = record_batch.fn(begun("backup"), batch, RuntimeError("worker lost"))
    assert [each.status for each in recorded.outcomes] == ["failed", "failed"]


def test_recording_a_batch_twice_keeps_what_was_found_first(home: Path) -> None:
    run, batch = begun("backup"), (Pair("c001", "main"),)
    first = record_batch.fn(run, batch, RuntimeError("worker lost"))
    again = record_batch.fn(run, batch, ValueError("another end"))
    assert again.outcomes == first.outcomes


def test_a_mirror_is_brought_up_to_its_vault(home: Path) -> None:
    run = night()
    assert copy_to_mirrors.fn(run) == ()
    packs = sorted(path.name for path in (home / "vault").glob("c/*/packs/*/*"))
    assert sorted(path.name for path in (home / "mirror").glob("c/*/packs/*/*")) == packs


def test_a_mirror_out_of_reach_is_an_outcome_of_its_own(home: Path) -> None:
    run = night()
    shutil.rmtree(home / "mirror")
    (outcome,) = copy_to_mirrors.fn(run)
    assert (outcome.client, outcome.set, outcome.status) == ("_agency", "main-mirror-1", "failed")


def test_the_journal_is_stored_without_the_signing_key(home: Path) -> None:
    save_journal.fn(night())
    with open_site() as site:
        side = site.vault_named("main").client("_agency")
        paths = side.manifest(side.find("latest", set_name="journal")).paths
    assert b"journal/outcomes.jsonl" in paths
    assert b"audit/log.jsonl" in paths
    assert b"audit/signing.key" not in paths


def test_a_client_that_joins_is_due_at_once(home: Path) -> None:
    night()
    add_client(home, "c003")
    assert plan_backup.fn(begun("backup"), None) == [(Pair("c003", "main"),)]


def papers_of(home: Path, count: int) -> Path:
    add_papers(home, "c001")
    folder = home / "papers" / "c001"
    for number in range(count):
        (folder / f"{number}.pdf").write_bytes(b"%PDF")
    return folder


def told(outcomes: object, set_name: str) -> list[str]:
    return [
        finding.template
        for outcome in outcomes  # type: ignore[attr-defined]
        if outcome.set == set_name
        for finding in outcome.findings
    ]


def test_an_empty_folder_is_taken_for_an_unmounted_disk(home: Path) -> None:
    folder = papers_of(home, 0)
    for path in folder.iterdir():
        path.unlink()
    run = night("c001")
    assert statuses(run)["c001/papers"] == "partial"
    assert told(run.outcomes, "papers") == ["the set holds no file at all"]


def test_a_set_that_lost_most_of_its_files_is_asked_about(home: Path) -> None:
    folder = papers_of(home, 12)
    night("c001")
    for number in range(10):
        (folder / f"{number}.pdf").unlink()
    run = night("c001")
    assert statuses(run)["c001/papers"] == "partial"
    assert told(run.outcomes, "papers") == [ALARM_TEMPLATES["removed"]]
