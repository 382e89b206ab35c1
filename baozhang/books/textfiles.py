"""One delimited text file: opened, decoded, read up to its header and cut into rows.

A file may be read in stretches, each by another process: `stretches_of` cuts it behind line ends.
A cut that fell into a quotation is seen where the stretch before it ends: a quotation is open.

Whatever is wrong with a file is said with the file's name and the row's number: a byte that is
not of the encoding, a row cut short, a quotation that never ends.
"""

import codecs
import csv
import os
from collections.abc import Iterable, Iterator
from io import StringIO, TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple, Self, TextIO

from baozhang.books.headers import MOST_BANNER, Surroundings, find_header
from baozhang.books.profiles import ENCODINGS, Profile, TableMap
from baozhang.books.tables import Block, Origin, check_header
from baozhang.errors import LedgerFormatError, SourceUnreadableError

_BLOCK_ROWS = 1024  # measured: smaller blocks cost look-ups, larger ones leave the cache
_BOM = "\ufeff"
_DATED = frozenset(("date", "period"))  # fields without which a row is none

HINT_TEMPLATES = {
    "profile": "Check that this is an export for the profile {profile}; "
    "for another layout, copy the profile and adapt it.",
    "encoding": "Export the file as {expected}, or use a copy of the profile with another "
    "encoding: {encodings}.",
    "damaged": "Fetch the file again; no encoding known here fits it.",
    "byte": "Fetch or export the file again; the rows before are {expected}, and only this is not.",
    "utf-16": "Export the file as {expected}; it is UTF-16 now.",
    "header": "Export the table again so that its header is in row {row}.",
    "delimiter": "Export the file with its columns separated by “{delimiter}”.",
    "cut": "Export the table again; if it is complete, a text may contain the delimiter unquoted.",
}


class Stretch(NamedTuple):
    """Where in a file to read: from a byte to the one before another; None: to its end."""

    first: int = 0
    after: int | None = None
    row: int | None = None  # the number of its first row; None: that below the header


WHOLE = Stretch()


