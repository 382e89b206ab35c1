"""Storing one file: what of it lies in the vault already, and what has to be cut and stored.

    as it was, and longer (a journal)      ─► old pieces, then the tail
    pages, of which some changed (a ledger) ─► old pieces but for the changed runs of pages
    anything else                           ─► cut; every extent is looked up by its content

All three hash the whole file on the way: what is restored is held against that hash.
"""

import os
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import accumulate
from typing import NamedTuple

from blake3 import blake3

from baozhang.errors import SourceUnreadableError
from baozhang.sources.base import Item, Readable, shown
from baozhang.vault.chunker import BLOCK, TABLES, WINDOW, cut, fill, grouping, is_paged
from baozhang.vault.earlier import Old
from baozhang.vault.extents import Extents
from baozhang.vault.pagemarks import PAGE, PageMarks, page_runs
from baozhang.vault.snapshot import Piece

Reopen = Callable[[], AbstractContextManager[Readable]]
PIECES = 4  # times what a fresh cut would give: beyond that a file is stored anew, in one place
FEW = 64  # pieces that no file is stored anew for


class Stored(NamedTuple):
    """What became of a file."""

    digest: bytes
    pieces: list[Piece]
    size: int  # bytes that were read
    marks: bytes  # of its pages; empty for what has none


class FileStore:
    """Stores files, one after another.

    Args:
        extents: looks up and stores what is cut.
        marks: makes page marks.
        tell: is told of bytes that were read.
    """

    def __init__(self, extents: Extents, marks: PageMarks, tell: Callable[[int], None]) -> None:
        self._extents, self._marks, self._tell = extents, marks, tell

    def store(self, item: Item, open_it: Reopen, old: Old | None, known_marks: bytes) -> Stored:
        """Store a file.

        Args:
            item: what was listed; no more than its size is read.
            open_it: opens it at its beginning.
            old: what the file was, if that helps.
            known_marks: the marks of its pages as they were.

        Raises:
            SourceUnreadableError: it cannot be read; costs that file, not the backup.
        """
        if old is not None and len(old.pieces) > FEW + PIECES * (old.size // BLOCK):
            old = None
        with _opened(open_it, item.path) as stream:
            if old is not None and known_marks:
                stored = self._store_pages(stream, item, old, known_marks)
            elif old is not None and old.size <= item.size:
                stored = self._store_tail(stream, item, old)
            else:
                return self._store_cut(stream, item)
        if stored is not None:
            return stored
        with _opened(open_it, item.path) as stream:
            return self._store_cut(stream, item)

    def _store_cut(self, stream: Readable, item: Item) -> Stored:
        file = _File()
        marks: list[bytes] = []
        group = None
        for extent in cut(stream, item.size):
            group = group or grouping(extent, item.size)
            file.add(extent, self._extents.store(extent, group))
            if group is TABLES and self._marks.kept and item.size > BLOCK:
                marks.append(self._marks.of(extent))
            self._tell(len(extent))
        return file.stored(b"".join(marks))

    def _store_tail(self, stream: Readable, item: Item, old: Old) -> Stored | None:
        """Store what follows the old content; None if that is not where the file begins."""
        file, group, left = _File(old.pieces), None, old.size
        for window in _windows(stream, old.size):
            group = group or grouping(window, item.size)
            if group is TABLES:  # told by its pages, or not at all
                return None
            file.hash(window)
            left -= len(window)
        if left or file.digest != old.digest or group is None:
            return None
        self._tell(old.size)
        for extent in cut(stream, item.size - old.size):
            file.add(extent, self._extents.store(extent, group))
            self._tell(len(extent))
        return file.stored(b"")

    def _store_pages(
        self, stream: Readable, item: Item, old: Old, known_marks: bytes
    ) -> Stored | None:
        """Store the pages that changed; None if this is no file of pages any more."""
        file, found, marks = _File(), _Pieces(old.pieces), bytearray()
        for window in _windows(stream, item.size):
            if not marks and not is_paged(window, item.size):
                return None
            fresh, at = self._marks.of(window), file.size
            for first, last, same in page_runs(fresh, known_marks[len(marks) :]):
                run = window[first * PAGE : last * PAGE]
                if same:
                    file.add(run, *found.between(at + first * PAGE, len(run)))
                else:
                    for start in range(0, len(run), BLOCK):
                        part = run[start : start + BLOCK]
                        file.add(part, self._extents.store_pages(part, TABLES))
            marks += fresh
            self._tell(len(window))
        return file.stored(bytes(marks))


@contextmanager
def _opened(open_it: Reopen, path: bytes) -> Iterator[Readable]:
    """Open a file; whatever its disk says, to read or to close it, becomes our error."""
    held = ExitStack()
    stream = held.enter_context(open_it())
    try:
        yield _Told(stream, path)
    finally:
        try:
            held.close()
        except OSError as error:
            raise _unreadable(path, error) from error


def _unreadable(path: bytes, error: OSError) -> SourceUnreadableError:
    return SourceUnreadableError(
        "{path} cannot be read: {reason}",
        hint="Check that it is there and may be read by this account.",
        path=shown(path),
        reason=os.strerror(error.errno or 0),
    )


class _Told:
    """A file of which a disk that cannot read it tells by our error, never by another's."""

    def __init__(self, stream: Readable, path: bytes) -> None:
        self._stream, self._path = stream, path

    def readinto(self, buffer: memoryview, /) -> int | None:
        try:
            return self._stream.readinto(buffer)
        except OSError as error:
            raise _unreadable(self._path, error) from error


def _windows(stream: Readable, limit: int) -> Iterator[memoryview]:
    """Yield a stream's first `limit` bytes, a window at a time, in one buffer."""
    buffer = memoryview(bytearray(min(limit, WINDOW)))
    while limit and (window := fill(stream, buffer[: min(limit, len(buffer))])):
        limit -= len(window)
        yield window


class _File:
    """A file while it is stored: its hash so far and its pieces."""

    def __init__(self, pieces: tuple[Piece, ...] = ()) -> None:
        self._whole = blake3()
        self._pieces = list(pieces)
        self.size = 0

    def hash(self, content: memoryview) -> None:
        self._whole.update(content)
        self.size += len(content)

    def add(self, content: memoryview, *pieces: Piece) -> None:
        """Append content that lies in these pieces; what lies side by side becomes one piece."""
        self.hash(content)
        for piece in pieces:
            last = self._pieces[-1] if self._pieces else None
            if last is not None and last[:2] == piece[:2] and sum(last[2:]) == piece.offset:
                self._pieces[-1] = last._replace(length=last.length + piece.length)
            else:
                self._pieces.append(piece)

    @property
    def digest(self) -> bytes:
        return bytes(self._whole.digest())

    def stored(self, marks: bytes) -> Stored:
        return Stored(self.digest, self._pieces, self.size, marks)


class _Pieces:
    """Where each byte of an old file lies."""

    def __init__(self, pieces: tuple[Piece, ...]) -> None:
        self._pieces = pieces
        self._starts = list(accumulate((piece.length for piece in pieces), initial=0))

    def between(self, at: int, length: int) -> Iterator[Piece]:
        """Yield the pieces, cut to fit, in which so many bytes from `at` lie."""
        number = bisect_right(self._starts, at) - 1
        while length:
            piece, skipped = self._pieces[number], at - self._starts[number]
            taken = min(length, piece.length - skipped)
            yield piece._replace(offset=piece.offset + skipped, length=taken)
            at, length, number = at + taken, length - taken, number + 1
