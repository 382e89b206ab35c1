"""Cells become values: dates, amounts, periods, flags, sides; each text is understood once.

Ledgers repeat themselves (a date stands on a hundred lines, a zero on every second one), so every
conversion remembers what it has seen and a column is converted by looking its cells up.  A cell
that cannot be understood raises `NotUnderstoodError`, which carries what was wanted and never
the cell: a text in an amount's place may be anybody's name.
"""

import re
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from functools import partial
from itertools import filterfalse, repeat
from math import copysign
from operator import is_
from types import NoneType
from typing import Generic, TypeVar

from baozhang.books.blocks import alike
from baozhang.books.profiles import Empty, FlagRule, SideRule
from baozhang.errors import LedgerFormatError
from baozhang.money import parse_amount

Cell = str | None
V = TypeVar("V")

_MOST_REMEMBERED = 65_536  # cells per column; a full memory is emptied, so size stays bounded
_FEW, _MANY = 1 / 32, 1 / 4  # of a column's cells; between them the new ones are sorted out first


NOT_UNDERSTOOD_TEMPLATES = {
    "amount": "{file}, row {row}, column {column}: not an amount",
    "date": "{file}, row {row}, column {column}: not a date in a form of the profile ({known})",
    "whole": "{file}, row {row}, column {column}: not a whole number",
    "month": "{file}, row {row}, column {column}: not the number of a period",
    "year": "{file}, row {row}, column {column}: not a year of four digits",
    "period": "{file}, row {row}, column {column}: not a period like 2026-03",
    "side": "{file}, row {row}, column {column}: none of the sides of the profile ({known})",
    "null": "{file}, row {row}, column {column}: no value (NULL)",
    "form": "{file}, row {row}, column {column}: in no form of the profile ({known})",
}
"""What is wrong with a cell, by what was wanted of it."""


class NotUnderstoodError(ValueError):
    """A cell is not what its column should hold: a key of the templates, and what is known."""

    def __init__(self, *, wanted: str, known: str = "") -> None:
        super().__init__(wanted)
        self.wanted, self.known = wanted, known


class Memory(dict[Cell, V], Generic[V]):
    """What each cell means; a cell not seen yet is converted.

    Args:
        convert: converts one cell.
        several: converts many different cells at once, or returns None where one of them needs
            the closer look of `convert`.
    """

    def __init__(
        self,
        convert: Callable[[Cell], V],
        several: Callable[[Collection[Cell]], Sequence[V] | None] = lambda _: None,
    ) -> None:
        super().__init__()
        self.convert, self.several = convert, several
        self.fresh = _FEW  # which share of a column's cells was not seen before, the last time

    def __missing__(self, cell: Cell) -> V:
        value = self.convert(cell)
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        self[cell] = value
        return value

    def of(self, cells: Sequence[Cell]) -> list[V]:
        """Return what every cell of a column means."""
        if alike(cells):
            return [self[cells[0]]] * len(cells)
        if self.fresh >= _MANY and (values := self.several(cells)) is not None:
            return list(values)  # to remember them would cost more than it saves
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        known, several = len(self), self.fresh >= _FEW
        if several:
            fresh = list(filterfalse(self.__contains__, frozenset(cells)))
            if len(fresh) > 1 and (values := self.several(fresh)) is not None:
                self.update(zip(fresh, values, strict=True))
        values = list(map(self.__getitem__, cells))
        self.fresh = max(len(self) - known, 0) / len(cells)
        return values


def amounts(*, scale: int, decimal: str, thousands: str, empty: Empty) -> Memory[int | None]:
    """Return the conversion of amounts to minor units; NULL stays None."""

    def convert(cell: Cell) -> int | None:
        if cell is None:
            return 0 if empty == "zero" else None
        whole, _, fraction = cell.partition(decimal)
        if len(fraction) == scale and (digits := whole + fraction).isdecimal() and whole:
            return int(digits)  # the usual writing, without the general parser's cost
        if not cell.strip() and empty != "refuse":
            return 0 if empty == "zero" else None
        try:
            return parse_amount(cell, scale=scale, decimal=decimal, thousands=thousands)
        except LedgerFormatError:
            raise NotUnderstoodError(wanted="amount") from None

    usual = re.compile(_usual_amounts(scale, decimal, thousands), re.ASCII)
    apart = str.maketrans("", "", decimal + thousands)
    zero = f"0{decimal}{'0' * scale}" if scale else "0"

    def several(cells: Collection[Cell]) -> Sequence[int | None] | None:
        try:
            text = "\n".join(cells)  # type: ignore[arg-type]
        except TypeError:  # NULL
            return None
        if empty == "zero":
            text = _filled(text, zero)
        if not usual.fullmatch(text):
            return None
        values = list(map(int, text.translate(apart).split("\n")))
        return values if len(values) == len(cells) else None  # a line feed within a cell

    return Memory(convert, several)


def _filled(text: str, zero: str) -> str:
    """Return a text of several lines with this zero in every empty one."""
    for _ in range(2):  # two line feeds in a row overlap with the next two
        text = text.replace("\n\n", f"\n{zero}\n")
    first, last = (zero if text[at] == "\n" else "" for at in (0, -1))
    return first + text + last


def _usual_amounts(scale: int, decimal: str, thousands: str) -> str:
    """Return the pattern of amounts in the usual writing, a line each."""
    fraction = f"{re.escape(decimal)}\\d{{{scale}}}" if scale else ""
    one = f"-?[\\d{re.escape(thousands)}]++(?<=\\d){fraction}"
    return f"(?:{one}\n)*+{one}"


