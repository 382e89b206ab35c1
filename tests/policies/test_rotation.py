"""Rotation reaches everything in its span, and spreads the work evenly."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.policies.due import JITTER
from baozhang.policies.model import Standing
from baozhang.policies.rotation import tonight

NIGHT = datetime(2026, 7, 31, 14, 0, tzinfo=UTC)
DAY = timedelta(days=1)
sizes = st.dictionaries(
    st.integers(0, 60).map(lambda n: f"c{n:03}"), st.integers(0, 10**12), min_size=1
)


def walk(weights: dict[str, int], nights: int, within: timedelta) -> list[tuple[str, ...]]:
    """Return what each night chose, every choice having passed."""
    last: dict[str, datetime] = {}
    walked = []
    for night in range(nights):
        now = NIGHT + night * DAY
        standings = [Standing(name, last.get(name), size) for name, size in weights.items()]
        walked.append(tonight(standings, now, within))
        last |= dict.fromkeys(walked[-1], now)
    return walked


@settings(max_examples=60)
@given(weights=sizes, days=st.integers(1, 30))
def test_everything_has_its_turn_within_the_span_from_a_standing_start(
    weights: dict[str, int], days: int
) -> None:
    walked = walk(weights, days, days * DAY)
    assert {name for night in walked for name in night} == set(weights)


@settings(max_examples=60)
@given(weights=sizes, days=st.integers(1, 20), growing=st.lists(st.integers(1, 3), min_size=7))
def test_nothing_waits_longer_than_the_span_however_the_bytes_grow(
    weights: dict[str, int], days: int, growing: list[int]
) -> None:
    last = dict.fromkeys(weights, NIGHT - DAY)
    for night in range(3 * days):
        now = NIGHT + night * DAY
        weights = {
            name: size * growing[(night + place) % len(growing)]
            for place, (name, size) in enumerate(weights.items())
        }
        standings = [Standing(name, last[name], size) for name, size in weights.items()]
        assert all(now - each.last <= days * DAY + JITTER for each in standings if each.last)
        last |= dict.fromkeys(tonight(standings, now, days * DAY), now)


@settings(max_examples=60)
@given(count=st.integers(1, 200), days=st.integers(1, 40))
def test_no_night_takes_more_than_its_share_and_one(count: int, days: int) -> None:
    weights = {f"c{number:03}": 7 for number in range(count)}
    walked = walk(weights, 2 * days, days * DAY)
    assert max(map(len, walked)) <= count / days + 1


def test_never_done_goes_first_and_then_the_longest_ago() -> None:
    standings = [
        Standing("recent", NIGHT - 2 * DAY),
        Standing("old", NIGHT - 20 * DAY),
        Standing("new", None),
    ]
    assert tonight(standings, NIGHT, 2 * DAY) == ("new", "old", "recent")


def test_a_night_repeated_at_once_takes_up_nothing_anew() -> None:
    weights = [Standing(f"c{n}", NIGHT - n * DAY) for n in range(1, 10)]
    first = tonight(weights, NIGHT, 9 * DAY)
    again = [Standing(w.name, NIGHT if w.name in first else w.last) for w in weights]
    assert tonight(again, NIGHT + timedelta(minutes=20), 9 * DAY) == ()


def test_what_failed_tonight_is_taken_up_again() -> None:
    standings = [Standing("failed", NIGHT - 40 * DAY), Standing("passed", NIGHT)]
    assert tonight(standings, NIGHT + timedelta(minutes=20), 30 * DAY) == ("failed",)


def test_an_empty_rotation_has_nothing_to_do() -> None:
    assert tonight([], NIGHT, DAY) == ()
