"""One proof taken, in a process that loads no Great Expectations; prints one JSON object.

    python -m benchmarks.taking PROFILE FOLDER

The clock starts when all is imported, so a figure is of the work; a duty pays the imports once.
"""

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

from baozhang.books.model import LedgerReader
from baozhang.books.profiles import load_profile
from baozhang.books.reading import open_books
from baozhang.books.taking import take_proof
from benchmarks.running import BenchmarkError


def the_book(profile: str, folder: Path) -> LedgerReader:
    """Return the one book of a profile below a folder.

    Raises:
        BenchmarkError: there is none, or more than one.
    """
    books = open_books(load_profile(profile), folder)
    if len(books) != 1:
        raise BenchmarkError(f"{len(books)} books of {profile}, where one is to be measured")
    return books[0]


def measured(work: Callable[[], int]) -> str:
    """Do the work, which returns how many lines it was, and return what it took as JSON."""
    began, worked = perf_counter(), process_time()
    lines = work()
    value = {
        "lines": lines,
        "wall": perf_counter() - began,
        "cpu": process_time() - worked,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    return json.dumps(value)


def main() -> None:
    """Take the proof of what the command line names."""
    profile, folder = sys.argv[1:]
    book = the_book(profile, Path(folder))
    print(measured(lambda: take_proof(book).line_count))


if __name__ == "__main__":
    main()
