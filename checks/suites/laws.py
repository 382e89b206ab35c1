"""L2: how often each law of the books is broken, per period."""

from collections.abc import Iterable

import great_expectations as gx

from checks.frames import LAW_KEYS, pair_columns
from checks.suites.parts import frame_as_planned, sides_equal


def build(laws: tuple[str, ...], periods: Iterable[str]) -> gx.ExpectationSuite:
    """Return the suite of the laws; what the source broke already is inherited.

    The source's side is as many violations as both have; the restored side is equal to it unless
    something is broken anew.  No side lacks a period: what nothing breaks has a count of "0".

    period   source_L1  restored_L1  source_S4  restored_S4  ...
    2026-03  "0"        "1"          "0"        "0"
    """
    columns = pair_columns(LAW_KEYS, laws)
    expectations = frame_as_planned(laws[0], columns, len(tuple(periods)))
    expectations += [sides_equal(law, law) for law in laws]
    return gx.ExpectationSuite(name="ledger.laws", expectations=expectations)
