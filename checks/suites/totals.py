"""L1: the control totals, per period and account."""

import great_expectations as gx

from baozhang.books.proof import Proof
from checks.frames import TOTAL_KEYS, TOTAL_VALUES
from checks.rules import TOTALS
from checks.suites.parts import two_sides


def build(expected: Proof) -> gx.ExpectationSuite:
    """Return the suite of the totals; amounts are whole minor units as digits.

    period   account  source_lines  restored_lines  source_debit  restored_debit  ..._credit
    2026-03  1002     "12"          "12"            "104900"      "104901"        ...
    """
    rows = len(expected.totals)
    return two_sides("ledger.totals", TOTALS, TOTAL_KEYS, TOTAL_VALUES, rows=rows)
