r"""The canonical form of rows and the fingerprint over them (layer L0 of a proof).

    row ──► JSON array, ASCII, no blanks ──► + "\n" ──► SHA-256 per table and period
    chunks, sorted ──► "table\tperiod\trows\tsha256\n" each ──► SHA-256: the root

JSON because it tells NULL from '', text from number and one cell from two, and because any
language can write it again in thirty years.  Normative: docs/format.md, "Proof".
"""

import hashlib
import json
from collections.abc import Iterable, Sequence

from baozhang.books.model import TABLES, Book, Line
from baozhang.books.proof import Chunk, ChunkTable
from baozhang.books.values import Memory

_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))


def canonical(row: Sequence[object]) -> str:
    """Return a row's canonical text, without the line feed that ends it in a chunk."""
    return _ENCODER.encode(row)


_FLAGS = {None: "null", True: "true", False: "false"}


class LinePrinter:
    """Writes voucher lines exactly as `canonical` does, at a fraction of the cost.

    Words, accounts, dates and names recur on thousands of lines, so their JSON is remembered;
    what a run of lines has in common is written once.
    """

    def __init__(self) -> None:
        self._texts: Memory[str] = Memory(_ENCODER.encode)

    def text(self, run: Sequence[Line]) -> str:
        """Return the canonical text of one voucher's lines, each ended by a line feed."""
        text = self._texts
        cells = text.__getitem__
        year, period, word, number = run[0][:4]
        head = f"[{text[year]},{text[period]},{text[word]},{text[number]}"
        # fmt: off
        return "".join([
            f"{head},{line},{text[date]},{text[summary]},{text[account]},{text[name]},{text[party]},"
            f"{text[currency]},{'null' if debit is None else debit},"
            f"{'null' if credit is None else credit},{_FLAGS[posted]},{_FLAGS[voided]},"
            f"[{','.join(map(cells, other))}]]\n"
            for (
                _, _, _, _, line, date, summary, account, name, party,
                currency, debit, credit, posted, voided, other,
            ) in run
        ])
        # fmt: on


def mark_of(text: bytes, before: bytes = b"") -> bytes:
    """Return a voucher's mark: the first 4 bytes of SHA-256 over its rows.

    Args:
        text: the canonical rows, each ended by a line feed.
        before: the mark so far, where the voucher's rows lie apart in the file; it is
            hashed in front of the rows that follow, so no text has to be held.
    """
    return hashlib.sha256(before + text).digest()[:4]


def root_of(chunks: Iterable[Chunk]) -> str:
    """Return the root over chunks in any order, in hexadecimal."""
    lines = sorted(
        f"{chunk.table}\t{chunk.period}\t{chunk.rows}\t{chunk.sha256}\n" for chunk in chunks
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


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
            found = self._hashes[key] = hashlib.sha256()
            self._rows[key] = 0
        found.update(text)
        self._rows[key] += rows

    def chunks(self) -> tuple[Chunk, ...]:
        """Return the chunks so far, sorted by table and period."""
        return tuple(
            Chunk(table, period, self._rows[table, period], found.hexdigest())
            for (table, period), found in sorted(self._hashes.items())
        )
