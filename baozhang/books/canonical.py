r"""The canonical form of rows and the fingerprint over them (layer L0 of a proof).

    row ──► JSON array, ASCII, no blanks ──► + "\n" ──► SHA-256 per table and period
    chunks, sorted ──► "table\tperiod\trows\tsha256\n" each ──► SHA-256: the root

JSON because it tells NULL from '', text from number and one cell from two, and because any
language can write it again in thirty years.  Normative: docs/format.md, "Proof".
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from hashlib import sha256
from itertools import repeat

from baozhang.books.blocks import Passage
from baozhang.books.model import TABLES, Book
from baozhang.books.proof import Chunk, ChunkTable
from baozhang.books.values import Cell, Memory

_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))
_LISTED = json.JSONEncoder(ensure_ascii=True, separators=("\n", ":"))


def canonical(row: Sequence[object]) -> str:
    """Return a row's canonical text, without the line feed that ends it in a chunk."""
    return _ENCODER.encode(row)


class LinePrinter:
    """Writes voucher lines exactly as `canonical` does, a column at a time.

    Words, accounts, dates and names recur on thousands of lines, so their JSON is remembered;
    a column with one value throughout, like the currency, is written once per passage.
    """

    def __init__(self) -> None:
        self._texts: Memory[str] = Memory(_ENCODER.encode, _json_of_all)
        self._first_others: Memory[str] = Memory(lambda text: f"[{_ENCODER.encode(text)}")
        self._numbers: Memory[str] = Memory(_ENCODER.encode)
        self._flags: Memory[str] = Memory(_ENCODER.encode)

    def texts(self, passage: Passage) -> list[bytes]:
        """Return the canonical text of each run, each line ended by a line feed."""
        bodies = self._bodies(passage)
        return [
            f"[{_BETWEEN.join(bodies[first:after])}]]\n".encode("ascii")
            for first, after in passage.runs()
        ]

    def _bodies(self, passage: Passage) -> list[str]:
        """Return each line without the bracket in front and the two behind."""
        lines, written = passage.lines, partial(_written, passage)
        pieces = [
            *(written(self._texts, column) for column in lines[:4]),
            written(self._numbers, lines.line),
            *(written(self._texts, column) for column in lines[5:11]),
            _amounts(lines.debit),
            _amounts(lines.credit),
            written(self._flags, lines.posted),
            written(self._flags, lines.voided),
            *(written(self._first_others, column) for column in lines.other[:1]),
            *(written(self._texts, column) for column in lines.other[1:]),
            *([] if lines.other else ["["]),
        ]
        return list(map(",".join, zip(*_merged(pieces, lines.size), strict=True)))


_BETWEEN = "]]\n["


def _written(
    passage: Passage, memory: Memory[str], column: Sequence[Cell | int]
) -> str | list[str]:
    """Return the JSON of a column: one text where it has one value, else a text per line."""
    distinct = passage.distinct(column)
    if len(distinct) == 1:
        return memory[column[0]]  # type: ignore[index]
    return memory.of(column, distinct)  # type: ignore[arg-type]


def _amounts(column: Sequence[int | None]) -> list[str]:
    if None in column:
        return ["null" if amount is None else str(amount) for amount in column]
    return list(map(str, column))


def _merged(pieces: Iterable[str | list[str]], size: int) -> Iterator[Iterable[str]]:
    """Yield columns of texts; neighbours with one text throughout become one column."""
    constant: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            constant.append(piece)
            continue
        if constant:
            yield repeat(",".join(constant), size)
            constant.clear()
        yield piece
    if constant:
        yield repeat(",".join(constant), size)


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
    return sha256(before + text).digest()[:4]


def marks_of(texts: Iterable[bytes]) -> list[bytes]:
    """Return the marks of vouchers that stand together, one text each."""
    return [sha256(text).digest()[:4] for text in texts]


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
