"""Risk review: indicators measured, risks proposed and judged, signed by who answers, reported.

    measure ──► propose ──► draw up ──► GATE: signature ──► letter ──► verdict
                 (new risks,  (levels, a year's loss as a range,
                  new scores)  treatment, prevention)

Nothing is decided by the run: it proposes, and people accept, score and treat with `baozhang risk`.
A restore test that failed, or an incident that came to its end, is told by the next run.

Runbook for people: docs/runbooks/risk.md
"""

from prefect import flow

from tasks.gate import mask_logs
from tasks.risk import (
    Found,
    conclude_review,
    draw_review,
    measure_indicators,
    named_review,
    propose_changes,
    wanted_signature,
    write_review,
)
from tasks.signing_gate import wait_signed


@flow(name="risk-review", flow_run_name=named_review)
def risk_review() -> Found:
    """Look at all risks, have the look signed, and write the letter.

    Returns:
        What was found, in counts.

    Raises:
        NotSignedError: the signature was refused, or nobody gave it in time.
    """
    mask_logs()
    red = measure_indicators()
    proposed = propose_changes()
    drawn = draw_review()
    wait_signed(wanted_signature(drawn))
    letters = write_review(drawn)
    return conclude_review(drawn, red=red, proposed=proposed, letters=letters)
