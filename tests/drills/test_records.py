"""Journals are kept whole; readiness is what they prove, and not for ever."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.drills.records import STALE, Drills, digest_of, encoded, readiness
from baozhang.errors import CorruptObjectError, UsageError
from tests.drills.journals import START, journal


@pytest.fixture
def drills(tmp_path: Path) -> Drills:
    return Drills(tmp_path / "drills")


def test_ids_are_of_the_day_and_never_twice(drills: Drills) -> None:
    assert [drills.reserve(START) for _ in range(2)] == ["d-20261122-01", "d-20261122-02"]


def test_a_kept_journal_is_the_same_again(drills: Drills) -> None:
    drills.keep(journal())
    assert drills.get("d-20261122-01") == journal()


def test_the_hash_is_of_the_stored_bytes(drills: Drills, tmp_path: Path) -> None:
    digest = drills.keep(journal())
    content = (tmp_path / "drills" / "d-20261122-01" / "journal.json").read_bytes()
    assert digest == digest_of(journal()) == hashlib.sha256(content).hexdigest()


def test_the_form_is_that_of_the_chaos_toolkit() -> None:
    found = json.loads(encoded(journal()))
    assert {"experiment", "start", "end", "duration", "status", "deviated", "run"} <= found.keys()
    assert found["steady_states"]["before"]["steady_state_met"] is True
    assert found["run"][0]["activity"]["type"] == "action"


def test_a_reserved_drill_that_never_ended_is_none(drills: Drills) -> None:
    drills.reserve(START)
    assert drills.all() == ()


def test_no_drills_are_no_error(drills: Drills) -> None:
    assert drills.all() == ()


def test_an_unknown_drill_is_refused(drills: Drills) -> None:
    with pytest.raises(UsageError, match="there is no drill"):
        drills.get("d-1")


def test_a_damaged_journal_is_told(drills: Drills, tmp_path: Path) -> None:
    drills.keep(journal())
    (tmp_path / "drills" / "d-20261122-01" / "journal.json").write_text("{}")
    with pytest.raises(CorruptObjectError):
        drills.all()


@pytest.mark.parametrize(
    ("age", "state"),
    [(timedelta(0), "ready"), (STALE - timedelta(seconds=1), "ready"), (STALE, "stale")],
)
def test_a_passed_drill_proves_something_for_half_a_year(age: timedelta, state: str) -> None:
    (found,) = readiness(["lost-folder"], [journal()], START + age)
    assert found.state == state


def test_a_scenario_that_was_never_drilled_proves_nothing() -> None:
    (found,) = readiness(["leaver"], [journal()], START)
    assert (found.state, found.drills, found.passed) == ("never", 0, None)


def test_the_last_drill_counts() -> None:
    later = journal(id_="d-20261123-01", start=START + timedelta(days=1), passed=False)
    (found,) = readiness(["lost-folder"], [later, journal()], START + timedelta(days=3))
    assert (found.state, found.passed, found.days) == ("failed", START, 3)


def test_an_aborted_drill_is_not_passed() -> None:
    assert not journal(status="aborted").passed
