"""From samples to figures: medians with their spread, and ours against the best peer.

A ratio is taken round by round, ours by the peer that was best in that very round; then come the
median and the spread.  So no peer's bad moment makes ours look good.
"""

from collections.abc import Callable, Sequence
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
    target: float | None
    met: bool | None  # None: not judged, for want of a peer or of size


def rows(samples: Sequence[Sample], *, ours: str, full: bool) -> list[Row]:
    """Return all rows, in the order of scopes and operations.

    Args:
        samples: of whole rounds.
        ours: the system that is held against the others.
        full: the run is of the size that targets are for.
    """
    found = []
    for scope in dict.fromkeys(sample.scope for sample in samples):
        within = [sample for sample in samples if sample.scope == scope]
        for name, operation, unit, value in _measures():
            chosen = [sample for sample in within if sample.operation == operation]
            found.append(_row(scope, name, unit, chosen, value, ours=ours, full=full))
    return found


Value = Callable[[Sample], float]


def _measures() -> list[tuple[str, str, str, Value]]:
    timed: list[tuple[str, str, str, Value]] = [
        (operation, operation, "s", lambda sample: sample.wall) for operation in OPERATIONS
    ]
    sizes: list[tuple[str, str, str, Value]] = [
        (ADDED, DAY, "bytes", lambda sample: sample.added),
        (SIZE, FIRST, "bytes", lambda sample: sample.repository),
    ]
    return timed + sizes


def _row(
    scope: str,
    name: str,
    unit: str,
    samples: Sequence[Sample],
    value: Value,
    *,
    ours: str,
    full: bool,
) -> Row:
    by_system = {
        system: [sample for sample in samples if sample.system == system]
        for system in dict.fromkeys(sorted(sample.system for sample in samples))
    }
    timed = unit == "s"
    figures = {
        system: Figures(
            Spread.of([value(sample) for sample in taken]),
            Spread.of([sample.cpu for sample in taken]) if timed else None,
            max(sample.peak for sample in taken) if timed else 0,
        )
        for system, taken in by_system.items()
    }
    peers = [system for system in figures if system != ours]
    best = min(peers, key=lambda system: figures[system].value.median, default=None)
    ratio = _ratio(samples, value, ours)
    target = TARGETS[scope].get(name)
    judged = full and ratio is not None and target is not None
    return Row(
        scope=scope,
        name=name,
        unit=unit,
        systems=figures,
        best_peer=best,
        ratio=ratio,
        cpu_ratio=_ratio(samples, lambda sample: sample.cpu, ours) if timed else None,
        target=target,
        met=ratio.median <= target if judged and ratio and target else None,
    )


def _ratio(samples: Sequence[Sample], value: Value, ours: str) -> Spread | None:
    ratios = []
    for number in sorted({sample.round for sample in samples}):
        taken = [sample for sample in samples if sample.round == number]
        own = [value(sample) for sample in taken if sample.system == ours]
        best = min((value(sample) for sample in taken if sample.system != ours), default=0)
        if own and best > 0:
            ratios.append(own[0] / best)
    return Spread.of(ratios) if ratios else None
