"""A workbook (xlsx) written row by row, straight into its file.

    with workbook(path, at) as book:
        book.sheet("科目余额表", banner, columns, rows)      # a second sheet where one is full

Nothing of it ever lies elsewhere: libraries that write row by row keep sheets in the system's
folder for temporary files, where nobody destroys them after a crash.  Amounts are numbers as far
as a spreadsheet keeps them exactly, else text; text is text, whatever it looks like: a summary
that begins with `=` is no formula.  Sheets are protected against typing, without a password.

Format: ECMA-376 part 1, SpreadsheetML; parts and limits as Excel documents them.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from itertools import chain, islice
from pathlib import Path
from typing import IO, Literal
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from baozhang.money import format_amount

MOST_ROWS = 1_048_576  # of a sheet: "Excel specifications and limits"
_MOST_TEXT = 32_767  # characters of a cell, likewise
_MOST_NAME = 31  # characters of a sheet's name, likewise
_EXACT = 10**15  # a spreadsheet keeps 15 significant digits, likewise
_HEADS = 2  # the banner, and the columns' names
_AT_ONCE = 2_000  # rows

Cell = str | int | None
"""A text; an amount in minor units; a count; None: empty."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what its cells are, and how wide it is, in characters."""

    name: str
    kind: Literal["text", "money", "count"] = "text"
    width: int = 12


