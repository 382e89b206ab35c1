"""What stands beside a sample book follows its own rules, whoever reads it."""

from collections import defaultdict
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from baozhang.books.model import Asset, Attachment, BankLine, Filing, Pay
from baozhang.samples.assets import Card, asset_rows, bought_card, cards, old_cards
from baozhang.samples.book import SampleBook, Wish, make_book
from baozhang.samples.payroll import pay_sheet

CARD = Card("ZC001", date(2026, 1, 6), 1_000_000, 36)


@pytest.fixture(scope="module")
def year() -> SampleBook:
    return make_book(Wish(months=12, trades=20, invoices=6))


def test_a_card_is_not_depreciated_in_the_month_it_came() -> None:
    assert CARD.used(2026, 1) == 0
    assert CARD.used(2026, 2) == 1


def test_depreciation_stops_at_the_residual_value() -> None:
    assert CARD.worn(CARD.used(2029, 1)) == CARD.worn(CARD.used(2040, 1)) == 950_000


def test_the_last_month_takes_what_rounding_left() -> None:
    monthly = [row.monthly for n in range(1, 37) for row in asset_rows([CARD], *_after(n), "1601")]
    assert sum(monthly) == CARD.cost - CARD.salvage
    assert len(set(monthly[:-1])) == 1


def _after(months: int) -> tuple[int, int]:
    years, month = divmod(months, 12)
    return 2026 + years, month + 1


@given(st.integers(1, 999), st.integers(10_000, 10**9))
def test_old_cards_cost_together_what_was_asked(serial: int, cost: int) -> None:
    assert sum(card.cost for card in old_cards(serial, cost, date(2026, 1, 1))) == cost


def test_cards_bought_later_are_not_there_before() -> None:
    first = date(2026, 1, 1)
    bought = [bought_card(3, first, 2026, month) for month in range(1, 13)]
    there = cards((), 3, first, 2026, 6)
    assert there == [card for card in bought[:6] if card]


def test_no_card_is_bought_before_the_first_covered_month() -> None:
    assert bought_card(5, date(2026, 6, 1), 2026, 1) is None


@given(st.integers(1, 999), st.integers(600_000, 10**8), st.integers(1, 12))
@example(serial=358, wages=600_000, month=10)  # earned less than in the months before
def test_what_is_paid_out_is_what_was_earned_less_what_was_held_back(
    serial: int, wages: int, month: int
) -> None:
    for pay in pay_sheet(serial, wages, 2026, month):
        assert pay.net == pay.gross - pay.deductions - pay.tax
        assert pay.tax >= 0


def test_the_tax_of_a_year_is_what_its_brackets_say() -> None:
    sheets = [pay_sheet(1, 3_000_000, 2026, month)[-1] for month in range(1, 13)]
    taxable = sum(pay.gross - pay.deductions for pay in sheets) - 12 * 500_000
    assert 0 < taxable <= 3_600_000
    assert sum(pay.tax for pay in sheets) == taxable * 3 // 100


def test_the_same_wish_makes_the_same_book() -> None:
    assert make_book(Wish(seed=5)) == make_book(Wish(seed=5))


def test_another_seed_makes_another_book() -> None:
    assert make_book(Wish(seed=5)).rows["lines"] != make_book(Wish(seed=6)).rows["lines"]


def test_the_bank_statement_adds_up(year: SampleBook) -> None:
    balances: dict[str, int] = {}
    for line in year.side_rows("bank"):
        assert isinstance(line, BankLine)
        before = balances.get(line.account, line.balance - line.received + line.paid)
        assert line.balance == before + line.received - line.paid
        balances[line.account] = line.balance


def test_every_card_of_a_period_is_in_the_next(year: SampleBook) -> None:
    held = defaultdict(set)
    for row in year.side_rows("assets"):
        assert isinstance(row, Asset)
        held[row.period].add(row.number)
    months = [held[period] for period in sorted(held)]
    assert all(one <= other for one, other in pairwise(months))
    assert len(months[-1]) > len(months[0])


def test_every_invoice_has_its_file(year: SampleBook) -> None:
    listed = {row.name for row in year.side_rows("attachments") if isinstance(row, Attachment)}
    assert listed == {f"{invoice.number}.txt" for invoice in year.invoices()}
    assert {name.rpartition("/")[2] for name in year.files} == listed


def test_a_small_scale_company_files_no_vat_columns() -> None:
    small = make_book(Wish(vat_percent=3))
    forms = {row.form for row in small.side_rows("filings") if isinstance(row, Filing)}
    assert forms == {"balance_sheet", "income"}


def test_cards_pay_and_filings_come_with_the_close() -> None:
    half = make_book(Wish(months=2, open_months=1))
    paid = {row.period for row in half.side_rows("payroll") if isinstance(row, Pay)}
    assert paid == {"2026-01"}


def test_a_book_of_the_other_standard_has_its_accounts() -> None:
    codes = {account.code for account in make_book(Wish(standard="asbe")).accounts()}
    assert {"4103", "4104", "6001", "660202"} <= codes
    assert not codes & {"3103", "560202"}
