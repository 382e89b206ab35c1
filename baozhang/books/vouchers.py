"""Vouchers while they go by: one small tally per voucher.

A voucher is usually one run of lines, but nothing relies on it.  What is kept per voucher is a
handful of numbers, never its lines.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat
from operator import sub
from typing import NamedTuple

from baozhang.books.blocks import Passage, changes, voucher_name
from baozhang.books.canonical import mark_of, marks_of
from baozhang.books.model import Numbering
from baozhang.books.proof import VoucherMarks


class Tally(NamedTuple):
    """What is kept of one voucher."""

    period: str  # of its first line
    date: str  # of its first line
    lines: int
    net: int  # debit less credit, minor units; voided lines left out
    mark: bytes
    voided: bool


class SeriesName(NamedTuple):
    """What vouchers are numbered within: year, period ("" where the year is), word."""

    year: str
    period: str
    word: str


Again = Mapping[int, int]
"""Runs of vouchers that were met before: place of the run in its passage to lines met before."""

_tally = partial(tuple.__new__, Tally)


class Vouchers:
    """Every voucher's tally, by the series it is numbered in."""

    def __init__(self, numbering: Numbering) -> None:
        self.numbering = numbering
        self.series: dict[SeriesName, dict[str, Tally]] = {}

    def series_name(self, year: str, period: str, word: str) -> SeriesName:
        """Return the series that a line's voucher is numbered in."""
        return SeriesName(year, "" if self.numbering == "year" else period, word)

    def add(self, passage: Passage, texts: Sequence[bytes]) -> Again:
        """Take in a passage; return which of its runs go on with a voucher met before.

        Args:
            passage: whole runs.
            texts: the canonical text of each run.
        """
        again: dict[int, int] = {}
        lines, starts = passage.lines, passage.starts
        numbers = list(map(lines.number.__getitem__, starts))
        tallies = self._tallies(passage, texts)
        for (year, period, word), first, after in _heads(passage):
            here = self.series.setdefault(self.series_name(year, period, word), {})
            own = numbers[first:after]
            if here.keys().isdisjoint(own) and len(set(own)) == len(own):
                here.update(zip(own, tallies[first:after], strict=True))
                continue
            for run, number in enumerate(own, first):
                before, tally = here.get(number), tallies[run]
                if before is not None:
                    again[run] = before.lines
                    tally = _together(before, tally, texts[run])
                here[number] = tally
        return again

    def _tallies(self, passage: Passage, texts: Sequence[bytes]) -> list[Tally]:
        """Return a tally of each run by itself."""
        lines, starts = passage.lines, passage.starts
        return list(
            map(
                _tally,
                zip(
                    map(lines.period.__getitem__, starts),
                    map(lines.date.__getitem__, starts),
                    map(sub, passage.ends, starts),
                    passage.nets,
                    marks_of(texts),
                    _voided(passage),
                    strict=False,  # _voided may have no end
                ),
            )
        )

    def marks(self) -> tuple[VoucherMarks, ...]:
        """Return the marks by period."""
        found: dict[str, tuple[list[str], list[str]]] = {}
        for (_, _, word), tallies in self.series.items():
            for period, numbers in _by_period(tallies).items():
                names, marks = found.setdefault(period, ([], []))
                names += [voucher_name(word, number) for number in numbers]
                marks += [tallies[number].mark.hex() for number in numbers]
        return tuple(
            VoucherMarks(period, tuple(names), tuple(marks))
            for period, (names, marks) in sorted(found.items())
        )


def _by_period(tallies: Mapping[str, Tally]) -> Mapping[str, Iterable[str]]:
    """Return the numbers of a series by the period their vouchers begin in."""
    periods = {period for period, *_ in tallies.values()}
    if len(periods) == 1:
        return {periods.pop(): tallies}
    found: dict[str, list[str]] = {}
    for number, tally in tallies.items():
        found.setdefault(tally.period, []).append(number)
    return found


def _voided(passage: Passage) -> Iterator[bool]:
    voided = passage.lines.voided
    if True not in voided:
        return repeat(False)
    return (True in voided[first:after] for first, after in passage.runs())


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


def _together(before: Tally, run: Tally, text: bytes) -> Tally:
    """Return the tally of a voucher whose lines lie apart in the file."""
    return before._replace(
        lines=before.lines + run.lines,
        net=before.net + run.net,
        mark=mark_of(text, before.mark),
        voided=before.voided or run.voided,
    )