_PLACES = {
    "YYYY": r"(?P<year>\d{4})",
    "MM": r"(?P<month>\d{2})",
    "DD": r"(?P<day>\d{2})",
    "M": r"(?P<month>\d{1,2})",
    "D": r"(?P<day>\d{1,2})",
    "hh:mm:ss": r"(?P<time>\d{2}:\d{2}:\d{2}(?:\.0+)?)",
}


def dates(forms: tuple[str, ...]) -> Memory[str]:
    """Return the conversion of dates in one of these forms to ISO text.

    A day that no calendar has (30 February) passes: law S1 names it.  A time of day other than
    midnight is kept behind the date, so that it does not escape the fingerprint.
    """
    patterns = [re.compile(_pattern(form), re.ASCII) for form in forms]

    def convert(cell: Cell) -> str:
        for pattern in patterns:
            if cell is not None and (found := pattern.fullmatch(cell.strip())):
                parts = found.groupdict()
                iso = f"{parts['year']}-{int(parts['month']):02d}-{int(parts['day']):02d}"
                time = (parts.get("time") or "00:00:00").partition(".")[0]
                return iso if time == "00:00:00" else f"{iso} {time}"
        raise NotUnderstoodError(wanted="date", known=", ".join(forms))

    return Memory(convert)


def _pattern(form: str) -> str:
    places = "|".join(sorted(map(re.escape, _PLACES), key=len, reverse=True))
    pieces = re.split(f"({places})", form)
    return "".join(_PLACES.get(piece) or re.escape(piece) for piece in pieces)


def wholes() -> Memory[int]:
    """Return the conversion of whole numbers (line numbers)."""

    def convert(cell: Cell) -> int:
        plain = (cell or "").strip()
        if not plain.isdecimal():
            raise NotUnderstoodError(wanted="whole")
        return int(plain)

    return Memory(convert)


def months() -> Memory[str]:
    """Return the conversion of a period's number within its year: "3" and "03" become "03"."""

    def convert(cell: Cell) -> str:
        plain = (cell or "").strip()
        if not plain.isdecimal() or len(plain) > 2:
            raise NotUnderstoodError(wanted="month")
        return plain.zfill(2)

    return Memory(convert)


def years() -> Memory[str]:
    """Return the conversion of fiscal years."""

    def convert(cell: Cell) -> str:
        plain = (cell or "").strip()
        if not plain.isdecimal() or len(plain) != 4:
            raise NotUnderstoodError(wanted="year")
        return plain

    return Memory(convert)


_YEAR_MONTH = re.compile(r"(\d{4})[-./年]?(\d{1,2})[月期]?", re.ASCII)


def periods() -> Memory[str]:
    """Return the conversion of periods written with their year (2026-03, 202603, 2026.3)."""

    def convert(cell: Cell) -> str:
        found = _YEAR_MONTH.fullmatch((cell or "").strip())
        if not found:
            raise NotUnderstoodError(wanted="period")
        return f"{found[1]}-{found[2].zfill(2)}"

    return Memory(convert)


def flags(rule: FlagRule) -> Memory[bool]:
    """Return the conversion of a yes-or-no column."""
    if rule.yes:
        return Memory(lambda cell: cell is not None and cell.strip() in rule.yes)
    return Memory(lambda cell: bool(cell and cell.strip()))


def signs(rule: SideRule) -> Memory[int]:
    """Return the conversion of a side column: 1 debit, -1 credit, 0 flat or empty."""

    def convert(cell: Cell) -> int:
        side = (cell or "").strip()
        if side in rule.debit:
            return 1
        if side in rule.credit:
            return -1
        if side in rule.flat or not side:
            return 0
        known = sorted(rule.debit | rule.credit | rule.flat)
        raise NotUnderstoodError(wanted="side", known=", ".join(known))

    return Memory(convert)


def required(cell: Cell) -> str:
    """Return a text that must be there."""
    if cell is None:
        raise NotUnderstoodError(wanted="null")
    return cell


def cells_of(values: Sequence[object]) -> Sequence[Cell]:
    """Return what a column of a database writes; most columns hold one type throughout."""
    types = set(map(type, values))
    if types <= {str, NoneType}:
        return values  # type: ignore[return-value]
    if types <= {int, NoneType} or (types <= {float, NoneType} and not _below_zero(values)):
        distinct = frozenset(values)
        if 2 * len(distinct) <= len(values):
            written = {value: cell_of(value) for value in distinct}
            return list(map(written.__getitem__, values))
    return list(map(cell_of, values))


def _below_zero(values: Sequence[object]) -> bool:
    """Tell whether a zero has a sign, which it shows when it is written and not when compared."""
    zeros = filterfalse(None, filterfalse(partial(is_, None), values))
    return -1.0 in set(map(copysign, repeat(1.0), zeros))  # type: ignore[arg-type]


def cell_of(value: object) -> Cell:
    """Return what a database cell writes: exact decimals for REAL, hexadecimal for BLOB.

    A REAL becomes the shortest decimal that reads back as the same number (`repr`), which is
    what was typed as long as it has at most 15 digits (IEEE 754 double precision).
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float):
        text = repr(value)
        return format(Decimal(text), "f") if "e" in text else text.removesuffix(".0")
    return f"x'{value.hex()}'" if isinstance(value, bytes) else str(value)
