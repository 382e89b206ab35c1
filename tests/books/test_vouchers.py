"""Vouchers while they go by: what is kept of each, in whatever order their lines come."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.books.blocks import Passage, voucher_name, voucher_names
from baozhang.books.canonical import LinePrinter, canonical, mark_of
from baozhang.books.laws import dates_with_numbers, number_gaps, unbalanced_vouchers
from baozhang.books.model import Line, Numbering
from baozhang.books.vouchers import Vouchers
from tests.books.test_blocks import LINE, block, cut

KEY = ("2026", "2026-01", "记")


def met(*runs: Sequence[Line], numbering: Numbering = "month") -> Vouchers:
    """Return what is kept of some passages' lines."""
    vouchers, printer = Vouchers(numbering), LinePrinter()
    for rows in runs:
        for passage in cut(list(rows), len(rows)):
            vouchers.add(passage, printer.printed(passage))
    return vouchers


def numbered(*numbers: str) -> list[Line]:
    return [LINE._replace(number=number) for number in numbers]


def by_hand(rows: Sequence[Line]) -> dict[str, tuple[int, int, str]]:
    """Return lines, net and mark of each voucher, a run after another."""
    runs: list[list[Line]] = []
    for row in rows:
        if runs and runs[-1][0].number == row.number:
            runs[-1].append(row)
        else:
            runs.append([row])
    found: dict[str, tuple[int, int, bytes]] = {}
    for run in runs:
        text = "".join(f"{canonical(row)}\n" for row in run).encode()
        lines, net, mark = found.get(run[0].number, (0, 0, b""))
        net += sum(row.debit or 0 for row in run)
        found[run[0].number] = lines + len(run), net, mark_of(text, mark)
    return {number: (lines, net, mark.hex()) for number, (lines, net, mark) in found.items()}


@given(st.lists(st.sampled_from(["1", "2", "3", "10", "01", "", "A1"]), min_size=1, max_size=30))
@settings(max_examples=150, deadline=None)
def test_vouchers_in_any_order_are_kept_as_if_counted_by_hand(numbers: list[str]) -> None:
    rows = numbered(*numbers)
    half = len(rows) // 2
    whole, parts = met(rows), met(*filter(None, [rows[:half], rows[half:]]))
    for found in (whole, parts) if half and numbers[half - 1] != numbers[half] else (whole,):
        kept = found.series[KEY]
        columns = kept.numbers, kept.lines, kept.nets, kept.mark_texts()
        told = {number: own for number, *own in zip(*columns, strict=True)}
        assert told == {number: list(own) for number, own in by_hand(rows).items()}


def test_one_number_written_in_two_ways_is_two_vouchers() -> None:
    assert met(numbered("1", "01")).series[KEY].numbers == ["1", "01"]


def test_a_number_that_comes_back_after_higher_ones_is_the_same_voucher() -> None:
    found = met(numbered("1", "2", "3"), numbered("2"), numbered("4"))
    assert found.series[KEY].numbers == ["1", "2", "3", "4"]
    assert found.series[KEY].lines == [1, 2, 1, 1]


def test_a_voucher_with_a_voided_line_is_voided_wherever_the_line_stands() -> None:
    gone = [line._replace(voided=True) for line in numbered("2")]
    found = met([*numbered("1"), *gone], numbered("3"), [*gone, *numbered("1")])
    assert found.series[KEY].voided == {1}


def test_marks_are_listed_by_period_with_the_names_of_people() -> None:
    later = [line._replace(period="2026-02") for line in numbered("3", "4")]
    rows = [*numbered("1", "2"), *later]
    (first, second) = met(rows, numbering="year").marks()
    assert (first.period, first.vouchers) == ("2026-01", ("记-1", "记-2"))
    assert (second.period, second.vouchers) == ("2026-02", ("记-3", "记-4"))
    assert [*first.marks, *second.marks] == [mark for *_, mark in by_hand(rows).values()]


@pytest.mark.parametrize("word", ["", "记", "1", "１"])
@pytest.mark.parametrize("numbers", [["1", "12"], ["记-1", "2"], [""], []])
def test_many_vouchers_are_called_as_each_is(word: str, numbers: list[str]) -> None:
    assert voucher_names(word, numbers) == [voucher_name(word, number) for number in numbers]


def test_a_passage_names_the_voucher_of_each_run() -> None:
    rows = [*numbered("1", "2"), LINE._replace(word="收"), LINE._replace(number="9")]
    assert Passage(block(rows), [0, 1, 2, 3]).vouchers == ["记-1", "记-2", "收-1", "记-9"]
    assert Passage(block(rows[:2]), [0, 1]).vouchers == ["记-1", "记-2"]


def test_vouchers_met_out_of_order_have_no_gap_and_no_earlier_date() -> None:
    rows = [LINE._replace(number=n, date=f"2026-01-0{n}") for n in ("3", "1", "2")]
    found = met(rows)
    assert [*number_gaps(found), *dates_with_numbers(found)] == []


def test_a_date_before_that_of_a_lower_number_is_told_though_numbers_rise() -> None:
    rows = [LINE._replace(number=n, date=f"2026-01-0{day}") for n, day in ("15", "24", "36")]
    (found,) = dates_with_numbers(met(rows))
    assert found.voucher == "记-2"


def test_of_many_sound_vouchers_only_the_one_of_a_single_line_is_told() -> None:
    pair = [LINE, LINE._replace(line=2, debit=0, credit=100)]
    rows = [line._replace(number=number) for number in "123" for line in pair]
    rows.append(LINE._replace(number="4", debit=0))
    (found,) = unbalanced_vouchers(met(rows), "CNY")
    assert (found.voucher, found.law) == ("记-4", "L1")
