"""Evidence: which frames are laid before Great Expectations, and what their rules inherit.

proof beside proof    identity, columns, fingerprint, totals, laws
restored rows         whole periods, together while they are the source's and few
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

import great_expectations as gx

from baozhang.books.model import LedgerReader
from baozhang.books.proof import Proof
from checks import frames
from checks.context import evaluate
from checks.portions import Portions
from checks.rules import FINGERPRINT, IDENTITY, LAWS, LOCKS, TOTALS, Layer
from checks.suites import columns, fingerprint, identity, laws, lines, locks, together, totals
from checks.verdict import Judged

PORTION = 20_000
"""Lines after which a frame is judged: an expectation's fixed cost is that of some 20,000 rows."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A frame of two proofs: its columns, how a proof becomes a side of it, and its suite."""

    layer: Layer
    rule: str
    keys: tuple[str, ...]
    values: tuple[str, ...]
    side: Callable[[Proof, Proof], frames.Side]  # of the source's proof, and the one it is of
    suite: Callable[[Proof], gx.ExpectationSuite]


def _own(side: Callable[[Proof], frames.Side]) -> Callable[[Proof, Proof], frames.Side]:
    return lambda _expected, proof: side(proof)


PAIRS = (
    Pair(
        "L0",
        IDENTITY,
        frames.IDENTITY_KEYS,
        frames.IDENTITY_VALUES,
        _own(frames.identity_of),
        identity.build,
    ),
    Pair(
        "L0",
        FINGERPRINT,
        frames.COLUMN_KEYS,
        frames.COLUMN_VALUES,
        _own(frames.columns_of),
        columns.build,
    ),
    Pair(
        "L0",
        FINGERPRINT,
        frames.CHUNK_KEYS,
        frames.CHUNK_VALUES,
        _own(frames.chunks_of),
        fingerprint.build,
    ),
    Pair(
        "L1",
        TOTALS,
        frames.TOTAL_KEYS,
        frames.TOTAL_VALUES,
        _own(frames.totals_of),
        totals.build,
    ),
    Pair("L2", LOCKS, frames.LOCK_KEYS, frames.LOCK_VALUES, frames.locks_of, locks.build),
)


def judge_proofs(expected: Proof, found: Proof) -> Iterator[Judged]:
    """Judge two proofs beside each other: at once, and pair by pair where that does not hold.

    An expectation costs some milliseconds however little it looks at, and nearly every ledger is
    sound; one that is not may cost more, so that each rule says what it found.
    """
    held = LawCounts.of(expected, found)
    at_once = _at_once(expected, found, held, PAIRS, held.laws)
    if at_once is None:
        yield from _apart(expected, found, held)
    else:
        yield from at_once


@dataclass(frozen=True, slots=True)
class LawCounts:
    """Violations by law and period: what both sides have, and what the restored one has."""

    laws: tuple[str, ...]
    periods: tuple[str, ...]
    shared: frames.Counts
    restored: frames.Counts

    @classmethod
    def of(cls, expected: Proof, found: Proof) -> Self:
        """Count every law in every period that either side knows."""
        source, restored = _counts(expected), _counts(found)
        broken = {*source, *restored}
        chunks = (*expected.chunks, *found.chunks)
        return cls(
            laws=tuple(sorted({*LAWS, *(law for law, _ in broken)})),
            periods=tuple(
                sorted({*(chunk.period for chunk in chunks), *(period for _, period in broken)})
            ),
            shared={key: min(count, source.get(key, 0)) for key, count in restored.items()},
            restored=restored,
        )

    def had(self, rule: str) -> int:
        """Return how many violations of a law the source had too."""
        return sum(count for (law, _), count in self.shared.items() if law == rule)

    def kept(self) -> tuple[str, ...]:
        """Return the laws that neither side breaks."""
        broken = {law for law, _ in self.restored}
        return tuple(law for law in self.laws if law not in broken)

    def side(self, counts: frames.Counts, laws: Iterable[str]) -> frames.Side:
        """Return counts as a side: (law, period) to (how many,)."""
        return {
            (law, period): (str(counts.get((law, period), 0)),)
            for law in laws
            for period in self.periods
        }


