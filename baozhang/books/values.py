"""Cells become values: dates, amounts, periods, flags, sides; each text is understood once.

Ledgers repeat themselves (a date stands on a hundred lines, a zero on every second one), so every
conversion remembers what it has seen and a column is converted by looking its cells up.  A cell
that cannot be understood raises `NotUnderstoodError`, which carries what was wanted and never
the cell: a text in an amount's place may be anybody's name.
"""

import re
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from itertools import filterfalse
from types import NoneType
from typing import Generic, TypeVar

from baozhang.books.profiles import Empty, FlagRule, SideRule
from baozhang.errors import LedgerFormatError
from baozhang.money import parse_amount

Cell = str | None
V = TypeVar("V")

_MOST_REMEMBERED = 65_536  # cells per column; a full memory is emptied, so size stays bounded


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

    def __missing__(self, cell: Cell) -> V:
        value = self.convert(cell)
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        self[cell] = value
        return value

    def of(self, cells: Sequence[Cell], distinct: frozenset[Cell] = frozenset()) -> list[V]:
        """Return what every cell of a column means.

        Args:
            cells: the column.
            distinct: its different cells, where the caller knows them already.
        """
        distinct = distinct or frozenset(cells)
        if len(distinct) == 1:
            return [self[cells[0]]] * len(cells)
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        fresh = list(filterfalse(self.__contains__, distinct))
        if len(fresh) > 1 and (values := self.several(fresh)) is not None:
            self.update(zip(fresh, values, strict=True))
        return list(map(self.__getitem__, cells))


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

    def several(cells: Collection[Cell]) -> Sequence[int | None] | None:
        if None in cells:
            return None
        text = "\n".join(cells)  # type: ignore[arg-type]
        if not usual.fullmatch(text):
            return None
        return list(map(int, text.translate(apart).split("\n")))

    return Memory(convert, several)


def _usual_amounts(scale: int, decimal: str, thousands: str) -> str:
    """Return the pattern of amounts in the usual writing, a line each."""
    fraction = f"{re.escape(decimal)}\\d{{{scale}}}" if scale else ""
    one = f"-?[\\d{re.escape(thousands)}]*\\d{fraction}"
    return f"(?:{one}\n)*{one}"


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
    if types == {int}:
        distinct = frozenset(values)
        if 2 * len(distinct) > len(values):
            return list(map(str, values))
        written = {value: str(value) for value in distinct}
        return list(map(written.__getitem__, values))
    return list(map(cell_of, values))


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
