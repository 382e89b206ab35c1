"""The vault beside borg and restic, on the same corpus, in turns.

    python -m benchmarks.vault [--small] [--rounds N] [--clients N --months M] [--out DIR]

Writes `results.json` and `results.md` in DIR.  The full size is about 1 GB and five rounds, some
minutes each; `--small` is about 40 MB and two rounds.  What is measured: docs/benchmarks.md.
"""

import argparse
import json
import resource
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.corpus import SEED, Census, make
from benchmarks.machine import busy, commit, libraries, machine, now
from benchmarks.results import CLIENT, CORPUS, FULL, rows
from benchmarks.rounds import SETTLE, Bench, Tell, command_lines
from benchmarks.running import BenchmarkError
from benchmarks.systems import Baozhang, System, present_peers
from benchmarks.table import rendered
from benchmarks.workplace import clear, workplace

USUAL_CLIENT = (
    27 * 10**6
)  # bytes of the client that is also measured alone, as near as there is one
LIBRARIES = ("blake3", "cryptography", "pyfastcdc", "zstandard")
CLIENT_MONTH = 2_400_000  # bytes of a client's month, about
ROOM = 5  # corpora that lie on the disk at once: the corpus, repositories, one restored copy


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured, and how often."""

    clients: int
    months: int
    rounds: int

    @property
    def full(self) -> bool:
        """Whether it is the size that targets are for."""
        return (self.clients, self.months) == FULL[:2] and self.rounds >= FULL[2]


SMALL = Size(clients=2, months=9, rounds=2)


def benchmark(
    out: Path,
    size: Size,
    systems: Sequence[System],
    *,
    left_out: Sequence[str] = (),
    settle: float = SETTLE,
    tell: Tell = lambda _text: None,
) -> str:
    """Measure, write `results.json` and `results.md` in `out`, and return the latter.

    Args:
        out: gets the two files, and a folder to work in while it lasts.
        size: how much.
        systems: ours first.
        left_out: peers that are not there, to be named in the report.
        settle: seconds to wait after the corpus was written.
        tell: is told of every sample.

    Raises:
        BenchmarkError: something failed; no result file is written then.
    """
    clear(out, "results.json", "results.md")
    head = {
        "date": now(),
        "commit": commit(),
        "size": asdict(size) | {"seed": SEED},
        "machine": machine(out),
        "versions": {system.name: system.version() for system in systems} | libraries(*LIBRARIES),
        "warning": busy(),
        "left_out": list(left_out),
        "commands": command_lines(systems),
    }
    with workplace(out, needed=size.clients * size.months * CLIENT_MONTH * ROOM) as work:
        tell(f"making the corpus: {size.clients} clients, {size.months} months")
        corpus = work / "corpus"
        census = make(corpus, clients=size.clients, months=size.months)
        scopes = {CORPUS: corpus, CLIENT: corpus / usual_client(census)}
        bench = Bench(systems, corpus, scopes, work, size.rounds, settle=settle, tell=tell)
        samples, changes = bench.run()
    ours = systems[0].name
    found = rows(samples, ours=ours, full=size.full)
    value = head | {
        "harness_peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "corpus": asdict(census),
        "one_client": usual_client(census),
        "changes": [asdict(change) for change in changes],
        "rows": [asdict(row) for row in found],
        "samples": [asdict(sample) for sample in samples],
    }
    text = rendered(
        head=head,
        census=census,
        alone=usual_client(census),
        changes=changes,
        rows=found,
        ours=ours,
        full=size.full,
    )
    (out / "results.json").write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")
    (out / "results.md").write_text(text)
    return text


def usual_client(census: Census) -> str:
    """Return the client whose bytes are nearest to the usual ones."""
    return min(census.clients, key=lambda name: abs(census.clients[name] - USUAL_CLIENT))


def asked(words: Sequence[str]) -> tuple[Size, Path]:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vault", description=__doc__)
    parser.add_argument("--small", action="store_true", help="about 40 MB and two rounds")
    for name in ("--rounds", "--clients", "--months"):
        parser.add_argument(name, type=int, metavar="N")
    parser.add_argument("--out", type=Path, default=Path("out/bench"), metavar="DIR")
    found = parser.parse_args(words)
    given = {name: vars(found)[name] for name in ("rounds", "clients", "months")}
    usual = SMALL if found.small else Size(*FULL)
    size = replace(usual, **{name: n for name, n in given.items() if n is not None})
    if min(size.clients, size.months, size.rounds) < 1:
        parser.error("--clients, --months and --rounds are numbers from 1")
    return size, found.out


def main() -> None:
    """Measure what the command line asks for; exit 1 when anything failed."""
    size, out = asked(sys.argv[1:])
    peers, left_out = present_peers()
    if left_out:
        print(f"not installed, left out: {', '.join(left_out)} (tools/peers.sh)", file=sys.stderr)
    try:
        text = benchmark(
            out,
            size,
            (Baozhang(), *peers),
            left_out=left_out,
            tell=lambda line: print(line, file=sys.stderr, flush=True),
        )
    except BenchmarkError as error:
        print(f"the benchmark failed: {error}", file=sys.stderr)
        sys.exit(1)
    print(text)


if __name__ == "__main__":
    main()
