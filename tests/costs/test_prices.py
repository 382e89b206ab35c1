"""The price book: what it refuses, what it prices, where it has gaps."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from baozhang.costs.prices import PriceBook
from baozhang.costs.registers import PRICES, PriceRow
from baozhang.errors import UsageError
from baozhang.site import Site
from baozhang.wiring import open_site
from tests.costs.values import NOVEMBER, days, price
from tests.flows.site import make_site

OCTOBER = date(2026, 10, 31)
NOV = NOVEMBER.first


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_site(make_site(tmp_path / "site", "c001")) as opened:
        yield opened


def book(*rows: PriceRow) -> PriceBook:
    return PriceBook({f"p-{number:03d}": row for number, row in enumerate(rows, start=1)})


def kinds(found: PriceBook) -> list[str]:
    return [each.kind for each in found.faults()]


def test_two_prices_of_a_day_overlap() -> None:
    found = book(price("storage", "1", NOV), price("storage", "2", date(2026, 12, 1)))
    assert kinds(found) == ["overlap"]
    with pytest.raises(UsageError) as caught:
        found.require_sound()
    assert caught.value.facts["rows"] == "p-001"


def test_prices_that_follow_each_other_do_not_overlap() -> None:
    assert not kinds(
        book(price("storage", "1", NOV, NOV), price("storage", "2", date(2026, 11, 2)))
    )


def test_a_foreign_currency_is_named() -> None:
    (fault,) = book(price("storage", "1", currency="USD")).faults()
    assert (fault.kind, dict(fault.facts)["currency"]) == ("currency", "USD")


def test_a_unit_that_nobody_measures_in_is_named() -> None:
    (fault,) = book(price("storage", "1", unit="GiB")).faults()
    assert dict(fault.facts)["wanted"] == "GB-Months"


@pytest.mark.parametrize("sku", ["cabbage", "licences", "media:m-001"])
def test_what_nobody_meters_cannot_be_priced(sku: str) -> None:
    assert kinds(book(price(sku, "1"))) == ["sku"]


def test_a_sku_s_own_price_comes_before_its_group_s() -> None:
    found = book(price("storage", "1"), price("storage:cold", "0.1"))
    prices = [found.price(f"storage:{what}", NOV) for what in ("cold", "main")]
    assert [each.price for each in prices if each] == [Decimal("0.1"), Decimal(1)]


def test_a_day_without_a_price_is_a_gap_and_no_zero() -> None:
    found = book(price("storage", "1", last=OCTOBER), price("storage", "2", date(2026, 11, 3)))
    assert found.price("storage:main", NOV) is None


def test_a_month_is_cut_where_a_price_changes() -> None:
    found = book(
        price("storage", "1", last=date(2026, 11, 9)), price("compute", "1", date(2026, 11, 20))
    )
    assert found.parts(NOVEMBER) == (days(1, 9), days(10, 19), days(20, 30))


def test_a_month_without_changes_is_one_part() -> None:
    assert book(price("storage", "1")).parts(NOVEMBER) == (NOVEMBER,)


def test_a_validity_that_ends_before_it_begins_is_no_row(site: Site) -> None:
    cells = {"sku": "storage", "unit": "GB-Months", "price": "1", "valid_from": "2026-02-01",
             "valid_to": "2026-01-01"}  # fmt: skip
    with pytest.raises(UsageError):
        PRICES.parsed("p-001", cells)


def test_an_empty_register_lets_the_settings_stand_in(site: Site) -> None:
    found = PriceBook.of(site)
    assert found.from_settings
    assert found.price("storage:main", NOV)
    assert found.price("compute:backup", NOV) is None


def test_one_row_of_the_register_ends_the_settings(site: Site) -> None:
    PRICES.put(site, {"p-001": price("compute", "1")}, by="zhang")
    found = PriceBook.of(site)
    assert not found.from_settings
    assert found.price("storage:main", NOV) is None


def test_a_foreign_currency_of_the_settings_is_refused(site: Site) -> None:
    text = (site.home / "agency.yaml").read_text("utf-8")
    (site.home / "agency.yaml").write_text(
        text + "prices: {currency: EUR, per_gb_month: 1}\n", "utf-8"
    )
    with open_site(site.home) as again, pytest.raises(UsageError):
        PriceBook.of(again).require_sound()
