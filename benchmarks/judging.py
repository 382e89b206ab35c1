"""One book judged against its own proof, in a process of its own; prints one JSON object.

    python -m benchmarks.judging PROFILE FOLDER [TIMES]

A process judges many books in its life: with TIMES above 1 the first judgement, which fills caches
of libraries, is made before the clock starts, and lines are those of all the others.
"""

import sys
from pathlib import Path

from baozhang.books.proof import Proof
from baozhang.books.taking import take_proof
from benchmarks.running import BenchmarkError
from benchmarks.taking import measured, the_book
from checks.judge import judge_ledger


def main() -> None:
    """Judge what the command line names."""
    profile, folder, *more = sys.argv[1:]
    times, path = int(more[0]) if more else 1, Path(folder)
    expected = take_proof(the_book(profile, path))
    if times > 1:
        judged_lines(expected, profile, path)
    print(measured(lambda: sum(judged_lines(expected, profile, path) for _ in range(times))))


def judged_lines(expected: Proof, profile: str, folder: Path) -> int:
    """Return the lines of the book that was judged.

    Raises:
        BenchmarkError: it was not found to be the book of its proof.
    """
    verdict = judge_ledger(expected, the_book(profile, folder))
    if verdict.outcome != "pass":
        raise BenchmarkError(f"the book of {profile} against its own proof: {verdict.outcome}")
    return verdict.lines


if __name__ == "__main__":
    main()
