"""The steps of a restore test, on a real site and without a server."""

import os
from pathlib import Path

import pytest

from baozhang.audit.records import decode_record
from baozhang.audit.verification import lines_of
from baozhang.errors import StoreFullError
from baozhang.incidents.custody import history, open_copy
from baozhang.wiring import open_site
from tasks.restore_test import REASON, choose_oldest_proven, sandbox, sweep
from tests.flows.site import add_papers, ledger
from tests.flows.walking import begun, flip_a_byte, night, restore_test, slip_in, statuses


def test_an_honest_backup_passes(home: Path) -> None:
    night()
    (outcome,) = restore_test("c001").outcomes
    figures = dict(outcome.figures)
    assert outcome.status == "ok"
    assert (figures["books"], figures["lines"], figures["debit_minor:EUR"]) == (1, 4, 35050)


def test_one_cent_more_fails_and_names_voucher_account_and_difference(home: Path) -> None:
    night()
    slip_in(home, "c001", ledger("100,00", "250,51"))
    (outcome,) = restore_test("c001").outcomes
    said = [{name: str(value) for name, value in found.facts} for found in outcome.findings]
    assert outcome.status == "failed"
    assert any(facts.get("voucher") == "VE-2" for facts in said)
    assert any(facts.get("account") == "411000" and "0.01" in facts["difference"] for facts in said)


def test_a_set_without_books_comes_back_and_is_not_called_proven(home: Path) -> None:
    add_papers(home, "c001")
    night()
    papers = next(each for each in restore_test("c001").outcomes if each.set == "papers")
    assert (papers.status, dict(papers.figures)["books"]) == ("ok", 0)
    assert [found.severity for found in papers.findings] == ["info"]


def test_what_cannot_be_restored_has_failed(home: Path) -> None:
    night()
    flip_a_byte(home, "c001")
    assert statuses(restore_test("c001", "c002")) == {"c001/main": "failed", "c002/main": "ok"}


def test_nothing_of_a_restore_remains(home: Path) -> None:
    night()
    slip_in(home, "c001", ledger("1,00"))
    restore_test("c001", "c002")
    assert list((home / "state" / "scratch").iterdir()) == []


def test_a_set_that_was_never_backed_up_fails_when_it_is_asked_for(home: Path) -> None:
    assert statuses(restore_test("c001")) == {"c001/main": "failed"}


def test_the_set_proven_longest_ago_has_its_turn(home: Path) -> None:
    night()
    restore_test("c001")
    assert statuses(restore_test()) in ({}, {"c002/main": "ok"})


def test_a_sandbox_is_refused_where_it_would_fill_the_disk(tmp_path: Path) -> None:
    with pytest.raises(StoreFullError), sandbox(tmp_path, 2**60):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_test_left_behind_is_destroyed(tmp_path: Path) -> None:
    (tmp_path / "restore-test-4194305-left").mkdir()  # above the highest process id of Linux
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_running_test_uses_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / f"restore-test-{os.getpid()}-used").mkdir()
    sweep(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_restore_test_and_its_decrypted_copy_are_in_the_audit_log(home: Path) -> None:
    night()
    with open_site() as site:
        before = site.audit.head.seq
        restore_test("c001")
        actions = [
            decode_record(line).entry.action for _, line in lines_of(home / "state" / "audit")
        ]
        assert actions[before:] == ["custody.opened", "custody.ended", "restore.tested"]


def test_the_copy_of_a_restore_test_is_proven_to_be_destroyed(home: Path) -> None:
    night()
    restore_test("c001")
    with open_site() as site:
        (known,) = history(site)
    assert known.end
    assert (known.end.how, known.end.files) == ("removed", 1)


def test_the_copy_of_a_killed_test_is_destroyed_by_the_next_run(home: Path) -> None:
    night()
    with open_site() as site:
        place = site.scratch / "restore-test-4194305-left" / "restored"
        open_copy(
            site,
            place,
            client="c001",
            set_name="main",
            snapshot="s",
            reason=REASON,
            opener="r",
        )
        place.mkdir(parents=True)
        (place / "ledger").write_bytes(b"readable")
    choose_oldest_proven.fn(begun("restore_test"), [])
    with open_site() as site:
        (known,) = history(site)
    assert known.end
    assert (known.end.how, known.end.bytes) == ("removed", 8)
    assert list((home / "state" / "scratch").iterdir()) == []
