"""Vouchers while they go by: runs of lines, and one small tally per voucher.

A run is what stands together in the file under one voucher's key; a voucher is usually one run,
but nothing relies on it.  What is kept per voucher is a handful of numbers, never its lines.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from baozhang.books.canonical import LinePrinter, mark_of
from baozhang.books.model import Line, Numbering
from baozhang.books.proof import VoucherMarks


class Run(NamedTuple):
    """Consecutive lines of one voucher in one period, with their canonical texts."""

    period: str
    word: str
    number: str
    lines: list[Line]
    text: str  # canonical rows, each ended by a line feed

    @property
    def name(self) -> str:
        """The voucher's name."""
        return voucher_name(self.word, self.number)


class Tally:
    """What is kept of one voucher."""

    __slots__ = ("date", "lines", "mark", "net", "period", "seen", "voided")

    def __init__(self, period: str, date: str) -> None:
        self.period = period  # of its first line
        self.date = date  # of its first line
        self.lines = 0
        self.net = 0  # debit less credit, minor units
        self.mark = b""
        self.seen = 0  # bit n is set once line n was met
        self.voided = False


class SeriesName(NamedTuple):
    """What vouchers are numbered within: year, period ("" where the year is), word."""

    year: str
    period: str
    word: str


def voucher_name(word: str, number: str) -> str:
    """Return how people call a voucher: 记-12; a number that begins with its word stands alone."""
    return number if not word or number.startswith(word) else f"{word}-{number}"


def runs(lines: Iterable[Line]) -> Iterator[Run]:
    """Cut lines into runs, in order."""
    printed = LinePrinter().text
    for (_, period, word, number), group in groupby(lines, itemgetter(0, 1, 2, 3)):
        together = list(group)
        yield Run(period, word, number, together, printed(together))


class Vouchers:
    """Every voucher's tally, by the series it is numbered in."""

    def __init__(self, numbering: Numbering) -> None:
        self.numbering = numbering
        self.series: dict[SeriesName, dict[str, Tally]] = {}
        self._at: tuple[str, str, str] | None = None
        self._here: dict[str, Tally] = {}

    def add(self, run: Run, text: bytes) -> Tally:
        """Take in a run; return its voucher's tally, this run included but for `seen`."""
        first = run.lines[0]
        at = first.year, run.period, run.word
        if at != self._at:  # most runs are of the series before them
            self._at, self._here = at, self._series_of(*at)
        tally = self._here.get(run.number)
        if tally is None:
            tally = self._here[run.number] = Tally(run.period, first.date)
        tally.lines += len(run.lines)
        tally.mark = mark_of(text, tally.mark)
        for line in run.lines:
            if line.voided:
                tally.voided = True
            else:
                tally.net += (line.debit or 0) - (line.credit or 0)
        return tally

    def _series_of(self, year: str, period: str, word: str) -> dict[str, Tally]:
        within = "" if self.numbering == "year" else period
        return self.series.setdefault(SeriesName(year, within, word), {})

    def marks(self) -> tuple[VoucherMarks, ...]:
        """Return the marks by period."""
        found: dict[str, tuple[list[str], list[str]]] = {}
        for (_, _, word), tallies in self.series.items():
            for number, tally in tallies.items():
                names, marks = found.setdefault(tally.period, ([], []))
                names.append(voucher_name(word, number))
                marks.append(tally.mark.hex())
        return tuple(
            VoucherMarks(period, tuple(names), tuple(marks))
            for period, (names, marks) in sorted(found.items())
        )
