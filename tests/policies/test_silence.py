"""What is due is noticed when it is missing, and nothing else is."""

from datetime import UTC, datetime, timedelta

import pytest
import yaml
from cronsim import CronSim

from baozhang.clock import SHANGHAI
from baozhang.policies.silence import RHYTHMS, Rhythm, gaps, is_backwards, lost, silent
from tools.deployments import FILE

NIGHT, VALIDATION, RESTORE_TEST, MONTHLY, MORNING = RHYTHMS
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
DEPLOYMENTS = {
    "night": "backup",
    "validation": "validation",
    "restore-test": "restore-test",
    "monthly": "monthly",
    "morning": "morning",
}


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """Return an instant as a clock in Shanghai shows it, in UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize("rhythm", RHYTHMS, ids=lambda each: each.kind)
def test_slots_are_those_of_prefect_yaml(rhythm: Rhythm) -> None:
    deployments = {each["name"]: each for each in yaml.safe_load(FILE.read_text())["deployments"]}
    cron = deployments[DEPLOYMENTS[rhythm.kind]]["schedules"][0]["cron"]
    due = CronSim(cron, datetime(2026, 1, 1, tzinfo=SHANGHAI))
    for _ in range(40):
        slot = next(due)
        assert rhythm.slot_before(slot + timedelta(minutes=1)) == slot
        assert rhythm.slot_before(slot) == slot


@pytest.mark.parametrize(
    ("newest", "now", "expected"),
    [
        ("2026-07-30", at(8, 1, 6, 59), None),  # the night of the 31st may still be at work
        ("2026-07-30", at(8, 1, 7), "2026-07-31"),
        ("2026-07-31", at(8, 1, 7), None),
        ("2026-08-05", at(8, 1, 7), None),  # by hand, for another day
        ("2026-07-01", at(8, 1, 7), "2026-07-31"),
        (None, at(8, 1, 7), "2026-07-31"),
    ],
)
def test_a_night_is_missed_in_the_morning_after_it(
    newest: str | None, now: datetime, expected: str | None
) -> None:
    assert silent(NIGHT, newest, since=LONG_AGO, now=now) == expected


@pytest.mark.parametrize(
    ("newest", "now", "expected"),
    [
        ("2026-07-19", at(7, 26, 12), None),  # Sunday: it began at four
        ("2026-07-19", at(7, 27, 1), "2026-07-26"),
        ("2026-07-26", at(8, 1, 12), None),
    ],
)
def test_a_restore_test_is_missed_once_its_sunday_is_over(
    newest: str, now: datetime, expected: str | None
) -> None:
    assert silent(RESTORE_TEST, newest, since=LONG_AGO, now=now) == expected


@pytest.mark.parametrize(
    ("newest", "now", "expected"),
    [
        ("2026-06", at(8, 1, 12), None),
        ("2026-06", at(8, 1, 20), "2026-07"),
        ("2026-07", at(8, 31, 23), None),
    ],
)
def test_a_monthly_report_is_missed_on_the_evening_of_the_first(
    newest: str, now: datetime, expected: str | None
) -> None:
    assert silent(MONTHLY, newest, since=LONG_AGO, now=now) == expected


def test_the_january_report_is_of_december() -> None:
    now = datetime(2027, 1, 2, tzinfo=UTC)
    assert silent(MONTHLY, "2026-11", since=LONG_AGO, now=now) == "2026-12"


def test_what_was_due_before_anybody_listened_is_not_missed() -> None:
    now = at(8, 1, 7)
    assert silent(NIGHT, None, since=at(7, 31, 22, 1), now=now) is None
    assert silent(NIGHT, None, since=at(7, 31, 21, 59), now=now) == "2026-07-31"


def test_numbers_missing_below_the_highest_are_gaps() -> None:
    assert gaps([1, 2, 5, 4]) == (3,)
    assert gaps([3]) == (1, 2)
    assert gaps([]) == gaps([1, 2]) == ()


def test_a_number_below_an_earlier_one_says_that_rows_were_lost() -> None:
    known = {"night": 17, "validation": 4, "monthly": 1}
    assert lost(known, {"night": 16, "validation": 4}) == {"monthly": (1, 0), "night": (17, 16)}


def test_a_clock_goes_backwards_only_by_more_than_servers_set_it() -> None:
    now = at(8, 1, 7)
    assert is_backwards(now + timedelta(minutes=11), now)
    assert not is_backwards(now + timedelta(minutes=9), now)
    assert not is_backwards(now - timedelta(days=1), now)
