"""From rows as exported to the canonical ledger, a block of rows and a column at a time.

    rows of text ──zip──► columns ──look-up──► values ──zip──► Line, Account, Balance, Invoice

Working by columns keeps the inner loops in the interpreter's own machinery, which is what makes
a plain Python reader fast enough for millions of lines.  Where a cell cannot be understood, the
slow path finds its row: an error names file, row and column, never the cell.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import itemgetter
from typing import TypeVar

from baozhang.books import values
from baozhang.books.blocks import LineBlock, alike
from baozhang.books.chart import parents_of
from baozhang.books.model import Account, Balance, Invoice, Line, Numbering, Table
from baozhang.books.profiles import AmountRule, Profile, TableMap
from baozhang.books.values import NOT_UNDERSTOOD_TEMPLATES, Cell, Memory, NotUnderstoodError
from baozhang.errors import LedgerFormatError
from baozhang.money import scale_of

V = TypeVar("V")
Texts = Sequence[Cell]
_MOST_COLUMNS, _MOST_SIGNS = 60, 40  # of a header in a message


class Block:
    """Some consecutive rows of one file, all as wide as its header.

    Args:
        rows: the rows; none where the columns are given.
        numbers: each row's number in the file, the first row of the file being 1.
        columns: the columns.
    """

    def __init__(
        self,
        rows: Sequence[Sequence[Cell]],
        numbers: Sequence[int],
        columns: Sequence[Texts] | None = None,
    ) -> None:
        self._rows, self.numbers, self._columns = rows, numbers, columns

    @property
    def rows(self) -> Sequence[Sequence[Cell]]:
        """The rows."""
        return self._rows if self._columns is None else list(zip(*self._columns, strict=True))

    @property
    def columns(self) -> Sequence[Texts]:
        """The columns."""
        return list(zip(*self._rows, strict=True)) if self._columns is None else self._columns


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows come from, for errors."""

    file: str
    header: tuple[str, ...]


def check_header(layout: TableMap, origin: Origin, *, hint: str, **facts: str) -> None:
    """Refuse a header that lacks a column the profile names, or has one of them twice.

    Raises:
        LedgerFormatError: names the column and lists what is there.
    """
    stripped = [name.strip() for name in origin.header]
    for name in layout.needed:
        if name not in stripped:
            raise LedgerFormatError(
                "{file} has no column {column}; its columns are: {found}",
                hint=hint,
                file=origin.file,
                column=name,
                found=_listed(stripped),
                **facts,
            )
        if stripped.count(name) > 1:
            raise LedgerFormatError(
                "{file} has the column {column} twice",
                hint="Export the table again with each column once.",
                file=origin.file,
                column=name,
            )


def _listed(header: Sequence[str]) -> str:
    """Return a header to be read by a person: a damaged one may be endless, or no text at all."""
    shown = (
        "".join(sign if sign.isprintable() else "\ufffd" for sign in name[:_MOST_SIGNS])
        for name in header[:_MOST_COLUMNS]
    )
    return ", ".join((*shown, *(["..."] if len(header) > _MOST_COLUMNS else [])))


class Columns:
    """One block of one table, seen by columns."""

    def __init__(self, layout: TableMap, origin: Origin, block: Block) -> None:
        self.layout, self.origin, self.block = layout, origin, block
        self.size = len(block.numbers)
        self.by_index = block.columns
        self.places = {name.strip(): place for place, name in enumerate(origin.header)}

    def texts(self, column: str) -> Texts:
        """Return a column as it stands."""
        return self.by_index[self.places[column]]

    def field(self, name: str) -> Texts:
        """Return the texts of a field that may be unmapped (None) or have several columns."""
        if name in self.layout.columns:
            return self.texts(self.layout.columns[name])
        if name in self.layout.first:
            *others, found = (self.texts(column) for column in self.layout.first[name])
            for cells in reversed(others):
                pairs = zip(cells, found, strict=True)
                found = [cell or later or cell for cell, later in pairs]
            return found
        return [None] * self.size

    def given(self, name: str, memory: Memory[V]) -> list[V]:
        """Return a mapped field's values.

        Raises:
            LedgerFormatError: a cell is not what it should be.
        """
        return self.converted(self.layout.columns[name], memory)

    def converted(self, column: str, memory: Memory[V]) -> list[V]:
        """Return a column's values."""
        cells = self.texts(column)
        try:
            return memory.of(cells)
        except NotUnderstoodError:
            raise self._explained(column, cells, memory) from None

    def required(self, name: str) -> Sequence[str]:
        """Return a mapped text field that may not be NULL."""
        column = self.layout.columns[name]
        cells = self.texts(column)
        if None in cells:
            raise self._explained(column, cells, Memory(values.required))
        return cells  # type: ignore[return-value]

    def others(self) -> tuple[Texts, ...]:
        """Return the columns that no field holds completely, in file order."""
        whole = self.layout.kept_whole
        return tuple(
            self.by_index[place]
            for place, name in enumerate(self.origin.header)
            if name.strip() not in whole
        )

    def other(self) -> Iterable[tuple[Cell, ...]]:
        """Return, per row, the cells of those columns."""
        others = self.others()
        return zip(*others, strict=True) if others else repeat((), self.size)

    def _explained(self, column: str, cells: Texts, memory: Memory[V]) -> LedgerFormatError:
        for row, cell in zip(self.block.numbers, cells, strict=True):
            try:
                memory[cell]
            except NotUnderstoodError as error:
                return LedgerFormatError(
                    NOT_UNDERSTOOD_TEMPLATES[error.wanted],
                    hint="Compare the row with the accounting product, and export again.",
                    file=self.origin.file,
                    row=row,
                    column=column,
                    known=error.known,
                )
        raise AssertionError(column)


