"""Budgets, forecasts and what is unusual."""

import pytest

from baozhang.costs.registers import BudgetRow
from baozhang.costs.trends import forecast, unusual, variances
from baozhang.errors import UsageError


def test_a_line_goes_on_as_a_line() -> None:
    found = forecast([100, 200, 300, 400])
    assert [(each.fen, each.low, each.high) for each in found] == [
        (500, 500, 500), (600, 600, 600), (700, 700, 700),
    ]  # fmt: skip


def test_the_interval_is_that_of_the_textbook() -> None:
    # by hand: slope 86, residuals -1, 13, -23, 11, s = sqrt(820 / 2), t(0.90; 2) = 1.886,
    # 2.5 from the middle: 445 +- 1.886 * 20.248 * sqrt(1 + 1/4 + 6.25/5) = 445 +- 60.4
    (found,) = forecast([100, 200, 250, 370], ahead=1)
    assert (found.low, found.fen, found.high) == (384, 445, 506)


def test_three_months_forecast_nothing() -> None:
    assert forecast([1, 2, 3]) == ()


def test_nothing_is_expected_to_cost_less_than_nothing() -> None:
    assert all(each.low >= 0 for each in forecast([400, 300, 200, 100]))


def test_only_the_last_twelve_months_count() -> None:
    assert forecast([10**9, *range(100, 1300, 100)]) == forecast(list(range(100, 1300, 100)))


def test_a_value_far_from_the_others_is_unusual() -> None:
    found = unusual("x", 200, [100, 101, 99, 102, 98, 100])
    assert found
    assert (found.usual, found.times > 35) == (100, True)


def test_a_value_like_the_others_is_not() -> None:
    assert unusual("x", 103, [100, 101, 99, 102, 98, 100]) is None


def test_five_values_tell_nothing() -> None:
    assert unusual("x", 10**9, [1, 2, 3, 4, 5]) is None


def test_where_most_are_equal_the_mean_deviation_judges() -> None:
    assert unusual("x", 900, [100, 100, 100, 100, 100, 130])
    assert unusual("x", 110, [100, 100, 100, 100, 100, 130]) is None


def test_what_was_always_the_same_is_unusual_when_it_is_not() -> None:
    found = unusual("x", 1, [0] * 6)
    assert found
    assert found.times == 0
    assert unusual("x", 0, [0] * 6) is None


def row(group: str, fen: int, month: int = 11) -> BudgetRow:
    return BudgetRow.model_validate({"year": 2026, "month": month, "group": group, "fen": fen})


def test_spending_is_held_against_the_budget_of_its_month() -> None:
    found = variances([row("all", 100), row("storage", 50, 10)], 2026, 11, {"storage": 120})
    assert [(each.group, each.budget, each.over) for each in found] == [
        ("all", 100, 20), ("storage", None, None),
    ]  # fmt: skip


def test_a_budget_that_nobody_spent_is_told() -> None:
    found = variances([row("media", 100)], 2026, 11, {"media": 0})
    assert [(each.group, each.over) for each in found] == [("all", None), ("media", -100)]


def test_two_budgets_for_the_same_are_refused() -> None:
    with pytest.raises(UsageError) as caught:
        variances([row("all", 1), row("all", 2)], 2026, 11, {})
    assert caught.value.facts == {"group": "all", "month": "2026-11"}
