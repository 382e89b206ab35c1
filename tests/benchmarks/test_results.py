"""Figures from samples: medians, and the best peer of each round."""

import pytest

from benchmarks.results import CORPUS, Spread, rows
from benchmarks.rounds import OPERATIONS, Sample

MIB = 2**20


def sample(number: int, system: str, operation: str, wall: float) -> Sample:
    facts = (number, CORPUS, system, operation, wall, wall / 2, 50 * MIB)
    return Sample(*facts, added=int(wall * 1000), repository=int(wall * 9000))


def three_rounds(ours: list[float], one: list[float], two: list[float]) -> list[Sample]:
    """Every operation takes a system as long as its list says, round by round."""
    return [
        sample(number, system, operation, walls[number - 1])
        for number in (1, 2, 3)
        for operation in OPERATIONS
        for system, walls in (("ours", ours), ("one", one), ("two", two))
    ]


SAMPLES = three_rounds([1, 2, 3], [4, 4, 20], [10, 5, 6])


def test_a_row_holds_median_least_and_most() -> None:
    first = rows(SAMPLES, ours="ours", full=True)[0]
    assert first.systems["one"].value == Spread(4, 4, 20)
    assert first.systems["two"].value == Spread(6, 5, 10)


def test_a_ratio_is_taken_by_the_peer_that_was_best_in_that_round() -> None:
    first = rows(SAMPLES, ours="ours", full=True)[0]
    assert first.ratio == Spread(0.5, 0.25, 0.5)
    assert first.best_peer == "one"


def test_bytes_are_judged_beside_seconds() -> None:
    by_name = {row.name: row for row in rows(SAMPLES, ours="ours", full=True)}
    assert by_name["repository size"].systems["ours"].value.median == 18_000
    assert by_name["a day's change, bytes added"].unit == "bytes"


@pytest.mark.parametrize(("ours", "met"), [([1, 1, 1], True), ([3, 3, 3], False)])
def test_a_target_is_met_or_missed(ours: list[float], met: bool) -> None:
    first = rows(three_rounds(ours, [4, 4, 4], [5, 5, 5]), ours="ours", full=True)[0]
    assert first.met is met


def test_a_small_run_is_not_judged() -> None:
    assert all(row.met is None for row in rows(SAMPLES, ours="ours", full=False))
