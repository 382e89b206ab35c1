"""No false alarm: a thousand lawful books of every kind, and each form of export, break nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.books.compare import compare
from baozhang.books.generations import Generation, tampered
from baozhang.books.model import Balance, Table
from baozhang.books.profiles import load_profile, profile_names
from baozhang.books.taking import take_proof
from baozhang.samples.book import SampleBook, Wish, make_book
from tests.mutations.conftest import prove
from tests.mutations.exporting import write_export

WISHES = st.builds(
    Wish,
    seed=st.integers(0, 10**6),
    months=st.integers(1, 4),
    trades=st.integers(0, 12),
    invoices=st.integers(0, 6),
    trade=st.sampled_from(["goods", "services"]),
    vat_percent=st.sampled_from([13, 6, 3]),
    standard=st.sampled_from(["sbe", "asbe"]),
    first=st.dates(date(2024, 1, 1), date(2027, 12, 1)),
    serial=st.integers(1, 2_000),
    open_months=st.integers(0, 1),
)
KINDS = (
    ("goods", 13, "sbe"),
    ("services", 6, "sbe"),
    ("goods", 3, "sbe"),
    ("services", 3, "asbe"),
    ("goods", 13, "asbe"),
    ("services", 6, "asbe"),
)


def wish(number: int) -> Wish:
    """Return one of a thousand wishes, spread over kinds, sizes and times of the year."""
    trade, percent, standard = KINDS[number % len(KINDS)]
    return Wish(
        seed=number,
        months=1 + number % 3,
        trades=number * 7 % 13,
        invoices=number % 5,
        trade=trade,  # type: ignore[arg-type]
        vat_percent=percent,
        standard=standard,  # type: ignore[arg-type]
        first=date(2024 + number // 12 % 4, 1 + number % 12, 1),
        serial=number + 1,
        open_months=number // 5 % 2,
    )


def alarms(made: SampleBook) -> tuple[tuple[str, str, int], ...]:
    return take_proof(made, standard=made.standard).violation_counts


@pytest.mark.parametrize("hundred", range(10))
def test_a_hundred_clean_books_raise_no_alarm(hundred: int) -> None:
    numbers = range(100 * hundred, 100 * hundred + 100)
    found = {number: alarms(make_book(wish(number))) for number in numbers}
    assert {number: told for number, told in found.items() if told} == {}


@settings(max_examples=50, deadline=None)
@given(WISHES)
def test_any_clean_book_raises_no_alarm(wanted: Wish) -> None:
    assert alarms(make_book(wanted)) == ()


def test_an_unposted_voucher_that_the_balance_table_leaves_out_raises_no_alarm() -> None:
    made = make_book(Wish(months=2, open_months=1))
    *_, last = made.lines()
    head = last._replace(number=str(int(last.number) + 1), posted=False, party="")
    waiting = (
        head._replace(line=1, account="1012", debit=100, credit=0),
        head._replace(line=2, account="1131", debit=0, credit=100),
    )
    with_it = replace(made, rows={**made.rows, "lines": [*made.rows["lines"], *waiting]})
    assert alarms(with_it) == ()


@pytest.mark.parametrize("times", [1, 10**9])
def test_a_fen_is_told_in_a_book_of_any_size(times: int) -> None:
    made = enlarged(make_book(Wish()), times)
    assert alarms(made) == ()
    first, *rest = made.lines()
    spoiled = replace(made, rows={**made.rows, "lines": [first._replace(debit=1), *rest]})
    assert {"L1", "L2", "L6"} <= {law for law, _, _ in alarms(spoiled)}


def enlarged(made: SampleBook, times: int) -> SampleBook:
    """Return the vouchers and balances of a book with every amount so many times as large.

    Ten thousand million yuan and more: beyond the 53 bits in which a float is exact.
    """
    lines = [
        row._replace(debit=(row.debit or 0) * times, credit=(row.credit or 0) * times)
        for row in made.lines()
    ]
    balances = [
        Balance(row.period, row.account, *(amount * times for amount in row[2:6]), row.other)
        for row in made.balances()
    ]
    rows: dict[Table, Sequence[tuple[object, ...]]] = {"lines": lines, "balances": balances}
    kept = {table: rows.get(table, ()) for table in made.rows}
    kept["accounts"] = made.rows["accounts"]
    columns = {t: names for t, names in made.book.columns.items() if kept[t]}
    return replace(made, rows=kept, book=replace(made.book, columns=columns))


def test_a_whole_year_and_the_next_raise_no_alarm() -> None:
    made = make_book(Wish(months=26, trades=10, first=date(2025, 11, 1)))
    assert alarms(made) == ()


def test_two_proofs_of_one_clean_book_differ_in_nothing() -> None:
    one, other = (take_proof(make_book(Wish()), standard="sbe") for _ in range(2))
    assert compare(one, other) == ()
    assert tampered(one, [Generation("", other)]) == ()


@pytest.mark.parametrize("number", [3, 500, 991])
@pytest.mark.parametrize("name", profile_names())
def test_a_clean_export_raises_no_alarm(name: str, number: int, tmp_path: Path) -> None:
    profile, made = load_profile(name), make_book(wish(number))
    write_export(made, profile, tmp_path / "book")
    assert prove(profile, tmp_path / "book", made.standard).violation_counts == ()
