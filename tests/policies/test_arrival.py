"""How a delivery stands: fine, due today and kept by something, or overdue by days."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baozhang.policies.arrival import Arrival, Cause, judge

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
WITHIN = timedelta(days=2)
CAUSES: list[Cause | None] = [None, "missing", "busy", "incomplete", "failed"]


def stand(age: timedelta | None, hindrance: Cause | None = None) -> Arrival:
    newest = None if age is None else NOW - age
    return judge(newest, hindrance, within=WITHIN, now=NOW)


@pytest.mark.parametrize("hindrance", [None, "busy", "missing"])
def test_what_is_young_enough_is_fine_whatever_passes_by_itself(hindrance: Cause | None) -> None:
    assert stand(WITHIN, hindrance) == Arrival("ok")


@pytest.mark.parametrize("hindrance", ["failed", "incomplete"])
def test_what_somebody_must_mend_is_told_at_once(hindrance: Cause) -> None:
    assert stand(timedelta(0), hindrance) == Arrival(hindrance, hindrance)


@pytest.mark.parametrize("hindrance", ["missing", "busy", "incomplete", "failed"])
def test_on_the_day_it_is_due_the_cause_is_the_state(hindrance: Cause) -> None:
    assert stand(WITHIN + timedelta(hours=23), hindrance) == Arrival(hindrance, hindrance)


@pytest.mark.parametrize(("late", "days"), [(24, 1), (47, 1), (48, 2)])
def test_whole_days_are_counted(late: int, days: int) -> None:
    found = stand(WITHIN + timedelta(hours=late), "busy")
    assert found == Arrival("overdue", "busy", days)


def test_what_never_came_is_missing() -> None:
    assert stand(None) == Arrival("missing", "missing")


def test_what_never_came_because_it_is_always_open_is_busy() -> None:
    assert stand(None, "busy") == Arrival("busy", "busy")


@given(st.timedeltas(timedelta(0), timedelta(days=400)), st.sampled_from(CAUSES))
def test_days_are_told_of_what_is_overdue_alone(age: timedelta, hindrance: Cause | None) -> None:
    found = stand(age, hindrance)
    assert (found.days > 0) == (found.state == "overdue")
    assert (found.cause is None) == (found.state == "ok")
