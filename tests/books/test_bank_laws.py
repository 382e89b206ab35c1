"""X4: bank statements that continue and can be reconciled, and what shows else."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baozhang.books.bank_laws import CLEARING, Bank, _alone, _Items
from baozhang.books.model import BankLine
from tests.books.beside import Beside, found_in, paper, said
from tests.books.making import balances_of, voucher


def test_x4_finds_a_line_that_is_lost_from_the_statement(tmp_path: Path) -> None:
    found = said(
        found_in(tmp_path, lambda book: book.papers["银行对账单"].pop(3)), "does not continue"
    )
    assert (found.law, found.account, found.period, found.difference) == (
        "X4",
        "100201",
        "2026-02",
        -56_500,
    )


def test_x4_finds_a_changed_amount_on_the_statement(tmp_path: Path) -> None:
    found = said(found_in(tmp_path, paper("银行对账单", 2, 3, "1,130.01")), "does not continue")
    assert found.difference == -1


def test_x4_does_not_mind_the_order_of_a_statement(tmp_path: Path) -> None:
    assert found_in(tmp_path, lambda book: book.papers["银行对账单"].reverse()) == ()


def test_x4_does_not_mind_the_order_within_a_day(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        statement = book.papers["银行对账单"]
        for row in statement[2:5]:
            row[0] = "2026-02-03"
        statement[2:5] = [statement[4], statement[2], statement[3]]
        statement[:2] = [["2026-01-03", *row[1:]] for row in (statement[1], statement[0])]

    assert found_in(tmp_path, change) == ()


def test_x4_lets_an_item_be_on_its_way_for_some_days(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        statement = book.papers["银行对账单"]
        statement[1][0] = "2026-01-20"

    assert found_in(tmp_path, change) == ()


def test_x4_warns_of_an_item_that_was_on_its_way_too_long(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        statement = book.papers["银行对账单"]
        statement[1][0] = "2026-01-21"

    assert {one.template.split(" are ")[1] for one in found_in(tmp_path, change)} == {
        "not on the bank statement",
        "not in the books",
    }


def test_x4_lets_the_last_items_be_on_their_way(tmp_path: Path) -> None:
    assert found_in(tmp_path, lambda book: book.papers["银行对账单"].pop()) == ()


def test_x4_survives_a_day_that_no_calendar_has(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        for row in book.rows:
            if (row.month, row.number) == (2, 4):
                row.day = 30

    assert "X4" not in {one.law for one in found_in(tmp_path, change)}


def test_x4_needs_the_month_that_the_statement_begins_with_to_reconcile(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        book.balances = [row for row in book.balances if row[1] == "2"]

    assert "X4" not in {one.law for one in found_in(tmp_path, change)}


@pytest.mark.parametrize("extra", [2, 3])
def test_x4_counts_every_item_of_the_same_amount(tmp_path: Path, extra: int) -> None:
    def change(book: Beside) -> None:
        statement = book.papers["银行对账单"]
        fees = [["2026-01-20", "100201", "", "", "20.00", f"{88_000 - 20 * (n + 1)}"]
                for n in range(extra)]  # fmt: skip
        for row in statement[2:]:
            row[5] = f"{float(row[5].replace(',', '')) - 20 * extra:.2f}"
        statement[2:2] = fees
        book.rows += voucher(2, 8, 12, ("5602", 2_000, 0), ("100201", 0, 2_000))
        book.balances = balances_of(book.rows, book.chart)

    found = said(found_in(tmp_path, change), "are not in the books")
    assert (dict(found.facts)["count"], found.difference) == (extra, -2_000 * extra)


def test_x4_warns_of_an_item_that_was_booked_too_late(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        for row in book.rows:
            if (row.month, row.number) == (1, 2):
                row.day = 21

    found = [one for one in found_in(tmp_path, change) if one.law == "X4"]
    assert {one.template.split(" are ")[1] for one in found} == {
        "not on the bank statement",
        "not in the books",
    }


def test_x4_warns_of_what_the_bank_has_and_the_books_have_not(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        statement = book.papers["银行对账单"]
        statement.insert(2, ["2026-01-20", "100201", "T9", "", "20.00", "87,980.00"])
        for row in statement[3:]:
            row[5] = f"{float(row[5].replace(',', '')) - 20:.2f}"

    found = said(found_in(tmp_path, change), "are not in the books")
    assert (found.severity, found.period, found.difference) == ("warning", "2026-01", -2_000)


def test_x4_warns_of_what_the_books_have_and_the_bank_has_not(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        statement = book.papers["银行对账单"]
        del statement[1]
        for row in statement[1:]:
            row[5] = f"{float(row[5].replace(',', '')) + 12_000:.2f}"

    found = said(found_in(tmp_path, change), "are not on the bank statement")
    assert (found.period, found.difference, dict(found.facts)["count"]) == (
        "2026-01",
        -1_200_000,
        1,
    )


def test_x4_warns_once_where_book_and_bank_begin_apart(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        for row in book.papers["银行对账单"]:
            row[5] = f"{float(row[5].replace(',', '')) + 7:.2f}"

    found = found_in(tmp_path, change)
    assert [(one.law, one.severity, one.difference) for one in found] == [("X4", "warning", -700)]


def test_x4_wants_book_and_bank_to_differ_by_their_items_alone(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        del book.papers["银行对账单"][-1]
        for row in book.balances:
            if row[1] == "2" and row[2] in ("100201", "1002"):
                row[9] = "81,299.00"

    found = said(found_in(tmp_path, change), "cannot be reconciled")
    assert (found.period, found.difference) == ("2026-02", -100)


def test_x4_puts_together_what_a_statement_has_of_one_day() -> None:
    bank = Bank(lambda _: None, "CNY")
    times = ("2026-01-03 09:00:00", "2026-01-03 10:00:00", "2026-01-04")
    bank.see([BankLine(time, "1002", None, 100, 0, 100, ()) for time in times])
    assert {day: one.net for day, one in bank.accounts["1002"].days.items()} == {
        "2026-01-03": 200,
        "2026-01-04": 100,
    }


DAYS = [f"2026-{month:02d}-{day:02d}" for month in (1, 2, 3) for day in (1, 9, 17, 28, 30)]
ITEMS = st.lists(st.tuples(st.integers(-2, 2), st.sampled_from(DAYS)), max_size=12)


def items(pairs: list[tuple[int, str]]) -> _Items:
    found = _Items()
    found.amounts, found.days = [amount for amount, _ in pairs], [day for _, day in pairs]
    return found


def number(day: str) -> int:
    """Return a day's number; 30 February is the 28th."""
    return date.fromisoformat(day.replace("02-30", "02-28")).toordinal()


def left_over(book: list[str], bank: list[str]) -> list[tuple[str, str]]:
    """Match the days of one amount, the earliest first; return what is left, with its side."""
    book, bank, left = sorted(book), sorted(bank), list[tuple[str, str]]()
    while book and bank:
        apart = number(book[0]) - number(bank[0])
        if apart < -CLEARING:
            left.append(("X4.book", book.pop(0)))
        elif apart > CLEARING:
            left.append(("X4.bank", bank.pop(0)))
        else:
            book, bank = book[1:], bank[1:]
    return [*left, *(("X4.book", day) for day in book), *(("X4.bank", day) for day in bank)]


@given(ITEMS, ITEMS)
def test_x4_matches_items_amount_by_amount(
    book: list[tuple[int, str]], bank: list[tuple[int, str]]
) -> None:
    wanted = [
        (side, day, amount)
        for amount in (-2, -1, 1, 2)
        for side, day in left_over(
            [day for own, day in book if own == amount],
            [day for own, day in bank if own == amount],
        )
    ]
    assert sorted(_alone(items(book), items(bank))) == sorted(wanted)
