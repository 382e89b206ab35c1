"""Whatever is divided adds up to what there was, to the fen."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baozhang.costs.model import Days
from baozhang.costs.shares import earned, rounded, split

AMOUNTS = st.integers(-(10**15), 10**15)
WEIGHTS = st.lists(st.integers(0, 10**18), min_size=1, max_size=40)


@given(AMOUNTS, WEIGHTS)
def test_the_parts_add_up_to_the_amount(amount: int, weights: list[int]) -> None:
    assert sum(split(amount, weights)) == amount


@given(st.integers(0, 10**15), WEIGHTS)
def test_no_part_is_a_fen_or_more_from_its_exact_share(amount: int, weights: list[int]) -> None:
    whole = sum(weights)
    for part, weight in zip(split(amount, weights), weights, strict=True):
        if whole:
            assert abs(part * whole - amount * weight) < whole


@given(st.integers(0, 10**9), WEIGHTS)
def test_who_weighs_more_never_gets_less(amount: int, weights: list[int]) -> None:
    pairs = list(zip(weights, split(amount, weights), strict=True))
    assert all(a <= b for weight, a in pairs for more, b in pairs if weight < more)


def test_who_weighs_nothing_gets_nothing_while_others_do() -> None:
    assert split(10, [0, 3, 0]) == [0, 10, 0]


def test_where_nobody_weighs_anything_all_count_the_same() -> None:
    assert split(10, [0, 0, 0]) == [4, 3, 3]


def test_the_largest_remainders_get_what_is_left() -> None:
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(10, [6, 7, 7]) == [3, 4, 3]


@pytest.mark.parametrize("weights", [[], [1, -1]])
def test_nobody_and_less_than_nothing_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        split(1, weights)


@pytest.mark.parametrize(
    ("amount", "by", "expected"), [(5, 2, 2), (7, 2, 4), (-5, 2, -2), (8, 3, 3)]
)
def test_a_half_is_rounded_to_even(amount: int, by: int, expected: int) -> None:
    assert rounded(amount, by) == expected


@given(st.integers(0, 10**9), st.integers(1, 2000), st.lists(st.integers(1, 60), max_size=20))
def test_what_is_spread_over_days_adds_up_over_its_life(
    amount: int, length: int, steps: list[int]
) -> None:
    first = date(2026, 1, 31)
    valid = Days(first, first + timedelta(days=length - 1))
    at, sum_ = first - timedelta(days=10), 0
    for step in [*steps, 4000]:
        sum_ += earned(amount, valid, Days(at, at + timedelta(days=step - 1)))
        at += timedelta(days=step)
    assert sum_ == amount


def test_days_outside_earn_nothing() -> None:
    valid = Days(date(2026, 1, 1), date(2026, 1, 31))
    assert earned(3100, valid, Days(date(2026, 2, 1), date(2026, 2, 28))) == 0
