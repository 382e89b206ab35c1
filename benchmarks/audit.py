"""The audit of an agency: a year of its nights, put to the tests of all controls, and judged.

    python -m benchmarks.audit [--small] [--clients N] [--nights N] [--rounds N] [--out DIR]

Writes `audit.json` and `audit.md` in DIR.  The agency is made below DIR by a process of its own and
removed afterwards.  Time is that of gathering and judging, with the site open; memory is the peak
of the whole process.  `--small` is ten clients, a hundred nights and one round.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.machine import ROOT, libraries
from benchmarks.reporting import heading, keep, run
from benchmarks.results import Spread
from benchmarks.running import BenchmarkError, Command
from benchmarks.running import run as timed
from benchmarks.table import facts
from benchmarks.workplace import clear, workplace

SECONDS = 60  # at most, for gathering and judging
PEAK = 500  # MiB, at most
LEAST = 11  # of the kinds of tests asked for must have found something
FULL = (1000, 365)  # clients and nights from which the targets are judged
MIB = 2**20

Round = Mapping[str, object]


def measure(
    out: Path,
    *,
    clients: int,
    nights: int,
    rounds: int,
    tell: Callable[[str], None] = lambda _text: None,
) -> str:
    """Measure, write `audit.json` and `audit.md` in `out`, and return the latter.

    Raises:
        BenchmarkError: a process failed, or a kind of test found nothing; no file is written then.
    """
    clear(out, "audit.json", "audit.md")
    size = {"clients": clients, "nights": nights, "rounds": rounds}
    head = heading(out, size, libraries("sqlalchemy", "pydantic"))
    with workplace(out) as work:
        _process(work, "make", work / "agency", clients, nights)
        tell(f"{clients} clients over {nights} nights are made")
        taken = [_judged(work, nights) for _ in range(rounds)]
    value = head | {"rounds": taken}
    return keep(out, "audit", value, rendered(head, (clients, nights), taken))


def _judged(work: Path, nights: int) -> Round:
    peak, said = _process(work, "judge", work / "agency", nights)
    found: dict[str, object] = json.loads(said)
    results = found["results"]
    if not isinstance(results, dict) or "inconclusive" in results.values() or len(results) < LEAST:
        raise BenchmarkError(f"the audit was not able to judge: {results}")
    return found | {"peak": peak}


def _process(work: Path, do: str, home: Path, *sizes: int) -> tuple[int, str]:
    """Return the peak in bytes of a process, and the last line that it printed."""
    words = (sys.executable, "-m", "benchmarks.audited", do, str(home), *map(str, sizes))
    log = work / f"{do}.log"
    cost = timed(Command(words, ROOT), dict(os.environ), log)
    return cost.peak, (log.read_text("utf-8").splitlines() or [""])[-1]


def rendered(head: Mapping[str, object], size: tuple[int, int], taken: Sequence[Round]) -> str:
    """Return the report as Markdown; targets are judged at the full size alone."""
    full = size >= FULL
    wall = Spread.of([_number(each, "wall") for each in taken])
    cpu = Spread.of([_number(each, "cpu") for each in taken])
    gathering = Spread.of([_number(each, "gather_cpu") for each in taken])
    peak = max(_number(each, "peak") for each in taken) / MIB
    one = taken[0]
    rows = [
        (
            "gathering and judging, s",
            _spread(wall),
            f"{SECONDS}",
            _met(wall.median, SECONDS, full=full),
        ),
        ("the same, CPU s", _spread(cpu), "", ""),
        ("gathering alone, CPU s", _spread(gathering), "", ""),
        ("peak of the process, MiB", f"{peak:.0f}", f"{PEAK}", _met(peak, PEAK, full=full)),
        ("outcomes of backups", f"{one['outcomes']}", "", ""),
        ("controls", f"{one['controls']}", "", ""),
        ("tests that were answered", f"{one['tests']}", "", ""),
    ]
    table = ["| figure | measured | at most | reached |", "|---|---|---|---|"]
    table += [f"| {' | '.join(row)} |" for row in rows]
    small = [] if full else ["\nToo small to judge: this run claims nothing.\n"]
    return "\n".join(["# Audit\n", facts(head), *table, *small, ""])


def _number(taken: Round, name: str) -> float:
    value = taken[name]
    if not isinstance(value, int | float):
        raise BenchmarkError(f"{name} was not measured")
    return value


def _spread(found: Spread) -> str:
    return f"{found.median:.1f} ({found.least:.1f} – {found.most:.1f})"


def _met(figure: float, most: float, *, full: bool) -> str:
    return ("yes" if figure <= most else "NO") if full else ""


def main() -> None:
    """Measure and print the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audit")
    parser.add_argument("--small", action="store_true", help="ten clients, 100 nights, one round")
    parser.add_argument("--clients", type=int, default=FULL[0])
    parser.add_argument("--nights", type=int, default=FULL[1])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("out/bench-audit"))
    asked = parser.parse_args()
    sizes = (10, 100, 1) if asked.small else (asked.clients, asked.nights, asked.rounds)
    clients, nights, rounds = sizes
    run(lambda tell: measure(asked.out, clients=clients, nights=nights, rounds=rounds, tell=tell))


if __name__ == "__main__":
    main()
