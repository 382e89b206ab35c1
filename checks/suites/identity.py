"""L0: which book this is: its name, profile, currency and numbering."""

import great_expectations as gx

from baozhang.books.proof import Proof
from checks.frames import IDENTITY_KEYS, IDENTITY_VALUES, identity_of
from checks.rules import IDENTITY
from checks.suites.parts import two_sides


def build(expected: Proof) -> gx.ExpectationSuite:
    """Return the suite of the identity; another book under this one's name breaks it.

    part      source_value  restored_value
    currency  "CNY"         "CNY"
    """
    rows = len(identity_of(expected))
    return two_sides("ledger.identity", IDENTITY, IDENTITY_KEYS, IDENTITY_VALUES, rows=rows)
