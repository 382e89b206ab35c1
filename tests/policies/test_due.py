"""A set is due when waiting for the next run would break its promise."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.policies.due import JITTER, due
from baozhang.policies.model import Policy

NIGHT = datetime(2026, 7, 31, 14, 0, tzinfo=UTC)  # 22:00 in Shanghai
DAY = timedelta(days=1)


def every(span: timedelta) -> Policy:
    return Policy(span, 30 * DAY, 90 * DAY)


def test_what_was_never_backed_up_is_due() -> None:
    assert due(every(DAY), None, NIGHT)


def test_a_nightly_run_that_starts_early_finds_its_set_due() -> None:
    assert due(every(DAY), NIGHT, NIGHT + DAY - timedelta(minutes=15))


def test_an_extra_run_at_lunch_does_not_push_the_night_away() -> None:
    assert due(every(DAY), NIGHT - timedelta(hours=10), NIGHT)


def test_a_run_repeated_at_once_does_nothing_twice() -> None:
    assert not due(every(DAY), NIGHT, NIGHT + timedelta(minutes=20))


def test_a_weekly_set_is_not_due_a_day_early() -> None:
    assert not due(every(7 * DAY), NIGHT, NIGHT + 6 * DAY + timedelta(minutes=20))


def test_a_weekly_set_is_due_after_a_week() -> None:
    assert due(every(7 * DAY), NIGHT, NIGHT + 7 * DAY)


def test_a_backup_point_of_the_future_protects_nothing() -> None:
    assert due(every(DAY), NIGHT + DAY, NIGHT)


def test_a_four_hourly_set_is_due_at_each_of_its_runs() -> None:
    four = timedelta(hours=4)
    assert due(every(four), NIGHT, NIGHT + four, runs_every=four)


@settings(max_examples=60)
@given(
    hours=st.integers(24, 24 * 40),
    starts=st.lists(st.integers(-15, 15), min_size=5, max_size=60),
)
def test_nightly_runs_never_leave_more_than_the_promise_between_two_points(
    hours: int, starts: list[int]
) -> None:
    policy = every(timedelta(hours=hours))
    points: list[datetime] = []
    for night, minutes in enumerate(starts):
        now = NIGHT + night * DAY + timedelta(minutes=minutes)
        if due(policy, points[-1] if points else None, now):
            points.append(now)
    points.append(NIGHT + (len(starts) - 1) * DAY)
    gaps = [after - before for before, after in pairwise(points)]
    assert max(gaps) <= policy.every + 2 * JITTER
