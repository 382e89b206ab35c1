"""Clients and tiers against their fees."""

from datetime import date

import pytest

from baozhang.costs.bills import ClientCost, by_group, by_sku, clients, fee_of, tiers
from baozhang.costs.charges import charge
from baozhang.costs.prices import PriceBook
from baozhang.costs.registers import FeeRow
from baozhang.errors import UsageError
from tests.costs.values import NOVEMBER, price, used

BOOK = PriceBook({"p-1": price("hours", "60")})


def fee(
    client: str, tier: str, fen: int, first: date = date(2026, 1, 1), last: date | None = None
) -> FeeRow:
    return FeeRow(client=client, tier=tier, fen=fen, valid_from=first, valid_to=last)


def test_a_client_bears_its_own_use_and_its_share() -> None:
    usages = [used("c001", "hours", "zhang", 10), used("", "hours", "wang", 10)]
    charges = charge(NOVEMBER, usages, BOOK, (("c001", 1), ("c002", 1))).charges
    found = clients(charges, {"c001": ("gold", 1200)})
    assert [(each.client, each.own, each.divided, each.margin) for each in found] == [
        ("c001", 1000, 500, -300), ("c002", 0, 500, None),
    ]  # fmt: skip


def test_who_pays_and_costs_nothing_is_there() -> None:
    (found,) = clients([], {"c009": ("gold", 5)})
    assert (found.cost, found.margin) == (0, 5)


def test_a_fee_that_holds_for_a_part_counts_for_its_days() -> None:
    rows = [fee("c001", "basic", 3000, last=date(2026, 11, 10)),
            fee("c001", "gold", 6000, date(2026, 11, 11))]  # fmt: skip
    assert fee_of(rows, NOVEMBER) == {"c001": ("gold", 1000 + 4000)}


def test_two_fees_of_a_day_are_refused() -> None:
    rows = [fee("c001", "basic", 1), fee("c001", "gold", 2, date(2026, 11, 11))]
    with pytest.raises(UsageError) as caught:
        fee_of(rows, NOVEMBER)
    assert caught.value.facts["client"] == "c001"


def test_a_tier_adds_up_its_clients_and_counts_those_that_lose() -> None:
    found = tiers([
        ClientCost("c001", 100, 0, 50, "basic"), ClientCost("c002", 10, 0, 100, "basic"),
        ClientCost("c003", 10, 0, None, ""),
    ])  # fmt: skip
    assert [(t.tier, t.clients, t.fee, t.cost, t.margin, t.losing) for t in found] == [
        ("basic", 2, 150, 110, 40, 1)
    ]


def test_groups_and_skus_add_up_to_the_whole() -> None:
    usages = [used("c001", "hours", "zhang", 7), used("c002", "hours", "wang", 11)]
    found = charge(NOVEMBER, usages, BOOK, ())
    assert sum(by_group(found.charges).values()) == found.fen
    assert sum(fen for _, fen in by_sku(found.charges).values()) == found.fen
