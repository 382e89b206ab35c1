"""How fast, and at which hours, copies may go over a line: values, and how people write them.

20Mbit/s    a rate: bits or bytes a second, k, M, G are powers of 1000
22:00-06:00 a window of the day in Asia/Shanghai; it may pass midnight
"""

import re
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal

from baozhang.clock import SHANGHAI

RATE_PATTERN = r"^\s*(\d{1,6}(?:\.\d{1,3})?)\s*([kMG]?)(bit|B)/s\s*$"
WINDOW_PATTERN = r"^\s*([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-3]):([0-5]\d)\s*$"
SCALE = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
BITS = 8  # in a byte


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of the day; from an hour to the same hour is the whole day."""

    opens: time
    closes: time

    def is_open(self, instant: datetime) -> bool:
        """Tell whether an aware instant lies within; the closing minute does not."""
        now = instant.astimezone(SHANGHAI).time()
        if self.opens < self.closes:
            return self.opens <= now < self.closes
        return now >= self.opens or now < self.closes

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


@dataclass(frozen=True, slots=True)
class Pace:
    """What a line may be used for."""

    limit: int = 0  # bytes a second, each way; 0: no limit
    window: Window | None = None  # None: at any time


def read_rate(text: str) -> int:
    """Return the bytes a second that a text means.

    Raises:
        ValueError: no rate, or less than a byte a second.
    """
    found = re.match(RATE_PATTERN, text)
    if not found:
        raise ValueError("no rate")
    rate = int(Decimal(found[1]) * SCALE[found[2]] / (BITS if found[3] == "bit" else 1))
    if not rate:
        raise ValueError("no rate")
    return rate


def read_window(text: str) -> Window:
    """Return the window that a text means.

    Raises:
        ValueError: no window.
    """
    found = re.match(WINDOW_PATTERN, text)
    if not found:
        raise ValueError("no window")
    hours = [int(part) for part in found.groups()]
    return Window(time(hours[0], hours[1]), time(hours[2], hours[3]))