class Workbook:
    """An open workbook; made by `workbook`."""

    def __init__(self, archive: ZipFile, at: datetime, scale: int) -> None:
        self._archive, self._at, self._scale = archive, at, scale
        self._names: list[str] = []

    def sheet(
        self, name: str, banner: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]
    ) -> None:
        """Write a table; what does not fit on one sheet goes on the next, `name (2)`."""
        left, number = iter(rows), 1
        while True:
            this = name if number == 1 else f"{name} ({number})"
            first = next(left, None)
            if first is None and number > 1:
                return
            fitting = islice(left, MOST_ROWS - _HEADS - 1)
            self._write(this, banner, columns, chain([] if first is None else [first], fitting))
            number += 1

    def _write(
        self, name: str, banner: str, columns: Sequence[Column], rows: Iterator[Sequence[Cell]]
    ) -> None:
        self._names.append(name[:_MOST_NAME])
        with self._part(f"xl/worksheets/sheet{len(self._names)}.xml") as part:
            part.write(_opened(columns).encode())
            part.write(_row([_text(banner, _BANNER)]).encode())
            part.write(_row(_text(column.name, _HEAD) for column in columns).encode())
            while some := list(islice(rows, _AT_ONCE)):
                part.write("".join(self._rows(columns, some)).encode())
            part.write(_CLOSED)

    def _rows(self, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
        kinds: Mapping[str, Callable[[Cell], str]]
        kinds = {"text": _plain, "count": _count, "money": partial(_money, scale=self._scale)}
        write = [kinds[column.kind] for column in columns]
        for row in rows:
            yield _row([each(cell) for each, cell in zip(write, row, strict=True)])

    def close(self) -> None:
        """Write what the sheets are part of."""
        for path, content in _parts(self._names, self._scale).items():
            with self._part(path) as part:
                part.write(content.encode())

    def _part(self, path: str) -> IO[bytes]:
        info = ZipInfo(path, self._at.timetuple()[:6])
        info.compress_type = ZIP_DEFLATED
        return self._archive.open(info, "w", force_zip64=True)


@contextmanager
def workbook(path: Path, at: datetime, *, scale: int) -> Iterator[Workbook]:
    """Write a new workbook; it is whole when the `with` ends.

    Args:
        path: where no file is.
        at: what its parts are dated, so that equal content gives equal bytes.
        scale: decimal places of amounts.
    """
    with ZipFile(path, "x", ZIP_DEFLATED, compresslevel=1) as archive:
        book = Workbook(archive, at, scale)
        yield book
        book.close()


# --- the parts ------------------------------------------------------------------------------------

_BANNER, _HEAD, _MONEY, _COUNT = 1, 2, 3, 4  # places in `cellXfs`
_EMPTY = "<c/>"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_RELATED = f"{_PACKAGE}/relationships"
_RELS = "application/vnd.openxmlformats-package.relationships+xml"
_QUOTE = {'"': "&quot;"}
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_CLOSED = b'</sheetData><sheetProtection sheet="1" objects="1" scenarios="1"/></worksheet>'
_SPECIAL = re.compile("[&<>\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # what a spreadsheet would decode


def _opened(columns: Sequence[Column]) -> str:
    widths = "".join(
        f'<col min="{place}" max="{place}" width="{column.width}" customWidth="1"/>'
        for place, column in enumerate(columns, start=1)
    )
    frozen = f'ySplit="{_HEADS}" topLeftCell="A{_HEADS + 1}" activePane="bottomLeft"'
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        f'<pane {frozen} state="frozen"/></sheetView></sheetViews>'
        f"<cols>{widths}</cols><sheetData>"
    )


def _row(cells: Iterable[str]) -> str:
    return f"<row>{''.join(cells)}</row>"


def _plain(cell: Cell) -> str:
    return _text(str(cell)) if cell else _EMPTY


def _count(cell: Cell) -> str:
    return _EMPTY if cell is None else f'<c s="{_COUNT}"><v>{cell}</v></c>'


def _money(cell: Cell, *, scale: int) -> str:
    if not isinstance(cell, int):
        return _plain(cell)
    shown = format_amount(cell, scale=scale)
    return f'<c s="{_MONEY}"><v>{shown}</v></c>' if abs(cell) < _EXACT else _text(shown)


@lru_cache(maxsize=50_000)  # names, periods and words recur on line after line
def _text(text: str, style: int = 0) -> str:
    shown = text[:_MOST_TEXT]
    if _SPECIAL.search(shown):
        shown = escape(_LOOKS_ESCAPED.sub("_x005F_", _NO_XML.sub("\ufffd", shown)))
    styled = f' s="{style}"' if style else ""
    return f'<c t="inlineStr"{styled}><is><t xml:space="preserve">{shown}</t></is></c>'


def _parts(names: Sequence[str], scale: int) -> dict[str, str]:
    """Return the parts that hold the sheets together, by their paths."""
    numbers = range(1, len(names) + 1)
    sheets = "".join(
        f'<sheet name="{escape(name, _QUOTE)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(names, start=1)
    )
    related = "".join(
        _related(number, "worksheet", f"worksheets/sheet{number}.xml") for number in numbers
    )
    styles = _related(len(names) + 1, "styles", "styles.xml")
    overrides = "".join(_typed(f"worksheets/sheet{number}", "worksheet") for number in numbers)
    office = _related(1, "officeDocument", "xl/workbook.xml")
    return {
        "xl/workbook.xml": _document(
            "workbook", _MAIN, f"<sheets>{sheets}</sheets>", f' xmlns:r="{_DOCUMENT}"'
        ),
        "xl/_rels/workbook.xml.rels": _document("Relationships", _RELATED, related + styles),
        "xl/styles.xml": _document("styleSheet", _MAIN, _styles(scale)),
        "_rels/.rels": _document("Relationships", _RELATED, office),
        "[Content_Types].xml": _document(
            "Types",
            f"{_PACKAGE}/content-types",
            f'<Default Extension="rels" ContentType="{_RELS}"/>'
            + _typed("workbook", "sheet.main")
            + _typed("styles", "styles")
            + overrides,
        ),
    }


def _document(root: str, space: str, content: str, more: str = "") -> str:
    return f'{_XML}<{root} xmlns="{space}"{more}>{content}</{root}>'


def _related(number: int, kind: str, target: str) -> str:
    return f'<Relationship Id="rId{number}" Type="{_DOCUMENT}/{kind}" Target="{target}"/>'


def _typed(part: str, kind: str) -> str:
    return f'<Override PartName="/xl/{part}.xml" ContentType="{_KIND}.{kind}+xml"/>'


def _styles(scale: int) -> str:
    """Return the cell styles: plain, banner, column name, amount, count."""
    money = "#,##0" + ("." + "0" * scale if scale else "")
    return (
        f'<numFmts count="1"><numFmt numFmtId="164" formatCode="{money}"/></numFmts>'
        '<fonts count="3"><font><sz val="11"/></font><font><b/><sz val="11"/></font>'
        '<font><b/><sz val="11"/><color rgb="FF9C2B2B"/></font></fonts>'
        '<fills count="3"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid">'
        '<fgColor rgb="FFE8EDF3"/></patternFill></fill></fills>'
        '<borders count="1"><border/></borders>'
        '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="5"><xf xfId="0"/>'
        '<xf xfId="0" fontId="2" applyFont="1"/>'
        '<xf xfId="0" fontId="1" fillId="2" applyFont="1" applyFill="1"/>'
        '<xf xfId="0" numFmtId="164" applyNumberFormat="1"/>'
        '<xf xfId="0" numFmtId="3" applyNumberFormat="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    )
