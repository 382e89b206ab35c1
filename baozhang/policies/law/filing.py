"""The filing calendar (征期): until when a month's or a quarter's taxes are filed.

Days come from the tax administration's yearly notice and from nowhere else: the rule of 实施细则
第109条 leaves the counting of holidays open, so a year without its notice is unknown and says so.
"""

from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from baozhang.policies.law.register import Confidence

Rhythm = Literal["monthly", "quarterly"]
"""How often a client files: 按月申报, 按季申报."""

QUARTERLY = (1, 4, 7, 10)  # months in which a quarter's taxes are filed
NOTICE_BY = timedelta(days=21)  # before a year ends its successor's days should be here
_FILE = Path(__file__).with_name("filing.yaml")


class Year(BaseModel):
    """The twelve last days of one year."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Annotated[str, Field(min_length=1)]
    confidence: Confidence
    last_days: Annotated[tuple[date, ...], Field(min_length=12, max_length=12)]


class FilingCalendar(BaseModel):
    """Years by number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    years: dict[int, Year]

    @model_validator(mode="after")
    def _in_order(self) -> "FilingCalendar":
        for number, year in self.years.items():
            for month, day in enumerate(year.last_days, 1):
                if (day.year, day.month) != (number, month):
                    raise ValueError(f"{day} is not in month {month} of {number}")
        return self

    def last_day(self, year: int, month: int) -> date | None:
        """Return the last day of a month's filing season; None: that year is not known."""
        known = self.years.get(year)
        return known.last_days[month - 1] if known else None

    def next_deadline(self, today: date, rhythm: Rhythm) -> date | None:
        """Return the next last day, today included; None: the year it lies in is not known."""
        year, month = today.year, today.month
        while True:
            if rhythm == "monthly" or month in QUARTERLY:
                last = self.last_day(year, month)
                if last is None or last >= today:
                    return last
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)

    def in_season(self, today: date) -> bool | None:
        """Tell whether a filing season is running; None: not known."""
        last = self.last_day(today.year, today.month)
        return None if last is None else today <= last

    def expires(self) -> date:
        """Return the day from which the calendar lacks what people need: soon, or already."""
        return date(max(self.years), 12, 31) - NOTICE_BY


@cache
def load_filing_calendar() -> FilingCalendar:
    """Return the calendar that this version of the product holds."""
    return FilingCalendar.model_validate(yaml.safe_load(_FILE.read_text("utf-8")))
