"""Time, taken in one place: instants are aware UTC, business days are Asia/Shanghai."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

Clock = Callable[[], datetime]
"""Returns the present instant, aware, in UTC.  Whoever needs the time is handed one."""


def system_clock() -> datetime:
    """Return the machine's present instant in UTC."""
    return datetime.now(UTC)


def business_day(instant: datetime) -> date:
    """Return the day an instant belongs to in an agency's office."""
    return instant.astimezone(SHANGHAI).date()
