"""All layers at once: every pair of two proofs in one frame; a sound ledger needs no more."""

import great_expectations as gx

from checks.frames import WHOLE_KEYS, WHOLE_VALUES
from checks.rules import FINGERPRINT
from checks.suites.parts import two_sides


def build(rows: int) -> gx.ExpectationSuite:
    """Return the suite of everything that two proofs say; any difference breaks it.

    layer  rule  one      other  source_values  restored_values
    L0     F1    lines    2026-03  "412 9f3c..."  "412 9f3c..."
    L2     L3    2026-03  ""       "0"            "0"
    """
    return two_sides("ledger.together", FINGERPRINT, WHOLE_KEYS, WHOLE_VALUES, rows=rows)
