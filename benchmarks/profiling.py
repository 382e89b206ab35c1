"""Where the time goes: each of our operations once under the profiler, after the rounds.

The profiler slows Python down and libraries not at all, so shares of Python code are overstated;
seconds are the CPU's, of all threads.  They explain the figures of the rounds, and are no figures.
"""

import pstats
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.rounds import OPERATIONS, RESTORE, VERIFY, Bench, label_of
from benchmarks.running import Command
from benchmarks.systems import Baozhang, Place

ROOT = Path(__file__).parent.parent
TOP = 15  # lines per operation
IMPORTING = "_find_and_load"  # of importlib; what it took includes the modules it ran
SHORT = (sysconfig.get_path("purelib") + "/", sysconfig.get_path("stdlib") + "/", f"{ROOT}/")


@dataclass(frozen=True, slots=True)
class Line:
    """One function of a profile, by its own CPU seconds."""

    function: str
    calls: int
    own: float  # seconds, without what it called
    all: float  # seconds, with that


@dataclass(frozen=True, slots=True)
class Profiled:
    """The profile of one operation."""

    scope: str
    operation: str
    seconds: float  # CPU, all functions
    imports: float  # of that: finding and loading modules
    top: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Watched(Baozhang):
    """Ours, each command under the profiler; profiles lie beside the place's folders."""

    stats: Path = Path()

    def environment(self, place: Place) -> dict[str, str]:
        """Return an environment in which Python finds these measurements."""
        return place.environment(PYTHONPATH=str(ROOT))

    def backup(self, place: Place, label: str) -> Command:
        """Back up, under the profiler."""
        return self._watched(place, label, Baozhang.backup(self, place, label))

    def restore(self, place: Place, label: str, target: Path) -> Command:
        """Restore, under the profiler."""
        return self._watched(place, label_of(RESTORE), Baozhang.restore(self, place, label, target))

    def verify(self, place: Place) -> Command:
        """Verify, under the profiler."""
        return self._watched(place, label_of(VERIFY), Baozhang.verify(self, place))

    def _watched(self, place: Place, name: str, command: Command) -> Command:
        program = Path(self.program).parent / "python"
        stats = self.stats / f"{place.home.parent.name} {name}"
        words = (str(program), "-m", "benchmarks.profiled", str(stats), *command.words)
        return Command(words, command.folder)


def profiles(bench: Bench, stats: Path) -> list[Profiled]:
    """Run all our operations once under the profiler, on every scope of a bench.

    Args:
        bench: its systems and rounds are not used.
        stats: an empty folder for the profiles.

    Raises:
        BenchmarkError: a command failed.
    """
    replace(bench, systems=[Watched(stats=stats)], rounds=1).run()
    return [
        _read(scope, operation, stats / f"{number}-0 {label_of(operation)}")
        for number, scope in enumerate(bench.scopes)
        for operation in OPERATIONS
    ]


def _read(scope: str, operation: str, stats: Path) -> Profiled:
    table: Mapping[tuple[str, int, str], tuple[int, int, float, float, object]]
    table = pstats.Stats(str(stats)).stats  # type: ignore[attr-defined]
    lines = [
        Line(_function(*place), calls, own, everything)
        for place, (_, calls, own, everything, _) in table.items()
    ]
    lines.sort(key=lambda line: -line.own)
    imports = sum(numbers[3] for (_, _, name), numbers in table.items() if name == IMPORTING)
    seconds = sum(line.own for line in lines)
    return Profiled(scope, operation, seconds, imports, tuple(lines[:TOP]))


def _function(file: str, line: int, name: str) -> str:
    if file == "~":
        return name.strip("<>")
    for folder in SHORT:
        file = file.removeprefix(folder)
    return f"{file}:{line} {name}"


def rendered(found: Sequence[Profiled]) -> str:
    """Return the profiles as Markdown."""
    lines = [
        "## Where the time goes\n",
        "Our own CPU seconds of all threads, under the profiler.\n",
    ]
    for one in found:
        lines.append(f"### {one.operation}, {one.scope}\n")
        lines.append(f"{one.seconds:.2f} s, of which {one.imports:.2f} s for imports\n")
        lines += [
            "| own s | share | with callees s | calls | function |",
            "|---:|---:|---:|---:|---|",
        ]
        for line in one.top:
            share = line.own / one.seconds if one.seconds else 0
            lines.append(
                f"| {line.own:.3f} | {share:.0%} | {line.all:.3f} | {line.calls:,} "
                f"| `{line.function}` |"
            )
        lines.append("")
    return "\n".join(lines)
