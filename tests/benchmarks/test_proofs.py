"""The harness for proofs: books are proven and judged, whole."""

import json
from pathlib import Path

import pytest

from benchmarks.proofs import benchmark
from benchmarks.sizes import BOOKS, measure_sizes

pytestmark = pytest.mark.slow


def test_a_book_is_proven_and_judged_by_all_its_lines(tmp_path: Path) -> None:
    benchmark(tmp_path, months=1, rounds=1, books={"fec": "c003"})
    samples = json.loads((tmp_path / "proofs.json").read_text())["samples"]
    lines = {sample["module"]: sample["lines"] for sample in samples}
    assert lines == {"taking": 10_756, "judging": 10_756}


def test_books_of_a_size_are_proven_and_judged_and_then_judged_by_several_at_once(
    tmp_path: Path,
) -> None:
    found = measure_sizes(tmp_path, [900], times=2, tell=lambda _line: None)
    assert {(one.profile, one.module) for one in found.sized} == {
        (profile, module) for profile in BOOKS for module in ("taking", "judging")
    }
    assert all(700 < one.lines < 2_000 for one in found.sized)
    assert [one.books for one in found.together] == [2 * one.processes for one in found.together]
    assert not any(tmp_path.iterdir())
