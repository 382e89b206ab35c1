"""How many voucher lines a second are proven, and judged, per kind of export.

    python -m benchmarks.proofs [--small] [--rounds N] [--months M] [--out DIR]

Writes `proofs.json` and `proofs.md` in DIR.  Taking a proof reads a book once; judging a restored
one reads it twice and evaluates every expectation.  `--small` is one month and one round.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.corpus import make
from benchmarks.machine import busy, commit, libraries, machine, now
from benchmarks.results import Spread
from benchmarks.running import BenchmarkError, said
from benchmarks.workplace import workplace

ROOT = Path(__file__).parent.parent
BOOKS = {"cn_csv": "c001", "yonyou_t3": "c002", "fec": "c003"}
"""Profile to the client of the sample agency whose books it reads."""

VERBS = {"take": "a proof taken", "judge": "a ledger judged"}
CLIENT_MONTH = 2_400_000  # bytes, about


@dataclass(frozen=True, slots=True)
class Sample:
    """One proof taken, or one book judged."""

    profile: str
    verb: str
    lines: int
    wall: float  # seconds, imports not counted
    cpu: float
    peak: int  # bytes of the process, imports counted


def benchmark(
    out: Path, *, months: int, rounds: int, tell: Callable[[str], None] = lambda _text: None
) -> str:
    """Measure, write `proofs.json` and `proofs.md` in `out`, and return the latter.

    Raises:
        BenchmarkError: something failed; no result file is written then.
    """
    out.mkdir(parents=True, exist_ok=True)
    for stale in ("proofs.json", "proofs.md"):
        (out / stale).unlink(missing_ok=True)
    head = {
        "date": now(),
        "commit": commit(),
        "size": {"months": months, "rounds": rounds},
        "machine": machine(out),
        "versions": libraries(),
        "warning": busy(),
    }
    with workplace(out, needed=3 * months * CLIENT_MONTH) as work:
        make(work / "corpus", clients=2, months=months, fec=True)
        samples = []
        for number in range(rounds):
            for profile, client in BOOKS.items():
                for verb in VERBS:
                    samples.append(_sample(verb, profile, work / "corpus" / client))
                    tell(f"round {number + 1}, {profile}: {VERBS[verb]}, {samples[-1].wall:.2f} s")
    text = rendered(head, samples)
    value = head | {"samples": [asdict(sample) for sample in samples]}
    (out / "proofs.json").write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")
    (out / "proofs.md").write_text(text)
    return text


def _sample(verb: str, profile: str, folder: Path) -> Sample:
    words = [sys.executable, "-m", "benchmarks.proving", verb, profile, str(folder)]
    return Sample(profile, verb, **json.loads(said(words, ROOT).splitlines()[-1]))


def rendered(head: dict[str, object], samples: Sequence[Sample]) -> str:
    """Return the report as Markdown."""
    lines = ["# Proofs\n", *(f"- {name}: {value}" for name, value in head.items() if value), ""]
    lines += ["| export | | lines | lines/s, wall | lines/s, CPU | peak MiB |"]
    lines += ["|---|---|---:|---:|---:|---:|"]
    for profile in BOOKS:
        for verb, called in VERBS.items():
            own = [one for one in samples if (one.profile, one.verb) == (profile, verb)]
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
    try:
        text = benchmark(
            asked.out,
            months=months,
            rounds=rounds,
            tell=lambda line: print(line, file=sys.stderr, flush=True),
        )
    except BenchmarkError as error:
        print(f"the benchmark failed: {error}", file=sys.stderr)
        sys.exit(1)
    print(text)


if __name__ == "__main__":
    main()
