"""Small tables of people: CSV in UTF-8 or GB18030, or the first sheet of a workbook; and back.

    grid = read_grid(path)                # columns, and rows of texts
    write_grid(path, grid)                # by the ending: .csv, .xlsx

What is written is safe to open in a spreadsheet: a text that begins like a formula (= + - @, tab,
carriage return) gets an apostrophe in front (OWASP, CSV injection), which is taken away on reading.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from baozhang import durable
from baozhang.books.workbook import cell_text
from baozhang.errors import UnreachableError, UsageError

MOST_BYTES = 50_000_000
MOST_ROWS = 200_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")

Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of one table; every row is as long as the columns."""

    columns: Cells
    rows: tuple[Cells, ...]

    def records(self) -> Iterator[dict[str, str]]:
        """Yield each row by column."""
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))


def read_grid(path: Path) -> Grid:
    """Return a table; its first row that is not empty names the columns, empty rows are left out.

    Raises:
        UsageError: no such file, too large, neither text nor a workbook, columns that are doubled,
            or a row with more cells than columns.
        UnreachableError: it cannot be read.
    """
    content = _content(path)
    found = _sheet(content) if content.startswith(_WORKBOOKS) else _text(content)
    rows = [row for row in found if any(row)]
    if not rows:
        raise UsageError("{file} holds no table", hint="Put headers into its first row.", file=path)
    if len(rows) > MOST_ROWS:
        raise UsageError(
            "{file} has more than {most} rows", hint="Split it.", file=path, most=MOST_ROWS
        )
    columns = _columns(path, rows[0])
    return Grid(columns, tuple(_fitted(path, columns, *each) for each in enumerate(rows[1:], 2)))


def write_grid(path: Path, grid: Grid) -> None:
    """Write a table as CSV (UTF-8 with BOM, as Excel wants it) or, by its ending, as a workbook.

    Raises:
        UsageError: another ending.
        UnreachableError: it cannot be written.
    """
    if path.suffix not in {".csv", ".xlsx"}:
        raise UsageError(
            "{file} must end in .csv or .xlsx", hint="Choose one of the two.", file=path
        )
    content = _csv(grid) if path.suffix == ".csv" else _xlsx(grid)
    try:
        durable.replace(path, content)
    except OSError as error:
        raise UnreachableError(
            "{file} cannot be written: {reason}",
            hint="Check the folder and its rights.",
            file=path,
            reason=error.strerror or type(error).__name__,
        ) from error


def safe(cell: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(
                "{file} is larger than {most} MB",
                hint="Take a smaller one.",
                file=path,
                most=MOST_BYTES // 1_000_000,
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UsageError("there is no file {file}", hint="Check its name.", file=path) from error
    except OSError as error:
        raise UnreachableError(
            "{file} cannot be read: {reason}",
            hint="Check its rights.",
            file=path,
            reason=error.strerror or type(error).__name__,
        ) from error


def _text(content: bytes) -> list[Cells]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return _read_csv(text)
    raise UsageError(
        "the file is neither text nor a workbook", hint="Save it as CSV (UTF-8) or as .xlsx."
    )


def _read_csv(text: str) -> list[Cells]:
    first = text.partition("\n")[0]
    mark = max(",\t;", key=first.count)
    try:
        found = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
        return [tuple(_plain(cell.strip()) for cell in row) for row in found]
    except csv.Error as error:
        raise UsageError(
            "the file is not sound CSV: a quotation mark does not end",
            hint="Save it as CSV again, or as .xlsx.",
        ) from error


def _sheet(content: bytes) -> list[Cells]:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        rows = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False, nrows=MOST_ROWS + 2)
    except PasswordError as error:
        raise UsageError(
            "the workbook is locked by a password", hint="Save it without one."
        ) from error
    except (CalamineError, IndexError) as error:
        raise UsageError(
            "the workbook cannot be read", hint="Open it, and save it as .xlsx again."
        ) from error
    return [tuple(_plain(cell_text(cell).strip()) for cell in row) for row in rows]


def _columns(path: Path, header: Cells) -> Cells:
    columns = header[: len(header) - _blank_end(header)]
    doubled = sorted({name for name in columns if name and columns.count(name) > 1})
    if doubled:
        raise UsageError(
            "{file} has the columns {columns} more than once",
            hint="Keep one of each.",
            file=path,
            columns=", ".join(doubled),
        )
    return columns


def _fitted(path: Path, columns: Cells, number: int, row: Cells) -> Cells:
    if len(row) - _blank_end(row) > len(columns):
        raise UsageError(
            "{file}, row {row} has more cells than there are columns",
            hint="Quote cells that contain a comma.",
            file=path,
            row=number,
        )
    return (*row[: len(columns)], *[""] * (len(columns) - len(row)))


def _blank_end(row: Sequence[str]) -> int:
    return next((n for n, cell in enumerate(reversed(row)) if cell), len(row))


def _csv(grid: Grid) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(grid.columns)
    writer.writerows([safe(cell) for cell in row] for row in grid.rows)
    return out.getvalue().encode("utf-8-sig")


def _xlsx(grid: Grid) -> bytes:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Sheet1")
    sheet.freeze_panes = "A2"
    heads = [WriteOnlyCell(sheet, value=name) for name in grid.columns]
    for cell in heads:
        cell.font = Font(bold=True)
    sheet.append(heads)
    for row in grid.rows:
        sheet.append([safe(cell) for cell in row])
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()
