r"""The canonical form of rows and the fingerprint over them (layer L0 of a proof).

    row ──► JSON array, ASCII, no blanks ──► + "\n" ──► SHA-256 per table and period
    chunks, sorted ──► "table\tperiod\trows\tsha256\n" each ──► SHA-256: the root

JSON because it tells NULL from '', text from number and one cell from two, and because any
language can write it again in thirty years.  Normative: docs/format.md, "Proof".
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from hashlib import sha256
from itertools import accumulate
from typing import Any, NamedTuple

from baozhang.books.blocks import LineBlock, Passage
from baozhang.books.model import TABLES, Book
from baozhang.books.proof import Chunk, ChunkTable
from baozhang.books.values import Cell, Memory

MARK = 4  # bytes
_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))
_LISTED = json.JSONEncoder(ensure_ascii=True, separators=("\n", ":"))


def canonical(row: Sequence[object]) -> str:
    """Return a row's canonical text, without the line feed that ends it in a chunk."""
    return _ENCODER.encode(row)


class Printed(NamedTuple):
    """The canonical text of a passage's lines, each line ended by a line feed."""

    text: bytes
    ends: Sequence[int]  # where in it the text of each run ends
    marks: bytes  # of each run by itself, `MARK` bytes each

    def runs(self, first: int, after: int) -> bytes:
        """Return the text of the runs from `first` to the one before `after`."""
        return self.text[self.ends[first - 1] if first else 0 : self.ends[after - 1]]


class LinePrinter:
    """Writes voucher lines exactly as `canonical` does, a column at a time.

    Words, accounts, dates and names recur on thousands of lines, so their JSON is remembered;
    a column with one value throughout, like the currency, is written once per passage.  All is
    joined at once: texts made line by line cost more than what they are made of.
    """

    def __init__(self) -> None:
        remember = partial(Memory[str], _json_of, _json_of_all)
        self._memories: defaultdict[int, Memory[str]] = defaultdict(remember)  # by place

    def printed(self, passage: Passage) -> Printed:
        """Return the canonical text of a passage, with a mark of each run."""
        columns = _columns(self._pieces(passage), passage.lines.size)
        closing = columns[-1]
        for after in passage.ends:
            closing[after - 1] += _APART
        cells = [""] * (len(columns) * passage.lines.size)
        for place, column in enumerate(columns):
            cells[place :: len(columns)] = column
        texts = "".join(cells).encode("ascii").split(_APART.encode())[:-1]
        marks = b"".join([sha256(text).digest()[:MARK] for text in texts])
        return Printed(b"".join(texts), list(accumulate(map(len, texts))), marks)

    def _pieces(self, passage: Passage) -> Iterator[str | list[str]]:
        """Yield what a line is made of: a text that every line has, or a text per line."""
        lines = passage.lines
        amounts = dict(zip(_AMOUNTS, passage.amounts, strict=True))
        columns: Sequence[Sequence[Any]] = lines[:-1]
        between = "["
        for place, column in enumerate(columns):
            yield between
            between = ","
            if place in amounts:
                yield _numbers(column, amounts[place])
            else:
                yield self._written(passage, place, column)
        between = ",["
        for place, column in enumerate(lines.other, len(lines)):
            yield between
            between = ","
            yield self._written(passage, place, column)
        yield "]]\n" if lines.other else ",[]]\n"

    def _written(self, passage: Passage, place: int, column: Sequence[Any]) -> str | list[str]:
        """Return the JSON of a column: one text where it has one value, else a text per line."""
        memory = self._memories[place]
        values, codes = passage.coded(column)
        if len(values) == 1:
            return memory[values[0]]
        return list(map(memory.of(values).__getitem__, codes))


_AMOUNTS = (LineBlock._fields.index("debit"), LineBlock._fields.index("credit"))
_APART = "\0"  # between runs while they are joined: JSON escapes it


def _numbers(column: Sequence[int | None], filled: Sequence[int]) -> list[str]:
    if column is not filled:  # some are NULL
        return ["null" if amount is None else str(amount) for amount in column]
    return list(map(str, filled))


def _columns(pieces: Iterable[str | list[str]], size: int) -> list[list[str]]:
    """Return columns of texts; neighbours with one text throughout become one column."""
    columns: list[list[str]] = []
    constant = ""
    for piece in pieces:
        if isinstance(piece, str):
            constant += piece
            continue
        columns += [constant] * size, piece
        constant = ""
    return [*columns, [constant] * size]


def _json_of(value: object) -> str:
    return _ENCODER.encode(value)


def _json_of_all(texts: Iterable[Cell]) -> list[str]:
    """Return the JSON of each text, encoded at once: a line feed never stands within JSON."""
    return _LISTED.encode(list(texts))[1:-1].split("\n")


def mark_of(text: bytes, before: bytes = b"") -> bytes:
    """Return a voucher's mark: the first 4 bytes of SHA-256 over its rows.

    Args:
        text: the canonical rows, each ended by a line feed.
        before: the mark so far, where the voucher's rows lie apart in the file; it is
            hashed in front of the rows that follow, so no text has to be held.
    """
    return sha256(before + text).digest()[:MARK]


def root_of(chunks: Iterable[Chunk]) -> str:
    """Return the root over chunks in any order, in hexadecimal."""
    lines = sorted(
        f"{chunk.table}\t{chunk.period}\t{chunk.rows}\t{chunk.sha256}\n" for chunk in chunks
    )
    return sha256("".join(lines).encode()).hexdigest()


class Fingerprint:
    """Collects chunks while rows go by; memory grows with tables times periods only."""

    def __init__(self, book: Book) -> None:
        self._hashes: dict[tuple[ChunkTable, str], hashlib._Hash] = {}
        self._rows: dict[tuple[ChunkTable, str], int] = {}
        for table in TABLES:
            if table in book.columns:
                text = canonical([table, *book.columns[table]])
                self.add("columns", "", f"{text}\n".encode("ascii"), 1)

    def add(self, table: ChunkTable, period: str, text: bytes, rows: int) -> None:
        """Take in canonical rows, each ended by a line feed."""
        key = table, period
        found = self._hashes.get(key)
        if found is None:
            found = self._hashes[key] = sha256()
            self._rows[key] = 0
        found.update(text)
        self._rows[key] += rows

    def chunks(self) -> tuple[Chunk, ...]:
        """Return the chunks so far, sorted by table and period."""
        return tuple(
            Chunk(table, period, self._rows[table, period], found.hexdigest())
            for (table, period), found in sorted(self._hashes.items())
        )
