"""The harness for audits: a tiny agency is made, judged and removed, and nothing is claimed."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.audit import FULL, rendered
from benchmarks.audit import measure as measured
from benchmarks.audited import KINDS

pytestmark = pytest.mark.slow
TAKEN = {
    "wall": 59.0,
    "cpu": 50.0,
    "gather_cpu": 49.0,
    "peak": 400 * 2**20,
    "outcomes": 365_000,
    "controls": 199,
    "tests": 60,
}
HEAD = {"date": "2026-11-22", "warning": ""}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of a tiny run."""
    folder = tmp_path_factory.mktemp("audit")
    measured(folder, clients=2, nights=100, rounds=1)
    return folder


@pytest.fixture(scope="module")
def value(out: Path) -> Any:
    return json.loads((out / "audit.json").read_text())


def test_every_kind_that_such_an_agency_has_records_of_is_answered(value: Any) -> None:
    (one,) = value["rounds"]
    silent = {"custody", "alerts"}
    assert one["results"].keys() == {each.name for each in KINDS} - silent
    assert set(one["results"].values()) == {"pass"}
    assert one["outcomes"] == 200


def test_the_report_says_where_and_claims_nothing(out: Path, value: Any) -> None:
    assert {"machine", "versions", "commit", "date"} <= value.keys()
    assert "claims nothing" in (out / "audit.md").read_text()


def test_nothing_but_the_results_stays(out: Path) -> None:
    assert sorted(path.name for path in out.iterdir()) == ["audit.json", "audit.md"]


@pytest.mark.parametrize(
    ("changes", "missed"),
    [({}, 0), ({"wall": 60.1}, 1), ({"peak": 501 * 2**20}, 1), ({"cpu": 500.0}, 0)],
)
def test_each_target_is_missed_by_its_own_figure(changes: dict[str, float], missed: int) -> None:
    assert rendered(HEAD, FULL, [TAKEN | changes]).count("| NO |") == missed
