"""The harness for cost: a month of many clients, whole."""

import json
from pathlib import Path

import pytest

from benchmarks.cost import measure

pytestmark = pytest.mark.slow


def test_a_month_is_metered_priced_and_written(tmp_path: Path) -> None:
    text = measure(tmp_path, clients=20, months=1, rounds=1)
    found = json.loads((tmp_path / "cost.json").read_text())
    assert found["rows"] > 20 * 7
    assert len(found["seconds"]) == 1
    assert "metered, priced" in text
