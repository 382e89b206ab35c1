"""S1 over the tables beside the voucher lines: days are of the calendar, periods of a year.

A row is named by its table and its place in it.
"""

from calendar import monthrange
from collections import Counter
from collections.abc import Sequence
from operator import attrgetter

from baozhang.books.findings import Report, broken
from baozhang.books.model import Asset, Balance, BankLine, Invoice, SideRow, Table

Row = Balance | Invoice | SideRow

MOST_PERIODS = 16  # of a year, with those for adjustments; 0 holds what a year opens with

TEMPLATES = {
    "S1.row_day": "row {row} of the table {table}: no calendar has the day {date}",
    "S1.row_period": "row {row} of the table {table}: no year has the period {period}",
}
"""The sentence of each finding; placeholders are a violation's fields and facts."""


class RealDays:
    """Judges the days and periods of balances, invoices and side tables."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.rows: Counter[Table] = Counter()
        self.sound: set[str] = set()

    def hold(self, table: Table, rows: Sequence[Row]) -> bool:
        """Take in rows of one table, if all their days and periods exist; else do nothing."""
        fresh = {text for name in _named(rows[0]) for text in map(attrgetter(name), rows)}
        fresh -= self.sound
        self.sound |= {text for text in fresh if _is_sound(text)}
        held = self.sound.issuperset(fresh)
        self.rows[table] += len(rows) if held else 0
        return held

    def see(self, table: Table, row: Row) -> None:
        """Judge a row."""
        self.rows[table] += 1
        for name in _named(row):
            text = getattr(row, name)
            if text not in self.sound and not _is_sound(text):
                self._tell(table, text)

    def _tell(self, table: Table, text: str) -> None:
        key, name = ("S1.row_day", "date") if _of_day(text) else ("S1.row_period", "period")
        facts = (("table", table), ("row", self.rows[table]), (name, text))
        self.report(broken("S1", TEMPLATES[key], facts=facts))


def _named(row: Row) -> tuple[str, ...]:
    """Return the fields of a row that are days or periods."""
    if isinstance(row, Invoice | BankLine):
        return ("date",)
    return ("period", "acquired") if isinstance(row, Asset) else ("period",)


def _of_day(text: str) -> bool:
    return len(text) > len("2026-03")


def _is_sound(text: str) -> bool:
    return is_day(text) if _of_day(text) else is_period(text)


def is_day(date: str) -> bool:
    """Tell whether a calendar has an ISO date, a time of day behind it or not."""
    year, month, day = int(date[:4]), int(date[5:7]), int(date[8:10])
    return bool(year) and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def is_period(period: str) -> bool:
    """Tell whether a year has such a period."""
    return int(period[5:]) <= MOST_PERIODS