class TextFile:
    """One open file, read up to its header; or up to where a stretch of it begins."""

    def __init__(
        self,
        shown: str,
        path: Path,
        profile: Profile,
        layout: TableMap,
        stretch: Stretch = WHOLE,
    ) -> None:
        self.shown, self.path, self.profile, self.layout = shown, path, profile, layout
        self.stretch = stretch
        self.skipped = layout.banner_rows
        self.banner = ""  # the texts above the header

    def __enter__(self) -> Self:
        try:
            self.encoding = _encoding_of(self.path, self.profile)
            self.stream: TextIO = self.path.open(encoding=self.encoding, newline="\n")
        except OSError as error:
            raise self._unreadable(error) from error
        try:
            self.rows = self.cut = self._cut()
            self.origin = Origin(self.shown, self._header())
            self._check_header()
            if self.stretch != WHOLE:
                self._go_to(self.stretch)
            self.read = 0  # rows
        except BaseException:
            self.stream.close()
            raise
        return self

    def _go_to(self, stretch: Stretch) -> None:
        """Read from the stretch's beginning on; the first one begins with the header itself."""
        self.stream.close()
        try:
            file = self.path.open("rb")
            file.seek(stretch.first)
            if stretch.after is None:
                self.stream = TextIOWrapper(file, encoding=self._within, newline="\n")
            else:
                with file:
                    raw = file.read(stretch.after - stretch.first)
                encoding = self._within if stretch.first else self.encoding
                self.stream = StringIO(raw.decode(encoding), newline="\n")
        except UnicodeDecodeError as error:
            raise self._undecodable(error) from error
        except OSError as error:
            raise self._unreadable(error) from error
        self.rows = self.cut = self._cut()
        if not stretch.first:
            self._next(self.skipped + 1)

    @property
    def _within(self) -> str:
        """The encoding behind the first line, where no byte order mark is looked for."""
        return self.encoding.removesuffix("-sig")

    def __exit__(self, *_: object) -> None:
        self.stream.close()

    @property
    def around(self) -> Surroundings:
        """What stands around the table."""
        return Surroundings(self.shown, banner=self.banner)

    def blocks(self) -> Iterator[Block]:
        """Yield the rows below the header; rows that are wholly empty are left out."""
        width, begins = len(self.origin.header), self.stretch.row or self.skipped + 2
        blank = [""] * width if _DATED.intersection(self.layout.columns) else []
        while rows := self._next(_BLOCK_ROWS):
            first = begins + self.read
            numbers: range | list[int] = range(first, first + len(rows))
            self.read += len(rows)
            if set(map(len, rows)) != {width} or blank in rows:
                filled = [
                    (number, row) for number, row in zip(numbers, rows, strict=True) if any(row)
                ]
                numbers, rows = [number for number, _ in filled], [row for _, row in filled]
                self._refuse_ragged(filled, width)
            if rows:
                yield Block(rows, numbers)

    def _cut(self) -> Iterator[list[str]]:
        profile = self.profile
        if profile.quote:
            return csv.reader(
                self.stream, delimiter=profile.delimiter, quotechar=profile.quote, strict=True
            )
        ends, delimiter = profile.line_end, profile.delimiter
        return (line.rstrip(ends).split(delimiter) for line in self.stream)

    def _next(self, count: int) -> list[list[str]]:
        try:
            return list(islice(self.rows, count))
        except UnicodeDecodeError as error:
            raise self._undecodable(error) from error
        except csv.Error as error:
            raise LedgerFormatError(
                "{file}, near row {row}: a quotation does not end",
                hint=HINT_TEMPLATES["cut"],
                file=self.shown,
                row=getattr(self.cut, "line_num", 0) + (self.stretch.row or 1) - 1,
            ) from error
        except OSError as error:
            raise self._unreadable(error) from error

    def _header(self) -> tuple[str, ...]:
        if self.layout.shape.auto:
            return self._found_header()
        rows = self._next(self.skipped + 1)
        if len(rows) <= self.skipped or not any(rows[-1]):
            raise self._empty()
        self.banner = " ".join(cell for row in rows[:-1] for cell in row)
        return (rows[-1][0].removeprefix(_BOM), *rows[-1][1:])

    def _found_header(self) -> tuple[str, ...]:
        """Look for the header, and put back the rows below it."""
        rows = self._next(MOST_BANNER)
        if not any(map(any, rows)):
            raise self._empty()
        found = find_header(rows, self.layout.needed)
        if found is None:
            self.skipped = len(rows) - 1
            return tuple(rows[-1])
        self.banner = " ".join(cell for row in rows[: found.at] for cell in row)
        self.skipped = found.end - 1
        self.rows = chain(rows[found.end :], self.rows)
        return found.names

    def _empty(self) -> LedgerFormatError:
        return LedgerFormatError(
            "{file} is empty",
            hint="Export the table again; even without rows it has a header.",
            file=self.shown,
        )

    def _check_header(self) -> None:
        """Refuse a header that does not fit; what may be no header at all is not quoted.

        Raises:
            LedgerFormatError: it would fit in another encoding; it is one column where there
                should be several; it is a row like any other; or one of its columns is missing.
        """
        with self.path.open("rb") as stream:
            raw = b"".join(islice(stream, self.skipped + 1))
        needed, header = self.layout.needed, self.origin.header
        fitting = [
            encoding
            for encoding in _decoding(raw)
            if all(name in raw.decode(encoding) for name in needed)
        ]
        if fitting and self._within not in fitting:
            raise LedgerFormatError(
                "{file} is not {expected}",
                hint=HINT_TEMPLATES["encoding"],
                file=self.shown,
                expected=self.profile.encoding,
                encodings=", ".join(fitting),
            )
        if not {name.strip() for name in header}.intersection(needed):
            raise self._no_header(joined=all(name in "".join(header) for name in needed))
        self.check(self.layout)

    def check(self, layout: TableMap) -> None:
        """Refuse a header that lacks a column of a table.

        Raises:
            LedgerFormatError: names the column.
        """
        check_header(layout, self.origin, hint=HINT_TEMPLATES["profile"], profile=self.profile.name)

    def _no_header(self, *, joined: bool) -> LedgerFormatError:
        """Return what is wrong with a first row that names no column of the profile."""
        return LedgerFormatError(
            "{file}: row {row} is one piece, where the profile {profile} has columns"
            if joined
            else "{file}: row {row} is no header of the profile {profile}",
            hint=HINT_TEMPLATES["delimiter" if joined else "header"],
            file=self.shown,
            row=self.skipped + 1,
            profile=self.profile.name,
            delimiter=self.profile.delimiter.replace("\t", "TAB"),
        )

    def _refuse_ragged(self, rows: Iterable[tuple[int, list[str]]], width: int) -> None:
        for number, row in rows:
            if len(row) != width:
                raise LedgerFormatError(
                    "{file}, row {row}: {found} columns where the header has {expected}",
                    hint=HINT_TEMPLATES["cut"],
                    file=self.shown,
                    row=number,
                    found=len(row),
                    expected=width,
                )

    def _undecodable(self, error: UnicodeDecodeError) -> LedgerFormatError:
        """Find the byte again in the file itself: the text layer knows it only within a block."""
        offset, row, raw, at = 0, 0, bytes(error.object), error.start
        sound = False  # text beyond ASCII before the byte: the encoding is right, the byte is not
        with self.path.open("rb") as stream:
            for raw in stream:
                row += 1
                try:
                    raw.decode(self.encoding)
                except UnicodeDecodeError as found:
                    at = found.start
                    break
                sound = sound or not raw.isascii()
                offset += len(raw)
        fitting = _decoding(raw)
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and row == 1:
            hint = HINT_TEMPLATES["utf-16"]
        elif sound and "utf-8" not in fitting:
            hint = HINT_TEMPLATES["byte"]
        else:
            hint = HINT_TEMPLATES["encoding"] if fitting else HINT_TEMPLATES["damaged"]
        return LedgerFormatError(
            "{file}, row {row}: byte {offset} is not {expected}",
            hint=hint,
            encodings=", ".join(fitting),
            file=self.shown,
            row=row,
            offset=offset + at,
            expected=self.profile.encoding,
        )

    def _unreadable(self, error: OSError) -> SourceUnreadableError:
        return SourceUnreadableError(
            "cannot read {file}: {reason}",
            hint="Check that the file is there and may be read.",
            file=self.shown,
            reason=error.strerror or type(error).__name__,
        )


def stretches_of(path: Path, size: int) -> list[Stretch]:
    """Cut a file behind line ends into stretches of about this many bytes.

    Raises:
        OSError: it cannot be read.
    """
    cuts = [0]
    with path.open("rb") as stream:
        whole = os.fstat(stream.fileno()).st_size
        while whole - cuts[-1] > 2 * size:
            stream.seek(cuts[-1] + size)
            stream.readline()
            cuts.append(stream.tell())
    return [Stretch(first, after) for first, after in zip(cuts, [*cuts[1:], None], strict=True)]


def _decoding(raw: bytes) -> list[str]:
    """Return the encodings these bytes are sound text in, the strictest first."""
    fitting = []
    for encoding in ENCODINGS:
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "utf-8-sig":  # utf-8 says it; a byte order mark is skipped either way
            fitting.append(encoding)
    return fitting


def _encoding_of(path: Path, profile: Profile) -> str:
    """Return the profile's encoding; a UTF-8 byte order mark says another as nothing else can."""
    with path.open("rb") as stream:
        marked = stream.read(3) == codecs.BOM_UTF8
    return "utf-8-sig" if marked else profile.encoding
