"""Numbers, times and money as readers of each language write them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baozhang.money import parse_amount
from baozhang.words import CHINESE, ENGLISH
from reports.writing import pen


@pytest.mark.parametrize(
    ("language", "minor", "currency", "written"),
    [
        (CHINESE, -1, "CNY", "-¥0.01"),
        (CHINESE, 825_808_373, "EUR", "€8,258,083.73"),
        (ENGLISH, 825_808_373, "CNY", "CN¥8,258,083.73"),
        (ENGLISH, 1_500, "JPY", "¥1,500"),
        (ENGLISH, 1_500, "", "15.00"),
    ],
)
def test_money_is_written_with_its_currency(
    language: str, minor: int, currency: str, written: str
) -> None:
    assert pen(language).money(minor, currency) == written


@given(st.integers(-(10**26), 10**26))
def test_money_is_written_to_the_last_minor_unit(minor: int) -> None:
    written = pen(ENGLISH).money(minor, "EUR").replace("€", "")
    assert parse_amount(written, thousands=",") == minor


@pytest.mark.parametrize(
    ("octets", "written"),
    [(0, "0 byte"), (999, "999 byte"), (1_000, "1 kB"), (48_213_004, "48.2 MB"),
     (7 * 10**17, "700 PB")],
)  # fmt: skip
def test_sizes_are_decimal(octets: int, written: str) -> None:
    assert pen(ENGLISH).size(octets) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0 sec"), (3.24, "3.2 sec"), (59.94, "59.9 sec"), (59.96, "1 min"),
     (3_599.9, "1 hr"), (3_661, "1 hr 1 min")],
)  # fmt: skip
def test_durations_keep_their_two_top_units_that_are_not_zero(seconds: float, written: str) -> None:
    assert pen(ENGLISH).duration(timedelta(seconds=seconds)) == written


def test_what_took_hardly_any_time_is_not_said_to_have_taken_none() -> None:
    assert pen(CHINESE).duration(timedelta(milliseconds=20)) == "不到0.1秒"
    assert pen(ENGLISH).duration(timedelta(milliseconds=20)) == "under 0.1 sec"
    assert pen(ENGLISH).duration(timedelta()) == "0 sec"


def test_instants_are_shown_in_shanghai() -> None:
    instant = datetime(2026, 7, 31, 16, 30, tzinfo=UTC)
    assert pen(CHINESE).instant(instant) == "2026-08-01 00:30:00"


@pytest.mark.parametrize(
    ("language", "written"), [(CHINESE, "2026年7月31日"), (ENGLISH, "July 31, 2026")]
)
def test_days_are_written_out(language: str, written: str) -> None:
    assert pen(language).day(date(2026, 7, 31)) == written
