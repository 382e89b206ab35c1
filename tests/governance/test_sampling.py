"""Samples: nobody chooses what is drawn, and anybody can draw it again."""

import pytest

from baozhang.governance.sampling import places, seed_of, size


@pytest.mark.parametrize(
    ("population", "drawn"),
    [(0, 0), (1, 1), (2, 2), (4, 2), (12, 5), (31, 15), (250, 40), (251, 60), (400_000, 60)],
)
def test_the_size_follows_the_table(population: int, drawn: int) -> None:
    assert size(population) == drawn


def test_the_same_seed_draws_the_same_places() -> None:
    assert places(1000, "abc", "backup") == places(1000, "abc", "backup")


def test_another_seed_draws_others() -> None:
    assert places(1000, "abc", "backup") != places(1000, "abd", "backup")


def test_another_population_of_the_same_size_is_drawn_from_by_itself() -> None:
    assert places(1000, "abc", "backup") != places(1000, "abc", "letters")


def test_what_was_drawn_years_ago_is_drawn_again() -> None:
    assert places(12, "abc", "backup") == (3, 4, 6, 8, 11)


def test_no_place_is_drawn_twice_and_none_is_outside() -> None:
    drawn = places(61, "abc", "backup")
    assert len(set(drawn)) == 40
    assert set(drawn) <= set(range(61))


def test_the_seed_follows_from_the_evidence_whatever_its_order() -> None:
    assert seed_of("a-2026-10", ["b", "a"]) == seed_of("a-2026-10", ["a", "b"])


def test_one_piece_of_evidence_more_is_another_seed() -> None:
    assert seed_of("a-2026-10", ["a"]) != seed_of("a-2026-10", ["a", "b"])
