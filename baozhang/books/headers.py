"""Headers as they are found in the field: below banners, of several rows, oddly written.

    序时账                                   ◄ banner rows
    编制单位：…          会计期间：2026年3月   ◄
    科目    │ 年初余额  │            ┐
    编码    │ 借方金额  │ 贷方金额     ┘►  科目.编码   年初余额.借方金额   年初余额.贷方金额
    1001   │ 5.00     │                ◄ the first row

A header is the first run of one to four rows whose joined cells hold every column that is looked
for; blanks, line feeds and full-width letters and digits make no difference.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from baozhang.books.shapes import Outside

MOST_BANNER = 40  # rows in which a header is looked for
_MOST_DEPTH = 4
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Header:
    """The nearest thing to a header in some rows."""

    at: int  # rows above it
    depth: int  # rows of its own
    names: tuple[str, ...]  # joined; a column looked for is named as it was looked for
    missing: tuple[str, ...]  # columns looked for that it has not

    @property
    def end(self) -> int:
        """The first row below it."""
        return self.at + self.depth


def plain(name: str) -> str:
    """Return a column's name without what makes no difference."""
    return _BLANKS.sub("", unicodedata.normalize("NFKC", name)).removeprefix("\ufeff")


def find_header(rows: Sequence[Sequence[str]], needed: Sequence[str]) -> Header | None:
    """Return the first header that lacks the fewest columns; None if no row has any of them."""
    best: Header | None = None
    for depth in range(1, _MOST_DEPTH + 1):
        for at in range(len(rows) - depth + 1):
            found = _header(rows, at, depth, needed)
            if best is None or len(found.missing) < len(best.missing):
                best = found
        if best is not None and not best.missing:
            break  # more rows would only join what belongs apart
    return best if best is not None and len(best.missing) < len(needed) else None


def joined(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the names that several header rows make together.

    A merged cell holds its text once, at its left: it reaches as far to the right as the cells
    below it are filled and those beside it are empty.
    """
    width = max(map(len, rows))
    levels = [[*map(str.strip, row), *[""] * (width - len(row))] for row in rows]
    for level, cells in enumerate(levels[:-1]):
        for place in range(1, width):
            below = any(lower[place] for lower in levels[level + 1 :])
            apart = any(levels[above][place] != levels[above][place - 1] for above in range(level))
            if not cells[place] and below and not apart:
                cells[place] = cells[place - 1]
    return [".".join(dict.fromkeys(filter(None, column))) for column in zip(*levels, strict=True)]


def _header(rows: Sequence[Sequence[str]], at: int, depth: int, needed: Sequence[str]) -> Header:
    names = joined(rows[at : at + depth]) if depth > 1 else list(rows[at])
    wanted = {plain(name): name for name in needed}
    found = tuple(wanted.get(plain(name), name) for name in names)
    return Header(at, depth, found, tuple(name for name in needed if name not in found))


_YEAR_MONTH = re.compile(
    r"(?<!\d)((?:19|20)\d\d)(?:\s*[-./年_]\s*第?\s*(1[0-2]|0?[1-9])(?!\d)|(1[0-2]|0[1-9]))"
)


def periods_in(text: str) -> set[str]:
    """Return the periods that a text names: 2026-03, 202603, 2026年3月, 2026年第3期, 20260331."""
    plainly = unicodedata.normalize("NFKC", text)
    found = _YEAR_MONTH.findall(plainly)
    return {f"{year}-{(apart or close).zfill(2)}" for year, apart, close in found}


_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


def years_in(text: str) -> set[str]:
    """Return the years that a text names, for example UFDATA_006_2025."""
    return set(_YEAR.findall(unicodedata.normalize("NFKC", text)))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around a table."""

    file: str  # its path as shown
    sheet: str = ""
    banner: str = ""  # the texts above its header

    def told(self, name: str, places: Sequence[Outside]) -> set[str]:
        """Return the periods, or years, named in the first of these places that names any."""
        texts = {"banner": self.banner, "sheet": self.sheet, "file": self.file}
        look = periods_in if name == "period" else years_in
        return next(filter(None, (look(texts[place]) for place in places)), set())
