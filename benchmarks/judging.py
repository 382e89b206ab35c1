"""One book judged against its own proof, in a process of its own; prints one JSON object.

python -m benchmarks.judging PROFILE FOLDER
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
    profile, folder = sys.argv[1:]
    expected = take_proof(the_book(profile, Path(folder)))
    print(measured(lambda: judged_lines(expected, profile, Path(folder))))


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
