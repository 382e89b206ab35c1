"""Batches: the unit of work that the orchestrator sees.

A task of its own per client would cost more than most clients do; so a task takes a batch, works
through it and returns one outcome per pair.  All sets of one client are in one batch, because
they share a chain of commits.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from logging import getLogger
from math import ceil
from traceback import format_tb

from baozhang.catalog.model import Finding, Outcome, Run
from baozhang.clock import Clock
from baozhang.errors import BaozhangError, UnreachableError

BATCHES_AT_ONCE = 4  # two per core of the smallest machine: one reads while the other computes
MOST_IN_A_BATCH = 50  # pairs; beyond it, one lost worker loses too much of the night

LOG = getLogger(__name__)


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """One set of one client."""

    client: str
    set: str

    def __str__(self) -> str:
        return f"{self.client}/{self.set}"


Batch = tuple[Pair, ...]


def in_batches(pairs: Iterable[Pair]) -> list[Batch]:
    """Cut pairs into batches that keep `BATCHES_AT_ONCE` hands busy; clients stay whole."""
    queue = list(dict.fromkeys(pairs))
    by_client: dict[str, list[Pair]] = {}
    for pair in queue:
        by_client.setdefault(pair.client, []).append(pair)
    size = min(max(ceil(len(queue) / BATCHES_AT_ONCE), 1), MOST_IN_A_BATCH)
    batches: list[Batch] = []
    open_batch: list[Pair] = []
    for sets in by_client.values():
        if open_batch and len(open_batch) + len(sets) > size:
            batches.append(tuple(open_batch))
            open_batch = []
        open_batch += sets
    return [*batches, tuple(open_batch)] if open_batch else batches


Work = Callable[[Pair], Outcome]


def settle(run: Run, batch: Batch, work: Work, clock: Clock) -> tuple[Outcome, ...]:
    """Do the work for each pair in turn; whatever one of them raises becomes its outcome.

    The work is done in a thread of its own, so that its end, good or bad, is a value here: one
    client's failure, even a fault of ours, never costs the others their backup.
    """
    with ThreadPoolExecutor(max_workers=1) as hand:
        return tuple(_settled(run, pair, hand.submit(work, pair), clock) for pair in batch)


def _settled(run: Run, pair: Pair, done: Future[Outcome], clock: Clock) -> Outcome:
    began = clock()
    error = done.exception()
    if error is None:
        return done.result()
    if not isinstance(error, Exception):
        raise error  # somebody ends this process: no outcome of the pair
    return failed(run, pair, error, began=began, ended=clock())


def failed(run: Run, pair: Pair, error: Exception, *, began: datetime, ended: datetime) -> Outcome:
    """Return the outcome of a pair whose work ended in an error.

    What could not be reached to be checked may be whole or not; what could not be reached to be
    protected is not protected.
    """
    unknown = run.duty != "backup" and isinstance(error, UnreachableError)
    return Outcome(
        run=run.id,
        duty=run.duty,
        client=pair.client,
        set=pair.set,
        status="inconclusive" if unknown else "failed",
        started=began,
        ended=ended,
        findings=(finding_of(pair, error),),
    )


def finding_of(pair: Pair, error: BaseException) -> Finding:
    """Return what a person should read of an error.

    Of an error that is not ours only the kind is kept: its text may quote a ledger.
    """
    if isinstance(error, BaozhangError):
        facts = tuple((name, _plain(value)) for name, value in error.facts.items())
        return Finding(error.template, facts, error.hint)
    kind = type(error).__name__
    LOG.error("%s: %s\n%s", pair, kind, "".join(format_tb(error.__traceback__)))
    if isinstance(error, OSError):
        return Finding(
            "the operating system refused: {reason}",
            (("reason", error.strerror or kind),),
            hint="Check the disk and the rights of its folders, then run this client again.",
        )
    return Finding(
        "the program failed with {kind}, which is a fault of its own",
        (("kind", kind),),
        hint="Send the log of this run to whoever maintains baozhang.",
    )


def _plain(value: object) -> str | int:
    return value if isinstance(value, int) else str(value)
