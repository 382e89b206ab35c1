"""The steps of the cost report: check prices, ask the stores, price the month, write, judge.

Everything can be done again: what the stores held at the month's end is asked once, rows and totals
replace those of the same month, and a letter that would say the same is not written again.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from logging import getLogger
from pathlib import Path

from prefect.runtime import flow_run

from baozhang import durable
from baozhang.catalog.usage import Day
from baozhang.catalog.usage import days as days_used
from baozhang.clock import business_day
from baozhang.costs.closing import Close
from baozhang.costs.model import Days
from baozhang.costs.prices import PriceBook
from baozhang.costs.rows import Account
from baozhang.costs.rows import write as write_csv
from baozhang.costs.trends import Unusual, unusual
from baozhang.errors import BaozhangError, UnreachableError
from baozhang.mail.readers import readers
from baozhang.site import Site
from baozhang.wiring import open_site
from reports import canonical, cost
from reports.cost import render_cost
from reports.months import Month, parse_month
from tasks.cost_closing import close
from tasks.cost_metering import closes_of, count, counted_days, measure
from tasks.gate import mask_logs
from tasks.letters import Draft, Written, library, write
from tasks.monthly import last_month
from tasks.options import effect

LOOK_BACK = timedelta(days=60)
"""What a day is compared with: enough to hold a month's end and a quarter's filing."""

LOG = getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a month; ids and figures only."""

    month: str
    status: str
    fen: int
    gaps: tuple[str, ...]  # SKUs without a price
    losing: int  # clients that cost more than they pay
    written: int  # letters; 0: one that says the same was there


def begin_cost(period: str | None) -> Month:
    """Return the month that was asked for, else the one before the scheduled start; mask the log.

    Raises:
        UsageError: not a month, or one of which no day is over.
    """
    mask_logs()
    month = last_month(flow_run.scheduled_start_time) if period is None else parse_month(period)
    with open_site() as site:
        counted_days(month, business_day(site.clock()))
    return month


def named_cost() -> str:
    """Return what a run of Prefect is called, e.g. `cost 2026-07`, `cost of the day`."""
    if flow_run.parameters.get("daily"):
        return "cost of the day"
    asked = flow_run.parameters.get("period")
    return f"cost {asked or last_month(flow_run.scheduled_start_time)}"


@effect("check the price book")
def check_prices() -> int:
    """Return how many prices there are.

    Raises:
        UsageError: the book has overlaps, foreign currencies or wrong units.
    """
    with open_site() as site:
        book = PriceBook.of(site)
        book.require_sound()
        return len(book.rows)


@effect("ask the stores what they hold", tags=["vault-read"])
def measure_stores(month: Month) -> int:
    """Ask every store what it holds; return how many answered."""
    with open_site() as site:
        return len(measure(site, month).places)


@effect("write the rows of {month}")
def write_rows(month: Month, _priced: int, _measured: int) -> Path:
    """Write the month's FOCUS-shaped rows and return their file."""
    with open_site() as site:
        return keep_rows(site, month)


@effect("write the cost report of {month}")
def write_cost_report(month: Month, _rows: Path) -> Receipt:
    """Write the cost report, unless one that says the same is there."""
    with open_site() as site:
        value = close(site, month)
        closes_of(site).keep(value)
        written = report(site, value)
        return Receipt(
            value.month,
            cost.status(value),
            value.fen,
            tuple(dict.fromkeys(each.sku for each in value.gaps)),
            len(value.losing),
            len(written),
        )


@effect("compare the day")
def compare_day(day: date | None) -> tuple[Unusual, ...]:
    """Return what of a day is unlike the days before it; None: yesterday."""
    with open_site() as site:
        return unusual_day(site, day or business_day(site.clock()) - timedelta(days=1))


def conclude_day(found: tuple[Unusual, ...]) -> int:
    """Return 0: nothing is unlike the days before.

    Raises:
        BaozhangError: something is; the message names the figures.
    """
    if found:
        raise BaozhangError(
            "the day is unlike those before it: {figures}",
            hint="Look at `baozhang cost anomalies`, then at the letters of that day.",
            figures=", ".join(each.what for each in found),
        )
    return 0


# --- without Prefect ----------------------------------------------------------------------------


def keep_rows(site: Site, month: Month) -> Path:
    """Write the month's rows to the site's state, and its hash to the audit log.

    Raises:
        UsageError: no day of it is over, or the price book has faults.
        UnreachableError: the file cannot be written.
    """
    found = count(site, month)
    path = closes_of(site).rows(str(month))
    account = account_of(site)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        with open(new, "w", newline="", encoding="utf-8", opener=durable.private) as out:
            rows = write_csv(out, account, found.charged.month, found.charged.charges)
            out.flush()
            os.fsync(out.fileno())
        new.replace(path)
        digest = _digest(path)
    except OSError as error:
        raise UnreachableError(
            "the rows of {month} cannot be written: {reason}",
            hint="Make room and check the rights of the site's state folder.",
            month=month,
            reason=error.strerror or type(error).__name__,
        ) from error
    site.audit.append(
        actor="system",
        action="cost.rows",
        subject=str(month),
        rows=rows,
        fen=found.charged.fen,
        sha256=digest,
    )
    return path


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def account_of(site: Site) -> Account:
    """Return whom the rows bill: the agency, by its credit code where it has one."""
    return Account(site.agency.file.credit_code or "agency", site.agency.name)


def report(site: Site, value: Close, *, actor: str = "system") -> tuple[Written, ...]:
    """Write the letter on a closed month; none where one that says the same is in the library.

    Raises:
        UsageError: nobody reads such letters.
        StoreFullError, UnreachableError: it cannot be written.
    """
    made = draft(site, value, actor=actor)
    fingerprint = canonical.fingerprint(made.value)
    shelved = {
        (each.period, each.fingerprint)
        for each in library(site).reports()
        if each.kind == cost.KIND
    }
    if (made.period, fingerprint) in shelved:
        return ()
    return write(site, [made])


def draft(site: Site, value: Close, *, actor: str = "system") -> Draft:
    """Return the letter on a closed month, ready to be numbered.

    Raises:
        UsageError: nobody reads such letters.
    """
    return Draft(
        kind=cost.KIND,
        period=value.month,
        status=cost.status(value),
        value=canonical.canonical(cost.KIND, value),
        render=partial(render_cost, value),
        copies=readers(site.agency, cost.KIND),
        actor=actor,
    )


def unusual_day(site: Site, day: date) -> tuple[Unusual, ...]:
    """Return what of a day is unlike the days before it: bytes added, bytes read, machine seconds.

    A day without any run is left to the watch, which looks for silence.
    """
    span = Days(day - LOOK_BACK, day)
    known = days_used(site.catalog, span.begin, span.end)
    today = next((each for each in known if each.day == day), None)
    if today is None:
        return ()
    before = [each for each in known if each.day < day]
    found = (
        unusual(name, value(today), [value(each) for each in before])
        for name, value in MEASURES.items()
    )
    return tuple(each for each in found if each)


def _added(each: Day) -> int:
    return each.added


def _read(each: Day) -> int:
    return each.read


def _seconds(each: Day) -> int:
    return each.seconds


MEASURES = {"bytes-added": _added, "bytes-read": _read, "machine-seconds": _seconds}
