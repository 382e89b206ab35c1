"""Ledgers in delimited text files: opened, decoded and cut into rows, a block at a time.

Whatever is wrong with a file is said with the file's name and the row's number: a byte that is
not of the encoding, a row cut short, a quotation that never ends.  The reader holds one block of
rows and, where the profile numbers lines itself, one counter per voucher.
"""

import codecs
import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Self, TextIO

from baozhang.books.model import (
    TABLES,
    Account,
    Balance,
    Book,
    Invoice,
    Line,
    SideRow,
    SideTable,
    Table,
)
from baozhang.books.profiles import ENCODINGS, Profile, TableMap
from baozhang.books.tables import Block, Columns, Decoder, Origin, check_header
from baozhang.errors import LedgerFormatError, SourceUnreadableError

_BLOCK_ROWS = 1024  # measured: smaller blocks cost look-ups, larger ones leave the cache
_BOM = "\ufeff"

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


@dataclass(frozen=True)
class DelimitedReader:
    """Reads one book from its files; every method opens them anew.

    Args:
        profile: a profile of format `delimited`.
        name: the book's name.
        files: the files of each table present, in reading order, with the names to show.
    """

    profile: Profile
    name: str
    files: Mapping[Table, tuple[tuple[str, Path], ...]]

    @cached_property
    def book(self) -> Book:
        """The book's head; reads the first rows of every table.

        Raises:
            LedgerFormatError: a table that must be there is not, or lacks a column.
            SourceUnreadableError: a file cannot be read.
        """
        return Book(
            name=self.name,
            profile=self.profile.name,
            currency=self.profile.currency,
            numbering=self.profile.numbering,
            columns={table: names for table in TABLES if (names := self._header(table))},
        )

    def lines(self) -> Iterator[Line]:
        """Yield voucher lines in the files' order."""
        decoder = Decoder(self.profile)
        for columns in self._blocks("lines", self.profile.tables["lines"]):
            yield from decoder.lines(columns)

    def accounts(self) -> Iterator[Account]:
        """Yield the chart of accounts by code."""
        layout = self.profile.tables.get("accounts")
        if layout is not None:
            blocks = self._blocks(layout.within or "accounts", layout)
            yield from Decoder(self.profile).accounts(blocks)

    def balances(self) -> Iterator[Balance]:
        """Yield balances in the files' order."""
        decoder = Decoder(self.profile)
        for columns in self._mapped("balances"):
            yield from decoder.balances(columns)

    def invoices(self) -> Iterator[Invoice]:
        """Yield invoices in the files' order."""
        decoder = Decoder(self.profile)
        for columns in self._mapped("invoices"):
            yield from decoder.invoices(columns)

    def side_rows(self, table: SideTable) -> Iterator[SideRow]:
        """Yield the rows of one side table."""
        raise NotImplementedError(table)

    def _mapped(self, table: Table) -> Iterator[Columns]:
        layout = self.profile.tables.get(table)
        return self._blocks(table, layout) if layout else iter(())

    def _header(self, table: Table) -> tuple[str, ...]:
        layout = self.profile.tables.get(table)
        if layout is None:
            return ()
        files = self.files.get(layout.within or table, ())
        if not files and not layout.optional:
            raise LedgerFormatError(
                "the book {book} has no file for the table {table}",
                hint="Export it as a file named like {patterns}.",
                book=self.name,
                table=table,
                patterns=", ".join(layout.files),
            )
        if not files or layout.within:
            return layout.needed if files else ()
        with _Text(*files[0], self.profile, layout) as text:
            return text.origin.header

    def _blocks(self, table: Table, layout: TableMap) -> Iterator[Columns]:
        where = self.profile.tables[table]
        header: tuple[str, ...] = ()
        for shown, path in self.files.get(table, ()):
            with _Text(shown, path, self.profile, layout, banner_rows=where.banner_rows) as text:
                header = header or text.origin.header
                if text.origin.header != header:
                    raise LedgerFormatError(
                        "{file} has other columns than {first}",
                        hint="Export all parts of one table in the same way.",
                        file=shown,
                        first=self.files[table][0][0],
                    )
                for block in text.blocks():
                    yield Columns(layout, text.origin, block)


class _Text:
    """One open file, read up to its header."""

    def __init__(
        self,
        shown: str,
        path: Path,
        profile: Profile,
        layout: TableMap,
        *,
        banner_rows: int | None = None,
    ) -> None:
        self.shown, self.path, self.profile, self.layout = shown, path, profile, layout
        self.skipped = layout.banner_rows if banner_rows is None else banner_rows

    def __enter__(self) -> Self:
        try:
            self.stream: TextIO = self.path.open(encoding=self.profile.encoding, newline="\n")
        except OSError as error:
            raise self._unreadable(error) from error
        try:
            self.rows = self._cut()
            self.origin = Origin(self.shown, self._header())
            self._check_header()
        except BaseException:
            self.stream.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()

    def blocks(self) -> Iterator[Block]:
        """Yield the rows below the header; rows that are wholly empty are left out."""
        width, first = len(self.origin.header), self.skipped + 2
        while rows := self._next(_BLOCK_ROWS):
            numbers: range | list[int] = range(first, first + len(rows))
            first += len(rows)
            if set(map(len, rows)) != {width}:
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
                row=getattr(self.rows, "line_num", 0),
            ) from error
        except OSError as error:
            raise self._unreadable(error) from error

    def _header(self) -> tuple[str, ...]:
        rows = self._next(self.skipped + 1)
        if len(rows) <= self.skipped or not any(rows[-1]):
            raise LedgerFormatError(
                "{file} is empty",
                hint="Export the table again; even without rows it has a header.",
                file=self.shown,
            )
        return (rows[-1][0].removeprefix(_BOM), *rows[-1][1:])

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
        if fitting and self.profile.encoding not in fitting:
            raise LedgerFormatError(
                "{file} is not {expected}",
                hint=HINT_TEMPLATES["encoding"],
                file=self.shown,
                expected=self.profile.encoding,
                encodings=", ".join(fitting),
            )
        if not {name.strip() for name in header}.intersection(needed):
            raise self._no_header(joined=all(name in "".join(header) for name in needed))
        check_header(
            self.layout, self.origin, hint=HINT_TEMPLATES["profile"], profile=self.profile.name
        )

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
                    raw.decode(self.profile.encoding)
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
