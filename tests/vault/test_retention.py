"""Retention: what stays, whatever writers say of the time."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.clock import business_day
from baozhang.vault.model import Snapshot
from baozhang.vault.retention import Rule, choose

BEGIN = datetime(2024, 1, 1, 14, 0, tzinfo=UTC)
DAYS = 400
RULE = Rule(last=7, daily=30, weekly=12, monthly=12, yearly=10)


def snapshot(sequence: int, at: datetime, set_name: str = "main") -> Snapshot:
    return Snapshot(
        id=f"{set_name}-{sequence:06d}-00000000",
        client="c001",
        set=set_name,
        sequence=sequence,
        at=at,
        files=1,
        size=1,
        added=1,
        partial=False,
        books=(),
    )


GENUINE = [snapshot(n + 1, BEGIN + timedelta(days=n)) for n in range(DAYS)]
NOW = BEGIN + timedelta(days=DAYS - 1, hours=3)


def after(times: list[datetime]) -> list[Snapshot]:
    """The genuine snapshots, and then those of these times."""
    return GENUINE + [snapshot(DAYS + 1 + n, at) for n, at in enumerate(times)]


def lost(snapshots: list[Snapshot]) -> set[str]:
    """Which genuine snapshots a flood has pushed out."""
    return choose(GENUINE, RULE, now=NOW).kept - choose(snapshots, RULE, now=NOW).kept


def test_days_weeks_months_and_years_stay() -> None:
    kept = choose(GENUINE, RULE, now=NOW).kept
    at = sorted(one.at for one in GENUINE if one.id in kept)
    assert len([one for one in at if NOW - one < timedelta(days=30)]) == 30
    assert {business_day(one).replace(day=1) for one in at[-50:]} >= {
        business_day(NOW).replace(day=1)
    }
    assert len({(one.year, one.month) for one in at}) >= 12
    assert 30 + 8 + 9 < len(kept) < 30 + 12 + 12 + 3


def test_the_first_of_a_month_s_snapshots_stands_for_it_for_ever() -> None:
    rule = Rule(last=1, daily=0, weekly=0, monthly=3, yearly=0)
    kept = choose(GENUINE[:45], rule, now=NOW).kept
    assert {GENUINE[0].id, GENUINE[44].id} <= kept
    assert len(kept) == 3


def test_the_newest_stays_whatever_the_rule() -> None:
    assert choose(GENUINE, Rule(0, 0, 0, 0, 0), now=NOW).kept == {GENUINE[-1].id}


def test_the_newest_of_each_set_stays() -> None:
    other = snapshot(1, BEGIN, "photos")
    kept = choose([*GENUINE, other], Rule(0, 0, 0, 0, 0), now=NOW).kept
    assert kept == {GENUINE[-1].id, other.id}


def test_what_is_under_a_hold_stays() -> None:
    held = GENUINE[17].id
    assert held in choose(GENUINE, Rule(0, 0, 0, 0, 0), now=NOW, always=[held]).kept


def test_a_hold_on_what_is_not_there_keeps_nothing() -> None:
    assert "main-000099" not in choose(GENUINE[:3], RULE, now=NOW, always=["main-000099"]).kept


def test_all_of_the_last_days_stays() -> None:
    day = [snapshot(n + 1, BEGIN + timedelta(minutes=n)) for n in range(20)]
    assert not choose(day, Rule(1, 0, 0, 0, 0), now=NOW).forgotten


def test_a_thousand_snapshots_of_the_future_push_nothing_out() -> None:
    future = [NOW + timedelta(days=365 * n) for n in range(1, 1001)]
    assert not lost(after(future))


def test_a_thousand_snapshots_of_the_past_push_nothing_out() -> None:
    rng = random.Random(1)
    past = [BEGIN + timedelta(hours=rng.randrange(24 * DAYS)) for _ in range(1000)]
    assert not lost(after(past))


def test_a_thousand_snapshots_of_this_moment_push_nothing_out() -> None:
    times = [GENUINE[-1].at + timedelta(seconds=n) for n in range(1000)]
    assert not lost(after(times))


@given(st.lists(st.integers(-(10**5), 10**5), max_size=40), st.integers(0, DAYS))
@settings(max_examples=60, deadline=None)
def test_forged_times_push_nothing_out_wherever_they_come(minutes: list[int], arrived: int) -> None:
    """Received after any of the genuine ones, of any time but what was then the present day."""
    before, rest = GENUINE[:arrived], GENUINE[arrived:]
    present = before[-1].at if before else BEGIN
    times = [present + timedelta(minutes=m) for m in minutes if abs(m) > 2 * 1440]
    forged = [snapshot(arrived + 1 + n, at, "main") for n, at in enumerate(times)]
    moved = [snapshot(one.sequence + len(forged), one.at) for one in rest]
    kept = choose([*before, *forged, *moved], RULE, now=NOW).kept
    alone = choose(GENUINE, RULE, now=NOW).kept
    wanted = {one.at for one in GENUINE if one.id in alone}
    assert wanted <= {one.at for one in [*before, *moved] if one.id in kept}


def test_what_is_of_doubtful_time_is_kept_and_told() -> None:
    chosen = choose(after([NOW + timedelta(days=900)]), RULE, now=NOW)
    assert chosen.doubtful == {f"main-{DAYS + 1:06d}-00000000"}
    assert chosen.doubtful <= chosen.kept


def test_a_clock_that_was_wrong_once_does_not_make_all_later_times_doubtful() -> None:
    forged = snapshot(DAYS + 1, NOW + timedelta(days=9000))
    later = [snapshot(DAYS + 2 + n, NOW + timedelta(days=n)) for n in range(3)]
    chosen = choose([*GENUINE, forged, *later], RULE, now=NOW + timedelta(days=3))
    assert chosen.doubtful == {forged.id}
