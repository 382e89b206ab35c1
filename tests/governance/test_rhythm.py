"""When something is due: steps of the calendar, working days, a first year that floods nobody."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from baozhang.governance.model import Cadence, Severity
from baozhang.governance.rhythm import (
    end_of,
    event_due,
    months_on,
    next_due,
    spread,
    stage_of,
    working,
)

START = date(2026, 11, 23)  # a Monday


@dataclass(frozen=True)
class Thing:
    id: str
    owner: str = "wang"
    severity: Severity = "medium"
    cadence: Cadence = "yearly"


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(2027, 2, 28), 12, date(2028, 2, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
    ],
)
def test_a_month_on_is_the_same_day_or_the_months_last(day: date, months: int, then: date) -> None:
    assert months_on(day, months) == then


def test_a_first_due_on_a_weekend_moves_to_monday() -> None:
    assert working(date(2026, 11, 28)) == date(2026, 11, 30)


def test_a_next_due_on_a_weekend_comes_before_it_so_that_nothing_goes_stale() -> None:
    assert next_due(date(2026, 10, 29), "monthly", 40) == date(2026, 11, 27)


def test_a_proof_that_goes_stale_sooner_is_asked_for_sooner() -> None:
    assert next_due(date(2026, 11, 23), "yearly", 30) == date(2026, 12, 23)


def test_an_event_gives_two_weeks() -> None:
    assert event_due(date(2026, 11, 23)) == date(2026, 12, 7)


def test_a_day_ends_in_shanghai() -> None:
    assert end_of(date(2026, 11, 23)).utcoffset() == timedelta(hours=8)


def test_nobody_owes_anything_in_the_first_two_weeks() -> None:
    days = spread([Thing(f"a.t{n}") for n in range(50)], START)
    assert min(days.values()) == date(2026, 12, 7)


def test_one_person_gets_one_a_week() -> None:
    days = spread([Thing(f"a.t{n}") for n in range(40)], START)
    weeks = Counter(day.isocalendar()[:2] for day in days.values())
    assert max(weeks.values()) == 1


def test_more_than_a_year_holds_come_quicker_and_never_all_on_one_day() -> None:
    days = spread([Thing(f"a.t{n}") for n in range(128)], START)
    assert max(days.values()) <= START + timedelta(days=366)
    assert max(Counter(days.values()).values()) <= 2


def test_the_severest_come_first_and_then_those_that_repeat_soonest() -> None:
    things = [
        Thing("a.low", severity="low"),
        Thing("a.year", severity="high"),
        Thing("a.month", severity="high", cadence="monthly"),
    ]
    days = spread(things, START)
    assert sorted(days, key=days.__getitem__) == ["a.month", "a.year", "a.low"]


def test_people_do_not_wait_for_each_other() -> None:
    days = spread([Thing("a.one"), Thing("a.two", owner="li")], START)
    assert set(days.values()) == {date(2026, 12, 7)}


def test_the_order_in_which_things_come_changes_nothing() -> None:
    things = [Thing(f"a.t{n}") for n in range(9)]
    assert spread(things, START) == spread(things[::-1], START)


@pytest.mark.parametrize(
    ("days", "stage"),
    [
        (-15, None),
        (-14, "request"),
        (-1, "request"),
        (0, "due"),
        (3, "late"),
        (7, "manager"),
        (14, "approver"),
        (400, "approver"),
    ],
)
def test_reminders_go_up_by_days(days: int, stage: str | None) -> None:
    assert stage_of(START, START + timedelta(days=days)) == stage
