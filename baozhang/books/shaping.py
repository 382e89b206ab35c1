"""Rows made regular, block by block: sums left out, blanks filled, cells cut, the period added.

What is made stands behind the row in columns of its own; the row itself stays as exported (a
filled cell aside), so that nothing escapes its fingerprint.
"""

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase

from baozhang.books.headers import Surroundings, plain
from baozhang.books.profiles import TableMap
from baozhang.books.shapes import Shape, pattern_of, pieces_of
from baozhang.books.tables import Block, Columns, Origin
from baozhang.books.values import NOT_UNDERSTOOD_TEMPLATES, Cell
from baozhang.errors import LedgerFormatError
from baozhang.money import FULL_WIDTH

TOLD_TEMPLATES = {
    "period": "{file} names no period, and the table has no column for it",
    "period.several": "{file} names more than one period: {found}",
    "year": "{file} names no year, and the table has no column for it",
    "year.several": "{file} names more than one year: {found}",
    "hint": "Take one period, or year, at a time, and name the file by it, like 2026-03.xlsx.",
}

Row = Sequence[Cell]
Test = Callable[[Row], bool]


class Shaper:
    """Shapes the rows of one file or sheet.

    Args:
        layout: the table's map.
        origin: the header as exported, and the name to show.
        around: what stands around the table.

    Raises:
        LedgerFormatError: the period should stand around the table, and none does, or several.
    """

    def __init__(self, layout: TableMap, origin: Origin, around: Surroundings) -> None:
        self.layout, self.exported = layout, origin
        shape = layout.shape
        self.regular = shape.regular
        self.origin = Origin(origin.file, (*origin.header, *shape.made))
        self.places = {name.strip(): place for place, name in enumerate(origin.header)}
        self.told = [_told(name, shape, origin.file, around) for name in shape.outside]
        self.cuts = [
            (self.places[column], column, [_Form(form, pieces_of(forms[0])) for form in forms])
            for column, forms in shape.cut.items()
        ]
        self.fill = [(self.places[column], column) for column in shape.fill]
        self.skipped, self.last = self._test(shape.skip), self._test(shape.ends)
        self.above: dict[int, Cell] = {}
        self.ended = not shape.ends
        self.at = 0

    def columns(self, block: Block) -> Iterable[Columns]:
        """Return a block's columns; none if no row of it is left."""
        if self.regular:
            return [Columns(self.layout, self.origin, block)]
        kept = [
            (number, made)
            for number, row in zip(block.numbers, block.rows, strict=True)
            if (made := self._row(number, row)) is not None
        ]
        if not kept:
            return []
        rows = Block([row for _, row in kept], [number for number, _ in kept])
        return [Columns(self.layout, self.origin, rows)]

    def end(self) -> None:
        """Refuse a table that ended without its last row.

        Raises:
            LedgerFormatError: it was cut short.
        """
        if not self.ended:
            ends = self.layout.shape.ends
            raise LedgerFormatError(
                "{file}, row {row}, column {column}: the table ends without its last row ({known})",
                hint="Export the table again; this file is cut short.",
                file=self.exported.file,
                row=self.at,
                column=", ".join(ends),
                known=", ".join(text for texts in ends.values() for text in texts),
            )

    def _row(self, number: int, row: Row) -> list[Cell] | None:
        self.at = number
        if self.last(row):
            self.ended = True
            return None
        if self.skipped(row):
            return None
        cells = list(row)
        for place, _ in self.fill:
            if cells[place]:
                self.above[place] = cells[place]
            else:
                cells[place] = self.above.get(place, cells[place])
        for place, column, forms in self.cuts:
            cells += self._pieces(number, column, cells[place], forms)
        return cells + self.told

    def _pieces(
        self, number: int, column: str, cell: Cell, forms: Iterable["_Form"]
    ) -> Iterable[str]:
        for form in forms:
            if (pieces := form.cut(cell or "")) is not None:
                return pieces
        raise LedgerFormatError(
            NOT_UNDERSTOOD_TEMPLATES["form"],
            hint="Compare the row with the accounting product, and export again.",
            file=self.exported.file,
            row=number,
            column=column,
            known=", ".join(form.text for form in forms),
        )

    def _test(self, patterns: dict[str, tuple[str, ...]]) -> Test:
        """Return whether a row has one of these texts in one of these columns."""
        tests = [
            (self.places[column], [plain(text) for text in texts])
            for column, texts in patterns.items()
        ]

        def holds(row: Row) -> bool:
            return any(
                fnmatchcase(plain(row[place] or ""), pattern)
                for place, several in tests
                for pattern in several
            )

        return holds


class _Form:
    """One form of a cell, whose pieces come in this order."""

    def __init__(self, text: str, pieces: Sequence[str]) -> None:
        self.text, self.pattern = text, pattern_of(text)
        own = pieces_of(text)
        self.order = [own.index(piece) + 1 for piece in pieces]

    def cut(self, cell: str) -> list[str] | None:
        found = self.pattern.fullmatch(cell.strip().translate(FULL_WIDTH))
        return [found[place].strip() for place in self.order] if found else None


def _told(name: str, shape: Shape, file: str, around: Surroundings) -> str:
    found = around.told(name, shape.outside[name])
    if len(found) != 1:
        raise LedgerFormatError(
            TOLD_TEMPLATES[f"{name}.several" if found else name],
            hint=TOLD_TEMPLATES["hint"],
            file=file,
            found=", ".join(sorted(found)),
        )
    return found.pop()
