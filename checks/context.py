"""The one place that runs Great Expectations: frames and suites in, plain evaluations out.

Every thread has an ephemeral context of its own, because objects shared between threads give wrong
verdicts.  The parser of suite parameters is global and is poisoned for the whole process when its
first use happens in two threads at once; it is used once here, while this module is imported, which
Python does in one thread.  Nothing is written: no data docs, no progress bars, no stored results.

What leaves this module are counts.  A result's own text (columns, exceptions, value sets) stays in.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import great_expectations as gx
import pandas as pd
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.core.suite_parameters import parse_suite_parameter
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.exceptions.exceptions import GreatExpectationsError
from great_expectations.expectations.expectation import (
    ColumnMapExpectation,
    ColumnPairMapExpectation,
    Expectation,
    MulticolumnMapExpectation,
)
from great_expectations.validator.v1_validator import Validator

# Counts only: even a "partial" list of unexpected values is a leak of ledger rows.
COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}

ROW_WISE = (ColumnMapExpectation, ColumnPairMapExpectation, MulticolumnMapExpectation)

_OWN = threading.local()
_MAKING = threading.Lock()

parse_suite_parameter("1 + 1")  # the warm-up; see above


State = Literal["held", "broken", "not run"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What became of one planned expectation."""

    rule: str  # rule id: checks.rules
    check: str  # unique within its suite
    state: State
    rows: int  # of the frame it was to look at
    unexpected: int  # rows that broke it; 1 for an expectation on the frame as a whole
    whole: bool  # it looks at the frame as a whole: columns, row count


def evaluate(frame: pd.DataFrame, suite: gx.ExpectationSuite) -> tuple[Evaluation, ...]:
    """Return one evaluation for every expectation of the suite, in the suite's order.

    An expectation is `not run` when Great Expectations gave no result for it, or two, or raised,
    or looked at fewer rows than the frame has: such a result must never count as held.
    """
    results: dict[str, list[ExpectationValidationResult]] = defaultdict(list)
    for result in _validate(frame, suite):
        if result.expectation_config is not None:
            results[result.expectation_config.meta["check"]].append(result)
    return tuple(
        _evaluation(planned, results[_meta(planned)["check"]], len(frame))
        for planned in suite.expectations
    )


def _validate(
    frame: pd.DataFrame, suite: gx.ExpectationSuite
) -> Iterable[ExpectationValidationResult]:
    """Run the suite; a run that fails as a whole has no results, and so proves nothing.

    This is what a `Batch` does to validate itself; by way of one, the frame is loaded twice.
    """
    try:
        batch = Validator(_frames(), COUNTS_ONLY, {"dataframe": frame})
        return batch.validate_expectation_suite(suite).results
    except GreatExpectationsError:
        return ()


def _evaluation(
    planned: Expectation, found: list[ExpectationValidationResult], rows: int
) -> Evaluation:
    whole = not isinstance(planned, ROW_WISE)
    unexpected = _unexpected(found[0], None if whole else rows) if len(found) == 1 else None
    state: State = "not run" if unexpected is None else "broken" if unexpected else "held"
    meta = _meta(planned)
    return Evaluation(meta["rule"], meta["check"], state, rows, unexpected or 0, whole)


def _meta(planned: Expectation) -> dict[str, str]:
    return planned.meta or {}


def _unexpected(result: ExpectationValidationResult, rows: int | None) -> int | None:
    """Return how many rows broke the expectation; None when the result proves nothing.

    Args:
        result: what Great Expectations says.
        rows: how many rows it must have looked at; None for an expectation on the whole frame.
    """
    told = result.result
    # A sound run tells one flat {"raised_exception": False, ...}; a failed one is keyed by metric.
    if result.exception_info and result.exception_info.get("raised_exception") is not False:
        return None
    if rows is None:
        return int(not result.success) if "observed_value" in told else None
    count = told.get("unexpected_count")
    if count is None or told.get("element_count") != rows:
        return None
    return int(count) if bool(result.success) == (count == 0) else None


def _frames() -> BatchDefinition[None]:
    """Return this thread's way of handing frames to Great Expectations."""
    found: BatchDefinition[None] | None = getattr(_OWN, "frames", None)
    if found is None:
        with _MAKING:  # get_context also sets a global "current project"
            found = _OWN.frames = _new_context()
    return found


def _new_context() -> BatchDefinition[None]:
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=ProgressBarsConfig(globally=False),
    )
    context = gx.get_context(project_config=config, mode="ephemeral")
    asset = context.data_sources.add_pandas("restored").add_dataframe_asset("frame")
    return asset.add_batch_definition_whole_dataframe("whole")
