"""Ledgers in XML: rows are elements, their children are columns, wherever they stand.

    <总账>
      <记账凭证> <科目编号>1001</科目编号> <借方本币金额>5.00</借方本币金额> … </记账凭证>   ◄ a row

The shape is that of GB/T 24589.1-2010.  A file is streamed, never held; an element that is left
out is NULL, where an empty one is ''.  Columns are all the children that any row has, so the file
is read once before its first row is known.  Declarations of entities are refused, since a few
bytes of them become gigabytes.
"""

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from baozhang.books.headers import Surroundings
from baozhang.books.model import Table
from baozhang.books.parted import HINT_TEMPLATES, Found
from baozhang.books.profiles import Profile, TableMap
from baozhang.books.tables import Block, Origin, check_header
from baozhang.books.values import Cell
from baozhang.books.workbook import unreadable
from baozhang.errors import LedgerFormatError

_BLOCK_ROWS = 1024
_HEAD = "电子账簿"  # the element that says what book it is; it stands for a banner
_CHUNK = 1 << 16  # bytes
_OUTLINED = 256  # chunks
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]+)["'][^>]*\?>""")
_OURS = {"gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030"}
"""Encodings that the parser does not know; GB 18030 reads the two that it grew out of."""


@dataclass(frozen=True, slots=True)
class ElementPart:
    """The rows of one table in one file."""

    origin: Origin
    around: Surroundings
    path: Path
    element: str

    def blocks(self) -> Iterator[Block]:
        """Yield the rows; a row's number is that of its element in the file."""
        rows = enumerate(rows_of(self.path, self.around.file, (self.element,)), 1)
        while some := list(islice(rows, _BLOCK_ROWS)):
            cells = [[row.get(name) for name in self.origin.header] for _, (_, row) in some]
            yield Block(cells, [number for number, _ in some])


def find(profile: Profile, wanted: Mapping[Table, TableMap], shown: str, path: Path) -> Found:
    """Look for tables in an XML file; see `parted.Find`."""
    tables = {layout.table: table for table, layout in wanted.items()}
    headers: dict[str, dict[str, None]] = {}
    banner = ""
    owners = profile.owner.table
    found = Found()
    for element, row in rows_of(path, shown, tuple({*tables, _HEAD, owners} - {""})):
        if element == owners:
            found.owners.append(row)
        if element == _HEAD:
            banner = " ".join(f"{name} {cell}" for name, cell in row.items())
        elif element in tables:
            headers.setdefault(element, {}).update(dict.fromkeys(row))
    for element, names in headers.items():
        layout = wanted[tables[element]]
        origin = Origin(f"{shown} <{element}>", tuple(names))
        check_header(layout, origin, hint=HINT_TEMPLATES["profile"], profile=profile.name)
        part = ElementPart(origin, Surroundings(shown, banner=banner), path, element)
        found.parts[tables[element]] = [part]
    return found


def rows_of(
    path: Path, shown: str, elements: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, Cell]]]:
    """Yield every element of one of these names, outermost first, with its cells.

    Raises:
        LedgerFormatError: it is no XML, declares entities, or has a cell twice in one row.
        SourceUnreadableError: the file cannot be read.
    """
    handler = _Rows(frozenset(elements), shown)
    for _ in _parsed(path, shown, handler):
        yield from handler.taken()


def outline(path: Path, shown: str) -> dict[str, list[str]]:
    """Return the elements that may be rows, with their columns: their children have no children.

    Only the beginning of a file is looked at, as far as it takes to see it repeat itself.

    Raises:
        LedgerFormatError, SourceUnreadableError: as `rows_of`.
    """
    handler = _Outline()
    for _ in islice(_parsed(path, shown, handler), _OUTLINED):
        pass
    return {name: list(columns) for name, columns in handler.rows.items() if len(columns) > 1}


