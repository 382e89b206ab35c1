"""What a run shows on its page while it works and when it is done; called by flows alone.

Ids of clients and sets, sizes and sentences of the catalogues are shown, never names: the
orchestrator keeps what it is given.  What is shown goes through the masking gate all the same: a
sentence may quote what a system said.  Keys hold lower-case letters, digits and dashes.
"""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from prefect.artifacts import (
    create_link_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from baozhang.catalog.model import Outcome, Run
from baozhang.wiring import open_site
from baozhang.words import say
from tasks.batches import Batch
from tasks.gate import gate, told
from tasks.letters import library
from tasks.options import effect
from tasks.record import Recorded
from tasks.verdict import STATE_TEMPLATES, WORST_FIRST

MOST_TOLD = 3  # findings in one row
MOST_ROWS = 2_000  # a page with more is read by nobody; the letter and the catalog hold all


def key(run: Run, what: str) -> str:
    """Return an artifact's key: the same for every run of a duty, so that pages show a history."""
    return f"{run.duty.replace('_', '-')}-{what}"


@effect("show progress of {run.id}")
def start_progress(run: Run) -> UUID:
    """Show a bar at zero."""
    made = create_progress_artifact(0.0, key(run, "progress"), say("batches done"))
    assert isinstance(made, UUID)
    return made


@effect("move progress")
def advance(bar: UUID, batches: list[Batch], recorded: Recorded) -> None:
    """Move the bar to the share of pairs that have an outcome."""
    planned = sum(len(batch) for batch in batches)
    update_progress_artifact(bar, min(100.0, round(100.0 * recorded.done / planned, 1)))


@effect("show {run.id}")
def show_outcomes(run: Run, letter: tuple[Path, ...], bar: UUID) -> None:
    """Show a row per outcome, the worst first, where the letter lies, and the bar at its end."""
    update_progress_artifact(bar, 100.0)
    worst_first = sorted(run.outcomes, key=lambda each: WORST_FIRST.index(each.status))
    with open_site() as site:
        cover = gate(site).masked
        index = library(site).index
    create_table_artifact(
        [row(outcome, cover) for outcome in worst_first[:MOST_ROWS]],
        key(run, "outcomes"),
        say("{count} outcomes", count=len(run.outcomes)),
    )
    for path in letter[:1]:
        create_link_artifact(path.resolve().as_uri(), say("letter"), key(run, "letter"))
    show_library(index)


def show_library(index: Path) -> None:
    """Show where every report that was written can be found, this one among them."""
    create_link_artifact(index.resolve().as_uri(), say("library of reports"), "reports")


def row(outcome: Outcome, cover: Callable[[str], str]) -> dict[str, object]:
    """Return an outcome as a row of the table; `cover` masks what must not be shown."""
    findings = "; ".join(told(found) for found in outcome.findings[:MOST_TOLD])
    return {
        say("client"): outcome.client,
        say("set"): outcome.set,
        say("state"): say(STATE_TEMPLATES[outcome.status]),
        say("backup point"): outcome.snapshot,
        say("seconds"): round(outcome.seconds, 1),
        say("to look at"): cover(findings),
    }
