"""Keeping to a pace: a token bucket for each direction of a line, and its hours.

The bucket holds nothing in store: `take` lets bytes pass when all before them have had their time,
so the rate holds over every stretch that begins with a pause.  A store sends an object in one
piece; between objects the average is exact.
"""

import time
from collections.abc import Callable
from threading import Lock

from baozhang.clock import Clock, system_clock
from baozhang.policies.pace import Pace

SECOND = 10**9  # nanoseconds

Ticks = Callable[[], int]
"""Returns nanoseconds of a clock that never goes back."""


class Throttle:
    """Lets so many bytes a second pass; shared by threads."""

    def __init__(self, limit: int, ticks: Ticks, sleep: Callable[[float], None]) -> None:
        self._limit, self._ticks, self._sleep = limit, ticks, sleep
        self._free = 0  # when everything let through so far will have had its time
        self._lock = Lock()

    def take(self, count: int) -> None:
        """Wait until `count` bytes more may pass."""
        if not self._limit:
            return
        with self._lock:
            now = self._ticks()
            begins = max(self._free, now)
            self._free = begins + count * SECOND // self._limit
        if begins > now:
            self._sleep((begins - now) / SECOND)


class Line:
    """A line that is used at a pace; both directions carry as much at the same time."""

    def __init__(
        self,
        pace: Pace | None = None,
        *,
        clock: Clock = system_clock,
        ticks: Ticks = time.monotonic_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.pace = pace or Pace()
        self._clock = clock
        self.up = Throttle(self.pace.limit, ticks, sleep)
        self.down = Throttle(self.pace.limit, ticks, sleep)

    def is_open(self) -> bool:
        """Tell whether these are the hours to use it."""
        return self.pace.window is None or self.pace.window.is_open(self._clock())
