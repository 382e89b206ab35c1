"""P5 and P6: what was filed is what the books show, and VAT rolls on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from baozhang.books.blocks import Passage
from baozhang.books.filing_laws import Filings, item_of
from baozhang.books.standards import load_standard
from tests.books.beside import CHART, Beside, found_in, paper, said
from tests.books.making import balances_of, voucher
from tests.books.test_blocks import LINE, block


@pytest.mark.parametrize("row", range(8))
def test_p6_holds_every_filed_figure_against_the_books(tmp_path: Path, row: int) -> None:
    def change(book: Beside) -> None:
        cells = book.papers["申报"][row]
        cells[4] = f"{float(cells[4].replace(',', '')) + 0.01:.2f}"

    found = found_in(tmp_path, change)
    assert [(one.law, one.difference) for one in found] == [("P6", 1)]


def test_p6_accepts_the_year_to_date(tmp_path: Path) -> None:
    assert found_in(tmp_path, paper("申报", 7, 4, "-15,600.00")) == ()


@pytest.mark.parametrize(
    ("amount", "laws"),
    [
        ("20.00", set()),
        ("50.00", set()),
        ("16,650.00", set()),
        ("30.00", {"P6"}),
        ("80.00", {"P6"}),
    ],
)
def test_p6_accepts_the_month_the_quarter_and_the_year_so_far(
    tmp_path: Path, amount: str, laws: set[str]
) -> None:
    def change(book: Beside) -> None:
        book.rows += [
            *voucher(4, 1, 3, ("5602", 3_000, 0), ("2241", 0, 3_000)),
            *voucher(5, 1, 3, ("5602", 2_000, 0), ("2241", 0, 2_000)),
        ]
        book.balances = balances_of(book.rows, book.chart)
        book.papers["申报"] = [["2026", "5", "利润表", "管理费用", amount]]

    assert {one.law for one in found_in(tmp_path, change)} & {"P6"} == laws


@pytest.mark.parametrize(
    ("item", "amount"),
    [
        ("二、营业利润", "-30.00"),
        ("营业外收入", "10.00"),
        ("利润总额", "-20.00"),
        ("净利润", "-20.00"),
    ],
)
def test_p6_knows_profit_with_and_without_what_is_outside_the_trade(
    tmp_path: Path, item: str, amount: str
) -> None:
    def change(book: Beside) -> None:
        book.chart["5301"] = ("营业外收入", "贷")
        book.rows += voucher(4, 1, 3, ("5602", 3_000, 0), ("5301", 0, 1_000), ("2241", 0, 2_000))
        book.balances = balances_of(book.rows, book.chart)
        book.papers["申报"] = [["2026", "4", "利润表", item, amount]]

    assert "P6" not in {one.law for one in found_in(tmp_path, change)}


def test_p6_passes_over_an_item_it_does_not_know(tmp_path: Path) -> None:
    assert found_in(tmp_path, paper("申报", 0, 3, "货币资金")) == ()


@pytest.mark.parametrize(
    ("whole", "laws"),
    [("99,970", set()), ("100,000", set()), ("100,100", set()), ("99,940", {"P6"})],
)
def test_p6_accepts_wrong_sides_plain_by_account_and_by_partner(
    tmp_path: Path, whole: str, laws: set[str]
) -> None:
    """One customer owes 100.00, another one paid 130.00 too much: 应收账款 is 30.00 in credit."""

    def change(book: Beside) -> None:
        first, second = (row for row in book.rows if (row.number, row.account) == (3, "1122"))
        first.debit, second.debit, second.credit = 10_000, 0, 13_000
        book.balances = balances_of(book.rows, book.chart)
        partners = book.papers["辅助余额表"]
        partners[0][4:] = ["", "", "100.00", "", "100.00", ""]
        partners[1][4:] = ["", "", "", "130.00", "", "130.00"]
        book.papers["申报"] = [["2026", "1", "资产负债表", "资产总计", whole]]

    assert {one.law for one in found_in(tmp_path, change)} & {"P6"} == laws


def test_p6_counts_profit_that_is_not_closed_yet_as_equity(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        book.rows += voucher(4, 1, 3, ("5602", 3_000, 0), ("2241", 0, 3_000))
        book.balances = balances_of(book.rows, book.chart)
        book.papers["申报"] = [["2026", "4", "资产负债表", "所有者权益合计", "84,370.00"]]

    assert "P6" not in {one.law for one in found_in(tmp_path, change)}


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("三、利润总额（亏损总额以“-”号填列）", "利润总额"),
        ("减：营业成本", "营业成本"),
        (" 加:投资收益 ", "投资收益"),
        ("所有者权益（或股东权益）合计", "所有者权益合计"),
    ],
)
def test_an_item_is_known_by_its_own_name(text: str, item: str) -> None:
    assert item_of(text) == item


@pytest.mark.parametrize("row", [8, 9])
def test_p5_holds_the_filed_tax_against_the_account(tmp_path: Path, row: int) -> None:
    found = found_in(tmp_path, paper("申报", row, 4, "65.01" if row == 9 else "130.01"))
    assert [(one.law, one.difference) for one in found] == [("P5", 1)]


def moved_to_unpaid(book: Beside, amount: int) -> None:
    """Change what is moved to 未交增值税, on both sides, and what follows from it."""
    for row in book.rows:
        if (row.month, row.number) == (1, 6):
            row.debit, row.credit = (amount if row.debit else 0), (amount if row.credit else 0)
    book.balances = balances_of(book.rows, book.chart)
    book.papers["申报"] = []


def test_p5_warns_of_tax_left_behind_in_a_closed_month(tmp_path: Path) -> None:
    found = said(found_in(tmp_path, lambda book: moved_to_unpaid(book, 6_400)), "was not moved")
    assert (found.law, found.severity, found.difference) == ("P5", "warning", 100)


def test_p5_wants_what_is_moved_to_arrive(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        for row in book.rows:
            if (row.month, row.number, row.account) == (1, 6, "222102"):
                row.account = "2241"
        book.balances = balances_of(book.rows, book.chart)
        book.papers["申报"] = []

    found = said(found_in(tmp_path, change), "arrived there")
    assert (found.severity, found.difference) == ("critical", 6_500)


def small(*entries: tuple[str, int, int]) -> Callable[[Beside], None]:
    """A small-scale taxpayer with one voucher."""

    def change(book: Beside) -> None:
        book.chart = {
            code: names
            for code, names in CHART.items()
            if not code.startswith("222101") or len(code) == 6
        }
        book.rows[:] = voucher(1, 1, 10, *entries)
        book.balances = balances_of(book.rows, book.chart)
        book.papers, book.files, book.invoices_of = {}, {}, {}

    return change


@pytest.mark.parametrize(
    "lines",
    [
        [("5001", 0, 100_000), ("222101", 0, 3_000)],
        [("5001", 0, 100_000), ("222101", 0, 1_000)],
        [("5001", 0, 100_000), ("222101", 0, 1_001)],
        [("5001", 0, 100_000), ("5001", 0, 50_000), ("222101", 0, 3_500)],
        [("5001", 0, 100_000)],
        [("5001", 0, 10_000)] * 9 + [("222101", 0, 1_500)],
    ],
)
def test_p5_knows_the_rates_of_small_taxpayers(
    tmp_path: Path, lines: list[tuple[str, int, int]]
) -> None:
    whole = sum(credit for _, _, credit in lines)
    assert found_in(tmp_path, small(("1122", whole, 0), *lines)) == ()


@pytest.mark.parametrize(
    ("lines", "off"),
    [
        ([("5001", 0, 100_000), ("222101", 0, 2_100)], -900),
        ([("5001", 0, 100_000), ("222101", 0, 13_000)], 8_000),
        ([("5001", 0, 10_000)] * 9 + [("222101", 0, 400)], -500),
    ],
)
def test_p5_warns_of_a_tax_that_no_rate_makes(
    tmp_path: Path, lines: list[tuple[str, int, int]], off: int
) -> None:
    whole = sum(credit for _, _, credit in lines)
    found = found_in(tmp_path, small(("1122", whole, 0), *lines))
    assert [(one.law, one.severity, one.voucher, one.difference) for one in found] == [
        ("P5", "warning", "记-1", off)
    ]


@pytest.mark.parametrize(("voided", "earned"), [(True, {}), (False, {"2026-01": {"5001": 100}})])
def test_p6_leaves_out_what_closes_the_profit_unless_it_is_voided(
    voided: bool, earned: dict[str, dict[str, int]]
) -> None:
    filings = Filings(lambda _: None, "CNY", load_standard("sbe"))
    closing = LINE._replace(account="5001", voided=voided), LINE._replace(account="3103")
    filings.see_lines(Passage(block(list(closing)), [0]))
    assert filings.earned == earned
