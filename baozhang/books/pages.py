"""Pages: passages of lines with their canonical text, as one process hands them to another.

    ┌──────┬──────┬──────────┬──────┬──────┬───┐
    │ u32  │ JSON │ column … │ text │ u32  │ … │     a page is preceded by the length of its head
    └──────┴──────┴──────────┴──────┴──────┴───┘

The head says of each column how it is written: one value throughout; or its different values, with
a number of each cell behind the head; or whole numbers of 64 bits behind it; or cell by cell.
What is different in a column is most of what laws ask of it, and is known on the other side too.
This module lays out and reads bytes; both sides are of one release, so nothing is versioned.
"""

import json
import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import sub
from typing import Any, NamedTuple

from baozhang.books.blocks import LineBlock, Passage, joined, key_of
from baozhang.books.canonical import MARK, Printed, mark_of

_LENGTH = struct.Struct("<I")
_FEW = {"B": 2**8, "H": 2**16}  # how many different values a number of a cell can tell
_WIDE = "q"
_WHOLE = frozenset(LineBlock._fields.index(name) for name in ("line", "debit", "credit"))


class Page(NamedTuple):
    """A passage, and what it is printed as."""

    passage: Passage
    printed: Printed


def stitched(pages: Iterable[Page]) -> Iterator[Page]:
    """Put together pages whose seam goes through a run, as where files are read in stretches."""
    held: Page | None = None
    for page in pages:
        if held is None:
            held = page
        elif key_of(held.passage.lines, -1) == key_of(page.passage.lines, 0):
            held = _together(held, page)
        else:
            yield held
            held = page
    if held is not None:
        yield held


def _together(one: Page, other: Page) -> Page:
    """Return two pages as one: the last run of the one goes on as the first of the other."""
    passage, printed = one
    more, rest = other
    lines = joined([passage.lines, more.lines])
    starts = [*passage.starts, *(passage.lines.size + start for start in more.starts[1:])]
    ends = [*printed.ends[:-1], *(len(printed.text) + end for end in rest.ends)]
    text, seam = printed.text + rest.text, len(passage.starts) - 1
    mark = mark_of(text[ends[seam - 1] if seam else 0 : ends[seam]])
    marks = printed.marks[:-MARK] + mark + rest.marks[MARK:]
    return Page(Passage(lines, starts), Printed(text, ends, marks))


def encode_pages(pages: Iterable[Page]) -> bytes:
    """Return pages as bytes."""
    return b"".join(part for page in pages for part in _encoded(page))


def decode_pages(encoded: bytes) -> Iterator[Page]:
    """Yield the pages that `encode_pages` wrote."""
    at = 0
    while at < len(encoded):
        (size,) = _LENGTH.unpack_from(encoded, at)
        at += _LENGTH.size
        reader = _Reader(encoded, at + size)
        yield _decoded(json.loads(encoded[at : at + size]), reader)
        at = reader.at


def _encoded(page: Page) -> Iterator[bytes]:
    (lines, starts), printed = (page.passage.lines, page.passage.starts), page.printed
    columns = [*lines[:-1], *lines.other]
    heads, parts = [], []
    for place, column in enumerate(columns):
        head, part = _column(page.passage, column, whole=place in _WHOLE)
        heads.append(head)
        parts.append(part)
    head = [lines.size, len(starts), heads, len(printed.text)]
    text = json.dumps(head, separators=(",", ":")).encode()
    sizes = array("I", _steps(printed.ends)), array("I", _steps([*starts, lines.size]))
    yield from (_LENGTH.pack(len(text)), text, *parts)
    yield from (sizes[0].tobytes(), sizes[1].tobytes(), printed.marks, printed.text)


def _steps(ends: Sequence[int]) -> Iterator[int]:
    return map(sub, ends, [0, *ends])


def _column(passage: Passage, column: Sequence[Any], *, whole: bool) -> tuple[list[Any], bytes]:
    """Return how a column is written, and what of it stands behind the head."""
    if whole:
        try:
            return [_WIDE], array(_WIDE, column).tobytes()
        except (OverflowError, TypeError):  # beyond 64 bits, or NULL
            return ["", list(column)], b""
    values, codes = passage.coded(column)
    if len(values) == 1:
        return ["1", values[0]], b""
    kind = "B" if len(values) <= _FEW["B"] else "H"
    if len(values) > _FEW[kind]:
        return ["", list(column)], b""
    return [kind, values], array(kind, codes).tobytes()


class _Reader:
    """Reads what stands behind a head, part by part."""

    def __init__(self, encoded: bytes, at: int) -> None:
        self.encoded, self.at = encoded, at

    def raw(self, size: int) -> bytes:
        self.at += size
        return self.encoded[self.at - size : self.at]

    def numbers(self, kind: str, count: int) -> "array[int]":
        found = array(kind)
        found.frombytes(self.raw(count * found.itemsize))
        return found


def _decoded(head: list[Any], reader: _Reader) -> Page:
    size, runs, heads, length = head
    distinct: list[Sequence[Any]] = []
    columns: list[list[Any]] = []
    for kind, *written in heads:
        values = written[0] if written else []
        if kind == "1":
            columns.append([values] * size)
        elif kind == _WIDE:
            columns.append(reader.numbers(kind, size).tolist())
        elif kind:
            columns.append(list(map(values.__getitem__, reader.numbers(kind, size))))
        else:
            columns.append(values)
        distinct.append(values if kind in _FEW else ())
    own = len(LineBlock._fields) - 1
    lines = LineBlock._make((*columns[:own], tuple(columns[own:])))
    ends = list(accumulate(reader.numbers("I", runs)))
    starts = list(accumulate(reader.numbers("I", runs + 1)))[:-1]
    passage = Passage(lines, starts)
    for column, known in zip(columns, distinct, strict=True):
        if known:
            passage.know(column, known)
    marks, text = reader.raw(MARK * runs), reader.raw(length)
    return Page(passage, Printed(text, ends, marks))
