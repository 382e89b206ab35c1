"""Intervals agree with published values; a figure never stands where too few answered."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baozhang.governance.voice.records import MEASURES, Measure
from baozhang.governance.voice.scores import (
    SCALE,
    adjusted_wald,
    difference,
    estimate,
    newcombe,
    t_interval,
    t_quantile,
    welch,
    wilson,
)

RANGES: dict[Measure, tuple[int, int]] = {"csat": (1, 5), "nps": (0, 10), "ces": (1, 7)}


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_values_of_newcombe_1998_table_1(
    hits: int, n: int, low: float, high: float
) -> None:
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(0, 0, 0, 1), (0, 1, 0, 0.7935), (1, 1, 0.2065, 1), (4, 5, 0.3755, 0.9638), (5, 5, 0.5655, 1)],
)
def test_the_interval_of_few_is_wide_and_of_nobody_everything(
    hits: int, n: int, low: float, high: float
) -> None:
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize("measure", MEASURES)
def test_nobody_and_one_give_no_figure_and_no_error(measure: Measure, count: int) -> None:
    found = estimate(measure, [5] * count, of=9, minimum=2)
    assert (found.n, found.value, found.low, found.high) == (count, None, None, None)


@pytest.mark.parametrize(
    ("hits", "n", "others", "m", "low", "high"),
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (10, 10, 0, 20, 0.6791, 1.0000),
    ],
)
def test_the_difference_of_shares_has_the_values_of_newcombe_1998_method_10(
    hits: int, n: int, others: int, m: int, low: float, high: float
) -> None:
    assert newcombe(hits, n, others, m) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("freedom", "point"),
    [(1, 12.706), (2, 4.303), (5, 2.571), (10, 2.228), (29, 2.045), (120, 1.980), (20_000, 1.960)],
)
def test_points_of_students_t_are_those_of_the_tables(freedom: int, point: float) -> None:
    assert t_quantile(freedom) == pytest.approx(point, abs=5e-4)


def test_the_interval_of_a_mean_is_students() -> None:
    # mean 4, variance 2.5, n = 5: 2.776 * sqrt(2.5 / 5)
    assert t_interval([2, 3, 4, 5, 6]) == pytest.approx((2.0368, 5.9632), abs=5e-5)


def test_equal_variances_and_sizes_make_welch_a_pooled_t_test() -> None:
    # 8 degrees of freedom: 2.306 * sqrt(0.5 + 0.5)
    assert welch([3, 4, 5, 6, 7], [2, 3, 4, 5, 6]) == pytest.approx((-1.306, 3.306), abs=5e-4)


def test_a_promoter_score_is_adjusted_by_three_answers() -> None:
    # 7 and 2 of 12: up 7.75, down 2.75 of 15; score 1/3, variance (0.7 - 1/9) / 15
    assert adjusted_wald(7, 2, 12) == pytest.approx((-0.0550, 0.7217), abs=5e-5)


def test_equal_answers_still_have_an_interval() -> None:
    low, high = t_interval([7, 7, 7, 7, 7])
    assert low < 7 < high


@pytest.mark.parametrize("measure", MEASURES)
def test_below_the_least_number_there_is_no_figure(measure: Measure) -> None:
    found = estimate(measure, [1, 1, 5, 5], of=9, minimum=5)
    assert (found.n, found.of, found.value, found.low, found.high) == (4, 9, None, None, None)


def test_a_share_is_of_fours_and_fives() -> None:
    found = estimate("csat", [5, 4, 3, 2, 1], of=5, minimum=5)
    assert (found.value, found.low, found.high) == (Decimal(40), Decimal(12), Decimal(77))


def test_seven_and_eight_neither_promote_nor_detract() -> None:
    assert estimate("nps", [9, 10, 8, 7, 6], of=5, minimum=5).value == Decimal(20)


@pytest.mark.parametrize("groups", [([5] * 4, [5] * 9), ([5] * 9, [5] * 4)])
def test_two_groups_are_compared_only_where_both_are_large_enough(
    groups: tuple[list[int], list[int]],
) -> None:
    found = difference("csat", *groups, minimum=5)
    assert (found.verdict, found.value) == ("too few", None)


def test_a_difference_whose_interval_holds_zero_is_not_shown() -> None:
    assert difference("csat", [5, 5, 5, 4, 2], [5, 5, 4, 2, 2], minimum=5).verdict == "unclear"


@pytest.mark.parametrize(("measure", "ends"), RANGES.items())
def test_a_clear_difference_has_a_direction(measure: Measure, ends: tuple[int, int]) -> None:
    low, high = ends
    assert difference(measure, [high] * 12, [low] * 12, minimum=5).verdict == "higher"
    assert difference(measure, [low] * 12, [high] * 12, minimum=5).verdict == "lower"


def test_what_is_shown_never_contradicts_the_verdict() -> None:
    found = difference("ces", [5, 5, 6, 6, 6, 7], [5, 5, 5, 6, 6, 6], minimum=5)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= 0 <= found.high
    assert found.verdict == "unclear"


@st.composite
def answered(draw: st.DrawFn) -> tuple[Measure, list[int]]:
    measure = draw(st.sampled_from(MEASURES))
    low, high = RANGES[measure]
    return measure, draw(st.lists(st.integers(low, high), min_size=5, max_size=60))


@given(answered())
def test_a_figure_lies_in_its_interval_and_on_its_scale(told: tuple[Measure, list[int]]) -> None:
    measure, scores = told
    found = estimate(measure, scores, of=len(scores), minimum=5)
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    least, most = SCALE[measure]
    assert found.low <= found.high
    assert least <= found.low
    assert found.high <= most
    if measure != "nps":  # whose interval is drawn about the adjusted score
        assert found.low <= found.value <= found.high


@given(st.integers(1, 60), st.data())
def test_more_answers_of_the_same_share_never_widen_an_interval(
    n: int, data: st.DataObject
) -> None:
    hits = data.draw(st.integers(0, n))
    widths = [high - low for low, high in (wilson(hits * k, n * k) for k in (1, 2, 4))]
    assert all(wide > narrow for wide, narrow in pairwise(widths))


@given(answered(), st.data())
def test_a_difference_turned_round_is_the_same_difference(
    told: tuple[Measure, list[int]], data: st.DataObject
) -> None:
    measure, scores = told
    low, high = RANGES[measure]
    others = data.draw(st.lists(st.integers(low, high), min_size=5, max_size=30))
    one = difference(measure, scores, others, minimum=5)
    two = difference(measure, others, scores, minimum=5)
    turned = {"higher": "lower", "lower": "higher", "unclear": "unclear"}
    assert two.verdict == turned[one.verdict]
    assert one.value is not None
    assert two.value is not None
    assert one.value == -two.value
