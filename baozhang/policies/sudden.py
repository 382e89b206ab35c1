"""Sudden change (突变): could what a backup found be an accident's or an attacker's work?

    last clean point ──Change──► now          the client's own nights ──► what is usual
                          └──────── judge ──────┘──► normal, suspicious, or cannot tell

What is compared with is always the last clean point (最近可信备份点), never merely the night
before: a set that was encrypted on Monday looks calm on Tuesday.  Each sign has a floor, a share,
and for tidying up what is usual for this client; all must be exceeded.  Nothing is usual of noise,
of lost lines and books and of closed periods: whoever takes a little more each night would make it
so.  Thresholds are this product's own, chosen on generated agencies; no standard states any.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

State = Literal["normal", "suspicious", "unknown"]
Sign = Literal[
    "removed", "renamed", "retyped", "scrambled", "lines_lost", "books_lost", "closed", "foreign"
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


@dataclass(frozen=True, slots=True)
class Rule:
    """When a count is more than everyday: many, or more than half of all, and a share of them."""

    whole: Literal["files", "sampled", "lines", "books"]  # what its share is of
    floor: int
    percent: int = 0
    habit: int = 0  # how many times the usual is still everyday; 0: nothing is usual
    always: int = 0  # so many are too many, whatever their share; 0: no such number


RULES: dict[Sign, Rule] = {
    "removed": Rule("files", floor=10, percent=20, habit=2),
    "renamed": Rule("files", floor=10, percent=20, habit=2),
    "retyped": Rule("files", floor=5, percent=5, habit=2),
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


def _alarms(change: Change, nights: Sequence[Change]) -> Iterable[Alarm]:
    for sign, rule in RULES.items():
        count, whole = _count(change, sign), getattr(change, rule.whole)
        usual = max((_count(night, sign) for night in nights), default=0)
        if _much(rule, count, whole) and count > rule.habit * usual:
            yield Alarm(sign, count, whole, usual)


def _much(rule: Rule, count: int, whole: int) -> bool:
    """Tell whether a count is large by itself; one file that went from a pair is not."""
    if rule.always and count >= rule.always:
        return True
    most = 2 * count > whole and (whole > 1 or rule.whole == "sampled")
    return count > 0 and (count >= rule.floor or most) and count * 100 >= whole * rule.percent


def _count(change: Change, sign: Sign) -> int:
    count: int = getattr(change, sign)
    return count


def _blind(change: Change) -> bool:
    """Tell whether nothing can be said: a book is unreadable, or much was written unread."""
    rule = RULES["scrambled"]
    unread = not change.sampled and change.written >= max(rule.floor, change.files // 2, 1)
    return bool(change.unproven) or unread
