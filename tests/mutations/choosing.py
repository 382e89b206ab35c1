"""Choosing what to spoil: always the same rows, and such that no other law is touched by chance.

The quiet voucher is an everyday expense paid in cash, in the first period, with vouchers before
and after it: no partner, bank, invoice, asset or tax stands on it.
"""

from tests.mutations.codecs import Cell
from tests.mutations.exporting import Sheet

Row = list[Cell]
CASH, EXPENSES = "1001", "5602"
FIRST, LAST = "2026-01", "2026-03"


def vouchers(sheet: Sheet) -> dict[tuple[str, str, str], list[Row]]:
    """Return the lines of every voucher, in the file's order."""
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in sheet.rows:
        found.setdefault(sheet.voucher(row), []).append(row)
    return found


def quiet(sheet: Sheet) -> list[Row]:
    """Return the lines of a quiet voucher: the expense, then the cash."""
    return quiet_ones(sheet)[0]


def quiet_ones(sheet: Sheet) -> list[list[Row]]:
    """Return all quiet vouchers, in the file's order."""
    return [
        rows
        for (period, _, _), rows in vouchers(sheet).items()
        if period == FIRST and _is_quiet([sheet.get(row, "account") or "" for row in rows])
    ]


def _is_quiet(accounts: list[str]) -> bool:
    return len(accounts) == 2 and accounts[0].startswith(EXPENSES) and accounts[1] == CASH


def last_of(sheet: Sheet, period: str) -> list[Row]:
    """Return the lines of a period's last voucher."""
    return [rows for (own, _, _), rows in vouchers(sheet).items() if own == period][-1]


def without(sheet: Sheet, gone: list[Row]) -> None:
    """Take rows out of a sheet."""
    dropped = set(map(id, gone))
    sheet.rows[:] = [row for row in sheet.rows if id(row) not in dropped]


def having(sheet: Sheet, **fields: str) -> list[Row]:
    """Return the rows whose fields have these texts."""
    return [
        row
        for row in sheet.rows
        if all(
            (sheet.period(row) if name == "period" else sheet.get(row, name)) == text
            for name, text in fields.items()
        )
    ]
