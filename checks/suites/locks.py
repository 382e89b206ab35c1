"""L2: the periods that were closed are closed."""

import great_expectations as gx

from baozhang.books.proof import Proof
from checks.frames import LOCK_KEYS, LOCK_VALUES, locks_of
from checks.rules import LOCKS
from checks.suites.parts import two_sides


def build(expected: Proof) -> gx.ExpectationSuite:
    """Return the suite of the periods; one that was closed and is open breaks it.

    period   source_state  restored_state
    2026-03  "closed"      "open"
    """
    rows = len(locks_of(expected, expected))
    return two_sides("ledger.locks", LOCKS, LOCK_KEYS, LOCK_VALUES, rows=rows)
