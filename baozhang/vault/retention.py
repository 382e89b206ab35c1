"""Retention: which snapshots of a set are kept, whatever their writers say of the time.

The order in which the vault received snapshots decides; what a snapshot says of its own time only
sorts it into days, weeks, months and years, and only where nothing contradicts it.

    received   1   2   3   4   5   6        trusted: none earlier says later, none later says
    says      Mo  Tu  Th  We  Fr  2099      earlier, and none says more than it is now
              ok  ok   ?   ?  ok   ?

* One of doubtful time is kept, and stands for no day: whoever floods a set with forged times wins
  nothing but room.
* Of one day, week, month or year the snapshot *received first* stands for it.  One that came later
  can never push it out, and what stands for a day today stands for it for ever.
* Only days that have passed are counted: forged times cannot make history look longer.

Pure policy: values in, a set of ids out.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from baozhang.clock import business_day
from baozhang.vault.model import Snapshot

LAST = 3
"""Snapshots of a set, newest first, that only go with two approvals."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How many days, weeks, months and years of a set stay, counted from the newest that has any.

    30 years is what the archive rules ask of account books (会计档案管理办法, 2015, annex 1).
    """

    last: int = 14  # days of which every snapshot stays
    daily: int = 92
    weekly: int = 53
    monthly: int = 120
    yearly: int = 30


@dataclass(frozen=True, slots=True)
class Choice:
    """What a rule says of one client's snapshots: ids."""

    kept: frozenset[str]
    forgotten: frozenset[str]
    doubtful: frozenset[str]  # kept, because their times contradict others or the present


def choose(
    snapshots: Sequence[Snapshot], rule: Rule, *, now: datetime, always: Collection[str] = ()
) -> Choice:
    """Return what stays of one client's snapshots.

    Args:
        snapshots: all that are not forgotten yet, of any sets, in any order.
        rule: how much stays.
        now: the present instant, of whoever prunes; no snapshot is of a later one.
        always: ids that stay whatever the rule says: proven last, or under a hold.
    """
    sets = {one.set for one in snapshots}
    kept, doubtful = set(always), set[str]()
    for name in sets:
        received = sorted((s for s in snapshots if s.set == name), key=lambda s: s.sequence)
        trusted = _trusted(received, now)
        doubtful |= {one.id for one in received} - {one.id for one in trusted}
        kept |= {one.id for one in received if one.sequence == received[-1].sequence}
        kept |= _by_rule(trusted, rule)
    every = {one.id for one in snapshots}
    kept = (kept | doubtful) & every
    return Choice(frozenset(kept), frozenset(every - kept), frozenset(doubtful))


def _trusted(received: Sequence[Snapshot], now: datetime) -> list[Snapshot]:
    """Return those whose times neither the others nor the present contradict."""
    past = [one for one in received if one.at <= now]
    latest_before, highest = [], datetime.min.replace(tzinfo=now.tzinfo)
    for one in past:
        highest = max(highest, one.at)
        latest_before.append(highest)
    found, lowest = [], now
    for one, before in zip(reversed(past), reversed(latest_before), strict=True):
        lowest = min(lowest, one.at)
        if before <= one.at <= lowest:
            found.append(one)
    return found[::-1]


def _day(one: Snapshot) -> date:
    return business_day(one.at)


def _week(one: Snapshot) -> tuple[int, int]:
    return _day(one).isocalendar()[:2]


def _month(one: Snapshot) -> tuple[int, int]:
    return _day(one).year, _day(one).month


def _year(one: Snapshot) -> int:
    return _day(one).year


def _by_rule(trusted: Sequence[Snapshot], rule: Rule) -> set[str]:
    days = sorted({_day(one) for one in trusted}, reverse=True)[: rule.last]
    kept = {one.id for one in trusted if _day(one) in days}
    kept |= _first_of(trusted, _day, rule.daily) | _first_of(trusted, _week, rule.weekly)
    return kept | _first_of(trusted, _month, rule.monthly) | _first_of(trusted, _year, rule.yearly)


def _first_of(
    trusted: Sequence[Snapshot], period: Callable[[Snapshot], object], count: int
) -> set[str]:
    """Return the first that was received in each of the newest `count` periods that have any."""
    first: dict[object, str] = {}
    for one in trusted:
        first.setdefault(period(one), one.id)
    return set(list(first.values())[-count:] if count else ())
