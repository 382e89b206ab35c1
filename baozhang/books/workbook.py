"""Ledgers in workbooks (.xlsx, .xls, .ods), and in text files where a product exports either.

    file ──its first bytes──► workbook ─► sheets ┐
                         └──► text ──────────────┴─► headers ─► which sheet is which table

Cells become the text that the spreadsheet shows: 15 significant digits, which is all that its
numbers have.  A longer one has lost digits; it is written in scientific notation, as the
spreadsheet itself does, so that laws S5 and X2 see the damage.
"""

import datetime as dt
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from baozhang.books.headers import MOST_BANNER, Header, Surroundings, find_header, plain
from baozhang.books.model import Table
from baozhang.books.parted import HINT_TEMPLATES, Found
from baozhang.books.profiles import Profile, TableMap
from baozhang.books.tables import Block, Origin, check_header
from baozhang.books.textfiles import TextFile
from baozhang.errors import LedgerFormatError, SourceUnreadableError

_BLOCK_ROWS = 1024
_ZIP, _COMPOUND = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_MOST_BYTES = 4 << 30  # of an unpacked workbook; the largest sheet there can be is below it
_MOST_CELLS = 100_000_000  # of a sheet: a million rows of a hundred columns
_HEAD_BYTES = 4096  # of a sheet, where its dimension stands
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_DIMENSION = re.compile(rb'<dimension ref="(?:[A-Z]+[0-9]+:)?([A-Z]{1,3})([0-9]{1,7})"')
_EXACT = 10**15  # whole numbers below it are exact: 15 digits, as spreadsheets keep
_NEARLY = 0.8  # of a table's columns: too many for a sheet that is something else
_HARDLY = 0.3  # of a table's columns: enough to say what is missing

Value = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


def cell_text(value: Value) -> str:
    """Return a cell as text.

    Whole numbers have no decimals, dates are ISO, a time of day other than midnight is kept.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, dt.datetime):
        return value.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(value, int | float):
        return _number(value)
    return str(value)


def _texts(row: Iterable[Value]) -> list[str]:
    """Return a row as text; most cells are text already, and must not cost a call each."""
    return [cell if cell.__class__ is str else cell_text(cell) for cell in row]


def _number(value: float) -> str:
    if abs(value) < _EXACT:
        return str(int(value)) if value == int(value) else _plain_digits(f"{value:.15g}")
    return f"{value:.15g}".upper() if isinstance(value, float) else f"{float(value):.15g}".upper()


def _plain_digits(text: str) -> str:
    """Return a small number without an exponent."""
    return f"{float(text):.20f}".rstrip("0") if "e" in text else text


@dataclass(frozen=True, slots=True)
class SheetPart:
    """One table in one sheet."""

    origin: Origin
    around: Surroundings
    path: Path
    sheet: str
    first: int  # the first row below the header, from 0

    def blocks(self) -> Iterator[Block]:
        """Yield the rows below the header; rows that are wholly empty are left out."""
        with opened(self.path, self.around.file) as workbook:
            rows = workbook.get_sheet_by_name(self.sheet).iter_rows()
            numbered = enumerate(rows, 1)
            width = len(self.origin.header)
            for _ in islice(numbered, self.first):
                pass
            while some := list(islice(numbered, _BLOCK_ROWS)):
                cells = [(number, _texts(row)[:width]) for number, row in some]
                filled = [(number, row) for number, row in cells if any(row)]
                if filled:
                    yield Block([row for _, row in filled], [number for number, _ in filled])


@dataclass(frozen=True, slots=True)
class TextPart:
    """One table in one text file."""

    profile: Profile
    layout: TableMap
    path: Path
    origin: Origin
    around: Surroundings

    def blocks(self) -> Iterator[Block]:
        """Yield the rows below the header."""
        with TextFile(self.origin.file, self.path, self.profile, self.layout) as text:
            yield from text.blocks()


def find(profile: Profile, wanted: Mapping[Table, TableMap], shown: str, path: Path) -> Found:
    """Look for tables in a workbook, or in a text file that stands for one; see `parted.Find`."""
    if not is_workbook(path, shown):
        return _find_text(profile, wanted, shown, path)
    found = Found()
    with opened(path, shown) as workbook:
        for name in workbook.sheet_names:
            rows = workbook.get_sheet_by_name(name).iter_rows()
            top = [_texts(row) for row in islice(rows, MOST_BANNER)]
            _look(profile, wanted, _Sheet(shown, path, name, top), found)
    return found


def _find_text(profile: Profile, wanted: Mapping[Table, TableMap], shown: str, path: Path) -> Found:
    """Take a text file for the first of the tables that it may be."""
    found = Found()
    for table, layout in wanted.items():
        try:
            with TextFile(shown, path, profile, layout) as text:
                part = TextPart(profile, layout, path, text.origin, text.around)
        except LedgerFormatError as error:
            found.near[table] = error
        else:
            found.parts[table] = [part]
            found.near.clear()
            break
    return found


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The beginning of one sheet."""

    file: str
    path: Path
    name: str
    top: list[list[str]]

    @property
    def shown(self) -> str:
        return f"{self.file} [{self.name}]"

    def header(self, layout: TableMap) -> Header | None:
        """Return its header as the table's map says: found, or counted."""
        shape = layout.shape
        if shape.sheets and not any(fnmatchcase(self.name, one) for one in shape.sheets):
            return None
        rows = self.top if shape.auto else self.top[layout.banner_rows : layout.banner_rows + 1]
        found = find_header(rows, layout.needed)
        if found is None or _lacks(found, shape.lacks):
            return None
        return found if shape.auto else Header(layout.banner_rows, 1, found.names, found.missing)


