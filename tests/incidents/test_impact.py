"""What a loss means: whose taxes are due first, and what nobody knows is said to be unknown."""

from datetime import date

import pytest

from baozhang.incidents.impact import ClientImpact, Impact, impact_of
from baozhang.incidents.model import Loss
from baozhang.policies.law.filing import FilingCalendar, Rhythm, load_filing_calendar

TODAY = date(2026, 11, 12)  # in November's filing season
CALENDAR = load_filing_calendar()


def loss(client: str, *, vouchers: int = 3, since: int | None = 0, clean: str = "s1") -> Loss:
    return Loss(
        client=client,
        set="main",
        newest="s2",
        clean=clean,
        files_lost=0,
        files_changed=0,
        bytes_lost=0,
        vouchers_lost=vouchers,
        vouchers_changed=0,
        lines_lost=0,
        amount=0,
        currency="CNY",
        periods=(),
        readable=since is not None,
        vouchers_since=since,
    )


def impact(
    *losses: Loss,
    today: date = TODAY,
    calendar: FilingCalendar = CALENDAR,
    quarterly: tuple[str, ...] = (),
) -> Impact:
    known: dict[str, Rhythm] = {
        each.client: "quarterly" if each.client in quarterly else "monthly" for each in losses
    }
    return impact_of(losses, known, today=today, calendar=calendar)


def one(*losses: Loss, today: date = TODAY, quarterly: tuple[str, ...] = ()) -> ClientImpact:
    (found,) = impact(*losses, today=today, quarterly=quarterly).clients
    return found


def test_who_files_every_month_has_days_left_until_this_months_last() -> None:
    last = CALENDAR.last_day(2026, 11)
    assert last is not None
    found = one(loss("c1"))
    assert (found.deadline, found.days_left, found.in_season) == (last, (last - TODAY).days, True)


def test_after_the_season_the_next_month_counts() -> None:
    last = CALENDAR.last_day(2026, 11)
    assert last is not None
    found = one(loss("c1"), today=date(2026, 11, last.day + 1))
    assert (found.deadline, found.in_season) == (CALENDAR.last_day(2026, 12), False)


def test_on_the_last_day_no_day_is_left() -> None:
    last = CALENDAR.last_day(2026, 11)
    assert last is not None
    assert one(loss("c1"), today=last).days_left == 0


def test_who_files_every_quarter_is_not_due_in_november() -> None:
    found = one(loss("c1"), quarterly=("c1",))
    assert found.rhythm == "quarterly"
    assert found.deadline is None or found.deadline.month == 1


def test_the_nearest_deadline_comes_first() -> None:
    found = impact(loss("c1"), loss("c2"), quarterly=("c1",))
    assert [each.client for each in found.clients] == ["c2", "c1"]


def test_a_year_that_nobody_entered_is_said_to_be_unknown() -> None:
    only = FilingCalendar(years={2026: CALENDAR.years[2026]})
    found = impact(loss("c1"), today=date(2026, 12, 31), calendar=only)
    assert found.unknown_years == (2027,)
    assert (found.clients[0].deadline, found.clients[0].days_left) == (None, None)


def test_years_that_nobody_depends_on_are_not_asked_for() -> None:
    assert impact(loss("c1")).unknown_years == ()


def test_who_lost_nothing_is_not_hit() -> None:
    assert impact(loss("c1", vouchers=0)).clients == ()


def test_who_has_no_clean_point_is_hit_all_the_same() -> None:
    assert one(loss("c1", vouchers=0, clean="")).sets == 1


@pytest.mark.parametrize(("since", "known"), [((2, 3), 5), ((2, None), None)])
def test_vouchers_to_key_are_known_only_where_every_set_could_be_read(
    since: tuple[int | None, ...], known: int | None
) -> None:
    found = one(*(loss("c1", since=each) for each in since))
    assert (found.sets, found.vouchers_to_key) == (2, known)


def test_nobody_has_counted_the_persons_yet() -> None:
    assert one(loss("c1")).persons is None
