"""Cells become values exactly, or are refused without being quoted."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.books import values
from baozhang.books.profiles import SideRule, load_profile
from baozhang.books.tables import Block, Columns, Origin
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


CELLS = st.sampled_from(["", "0.00", "1.00", "-2.50", "1,234.56", "0.07", "12.3", " 4.00", None])


@given(st.lists(st.lists(CELLS, min_size=1, max_size=60), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_columns_of_amounts_mean_what_each_cell_means_whatever_came_before(
    columns: list[list[str | None]],
) -> None:
    convert = values.amounts(scale=2, decimal=".", thousands=",", empty="zero")
    single = values.amounts(scale=2, decimal=".", thousands=",", empty="zero")
    for cells in columns:
        assert convert.of(cells) == [single.convert(cell) for cell in cells]


@pytest.mark.parametrize("scale", [0, 2])
def test_empty_cells_beside_each_other_are_zeros(scale: int) -> None:
    convert = values.amounts(scale=scale, decimal=".", thousands="", empty="zero")
    one = "7" + "." * bool(scale) + "0" * scale
    for cells in (["", "", one, "", "", ""], [one, "", one], ["", one], [one, ""]):
        assert convert.several(cells) == [7 * 10**scale if cell else 0 for cell in cells]


def test_a_line_feed_within_a_cell_does_not_make_two_amounts_of_it() -> None:
    convert = values.amounts(scale=2, decimal=".", thousands="", empty="zero")
    with pytest.raises(NotUnderstoodError):
        convert.of(["1.00\n2.00", "3.00", "4.00"])


def test_cells_that_never_recur_are_not_remembered() -> None:
    convert = values.amounts(scale=2, decimal=".", thousands="", empty="zero")
    for start in range(0, 5000, 100):
        convert.of([f"{number}.00" for number in range(start, start + 100)])
    assert len(convert) <= 100


def test_a_few_new_cells_among_many_known_are_understood() -> None:
    memory = values.Memory(lambda cell: f"<{cell}>")
    for new in range(40):
        cells = [*"abc" * 50, str(new)]
        assert memory.of(cells) == [f"<{cell}>" for cell in cells]


@given(st.lists(st.sampled_from([0.0, -0.0, 1.5, 2.0, 1e22, -7.25, None]), max_size=40))
def test_a_column_of_reals_is_written_as_each_of_them_is(column: list[float | None]) -> None:
    assert list(values.cells_of(column)) == list(map(cell_of, column))


@given(st.lists(st.sampled_from([0, 1, 12345, None, True, 1.0, "1", b"1"]), max_size=40))
def test_a_column_of_any_types_is_written_as_each_cell_is(column: list[object]) -> None:
    assert list(values.cells_of(column)) == list(map(cell_of, column))


@given(st.lists(st.tuples(*[st.sampled_from(["", None, "甲", "乙"])] * 3), min_size=1, max_size=9))
def test_of_several_columns_the_first_filled_cell_counts(
    rows: list[tuple[str | None, ...]],
) -> None:
    layout = replace(load_profile("cn_csv").tables["lines"], columns={}, first={"party": "abc"})
    columns = Columns(layout, Origin("", ("a", "b", "c")), Block(rows, range(len(rows))))
    expected = [next((cell for cell in row if cell), row[0]) for row in rows]
    assert columns.field("party") == expected
