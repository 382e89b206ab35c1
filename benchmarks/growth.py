"""The three questions of `benchmarks.scale`, asked of one program.

many    a million files ─► backup ─► no change ─► restore, only told ─► verify
big     a file of pages, a file of text, each at a tenth and whole ─►
        backup ─► a hundredth changes ─► backup ─► restore ─► same hash? ─► verify
growth  n files and 10 n files in turns ─► backup ─► no change ─► restore ─► verify
"""

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rounds import AGAIN, DAY, FIRST, RESTORE, VERIFY, Tell, label_of
from benchmarks.running import BenchmarkError, Command, Cost, run, said
from benchmarks.systems import Baozhang, Place

ROOT = Path(__file__).parent.parent
MANY, BIG, GROWTH = "small files", "one big file", "ten times the files"
REHEARSE = "restore, dry run"
GROWING = (FIRST, AGAIN, RESTORE, VERIFY)
BIG_KINDS = {"pages": "books.db", "text": "journal.csv"}


@dataclass(frozen=True, slots=True)
class Size:
    """How much, and how often times are taken."""

    files: int  # small ones; growth is measured from a hundredth of them to a tenth
    bytes: int  # of the big file
    rounds: int

    def covers(self, other: "Size") -> bool:
        """Return whether it is at least as much as another."""
        return (
            self.files >= other.files and self.bytes >= other.bytes and self.rounds >= other.rounds
        )


@dataclass(frozen=True, slots=True)
class Try:
    """One measured process."""

    part: str
    what: str  # the corpus
    operation: str
    round: int  # from 1
    cost: Cost


@dataclass(frozen=True, slots=True)
class Scale:
    """One program, how much it is given, and where."""

    ours: Baozhang
    size: Size
    work: Path
    settle: float
    tell: Tell

    def run(self) -> list[Try]:
        """Ask all three questions.

        Raises:
            BenchmarkError: a command failed, or what was restored is not its source.
        """
        return [*self._many(), *self._big(), *self._growth()]

    def _many(self) -> Iterator[Try]:
        place = self._made(MANY, "many", self.size.files)
        what = f"{self.size.files:,} files"
        for operation in (FIRST, AGAIN, REHEARSE, VERIFY):
            yield self._try(MANY, what, operation, place)
        shutil.rmtree(place.home.parent)

    def _big(self) -> Iterator[Try]:
        for kind, name in BIG_KINDS.items():
            for size in (self.size.bytes // 10, self.size.bytes):
                place = self._made(BIG, kind, size, name)
                what = f"{kind}, {size / 10**6:,.0f} MB"
                yield self._try(BIG, what, FIRST, place)
                _bulk("change", place.source / name)
                time.sleep(self.settle)
                for operation in (DAY, RESTORE, VERIFY):
                    yield self._try(BIG, what, operation, place)
                shutil.rmtree(place.home.parent)

    def _growth(self) -> Iterator[Try]:
        counts = (self.size.files // 100, self.size.files // 10)
        places = {count: self._made(f"{GROWTH} {count}", "many", count) for count in counts}
        for number in range(1, self.size.rounds + 1):
            for operation in GROWING:
                for count in counts if number % 2 else reversed(counts):
                    what = f"{count:,} files"
                    yield self._try(GROWTH, what, operation, places[count], number)
            for place in places.values():
                self._renew(place)
        for place in places.values():
            shutil.rmtree(place.home.parent)

    def _made(self, name: str, verb: str, amount: int, file: str = "") -> Place:
        """Return a place whose source was made, with an empty repository."""
        below = self.work / name.replace(" ", "-")
        place = Place(below / "source", below / "repo", below / "home")
        place.source.mkdir(parents=True)
        self.tell(f"{name}: making {amount:,} of {verb}")
        _bulk(verb, place.source / file, str(amount))
        time.sleep(self.settle)
        self._renew(place)
        return place

    def _renew(self, place: Place) -> None:
        for folder in (place.repo, place.home):
            if folder.exists():
                shutil.rmtree(folder)
        place.home.mkdir()
        self._run(place, self.ours.create(place))

    def _try(self, part: str, what: str, operation: str, place: Place, number: int = 1) -> Try:
        cost = self._restore(place) if operation == RESTORE else self._other(place, operation)
        peak = cost.peak / 2**20
        self.tell(f"{part}, {what}, {operation}: {cost.wall:.2f} s, {peak:.0f} MiB")
        return Try(part, what, operation, number, cost)

    def _other(self, place: Place, operation: str) -> Cost:
        if operation == VERIFY:
            return self._run(place, self.ours.verify(place))
        if operation == REHEARSE:
            return self._run(place, self.ours.rehearse(place, place.home / "restored"))
        return self._run(place, self.ours.backup(place, label_of(operation)))

    def _restore(self, place: Place) -> Cost:
        target = place.home / "restored"
        cost = self._run(place, self.ours.restore(place, label_of(FIRST), target))
        require_same(place.source, target)
        shutil.rmtree(target)
        return cost

    def _run(self, place: Place, command: Command) -> Cost:
        os.sync()
        return run(command, self.ours.environment(place), place.home / "last.log")


def require_same(source: Path, target: Path) -> None:
    """Hold a restored folder against its source; a single file by its SHA-256.

    Raises:
        BenchmarkError: they differ.
    """
    files = list(source.iterdir())
    if len(files) > 1 or files[0].is_dir():
        said(["diff", "--recursive", "--no-dereference", str(source), str(target)])
        return
    name = files[0].name
    if [path.name for path in target.iterdir()] != [name]:
        raise BenchmarkError(f"{name} was not restored alone")
    if _sha256(source / name) != _sha256(target / name):
        raise BenchmarkError(f"{name} was restored with another hash")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _bulk(verb: str, path: Path, *more: str) -> None:
    said([sys.executable, "-m", "benchmarks.bulk", verb, str(path), *more], ROOT)
