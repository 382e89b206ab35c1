"""S1 over the tables beside the voucher lines: days are of the calendar, periods of a year.

A row is named by its table and its place in it.
"""

from calendar import monthrange
from collections import Counter

from baozhang.books.findings import Report, broken
from baozhang.books.model import Asset, Balance, BankLine, Invoice, SideRow, Table

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

    def see(self, table: Table, row: Balance | Invoice | SideRow) -> None:
        """Judge a row."""
        self.rows[table] += 1
        for text in _days(row):
            if text not in self.sound:
                self._judge(table, text)

    def _judge(self, table: Table, text: str) -> None:
        of_day = len(text) > len("2026-03")
        if is_day(text) if of_day else is_period(text):
            self.sound.add(text)
            return
        key, name = ("S1.row_day", "date") if of_day else ("S1.row_period", "period")
        facts = (("table", table), ("row", self.rows[table]), (name, text))
        self.report(broken("S1", TEMPLATES[key], facts=facts))


def _days(row: Balance | Invoice | SideRow) -> tuple[str, ...]:
    if isinstance(row, Invoice | BankLine):
        return (row.date,)
    return (row.period, row.acquired) if isinstance(row, Asset) else (row.period,)


def is_day(date: str) -> bool:
    """Tell whether a calendar has an ISO date, a time of day behind it or not."""
    year, month, day = int(date[:4]), int(date[5:7]), int(date[8:10])
    return bool(year) and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def is_period(period: str) -> bool:
    """Tell whether a year has such a period."""
    return int(period[5:]) <= MOST_PERIODS
