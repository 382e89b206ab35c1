"""When to try again: soon at first, then ever later, never all at the same instant."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

Jitter = Callable[[], float]
"""Returns a number from 0 up to 1, another one each time."""

SPREAD = 0.4  # a delay is drawn from 0.8 to 1.2 of itself


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays that double from the first one to the longest."""

    first: timedelta
    longest: timedelta

    def after(self, attempts: int, now: datetime, jitter: Jitter) -> datetime:
        """Return when to try again after so many attempts, at least one."""
        doublings = min(attempts - 1, 20)  # beyond that a timedelta overflows
        delay = min(self.first * (1 << doublings), self.longest)
        return now + delay * (1 - SPREAD / 2 + SPREAD * jitter())

    def is_over(self, due: datetime, now: datetime) -> bool:
        """Tell whether a wait is over; one longer than any comes of a clock that was wrong."""
        return not now < due <= now + self.longest * (1 + SPREAD / 2)


FOR_LETTERS = Backoff(timedelta(minutes=5), timedelta(hours=4))
"""Greylisting wants minutes; a full mailbox, hours (RFC 5321, section 4.5.4.1)."""
FOR_SERVERS = Backoff(timedelta(minutes=2), timedelta(minutes=15))
"""A server that comes back is found soon; asking costs it nothing."""
FOR_LOGINS = Backoff(timedelta(minutes=15), timedelta(hours=1))
"""Providers block whoever tries a wrong password again and again."""
GIVE_UP = timedelta(days=5)
"""From the first attempt on (RFC 5321, section 4.5.4.1: at least 4 to 5 days)."""
