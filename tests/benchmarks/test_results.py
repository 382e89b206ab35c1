"""Figures from samples: medians, and the best peer of each round."""

from dataclasses import replace

import pytest

from benchmarks.results import CLIENT, CORPUS, MOST_MEMORY, TARGETS, Judging, Spread, memory, rows
from benchmarks.rounds import OPERATIONS, Sample

MIB = 2**20
FULL = Judging("ours", full=True)
TUNED = Judging("ours", ["one"], full=True)


def sample(number: int, system: str, operation: str, wall: float) -> Sample:
    facts = (number, CORPUS, system, operation, wall, wall / 2, 50 * MIB)
    return Sample(*facts, added=int(wall * 1000), repository=int(wall * 9000))


def timed(ours: list[float], one: list[float], two: list[float]) -> list[Sample]:
    """Every operation takes a system as long as its list says, round by round."""
    return [
        sample(number, system, operation, walls[number - 1])
        for number in range(1, len(ours) + 1)
        for operation in OPERATIONS
        for system, walls in (("ours", ours), ("one", one), ("two", two))
    ]


SAMPLES = timed([1, 2, 3], [4, 4, 20], [10, 5, 6])


def test_a_row_holds_median_least_and_most() -> None:
    first = rows(SAMPLES, FULL)[0]
    assert first.systems["one"].value == Spread(4, 4, 20)
    assert first.systems["two"].value == Spread(6, 5, 10)


def test_a_ratio_is_taken_by_the_peer_that_was_best_in_that_round() -> None:
    first = rows(SAMPLES, FULL)[0]
    assert first.ratio == Spread(0.5, 0.25, 0.5)
    assert first.best_peer == "one"


def test_bytes_are_judged_beside_seconds() -> None:
    by_name = {row.name: row for row in rows(SAMPLES, FULL)}
    assert by_name["repository size"].systems["ours"].value.median == 18_000
    assert by_name["a day's change, bytes added"].unit == "bytes"


@pytest.mark.parametrize(("ours", "met"), [([1, 1, 1], True), ([3, 3, 3], False)])
def test_a_target_is_met_or_missed(ours: list[float], met: bool) -> None:
    first = rows(timed(ours, [4, 4, 4], [5, 5, 5]), FULL)[0]
    assert first.met is met


def test_a_small_run_is_not_judged() -> None:
    assert all(row.met is None for row in rows(SAMPLES, Judging("ours")))


def test_a_tuned_peer_that_is_best_counts_and_the_others_stand_beside_it() -> None:
    first = rows(timed([2], [4], [8]), TUNED)[0]
    assert (first.best_peer, first.ratio) == ("one", Spread(0.5, 0.5, 0.5))
    assert (first.untuned_peer, first.untuned_ratio) == ("two", Spread(0.25, 0.25, 0.25))


def test_where_an_untuned_peer_is_best_nothing_stands_beside_it() -> None:
    first = rows(timed([2], [8], [4]), TUNED)[0]
    assert first.best_peer == "two"
    assert first.untuned_peer is first.untuned_ratio is None


def test_with_tuned_peers_alone_there_is_no_other_ratio() -> None:
    samples = [one for one in timed([2], [4], [8]) if one.system != "two"]
    first = rows(samples, TUNED)[0]
    assert first.ratio is not None
    assert first.untuned_ratio is None


def test_a_day_of_few_bytes_is_judged_by_the_tuned_peer_too() -> None:
    by_name = {row.name: row for row in rows(timed([2], [4], [20]), TUNED)}
    assert by_name["a day's change, bytes added"].met is False  # 0.5 of one, 0.1 of two


def test_the_targets_are_those_that_were_promised() -> None:
    assert list(TARGETS[CORPUS].values()) == [0.55, 0.30, 0.50, 0.20, 0.50, 0.30, 0.97]
    assert TARGETS[CLIENT] == dict.fromkeys(OPERATIONS, 0.85)
    assert MOST_MEMORY == 220 * MIB


@pytest.mark.parametrize(("peak", "met"), [(220 * MIB, True), (220 * MIB + 1, False)])
def test_the_worst_peak_of_any_row_is_judged(peak: int, met: bool) -> None:
    worst = replace(SAMPLES[0], peak=peak)
    found = memory(rows([worst, *SAMPLES[1:]], FULL), FULL)
    assert found.peaks["ours"] == peak
    assert found.met is met


def test_the_memory_of_a_small_run_is_not_judged() -> None:
    small = Judging("ours")
    assert memory(rows(SAMPLES, small), small).met is None
