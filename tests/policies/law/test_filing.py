"""The filing calendar: the days of the yearly notice, and nothing guessed beyond it."""

from datetime import date

import pytest
from pydantic import ValidationError

from baozhang.policies.law.filing import FilingCalendar, load_filing_calendar

CALENDAR = load_filing_calendar()


@pytest.mark.parametrize(
    ("today", "last"),
    [
        (date(2026, 1, 1), date(2026, 1, 20)),
        (date(2026, 2, 24), date(2026, 2, 24)),
        (date(2026, 2, 25), date(2026, 3, 16)),
        (date(2026, 10, 1), date(2026, 10, 26)),
    ],
)
def test_who_files_monthly_has_a_deadline_every_month(today: date, last: date) -> None:
    assert CALENDAR.next_deadline(today, "monthly") == last


@pytest.mark.parametrize(
    ("today", "last"),
    [(date(2026, 1, 21), date(2026, 4, 20)), (date(2026, 7, 15), date(2026, 7, 15))],
)
def test_who_files_quarterly_has_four_a_year(today: date, last: date) -> None:
    assert CALENDAR.next_deadline(today, "quarterly") == last


@pytest.mark.parametrize(("today", "rhythm"), [(date(2026, 12, 16), "monthly")])
def test_a_deadline_in_a_year_without_notice_is_unknown(today: date, rhythm: str) -> None:
    assert CALENDAR.next_deadline(today, rhythm) is None  # type: ignore[arg-type]
    assert CALENDAR.next_deadline(date(2026, 11, 1), "quarterly") is None


def test_a_season_runs_until_its_last_day() -> None:
    assert CALENDAR.in_season(date(2026, 5, 22)) is True
    assert CALENDAR.in_season(date(2026, 5, 23)) is False
    assert CALENDAR.in_season(date(2027, 1, 1)) is None


def test_the_calendar_says_three_weeks_before_it_ends() -> None:
    assert CALENDAR.expires() == date(2026, 12, 10)


def test_a_day_in_the_wrong_month_is_refused() -> None:
    year = CALENDAR.years[2026].model_dump()
    year["last_days"] = [*year["last_days"][1:], year["last_days"][0]]
    with pytest.raises(ValidationError, match="is not in month 1"):
        FilingCalendar.model_validate({"years": {2026: year}})
