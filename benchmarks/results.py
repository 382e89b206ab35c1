"""From samples to figures: medians with their spread, and ours against the best peer.

A ratio is taken round by round, ours by the peer that was best in that very round; then come the
median and the spread.  So no peer's bad moment makes ours look good.  Every peer counts, also one
that was tuned for this corpus; where that one is the best, the ratio to the others stands beside.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.rounds import AGAIN, DAY, FIRST, OPERATIONS, RESTORE, VERIFY, Sample

CORPUS, CLIENT = "the whole corpus", "one client"
ADDED, SIZE = "a day's change, bytes added", "repository size"
TARGETS = {
    CORPUS: {
        FIRST: 0.55,
        AGAIN: 0.30,
        DAY: 0.50,
        ADDED: 0.20,
        RESTORE: 0.50,
        VERIFY: 0.30,
        SIZE: 0.97,
    },
    CLIENT: dict.fromkeys(OPERATIONS, 0.85),
}
"""Ours by the best peer: at most this, at the full size."""

MOST_MEMORY = 220 * 2**20  # bytes; the largest process of ours, at the full size
FULL = (36, 12, 5)  # clients, months and rounds from which targets are judged


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of some figures, and how far they reach."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return the spread of one figure or more."""
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Figures:
    """What one system took for one row; bytes have neither CPU seconds nor memory."""

    value: Spread  # wall seconds, or bytes
    cpu: Spread | None = None  # seconds
    peak: int = 0  # bytes, of the worst round


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table."""

    scope: str
    name: str
    unit: str  # "s" or "bytes"
    systems: dict[str, Figures]
    best_peer: str | None  # of the best median
    ratio: Spread | None  # ours by the best peer of each round
    cpu_ratio: Spread | None
    untuned_peer: str | None  # the best as its makers set it, where the best one is tuned
    untuned_ratio: Spread | None
    target: float | None
    met: bool | None  # None: not judged, for want of a peer or of size


Value = Callable[[Sample], float]


@dataclass(frozen=True, slots=True)
class Measure:
    """What a row is about: a figure of the samples of one operation."""

    name: str
    operation: str
    unit: str  # "s" or "bytes"
    value: Value


SIZES = (
    Measure(ADDED, DAY, "bytes", lambda sample: sample.added),
    Measure(SIZE, FIRST, "bytes", lambda sample: sample.repository),
)
TIMES = tuple(Measure(name, name, "s", lambda sample: sample.wall) for name in OPERATIONS)


@dataclass(frozen=True, slots=True)
class Judging:
    """Who is held against whom, and whether targets are for this run."""

    ours: str
    tuned: Collection[str] = ()  # peers that are set otherwise than by their makers
    full: bool = False


def rows(
    samples: Sequence[Sample], judging: Judging, measures: Sequence[Measure] = TIMES + SIZES
) -> list[Row]:
    """Return all rows, in the order of scopes and measures.

    Args:
        samples: of whole rounds.
        judging: who is ours, who is tuned, whether it is the full size.
        measures: the rows of every scope.
    """
    found = []
    for scope in dict.fromkeys(sample.scope for sample in samples):
        within = [sample for sample in samples if sample.scope == scope]
        for measure in measures:
            chosen = [sample for sample in within if sample.operation == measure.operation]
            found.append(_row(scope, measure, chosen, judging))
    return found


def _row(scope: str, measure: Measure, samples: Sequence[Sample], judging: Judging) -> Row:
    figures = _figures(measure, samples)
    best = _best(figures, [judging.ours])
    ratio = _ratio(samples, measure.value, judging.ours)
    untuned = [sample for sample in samples if sample.system not in judging.tuned]
    other = _best(figures, [judging.ours, *judging.tuned]) if best in judging.tuned else None
    target = TARGETS.get(scope, {}).get(measure.name)
    judged = judging.full and ratio is not None and target is not None
    return Row(
        scope=scope,
        name=measure.name,
        unit=measure.unit,
        systems=figures,
        best_peer=best,
        ratio=ratio,
        cpu_ratio=_ratio(samples, _cpu, judging.ours) if measure.unit == "s" else None,
        untuned_peer=other,
        untuned_ratio=_ratio(untuned, measure.value, judging.ours) if other else None,
        target=target,
        met=ratio.median <= target if judged and ratio and target else None,
    )


def _figures(measure: Measure, samples: Sequence[Sample]) -> dict[str, Figures]:
    timed = measure.unit == "s"
    figures = {}
    for system in sorted({sample.system for sample in samples}):
        taken = [sample for sample in samples if sample.system == system]
        figures[system] = Figures(
            Spread.of([measure.value(sample) for sample in taken]),
            Spread.of([sample.cpu for sample in taken]) if timed else None,
            max(sample.peak for sample in taken) if timed else 0,
        )
    return figures


def _best(figures: dict[str, Figures], but: Collection[str]) -> str | None:
    there = [system for system in figures if system not in but]
    return min(there, key=lambda system: figures[system].value.median, default=None)


def _cpu(sample: Sample) -> float:
    return sample.cpu


def _ratio(samples: Sequence[Sample], value: Value, ours: str) -> Spread | None:
    ratios = []
    for number in sorted({sample.round for sample in samples}):
        taken = [sample for sample in samples if sample.round == number]
        own = [value(sample) for sample in taken if sample.system == ours]
        best = min((value(sample) for sample in taken if sample.system != ours), default=0)
        if own and best > 0:
            ratios.append(own[0] / best)
    return Spread.of(ratios) if ratios else None


@dataclass(frozen=True, slots=True)
class Memory:
    """The largest process of each system over all rows, and whether ours kept within its bound."""

    peaks: dict[str, int]  # bytes
    target: int
    met: bool | None  # None: not judged, for want of size


def memory(rows: Sequence[Row], judging: Judging) -> Memory:
    """Return the peaks of all systems."""
    peaks: dict[str, int] = {}
    for row in rows:
        for system, figures in row.systems.items():
            peaks[system] = max(peaks.get(system, 0), figures.peak)
    met = peaks[judging.ours] <= MOST_MEMORY if judging.full else None
    return Memory(peaks, MOST_MEMORY, met)
