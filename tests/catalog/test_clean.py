"""Which backup point is the last clean one, and how far back small changes are added up."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from baozhang.catalog.clean import clean_point, is_word, older_clean_point, state_of
from baozhang.catalog.model import Duty, KnownSnapshot, Outcome

NOW = datetime(2026, 7, 31, 14, tzinfo=UTC)
MONTH = timedelta(days=30)
NORMAL, UNKNOWN, SUSPICIOUS = range(3)


def said(point: int, place: int | None, *, accepted: bool = False) -> Outcome:
    """What a run said of a point."""
    figures = () if place is None else (("suspicion", place),)
    duty: Duty = "acceptance" if accepted else "backup"
    return Outcome(
        f"run-{point}", duty, "c001", "main", "ok", NOW, NOW, snapshot=f"{point}", figures=figures
    )


def words(states: Sequence[int | None]) -> list[Outcome]:
    return [said(point, place) for point, place in enumerate(states, 1)]


def known(count: int, *, apart: timedelta = timedelta(days=1)) -> list[KnownSnapshot]:
    return [
        KnownSnapshot(f"{n}", "c001", "main", n, NOW + n * apart, 1, 1, 1, partial=False, books=())
        for n in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    ("states", "clean"),
    [
        ((NORMAL, NORMAL, SUSPICIOUS), "2"),
        ((UNKNOWN, NORMAL, UNKNOWN), "2"),
        ((SUSPICIOUS, UNKNOWN, SUSPICIOUS), "2"),
        ((SUSPICIOUS, SUSPICIOUS, SUSPICIOUS), None),
        ((None, SUSPICIOUS, SUSPICIOUS), "1"),
        ((None, None, NORMAL), "3"),
    ],
)
def test_the_newest_normal_point_is_clean_else_the_first_not_suspicious(
    states: Sequence[int | None], clean: str | None
) -> None:
    assert clean_point(["1", "2", "3"], words(states)) == clean


def test_a_point_that_is_gone_is_not_the_clean_one() -> None:
    assert clean_point(["1"], words((NORMAL, NORMAL))) == "1"


def test_a_point_that_a_person_accepted_is_clean() -> None:
    accepted = [*words((NORMAL, SUSPICIOUS, SUSPICIOUS)), said(2, None, accepted=True)]
    assert clean_point(["1", "2", "3"], accepted) == "2"


def test_only_judgements_and_acceptances_are_words() -> None:
    assert [is_word(one) for one in (said(1, None), said(1, 2))] == [False, True]
    assert is_word(said(1, None, accepted=True))
    assert state_of(said(1, None, accepted=True)) is None


def older(
    states: Sequence[int | None], clean: str | None, *more: Outcome, apart: int = 1
) -> str | None:
    points = known(len(states), apart=timedelta(days=apart))
    return older_clean_point(points, clean, [*words(states), *more], within=MONTH)


def test_small_changes_are_added_up_from_the_oldest_normal_point() -> None:
    assert older((UNKNOWN, NORMAL, NORMAL, NORMAL), "4") == "2"
    assert older((NORMAL, SUSPICIOUS, NORMAL), "3") == "1"


def test_they_are_added_up_over_a_month() -> None:
    assert older([NORMAL] * 9, "9", apart=10) == "6"


def test_the_month_ends_with_the_last_clean_point() -> None:
    assert older((NORMAL, NORMAL, *[SUSPICIOUS] * 7), "2", apart=10) == "1"


def test_a_person_s_word_answers_for_all_before_it() -> None:
    accepted = said(3, None, accepted=True)
    states = (NORMAL, NORMAL, SUSPICIOUS, NORMAL, NORMAL)
    assert older(states, "5", accepted) == "3"
    assert older(states[:3], "3", accepted) is None


def test_where_there_is_no_other_there_is_none() -> None:
    assert older((NORMAL,), "1") is None
    assert older((NORMAL, NORMAL), "1") is None
    assert older((NORMAL, NORMAL), None) is None
