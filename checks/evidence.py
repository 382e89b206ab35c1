"""Evidence: which frames are laid before Great Expectations, and what their rules inherit.

proof beside proof    identity, columns, fingerprint, totals, laws
restored rows         whole periods, together while they are the source's and few
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import great_expectations as gx

from baozhang.books.model import LedgerReader
from baozhang.books.proof import Proof
from checks import frames
from checks.context import evaluate
from checks.rules import LAWS, Layer
from checks.suites import columns, fingerprint, identity, laws, lines, totals
from checks.verdict import Judged

PORTION = 20_000
"""Lines after which a frame is judged: an expectation's fixed cost is that of some 20,000 rows."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A frame of two proofs: its columns, how a proof becomes a side of it, and its suite."""

    layer: Layer
    keys: tuple[str, ...]
    values: tuple[str, ...]
    side: Callable[[Proof], frames.Side]
    suite: Callable[[Proof], gx.ExpectationSuite]


PAIRS = (
    Pair("L0", frames.IDENTITY_KEYS, frames.IDENTITY_VALUES, frames.identity_of, identity.build),
    Pair("L0", frames.COLUMN_KEYS, frames.COLUMN_VALUES, frames.columns_of, columns.build),
    Pair("L0", frames.CHUNK_KEYS, frames.CHUNK_VALUES, frames.chunks_of, fingerprint.build),
    Pair("L1", frames.TOTAL_KEYS, frames.TOTAL_VALUES, frames.totals_of, totals.build),
)


def judge_proofs(expected: Proof, found: Proof) -> Iterator[Judged]:
    """Judge the frames in which two proofs stand beside each other."""
    for pair in PAIRS:
        frame = frames.beside(pair.keys, pair.values, pair.side(expected), pair.side(found))
        yield from (Judged(pair.layer, one) for one in evaluate(frame, pair.suite(expected)))
    yield from _judge_laws(expected, found)


def _judge_laws(expected: Proof, found: Proof) -> Iterator[Judged]:
    """Judge what is broken anew, for every law in every period that either side knows."""
    source, restored = _counts(expected), _counts(found)
    shared = {key: min(count, source.get(key, 0)) for key, count in restored.items()}
    broken = {*source, *restored}
    known = tuple(sorted({*LAWS, *(law for law, _ in broken)}))
    chunks = (*expected.chunks, *found.chunks)
    periods = sorted({*(chunk.period for chunk in chunks), *(period for _, period in broken)})
    frame = frames.beside(
        frames.LAW_KEYS,
        known,
        frames.laws_of(shared, known, periods),
        frames.laws_of(restored, known, periods),
    )
    for one in evaluate(frame, laws.build(known, periods)):
        had = sum(count for (law, _), count in shared.items() if law == one.rule)
        yield Judged("L2", one, source_had=0 if one.whole else had)


def _counts(proof: Proof) -> frames.Counts:
    return {(law, period): count for law, period, count in proof.violation_counts}


def judge_lines(expected: Proof, found: Proof, restored: LedgerReader) -> Iterator[Judged]:
    """Judge the restored rows, a period at a time.

    What a rule finds in a period whose fingerprint is the source's, the source had: same rows and
    same chart, same count.  Elsewhere the source's own count of the rule's violations is inherited.
    """
    accounts = {account.code for account in restored.accounts()}
    had = _counts(expected)
    for period, size, rows in _portions(expected, found, restored):
        suite = lines.build(rows=size, accounts=accounts, currency=found.book.currency)
        for one in evaluate(frames.lines_frame(rows), suite):
            ours = one.unexpected if period is None else had.get((one.rule, period), 0)
            yield Judged("rows", one, inherited=0 if one.whole else ours)


def _portions(
    expected: Proof, found: Proof, restored: LedgerReader
) -> Iterator[tuple[str | None, int, list[frames.Row]]]:
    """Yield the lines in portions of whole periods: period, how many there must be, and they.

    Periods whose fingerprints are the source's go together, named None, while they are small.
    """
    sizes = {chunk.period: chunk.rows for chunk in found.chunks if chunk.table == "lines"}
    same = _same_periods(expected, found)
    together: list[frames.Row] = []
    for period, size, rows in frames.lines_by_period(restored, sizes):
        if period not in same or len(rows) != size:
            yield period, size, rows
            continue
        together += rows
        if len(together) >= PORTION:
            yield None, len(together), together
            together = []
    if together:
        yield None, len(together), together


def _same_periods(expected: Proof, found: Proof) -> set[str]:
    """Return the periods whose lines are the source's; none where the chart is not the source's."""
    common = {*expected.chunks} & {*found.chunks}
    charts = {chunk for chunk in (*expected.chunks, *found.chunks) if chunk.table == "accounts"}
    if not charts <= common:
        return set()
    return {chunk.period for chunk in common if chunk.table == "lines"}
