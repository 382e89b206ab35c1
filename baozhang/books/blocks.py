"""Voucher lines by columns: the unit in which a ledger of millions of lines is read and judged.

    rows of a reader ──► LineBlock (some thousand lines, one column per field) ──► Passage

A passage is a block of whole runs: a run is what stands together in the file under one voucher's
key.  A column can be asked as a whole ("which accounts occur?", "is one amount NULL?"), and that
answers for a thousand lines at once what otherwise a thousand lines would be asked one by one.
"""

import gc
import threading
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from itertools import accumulate, compress, groupby, islice
from operator import ne, sub
from typing import NamedTuple, Protocol, TypeVar, cast, runtime_checkable

from baozhang.books.model import LedgerReader, Line
from baozhang.books.named import own_reader

_ROWS = 1024  # of a block made of single lines

V = TypeVar("V")
Text = str | None
Texts = Sequence[Text]
Numbers = Sequence[int | None]
Flags = Sequence[bool | None]


class LineBlock(NamedTuple):
    """Some consecutive lines of one book: the fields of `model.Line`, a column each."""

    year: Sequence[str]
    period: Sequence[str]
    word: Sequence[str]
    number: Sequence[str]
    line: Sequence[int]
    date: Sequence[str]
    summary: Texts
    account: Texts
    account_name: Texts
    party: Texts
    currency: Sequence[str]
    debit: Numbers
    credit: Numbers
    posted: Flags
    voided: Flags
    other: tuple[Texts, ...]  # the columns that every line's `other` has

    @property
    def size(self) -> int:
        """How many lines it has."""
        return len(self.line)

    def rows(self) -> Iterator[Line]:
        """Yield the lines one by one; for those who need whole lines, and slow."""
        others: Iterable[tuple[str | None, ...]]
        others = zip(*self.other, strict=True) if self.other else iter([()] * self.size)
        return map(partial(tuple.__new__, Line), zip(*self[:-1], others, strict=True))

    def cut(self, first: int, after: int) -> "LineBlock":
        """Return the lines from row `first` to the row before `after`."""
        part = slice(first, after)
        columns = [column[part] for column in self[:-1]]
        return LineBlock._make((*columns, tuple(column[part] for column in self.other)))


@runtime_checkable
class BlockReader(Protocol):
    """A reader that yields its lines by columns; the other readers yield them one by one."""

    def line_blocks(self) -> Iterator[LineBlock]:
        """Yield the lines of `LedgerReader.lines` in blocks, none of them empty."""
        ...


def blocks_of(reader: LedgerReader) -> Iterator[LineBlock]:
    """Return a reader's lines in blocks."""
    reader = own_reader(reader)
    if isinstance(reader, BlockReader):
        return reader.line_blocks()
    return _gathered(reader.lines())


def _gathered(lines: Iterable[Line]) -> Iterator[LineBlock]:
    for _, alike in groupby(lines, lambda line: len(line.other)):
        while rows := list(islice(alike, _ROWS)):
            *columns, others = zip(*rows, strict=True)
            yield LineBlock._make((*columns, tuple(zip(*others, strict=True))))


