"""One proof taken, or one book judged, in a process of its own; prints one JSON object.

    python -m benchmarks.proving take|judge PROFILE FOLDER

The clock starts when all is imported, so a figure is of the work; a duty pays the imports once.
"""

import json
import resource
import sys
from pathlib import Path
from time import perf_counter, process_time

from baozhang.books.model import LedgerReader
from baozhang.books.profiles import load_profile
from baozhang.books.reading import open_books
from baozhang.books.taking import take_proof
from benchmarks.running import BenchmarkError
from checks.judge import judge_ledger


def the_book(profile: str, folder: Path) -> LedgerReader:
    """Return the one book of a profile below a folder.

    Raises:
        BenchmarkError: there is none, or more than one.
    """
    books = open_books(load_profile(profile), folder)
    if len(books) != 1:
        raise BenchmarkError(f"{len(books)} books of {profile}, where one is to be measured")
    return books[0]


def measured(verb: str, book: LedgerReader) -> dict[str, float]:
    """Do it once and return lines, seconds and bytes of peak memory.

    Raises:
        BenchmarkError: the book was read and did not equal itself.
    """
    expected = take_proof(book) if verb == "judge" else None
    began, worked = perf_counter(), process_time()
    if expected is None:
        lines = take_proof(book).line_count
    else:
        verdict = judge_ledger(expected, book)
        if verdict.outcome != "pass":
            raise BenchmarkError(f"the book against its own proof: {verdict.outcome}")
        lines = verdict.lines
    return {
        "lines": lines,
        "wall": perf_counter() - began,
        "cpu": process_time() - worked,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def main() -> None:
    """Measure what the command line asks for."""
    verb, profile, folder = sys.argv[1:]
    print(json.dumps(measured(verb, the_book(profile, Path(folder)))))


if __name__ == "__main__":
    main()
