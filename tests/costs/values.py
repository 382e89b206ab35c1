"""Prices, usage and days to reckon with."""

from datetime import date
from decimal import Decimal

from baozhang.costs.model import DIVISORS, GIGABYTE, UNITS, Days, Group, Usage, month_days
from baozhang.costs.registers import PriceRow

NOVEMBER = month_days(2026, 11)
GB_MONTH = GIGABYTE * 30 * 1440  # byte-minutes of a GB in November


def days(first: int, last: int) -> Days:
    """Return days of November 2026."""
    return Days(date(2026, 11, first), date(2026, 11, last))


def price(
    sku: str,
    yuan: str,
    first: date = date(2026, 1, 1),
    last: date | None = None,
    *,
    unit: str = "",
    currency: str = "CNY",
) -> PriceRow:
    """Return a price in the unit of its group."""
    group = sku.partition(":")[0]
    return PriceRow(
        sku=sku,
        unit=unit or {str(name): each for name, each in UNITS.items()}.get(group, "GB"),
        price=Decimal(yuan),
        currency=currency,
        valid_from=first,
        valid_to=last,
    )


def used(client: str, group: Group, what: str, raw: int, span: Days = NOVEMBER) -> Usage:
    """Return usage of a client's set `main`."""
    return Usage(span, client, "main", group, what, raw)


def unit(group: Group) -> int:
    """Return the raw units in one priced unit."""
    return GB_MONTH if group == "storage" else DIVISORS[group]
