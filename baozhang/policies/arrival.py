"""How a set that others deliver stands: arrived, or what kept it, and for how many days.

A red line for every computer that was off last night is read by nobody.  So a set that came within
its span is fine whatever the last try met, a set that is due today names what kept it, and only
one that is late by whole days counts them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Cause = Literal["missing", "busy", "incomplete", "failed"]
"""未到: nothing came (a computer that is off says nothing); 占用: the book was open; 不完整: it
broke off or does not fit its list; 失败: the script says so itself."""
State = Cause | Literal["ok", "overdue"]
"""正常, or 逾期 N 天 where whole days have passed since it was due."""

_TOLD_AT_ONCE = frozenset({"incomplete", "failed"})  # somebody must mend these; the others pass
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Arrival:
    """How one delivery stands."""

    state: State
    cause: Cause | None = None  # what kept it; None where nothing did
    days: int = 0  # whole days overdue


def judge(
    newest: datetime | None, hindrance: Cause | None, *, within: timedelta, now: datetime
) -> Arrival:
    """Return how a delivery stands.

    Args:
        newest: when the newest complete one was made; None: there is none.
        hindrance: what kept a newer one since then; None: nothing is known of any.
        within: how old the newest may be.
        now: the present instant.
    """
    if newest is None:
        return Arrival(hindrance or "missing", hindrance or "missing")
    late = now - newest - within
    if late <= timedelta(0):
        return Arrival(hindrance, hindrance) if hindrance in _TOLD_AT_ONCE else Arrival("ok")
    cause = hindrance or "missing"
    days = late // _DAY
    return Arrival("overdue", cause, days) if days else Arrival(cause, cause)
