"""L10, L12 and P2: a firm that keeps them by either standard, and one that breaks each."""

from dataclasses import replace

import pytest

from baozhang.books.findings import sentence
from baozhang.books.model import Balance, Standard
from tests.books.closing import CHARTS, Firm, firm, laws

SBE = CHARTS["sbe"]


def table_with(book: Firm, period: str, account: str, **values: int) -> Firm:
    """Return a firm with other figures in one row of its balance table."""
    rows = [
        row._replace(**values)  # type: ignore[arg-type]
        if (row.period, row.account) == (period, account)
        else row
        for row in book.table
    ]
    return replace(book, table=tuple(rows))


@pytest.mark.parametrize("standard", ["sbe", "asbe"])
def test_a_sound_firm_breaks_no_law(standard: Standard) -> None:
    assert firm(standard, months=12, closed=12).proof().violations == ()


def test_l10_names_the_period_and_by_how_much_the_two_sides_differ() -> None:
    (found,) = table_with(firm(), "2026-02", "3001", closing=-900_001).found("L10")
    assert (found.period, found.difference, found.severity) == ("2026-02", -1, "critical")
    assert "by -0.01 CNY" in sentence(found, spoken="en")


def test_l10_counts_an_account_that_no_class_of_the_standard_knows_as_missing() -> None:
    book = firm()
    extra = [Balance(row.period, "8001", 7, 0, 0, 7, ()) for row in book.table[:1]]
    off = table_with(book, "2026-01", "1002", closing=900_000 - 18_000 - 7)
    assert [one.difference for one in replace(off, table=(*off.table, *extra)).found("L10")] == [-7]


def test_l10_holds_before_profit_and_loss_is_closed() -> None:
    assert firm(months=1, closed=0).without_voucher("2026-01", 3).found("L10") == []


def test_l10_and_l12_are_not_asked_of_another_standard() -> None:
    book = table_with(firm(), "2026-02", "3001", closing=-900_001)
    assert not {"L10", "L12"} & {one.law for one in book.proof("other").violations}


def test_l12_warns_of_cash_below_zero() -> None:
    paid = [(SBE["costs"], 2_000_000, 0), (SBE["bank"], 0, 2_000_000)]
    found = firm().with_voucher("2026-02", 1, paid).found("L12")
    assert laws(found) == {("L12", "warning")}
    assert {one.account for one in found} == {"1002"}
    assert [one.period for one in found] == ["2026-02", "2026-03", "2026-04"]


def test_l12_warns_of_depreciation_on_the_debit_side() -> None:
    turned = [(SBE["depreciation"], 9_000, 0), (SBE["bank"], 0, 9_000)]
    book = firm(months=1, closed=1).with_voucher("2026-01", 2, turned)
    assert [one.account for one in book.found("L12")] == ["1602"]


def test_p2_names_the_accounts_that_a_lost_closing_voucher_leaves_open() -> None:
    found = firm().without_voucher("2026-03", 2).found("P2")
    assert [(one.period, one.account, one.difference) for one in found] == [
        ("2026-03", "5001", -50_000),
        ("2026-03", "560201", 20_000),
        ("2026-04", "5001", -50_000),
        ("2026-04", "560201", 20_000),
    ]
    assert laws(found) == {("P2", "critical")}


def test_p2_passes_over_open_periods() -> None:
    assert firm(closed=3).without_voucher("2026-04", 2).found("P2") == []


def test_p2_only_warns_where_the_period_is_not_stated_to_be_closed() -> None:
    book = replace(firm(), states=()).without_voucher("2026-02", 2)
    assert laws(book.found("P2")) == {("P2", "warning")}


def test_p2_lets_a_book_close_profit_and_loss_once_a_year() -> None:
    book = firm(months=12, closed=12)
    yearly = {period: vouchers[:-1] for period, vouchers in book.vouchers.items()}
    sales, costs = 12 * 50_000, 12 * 20_000
    close = [(SBE["sales"], sales, 0), (SBE["costs"], 0, costs), (SBE["profit"], 0, sales - costs)]
    sound = replace(book, vouchers={**yearly, "2026-12": [*yearly["2026-12"], close]}).posted()
    assert sound.found("P2") == []
    assert {one.period for one in replace(book, vouchers=yearly).posted().found("P2")} == {
        "2026-12"
    }


def test_p2_names_the_voucher_that_closes_to_another_account() -> None:
    astray = [(SBE["sales"], 50_000, 0), (SBE["costs"], 0, 20_000), (SBE["retained"], 0, 30_000)]
    (found,) = firm().with_voucher("2026-02", 2, astray).found("P2")
    assert (found.period, found.voucher, found.account) == ("2026-02", "记-3", "310401")
    assert sentence(found, spoken="en").endswith("to 310401, not to 3103")


def test_p2_lets_earlier_years_be_corrected_against_retained_profit() -> None:
    a = CHARTS["asbe"] | {"prior": "6901"}
    book = firm("asbe")
    entries = [("6901", 100, 0), (a["bank"], 0, 100)]
    to_retained = [(a["retained"], 100, 0), ("6901", 0, 100)]
    vouchers = {**book.vouchers, "2026-02": [*book.vouchers["2026-02"], entries, to_retained]}
    assert replace(book, vouchers=vouchers, table=()).found("P2") == []


def test_p2_goes_by_the_vouchers_where_there_is_no_balance_table() -> None:
    book = replace(firm().without_voucher("2026-03", 2), table=())
    assert [(one.period, one.account) for one in book.found("P2")] == [
        ("2026-03", "5001"),
        ("2026-03", "560201"),
    ]


def test_a_chart_of_another_standard_is_told_once_and_judged_by_none() -> None:
    found = firm("sbe").proof("asbe").violations
    assert [(one.law, one.severity, one.account) for one in found] == [("S3", "warning", "4103")]


def two_years(**carried: int) -> Firm:
    """December and January of a firm whose year's profit was carried over without a voucher."""
    closing = {"1002": 930_000, "3001": -900_000, "3103": -30_000, "310401": 0, "3104": 0}
    opening = {"1002": 930_000, "3001": -900_000, "3103": 0, "310401": -30_000, "3104": -30_000}
    opening |= {code.removeprefix("a"): amount for code, amount in carried.items()}
    rows = [
        *(Balance("2026-12", code, net, 0, 0, net, ()) for code, net in closing.items()),
        *(Balance("2027-01", code, net, 0, 0, net, ()) for code, net in opening.items()),
    ]
    return replace(firm(), vouchers={}, states=(), table=tuple(rows))


def test_l8_lets_the_year_s_profit_be_carried_over_without_a_voucher() -> None:
    assert two_years().found("L8") == []


def test_l8_misses_profit_that_was_not_carried_over_whole() -> None:
    (found,) = two_years(a310401=-29_999, a3104=-29_999).found("L8")
    assert (found.period, found.difference, found.severity) == ("2027-01", 1, "critical")


def test_l8_refuses_a_year_that_opens_with_profit_and_loss() -> None:
    found = two_years(a310401=-20_000, a3104=-20_000, a5001=-10_000).found("L8")
    assert [(one.account, one.difference) for one in found] == [("5001", -10_000)]


def test_l8_is_critical_across_years_where_the_standard_is_known() -> None:
    (found,) = two_years(a1002=930_001).found("L8")
    assert (found.account, found.difference, found.severity) == ("1002", 1, "critical")


def test_l8_only_warns_across_years_where_no_standard_is_known() -> None:
    found = [one for one in two_years(a1002=930_001).proof("other").violations if one.law == "L8"]
    assert {one.severity for one in found} == {"warning"}
