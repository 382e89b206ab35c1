"""Cutting: a file into extents, so that what did not change is found again.

* A small file is one extent.
* A database image (SQLite) is cut at fixed places, since it changes in place, page by page.
* Anything else is cut by its content (FastCDC, Xia et al., USENIX ATC 2016, normalised level 2), so
  that bytes put in or taken out move no cut but their own.

Cuts never show outside: extents are compressed and sealed many together, so the lengths of stored
objects tell nothing of them (the attacks of eprint 2025/532 and 2025/558 read chunk lengths).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import pyfastcdc

WHOLE = 512 * 2**10  # bytes; up to here a file is one extent
BLOCK = 64 * 2**10  # bytes of a database's extent: a multiple of every page size
AVERAGE = 128 * 2**10  # bytes of an average content-defined extent
WINDOW = 8 * 2**20  # bytes read at a time from a large file
SQLITE = b"SQLite format 3\0"
PACKED = (
    b"PK\x03\x04",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"Rar!",
    b"\xfd7zXZ",
    b"(\xb5/\xfd",
    b"%PDF",
)
"""First bytes of formats that are compressed already, or mostly are."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """With whom an extent shares a segment, and whether to doubt that compressing helps."""

    name: str
    doubtful: bool = False


TABLES, TEXT, PACKED_ALREADY = Grouping("tables"), Grouping("text"), Grouping("packed", True)


def grouping(head: bytes | memoryview) -> Grouping:
    """Return the grouping of a file that begins with `head`."""
    start = bytes(head[:16])
    if start == SQLITE:
        return TABLES
    return PACKED_ALREADY if start.startswith(PACKED) else TEXT


def cut(stream: BinaryIO, limit: int) -> Iterator[memoryview]:
    """Yield the extents of a stream's first `limit` bytes, in order.

    Cuts depend on the content alone, never on how many bytes a read returned.
    """
    first = _fill(stream, min(limit, WHOLE + 1))
    if len(first) <= WHOLE:
        if first:
            yield memoryview(first)
        return
    cutter = None if first.startswith(SQLITE) else pyfastcdc.FastCDC(AVERAGE, normalized_chunking=2)
    left = limit - len(first)
    window = first + _fill(stream, min(left, WINDOW - len(first)))
    left -= len(window) - len(first)
    while window:
        ended = len(window) < WINDOW or not left
        view, at = memoryview(window), 0
        for length in _lengths(window, cutter):
            if at + length == len(window) and not ended:
                break  # the last cut is the window's, not the content's
            yield view[at : at + length]
            at += length
        rest = bytes(view[at:])
        window = b"" if ended else rest + _fill(stream, min(left, WINDOW - len(rest)))
        left -= len(window) - len(rest) if window else 0


def _lengths(window: bytes, cutter: "pyfastcdc.FastCDC | None") -> Iterator[int]:
    if cutter is None:
        yield from (min(BLOCK, len(window) - at) for at in range(0, len(window), BLOCK))
    else:
        yield from (chunk.length for chunk in cutter.cut_buf(window))


def _fill(stream: BinaryIO, wanted: int) -> bytes:
    """Read until `wanted` bytes are there or the stream ends."""
    parts, got = [], 0
    while got < wanted and (part := stream.read(wanted - got)):
        parts.append(part)
        got += len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
