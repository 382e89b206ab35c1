"""What is irregular about a table as exported, as data: a profile's keys beside `columns`.

    banner rows ┐                                   ┌ made columns: "[字]", "[号]", "(year)"
    header      ├─► Shape ─► headers, shaping ─► rows ┤
    rows, sums  ┘                                   └ without sums, headers printed again

A profile cuts a cell into pieces by a form, in which a name in brackets stands for a piece:
`cut: {凭证号: "[字]-[号]"}` makes the columns `[字]` and `[号]` of `记-12`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from baozhang.books.sections import Section

Outside = Literal["banner", "sheet", "file"]
"""Where a period or a year stands that is in no column: above the header, or in a name."""
TOLD = {"period": "(period)", "year": "(year)"}
"""Fields that may stand outside, and the made columns that then hold them."""
KEYS = ("sheets", "lacks", "cut", "fill", "skip", "ends")
_PIECE = re.compile(r"\[[^\[\]]+\]")


@dataclass(frozen=True, slots=True)
class Shape:
    """How a table's rows become regular; the default: they are."""

    auto: bool = False  # the header is found (`headers`), not counted
    sheets: tuple[str, ...] = ()  # patterns of the sheets' names (workbook); none: any
    lacks: tuple[str, ...] = ()  # columns that would make it another table
    cut: dict[str, tuple[str, ...]] = field(default_factory=dict)  # column to forms
    fill: tuple[str, ...] = ()  # an empty cell repeats the one above
    skip: dict[str, tuple[str, ...]] = field(default_factory=dict)  # patterns: no row of the table
    ends: dict[str, tuple[str, ...]] = field(default_factory=dict)  # patterns: what its last row is
    outside: dict[str, tuple[Outside, ...]] = field(default_factory=dict)  # by field of TOLD

    @property
    def regular(self) -> bool:
        """True if rows need no shaping."""
        return not (self.fill or self.skip or self.ends or self.made)

    @property
    def made(self) -> tuple[str, ...]:
        """Columns that the export does not have: pieces of cut cells, the period from outside."""
        forms = [form for several in self.cut.values() for form in several]
        pieces = dict.fromkeys(piece for form in forms for piece in _PIECE.findall(form))
        return (*pieces, *(TOLD[name] for name in self.outside))

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that shaping itself needs."""
        return (*self.cut, *self.fill, *self.skip, *self.ends)


def shape_of(table: Section, columns: Section) -> Shape:
    """Return what a profile says of a table's shape.

    Raises:
        UsageError: a value that means nothing.
    """
    return Shape(
        auto=table.text("banner_rows", "") == "auto",
        sheets=table.texts("sheets", ()),
        lacks=table.texts("lacks", ()),
        cut=_cut(table),
        fill=table.texts("fill", ()),
        skip=_by_column(table, "skip"),
        ends=_by_column(table, "ends"),
        outside=_outside(columns),
    )


def pattern_of(form: str) -> re.Pattern[str]:
    """Return a form's expression, a group per piece; touching pieces part at the first digit."""
    parts = [part for part in re.split(r"(\[[^\[\]]+\])", form) if part]
    pieces = [_PIECE.fullmatch(part) is not None for part in parts]
    found = []
    around = zip(parts, pieces, [False, *pieces], [*pieces[1:], False], strict=False)
    for part, piece, after_piece, before_piece in around:
        if piece:
            begin, rest = r"\d" if after_piece else "", r"\D*" if before_piece else ".*?"
            found.append(f"({begin}{rest})")
        else:
            found.append(re.escape(part))
    return re.compile("".join(found))


def pieces_of(form: str) -> list[str]:
    """Return the names of a form's pieces, brackets included."""
    return _PIECE.findall(form)


def _cut(table: Section) -> dict[str, tuple[str, ...]]:
    found = _by_column(table, "cut")
    for column, forms in found.items():
        names = list(map(pieces_of, forms))
        same = all(sorted(pieces) == sorted(names[0]) for pieces in names)
        if not names[0] or not same or len(set(names[0])) != len(names[0]):
            raise table.wrong(f"{table.path('cut')}.{column}", "cut")
    return found


def _by_column(table: Section, key: str) -> dict[str, tuple[str, ...]]:
    """Return a mapping of columns, which are the export's own names, to texts."""
    if not table.has(key):
        return {}
    columns = table.values[key]
    names: Sequence[str] = list(map(str, columns)) if isinstance(columns, dict) else ()
    here = table.section(key, names)
    return {name: here.texts(name) for name in names}


def _outside(columns: Section) -> dict[str, tuple[Outside, ...]]:
    found = {}
    for name in TOLD:
        if not isinstance(columns.values.get(name), dict):
            continue
        places = columns.section(name, ("from",)).texts("from")
        if not places or not set(places) <= set(get_args(Outside)):
            known = ", ".join(get_args(Outside))
            raise columns.wrong(columns.path(name), "outside", choices=known)
        found[name] = cast("tuple[Outside, ...]", places)
    return found
