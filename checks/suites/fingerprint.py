"""L0: the fingerprint, chunk by chunk."""

import great_expectations as gx

from baozhang.books.proof import Proof
from checks.frames import CHUNK_KEYS, CHUNK_VALUES, chunks_of
from checks.rules import FINGERPRINT
from checks.suites.parts import two_sides


def build(expected: Proof) -> gx.ExpectationSuite:
    """Return the suite of the chunks; any changed, lost or added row breaks it.

    table  period   source_rows  restored_rows  source_sha256  restored_sha256
    lines  2026-03  "412"        "412"          "9f3c..."      "9f3c..."
    root   ""       "14"         "14"           "07aa..."      "07aa..."
    """
    rows = len(chunks_of(expected))
    return two_sides("ledger.fingerprint", FINGERPRINT, CHUNK_KEYS, CHUNK_VALUES, rows=rows)
