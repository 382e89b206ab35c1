"""S1 over balances, invoices and side tables."""

from dataclasses import replace

import pytest

from baozhang.books.day_laws import is_day, is_period
from baozhang.books.findings import sentence
from baozhang.books.model import Balance, PeriodState
from tests.books.closing import firm


def test_a_period_that_no_year_has_is_named_by_table_and_row() -> None:
    book = firm()
    (found,) = replace(book, states=(*book.states, PeriodState("2026-17", False, ()))).found("S1")
    assert sentence(found, spoken="en") == (
        "row 5 of the table periods: no year has the period 2026-17"
    )


def test_a_balance_of_no_period_is_found() -> None:
    book = firm()
    found = replace(book, table=(*book.table, Balance("2026-99", "1002", 0, 0, 0, 0, ())))
    assert {one.law for one in found.found("S1")} == {"S1"}


@pytest.mark.parametrize("date", ["2024-02-29", "2026-12-31", "2026-01-01 08:30:00"])
def test_a_day_of_the_calendar_is_one(date: str) -> None:
    assert is_day(date)


@pytest.mark.parametrize("date", ["2026-02-29", "2026-00-01", "2026-13-01", "2026-01-00"])
def test_a_day_of_no_calendar_is_none(date: str) -> None:
    assert not is_day(date)


def test_periods_for_adjustments_and_openings_are_periods() -> None:
    assert is_period("2026-00")
    assert is_period("2026-13")
    assert not is_period("2026-17")
