"""The plan: whose taxes are due first, how long by what was measured, and what cannot come back."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from baozhang.incidents.model import Loss, Plan
from baozhang.incidents.planning import (
    GUESSED_RATE,
    ROOM_BESIDE,
    Means,
    Measured,
    Pace,
    Wanted,
    in_order,
    pace_of,
    plan_of,
    same_work,
)

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
    plan = plan_of("i-1", 1, [wanted("c1")], discovered=NOW, means=Means(pace))
    assert plan.measured == 0


def test_a_plan_adds_up_and_counts_from_one() -> None:
    plan = plan_of(
        "i-1",
        2,
        [wanted("c1", size=10_000_000), wanted("c2", size=20_000_000)],
        discovered=NOW,
        means=Means(pace_of([FAST])),
    )
    assert [each.order for each in plan.restorations] == [1, 2]
    assert plan.seconds == 1 + 2
    assert plan.number == 2


def test_what_is_behind_is_counted_from_the_clean_point() -> None:
    plan = plan_of("i-1", 1, [wanted("c1")], discovered=NOW, means=Means(pace_of([FAST])))
    assert plan.restorations[0].behind == 5 * 3600


def test_a_set_without_a_clean_point_is_left_out_and_named() -> None:
    plan = plan_of(
        "i-1",
        1,
        [wanted("c1"), wanted("c2", clean="")],
        discovered=NOW,
        means=Means(pace_of([FAST])),
    )
    assert [each.client for each in plan.restorations] == ["c1"]
    assert plan.left_out == (("c2", "main", "no-clean-point"),)


# --- what there is to recover with -----------------------------------------------------------


def planned(*sets: Wanted, free: int | None = None, proving: Pace | None = None) -> Plan:
    means = Means(pace_of([FAST]), proving=proving, free=free, approvers=2)
    return plan_of("i-1", 1, sets, discovered=NOW, means=means)


def test_what_would_not_fit_beside_the_others_is_left_out_for_want_of_room() -> None:
    plan = planned(
        wanted("c1", size=50_000_000),
        wanted("c2", size=60_000_000),
        free=ROOM_BESIDE + 100_000_000,
    )
    assert [each.client for each in plan.restorations] == ["c1"]
    assert plan.left_out == (("c2", "main", "no-room"),)
    assert plan.room == 50_000_000


def test_a_small_set_is_not_left_out_because_a_big_one_before_it_was() -> None:
    plan = planned(
        wanted("c1", deadline=SOON, size=90_000_000),
        wanted("c2", deadline=LATER, size=10_000_000),
        free=ROOM_BESIDE + 20_000_000,
    )
    assert [each.client for each in plan.restorations] == ["c2"]


def test_the_copy_that_it_is_compared_with_needs_room_too() -> None:
    plan = planned(
        replace(wanted("c1", size=60), beside=50),
        free=ROOM_BESIDE + 100,
    )
    assert plan.left_out == (("c1", "main", "no-room"),)


def test_what_lies_in_quarantine_already_has_its_room() -> None:
    plan = planned(replace(wanted("c1", size=100), there=True), free=ROOM_BESIDE)
    assert [each.room for each in plan.restorations] == [100]


def test_proving_is_added_where_there_are_books() -> None:
    pace = pace_of([Measured(1_000_000, 2)])
    plan = planned(
        wanted("c1", size=10_000_000),
        replace(wanted("c2", size=10_000_000), books=0),
        proving=pace,
    )
    assert [each.proving for each in plan.restorations] == [20, 0]
    assert plan.seconds == 1 + 20 + 1


def test_where_nobody_measured_proving_it_is_not_guessed() -> None:
    assert planned(wanted("c1")).restorations[0].proving == 0


def test_what_lost_nothing_stays_as_it_is_and_is_named() -> None:
    whole = wanted("c1")
    well = whole.loss.model_copy(update={"files_lost": 0, "vouchers_lost": 0})
    plan = planned(replace(whole, loss=well), wanted("c2"))
    assert [each.client for each in plan.restorations] == ["c2"]
    assert plan.unhurt == (("c1", "main"),)


def test_a_plan_says_what_is_lost_and_which_point_was_passed_over() -> None:
    each = replace(wanted("c1"), instead_of="s9", why="damaged", checked="every-byte")
    (found,) = planned(each).restorations
    assert (found.files, found.vouchers, found.amount, found.currency) == (1, 3, 12_480_00, "CNY")
    assert (found.instead_of, found.why, found.checked) == ("s9", "damaged", "every-byte")


def test_a_plan_says_who_must_approve_and_what_is_done_by_hand() -> None:
    plan = planned(wanted("c1"), replace(wanted("c2"), how="assisted"))
    assert (plan.approvers, plan.by_hand) == (2, 1)


def test_an_estimate_makes_no_plan_another_one() -> None:
    one, other = planned(wanted("c1")), planned(wanted("c1"), proving=pace_of([FAST]))
    assert same_work(one, other)


@pytest.mark.parametrize(
    "other",
    [
        planned(wanted("c1", clean="s7")),
        planned(wanted("c1"), wanted("c2")),
        planned(replace(wanted("c1"), how="assisted")),
        planned(wanted("c1"), wanted("c2", clean="")),
    ],
)
def test_another_point_set_or_way_makes_it_another_one(other: Plan) -> None:
    assert not same_work(planned(wanted("c1")), other)


def test_the_plan_that_is_made_of_an_iterator_is_whole() -> None:
    plan = plan_of("i-1", 1, iter([wanted("c1")]), discovered=NOW, means=Means(pace_of([FAST])))
    assert len(plan.restorations) == 1
