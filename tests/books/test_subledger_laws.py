"""Sub-ledgers: partners, cards and payroll that agree with their book, and what shows else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from baozhang.books.model import Violation
from baozhang.books.taking import take_proof
from tests.books.beside import Beside, found_in, paper, said, sentences, taken
from tests.books.making import Row, balances_of, the_book


def test_a_book_that_agrees_with_everything_beside_it_breaks_no_law(tmp_path: Path) -> None:
    assert sentences(taken(tmp_path, Beside()).violations) == []


@pytest.mark.parametrize("standard", ["sbe", "other"])
def test_without_side_tables_their_laws_say_nothing(tmp_path: Path, standard: str) -> None:
    book = Beside(files={}, invoices_of={})
    book.papers = {}
    found = taken(tmp_path, book, standard=standard).violations  # type: ignore[arg-type]
    assert sentences(found) == []


def test_an_unknown_standard_leaves_the_laws_that_need_one_alone(tmp_path: Path) -> None:
    book = Beside()
    book.papers["工资表"][0][3:] = ["1.00", "0.00", "0.00", "1.00"]
    book.papers["申报"][0][4] = "1.00"
    assert sentences(taken(tmp_path, book, standard="other").violations) == []


def without(name: str, row: int) -> Callable[[Beside], object]:
    return lambda book: book.papers[name].pop(row)


def laws(found: tuple[Violation, ...]) -> set[str]:
    return {one.law for one in found}


@pytest.mark.parametrize(
    ("cell", "part", "off"), [(6, "debits", 1), (7, "credits", 1), (8, "closing balances", 1)]
)
def test_l11_holds_the_sum_of_partners_against_the_account(
    tmp_path: Path, cell: int, part: str, off: int
) -> None:
    def change(book: Beside) -> None:
        row = book.papers["辅助余额表"][0]
        row[cell] = f"{float(row[cell] or 0) + 0.01:.2f}"

    found = said(found_in(tmp_path, change), f"the {part} of its partners")
    assert (found.account, found.period, found.difference) == ("1122", "2026-01", off)


def test_l11_holds_the_partners_openings_against_the_account(tmp_path: Path) -> None:
    found = said(
        found_in(tmp_path, paper("辅助余额表", 3, 4, "1,000.50")), "opening balances of its"
    )
    assert (found.account, found.period, found.difference) == ("1122", "2026-02", 50)


def test_l11_finds_a_partner_that_is_lost(tmp_path: Path) -> None:
    found = found_in(tmp_path, without("辅助余额表", 1))
    assert said(found, "closing balances of its partners").difference == -13_000


def test_l11_finds_a_month_of_partners_that_is_lost(tmp_path: Path) -> None:
    found = found_in(tmp_path, without("辅助余额表", 5))
    assert {(one.account, one.period) for one in found} == {("2202", "2026-02")}


def test_l11_tells_apart_which_partner_moved(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        first, second = book.papers["辅助余额表"][0:2]
        first[3], second[3] = second[3], first[3]

    found = said(found_in(tmp_path, change), "partner by partner")
    assert (found.law, found.account, found.period) == ("L11", "1122", "2026-01")


def test_l11_tells_a_debit_from_a_credit_of_the_same_partner(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        for row in book.papers["辅助余额表"][:2]:
            row[6], row[7] = row[7], f"-{row[6]}"

    assert "partner by partner" in " ".join(sentences(found_in(tmp_path, change)))


def test_l11_does_not_ask_for_partners_that_no_voucher_names(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        for row in book.rows:
            row.party = ""

    assert found_in(tmp_path, change) == ()


def test_no_finding_names_a_partner_or_an_employee(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        for name in ("辅助余额表", "工资表", "固定资产"):
            del book.papers[name][0]
            book.papers[name][0][-1] = "77.00"

    text = " ".join(sentences(found_in(tmp_path, change)))
    assert text
    assert not [name for name in ("公司", "E1", "E2", "0001") if name in text]


def test_l11_holds_the_cards_cost_against_the_account(tmp_path: Path) -> None:
    found = said(found_in(tmp_path, paper("固定资产", 1, 5, "12,000.01")), "the cost on the")
    assert (found.law, found.account, found.period, found.difference) == (
        "L11",
        "1601",
        "2026-02",
        1,
    )


def test_l11_holds_the_cards_depreciation_against_the_account(tmp_path: Path) -> None:
    found = said(
        found_in(tmp_path, paper("固定资产", 1, 9, "100.02")), "accumulated depreciation on"
    )
    assert (found.account, found.difference) == ("1602", 2)


def test_cards_of_other_accounts_are_not_fixed_assets(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        card = "2026|2|0002|1701|2025-01-05|600.00|0.00|60|14|140.00|10.00"
        book.papers["固定资产"].append(card.split("|"))

    assert found_in(tmp_path, change) == ()


def test_p4_holds_the_depreciation_voucher_against_the_cards(tmp_path: Path) -> None:
    found = found_in(tmp_path, paper("固定资产", 1, 10, "100.02"))
    assert said(found, "the vouchers' depreciation").difference == -2


@pytest.mark.parametrize(("fen", "broken"), [(10_000, False), (10_501, False), (10_502, True)])
def test_p4_lets_an_asset_be_depreciated_in_the_month_it_leaves(
    tmp_path: Path, fen: int, *, broken: bool
) -> None:
    def change(book: Beside) -> None:
        gone = "2026|1|0009|1601|2025-01-05|300.00|0.00|60|12|60.00|5.00"
        book.papers["固定资产"][0] = gone.split("|")
        for row in book.rows:
            if (row.month, row.number) == (2, 5):
                row.debit, row.credit = (row.debit or 0) and fen, (row.credit or 0) and fen

    found = found_in(tmp_path, change)
    assert ("2026-02" in {one.period for one in found if one.law == "P4"}) is broken


def test_p4_lets_each_card_be_rounded_by_a_minor_unit(tmp_path: Path) -> None:
    assert found_in(tmp_path, paper("固定资产", 1, 10, "100.01")) == ()


def test_p4_wants_nothing_in_the_month_of_entry(tmp_path: Path) -> None:
    found = found_in(tmp_path, paper("固定资产", 0, 10, "100.00"))
    assert said(found, "before the month after").facts[-1] == ("row", 1)


def test_p4_wants_depreciation_to_stop_at_the_residual_value(tmp_path: Path) -> None:
    found = found_in(tmp_path, paper("固定资产", 1, 6, "11,950.00"))
    assert said(found, "beyond its residual").difference == 5_000


def test_p4_wants_depreciation_to_stop_at_the_end_of_life(tmp_path: Path) -> None:
    found = found_in(tmp_path, paper("固定资产", 1, 8, "121"))
    assert said(found, "beyond its life").period == "2026-02"


def test_p4_wants_each_card_to_grow_by_its_month(tmp_path: Path) -> None:
    found = found_in(tmp_path, paper("固定资产", 0, 9, "50.00"))
    assert said(found, "grew by another amount").difference == -5_000


@pytest.mark.parametrize("used", ["0", "2"])
def test_p4_wants_the_months_of_a_card_to_go_on_one_by_one(tmp_path: Path, used: str) -> None:
    found = found_in(tmp_path, paper("固定资产", 1, 8, used))
    assert dict(said(found, "months depreciated").facts)["row"] == 2


@pytest.mark.parametrize("name", ["固定资产", "工资表"])
def test_a_closed_month_must_be_covered_too(tmp_path: Path, name: str) -> None:
    def change(book: Beside) -> None:
        book.papers[name] = [row for row in book.papers[name] if row[1] == "1"]
        book.papers["期间"][1][2] = "是"

    assert "2026-02" in {one.period for one in found_in(tmp_path, change)}


@pytest.mark.parametrize("name", ["固定资产", "工资表"])
def test_an_open_month_need_not_be_covered_yet(tmp_path: Path, name: str) -> None:
    def change(book: Beside) -> None:
        book.papers[name] = [row for row in book.papers[name] if row[1] == "1"]

    assert found_in(tmp_path, change) == ()


@pytest.mark.parametrize("cell", [3, 4, 5, 6])
def test_x5_wants_each_payroll_row_to_add_up(tmp_path: Path, cell: int) -> None:
    found = found_in(tmp_path, paper("工资表", 2, cell, "4,999.99"))
    one = said(found, "gross pay less deductions")
    assert (one.law, one.period, dict(one.facts)["row"]) == ("X5", "2026-02", 3)


def test_x5_is_exact(tmp_path: Path) -> None:
    assert said(found_in(tmp_path, paper("工资表", 2, 6, "4,550.01")), "net pay").difference == -1


def test_l11_holds_gross_pay_against_the_wages_alone(tmp_path: Path) -> None:
    found = said(found_in(tmp_path, without("工资表", 3)), "the gross pay of the payroll")
    assert (found.account, found.period, found.difference) == ("221101", "2026-02", -300_000)


def test_l11_counts_insurance_as_no_wages(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        book.rows += [
            Row(2, 8, 1, 28, "社保", "5602", 100, 0),
            Row(2, 8, 2, 28, "社保", "221104", 0, 100),
        ]
        book.balances = balances_of(book.rows, book.chart)
        book.papers["申报"] = []

    assert "L11" not in laws(found_in(tmp_path, change))


def test_l11_takes_the_whole_account_where_no_wages_stand_below_it(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        book.chart["221101"] = ("薪酬", "贷")
        book.balances = balances_of(book.rows, book.chart)

    assert found_in(tmp_path, change) == ()


def test_l11_says_nothing_of_wages_where_no_chart_names_the_accounts(tmp_path: Path) -> None:
    folder = Beside().write(tmp_path / "book")
    (folder / "科目余额表2026.csv").unlink()
    proof = take_proof(the_book("cn_csv", folder), standard="sbe")
    assert "L11" not in laws(proof.violations)
