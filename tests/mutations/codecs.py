"""Cells on disk: reading and writing what each format of profile keeps its rows in.

    delimited, sqlite, workbook, xml ──► Grid: a header and rows of text ──► and back

No reader under test has a part in it.  A grid that is read and written again leaves every other
cell as it was, so that a fault in it is the only difference.
"""

import csv
import io
import sqlite3
import xml.etree.ElementTree as ET
import zipfile
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

from baozhang.books.profiles import Profile, TableMap
from baozhang.samples.papers import SPREADSHEET, WORKBOOK_PARTS, XML

Cell = str | None
SHEET = "xl/worksheets/sheet1.xml"
KEPT = ' xml:space="preserve"'


@dataclass(slots=True)
class Grid:
    """One table of an export, as cells."""

    header: list[str]
    rows: list[list[Cell]]
    banner: list[list[str]] = field(default_factory=list)  # rows above the header


def write_delimited(path: Path, profile: Profile, grid: Grid) -> None:
    """Write a text file; a profile without a quote writes none."""
    cells = [[cell or "" for cell in row] for row in (*grid.banner, grid.header, *grid.rows)]
    if profile.quote:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=profile.delimiter, lineterminator=profile.line_end)
        writer.writerows(cells)
        body = text.getvalue()
    else:
        body = "".join(profile.delimiter.join(row) + profile.line_end for row in cells)
    path.write_bytes(body.encode(profile.encoding))


def read_delimited(path: Path, profile: Profile, banner: int) -> Grid:
    """Read a text file."""
    text = path.read_bytes().decode(profile.encoding)
    if profile.quote:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=profile.delimiter))
    else:
        lines = text.removesuffix(profile.line_end).split(profile.line_end)
        rows = [line.split(profile.delimiter) for line in lines]
    return Grid(rows[banner], [[*row] for row in rows[banner + 1 :]], rows[:banner])


def write_table(path: Path, layout: TableMap, grid: Grid) -> None:
    """Write a table of a SQLite database, whose cells are text."""
    columns = ", ".join(f"{_quoted(name)} TEXT" for name in grid.header)
    places = ", ".join("?" for _ in grid.header)
    table = _quoted(layout.table)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute(f"DROP TABLE IF EXISTS {table}")
        database.execute(f"CREATE TABLE {table} ({columns})")
        database.executemany(f"INSERT INTO {table} VALUES ({places})", grid.rows)


def read_table(path: Path, layout: TableMap) -> Grid:
    """Read a table of a SQLite database."""
    with closing(sqlite3.connect(path)) as database:
        found = database.execute(f"SELECT * FROM {_quoted(layout.table)} ORDER BY rowid")
        header = [column[0] for column in found.description]
        return Grid(header, [[*row] for row in found])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def write_sheet(path: Path, grid: Grid) -> None:
    """Write a workbook of one sheet, its cells as inline text (ECMA-376, 18.3.1.4)."""
    rows = "".join(
        "<row>"
        + "".join(f'<c t="inlineStr"><is><t{KEPT}>{escape(c or "")}</t></is></c>' for c in row)
        + "</row>"
        for row in (*grid.banner, grid.header, *grid.rows)
    )
    sheet = f'{XML}<worksheet xmlns="{SPREADSHEET}"><sheetData>{rows}</sheetData></worksheet>'
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**WORKBOOK_PARTS, SHEET: sheet}.items():
            archive.writestr(name, text)


def read_sheet(path: Path, banner: int) -> Grid:
    """Read a workbook of one sheet that was written here."""
    with zipfile.ZipFile(path) as archive:
        root = ET.fromstring(archive.read(SHEET))
    rows = [[cell[0][0].text or "" for cell in row] for row in root[0]]
    return Grid(rows[banner], [[*row] for row in rows[banner + 1 :]], rows[:banner])


def write_elements(path: Path, layout: TableMap, grid: Grid) -> None:
    """Write a table of an XML file: an element per row, its children the columns."""
    root = ET.parse(path).getroot() if path.exists() else ET.Element("会计核算数据")
    for old in root.findall(layout.table):
        root.remove(old)
    for row in grid.rows:
        element = ET.SubElement(root, layout.table)
        for name, cell in zip(grid.header, row, strict=True):
            if cell is not None:
                ET.SubElement(element, name).text = cell
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def read_elements(path: Path, layout: TableMap) -> Grid:
    """Read a table of an XML file; a column that an element lacks is NULL there."""
    elements = ET.parse(path).getroot().findall(layout.table)
    header = [*dict.fromkeys(child.tag for element in elements for child in element)]
    rows: list[list[Cell]] = []
    for element in elements:
        cells = {child.tag: child.text or "" for child in element}
        rows.append([cells.get(name) for name in header])
    return Grid(header, rows)