def _parsed(path: Path, shown: str, handler: "_Rows | _Outline") -> Iterator[None]:
    """Feed a file to a handler, a piece at a time."""
    parser = DefusedXMLParser(target=handler, forbid_dtd=True)
    try:
        with path.open("rb") as stream:
            for chunk in _chunks(stream):
                parser.feed(chunk)
                yield
            parser.close()
    except DefusedXmlException:
        raise LedgerFormatError(
            "{file} declares entities or a document type, which no export needs",
            hint="Do not open it; find out where it comes from.",
            file=shown,
        ) from None
    except ParseError as error:
        raise _broken(shown, error.position[0]) from None  # its text may quote the file
    except UnicodeDecodeError:
        raise _broken(shown, 0) from None
    except OSError as error:
        raise unreadable(shown, error) from error


class _Rows:
    """Collects the cells of every row that ends.

    A row's cells: its attributes as `@name`, its leaves as `name`, or `outer.name` below others.
    """

    def __init__(self, elements: frozenset[str], shown: str) -> None:
        self.elements, self.shown = elements, shown
        self.row = ""  # the element of the row that is open
        self.path: list[str] = []  # of elements open within it
        self.leaf = False
        self.text: list[str] = []
        self.cells: dict[str, Cell] = {}
        self.rows: list[tuple[str, dict[str, Cell]]] = []

    def taken(self) -> list[tuple[str, dict[str, Cell]]]:
        """Return the rows since the last call."""
        rows, self.rows = self.rows, []
        return rows

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Open a row, or an element within one."""
        own = _local(tag)
        if not self.row:
            if own not in self.elements:
                return
            self.row, self.cells = own, {}
        else:
            self.path.append(own)
        self.leaf, self.text = True, []
        for key, text in attributes.items():
            self._put(f"{'.'.join(self.path)}@{_local(key)}", text)

    def data(self, text: str) -> None:
        """Collect a leaf's text."""
        if self.path:
            self.text.append(text)

    def end(self, tag: str) -> None:
        """Close an element within a row, or the row."""
        if self.path:
            if self.leaf:
                self._put(".".join(self.path), "".join(self.text))
            self.path.pop()
            self.leaf = False
        elif self.row and _local(tag) == self.row:
            self.rows.append((self.row, self.cells))
            self.row = ""

    def close(self) -> None:
        """End; the parser asks for it."""

    def _put(self, column: str, text: str) -> None:
        if column in self.cells:
            raise LedgerFormatError(
                "{file} has the column {column} twice",
                hint="Export the table again with each column once.",
                file=self.shown,
                column=column,
            )
        self.cells[column] = text


class _Outline:
    """Collects which leaves stand directly below which elements."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.leaf = False
        self.rows: dict[str, dict[str, None]] = {}

    def start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        """Open an element."""
        self.path.append(_local(tag))
        self.leaf = True

    def data(self, text: str) -> None:
        """Pass over a text."""

    def close(self) -> None:
        """End; the parser asks for it."""

    def end(self, _tag: str) -> None:
        """Close an element; one without children is a column of the one around it."""
        own = self.path.pop()
        if self.leaf and self.path:
            self.rows.setdefault(self.path[-1], {})[own] = None
        self.leaf = False


def _local(name: str) -> str:
    """Return a name without its namespace."""
    return name.rpartition("}")[2]


def _broken(shown: str, row: int) -> LedgerFormatError:
    return LedgerFormatError(
        "{file}, row {row}: not sound XML" if row else "{file} is not in the encoding it declares",
        hint="Export the file again; this one is damaged or cut short.",
        file=shown,
        row=row,
    )


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield a file in pieces, as UTF-8 where the parser does not know the declared encoding.

    What a cut left of a last character is left out: the parser misses the end anyway.
    """
    head = stream.read(_CHUNK)
    declared = _DECLARED.match(head)
    ours = _OURS.get(declared[1].decode("ascii").lower()) if declared else None
    if declared is None or ours is None:
        yield head
        yield from iter(lambda: stream.read(_CHUNK), b"")
        return
    decoder = codecs.getincrementaldecoder(ours)()
    yield decoder.decode(head[declared.end() :]).encode()
    while raw := stream.read(_CHUNK):
        yield decoder.decode(raw).encode()
