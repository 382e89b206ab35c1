"""Our own limits: a million small files, a file of gigabytes, ten times as much.

    python -m benchmarks.scale [--small] [--files N] [--bytes N] [--rounds N] [--out DIR]

Writes `scale.json` and `scale.md` in DIR.  Three questions, no peers: how much memory a million
small files take; whether a file of 2 GB takes no more than one of a tenth; whether ten times the
files take no more than eleven times as long.
"""

import argparse
import resource
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.growth import BIG, GROWING, GROWTH, MANY, Scale, Size, Try
from benchmarks.machine import Facts, libraries
from benchmarks.reporting import heading, keep, run
from benchmarks.results import MOST_MEMORY, Spread
from benchmarks.rounds import SETTLE, Tell
from benchmarks.running import Cost
from benchmarks.systems import Baozhang
from benchmarks.table import facts
from benchmarks.workplace import clear, workplace

MIB = 2**20
FULL = Size(files=1_000_000, bytes=2 * 10**9, rounds=3)
SMALL = Size(files=20_000, bytes=20 * 10**6, rounds=1)
MOST_MANY = 2**30  # bytes; the largest process with a million small files
MOST_BIG = MOST_MEMORY
MOST_GROWTH = 11  # times as long, for ten times the files
SMALL_FILE = 6_000  # bytes that a small file takes on the disk with its backup, about
ROOM = 4  # big files that lie on the disk at once: source, repository, restored, and some air
RESTORED = "Restored folders equal their sources (diff), restored big files theirs (SHA-256)."
LIBRARIES = ("blake3", "cryptography", "pyfastcdc", "zstandard")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target, and what came out."""

    name: str
    figure: float
    target: float
    unit: str  # "bytes" or "times"
    met: bool | None  # None: not judged, for want of size


def benchmark(
    out: Path,
    size: Size,
    *,
    ours: Baozhang | None = None,
    settle: float = SETTLE,
    tell: Tell = lambda _text: None,
) -> str:
    """Measure, write `scale.json` and `scale.md` in `out`, and return the latter.

    Args:
        out: gets the two files, and a folder to work in while it lasts.
        size: how much, and how often times are taken.
        ours: the program.
        settle: seconds to wait after files were written.
        tell: is told of every process.

    Raises:
        BenchmarkError: something failed, or a restored file is not its source.
    """
    clear(out, "scale.json", "scale.md")
    ours = ours or Baozhang()
    head = heading(out, asdict(size), {ours.name: ours.version()} | libraries(*LIBRARIES))
    with workplace(out, needed=max(size.files * SMALL_FILE, ROOM * size.bytes)) as work:
        tries = Scale(ours, size, work, settle, tell).run()
    verdicts = judged(tries, full=size.covers(FULL))
    text = rendered(head, tries, verdicts)
    value = head | {
        "harness_peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "targets": [asdict(verdict) for verdict in verdicts],
        "tries": [asdict(one) for one in tries],
    }
    return keep(out, "scale", value, text)


def judged(tries: Sequence[Try], *, full: bool) -> list[Verdict]:
    """Return every target with its figure: the worst peak, the median growth.

    Args:
        tries: of all three questions.
        full: the run is of the size that targets are for.
    """
    found = []
    for part, most in ((MANY, MOST_MANY), (BIG, MOST_BIG)):
        peak = max(one.cost.peak for one in tries if one.part == part)
        kept = peak <= most if full else None
        found.append(Verdict(f"{part}, peak", peak, most, "bytes", kept))
    for operation in GROWING:
        few, many = (line.wall.median for line in grouped(tries, GROWTH, operation))
        times = many / few
        kept = times <= MOST_GROWTH if full else None
        found.append(Verdict(f"{GROWTH}, {operation}", times, MOST_GROWTH, "times", kept))
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """One operation on one corpus, all rounds together."""

    what: str
    operation: str
    wall: Spread
    cpu: Spread
    peak: int  # bytes


def grouped(tries: Sequence[Try], part: str, operation: str | None = None) -> list[Line]:
    """Return the lines of one question, fewer files first, of one operation or of all."""
    costs: dict[tuple[str, str], list[Cost]] = {}
    for one in tries:
        if one.part == part and operation in {None, one.operation}:
            costs.setdefault((one.what, one.operation), []).append(one.cost)
    return [
        Line(
            what,
            name,
            Spread.of([cost.wall for cost in own]),
            Spread.of([cost.cpu for cost in own]),
            max(cost.peak for cost in own),
        )
        for (what, name), own in costs.items()
    ]


def rendered(head: Facts, tries: Sequence[Try], verdicts: Sequence[Verdict]) -> str:
    """Return the report as Markdown."""
    lines = ["# How the vault grows\n", facts(head)]
    if any(verdict.met is None for verdict in verdicts):
        lines.append(
            f"This run is smaller than the one that targets are for ({FULL.files:,} files, "
            f"{FULL.bytes:,} bytes, {FULL.rounds} rounds): it shows that everything runs, and "
            "claims nothing.\n"
        )
    lines += ["| target | at most | found | |", "|---|---:|---:|---|"]
    for verdict in verdicts:
        met = {None: "not judged", True: "met", False: "missed"}[verdict.met]
        most, found = (_amount(value, verdict.unit) for value in (verdict.target, verdict.figure))
        lines.append(f"| {verdict.name} | {most} | {found} | {met} |")
    for part in (MANY, BIG, GROWTH):
        lines += [f"\n## {part[0].upper()}{part[1:]}\n"]
        lines += ["| | | wall s | CPU s | peak MiB |", "|---|---|---:|---:|---:|"]
        for line in grouped(tries, part):
            cells = f"{_seconds(line.wall)} | {_seconds(line.cpu)} | {line.peak / MIB:.0f}"
            lines.append(f"| {line.what} | {line.operation} | {cells} |")
    lines.append(f"\nMedian [least–most]; the worst peak. {RESTORED}\n")
    return "\n".join(lines)


def _amount(value: float, unit: str) -> str:
    return f"{value / MIB:.0f} MiB" if unit == "bytes" else f"{value:.1f} times"


def _seconds(spread: Spread) -> str:
    if spread.least == spread.most:
        return f"{spread.median:.2f}"
    return f"{spread.median:.2f} [{spread.least:.2f}–{spread.most:.2f}]"


def asked(words: Sequence[str]) -> tuple[Size, float, Path]:
    """Return what the command line asks for, how long to settle, and where results go."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--small", action="store_true", help="20,000 files, 20 MB, one round")
    parser.add_argument("--files", type=int, metavar="N", help="small files; growth: to a tenth")
    parser.add_argument("--bytes", type=int, metavar="N", help="of the big file")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often times are taken")
    parser.add_argument("--out", type=Path, default=Path("out/bench-scale"), metavar="DIR")
    found = parser.parse_args(words)
    given = {name: vars(found)[name] for name in ("files", "bytes", "rounds")}
    usual = SMALL if found.small else FULL
    size = replace(usual, **{name: n for name, n in given.items() if n is not None})
    if size.files < 100 or size.bytes < 10**6 or size.rounds < 1:
        parser.error("--files is from 100, --bytes from 1,000,000, --rounds from 1")
    return size, 0 if found.small else SETTLE, found.out


def main() -> None:
    """Measure what the command line asks for; exit 1 when anything failed."""
    size, settle, out = asked(sys.argv[1:])
    run(lambda tell: benchmark(out, size, settle=settle, tell=tell))


if __name__ == "__main__":
    main()
