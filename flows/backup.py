"""Nightly backup: every due set of every client is stored, copied, read back and accounted for.

    begin ──► witness ──► plan ──► back up ──► record ──► mirrors ──► letter ──► journal ──► verdict
                 │                (batches)   (batches)      │          │
                 │                                ├──► places ──┘         └──► table, link
                 │                                └──► progress
                 └───────────────────────────────────► witness

Before anything is written each vault is held against its witness; one that somebody put back is
told of, and backed up to all the same.  Sets are independent: one that fails is an outcome like the
rest, and only after the letter does the run end as failed.  Running the same day again is safe:
what is stored is found by its content, and a set that has not changed makes a backup point that
adds next to nothing.

Runbook for people: docs/runbooks/backup.md
"""

from datetime import date

from prefect import allow_failure, flow, unmapped

from baozhang.catalog.model import Run
from tasks.artifacts import advance, show_outcomes, start_progress
from tasks.backup import back_up_batch, copy_to_mirrors, plan_backup, save_journal
from tasks.batches import BATCHES_AT_ONCE
from tasks.day import begin, named
from tasks.freshness import check_witness, keep_witness
from tasks.letters import write_night_letter
from tasks.options import at_once
from tasks.places import survey_places
from tasks.record import gather, record_batch
from tasks.verdict import conclude


@flow(
    name="nightly-backup",
    flow_run_name=named("backup"),
    task_runner=at_once(BATCHES_AT_ONCE),
)
def nightly_backup(
    day: date | None = None, clients: list[str] | None = None, *, reread: bool = False
) -> Run:
    """Protect what is due.

    Args:
        day: the business day of the letter; None: the day of the scheduled start in
            Asia/Shanghai (a schedule passes no parameters).
        clients: only these, whether due or not; None: whatever is due.
        reread: trust no time stamp: every file of every set is read, due or not.

    Returns:
        One outcome per pair of client and set.

    Raises:
        ClientsUnprotectedError: at least one set is not protected; the letter is out by then.
    """
    begun = begin("backup", day)
    doubts = check_witness(begun)
    batches = plan_backup(begun, clients, everyone=reread)
    progress = start_progress(begun)

    outcomes = back_up_batch.map(unmapped(begun), batches, reread=unmapped(reread))
    recorded = record_batch.map(unmapped(begun), batches, allow_failure(outcomes))
    moved = advance.map(unmapped(progress), unmapped(batches), recorded)

    witnessed = keep_witness(begun, doubts, wait_for=[recorded])
    lagging = copy_to_mirrors(begun, wait_for=[recorded])
    strange = survey_places(begun, wait_for=[recorded])

    run = gather(begun, recorded.result(), witnessed + lagging + strange)
    letter = write_night_letter(run)
    show_outcomes(run, letter, progress, wait_for=[allow_failure(moved)])
    save_journal(run)
    return conclude(run)
