"""The restored lines, judged while their proof is taken: by different values, in whole periods.

    passages ──► different dates, accounts, amounts …, runs ──► a frame per portion ──► held?

What holds of every different value holds of every line, and a ledger has far fewer of them (of
amounts, every different form: digits are all alike to what is asked of them).  So a sound ledger
is read once, and little of it is laid before Great Expectations.  Where anything does not hold,
nothing is concluded from here: the lines are read again and judged one by one (`checks.evidence`),
so that each rule says what it found.

Memory: the different values of one portion.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import compress, islice
from operator import is_not, ne

from baozhang.books.blocks import Passage
from checks import frames
from checks.context import Evaluation, evaluate
from checks.suites import values

PORTION = 50_000
"""Lines after which the next period begins a new frame: each costs some 50 ms by itself."""

RULES = {
    "S1": ("S1 columns", "S1 rows", "S1 well formed", "S3 known"),
    "S2": ("S2 once",),
    "S3": ("S3 known",),
    "S4": ("S1 well formed", "S3 known"),
}
"""Which expectations on the values answer for a rule of lines."""

_AMOUNTS = ("debit", "credit")
_LOOKED_AT = ("date", "account", "currency", *_AMOUNTS)
_NO_DIGITS = str.maketrans("123456789", "0" * 9)


class Portions:
    """Judges passages as they come.

    Args:
        accounts: the codes of the book's chart; none where the book has no chart to hold to.
        currency: the book's currency.
    """

    def __init__(self, accounts: Collection[str], currency: str) -> None:
        self.accounts, self.currency = accounts, currency
        self.held = True
        self._judged: list[Evaluation] = []
        self._past: set[str] = set()  # periods of the portions before
        self._begin()

    def _begin(self) -> None:
        self._size = 0
        self._periods: set[str] = set()
        self._values: dict[str, set[Hashable]] = {name: set() for name in _LOOKED_AT}
        self._told: list[str] = []  # of each run, and beside it its voucher
        self._vouchers: list[str] = []

    def see(self, passage: Passage) -> None:
        """Take in a passage; judge the portion before where a period begins a new one."""
        for period, first, after in passage.stretches():
            if self._size >= PORTION and period not in self._periods:
                self._judge()
            self.held = self.held and period not in self._past
            if not self.held:
                return
            self._periods.add(period)
            self._size += after - first
            self._collect(passage, first, after)

    def _collect(self, passage: Passage, first: int, after: int) -> None:
        lines = passage.lines
        whole = after - first == lines.size
        for name, found in self._values.items():
            column: Sequence[Hashable] = getattr(lines, name)
            some = passage.distinct(column) if whole else frozenset(column[first:after])
            found |= _forms(some) if name in _AMOUNTS else some
        self._told += _numbered(passage, first, after)
        self._vouchers += _named(passage, first, after)

    def results(self) -> list[Evaluation] | None:
        """Return what was judged, by rule, in lines; None where anything did not hold."""
        if self.held and self._size:
            self._judge()
        return self._judged if self.held else None

    def _judge(self) -> None:
        known = {"account": self.accounts, "currency": (self.currency,)}
        size, told, runs = self._size, self._told, len(self._told)
        kind, written, expected, once = zip(*_written(self._values, known), strict=True)
        frame = frames.values_frame(
            [*kind, *["line"] * runs],
            [*written, *told],
            [*expected, *told],
            [*once, *self._vouchers],
        )
        rows = len(kind) + runs
        found = {one.check: one for one in evaluate(frame, values.build(rows=rows))}
        self.held = all(one.state == "held" for one in found.values())
        self._judged += [
            replace(found[check], rule=rule, rows=size)
            for rule, checks in RULES.items()
            for check in checks
        ]
        self._past |= self._periods
        self._begin()


def _written(
    found: Mapping[str, Iterable[Hashable]], known: Mapping[str, Collection[str]]
) -> Iterator[frames.Row]:
    """Yield a row per different value, beside it what it must be one of, if it is one of them."""
    for name, several in found.items():
        among = known.get(name)
        for value in several:
            written = None if value is None else f"{name} {value}"
            yield name, written, written if not among or value in among else None, str(value)


def _forms(amounts: Collection[Hashable]) -> set[str | None]:
    """Return the different forms of amounts: each digit written as 0, what is no digit as it is."""
    some = filter(partial(is_not, None), amounts)
    forms: set[str | None] = {*"\n".join(map(str, some)).translate(_NO_DIGITS).split("\n")}
    return (forms - {""}) | ({None} if None in amounts else set())


def _runs_between(passage: Passage, first: int, after: int) -> slice:
    """Return the places of the runs that begin between two rows."""
    return slice(bisect_left(passage.starts, first), bisect_left(passage.starts, after))


def _numbered(passage: Passage, first: int, after: int) -> list[str]:
    """Return what is told of the lines of each run: from which number to which, without a gap."""
    numbers, places = passage.lines.line, _runs_between(passage, first, after)
    starts, ends = passage.starts[places], passage.ends[places]
    ended = (numbers[end - 1] for end in ends)
    pairs = list(zip(map(numbers.__getitem__, starts), ended, strict=True))
    texts = {pair: f"line {pair[0]}-{pair[1]}" for pair in {*pairs}}
    told = list(map(texts.__getitem__, pairs))
    following = map(ne, islice(numbers, first + 1, after), map((1).__add__, numbers[first:after]))
    for row in {*compress(range(first + 1, after), following)}.difference(starts):
        told[bisect_right(starts, row) - 1] = "lines apart"
    return told


def _named(passage: Passage, first: int, after: int) -> Iterator[str]:
    """Return the voucher of each run, by all that numbers it."""
    starts = passage.starts[_runs_between(passage, first, after)]
    heads = (map(column.__getitem__, starts) for column in passage.lines[:4])
    return map(" ".join, zip(*heads, strict=True))