_COLLECT_AT = 200_000  # containers; by itself Python looks for cycles after 700
_COLLECTING = threading.Lock()
_USUAL: list[tuple[int, int, int]] = []  # the thresholds to return to, once per user


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Let Python look for cyclic garbage rarely meanwhile; in whichever thread, as it is one heap.

    Rows come and go as millions of small containers without a single cycle: looking through them
    cost a third of the time.  Garbage is still collected, in larger heaps.
    """
    with _COLLECTING:
        _USUAL.append(_USUAL[0] if _USUAL else gc.get_threshold())
        gc.set_threshold(_COLLECT_AT, *_USUAL[0][1:])
    try:
        yield
    finally:
        with _COLLECTING:
            usual = _USUAL.pop()
            if not _USUAL:
                gc.set_threshold(*usual)


class _Numbers(dict[Hashable, int]):
    """Numbers values in the order in which they are asked for."""

    def __missing__(self, value: Hashable) -> int:
        self[value] = number = len(self)
        return number


class Passage:
    """A block of whole runs, as laws see it.

    Attributes:
        lines: the columns.
        starts: the first row of each run, ascending from 0.
        again: the runs whose voucher was met before (place among the runs), with how many lines
            of it were met by then.
    """

    def __init__(self, lines: LineBlock, starts: Sequence[int]) -> None:
        self.lines, self.starts = lines, starts
        self.again: Mapping[int, int] = {}
        self._distinct: dict[int, frozenset[Hashable]] = {}
        self._coded: dict[int, tuple[Sequence[Hashable], Sequence[int]]] = {}

    @cached_property
    def ends(self) -> Sequence[int]:
        """The row after the last of each run."""
        return [*self.starts[1:], self.lines.size]

    def runs(self) -> Iterator[tuple[int, int]]:
        """Yield each run's first row, and the row after its last."""
        return zip(self.starts, self.ends, strict=True)

    def distinct(self, column: Sequence[V]) -> frozenset[V]:
        """Return the values of one of the passage's own columns, each once."""
        found = self._distinct.get(id(column))  # the columns live as long as the passage
        if found is None:
            coded = self._coded.get(id(column))
            values = coded[0] if coded else column[:1] if alike(column) else column
            found = self._distinct[id(column)] = frozenset(values)
        return cast("frozenset[V]", found)

    def know(self, column: Sequence[V], values: Iterable[V]) -> None:
        """Take for known what `distinct` returns of one of the passage's own columns."""
        self._distinct[id(column)] = frozenset(values)

    def coded(self, column: Sequence[V]) -> tuple[Sequence[V], Sequence[int]]:
        """Return the different values of one of the own columns, and of each cell which it is.

        A column of one value has no numbers.
        """
        found = self._coded.get(id(column))
        if found is None:
            if alike(column):
                found = column[:1], ()
            else:
                numbers = _Numbers()
                codes = list(map(numbers.__getitem__, column))
                found = list(numbers), codes
            self._coded[id(column)] = found
        return cast("tuple[Sequence[V], Sequence[int]]", found)

    @cached_property
    def vouchers(self) -> list[str]:
        """How people call the voucher of each run."""
        lines, starts = self.lines, self.starts
        numbers = list(map(lines.number.__getitem__, starts))
        if len(self.distinct(lines.word)) == 1:
            return voucher_names(lines.word[0], numbers)
        words = map(lines.word.__getitem__, starts)
        return list(map(voucher_name, words, numbers))

    def voucher(self, row: int) -> str:
        """Return how people call the voucher that a row is of."""
        return voucher_name(self.lines.word[row], self.lines.number[row])

    @cached_property
    def amounts(self) -> tuple[Sequence[int], Sequence[int]]:
        """Debits and credits, a missing amount as 0; the very columns where none is missing."""
        return _filled(self.lines.debit), _filled(self.lines.credit)

    @cached_property
    def voided(self) -> bool:
        """Whether any line is voided."""
        return True in self.distinct(self.lines.voided)

    @cached_property
    def nets(self) -> list[int]:
        """Debit less credit of each run, voided lines left out."""
        found: Iterable[int] = map(sub, *self.amounts)
        if self.voided:
            pairs = zip(found, self.lines.voided, strict=True)
            found = (0 if voided else net for net, voided in pairs)
        upto = [*accumulate(found, initial=0)].__getitem__
        return list(map(sub, map(upto, self.ends), map(upto, self.starts)))

    def stretches(self) -> Iterator[tuple[str, int, int]]:
        """Yield the periods in the lines' order: a period, its first row, the row after its last.

        A period that comes back is yielded again.
        """
        periods = self.lines.period
        if len(self.distinct(periods)) == 1:
            yield periods[0], 0, len(periods)
            return
        starts = [0, *changes(periods)]
        for first, after in zip(starts, [*starts[1:], len(periods)], strict=True):
            yield periods[first], first, after


def alike(column: Sequence[object]) -> bool:
    """Tell whether a column, which is not empty, has one value throughout."""
    first = column[0]
    return first == column[-1] and column.count(first) == len(column)


def _filled(amounts: Numbers) -> Sequence[int]:
    return [amount or 0 for amount in amounts] if None in amounts else amounts  # type: ignore[return-value]


def voucher_name(word: str, number: str) -> str:
    """Return how people call a voucher: 记-12; a number that begins with its word stands alone."""
    return number if not word or number.startswith(word) else f"{word}-{number}"


def voucher_names(word: str, numbers: Sequence[str]) -> list[str]:
    """Return how people call the vouchers of one word."""
    if not word:
        return list(numbers)
    if not word[0].isdecimal() and "".join(numbers).isdecimal():
        return list(map(f"{word}-".__add__, numbers))
    return [voucher_name(word, number) for number in numbers]


def passages(blocks: Iterable[LineBlock]) -> Iterator[Passage]:
    """Put blocks together to passages of whole runs; the last run of a block may go on."""
    held: list[LineBlock] = []  # wait for what follows; only the first has more than one run
    starts: list[int] = []  # of the runs in them
    for block in blocks:
        own = _run_starts(block)
        if held and key_of(held[-1], -1) != key_of(block, 0):
            yield Passage(joined(held), starts)
            held, starts = [block], [0, *own]
        elif not held:
            held, starts = [block], [0, *own]
        elif not own:
            held.append(block)
        else:
            cut = own[0]
            yield Passage(joined([*held, block.cut(0, cut)]), starts)
            held, starts = [block.cut(cut, block.size)], [start - cut for start in own]
    if held:
        yield Passage(joined(held), starts)


def key_of(block: LineBlock, row: int) -> tuple[str, str, str, str]:
    """Return the key of the voucher that a row is of."""
    return block.year[row], block.period[row], block.word[row], block.number[row]


def _run_starts(block: LineBlock) -> list[int]:
    """Return the rows that begin another run than the row before."""
    heads = block[:3]
    if all(map(alike, heads)):
        return changes(block.number)
    return changes(list(zip(*heads, block.number, strict=True)))


def changes(column: Sequence[object]) -> list[int]:
    """Return the rows whose value is another than that of the row before."""
    return list(compress(range(1, len(column)), map(ne, column, islice(column, 1, None))))


def joined(blocks: Sequence[LineBlock]) -> LineBlock:
    """Return blocks as one, end to end."""
    if len(blocks) == 1:
        return blocks[0]
    columns = map(_end_to_end, *(block[:-1] for block in blocks))
    others = map(_end_to_end, *(block.other for block in blocks))
    return LineBlock._make((*columns, tuple(others)))


def _end_to_end(*parts: Sequence[object]) -> list[object]:
    whole: list[object] = []
    for part in parts:
        whole += part
    return whole
