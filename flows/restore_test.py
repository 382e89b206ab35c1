"""Weekly restore test: backup points are restored, their books judged, the copies destroyed.

    begin ──► choose ──► restore, judge, destroy ──► record ──► letter ──► verdict
                               (batches)            (batches)      │
                                                       │           └──► table, link
                                                       └──► progress

A restore is proven by its content and not by its exit code: every book is read anew from the
restored files and held against the proof that was taken from the source when it was backed up.
A set without books is counted as restored byte for byte, and never as proven.

Runbook for people: docs/runbooks/restore_test.md
"""

from datetime import date

from prefect import allow_failure, flow, unmapped

from baozhang.catalog.model import Run
from tasks.artifacts import advance, show_outcomes, start_progress
from tasks.batches import BATCHES_AT_ONCE
from tasks.day import begin, named
from tasks.letters import write_restore_test_letter
from tasks.options import at_once
from tasks.record import gather, record_batch
from tasks.restore_test import choose_oldest_proven, try_batch
from tasks.verdict import conclude


@flow(
    name="weekly-restore-test",
    flow_run_name=named("restore-test"),
    task_runner=at_once(BATCHES_AT_ONCE),
)
def weekly_restore_test(day: date | None = None, clients: list[str] | None = None) -> Run:
    """Prove that this week's share of the clients can be restored.

    Args:
        day: the business day of the letter; None: that of the scheduled start.
        clients: only these, all their sets; None: those proven longest ago.

    Returns:
        One outcome per pair of client and set.

    Raises:
        ClientsUnprotectedError: something could not be restored, or is not what was backed up;
            the letter is out by then.
    """
    begun = begin("restore_test", day)
    batches = choose_oldest_proven(begun, clients)
    progress = start_progress(begun)

    outcomes = try_batch.map(unmapped(begun), batches)
    recorded = record_batch.map(unmapped(begun), batches, allow_failure(outcomes))
    moved = advance.map(unmapped(progress), unmapped(batches), recorded)

    run = gather(begun, recorded.result())
    letter = write_restore_test_letter(run)
    show_outcomes(run, letter, progress, wait_for=[allow_failure(moved)])
    return conclude(run)
