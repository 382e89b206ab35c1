"""One kind of file alone: what it takes in each repository, and what a day adds.

    copies of each kind ─► backup ─► a day passes in the corpus ─► copies follow ─► backup

Bytes only, and once: nothing here is timed, so kinds are worked on side by side.
"""

import os
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.corpus import files_of, kind_of, pass_day
from benchmarks.rounds import DAY, FIRST, Sample, folder_bytes, label_of
from benchmarks.running import run
from benchmarks.systems import Place, System

KINDS = {
    "SQLite books": ("SQLite books",),
    "CSV books": ("CSV books",),
    "invoices": ("invoices",),
    "workbooks and contracts": ("workbooks", "contracts"),
}
"""Name in the report to the kinds of the corpus."""


@dataclass(frozen=True, slots=True)
class KindBench:
    """What is backed up kind by kind, and with what."""

    systems: Sequence[System]
    corpus: Path
    work: Path  # a folder that is there
    day: int  # the corpus' first day that has not passed yet
    settle: float

    def run(self) -> list[Sample]:
        """Back up every kind with every system, twice.

        Returns:
            Samples of the first backup and of the day's; their scope is the kind's name.

        Raises:
            BenchmarkError: a command failed.
        """
        found = self._all(FIRST)
        pass_day(self.corpus, self.day)
        return found + self._all(DAY)

    def _all(self, operation: str) -> list[Sample]:
        kinds = kinds_in(self.corpus)
        for kind in kinds:
            follow(self.corpus, self._folder(kind) / "source", KINDS[kind])
        time.sleep(self.settle)
        with ThreadPoolExecutor(os.cpu_count()) as workers:
            by_kind = list(workers.map(partial(self._samples, operation), kinds))
        return [sample for samples in by_kind for sample in samples]

    def _samples(self, operation: str, kind: str) -> list[Sample]:
        return [self._sample(operation, kind, number) for number in range(len(self.systems))]

    def _sample(self, operation: str, kind: str, number: int) -> Sample:
        system, below = self.systems[number], self._folder(kind) / str(number)
        place = Place(self._folder(kind) / "source", below / "repo", below / "home")
        env, log = system.environment(place), below / "last.log"
        if operation == FIRST:
            place.home.mkdir(parents=True)
            run(system.create(place), env, log)
        before = folder_bytes(place.repo)
        cost = run(system.backup(place, label_of(operation)), env, log)
        after = folder_bytes(place.repo)
        facts = (1, kind, system.name, operation, cost.wall, cost.cpu, cost.peak)
        return Sample(*facts, added=after - before, repository=after)

    def _folder(self, kind: str) -> Path:
        return self.work / kind.replace(" ", "-")


def kinds_in(corpus: Path) -> list[str]:
    """Return the kinds that a corpus has files of."""
    there = {kind_of(path) for path, _ in files_of(corpus)}
    return [name for name, kinds in KINDS.items() if there.intersection(kinds)]


def follow(corpus: Path, copy: Path, kinds: Sequence[str]) -> None:
    """Make a folder hold the corpus' files of some kinds; only what changed is written again."""
    wanted = {path.relative_to(corpus) for path, _ in files_of(corpus) if kind_of(path) in kinds}
    copy.mkdir(parents=True, exist_ok=True)
    for path, _ in list(files_of(copy)):
        if path.relative_to(copy) not in wanted:
            path.unlink()
    for name in sorted(wanted):
        if not _same(corpus / name, copy / name):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(corpus / name, copy / name)


def _same(original: Path, copy: Path) -> bool:
    if not copy.exists():
        return False
    one, other = original.stat(), copy.stat()
    return (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)
