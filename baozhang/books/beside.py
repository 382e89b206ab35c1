"""What stands beside the voucher lines, read in batches: fingerprinted, its days judged, shown on.

    rows of a reader ──► batches ──► canonical text, a stretch of one period at once ──► fingerprint
                               └──► days (S1) ──► the table's own laws

A batch is what a passage is to voucher lines.  A batch in which some day or period is none is
judged row by row, so that findings stand in the order of the rows.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import compress, islice, pairwise
from operator import attrgetter
from typing import Any, TypeVar

from baozhang.books.blocks import Passage, changes, collecting_rarely
from baozhang.books.canonical import Fingerprint
from baozhang.books.day_laws import RealDays, Row
from baozhang.books.model import Account, BankLine, Invoice, Table

_ROWS = 1024  # of a batch

R = TypeVar("R")
Law = Callable[[Sequence[Any]], None]
"""Looks at a batch of a table's rows, and reports what they break."""

_APART = json.JSONEncoder(ensure_ascii=True, separators=("\n", ":"))


class Beside:
    """Reads the tables beside the voucher lines, batch by batch.

    Args:
        fingerprint: takes in every row.
        days: law S1; None where it is not held.
        count: is told how many rows went by.
    """

    def __init__(
        self, fingerprint: Fingerprint, days: RealDays | None, count: Callable[[int], None]
    ) -> None:
        self.fingerprint, self.days, self.count = fingerprint, days, count

    def accounts(self, rows: Iterable[Account]) -> Iterator[Account]:
        """Take in the chart, which has no days, and pass it on."""
        for batch in batches(rows):
            self.fingerprint.add("accounts", "", canonical_rows(batch), len(batch))
            self.count(len(batch))
            yield from batch

    def read(self, table: Table, rows: Iterable[Row], laws: Sequence[Law]) -> None:
        """Take in a table, and let its laws look at it."""
        with collecting_rarely():
            for batch in batches(rows):
                for period, alike in _stretches(batch):
                    self.fingerprint.add(table, period, canonical_rows(alike), len(alike))
                self._judge(table, batch, laws)
                self.count(len(batch))

    def _judge(self, table: Table, batch: Sequence[Row], laws: Sequence[Law]) -> None:
        if self.days is None or self.days.hold(table, batch):
            for law in laws:
                law(batch)
            return
        for row in batch:
            self.days.see(table, row)
            for law in laws:
                law([row])


def batches(rows: Iterable[R]) -> Iterator[list[R]]:
    """Yield rows in batches, none of them empty."""
    left = iter(rows)
    while batch := list(islice(left, _ROWS)):
        yield batch


def canonical_rows(rows: Sequence[tuple[object, ...]]) -> bytes:
    """Return the canonical text of rows (`canonical.canonical`), each ended by a line feed.

    Every row ends with the tuple of its other cells.  They are encoded at once with line feeds
    between all that commas would part: JSON has none within a text, so `]`, a line feed and `[`
    stand together between two rows and nowhere else.
    """
    apart = _APART.encode(rows)[1:-1].replace("]\n[", "]\r[").replace("\n", ",")
    return b"%b\n" % apart.replace("\r", "\n").encode("ascii")


def _stretches(batch: Sequence[Row]) -> Iterator[tuple[str, Sequence[Row]]]:
    """Yield what stands together in a batch under one period; some rows have days instead."""
    if isinstance(batch[0], BankLine | Invoice):
        periods = [day[:7] for day in map(attrgetter("date"), batch)]
    else:
        periods = list(map(attrgetter("period"), batch))
    starts = [0, *changes(periods)]
    for first, after in pairwise([*starts, len(periods)]):
        yield periods[first], batch[first:after]


def rows_on(
    passage: Passage, accounts: AbstractSet[str]
) -> Iterator[tuple[str, str, Sequence[int]]]:
    """Yield the lines that stand on some accounts and are not voided: account, period, rows."""
    lines = passage.lines
    rows = _rows_on(passage, accounts)
    if rows and True in passage.distinct(lines.voided):
        rows = [row for row in rows if not lines.voided[row]]
    for period, first, after in passage.stretches() if rows else ():
        found: dict[str, list[int]] = {}
        for row in rows[bisect_left(rows, first) : bisect_left(rows, after)]:
            found.setdefault(lines.account[row] or "", []).append(row)
        yield from ((account, period, own) for account, own in found.items())


def runs_with(passage: Passage, accounts: AbstractSet[str]) -> Iterator[tuple[int, int]]:
    """Yield the runs that have a line on some accounts: first row, and the row after the last."""
    place = -1
    for row in _rows_on(passage, accounts):
        if place < 0 or passage.ends[place] <= row:
            place = bisect_right(passage.starts, row) - 1
            yield passage.starts[place], passage.ends[place]


def _rows_on(passage: Passage, accounts: AbstractSet[str]) -> list[int]:
    column = passage.lines.account
    known = accounts & passage.distinct(column)
    return list(compress(range(len(column)), map(known.__contains__, column))) if known else []
