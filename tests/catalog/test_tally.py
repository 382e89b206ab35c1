"""Counting many outcomes as they stream by, on a real catalog."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from baozhang.catalog.catalog import Catalog
from baozhang.catalog.model import Duty, Outcome, Status
from baozhang.catalog.tally import MOST, Fared, Life, Shared, lives, measured, tally

DAY = timedelta(days=1)
FIRST = datetime(2026, 7, 1, 14, tzinfo=UTC)
LATER = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "catalog.db") as opened:
        yield opened


def put(
    catalog: Catalog,
    day: float,
    status: Status = "ok",
    *,
    client: str = "c001",
    name: str = "main",
    duty: Duty = "backup",
    figures: tuple[tuple[str, int], ...] = (),
) -> Outcome:
    """Record an outcome that began so many days after the first."""
    began = FIRST + day * DAY
    run = f"{duty}-{began:%Y-%m-%d-%H}"
    ended = began + timedelta(minutes=1)
    made = Outcome(run, duty, client, name, status, began, ended, figures=figures)
    return catalog.append(made)


def test_each_set_is_counted_by_itself(catalog: Catalog) -> None:
    put(catalog, 0)
    put(catalog, 1, "failed")
    put(catalog, 0, client="c002", name="papers")
    found = tally(catalog, "backup", FIRST, LATER)
    assert found.sets == (
        Fared("c001", "main", 2, 1, FIRST + DAY, FIRST, 0 * DAY, "backup-2026-07-02-14", "failed"),
        Fared("c002", "papers", 1, 1, FIRST, FIRST, 0 * DAY, "backup-2026-07-01-14", "ok"),
    )
    assert (found.count, found.good, found.newest) == (3, 2, FIRST + DAY)


def test_other_duties_and_other_days_are_not_counted(catalog: Catalog) -> None:
    for day in range(3):
        put(catalog, day)
    put(catalog, 1, duty="validation")
    found = tally(catalog, "backup", FIRST + DAY, FIRST + 2 * DAY)
    assert (found.count, found.newest) == (1, FIRST + DAY)


def test_of_nothing_there_is_nothing(catalog: Catalog) -> None:
    found = tally(catalog, "backup", FIRST, LATER)
    assert (found.sets, found.months, found.newest, found.count) == ((), (), None, 0)
    assert found.digest == hashlib.sha256().hexdigest()


def test_the_longest_gap_is_between_good_ones(catalog: Catalog) -> None:
    for day, status in ((0, "ok"), (1, "ok"), (2, "failed"), (4, "partial"), (6, "ok"), (7, "ok")):
        put(catalog, day, status)  # type: ignore[arg-type]
    assert tally(catalog, "backup", FIRST, LATER).sets[0].longest == 5 * DAY


def test_gaps_that_ended_before_an_instant_are_passed_over(catalog: Catalog) -> None:
    for day in (0, 9, 10, 12):
        put(catalog, day)
    since = FIRST + 10 * DAY
    found = tally(catalog, "backup", FIRST, LATER, gaps_since=since)
    assert found.sets[0].longest == 2 * DAY


def test_months_are_those_of_the_office(catalog: Catalog) -> None:
    put(catalog, 30 + 1 / 24)  # 31 July, eleven in the evening
    put(catalog, 30 + 2 / 24, "failed")  # the first minute of August
    put(catalog, 40)
    found = tally(catalog, "backup", FIRST, LATER)
    assert found.months == (Shared(date(2026, 7, 1), 1, 1), Shared(date(2026, 8, 1), 2, 1))


def test_the_newest_and_the_troubled_runs_are_named(catalog: Catalog) -> None:
    for day in range(MOST + 5):
        put(catalog, day, "failed" if day == 3 else "ok")
    found = tally(catalog, "backup", FIRST, LATER)
    assert found.troubled == ("backup-2026-07-04-14",)
    assert (len(found.runs), found.runs[0]) == (MOST, "backup-2026-07-25-14")


def test_the_digest_is_of_the_canonical_rows(catalog: Catalog) -> None:
    put(catalog, 1, "failed", client="c002")
    put(catalog, 0)
    rows = (
        ("backup-2026-07-01-14", "c001", "main", "ok", "2026-07-01 14:00", "2026-07-01 14:01"),
        ("backup-2026-07-02-14", "c002", "main", "failed", "2026-07-02 14:00", "2026-07-02 14:01"),
    )
    lines = ("\x1f".join((*row[:4], *(f"{at}:00.000000" for at in row[4:]))) for row in rows)
    text = "".join(f"{line}\n" for line in lines)
    found = tally(catalog, "backup", FIRST, LATER)
    assert found.digest == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("status", ["failed", "partial", "inconclusive"])
def test_every_row_shows_in_the_digest(catalog: Catalog, status: Status) -> None:
    put(catalog, 0)
    before = tally(catalog, "backup", FIRST, LATER).digest
    put(catalog, 1, status)
    assert tally(catalog, "backup", FIRST, LATER).digest != before


def test_a_life_is_from_the_first_outcome_to_the_last(catalog: Catalog) -> None:
    for day in (2, 0, 5):
        put(catalog, day, "failed" if day == 5 else "ok")
    put(catalog, 9, duty="validation")
    assert lives(catalog, "backup") == {("c001", "main"): Life(FIRST, FIRST + 5 * DAY)}


def test_outcomes_come_with_their_figures(catalog: Catalog) -> None:
    put(catalog, 1, duty="restore_test", figures=(("books", 2), ("seconds_ms", 900)))
    put(catalog, 0, duty="restore_test", client="c002")
    put(catalog, 0)
    first, second = measured(catalog, "restore_test", FIRST, LATER)
    assert (first.client, first.figures, first.figure("books")) == ("c002", (), None)
    assert (second.client, second.figure("books"), second.figure("seconds_ms")) == ("c001", 2, 900)
    assert second.ended - second.started == timedelta(minutes=1)
