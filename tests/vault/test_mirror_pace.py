"""A mirror is copied to no faster than it may be, and only at its hours."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.policies.pace import Pace, read_rate, read_window
from baozhang.vault.mirror import catch_up
from baozhang.vault.pacing import SECOND, Line, Throttle
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import Vault
from tests.vault.conftest import BackUp

EVENING = datetime(2026, 7, 31, 14, tzinfo=UTC)  # 22:00 in Shanghai


class FakeClock:
    """Time that passes only while somebody sleeps, or is told to."""

    def __init__(self, at: datetime = EVENING) -> None:
        self.begun = self.at = at

    def ticks(self) -> int:
        return round((self.at - self.begun) / timedelta(microseconds=1)) * 1000

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.at += timedelta(seconds=seconds)

    def __call__(self) -> datetime:
        return self.at

    def line(self, pace: Pace) -> Line:
        return Line(pace, clock=self, ticks=self.ticks, sleep=self.sleep)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("20Mbit/s", 2_500_000),
        ("2.5Mbit/s", 312_500),
        ("800kbit/s", 100_000),
        ("1Gbit/s", 125_000_000),
        ("3MB/s", 3_000_000),
        ("8bit/s", 1),
    ],
)
def test_a_rate_is_read_as_people_write_it(text: str, rate: int) -> None:
    assert read_rate(text) == rate


@pytest.mark.parametrize("text", ["", "20", "20Mbit", "0Mbit/s", "1bit/s", "-1MB/s", "20 M bit/s"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no rate"):
        read_rate(text)


@pytest.mark.parametrize("text", ["", "22:00", "24:00-06:00", "22:60-06:00", "22-6"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no window"):
        read_window(text)


@pytest.mark.parametrize(
    ("hour", "is_open"), [(21, False), (22, True), (23, True), (0, True), (5, True), (6, False)]
)
def test_a_window_may_pass_midnight(hour: int, is_open: bool) -> None:
    at = datetime(2026, 7, 31, hour, tzinfo=UTC) - timedelta(hours=8)
    assert read_window("22:00-06:00").is_open(at) is is_open


def test_a_window_within_a_day_ends_on_its_minute() -> None:
    window = read_window("12:00-13:30")
    noon = datetime(2026, 7, 31, 4, tzinfo=UTC)
    assert window.is_open(noon)
    assert window.is_open(noon + timedelta(minutes=89, seconds=59))
    assert not window.is_open(noon + timedelta(minutes=90))
    assert str(window) == "12:00-13:30"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 10**8), min_size=1, max_size=20), st.integers(1, 10**8))
def test_bytes_take_exactly_their_time(counts: list[int], rate: int) -> None:
    now = 0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += round(seconds * SECOND)

    throttle = Throttle(rate, lambda: now, sleep)
    for count in counts:
        throttle.take(count)
    passed = sum(counts[:-1])  # the last may go; the next would wait for it
    assert now == pytest.approx(passed * SECOND / rate, rel=1e-9, abs=len(counts))


def test_a_pause_is_not_made_up_for_by_a_burst() -> None:
    clock = FakeClock()
    throttle = Throttle(1000, clock.ticks, clock.sleep)
    throttle.take(1000)
    clock.at += timedelta(hours=1)
    begun = clock.at
    for _ in range(3):
        throttle.take(1000)
    assert clock.at - begun == timedelta(seconds=2)


def test_a_copy_takes_as_long_as_the_line_allows(
    vault: Vault, store: MemoryStore, back: BackUp
) -> None:
    back()
    clock = FakeClock()
    assert catch_up(store, MemoryStore(), line=clock.line(Pace(100_000))).complete
    sizes = [len(data) for data in store.objects.values()]
    whole = sum(sizes) / 100_000
    taken = (clock.at - EVENING).total_seconds()
    assert whole - max(sizes) / 100_000 <= taken <= whole


def test_both_directions_carry_as_much_at_the_same_time(
    vault: Vault, store: MemoryStore, back: BackUp
) -> None:
    back()
    clock = FakeClock()
    line = clock.line(Pace(100_000))
    line.up.take(100_000)
    line.down.take(100_000)
    assert clock.at == EVENING


def test_outside_its_hours_nothing_is_sent_and_the_lag_is_told(
    vault: Vault, store: MemoryStore, back: BackUp
) -> None:
    back()
    mirror = MemoryStore()
    noon = FakeClock(EVENING - timedelta(hours=10))
    receipt = catch_up(store, mirror, line=noon.line(Pace(0, read_window("22:00-06:00"))))
    assert (receipt.complete, receipt.stopped, receipt.error) == (False, "window", None)
    assert receipt.lag.objects == len(store.objects)
    assert mirror.objects == {}


def test_when_the_window_closes_the_copy_ends_between_objects_and_goes_on_the_next_night(
    vault: Vault, store: MemoryStore, back: BackUp
) -> None:
    back()
    clock, nights, mirror = FakeClock(), 0, MemoryStore()
    largest = max(map(len, store.objects.values()))
    rate = sum(map(len, store.objects.values())) // 20_000 + 1  # some two thirds of a night
    pace = Pace(rate, read_window("22:00-03:00"))
    while nights < 9:
        clock.at = EVENING + timedelta(days=nights)
        receipt = catch_up(store, mirror, line=clock.line(pace))
        nights += 1
        over = clock.at - (EVENING + timedelta(days=nights - 1, hours=5))
        assert over <= timedelta(seconds=largest / rate)
        if receipt.complete:
            break
        assert receipt.stopped == "window"
        assert receipt.objects > 0
    assert mirror.objects == store.objects
    assert nights == 2


def test_sending_and_reading_back_both_keep_to_the_limit(
    vault: Vault, store: MemoryStore, back: BackUp
) -> None:
    back()
    sent: list[int] = []
    taken: list[int] = []
    line = FakeClock().line(Pace(100_000))
    line.up.take = sent.append  # type: ignore[method-assign]
    line.down.take = taken.append  # type: ignore[method-assign]
    catch_up(store, MemoryStore(), line=line)
    assert sum(sent) == sum(taken) == sum(map(len, store.objects.values()))
