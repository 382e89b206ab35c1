"""FOCUS-shaped rows: the real names, exact money, and a sum that is the report's."""

import csv
import io
from datetime import date
from decimal import Decimal

from baozhang.costs.charges import Charged, charge
from baozhang.costs.prices import PriceBook
from baozhang.costs.registers import LicenceRow
from baozhang.costs.rows import COLUMNS, Account, write
from tests.costs.values import GB_MONTH, NOVEMBER, price, used

BOOK = PriceBook({"p-1": price("storage", "0.123"), "p-2": price("hours", "80")})
LICENCE = LicenceRow(
    product="x",
    vendor="=cmd()",
    fen=10_001,
    valid_from=date(2026, 11, 5),
    valid_to=date(2027, 1, 31),
)
FOCUS = {
    "BillingAccountId", "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart",
    "ChargePeriodEnd", "ChargeCategory", "ChargeClass", "ChargeDescription", "ConsumedQuantity",
    "ConsumedUnit", "PricingQuantity", "PricingUnit", "ListUnitPrice", "ContractedUnitPrice",
    "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "BillingCurrency", "ServiceName",
    "ServiceCategory", "ProviderName", "PublisherName", "InvoiceIssuerName", "RegionId",
    "ResourceId", "ResourceName", "SkuId", "SubAccountId", "Tags",
}  # fmt: skip


def charged() -> Charged:
    usages = [
        used("c001", "storage", "main", GB_MONTH * 7 // 3),
        used("c002", "storage", "main", GB_MONTH * 5 // 3),
        used("", "hours", "zhang", 50),
    ]
    return charge(NOVEMBER, usages, BOOK, (("c001", 1), ("c002", 2)), {"l-1": LICENCE})


def rows() -> list[dict[str, str]]:
    out = io.StringIO()
    found = charged()
    assert write(out, Account("agency", "示例"), NOVEMBER, found.charges) == len(found.charges)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def test_columns_are_those_of_focus_or_begin_with_x() -> None:
    assert set(COLUMNS) >= FOCUS
    assert {name for name in COLUMNS if name.startswith("x_")} == {
        "x_Divided",
        "x_Estimated",
        "x_Set",
    }


def test_costs_add_up_to_the_report_s_sums_to_the_fen() -> None:
    found, told = charged(), rows()
    assert sum(Decimal(each["EffectiveCost"]) for each in told) * 100 == found.fen
    assert sum(Decimal(each["BilledCost"]) for each in told) * 100 == found.billed


def test_a_usage_row_says_how_much_of_what_at_which_price() -> None:
    row = next(each for each in rows() if each["SkuId"] == "storage:main")
    assert (row["SubAccountId"], row["ConsumedQuantity"], row["PricingUnit"]) == (
        "c001", "2.333333333", "GB-Months",
    )  # fmt: skip
    assert (row["ListUnitPrice"], row["ListCost"], row["EffectiveCost"]) == (
        "0.123",
        "0.287",
        "0.29",
    )
    assert row["ServiceCategory"] == "Storage"


def test_periods_are_utc_and_end_before_their_end() -> None:
    row = rows()[0]
    assert row["BillingPeriodStart"] == "2026-10-31T16:00:00Z"
    assert row["ChargePeriodEnd"] == "2026-11-30T16:00:00Z"


def test_a_purchase_is_billed_once_and_used_by_all() -> None:
    bought = [each for each in rows() if each["SkuId"] == "licences:l-1"]
    assert [each["BilledCost"] for each in bought] == ["100.01", "0.00", "0.00"]
    assert bought[0]["ChargeCategory"] == "Purchase"
    assert {each["x_Divided"] for each in bought[1:]} == {"true"}


def test_no_cell_is_taken_for_a_formula() -> None:
    assert {each["ProviderName"] for each in rows()} == {"示例", "'=cmd()"}
