"""Rotation: a share of the work each night, so that all of it is done within a span.

Oldest first, never by lot: a sample of a tenth leaves, after thirty nights, 4 % of the bytes
unread, and nobody can say which.  A night takes whatever would lapse before the next night, and
then the oldest until its fair share of the bytes is reached, so that the nights stay even.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from baozhang.policies.due import JITTER, NIGHTLY, lapsing
from baozhang.policies.model import Standing


def tonight(
    standings: Iterable[Standing],
    now: datetime,
    within: timedelta,
    *,
    runs_every: timedelta = NIGHTLY,
) -> tuple[str, ...]:
    """Return what to do in this run so that each thing is done once `within` the span.

    The same rotation serves verification (`Policy.every_byte_within`) and restore tests
    (`Policy.restore_test_every`).  A run repeated within JITTER takes up nothing anew, unless
    it has not reached its share.

    Args:
        standings: n things with the instant each last passed and its weight; failed or broken
            off is not passed.  A thing is the smallest unit: one is never done by halves.
        now: the present instant.
        within: the span in which each must have its turn.
        runs_every: when this will be asked again.

    Returns:
        Names in the order to do them: never done, then the longest ago; O(n log n).
    """
    queue = sorted(standings, key=lambda each: (each.last is not None, each.last or now, each.name))
    share = sum(_weight(each) for each in queue) * min(runs_every / within, 1)
    done = sum(_weight(each) for each in queue if _just_done(each.last, now))
    chosen: list[str] = []
    for each in queue:
        if _just_done(each.last, now):
            continue
        lapses = each.last is not None and lapsing(within, each.last, now, runs_every=runs_every)
        if lapses or done < share:
            chosen.append(each.name)
            done += _weight(each)
    return tuple(chosen)


def _weight(each: Standing) -> int:
    return max(each.size, 1)


def _just_done(last: datetime | None, now: datetime) -> bool:
    return last is not None and now - JITTER <= last <= now
