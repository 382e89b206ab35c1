"""Checks: Great Expectations judges whether a restored ledger is the ledger that was backed up.

`judge_ledger` holds one restored book against the proof taken from its source, `judge_snapshot` all
books of a snapshot.  The laws themselves live in `baozhang.books`, which streams and is exact; here
its findings are laid out as small frames, restored beside source, and the restored rows one period
at a time, and every expectation must have been evaluated before anything may pass.

Importing this package takes Great Expectations' two to three seconds: only tasks import it.
"""

import os

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # a release that still had telemetry stays silent too

from checks.judge import judge_ledger, judge_snapshot
from checks.verdict import LedgerVerdict, RuleResult

__all__ = ["LedgerVerdict", "RuleResult", "judge_ledger", "judge_snapshot"]
