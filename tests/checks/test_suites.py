"""Suites plan only what is exact, and every expectation can be told from every other."""

import great_expectations as gx
import pytest

from checks import exact
from checks.suites import laws, lines
from checks.suites.parts import two_sides

SUITES = [
    two_sides("two", "C1", ("period",), ("debit", "credit"), rows=3),
    laws.build(("L1", "S4"), ("", "2026-01")),
    lines.build(rows=3, accounts={"1002"}, currency="CNY"),
]


@pytest.fixture(params=SUITES, ids=lambda suite: suite.name)
def suite(request: pytest.FixtureRequest) -> gx.ExpectationSuite:
    found: gx.ExpectationSuite = request.param
    return found


def test_only_exact_expectations_are_used(suite: gx.ExpectationSuite) -> None:
    assert {type(one).__name__ for one in suite.expectations} <= set(exact.__all__)


def test_no_list_of_exact_expectations_holds_an_aggregate() -> None:
    assert [
        name for name in exact.__all__ if "Sum" in name or "Mean" in name or "Max" in name
    ] == []


def test_an_expectation_makes_its_configuration_once(suite: gx.ExpectationSuite) -> None:
    assert all(one.configuration is one.configuration for one in suite.expectations)


def test_every_check_has_a_name_of_its_own(suite: gx.ExpectationSuite) -> None:
    names = [one.meta["check"] for one in suite.expectations if one.meta]
    assert len(set(names)) == len(suite.expectations)


def test_every_frame_has_its_columns_and_its_row_count_judged(suite: gx.ExpectationSuite) -> None:
    kinds = {type(one) for one in suite.expectations}
    assert kinds >= {exact.ExpectRowCountAsPlanned, exact.ExpectColumnsAsPlanned}


def test_no_pair_equality_passes_over_nulls(suite: gx.ExpectationSuite) -> None:
    pairs = [
        one.ignore_row_if
        for one in suite.expectations
        if isinstance(one, exact.ExpectSidesToBeEqual)
    ]
    assert set(pairs) <= {"neither"}


def test_a_book_without_a_chart_is_not_held_to_one() -> None:
    planned = lines.build(rows=3, accounts=(), currency="CNY").expectations
    assert [one for one in planned if one.meta and one.meta["check"] == "S3 account known"] == []
