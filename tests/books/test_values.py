"""Cells become values exactly, or are refused without being quoted."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.books import values
from baozhang.books.profiles import SideRule
from baozhang.books.values import NotUnderstoodError, cell_of
from baozhang.money import format_amount


@given(st.integers(-(10**17), 10**17), st.sampled_from([0, 2, 3]))
@settings(max_examples=150)
def test_an_amount_reads_back_as_it_was_written(amount: int, scale: int) -> None:
    convert = values.amounts(scale=scale, decimal=".", thousands=",", empty="refuse")
    assert convert[format_amount(amount, scale=scale)] == amount


@given(st.integers(0, 10**12))
@settings(max_examples=80)
def test_thousands_and_a_decimal_comma_do_not_change_an_amount(amount: int) -> None:
    written = f"{amount // 100:,}".replace(",", ".") + f",{amount % 100:02d}"
    convert = values.amounts(scale=2, decimal=",", thousands=".", empty="refuse")
    assert convert[written] == amount


@given(st.integers(-(10**13), 10**13))
@settings(max_examples=150)
def test_a_real_of_a_database_is_read_as_the_decimal_that_was_stored(fen: int) -> None:
    convert = values.amounts(scale=2, decimal=".", thousands="", empty="null")
    assert convert[cell_of(fen / 100)] == fen


@pytest.mark.parametrize("cell", ["0.1 + 0.2", cell_of(0.1 + 0.2), "1.005", "abc", "--1", "1e3"])
def test_what_is_no_exact_amount_is_refused(cell: str) -> None:
    convert = values.amounts(scale=2, decimal=".", thousands="", empty="refuse")
    with pytest.raises(NotUnderstoodError) as caught:
        convert[cell]
    assert cell not in str(caught.value)


@pytest.mark.parametrize(
    ("empty", "cell", "value"),
    [("zero", "", 0), ("zero", None, 0), ("null", " ", None), ("null", None, None)],
)
def test_an_empty_amount_is_what_the_profile_says(
    empty: values.Empty, cell: str | None, value: int | None
) -> None:
    assert values.amounts(scale=2, decimal=".", thousands="", empty=empty)[cell] == value


@pytest.mark.parametrize(
    ("form", "cell", "iso"),
    [
        ("YYYYMMDD", "20260131", "2026-01-31"),
        ("YYYY-MM-DD", " 2026-01-31 ", "2026-01-31"),
        ("YYYY/M/D", "2026/1/3", "2026-01-03"),
        ("DD.MM.YYYY", "31.01.2026", "2026-01-31"),
        ("YYYY-MM-DD hh:mm:ss", "2026-01-31 00:00:00", "2026-01-31"),
        ("YYYY-MM-DD hh:mm:ss", "2026-01-31 13:45:01", "2026-01-31 13:45:01"),
        ("YYYYMMDD", "20260230", "2026-02-30"),
    ],
)
def test_a_date_is_read_in_the_forms_of_the_profile(form: str, cell: str, iso: str) -> None:
    assert values.dates((form,))[cell] == iso


@pytest.mark.parametrize("cell", ["2026-1-31", "", None, "20260131", "2026-01-31x"])
def test_a_date_in_another_form_is_refused(cell: str | None) -> None:
    with pytest.raises(NotUnderstoodError):
        values.dates(("YYYY-MM-DD",))[cell]


def test_a_side_that_the_profile_does_not_know_is_refused() -> None:
    rule = SideRule("方向", frozenset("借"), frozenset("贷"), frozenset("平"))
    signs = values.signs(rule)
    assert [signs["借"], signs["贷"], signs["平"], signs[""]] == [1, -1, 0, 0]
    with pytest.raises(NotUnderstoodError):
        signs["D"]


def test_a_memory_of_cells_stays_bounded() -> None:
    memory = values.Memory(lambda cell: len(cell or ""))
    for number in range(70_000):
        assert memory[str(number)] == len(str(number))
    assert len(memory) <= 65_536
