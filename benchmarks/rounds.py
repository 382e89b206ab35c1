"""A round: every system does the same on the same bytes, one after the other.

    make vaults ─► first backup ─► no change ─► a day passes ─► day's change ─► restore ─► verify
                                                                                   └─► diff

Within each operation the systems take turns, and each round another one begins, so that a slow
moment of the machine hits all alike.  Only the processes between the arrows are measured.  The
corpus grows by a day each round; repositories are made anew.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpus import Change, pass_day
from benchmarks.running import Command, Cost, run, said
from benchmarks.systems import Place, System

FIRST, AGAIN, DAY = "first backup", "no change", "a day's change"
RESTORE, VERIFY = "restore", "verify every byte"
OPERATIONS = (FIRST, AGAIN, DAY, RESTORE, VERIFY)
SETTLE = 2.5  # seconds; programs that look at times distrust a file written just now

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured process."""

    round: int  # from 1
    scope: str  # the corpus, or one client of it
    system: str
    operation: str
    wall: float  # seconds
    cpu: float  # seconds
    peak: int  # bytes
    added: int  # bytes by which the repository grew
    repository: int  # bytes of the repository's files afterwards


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured: systems, and folders of one corpus by the name of their scope."""

    systems: Sequence[System]
    corpus: Path
    scopes: dict[str, Path]
    work: Path
    rounds: int
    day: int = 1  # the corpus' first day that has not passed yet
    settle: float = SETTLE
    tell: Tell = lambda _text: None

    def run(self) -> tuple[list[Sample], list[Change]]:
        """Measure all rounds.

        Returns:
            All samples in the order they were taken, and what each round's day changed.

        Raises:
            BenchmarkError: a command failed, or a restore is not its source.
        """
        samples: list[Sample] = []
        changes: list[Change] = []
        time.sleep(self.settle)
        for number in range(1, self.rounds + 1):
            turn = _Turn(self, number)
            turn.create()
            samples += turn.measure(FIRST, AGAIN)
            changes.append(pass_day(self.corpus, self.day + number - 1))
            time.sleep(self.settle)
            samples += turn.measure(DAY, RESTORE, VERIFY)
            shutil.rmtree(turn.folder)
        return samples, changes


class _Turn:
    """One round's repositories, and the operations on them."""

    def __init__(self, bench: Bench, number: int) -> None:
        self._bench, self._number = bench, number
        self.folder = bench.work / f"round-{number}"
        begins = (number - 1) % len(bench.systems)
        self._systems = (*bench.systems[begins:], *bench.systems[:begins])

    def create(self) -> None:
        for scope in self._bench.scopes:
            for system in self._systems:
                place = self._place(scope, system)
                place.home.mkdir(parents=True)
                self._run(system, place, system.create(place))

    def measure(self, *operations: str) -> Iterator[Sample]:
        for scope in self._bench.scopes:
            for operation in operations:
                for system in self._systems:
                    yield self._sample(scope, system, operation)

    def _sample(self, scope: str, system: System, operation: str) -> Sample:
        place = self._place(scope, system)
        before = folder_bytes(place.repo)
        if operation == RESTORE:
            cost = self._restore(system, place)
        else:
            verify = operation == VERIFY
            command = system.verify(place) if verify else system.backup(place, label_of(operation))
            cost = self._run(system, place, command)
        after = folder_bytes(place.repo)
        self._bench.tell(
            f"round {self._number}, {scope}, {operation}: {system.name} {cost.wall:.2f} s"
        )
        facts = (self._number, scope, system.name, operation, cost.wall, cost.cpu, cost.peak)
        return Sample(*facts, added=after - before, repository=after)

    def _restore(self, system: System, place: Place) -> Cost:
        target = place.home / "restored"
        target.mkdir()
        cost = self._run(system, place, system.restore(place, label_of(DAY), target))
        said(["diff", "--recursive", "--no-dereference", str(place.source), str(target)])
        shutil.rmtree(target)
        return cost

    def _run(self, system: System, place: Place, command: Command) -> Cost:
        os.sync()  # what the one before left to write is not this one's work
        return run(command, system.environment(place), self.folder / "last.log")

    def _place(self, scope: str, system: System) -> Place:
        number = self._bench.systems.index(system)
        below = self.folder / f"{list(self._bench.scopes).index(scope)}-{number}"
        return Place(self._bench.scopes[scope], below / "repo", below / "home")


def label_of(operation: str) -> str:
    """Return a short name of an operation, for the snapshot that it makes."""
    return f"{OPERATIONS.index(operation)}"


def folder_bytes(folder: Path) -> int:
    """Return the sizes of all files below a folder, summed."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def command_lines(systems: Sequence[System]) -> dict[str, dict[str, str]]:
    """Return per system the command line of every operation, with short words for the folders."""
    short = Place(Path("/SOURCE"), Path("/REPO"), Path("/HOME"))
    lines = {}
    for system in systems:
        commands = {
            FIRST: system.backup(short, label_of(FIRST)),
            RESTORE: system.restore(short, label_of(DAY), Path("/TARGET")),
            VERIFY: system.verify(short),
        }
        lines[system.name] = {
            operation: " ".join((Path(command.words[0]).name, *command.words[1:]))
            for operation, command in commands.items()
        }
    return lines
