"""L0: what the book is: profile, currency, numbering, root, and every column of every table."""

import great_expectations as gx

from baozhang.books.proof import Proof
from checks.frames import HEAD_KEYS, HEAD_VALUES, head_of
from checks.rules import HEAD
from checks.suites.parts import two_sides


def build(expected: Proof) -> gx.ExpectationSuite:
    """Return the suite of the head; a dropped or renamed column is a row that differs.

    part          place  source_value    restored_value
    currency      ""     "CNY"           "CNY"
    lines column  "4"    "CompteNum"     "CompteNum"
    """
    rows = len(head_of(expected))
    return two_sides("ledger.head", HEAD, HEAD_KEYS, HEAD_VALUES, rows=rows)
