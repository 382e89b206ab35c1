"""Months of the office: where they begin and end, and up to when one can be told."""

from datetime import UTC, date, datetime

import pytest

from baozhang.errors import UsageError
from reports.months import Month, cut, month_of, parse_month

JULY = Month(2026, 7)


def test_a_month_begins_at_midnight_in_shanghai() -> None:
    assert JULY.start == datetime(2026, 6, 30, 16, tzinfo=UTC)


def test_a_month_ends_where_the_next_begins() -> None:
    assert JULY.end == Month(2026, 8).start


def test_december_is_followed_by_january() -> None:
    assert Month(2026, 12).next == Month(2027, 1)


def test_before_january_comes_december() -> None:
    assert Month(2027, 1).previous == Month(2026, 12)


def test_february_of_a_leap_year_has_29_days() -> None:
    assert len(Month(2028, 2).days) == 29


def test_a_day_lies_in_its_month() -> None:
    assert month_of(date(2026, 7, 31)) == JULY


def test_a_month_is_read_as_it_is_written() -> None:
    assert parse_month(str(JULY)) == JULY


@pytest.mark.parametrize("text", ["2026-13", "2026-7", "0000-01", "july", "2026-07-01", ""])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_month(text)


def test_a_month_that_is_over_is_told_to_its_end() -> None:
    assert cut(JULY, datetime(2026, 9, 1, tzinfo=UTC)) == JULY.end


def test_a_month_that_is_not_over_is_told_up_to_now() -> None:
    now = datetime(2026, 7, 10, tzinfo=UTC)
    assert cut(JULY, now) == now


def test_a_month_in_the_future_cannot_be_told() -> None:
    with pytest.raises(UsageError):
        cut(JULY, datetime(2026, 6, 30, 15, 59, tzinfo=UTC))
