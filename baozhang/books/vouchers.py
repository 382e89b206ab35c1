"""Vouchers while they go by: a handful of numbers per voucher.

A voucher is usually one run of lines, and numbers usually rise, but nothing relies on it.  What is
kept stands in columns, one per fact, so that five million lines fit and a law asks a whole series
at once; nothing is looked up while numbers rise, since a number above all others is a new one.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from operator import lt, sub
from typing import NamedTuple

from baozhang.books.blocks import Passage, changes, voucher_names
from baozhang.books.canonical import MARK, Printed, mark_of
from baozhang.books.model import Numbering
from baozhang.books.proof import VoucherMarks


class SeriesName(NamedTuple):
    """What vouchers are numbered within: year, period ("" where the year is), word."""

    year: str
    period: str
    word: str


Again = Mapping[int, int]
"""Runs of vouchers that were met before: place of the run in its passage to lines met before."""


class Runs(NamedTuple):
    """What is kept of some runs that stand together, a column per fact."""

    numbers: Sequence[str]
    periods: Sequence[str]  # of the first line of each
    dates: Sequence[str]  # of the first line of each
    lines: Sequence[int]
    nets: Sequence[int]  # debit less credit, minor units; voided lines left out
    voided: Sequence[bool]  # whether a line is
    marks: bytes

    def cut(self, first: int, after: int) -> "Runs":
        """Return the runs from `first` to the one before `after`."""
        if (first, after) == (0, len(self.numbers)):
            return self
        columns = [column[first:after] for column in self[:-1]]
        return Runs._make((*columns, self.marks[MARK * first : MARK * after]))


class Series:
    """The vouchers of one series, in the order in which they were met; columns as in `Runs`."""

    def __init__(self) -> None:
        self.numbers: list[str] = []
        self.periods: list[str] = []
        self.dates: list[str] = []
        self.lines: list[int] = []
        self.nets: list[int] = []
        self.voided: set[int] = set()  # places
        self.marks = bytearray()
        self._greatest = -1  # of the numbers, while they rise
        self._places: dict[str, int] | None = None  # by number, once they do not

    def take_new(self, runs: Runs) -> bool:
        """Take in runs if each is a voucher that was not met before, and tell whether."""
        if self._places is None and self._rise(runs.numbers):
            self._extend(runs)
            return True
        known, numbers = self._known(), runs.numbers
        if not known.keys().isdisjoint(numbers) or len({*numbers}) < len(numbers):
            return False
        known.update(zip(numbers, range(len(known), len(known) + len(numbers)), strict=True))
        self._extend(runs)
        return True

    def take(self, run: Runs, text: bytes) -> int:
        """Take in one run with its text; return how many lines of its voucher were met before."""
        if self.take_new(run):
            return 0
        place = self._known()[run.numbers[0]]
        before, mark = self.lines[place], slice(MARK * place, MARK * place + MARK)
        self.lines[place] += run.lines[0]
        self.nets[place] += run.nets[0]
        self.marks[mark] = mark_of(text, bytes(self.marks[mark]))
        if run.voided[0]:
            self.voided.add(place)
        return before

    def mark_texts(self) -> list[str]:
        """Return the marks in hexadecimal."""
        return self.marks.hex(" ", MARK).split()

    def _rise(self, numbers: Sequence[str]) -> bool:
        """Tell whether each of these is above all before it, as a number."""
        if "" in numbers or not "".join(numbers).isdecimal():
            return False
        values = [self._greatest, *map(int, numbers)]
        if not all(map(lt, values, islice(values, 1, None))):
            return False
        self._greatest = values[-1]
        return True

    def _known(self) -> dict[str, int]:
        if self._places is None:
            self._places = {number: place for place, number in enumerate(self.numbers)}
        return self._places

    def _extend(self, runs: Runs) -> None:
        if True in runs.voided:
            known = len(self.numbers)
            self.voided.update(known + run for run, gone in enumerate(runs.voided) if gone)
        self.numbers += runs.numbers
        self.periods += runs.periods
        self.dates += runs.dates
        self.lines += runs.lines
        self.nets += runs.nets
        self.marks += runs.marks


class Vouchers:
    """Every voucher, by the series it is numbered in."""

    def __init__(self, numbering: Numbering) -> None:
        self.numbering = numbering
        self.series: dict[SeriesName, Series] = {}

    def series_name(self, year: str, period: str, word: str) -> SeriesName:
        """Return the series that a line's voucher is numbered in."""
        return SeriesName(year, "" if self.numbering == "year" else period, word)

    def add(self, passage: Passage, printed: Printed) -> Again:
        """Take in a passage; return which of its runs go on with a voucher met before."""
        again: dict[int, int] = {}
        runs = _runs(passage, printed.marks)
        for head, first, after in _heads(passage):
            name = self.series_name(*head)
            series = self.series.get(name)
            if series is None:
                series = self.series[name] = Series()
            if series.take_new(runs.cut(first, after)):
                continue
            for run in range(first, after):
                before = series.take(runs.cut(run, run + 1), printed.runs(run, run + 1))
                if before:
                    again[run] = before
        return again

    def marks(self) -> tuple[VoucherMarks, ...]:
        """Return the marks by period."""
        found: dict[str, tuple[list[str], list[str]]] = {}
        for (_, _, word), series in self.series.items():
            names, marks = voucher_names(word, series.numbers), series.mark_texts()
            for period, places in _by_period(series.periods):
                own = found.setdefault(period, ([], []))
                own[0].extend(map(names.__getitem__, places))
                own[1].extend(map(marks.__getitem__, places))
        return tuple(
            VoucherMarks(period, tuple(names), tuple(marks))
            for period, (names, marks) in sorted(found.items())
        )


def _runs(passage: Passage, marks: bytes) -> Runs:
    lines, starts = passage.lines, passage.starts
    numbers, periods, dates = (
        list(map(column.__getitem__, starts)) for column in (lines.number, lines.period, lines.date)
    )
    sizes = list(map(sub, passage.ends, starts))
    if passage.voided:
        voided = [True in lines.voided[first:after] for first, after in passage.runs()]
    else:
        voided = [False] * len(starts)
    return Runs(numbers, periods, dates, sizes, passage.nets, voided, marks)


def _by_period(periods: Sequence[str]) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield each period with the places of the vouchers that begin in it."""
    if len({*periods}) == 1:
        yield periods[0], range(len(periods))
        return
    found: dict[str, list[int]] = {}
    for place, period in enumerate(periods):
        found.setdefault(period, []).append(place)
    yield from found.items()


def _heads(passage: Passage) -> Iterator[tuple[tuple[str, str, str], int, int]]:
    """Yield year, period, word of runs that stand together; the first, and the one after them."""
    columns = passage.lines[:3]
    if all(len(passage.distinct(column)) == 1 for column in columns):
        year, period, word = (column[0] for column in columns)
        yield (year, period, word), 0, len(passage.starts)
        return
    heads = list(zip(*(map(column.__getitem__, passage.starts) for column in columns), strict=True))
    starts = [0, *changes(heads)]
    for first, after in zip(starts, [*starts[1:], len(heads)], strict=True):
        yield heads[first], first, after
