"""Writing down how each pair fared; from here on the catalog knows it."""

from dataclasses import dataclass, replace

from baozhang.catalog.model import Outcome, Run
from baozhang.wiring import open_site
from tasks.batches import Batch, failed
from tasks.options import effect


@dataclass(frozen=True, slots=True)
class Recorded:
    """What of a run has been written down."""

    outcomes: tuple[Outcome, ...]  # of one batch
    done: int  # outcomes of the whole run so far


@effect("record a batch of {run.id}")
def record_batch(run: Run, batch: Batch, ended: tuple[Outcome, ...] | Exception) -> Recorded:
    """Record a batch's outcomes; of a batch that died, every pair has failed with it."""
    with open_site() as site:
        now = site.clock()
        outcomes = (
            tuple(failed(run, pair, ended, began=now, ended=now) for pair in batch)
            if isinstance(ended, Exception)
            else ended
        )
        with site.catalog.transaction():
            stand = tuple(site.catalog.append(outcome) for outcome in outcomes)
        return Recorded(stand, len(site.catalog.outcomes(run=run.id)))


@effect("gather {run.id}")
def gather(run: Run, recorded: list[Recorded], beside: tuple[Outcome, ...] = ()) -> Run:
    """Return the run with all its outcomes, those that stand beside the batches recorded too."""
    with open_site() as site:
        with site.catalog.transaction():
            stand = tuple(site.catalog.append(outcome) for outcome in beside)
        batches = (outcome for each in recorded for outcome in each.outcomes)
        return replace(run, outcomes=(*batches, *stand))