def _at_once(
    expected: Proof, found: Proof, held: LawCounts, pairs: Iterable[Pair], laws: Iterable[str]
) -> list[Judged] | None:
    """Judge pairs and laws in one frame; None where anything at all does not hold."""
    source: dict[tuple[str, ...], tuple[str, ...]] = {}
    restored: dict[tuple[str, ...], tuple[str, ...]] = {}
    sizes: dict[tuple[Layer, str], int] = {}
    for pair in pairs:
        side = pair.side(expected, expected)
        source |= _joined(pair, side)
        restored |= _joined(pair, pair.side(expected, found))
        place = pair.layer, pair.rule
        sizes[place] = sizes.get(place, 0) + len(side)
    for (law, period), count in held.side(held.shared, laws).items():
        source["L2", law, period, "count"] = count
        sizes["L2", law] = sizes.get(("L2", law), 0) + 1
    for (law, period), count in held.side(held.restored, laws).items():
        restored["L2", law, period, "count"] = count
    frame = frames.beside(frames.WHOLE_KEYS, frames.WHOLE_VALUES, source, restored)
    evaluations = evaluate(frame, together.build(sum(sizes.values())))
    if any(one.state != "held" for one in evaluations):
        return None
    return [
        Judged(
            layer,
            replace(one, rule=rule, rows=rows),
            source_had=held.had(rule) if layer == "L2" and one is evaluations[-1] else 0,
        )
        for (layer, rule), rows in sizes.items()
        for one in evaluations
    ]


def _joined(pair: Pair, side: frames.Side) -> frames.Side:
    """Return a side under keys that name layer and rule, its values in one text.

    Values are digits and hexadecimal; those that may hold a blank themselves stand alone.
    """
    return {
        (pair.layer, pair.rule, f"{pair.values[0]} {key[0]}", " ".join(key[1:])): (
            " ".join(values),
        )
        for key, values in side.items()
    }


def _apart(expected: Proof, found: Proof, held: LawCounts) -> Iterator[Judged]:
    """Judge the frames in which two proofs stand beside each other, one by one."""
    for pair in PAIRS:
        sides = pair.side(expected, expected), pair.side(expected, found)
        frame = frames.beside(pair.keys, pair.values, *sides)
        yield from (Judged(pair.layer, one) for one in evaluate(frame, pair.suite(expected)))
    kept = _at_once(expected, found, held, (), held.kept())
    yield from kept or ()
    rest = tuple(law for law in held.laws if kept is None or law not in held.kept())
    if not rest:
        return
    frame = frames.beside(
        frames.LAW_KEYS,
        rest,
        frames.laws_of(held.shared, rest, held.periods),
        frames.laws_of(held.restored, rest, held.periods),
    )
    for one in evaluate(frame, laws.build(rest, held.periods)):
        yield Judged("L2", one, source_had=0 if one.whole else held.had(one.rule))


def _counts(proof: Proof) -> frames.Counts:
    return {(law, period): count for law, period, count in proof.violation_counts}


def judge_lines(
    expected: Proof, found: Proof, restored: LedgerReader, portions: Portions
) -> Iterator[Judged]:
    """Judge the restored rows: as they were read for the proof, or once more, a period at a time.

    Where the ledger is the source's by fingerprint and every different value of its lines holds,
    nothing more can be found.

    What a rule finds in a period whose fingerprint is the source's, the source had: same rows and
    same chart, same count.  Elsewhere the source's own count of the rule's violations is inherited.
    """
    if found.root == expected.root and (held := portions.results()) is not None:
        yield from (Judged("rows", one) for one in held)
        return
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
