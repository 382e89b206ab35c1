"""Charges: exact, whole, and nothing priced at nothing."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from baozhang.costs.charges import charge, cost_of
from baozhang.costs.model import Group, Usage
from baozhang.costs.prices import PriceBook
from baozhang.costs.registers import LicenceRow
from tests.costs.values import GB_MONTH, NOVEMBER, days, price, unit, used

BOOK = PriceBook(
    {"p-1": price("storage", "0.123"), "p-2": price("hours", "80"), "p-3": price("compute", "0.7")}
)
KEPT = (("c001", 3), ("c002", 1))
LICENCE = LicenceRow(
    product="x", fen=10_001, valid_from=date(2026, 11, 1), valid_to=date(2027, 1, 31)
)

USAGES = st.lists(
    st.builds(
        lambda client, group, raw: used(client, group, "main", raw),
        st.sampled_from(["", "c001", "c002", "c003"]),
        st.sampled_from(["storage", "hours", "compute"]),
        st.integers(1, 10**14),
    ),
    max_size=25,
)


@given(USAGES)
def test_charges_of_a_sku_add_up_to_its_price_rounded_once(usages: list[Usage]) -> None:
    found = charge(NOVEMBER, usages, BOOK, KEPT)
    for group in ("storage", "hours", "compute"):
        name: Group = group
        raw = sum(each.raw for each in usages if each.group == name)
        row = BOOK.price(f"{name}:main", NOVEMBER.first)
        assert row
        fen = sum(each.fen for each in found.charges if each.group == name)
        assert fen == cost_of(row.price, raw, unit(name))


@given(USAGES)
def test_charges_hold_all_usage_and_each_once(usages: list[Usage]) -> None:
    found = charge(NOVEMBER, usages, BOOK, KEPT)
    assert sum(each.raw for each in found.charges) == sum(each.raw for each in usages)


def test_a_gb_for_a_month_costs_its_price() -> None:
    (found,) = charge(
        NOVEMBER, [used("c001", "storage", "main", GB_MONTH * 100)], BOOK, KEPT
    ).charges
    assert (found.fen, found.billed) == (1230, 1230)


def test_what_is_for_all_is_divided_by_bytes_kept() -> None:
    found = charge(NOVEMBER, [used("", "hours", "zhang", 60)], BOOK, KEPT)
    assert [(each.client, each.fen, each.divided) for each in found.charges] == [
        ("c001", 6000, True), ("c002", 2000, True),
    ]  # fmt: skip


def test_without_clients_the_agency_bears_it() -> None:
    (found,) = charge(NOVEMBER, [used("", "hours", "zhang", 60)], BOOK, ()).charges
    assert (found.client, found.fen, found.divided) == ("_agency", 8000, False)


def test_usage_without_a_price_is_a_gap_and_in_no_sum() -> None:
    found = charge(NOVEMBER, [used("c001", "egress", "validation", 5)], BOOK, KEPT)
    assert found.fen == 0
    assert not found.charges
    assert [(gap.sku, gap.raw, gap.clients) for gap in found.gaps] == [("egress:validation", 5, 1)]


def test_a_price_that_ends_within_the_month_leaves_a_gap_for_the_rest() -> None:
    book = PriceBook({"p-1": price("compute", "1", last=date(2026, 11, 9))})
    usages = [used("c001", "compute", "backup", 7200, part) for part in book.parts(NOVEMBER)]
    found = charge(NOVEMBER, usages, book, KEPT)
    assert found.fen == 200
    assert [gap.days for gap in found.gaps] == [days(10, 30)]


def test_a_price_of_zero_is_a_price() -> None:
    book = PriceBook({"p-1": price("compute", "0")})
    found = charge(NOVEMBER, [used("c001", "compute", "backup", 7200)], book, KEPT)
    assert (found.fen, found.gaps, len(found.charges)) == (0, (), 1)


def test_restores_lack_no_price_where_none_are_priced() -> None:
    assert not charge(NOVEMBER, [used("c001", "restores", "restore_test", 1)], BOOK, KEPT).gaps


def test_a_licence_is_billed_when_it_begins_and_spread_over_its_days() -> None:
    found = charge(NOVEMBER, [], BOOK, KEPT, {"l-1": LICENCE})
    assert (found.billed, found.fen) == (10_001, 3_261)  # 30 of 92 days
    assert {each.category for each in found.charges} == {"Purchase", "Usage"}


def test_a_licence_adds_up_over_its_months() -> None:
    months = (NOVEMBER, replace(NOVEMBER, first=date(2026, 12, 1), last=date(2026, 12, 31)),
              replace(NOVEMBER, first=date(2027, 1, 1), last=date(2027, 1, 31)))  # fmt: skip
    found = [charge(month, [], BOOK, KEPT, {"l-1": LICENCE}) for month in months]
    assert sum(each.fen for each in found) == sum(each.billed for each in found) == 10_001


def test_a_month_that_is_not_over_counts_its_days_only() -> None:
    found = charge(NOVEMBER, [], BOOK, KEPT, {"l-1": LICENCE}, until=date(2026, 11, 15))
    assert found.fen == 1_631


def test_bytes_beyond_the_books_cost_what_they_would_cost_all_month() -> None:
    assert charge(NOVEMBER, [], BOOK, KEPT).kept_fen(Decimal("0.123"), -(10**11)) == -1230
