"""The folder a benchmark works in: below the output folder, known by a mark, removed at the end.

After a failure it stays, so that what happened can be looked at; the next run removes it.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.running import BenchmarkError

MARK = ".baozhang-benchmark"


def clear(out: Path, *results: str) -> None:
    """Make the output folder, and remove results of an earlier run: a failed run leaves none.

    Raises:
        BenchmarkError: it holds a folder `work` that no benchmark made.
    """
    out.mkdir(parents=True, exist_ok=True)
    work = out.resolve() / "work"
    if work.exists() and not (work / MARK).exists():
        raise BenchmarkError(f"{work} is there and is not a benchmark's; give another --out")
    for result in results:
        (out / result).unlink(missing_ok=True)


@contextmanager
def workplace(out: Path, *, needed: int = 0) -> Iterator[Path]:
    """Give an empty folder `work` below `out`, which was cleared.

    Args:
        out: of `clear`.
        needed: bytes that must be free on its disk.

    Raises:
        BenchmarkError: the disk has too little room.
    """
    work = out.resolve() / "work"
    if work.exists():
        shutil.rmtree(work)
    work.mkdir(parents=True)
    (work / MARK).touch()
    free = shutil.disk_usage(work).free
    if free < needed:
        raise BenchmarkError(f"{work} has {free / 1e9:.1f} GB free and needs {needed / 1e9:.1f} GB")
    yield work
    shutil.rmtree(work)
