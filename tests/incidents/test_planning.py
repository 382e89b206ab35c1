"""The plan: whose taxes are due first, how long by what was measured, and what cannot come back."""

from datetime import UTC, date, datetime, timedelta

import pytest

from baozhang.incidents.model import Loss
from baozhang.incidents.planning import GUESSED_RATE, Measured, Wanted, in_order, pace_of, plan_of

NOW = datetime(2026, 11, 12, 3, 0, tzinfo=UTC)
SOON, LATER = date(2026, 11, 16), date(2026, 12, 15)
FAST, SLOW = Measured(100_000_000, 10), Measured(100_000_000, 100)


def wanted(
    client: str,
    *,
    part: str = "main",
    deadline: date | None = SOON,
    size: int = 1_000_000,
    clean: str = "s1",
) -> Wanted:
    loss = Loss(
        client=client,
        set=part,
        newest="s2",
        clean=clean,
        files_lost=1,
        files_changed=0,
        bytes_lost=size,
        vouchers_lost=3,
        vouchers_changed=0,
        lines_lost=9,
        amount=12_480_00,
        currency="CNY",
        periods=("2026-11",),
        readable=True,
    )
    return Wanted(loss, NOW - timedelta(hours=5), size, 1, deadline, "atomic")


def names(found: list[Wanted]) -> list[str]:
    return [f"{each.loss.client}/{each.loss.set}" for each in found]


def test_the_nearest_deadline_comes_first_and_the_unknown_last() -> None:
    found = [
        wanted("c1", deadline=None),
        wanted("c2", deadline=LATER),
        wanted("c3", deadline=SOON),
    ]
    assert names(in_order(found)) == ["c3/main", "c2/main", "c1/main"]


def test_of_one_deadline_the_quicker_client_comes_first() -> None:
    assert names(in_order([wanted("c1", size=9), wanted("c2", size=1)])) == ["c2/main", "c1/main"]


def test_a_clients_sets_stay_together() -> None:
    found = [wanted("c1", size=5), wanted("c2", size=4), wanted("c1", part="papers", size=1)]
    assert names(in_order(found)) == ["c2/main", "c1/main", "c1/papers"]


def test_an_estimate_is_what_three_of_four_reached() -> None:
    pace = pace_of([FAST, FAST, FAST, SLOW])
    assert pace.rate == 10_000_000
    assert pace_of([FAST, FAST, SLOW, SLOW]).rate == 1_000_000


def test_it_is_no_faster_than_the_line() -> None:
    assert pace_of([FAST], line=2_500_000).seconds(25_000_000) == 10


def test_short_restores_tell_what_a_start_takes_and_not_the_rate() -> None:
    pace = pace_of([FAST, Measured(1000, 0.5)])
    assert (pace.rate, pace.fixed) == (10_000_000, 0.5)
    assert pace.seconds(10_000_000) == 2


@pytest.mark.parametrize("nothing", [[], [Measured(0, 5)], [Measured(5, 0)]])
def test_what_was_never_measured_is_a_guess_and_says_so(nothing: list[Measured]) -> None:
    pace = pace_of(nothing)
    assert (pace.rate, pace.measured) == (GUESSED_RATE, 0)
    plan = plan_of("i-1", 1, [wanted("c1")], discovered=NOW, pace=pace)
    assert plan.measured == 0


def test_a_plan_adds_up_and_counts_from_one() -> None:
    plan = plan_of(
        "i-1",
        2,
        [wanted("c1", size=10_000_000), wanted("c2", size=20_000_000)],
        discovered=NOW,
        pace=pace_of([FAST]),
    )
    assert [each.order for each in plan.restorations] == [1, 2]
    assert plan.seconds == 1 + 2
    assert plan.number == 2


def test_what_is_behind_is_counted_from_the_clean_point() -> None:
    plan = plan_of("i-1", 1, [wanted("c1")], discovered=NOW, pace=pace_of([FAST]))
    assert plan.restorations[0].behind == 5 * 3600


def test_a_set_without_a_clean_point_is_left_out_and_named() -> None:
    plan = plan_of(
        "i-1", 1, [wanted("c1"), wanted("c2", clean="")], discovered=NOW, pace=pace_of([FAST])
    )
    assert [each.client for each in plan.restorations] == ["c1"]
    assert plan.left_out == (("c2", "main", "no-clean-point"),)