class Decoder:
    """Makes canonical rows of one book's blocks; remembers conversions and line ordinals."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.dates = values.dates(profile.dates)
        self.years, self.months, self.periods = values.years(), values.months(), values.periods()
        self.wholes = values.wholes()
        self.amounts = values.amounts(
            scale=scale_of(profile.currency),
            decimal=profile.decimal,
            thousands=profile.thousands,
            empty=profile.empty_amount,
        )
        self.sums = values.amounts(
            scale=scale_of(profile.currency),
            decimal=profile.decimal,
            thousands=profile.thousands,
            empty="refuse" if profile.empty_amount == "refuse" else "zero",
        )
        self.flags = {
            (table, name): values.flags(rule)
            for table, layout in profile.tables.items()
            for name, rule in layout.flags.items()
        }
        self.first_year = ""
        self.ordinals: dict[Hashable, int] = {}

    def lines(self, columns: Columns) -> Iterator[Line]:
        """Return a block's voucher lines."""
        return self.block(columns).rows()

    def block(self, columns: Columns) -> LineBlock:
        """Return a block's voucher lines by columns."""
        days = columns.given("date", self.dates)
        period = self.periods_of(columns, days)
        year = self._years(columns, period)
        word = self._words(columns)
        number = columns.required("number")
        debit, credit = self.pair(columns, columns.layout.amounts["amount"], self.amounts)
        if "line" in columns.layout.columns:
            line = columns.given("line", self.wholes)
        else:
            line = self._ordinals(series_key(self.profile.numbering), year, period, word, number)
        return LineBlock(
            year=year,
            period=period,
            word=word,
            number=number,
            line=line,
            date=days,
            summary=columns.field("summary"),
            account=columns.field("account"),
            account_name=columns.field("account_name"),
            party=columns.field("party"),
            currency=[self.profile.currency] * columns.size,
            debit=debit,
            credit=credit,
            posted=self._flag(columns, "lines", "posted"),
            voided=self._flag(columns, "lines", "voided"),
            other=columns.others(),
        )

    def balances(self, columns: Columns) -> Iterator[Balance]:
        """Return a block's balances, signed, debit positive; an empty amount is zero."""
        amounts = columns.layout.amounts
        sides = {
            name: self.pair(columns, amounts[name], self.sums)
            for name in ("opening", "movement", "closing")
        }
        debit, credit = sides["movement"]
        return map(
            Balance,
            self.periods_of(columns),
            columns.required("account"),
            net(*sides["opening"]),
            map(_number, debit),
            map(_number, credit),
            net(*sides["closing"]),
            columns.other(),
        )

    def invoices(self, columns: Columns) -> Iterator[Invoice]:
        """Return a block's invoices; an empty amount is zero."""
        return map(
            Invoice,
            columns.required("number"),
            columns.given("date", self.dates),
            columns.field("kind"),
            columns.field("seller"),
            columns.field("buyer"),
            self.sums_of(columns, "amount"),
            self.sums_of(columns, "tax"),
            self.sums_of(columns, "total"),
            columns.other(),
        )

    def accounts(self, blocks: Iterable[Columns]) -> list[Account]:
        """Return the chart, parents before children (by code); a chart is small enough to hold.

        A chart drawn from another table's rows has each code once, as first met, and no `other`:
        those cells belong to the other table's rows.
        """
        drawn = self.profile.tables["accounts"].within is not None
        found = [row for columns in blocks for row in self._account_rows(columns, drawn=drawn)]
        if drawn:
            found = list({row[0]: row for row in reversed(found)}.values())
        parents = parents_of(row[0] for row in found)
        above = {parent for parent in parents.values() if parent is not None}
        return [
            Account(
                code=code,
                name=name,
                category=category,
                side={1: "debit", -1: "credit"}.get(sign),  # type: ignore[arg-type]
                parent=parents[code],
                leaf=code not in above if leaf is None else leaf,
                other=other,
            )
            for code, name, category, sign, leaf, other in sorted(found, key=itemgetter(0))
        ]

    def _account_rows(
        self, columns: Columns, *, drawn: bool
    ) -> Iterator[tuple[str, Cell, Cell, int, bool | None, tuple[Cell, ...]]]:
        side = columns.layout.sides.get("side")
        signs = columns.converted(side.column, values.signs(side)) if side else repeat(0)
        other = repeat(()) if drawn else columns.other()
        return zip(  # noqa: B905 - the repeats have no end
            (code or "" for code in columns.required("code")),
            columns.field("name"),
            columns.field("category"),
            signs,
            self._flag(columns, "accounts", "leaf"),
            other,
        )

    def sums_of(self, columns: Columns, name: str) -> Iterable[int]:
        """Return the amounts of a field that is one column; an empty one is zero."""
        return map(_number, columns.given(name, self.sums))

    def periods_of(self, columns: Columns, days: Sequence[str] = ()) -> Sequence[str]:
        """Return the periods that rows name; a line's without one is the month of its day."""
        if "period" not in columns.layout.columns:
            return [day[:7] for day in days]
        if "year" not in columns.layout.columns:
            return columns.given("period", self.periods)
        years = columns.given("year", self.years)
        months = columns.given("period", self.months)
        if alike(years) and alike(months):
            return [f"{years[0]}-{months[0]}"] * columns.size
        pairs = list(zip(years, months, strict=True))
        named = {(year, month): f"{year}-{month}" for year, month in {*pairs}}
        return list(map(named.__getitem__, pairs))

    def _years(self, columns: Columns, periods: Sequence[str]) -> Sequence[str]:
        """Return fiscal years.

        Where the export names none, they are those of the periods, or, where numbers go on through
        a fiscal year of unknown beginning, that of the first row.
        """
        if "year" in columns.layout.columns:
            return columns.given("year", self.years)
        if "period" in columns.layout.columns or self.profile.numbering == "month":
            return [period[:4] for period in periods]
        self.first_year = self.first_year or periods[0][:4]
        return [self.first_year] * columns.size

    def _words(self, columns: Columns) -> Sequence[str]:
        if "word" not in columns.layout.columns:
            return [""] * columns.size
        cells = columns.texts(columns.layout.columns["word"])
        return [cells[0] or ""] * len(cells) if alike(cells) else [cell or "" for cell in cells]

    def _flag(self, columns: Columns, table: Table, name: str) -> Sequence[bool | None]:
        memory = self.flags.get((table, name))
        if memory is None:
            return [None] * columns.size
        return columns.converted(columns.layout.flags[name].column, memory)

    def pair(
        self, columns: Columns, rule: AmountRule, memory: Memory[int | None]
    ) -> tuple[list[int | None], list[int | None]]:
        """Return debits and credits, whichever way the export writes them."""
        if rule.debit:
            return columns.converted(rule.debit, memory), columns.converted(rule.credit, memory)
        amounts = columns.converted(rule.amount, memory)
        if rule.side:
            signs = columns.converted(rule.side.column, values.signs(rule.side))
        else:
            signs = [-1 if amount is not None and amount < 0 else 1 for amount in amounts]
            amounts = [None if amount is None else abs(amount) for amount in amounts]
        debits = [amount if sign >= 0 else 0 for amount, sign in zip(amounts, signs, strict=True)]
        credits_ = [amount if sign < 0 else 0 for amount, sign in zip(amounts, signs, strict=True)]
        return debits, credits_

    def _ordinals(
        self, key_of: "SeriesKey", years: Iterable[str], *rest: Iterable[Cell]
    ) -> list[int]:
        counts = self.ordinals
        found = []
        for row in zip(years, *rest, strict=True):
            key = key_of(row)
            counts[key] = ordinal = counts.get(key, 0) + 1
            found.append(ordinal)
        return found


SeriesKey = Callable[[tuple[Cell, ...]], Hashable]

_VOUCHER_KEYS: Mapping[Numbering, SeriesKey] = {
    "month": itemgetter(0, 1, 2, 3),
    "none": itemgetter(0, 1, 2, 3),
    "year": itemgetter(0, 2, 3),
}


def series_key(numbering: Numbering) -> SeriesKey:
    """Return what identifies a voucher: its period counts only where it is numbered by month."""
    return _VOUCHER_KEYS[numbering]


def _number(amount: int | None) -> int:
    return amount or 0


def net(debits: Iterable[int | None], credits_: Iterable[int | None]) -> list[int]:
    """Return debits less credits, a missing amount counting as zero."""
    pairs = zip(debits, credits_, strict=True)
    return [(debit or 0) - (credit or 0) for debit, credit in pairs]
