"""L0: the columns of every table, in order."""

import great_expectations as gx

from baozhang.books.proof import Proof
from checks.frames import COLUMN_KEYS, COLUMN_VALUES, columns_of
from checks.rules import FINGERPRINT
from checks.suites.parts import two_sides


def build(expected: Proof) -> gx.ExpectationSuite:
    """Return the suite of the columns; one dropped, renamed, added or moved breaks it.

    table  place  source_name  restored_name
    lines  "4"    "CompteNum"  "CompteNum"
    """
    rows = len(columns_of(expected))
    return two_sides("ledger.columns", FINGERPRINT, COLUMN_KEYS, COLUMN_VALUES, rows=rows)
