"""Sudden change (突变): could what a backup found be an accident's or an attacker's work?

    last clean point ──Change──► now          the client's own nights ──► what is usual
                          └──────── judge ──────┘──► normal, suspicious, or cannot tell

What is compared with is always the last clean point (最近可信备份点), never merely the night
before: a set that was encrypted on Monday looks calm on Tuesday.  Each sign has a floor, a share,
and for tidying up what is usual for this client; all must be exceeded.  Nothing is usual of noise,
of lost lines and books and of closed periods.

Whoever takes a little more each night must not make it usual.  So only nights that needed no habit
themselves tell what is usual; and what went is added up: the set is held against an older clean
point too (the `slow_` signs), where twice of what one night may take is too much.  Files that
others came for, as where only the newest exports are kept, have not gone there.

Thresholds are this product's own, chosen on generated agencies; no standard states any.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

State = Literal["normal", "suspicious", "unknown"]
Sign = Literal[
    "removed",
    "renamed",
    "retyped",
    "slow_removed",
    "slow_renamed",
    "slow_retyped",
    "scrambled",
    "lines_lost",
    "books_lost",
    "closed",
    "foreign",
]
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
    lines_lost: int = 0  # voucher lines that a period of a book has less than then
    books: int = 0  # in the last clean point
    books_lost: int = 0  # books that are no longer there
    closed: int = 0  # closed periods whose vouchers are others now
    foreign: int = 0  # books that name another owner than the client
    unproven: int = 0  # books that cannot be read as their profile says
    slow_files: int = 0  # in an older clean point; 0: it was not held against one
    slow_removed: int = 0  # gone since then, less those that came
    slow_renamed: int = 0  # renamed since then
    slow_retyped: int = 0  # retyped since then


@dataclass(frozen=True, slots=True)
class Rule:
    """When a count is more than everyday: many, or more than half of all, and a share of them."""

    whole: Literal["files", "slow_files", "sampled", "lines", "books"]  # what its share is of
    floor: int
    percent: int = 0
    habit: int = 0  # how many times the usual is still everyday; 0: nothing is usual
    always: int = 0  # so many are too many, whatever their share; 0: no such number


RULES: dict[Sign, Rule] = {
    "removed": Rule("files", floor=10, percent=20, habit=2),
    "renamed": Rule("files", floor=10, percent=20, habit=2),
    "retyped": Rule("files", floor=5, percent=5, habit=2),
    "slow_removed": Rule("slow_files", floor=20, percent=40),
    "slow_renamed": Rule("slow_files", floor=20, percent=40),
    "slow_retyped": Rule("slow_files", floor=10, percent=10),
    "scrambled": Rule("sampled", floor=3, percent=10),
    "lines_lost": Rule("lines", floor=10, percent=1, always=500),
    "books_lost": Rule("books", floor=1),
    "closed": Rule("books", floor=1),
    "foreign": Rule("books", floor=1),
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


def adds_up(change: Change, nights: Sequence[Change]) -> bool:
    """Tell whether nights took so much together that an older clean point should be asked.

    Args:
        change: since the last clean point.
        nights: as for `judge`.
    """
    together = (*nights, change)
    return any(
        sum(_count(night, sign) for night in together) >= RULES[slow].floor
        for sign, slow in SLOW.items()
    )


SLOW: dict[Sign, Sign] = {
    "removed": "slow_removed",
    "renamed": "slow_renamed",
    "retyped": "slow_retyped",
}
"""What a night takes to what it comes to over many."""


def _alarms(change: Change, nights: Sequence[Change]) -> Iterable[Alarm]:
    for sign, rule in RULES.items():
        plain = (night for night in nights if not _much(sign, night))
        usual = max((_count(night, sign) for night in plain), default=0)
        count = _count(change, sign)
        if _much(sign, change) and count > rule.habit * usual:
            yield Alarm(sign, count, _whole(change, sign), usual)


def _much(sign: Sign, change: Change) -> bool:
    """Tell whether a count is large by itself; one file that went from a pair is not."""
    rule, count, whole = RULES[sign], _count(change, sign), _whole(change, sign)
    if rule.always and count >= rule.always:
        return True
    most = 2 * count > whole and (whole > 1 or rule.whole == "sampled")
    return count > 0 and (count >= rule.floor or most) and count * 100 >= whole * rule.percent


def _count(change: Change, sign: Sign) -> int:
    count: int = getattr(change, sign)
    return count


def _whole(change: Change, sign: Sign) -> int:
    whole: int = getattr(change, RULES[sign].whole)
    return whole


def _blind(change: Change) -> bool:
    """Tell whether nothing can be said: a book is unreadable, or much was written unread."""
    rule = RULES["scrambled"]
    unread = not change.sampled and change.written >= max(rule.floor, change.files // 2, 1)
    return bool(change.unproven) or unread
