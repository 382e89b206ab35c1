"""The flow of the cost report: one letter a month, and a day that is compared."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baozhang.catalog.model import Outcome
from baozhang.clock import business_day, system_clock
from baozhang.errors import BaozhangError, UsageError
from baozhang.wiring import open_site
from flows.cost import cost
from reports.months import month_of
from tasks.cost import Receipt
from tests.flows.site import without_pdf

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("server")]


def test_a_month_gives_rows_and_one_letter(home: Path) -> None:
    without_pdf(home)
    month = month_of(business_day(system_clock())).previous
    with open_site(home) as site:
        at = month.start + timedelta(days=3)
        took = at + timedelta(seconds=90)
        site.catalog.append(Outcome("backup-1", "backup", "c001", "main", "ok", at, took))

    receipt, again = cost(str(month)), cost(str(month))

    assert isinstance(receipt, Receipt)
    assert isinstance(again, Receipt)
    assert (receipt.written, again.written) == (1, 0)
    assert receipt.gaps == ("compute:backup", "requests:backup")
    assert (home / "state" / "cost" / f"rows-{month}.csv").is_file()


def test_a_month_that_has_not_begun_is_refused(home: Path) -> None:
    with pytest.raises(UsageError):
        cost("9999-01")


def test_a_day_unlike_the_others_ends_in_an_error(home: Path) -> None:
    begin = datetime(2026, 11, 1, 14, tzinfo=UTC)
    with open_site(home) as site:
        for n in range(20):
            at = begin + timedelta(days=n)
            figures = (("bytes_added", 10**9 if n == 19 else 1000 + n % 3),)
            took = at + timedelta(seconds=60)
            made = Outcome(f"r{n}", "backup", "c001", "main", "ok", at, took, figures=figures)
            site.catalog.append(made)

    with pytest.raises(BaozhangError) as caught:
        cost(daily=True, day=(begin + timedelta(days=19)).date())

    assert caught.value.facts["figures"] == "bytes-added"
