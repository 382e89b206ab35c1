"""The harness for proofs: books are proven and judged, whole."""

import json
from pathlib import Path

from benchmarks.proofs import benchmark


def test_a_book_is_proven_and_judged_by_all_its_lines(tmp_path: Path) -> None:
    benchmark(tmp_path, months=1, rounds=1, books={"fec": "c003"})
    samples = json.loads((tmp_path / "proofs.json").read_text())["samples"]
    lines = {sample["module"]: sample["lines"] for sample in samples}
    assert lines == {"taking": 10_756, "judging": 10_756}
