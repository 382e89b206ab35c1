"""Great Expectations is believed only where it looked at everything it was to look at."""

import json
import os
import socket
from concurrent.futures import ThreadPoolExecutor

import great_expectations as gx
import pandas as pd
import pytest
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.row_conditions import Column

from checks import exact
from checks.context import Evaluation, State, _unexpected, _validate, evaluate
from checks.frames import beside, line_row, lines_frame, pair_columns
from checks.suites import lines
from checks.suites.parts import expect, two_sides
from tests.checks.memory import ledger

KEYS, VALUES = ("period", "account"), ("debit",)
SOURCE = {("2026-01", "1002"): ("104900",), ("2026-02", "1002"): ("7300",)}


def judged(
    restored: dict[tuple[str, ...], tuple[str, ...]], *, rows: int = 2
) -> dict[str, Evaluation]:
    """Hold a side against SOURCE; return the evaluations by what they check."""
    frame = beside(KEYS, VALUES, SOURCE, restored)
    suite = two_sides("test", "C1", KEYS, VALUES, rows=rows)
    return {one.check.removeprefix("C1 "): one for one in evaluate(frame, suite)}


def states(restored: dict[tuple[str, ...], tuple[str, ...]]) -> dict[str, State]:
    return {check: one.state for check, one in judged(restored).items() if one.state != "held"}


def one_check(frame: pd.DataFrame, kind: type[Expectation], **kwargs: object) -> Evaluation:
    expectation = expect("S1", kind, "only", **kwargs)
    return evaluate(frame, gx.ExpectationSuite(name="one", expectations=[expectation]))[0]


def test_equal_sides_hold() -> None:
    assert states(dict(SOURCE)) == {}


def test_one_minor_unit_breaks_equality_and_nothing_else() -> None:
    assert states(SOURCE | {("2026-02", "1002"): ("7301",)}) == {"debit equal": "broken"}


def test_a_lost_key_is_null_and_is_not_passed_over() -> None:
    lost = {key: value for key, value in SOURCE.items() if key[0] != "2026-02"}
    assert states(lost) == {"debit restored": "broken", "debit equal": "broken"}


def test_an_extra_key_breaks_the_row_count_too() -> None:
    extra = SOURCE | {("2026-03", "1002"): ("1",)}
    assert states(extra) == {"rows": "broken", "debit source": "broken", "debit equal": "broken"}


def test_amounts_beyond_a_double_and_beyond_64_bits_are_told_apart() -> None:
    for amount in (90_071_992_547_409_93, 2**63 - 1, 10**30):
        frame = beside(KEYS, VALUES, {("p", "a"): (str(amount),)}, {("p", "a"): (str(amount + 1),)})
        suite = two_sides("test", "C1", KEYS, VALUES, rows=1)
        assert [one.check for one in evaluate(frame, suite) if one.state == "broken"] == [
            "C1 debit equal"
        ]


def test_every_one_of_five_hundred_differences_is_counted() -> None:
    source = {(f"p{n}", "1002"): (str(n),) for n in range(500)}
    restored = {key: (f"-{value[0]}1",) for key, value in source.items()}
    frame = beside(KEYS, VALUES, source, restored)
    broken = [
        one.unexpected
        for one in evaluate(frame, two_sides("test", "C1", KEYS, VALUES, rows=500))
        if one.check == "C1 debit equal"
    ]
    assert broken == [500]


def test_a_frame_that_lost_all_its_rows_breaks_the_row_count() -> None:
    empty = pd.DataFrame([], columns=pair_columns(KEYS, VALUES), dtype=object)
    suite = two_sides("test", "C1", KEYS, VALUES, rows=2)
    assert [one.check for one in evaluate(empty, suite) if one.state == "broken"] == ["C1 rows"]


def test_an_expectation_on_a_column_that_is_not_there_was_not_run() -> None:
    frame = pd.DataFrame({"debit": ["1"]}, dtype=object)
    found = one_check(frame, exact.ExpectValuesToBePresent, column="credit")
    assert found.state == "not run"


def test_an_expectation_that_looked_at_fewer_rows_was_not_run() -> None:
    frame = pd.DataFrame({"a": ["1", None], "b": ["1", None]}, dtype=object)
    found = one_check(
        frame,
        exact.ExpectSidesToBeEqual,
        column_A="a",
        column_B="b",
        row_condition=Column("a") == "1",
    )
    assert found.state == "not run"


def test_a_result_that_raised_proves_nothing_whatever_it_counted() -> None:
    raised = ExpectationValidationResult(
        success=True,
        result={"element_count": 2, "unexpected_count": 0},
        exception_info={"some metric": {"raised_exception": True}},
    )
    assert _unexpected(raised, 2) is None


def test_an_empty_suite_has_no_evaluations() -> None:
    frame = pd.DataFrame({"a": ["1"]}, dtype=object)
    assert evaluate(frame, gx.ExpectationSuite(name="none")) == ()


def test_two_expectations_of_one_name_leave_both_not_run() -> None:
    frame = pd.DataFrame({"a": ["1"], "b": ["2"]}, dtype=object)
    twice = [
        expect("S1", exact.ExpectValuesToBePresent, "same name", column=column)
        for column in ("a", "b")
    ]
    found = evaluate(frame, gx.ExpectationSuite(name="twice", expectations=twice))
    assert {one.state for one in found} == {"not run"}


def test_eight_threads_with_good_and_damaged_frames_get_their_own_answers() -> None:
    damaged = SOURCE | {("2026-02", "1002"): ("7301",)}

    def run(turn: int) -> bool:
        return not states(damaged if turn % 2 else dict(SOURCE))

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(run, range(24)))
    assert answers == [turn % 2 == 0 for turn in range(24)]


def test_no_cell_is_in_what_great_expectations_keeps_of_a_damaged_frame() -> None:
    secret = "<img src=x onerror=alert(1)>"
    source = {("2026-01", secret): (secret,), ("2026-02", secret): ("1",)}
    frame = beside(KEYS, VALUES, source, {("2026-01", secret): (f"{secret}!",)})
    suite = two_sides("test", "C1", KEYS, VALUES, rows=2)
    kept = json.dumps([result.to_json_dict() for result in _validate(frame, suite)])
    assert ("unexpected_count" in kept, "onerror" in kept) == (True, False)


def test_no_cell_but_the_chart_is_in_what_is_kept_of_damaged_lines() -> None:
    book = ledger().changed(0, number="s-secret", date="d-secret", account="a-secret")
    frame = lines_frame([line_row(one) for one in book.rows])
    suite = lines.build(rows=9, accounts={"1002"}, currency="CNY")
    kept = json.dumps([result.to_json_dict() for result in _validate(frame, suite)])
    assert ("unexpected_count" in kept, "secret" in kept) == (True, False)


def test_a_judgement_makes_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert states(dict(SOURCE)) == {}


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    states(dict(SOURCE))
    assert capfd.readouterr() == ("", "")


def test_analytics_are_off() -> None:
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
