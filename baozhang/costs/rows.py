"""FOCUS-shaped rows: charges under the column names of FOCUS, as CSV.

The names are those of the FinOps Open Cost and Usage Specification, version 1.2
(https://focus.finops.org/focus-specification/v1-2/); columns of ours begin with `x_`, as it asks.
No conformance is claimed: discounts, commitments and taxes are not modelled, their columns are left
out, and an agency is biller and billed at once.

Costs are yuan with two digits, exact; unit prices and quantities are exact decimals, quantities
rounded to nine places.  An instant is UTC, a period ends before its end.  Blank: not known.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import IO

from baozhang.costs.charges import Charge
from baozhang.costs.model import UNITS, Days, Group, divisor
from baozhang.money import format_amount

COLUMNS = (
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency",
    "ChargePeriodEnd", "ChargePeriodStart", "ConsumedQuantity", "ConsumedUnit", "ContractedCost",
    "ContractedUnitPrice", "EffectiveCost", "InvoiceIssuerName", "ListCost", "ListUnitPrice",
    "PricingCategory", "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName",
    "RegionId", "ResourceId", "ResourceName", "ServiceCategory", "ServiceName", "SkuId",
    "SubAccountId", "SubAccountName", "Tags", "x_Divided", "x_Estimated", "x_Set",
)  # fmt: skip
SERVICES: dict[Group, tuple[str, str]] = {
    "storage": ("Storage", "Backup storage"),
    "requests": ("Storage", "Store requests"),
    "egress": ("Networking", "Reading back"),
    "compute": ("Compute", "Duties"),
    "restores": ("Management and Governance", "Restore tests"),
    "hours": ("Management and Governance", "People"),
    "licences": ("Other", "Licences"),
    "media": ("Storage", "Media"),
}
"""ServiceCategory (one of the values that FOCUS allows) and ServiceName of each group."""
_PLACES = Decimal("0.000000001")


@dataclass(frozen=True, slots=True)
class Account:
    """Who is billed: the agency."""

    id: str
    name: str


def rows(account: Account, month: Days, charges: Iterable[Charge]) -> Iterator[dict[str, str]]:
    """Yield a row per charge, every column filled or blank."""
    for each in charges:
        yield dict.fromkeys(COLUMNS, "") | _row(account, month, each)


def write(out: IO[str], account: Account, month: Days, charges: Iterable[Charge]) -> int:
    """Write the rows as CSV (RFC 4180), one by one; return how many."""
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    count = 0
    for row in rows(account, month, charges):
        writer.writerow({name: _safe(text) for name, text in row.items()})
        count += 1
    return count


def _safe(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text[:1] in "=+@\t\r" and text else text


def _row(account: Account, month: Days, each: Charge) -> dict[str, str]:
    category, service = SERVICES[each.group]
    provider = each.vendor or account.name
    return {
        "BilledCost": format_amount(each.billed),
        "BillingAccountId": account.id,
        "BillingAccountName": account.name,
        "BillingCurrency": "CNY",
        "BillingPeriodStart": _instant(month.begin),
        "BillingPeriodEnd": _instant(month.end),
        "ChargePeriodStart": _instant(each.days.begin),
        "ChargePeriodEnd": _instant(each.days.end),
        "ChargeCategory": each.category,
        "ChargeDescription": f"{service}: {each.what}",
        "ChargeFrequency": _frequency(each),
        "EffectiveCost": format_amount(each.fen),
        "InvoiceIssuerName": provider,
        "ProviderName": provider,
        "PublisherName": provider,
        "ResourceId": each.what,
        "ResourceName": each.what,
        "ServiceCategory": category,
        "ServiceName": service,
        "SkuId": each.sku,
        "SubAccountId": each.client,
        "SubAccountName": each.client,
        "Tags": json.dumps({"group": each.group}, separators=(",", ":")),
        "x_Divided": "true" if each.divided else "false",
        "x_Estimated": "true" if each.estimated else "false",
        "x_Set": each.set,
    } | _quantities(month, each)


def _frequency(each: Charge) -> str:
    if each.category == "Purchase":
        return "One-Time"
    return "Recurring" if each.price is None else "Usage-Based"


def _quantities(month: Days, each: Charge) -> dict[str, str]:
    """Return quantity, unit, price and their product; of purchases, the price that is paid."""
    if each.price is None:
        paid = format_amount(each.billed)
        return {"ListCost": paid, "ContractedCost": paid}
    whole = Decimal(each.raw) / Decimal(divisor(each.group, month))
    quantity, unit = _plain(whole), UNITS[each.group]
    cost, price = _plain(whole * each.price), f"{each.price:f}"
    return {
        "ConsumedQuantity": quantity,
        "ConsumedUnit": unit,
        "PricingQuantity": quantity,
        "PricingUnit": unit,
        "PricingCategory": "Standard",
        "ListUnitPrice": price,
        "ContractedUnitPrice": price,
        "ListCost": cost,
        "ContractedCost": cost,
    }


def _plain(value: Decimal) -> str:
    text = f"{value.quantize(_PLACES, ROUND_HALF_EVEN):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
