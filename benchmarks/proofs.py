"""How many voucher lines a second are proven, and judged, per kind of export.

    python -m benchmarks.proofs [--small] [--rounds N] [--months M] [--out DIR]

Writes `proofs.json` and `proofs.md` in DIR.  Taking a proof reads a book once; judging a restored
one reads it once too, and lays what it found before Great Expectations.  Books of 10,000, a million
and five million lines follow, then several processes that judge books of 10,000 lines at once.
`--small` is one month, one round, and 10,000 lines.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.corpus import make
from benchmarks.machine import libraries
from benchmarks.reporting import heading, keep, run
from benchmarks.results import Spread
from benchmarks.running import said
from benchmarks.sizes import LINE_BYTES, measure_sizes
from benchmarks.table import facts
from benchmarks.workplace import clear, workplace

ROOT = Path(__file__).parent.parent
BOOKS = {"cn_csv": "c001", "yonyou_t3": "c002", "fec": "c003"}
"""Profile to the client of the sample agency whose books it reads."""

WORKS = {"taking": "a proof taken", "judging": "a ledger judged"}
"""Module that does it to what it does."""

CLIENT_MONTH = 2_400_000  # bytes, about


@dataclass(frozen=True, slots=True)
class Sample:
    """One proof taken, or one book judged."""

    profile: str
    module: str
    lines: int
    wall: float  # seconds, imports not counted
    cpu: float
    peak: int  # bytes of the process, imports counted


def benchmark(
    out: Path,
    *,
    months: int,
    rounds: int,
    books: Mapping[str, str] = BOOKS,
    sizes: Sequence[int] = (),
    times: int = 5,
    tell: Callable[[str], None] = lambda _text: None,
) -> str:
    """Measure, write `proofs.json` and `proofs.md` in `out`, and return the latter.

    Args:
        out: gets the two files, and a folder to work in while it lasts.
        months: of the generated books; the French ledger is as it is.
        rounds: how often each figure is taken.
        books: which profiles, and whose books they read.
        sizes: further books by how many lines they have, about.
        times: how often each of several processes judges a book of the least of them.
        tell: is told of every sample.

    Raises:
        BenchmarkError: something failed; no result file is written then.
    """
    clear(out, "proofs.json", "proofs.md")
    size = {"months": months, "rounds": rounds}
    head = heading(out, size, libraries("great-expectations", "pandas"))
    room = 3 * months * CLIENT_MONTH + max(sizes, default=0) * LINE_BYTES
    with workplace(out, needed=room) as work:
        make(work / "corpus", clients=2, months=months, fec=True)
        samples = []
        for number in range(rounds):
            for profile, client in books.items():
                for module, called in WORKS.items():
                    samples.append(_sample(module, profile, work / "corpus" / client))
                    tell(f"round {number + 1}, {profile}, {called}: {samples[-1].wall:.2f} s")
        sized = measure_sizes(work, sizes, times=times, tell=tell)
    text = rendered(head, samples) + sized.rendered()
    value = head | {"samples": [asdict(sample) for sample in samples], "sizes": asdict(sized)}
    return keep(out, "proofs", value, text)


def _sample(module: str, profile: str, folder: Path) -> Sample:
    words = [sys.executable, "-m", f"benchmarks.{module}", profile, str(folder)]
    return Sample(profile, module, **json.loads(said(words, ROOT).splitlines()[-1]))


def rendered(head: Mapping[str, object], samples: Sequence[Sample]) -> str:
    """Return the report as Markdown."""
    lines = ["# Proofs\n", facts(head)]
    lines += ["| export | | lines | lines/s, wall | lines/s, CPU | peak MiB |"]
    lines += ["|---|---|---:|---:|---:|---:|"]
    for profile in dict.fromkeys(one.profile for one in samples):
        for module, called in WORKS.items():
            own = [one for one in samples if (one.profile, one.module) == (profile, module)]
            wall = Spread.of([one.lines / one.wall for one in own])
            cpu = Spread.of([one.lines / one.cpu for one in own])
            peak = max(one.peak for one in own) / 2**20
            cells = (f"{own[0].lines:,}", _rate(wall), _rate(cpu), f"{peak:.0f}")
            lines.append(f"| {profile} | {called} | {' | '.join(cells)} |")
    return "\n".join([*lines, "\nMedian [least–most]. Lines are voucher lines.\n"])


def _rate(spread: Spread) -> str:
    return f"{spread.median:,.0f} [{spread.least:,.0f}–{spread.most:,.0f}]"


def main() -> None:
    """Measure what the command line asks for; exit 1 when anything failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.proofs", description=__doc__)
    parser.add_argument("--small", action="store_true", help="one month, one round")
    parser.add_argument("--rounds", type=int, metavar="N")
    parser.add_argument("--months", type=int, metavar="M")
    parser.add_argument("--out", type=Path, default=Path("out/bench"), metavar="DIR")
    asked = parser.parse_args()
    usual = (1, 1) if asked.small else (12, 5)
    months = usual[0] if asked.months is None else asked.months
    rounds = usual[1] if asked.rounds is None else asked.rounds
    if min(months, rounds) < 1:
        parser.error("--months and --rounds are numbers from 1")
    sizes = (10_000,) if asked.small else (10_000, 1_000_000, 5_000_000)
    times = 5 if asked.small else 50
    run(
        lambda tell: benchmark(
            asked.out, months=months, rounds=rounds, sizes=sizes, times=times, tell=tell
        )
    )


if __name__ == "__main__":
    main()
