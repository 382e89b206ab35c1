"""Nightly validation: every stored byte is read back and held against its hash, by rotation.

    begin ──► choose ──► verify ──► record ──► own ──► letter ──► verdict
                        (batches)   (batches)            │
                                       └──► progress     ├──► table, link
                                                         └──► event: starts an incident

A night takes up the clients whose bytes have gone unread longest, so many that all of them are
read within the span the policies promise; the agency's own journal is read every night.  It also
asks the vault for the newest backup point that the catalog, the witness and the mirrors know: a
vault that has lost its latest commits is otherwise perfectly whole.

Runbook for people: docs/runbooks/validation.md
"""

from datetime import date

from prefect import allow_failure, flow, unmapped

from baozhang.catalog.model import Run
from tasks.artifacts import advance, show_outcomes, start_progress
from tasks.batches import BATCHES_AT_ONCE
from tasks.day import begin, named
from tasks.events import tell_damaged
from tasks.letters import write_night_letter
from tasks.options import at_once
from tasks.record import gather, record_batch
from tasks.validation import choose_by_rotation, verify_batch, verify_own
from tasks.verdict import conclude


@flow(
    name="nightly-validation",
    flow_run_name=named("validation"),
    task_runner=at_once(BATCHES_AT_ONCE),
)
def nightly_validation(day: date | None = None, clients: list[str] | None = None) -> Run:
    """Read back tonight's share of all stored bytes.

    Args:
        day: the business day of the letter; None: that of the scheduled start.
        clients: only these, whoever's turn it is; None: by rotation.

    Returns:
        One outcome per client chosen.

    Raises:
        ClientsUnprotectedError: something stored is missing, damaged or could not be read; the
            letter is out by then.
    """
    begun = begin("validation", day)
    batches = choose_by_rotation(begun, clients)
    progress = start_progress(begun)

    outcomes = verify_batch.map(unmapped(begun), batches)
    recorded = record_batch.map(unmapped(begun), batches, allow_failure(outcomes))
    moved = advance.map(unmapped(progress), unmapped(batches), recorded)

    own = verify_own(begun)

    run = gather(begun, recorded.result(), own)
    letter = write_night_letter(run)
    show_outcomes(run, letter, progress, wait_for=[allow_failure(moved)])
    tell_damaged(run, wait_for=[letter])
    return conclude(run)
