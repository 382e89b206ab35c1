"""What suites are made of: expectations that carry their rule and a name of their own."""

from collections.abc import Callable, Iterable

import great_expectations as gx
from great_expectations.expectations.expectation import Expectation

from checks import exact
from checks.frames import pair_columns
from checks.rules import rule_of


def expect(
    rule: str, kind: Callable[..., Expectation], check: str, /, **kwargs: object
) -> Expectation:
    """Return an expectation of a rule; `check` names it within its suite."""
    meta = {"rule": rule, "check": f"{rule} {check}"}
    return kind(severity=rule_of(rule).severity, meta=meta, **kwargs)


def frame_as_planned(rule: str, columns: Iterable[str], rows: int) -> list[Expectation]:
    """Expect the frame itself: its columns and how many rows it must have.

    This holds also where a frame has no rows, on which every other expectation would hold too.
    """
    return [
        expect(rule, exact.ExpectColumnsAsPlanned, "columns", column_list=list(columns)),
        expect(rule, exact.ExpectRowCountAsPlanned, "rows", value=rows),
    ]


def sides_known(rule: str, value: str) -> list[Expectation]:
    """Expect that both sides have the value; a key that one side lacks is a NULL there."""
    return [
        expect(rule, exact.ExpectValuesToBePresent, f"{value} {side}", column=f"{side}_{value}")
        for side in ("source", "restored")
    ]


def sides_equal(rule: str, value: str) -> Expectation:
    """Expect the same value on both sides.

    Pair equality passes over NULLs unless told `neither`; then a NULL equals nothing.
    """
    return expect(
        rule,
        exact.ExpectSidesToBeEqual,
        f"{value} equal",
        column_A=f"source_{value}",
        column_B=f"restored_{value}",
        ignore_row_if="neither",
    )


def two_sides(
    name: str, rule: str, keys: tuple[str, ...], values: tuple[str, ...], *, rows: int
) -> gx.ExpectationSuite:
    """Return the suite of a frame of two sides.

    Args:
        name: the suite's name.
        rule: the rule all its expectations belong to.
        keys: columns that name a row.
        values: what must be equal in source and restored.
        rows: how many rows the source's side has; an extra key makes the frame longer.
    """
    expectations = frame_as_planned(rule, pair_columns(keys, values), rows)
    for value in values:
        expectations += [*sides_known(rule, value), sides_equal(rule, value)]
    return gx.ExpectationSuite(name=name, expectations=expectations)
