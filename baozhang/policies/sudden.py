"""Sudden change (突变): could what a backup found be an accident's or an attacker's work?

    last clean point ──Change──► now          the client's own nights ──► what is usual
                          └──────── judge ──────┘──► normal, suspicious, or cannot tell

What is compared with is always the last clean point (最近可信备份点), never merely the night
before: a set that was encrypted on Monday looks calm on Tuesday.  Each sign has a floor, a share,
and what is usual for this client; all three must be exceeded, but for a changed closed period,
which is never usual.  Thresholds are this product's own, chosen on generated agencies; no standard
states any.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

State = Literal["normal", "suspicious", "unknown"]
Sign = Literal["removed", "renamed", "retyped", "scrambled", "lines_lost", "closed"]
SIGNS: tuple[Sign, ...] = get_args(Sign)


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a set since its last clean point; counts of files unless said otherwise."""

    files: int = 0  # in the last clean point
    removed: int = 0  # gone, and not there under another name
    renamed: int = 0  # the same content under another name
    retyped: int = 0  # gone, while the same name with another ending came
    written: int = 0  # with new content, new ones included
    sampled: int = 0  # of those written, how many were looked into
    scrambled: int = 0  # of those sampled, how many are noise where their kind is none
    lines: int = 0  # voucher lines in the last clean point
    lines_lost: int = 0  # voucher lines that a period has less than then
    closed: int = 0  # closed periods whose vouchers are others now


@dataclass(frozen=True, slots=True)
class Rule:
    """When a count is more than everyday: at its floor, or where it is more than half of all."""

    whole: Literal["files", "sampled", "lines"]  # what its share is of
    floor: int
    percent: int
    habit: int  # how many times the usual is still everyday; 0: nothing is usual


RULES: dict[Sign, Rule] = {
    "removed": Rule("files", floor=10, percent=20, habit=2),
    "renamed": Rule("files", floor=10, percent=20, habit=2),
    "retyped": Rule("files", floor=5, percent=5, habit=2),
    "scrambled": Rule("sampled", floor=3, percent=30, habit=2),
    "lines_lost": Rule("lines", floor=10, percent=1, habit=2),
    "closed": Rule("lines", floor=1, percent=0, habit=0),
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """One sign that was exceeded, with the figures behind it."""

    sign: Sign
    count: int
    whole: int
    usual: int  # the most of the client's own nights


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a change looks like; `unknown` when there was nothing to hold it against."""

    state: State
    alarms: tuple[Alarm, ...] = ()


def judge(change: Change | None, nights: Sequence[Change]) -> Judgement:
    """Return whether a change is everyday for this client.

    Args:
        change: since the last clean point; None: there is none, or it could not be compared.
        nights: changes of earlier nights that were found normal.
    """
    if change is None:
        return Judgement("unknown")
    alarms = tuple(_alarms(change, nights))
    if alarms:
        return Judgement("suspicious", alarms)
    return Judgement("unknown" if _blind(change) else "normal")


def _alarms(change: Change, nights: Sequence[Change]) -> Iterable[Alarm]:
    for sign, rule in RULES.items():
        count, whole = _count(change, sign), getattr(change, rule.whole)
        usual = max((_count(night, sign) for night in nights), default=0)
        much = count >= rule.floor or 1 < whole < 2 * count
        if much and count > rule.habit * usual and count * 100 >= whole * rule.percent:
            yield Alarm(sign, count, whole, usual)


def _count(change: Change, sign: Sign) -> int:
    count: int = getattr(change, sign)
    return count


def _blind(change: Change) -> bool:
    """Tell whether so much was written unread that nothing can be said of it."""
    rule = RULES["scrambled"]
    return not change.sampled and change.written >= max(rule.floor, change.files // 2, 1)
