"""How time and memory grow with a book's lines, and how judging grows with processes.

A book of each size is made, proven and judged in turn, and removed; then 1, 2 … processes judge a
book of the least size again and again at the same time.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpus import make
from benchmarks.running import said

ROOT = Path(__file__).parent.parent
BOOKS = {"cn_csv": "c001", "yonyou_t3": "c002"}
MONTHS = 12
LINES_PER_TRADE = 2.44  # of the sample agency, about
LINE_BYTES = 350  # of both books, about


@dataclass(frozen=True, slots=True)
class Sized:
    """One book of one size, proven (`taking`) or judged (`judging`)."""

    profile: str
    module: str
    lines: int
    wall: float  # seconds, imports not counted
    cpu: float
    peak: int  # bytes of the process, imports counted


@dataclass(frozen=True, slots=True)
class Together:
    """Processes that judged at the same time."""

    processes: int
    books: int  # judged by all of them
    per_minute: float  # the sum of what each did in a minute


@dataclass(frozen=True, slots=True)
class Sizes:
    """All that was measured."""

    sized: tuple[Sized, ...]
    together: tuple[Together, ...]

    def rendered(self) -> str:
        """Return the report as Markdown; nothing where nothing was measured."""
        if not self.sized:
            return ""
        lines = ["\n## Sizes\n", "| export | | lines | wall s | CPU s | peak MiB |"]
        lines += ["|---|---|---:|---:|---:|---:|"]
        lines += [
            f"| {one.profile} | {one.module} | {one.lines:,} | {one.wall:.2f} | {one.cpu:.2f} "
            f"| {one.peak / 2**20:.0f} |"
            for one in self.sized
        ]
        lines += ["\n## Processes\n", "| processes | books judged | books a minute |"]
        lines += ["|---:|---:|---:|"]
        lines += [
            f"| {one.processes} | {one.books} | {one.per_minute:,.0f} |" for one in self.together
        ]
        return "\n".join([*lines, ""])


def measure_sizes(
    work: Path, sizes: Sequence[int], *, times: int, tell: Callable[[str], None]
) -> Sizes:
    """Measure books of these sizes, in lines, and processes on the least of them.

    Args:
        work: an existing folder; books are made below it, one size at a time.
        sizes: lines, about; none measures nothing.
        times: how often each process judges.
        tell: is told of every sample.

    Raises:
        BenchmarkError: something failed.
    """
    sized, together = list[Sized](), list[Together]()
    for size in sorted(sizes):
        folder = work / f"lines-{size}"
        trades = max(1, round(size / MONTHS / LINES_PER_TRADE))
        make(folder, clients=len(BOOKS), months=MONTHS, trades=trades)
        for one in _sized(folder):
            sized.append(one)
            tell(f"{one.profile}, {one.lines:,} lines, {one.module}: {one.wall:.2f} s")
        if not together:
            together = [_together(folder, count, times) for count in _counts()]
        shutil.rmtree(folder)
    return Sizes(tuple(sized), tuple(together))


def _sized(folder: Path) -> Iterator[Sized]:
    for profile, client in BOOKS.items():
        for module in ("taking", "judging"):
            found = _measured(module, profile, str(folder / client))
            lines, peak = int(found["lines"]), int(found["peak"])
            yield Sized(profile, module, lines, found["wall"], found["cpu"], peak)


def _counts() -> list[int]:
    """Return how many processes to try: each processor of this machine, up to eight."""
    return list(range(1, min(8, len(os.sched_getaffinity(0))) + 1))


def _together(folder: Path, processes: int, times: int) -> Together:
    book = str(folder / BOOKS["cn_csv"])

    def judged(_: int) -> float:
        return 60 * times / float(_measured("judging", "cn_csv", book, str(times))["wall"])

    with ThreadPoolExecutor(processes) as pool:
        rates = list(pool.map(judged, range(processes)))
    return Together(processes, processes * times, sum(rates))


def _measured(module: str, *words: str) -> dict[str, int | float]:
    heard = said([sys.executable, "-m", f"benchmarks.{module}", *words], ROOT)
    found: dict[str, int | float] = json.loads(heard.splitlines()[-1])
    return found
