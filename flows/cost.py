"""Cost: what protection cost in a month, who pays for it, what could be saved.

    day only?  compare ─► verdict

    begin ─┬─► prices sound? ─┬─► price, divide: rows ─► report ─► library
           └─► ask the stores ┘

A month is priced from what the catalog and the registers know; the stores are asked what they hold
so that the report can show the difference.  Usage without a price is in no sum, and is named.
A day is compared with the sixty before it.

Runbook for people: docs/runbooks/cost.md
"""

from datetime import date

from prefect import flow

from tasks.artifacts import show_library
from tasks.cost import (
    Receipt,
    begin_cost,
    check_prices,
    compare_day,
    conclude_day,
    measure_stores,
    named_cost,
    write_cost_report,
    write_rows,
)
from tasks.gate import mask_logs
from tasks.monthly import index_library


@flow(name="cost", flow_run_name=named_cost)
def cost(
    period: str | None = None, *, daily: bool = False, day: date | None = None
) -> Receipt | int:
    """Close a month's cost and report it, or compare a day with those before.

    Args:
        period: the month, YYYY-MM; None: the one before the scheduled start in Asia/Shanghai.
        daily: only compare a day.
        day: which day is compared; None: yesterday.

    Returns:
        The month's receipt; of a day, 0.

    Raises:
        UsageError: no day of the month is over, or the price book has overlaps, foreign currencies
            or wrong units.
        BaozhangError: the day is unlike those before it.
    """
    if daily:
        mask_logs()
        return conclude_day(compare_day(day))
    month = begin_cost(period)
    priced, measured = check_prices(), measure_stores(month)
    receipt = write_cost_report(month, write_rows(month, priced, measured))
    show_library(index_library())
    return receipt
