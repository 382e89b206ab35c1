"""The vault beside borg and restic, on the same corpus, in turns.

    python -m benchmarks.vault [--small] [--clients N --months M --rounds N] [--profile] [--out D]

Writes `results.json` and `results.md` in D.  The full size is about 1 GB and five rounds, some
minutes each; `--small` is about 20 MB and one round.  What is measured: docs/benchmarks.md.
"""

import argparse
import resource
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.corpus import SEED, Census, make
from benchmarks.kinds import KindBench
from benchmarks.machine import Facts, libraries
from benchmarks.profiling import profiles
from benchmarks.reporting import heading, keep, run
from benchmarks.results import CLIENT, CORPUS, FULL, SIZES, Judging, memory, rows
from benchmarks.rounds import SETTLE, Bench, Tell, command_lines
from benchmarks.systems import Baozhang, System, present_peers
from benchmarks.table import Found, rendered
from benchmarks.workplace import clear, workplace

USUAL_CLIENT = 27 * 10**6
"""Bytes of the client that is also measured alone, as near as there is one."""

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


SMALL = Size(clients=2, months=4, rounds=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for.

    Attributes:
        size: how much.
        profile: our operations are run once more under the profiler, after the rounds.
        settle: seconds to wait after files were written.
    """

    size: Size
    profile: bool = False
    settle: float = SETTLE


def benchmark(
    out: Path,
    asked: Asked,
    systems: Sequence[System],
    *,
    left_out: Sequence[str] = (),
    tell: Tell = lambda _text: None,
) -> str:
    """Measure, write `results.json` and `results.md` in `out`, and return the latter.

    Args:
        out: gets the two files, and a folder to work in while it lasts.
        asked: how much.
        systems: ours first.
        left_out: peers that are not there, to be named in the report.
        tell: is told of every sample.

    Raises:
        BenchmarkError: something failed; no result file is written then.
    """
    clear(out, "results.json", "results.md")
    head = _head(out, asked.size, systems) | {"left_out": list(left_out)}
    tuned = [system.name for system in systems if system.tuned]
    judging = Judging(systems[0].name, tuned, full=asked.size.full)
    needed = asked.size.clients * asked.size.months * CLIENT_MONTH * ROOM
    with workplace(out, needed=needed) as work:
        found, samples = _measured(work, head, asked, systems, judging, tell)
    value = head | {
        "harness_peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "corpus": asdict(found.census),
        "one_client": found.alone,
        "changes": [asdict(change) for change in found.changes],
        "rows": [asdict(row) for row in found.rows],
        "kinds": [asdict(row) for row in found.kinds],
        "memory": asdict(found.memory),
        "profiles": [asdict(one) for one in found.profiles],
        "samples": samples,
    }
    return keep(out, "results", value, rendered(found, judging))


def _head(out: Path, size: Size, systems: Sequence[System]) -> Facts:
    versions = {system.name: system.version() for system in systems} | libraries(*LIBRARIES)
    head = heading(out, asdict(size) | {"seed": SEED}, versions)
    return head | {"commands": command_lines(systems)}


def _measured(
    work: Path, head: Facts, asked: Asked, systems: Sequence[System], judging: Judging, tell: Tell
) -> tuple[Found, list[Facts]]:
    """Measure all rounds, then the profiles, then every kind of file, on one growing corpus."""
    size, corpus = asked.size, work / "corpus"
    tell(f"making the corpus: {size.clients} clients, {size.months} months")
    census = make(corpus, clients=size.clients, months=size.months)
    alone = usual_client(census)
    scopes = {CORPUS: corpus, CLIENT: corpus / alone}
    bench = Bench(systems, corpus, scopes, work, size.rounds, settle=asked.settle, tell=tell)
    samples, changes = bench.run()
    day = size.rounds + 1
    profiled = []
    if asked.profile:
        tell("profiling")
        (work / "profiles").mkdir()
        profiled = profiles(replace(bench, day=day), work / "profiles")
        day += 1
    tell("one kind of file alone")
    kinds = KindBench(systems, corpus, work / "kinds", day, asked.settle).run()
    found_rows = rows(samples, judging)
    found = Found(
        head=head,
        census=census,
        alone=alone,
        changes=changes,
        rows=found_rows,
        kinds=rows(kinds, judging, SIZES),
        memory=memory(found_rows, judging),
        profiles=profiled,
    )
    return found, [asdict(sample) for sample in samples]


def usual_client(census: Census) -> str:
    """Return the client whose bytes are nearest to the usual ones."""
    return min(census.clients, key=lambda name: abs(census.clients[name] - USUAL_CLIENT))


def asked(words: Sequence[str]) -> tuple[Asked, Path]:
    """Return what the command line asks for, and where results go."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vault", description=__doc__)
    parser.add_argument("--small", action="store_true", help="about 20 MB and one round")
    for name in ("--rounds", "--clients", "--months"):
        parser.add_argument(name, type=int, metavar="N")
    parser.add_argument("--profile", action="store_true", help="say where our time goes")
    parser.add_argument("--out", type=Path, default=Path("out/bench"), metavar="DIR")
    found = parser.parse_args(words)
    given = {name: vars(found)[name] for name in ("rounds", "clients", "months")}
    usual = SMALL if found.small else Size(*FULL)
    size = replace(usual, **{name: n for name, n in given.items() if n is not None})
    if min(size.clients, size.months, size.rounds) < 1:
        parser.error("--clients, --months and --rounds are numbers from 1")
    return Asked(size, profile=found.profile), found.out


def main() -> None:
    """Measure what the command line asks for; exit 1 when anything failed."""
    wanted, out = asked(sys.argv[1:])
    peers, left_out = present_peers()
    if left_out:
        print(f"not installed, left out: {', '.join(left_out)} (tools/peers.sh)", file=sys.stderr)
    systems = (Baozhang(), *peers)
    run(lambda tell: benchmark(out, wanted, systems, left_out=left_out, tell=tell))


if __name__ == "__main__":
    main()
