"""The corpus: a seeded agency of large books, what it consists of, how much a day changes in it.

    python -m benchmarks.corpus make FOLDER --clients 36 --months 12 [--trades 3700]
    python -m benchmarks.corpus day FOLDER 1

Each prints one JSON object.  A process of its own, so that the memory this takes never counts as
a measured program's (see `running.run`).
"""

import argparse
import json
import sys
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

from baozhang.samples.agency import BIG, make_agency, next_day
from benchmarks.running import said

SEED = 7
LAST_MONTH = (2025, 6)  # the months end here: past times, and day 1 opens no new year
PAGE = 4096  # bytes; SQLite's page here, and the file system's
ROOT = Path(__file__).parent.parent
KINDS = {".db": "SQLite books", ".csv": "CSV books", ".xlsx": "workbooks"}
PDF_KINDS = {"发票": "invoices", "合同": "contracts"}


@dataclass(frozen=True, slots=True)
class Census:
    """What a corpus consists of."""

    files: int
    bytes: int
    types: dict[str, tuple[int, int]]  # kind of file to files and bytes
    clients: dict[str, int]  # client's folder to bytes


@dataclass(frozen=True, slots=True)
class Change:
    """What a day changed; pages are compared at their places, so a shifted file counts whole."""

    changed_files: int
    changed_bytes: int  # of files that were there: 4 KiB pages that differ or are new
    new_files: int
    new_bytes: int


def make(
    folder: Path, *, clients: int, months: int, fec: bool = False, trades: int = BIG.trades
) -> Census:
    """Make a corpus in a new folder, in a process of its own; `fec` adds the real French ledger."""
    words = ["make", str(folder), "--clients", str(clients), "--months", str(months)]
    words += ["--trades", str(trades)]
    words += ["--fec"] if fec else []
    value = json.loads(_ask(words))
    types = {kind: (files, size) for kind, (files, size) in value.pop("types").items()}
    return Census(**value, types=types)


def pass_day(folder: Path, day: int) -> Change:
    """Let a day pass in the corpus, in a process of its own."""
    return Change(**json.loads(_ask(["day", str(folder), str(day)])))


def _ask(words: list[str]) -> str:
    return said([sys.executable, "-m", "benchmarks.corpus", *words], ROOT)


def first_month(months: int) -> date:
    """Return the first day of so many months up to the last one."""
    ended = LAST_MONTH[0] * 12 + LAST_MONTH[1]
    return date((ended - months) // 12, (ended - months) % 12 + 1, 1)


def census(folder: Path) -> Census:
    """Count files and bytes by kind and by client."""
    types: dict[str, tuple[int, int]] = {}
    clients: dict[str, int] = {}
    for path, size in files_of(folder):
        kind = kind_of(path)
        files, total = types.get(kind, (0, 0))
        types[kind] = (files + 1, total + size)
        below = path.relative_to(folder).parts
        if len(below) > 1:
            clients[below[0]] = clients.get(below[0], 0) + size
    files = sum(count for count, _ in types.values())
    return Census(files, sum(size for _, size in types.values()), types, clients)


def kind_of(path: Path) -> str:
    """Return which kind of file it is, by its folder or ending."""
    return PDF_KINDS.get(path.parent.name, KINDS.get(path.suffix, "other"))


def compared(before: dict[Path, "array[int]"], folder: Path) -> Change:
    """Return what changed in a folder since `pages` was taken of it."""
    changed = [0, 0]
    new = [0, 0]
    for path, marks in pages(folder).items():
        old = before.get(path)
        if old is None:
            new[0], new[1] = new[0] + 1, new[1] + path.stat().st_size
        elif old != marks:
            same = sum(a == b for a, b in zip(old, marks, strict=False))
            changed[0], changed[1] = changed[0] + 1, changed[1] + (len(marks) - same) * PAGE
    return Change(changed[0], changed[1], new[0], new[1])


def pages(folder: Path) -> dict[Path, "array[int]"]:
    """Return for every file the CRC-32 of each of its pages: enough to count, not to prove."""
    found = {}
    for path, _ in files_of(folder):
        marks = array("I")
        with path.open("rb") as file:
            while page := file.read(PAGE):
                marks.append(zlib.crc32(page))
        found[path] = marks
    return found


def files_of(folder: Path) -> Iterator[tuple[Path, int]]:
    """Yield every file below a folder with its bytes, by name."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.stat().st_size


def _make(folder: Path, *, clients: int, months: int, fec: bool, trades: int) -> Census:
    make_agency(
        folder,
        clients=clients,
        months=months,
        seed=SEED,
        first=first_month(months),
        shape=replace(BIG, trades=trades),
        fec=fec,
    )
    return census(folder)


def _day(folder: Path, day: int) -> Change:
    before = pages(folder)
    next_day(folder, day)
    return compared(before, folder)


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.corpus", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    making = verbs.add_parser("make")
    making.add_argument("folder", type=Path)
    making.add_argument("--clients", type=int, required=True)
    making.add_argument("--months", type=int, required=True)
    making.add_argument("--fec", action="store_true")
    making.add_argument("--trades", type=int, default=BIG.trades)
    passing = verbs.add_parser("day")
    passing.add_argument("folder", type=Path)
    passing.add_argument("day", type=int)
    asked = parser.parse_args()
    if asked.verb == "make":
        wanted = {name: vars(asked)[name] for name in ("clients", "months", "fec", "trades")}
        print(json.dumps(asdict(_make(asked.folder, **wanted))))
    else:
        print(json.dumps(asdict(_day(asked.folder, asked.day))))


if __name__ == "__main__":
    main()
