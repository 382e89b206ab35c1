"""Which day a run is for."""

from datetime import UTC, date, datetime
from uuid import UUID

from tasks.day import head

TOKEN = UUID("018f0000-0000-7000-8000-0000deadbeef")


def test_a_run_that_starts_after_midnight_utc_is_of_the_shanghai_day() -> None:
    due = datetime(2026, 7, 31, 18, tzinfo=UTC)  # 02:00 of 1 August in Shanghai
    assert head("validation", None, due=due, token=TOKEN).day == date(2026, 8, 1)


def test_a_late_start_counts_for_the_day_it_was_scheduled_for() -> None:
    due = datetime(2026, 7, 31, 14, tzinfo=UTC)  # 22:00 in Shanghai, whenever it really starts
    assert head("backup", None, due=due, token=TOKEN).day == date(2026, 7, 31)


def test_a_day_that_is_given_is_kept() -> None:
    due = datetime(2026, 7, 31, tzinfo=UTC)
    assert head("backup", date(2026, 1, 2), due=due, token=TOKEN).day == date(2026, 1, 2)


def test_a_runs_id_names_duty_and_day_and_tells_two_runs_apart() -> None:
    due = datetime(2026, 7, 31, 14, tzinfo=UTC)
    run = head("restore_test", None, due=due, token=TOKEN)
    assert run.id == "restore-test-2026-07-31-deadbeef"
