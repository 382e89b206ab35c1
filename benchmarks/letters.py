"""Letters: one with three charts and a PDF, and a month's statements for all clients.

    python -m benchmarks.letters [--small] [--statements N] [--rounds N] [--out DIR]

Writes `letters.json` and `letters.md` in DIR.  The first letter of a process, which loads fonts
and fills caches, is made before the clock starts.  Statements are made by one process per
processor, with their PDF; each says what memory it holds after a tenth of its share and at the
end.  `--small` is ten statements and one round.
"""

import argparse
import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time

from baozhang.words import CHINESE
from benchmarks.machine import libraries
from benchmarks.reporting import heading, keep, run
from benchmarks.results import Spread
from benchmarks.running import BenchmarkError
from benchmarks.table import facts
from benchmarks.workplace import clear
from reports.page import Letter
from reports.render import render
from reports.statement import render_statement
from tests.reports import offices, pages

LETTER = 1.5  # seconds, at most, for a letter with three charts and a PDF
MINUTES = 10  # at most, for a thousand statements on two processors
GROWTH = 1.1  # times the memory after a tenth of the statements, at most, at their end
MIB = 2**20
_WARM = 20  # statements until caches of fonts and templates are full


@dataclass(frozen=True, slots=True)
class Share:
    """What one process made of the statements."""

    statements: int
    wall: float  # seconds
    cpu: float  # seconds
    early: int  # bytes held after a tenth
    late: int  # bytes held at the end
    stored: int  # bytes of all their PDFs


def measure(
    out: Path,
    *,
    statements: int,
    rounds: int,
    tell: Callable[[str], None] = lambda _text: None,
) -> str:
    """Measure, write `letters.json` and `letters.md` in `out`, and return the latter.

    Raises:
        BenchmarkError: a letter came without its charts or its PDF; no file is written then.
    """
    clear(out, "letters.json", "letters.md")
    head = heading(
        out,
        {"statements": statements, "rounds": rounds},
        libraries("weasyprint", "matplotlib", "jinja2"),
    )
    charted()
    took = [_timed(charted) for _ in range(rounds)]
    tell(f"three charts and a PDF: {min(wall for wall, _ in took):.2f} s")
    began = perf_counter()
    shares = _shares(statements, os.cpu_count() or 1)
    wall = perf_counter() - began
    tell(f"{statements} statements: {wall:.1f} s")
    value = head | {"letter": took, "wall": wall, "shares": [asdict(share) for share in shares]}
    return keep(out, "letters", value, rendered(head, took, wall, shares))


def charted() -> Letter:
    """Make a letter of three charts, a table of twenty rows, and a PDF."""
    page = pages.page(sections=pages.sections(rows=20))
    return _whole(render(page, template="restore_test", language=CHINESE, pdf=True), 3)


def _whole(letter: Letter, charts: int) -> Letter:
    if not letter.pdf or len(letter.pictures) != charts:
        raise BenchmarkError("a letter came without its charts or its PDF")
    return letter


def _timed(made: Callable[[], Letter]) -> tuple[float, float]:
    """Return wall and CPU seconds."""
    began, worked = perf_counter(), process_time()
    made()
    return perf_counter() - began, process_time() - worked


def _shares(statements: int, processes: int) -> list[Share]:
    parts = [statements // processes + (i < statements % processes) for i in range(processes)]
    fresh = multiprocessing.get_context("spawn")  # nothing of this process counts as theirs
    with ProcessPoolExecutor(processes, mp_context=fresh) as pool:
        return list(pool.map(_share, [part for part in parts if part]))


def _share(statements: int) -> Share:
    _statement(0)
    began, worked, early, stored = perf_counter(), process_time(), 0, 0
    for number in range(1, statements + 1):
        stored += len(_statement(number).pdf)
        if number <= max(_WARM, statements // 10):
            early = _held()
    wall, cpu = perf_counter() - began, process_time() - worked
    return Share(statements, wall, cpu, early, _held(), stored)


def _statement(number: int) -> Letter:
    value = offices.letter_to(offices.sound(f"c{number:04d}"))
    return _whole(render_statement(value, number=number + 1, pdf=True), 0)


def _held() -> int:
    """Return the bytes this process holds in memory (proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def rendered(
    head: Mapping[str, object],
    took: Sequence[tuple[float, float]],
    wall: float,
    shares: Sequence[Share],
) -> str:
    """Return the report as Markdown."""
    letter, cpu = Spread.of([each[0] for each in took]), Spread.of([each[1] for each in took])
    count = sum(share.statements for share in shares)
    thousand = wall / count * 1000 / 60
    growth = max(share.late / share.early for share in shares)
    held = max(share.late for share in shares) / MIB
    stored = sum(share.stored for share in shares) / count / 1000
    rows = [
        ("letter with three charts and a PDF, s",
         f"{letter.median:.2f} ({letter.least:.2f} – {letter.most:.2f})", f"{LETTER}"),
        ("the same, CPU s", f"{cpu.median:.2f} ({cpu.least:.2f} – {cpu.most:.2f})", ""),
        (f"{count} statements with PDF by {len(shares)} processes, s", f"{wall:.1f}", ""),
        ("a thousand of them, at that pace, min", f"{thousand:.1f}", f"{MINUTES}"),
        ("CPU seconds of a statement", f"{sum(s.cpu for s in shares) / count:.3f}", ""),
        ("memory of a process at the end, MiB", f"{held:.0f}", ""),
        ("the same, times that after a tenth", f"{growth:.2f}", f"{GROWTH}"),
        ("PDF of a statement, kB", f"{stored:.0f}", ""),
    ]  # fmt: skip
    table = ["| figure | measured | at most |", "|---|---|---|"]
    table += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(["# Letters\n", facts(head), *table, ""])


def main() -> None:
    """Measure and print the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.letters")
    parser.add_argument("--small", action="store_true", help="ten statements, one round")
    parser.add_argument("--statements", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("out/bench-letters"))
    asked = parser.parse_args()
    statements, rounds = (10, 1) if asked.small else (asked.statements, asked.rounds)
    run(lambda tell: measure(asked.out, statements=statements, rounds=rounds, tell=tell))


if __name__ == "__main__":
    main()