def _lacks(header: Header, columns: tuple[str, ...]) -> bool:
    """Tell whether a header has a column that makes it another table's."""
    names = set(map(plain, header.names))
    return any(plain(column) in names for column in columns)


def _look(profile: Profile, wanted: Mapping[Table, TableMap], sheet: _Sheet, found: Found) -> None:
    """Decide which table a sheet is: the largest of those that fit it."""
    headers = {table: header for table in wanted if (header := sheet.header(wanted[table]))}
    fitting = [table for table, header in headers.items() if not header.missing]
    if fitting:
        table = max(fitting, key=lambda one: len(wanted[one].needed))
        part = _part(sheet, headers[table])
        check_header(
            wanted[table], part.origin, hint=HINT_TEMPLATES["profile"], profile=profile.name
        )
        found.parts.setdefault(table, []).append(part)
        return
    for table, header in headers.items():
        share = 1 - len(header.missing) / len(wanted[table].needed)
        if share >= _HARDLY:
            found.near.setdefault(table, _missing(profile, wanted[table], sheet, header))
        if share >= _NEARLY:
            raise found.near[table]


def _part(sheet: _Sheet, header: Header) -> SheetPart:
    banner = " ".join(cell for row in sheet.top[: header.at] for cell in row)
    around = Surroundings(sheet.file, sheet.name, banner)
    return SheetPart(Origin(sheet.shown, header.names), around, sheet.path, sheet.name, header.end)


def _missing(
    profile: Profile, layout: TableMap, sheet: _Sheet, header: Header
) -> LedgerFormatError:
    try:
        origin = Origin(f"{sheet.shown}", header.names)
        check_header(layout, origin, hint=HINT_TEMPLATES["profile"], profile=profile.name)
    except LedgerFormatError as error:
        return error
    raise AssertionError(sheet.name)


class opened:  # noqa: N801 - a context manager is named for what it gives
    """A workbook, open while the block runs; whatever is wrong with it is said in our words.

    Raises:
        LedgerFormatError: it has a password, is damaged, or unpacks to more than there can be.
        SourceUnreadableError: the file cannot be read.
    """

    def __init__(self, path: Path, shown: str) -> None:
        self.path, self.shown = path, shown

    def __enter__(self) -> CalamineWorkbook:
        self._refuse_bombs()
        try:
            self.workbook = CalamineWorkbook.from_path(self.path)
        except (CalamineError, OSError) as error:
            raise self._translated(error) from error
        return self.workbook

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        self.workbook.close()
        if isinstance(error, CalamineError):
            raise self._translated(error) from error

    def _refuse_bombs(self) -> None:
        """Refuse what would fill the memory: the library holds a sheet as a full rectangle."""
        try:
            with zipfile.ZipFile(self.path) as packed:
                size = sum(one.file_size for one in packed.infolist())
                sheets = [name for name in packed.namelist() if _SHEET.fullmatch(name)]
                cells = max((_cells(packed, name) for name in sheets), default=0)
        except (zipfile.BadZipFile, OSError):
            return  # an .xls, or damage: the next to open it says which
        if size > _MOST_BYTES:
            raise LedgerFormatError(
                "{file} would unpack to {size} bytes",
                hint="Do not open it; find out where it comes from.",
                file=self.shown,
                size=size,
            )
        if cells > _MOST_CELLS:
            raise LedgerFormatError(
                "{file} has a sheet that reaches over {cells} cells",
                hint="Delete the stray cells far below or beside the table, and save it again.",
                file=self.shown,
                cells=cells,
            )

    def _translated(self, error: Exception) -> LedgerFormatError | SourceUnreadableError:
        if isinstance(error, PasswordError):
            return LedgerFormatError(
                "{file} is protected by a password",
                hint="Save it without a password, and export again.",
                file=self.shown,
            )
        if isinstance(error, OSError):
            return unreadable(self.shown, error)
        return LedgerFormatError(
            "{file} is not an undamaged workbook",
            hint="Export it again, or open it and save it as .xlsx.",
            file=self.shown,
        )


def _cells(packed: zipfile.ZipFile, sheet: str) -> int:
    """Return how many cells a sheet says it reaches over; 0 where it does not say."""
    with packed.open(sheet) as stream:
        found = _DIMENSION.search(stream.read(_HEAD_BYTES))
    if not found:
        return 0
    width = 0
    for sign in found[1].decode():
        width = width * 26 + ord(sign) - ord("A") + 1
    return width * int(found[2])


def is_workbook(path: Path, shown: str) -> bool:
    """Tell whether a file is to be opened as a workbook, by its first bytes or its name.

    Raises:
        LedgerFormatError: it is a web page, as some products write them with a workbook's name.
        SourceUnreadableError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(512)
    except OSError as error:
        raise unreadable(shown, error) from error
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise LedgerFormatError(
            "{file} is a web page or XML that is named like a workbook",
            hint="Open it in a spreadsheet program, save it as .xlsx, and take that file.",
            file=shown,
        )
    return head.startswith((_ZIP, _COMPOUND)) or path.suffix.lower() in {".xlsx", ".xls", ".ods"}


def unreadable(shown: str, error: OSError) -> SourceUnreadableError:
    """Return that a file cannot be read."""
    return SourceUnreadableError(
        "cannot read {file}: {reason}",
        hint="Check that the file is there and may be read.",
        file=shown,
        reason=error.strerror or type(error).__name__,
    )
