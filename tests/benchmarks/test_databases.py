"""The harness for databases: a ledger is dumped, stored and changed, whole."""

import json
from pathlib import Path

import pytest

from benchmarks.databases import CHANGES, benchmark


@pytest.mark.server
def test_a_ledger_is_stored_by_night_and_each_change_is_measured(tmp_path: Path) -> None:
    changes = dict([*CHANGES.items()][:1])
    text = benchmark(tmp_path, lines=6000, rounds=1, changes=changes)
    (found,) = json.loads((tmp_path / "databases.json").read_text())["rounds"]
    assert [night["change"] for night in found["nights"]] == ["", *changes]
    assert all(night["added"] > 0 and night["proof"] > 0 for night in found["nights"])
    assert all(change in text for change in changes)
