"""What an unknown file looks like: its kind, its encoding, and the tables that may be in it.

Only beginnings are read.  Nothing here knows a profile; `guessing` holds what is seen against all
of them.
"""

import codecs
import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from baozhang.books.gbxml import outline
from baozhang.books.headers import MOST_BANNER
from baozhang.books.profiles import Encoding
from baozhang.books.sqlite import table_columns
from baozhang.books.workbook import cell_text, is_workbook, opened, unreadable
from baozhang.errors import LedgerFormatError, UsageError

Kind = Literal["text", "workbook", "sqlite", "xml"]
_HEAD = 1 << 16  # bytes
_MOST_FILES = 50  # of a folder
_DELIMITERS = "\t,;|"
_SQLITE = b"SQLite format 3\0"
_SAMPLE_ROWS = 200  # below a header: enough to see how cells are written


@dataclass(frozen=True, slots=True)
class Sight:
    """One table that may be a table of a ledger: rows of text, the header somewhere on top."""

    file: str  # as shown
    kind: Kind
    place: str  # sheet, database table or element; '' in a text file
    rows: tuple[tuple[str, ...], ...]
    encoding: Encoding = "utf-8"
    delimiter: str = ","


def look(path: Path) -> list[Sight]:
    """Return what a file, or the files of a folder, seem to hold.

    Raises:
        UsageError: there is no such path.
        LedgerFormatError: the file is damaged, or of no kind known here.
        SourceUnreadableError: it cannot be read.
    """
    if path.is_dir():
        files = [one for one in sorted(path.iterdir()) if one.is_file()][:_MOST_FILES]
        return [sight for file in files for sight in _sights_or_none(file)]
    if not path.exists():
        raise UsageError(
            "there is no file or folder {path}", hint="Check the path.", path=path.name
        )
    return list(_sights(path))


def _sights_or_none(file: Path) -> list[Sight]:
    """Return what one file of several holds; one that cannot be read is none of a ledger's."""
    try:
        return list(_sights(file))
    except LedgerFormatError:
        return []


def _sights(path: Path) -> Iterator[Sight]:
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError as error:
        raise unreadable(path.name, error) from error
    if head.startswith(_SQLITE):
        return _of_database(path)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml"):
        return _of_xml(path)
    if is_workbook(path, path.name):
        return _of_workbook(path)
    return _of_text(path, head)


def _of_database(path: Path) -> Iterator[Sight]:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            names = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            for (name,) in names.fetchall():
                header = table_columns(database, name)
                yield Sight(path.name, "sqlite", name, (header,))
    except sqlite3.DatabaseError:
        raise LedgerFormatError(
            "{file} is not an undamaged SQLite database",
            hint="Fetch the file again, or take it from an older snapshot.",
            file=path.name,
        ) from None


def _of_xml(path: Path) -> Iterator[Sight]:
    for element, columns in outline(path, path.name).items():
        yield Sight(path.name, "xml", element, (tuple(columns),))


def _of_workbook(path: Path) -> Iterator[Sight]:
    with opened(path, path.name) as workbook:
        for name in workbook.sheet_names:
            rows = workbook.get_sheet_by_name(name).iter_rows()
            top = tuple(
                tuple(map(cell_text, row)) for row in islice(rows, MOST_BANNER + _SAMPLE_ROWS)
            )
            if top:
                yield Sight(path.name, "workbook", name, top)


def _of_text(path: Path, head: bytes) -> Iterator[Sight]:
    encoding, text = _decoded(path, head)
    lines = text.splitlines()[: MOST_BANNER + _SAMPLE_ROWS]
    counts = {sign: max((line.count(sign) for line in lines), default=0) for sign in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda sign: counts[sign])
    if counts[delimiter]:
        rows = tuple(map(tuple, csv.reader(lines, delimiter=delimiter)))
        yield Sight(path.name, "text", "", rows, encoding, delimiter)


def _decoded(path: Path, head: bytes) -> tuple[Encoding, str]:
    """Return the encoding of a text file, and its beginning up to the last whole line."""
    whole = head if len(head) < _HEAD else head[: head.rfind(b"\n") + 1]
    if whole.startswith(codecs.BOM_UTF8):
        return "utf-8-sig", whole.decode("utf-8-sig", "replace")
    if b"\0" not in whole:
        encodings: tuple[Encoding, ...] = ("utf-8", "gb18030", "cp1252")
        for encoding in encodings:
            try:
                return encoding, whole.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise LedgerFormatError(
        "{file} is no text, workbook, database or XML that is known here",
        hint="Export the ledger from the accounting product as a workbook or as text.",
        file=path.name,
    )
