"""A sample book in any profile's form: the profile read backwards, field by field.

    SampleBook ──write_export──► files as the product would export them
    files ──► Export.sheet("lines") ──► cells by field ──► Export.save

A new profile needs nothing here: what its YAML says of columns, dates, amounts and sides is what
is written.  Which tables it carries follows from it too.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from baozhang.books.model import Account, Line, Table
from baozhang.books.profiles import AmountRule, Profile, TableMap
from baozhang.books.shapes import pattern_of, pieces_of
from baozhang.money import format_amount, parse_amount
from baozhang.samples.book import ROLES, SampleBook
from tests.mutations import codecs
from tests.mutations.codecs import Cell, Grid

BANNER = ["样例账套"]
SUFFIXES = frozenset((".csv", ".txt", ".xlsx", ".db", ".xml"))
YES = {"posted": "20260131", "closed": "1", "voided": "1", "leaf": "1"}
Pair = tuple[int | None, int | None]


class Part(NamedTuple):
    """One file of a table, and its cells as they were read."""

    file: Path
    grid: Grid
    rows: tuple[list[Cell], ...]


@dataclass(slots=True)
class Sheet:
    """One table of an export, cells by column, all its files together; what a fault changes."""

    profile: Profile
    layout: TableMap
    parts: list[Part]
    rows: list[list[Cell]] = field(init=False)
    header: list[str] = field(init=False)
    places: dict[str, int] = field(init=False)
    homes: dict[int, Part] = field(init=False)

    def __post_init__(self) -> None:
        """Lay the parts behind each other."""
        self.rows = [row for part in self.parts for row in part.rows]
        self.homes = {id(row): part for part in self.parts for row in part.rows}
        self.header = self.parts[0].grid.header
        self.places = {name: place for place, name in enumerate(self.header)}

    def save(self) -> None:
        """Put every part back; rows that came in stand in the first one."""
        for part in self.parts:
            part.grid.header = self.header
            part.grid.rows = [row for row in self.rows if self._home(row) is part]
            _write(self.profile, self.layout, part.file, part.grid)

    def _home(self, row: list[Cell]) -> Part:
        return self.homes.get(id(row), self.parts[0])

    def column(self, name: str) -> str | None:
        """Return the column of a field or a role, where the profile has one."""
        layout = self.layout
        for found in (layout.columns.get(name), layout.roles.get(name)):  # type: ignore[call-overload]
            if found:
                return str(found)
        for rules in (layout.sides, layout.flags, layout.choices):
            if name in rules:
                return str(rules[name].column)  # type: ignore[index]
        return layout.first[name][0] if name in layout.first else None

    def get(self, row: list[Cell], name: str) -> Cell:
        """Return a field's cell; a piece of a cut cell is cut out of it."""
        column = self.column(name)
        assert column is not None, name
        for whole, forms in self.layout.shape.cut.items():
            if column in pieces_of(forms[0]):
                found = pattern_of(forms[0]).fullmatch(row[self.places[whole]] or "")
                assert found, whole
                return found[pieces_of(forms[0]).index(column) + 1]
        return row[self.places[column]]

    def put(self, row: list[Cell], name: str, text: Cell) -> None:
        """Set a field's cell."""
        column = self.column(name)
        assert column is not None, name
        for whole, forms in self.layout.shape.cut.items():
            pieces = pieces_of(forms[0])
            if column in pieces:
                found = pattern_of(forms[0]).fullmatch(row[self.places[whole]] or "")
                assert found, whole
                own = {piece: found[n + 1] for n, piece in enumerate(pieces)}
                row[self.places[whole]] = _filled(forms[0], {**own, column: text or ""})
                return
        row[self.places[column]] = text

    def amounts(self, row: list[Cell], name: str = "amount") -> Pair:
        """Return a field's debit and credit in minor units."""
        rule = self.layout.amounts[name]
        if rule.debit:
            return self.minor(row, rule.debit), self.minor(row, rule.credit)
        amount = self.minor(row, rule.amount)
        if rule.side:
            credit = (row[self.places[rule.side.column]] or "") in rule.side.credit
            return (0, amount) if credit else (amount, 0)
        return (amount, 0) if amount >= 0 else (0, -amount)

    def put_amounts(self, row: list[Cell], debit: int, credit: int, name: str = "amount") -> None:
        """Set a field's debit and credit."""
        for column, text in _amount_cells(self.profile, self.layout.amounts[name], debit, credit):
            row[self.places[column]] = text

    def minor(self, row: list[Cell], column: str) -> int:
        """Return an amount's minor units; nothing is zero."""
        text = row[self.places[column]]
        return parse_amount(text, decimal=self.profile.decimal) if text else 0

    def money(self, row: list[Cell], name: str) -> int:
        """Return the amount of a field that has a column of its own."""
        return self.minor(row, self.layout.columns[name])

    def put_money(self, row: list[Cell], name: str, amount: int) -> None:
        """Set the amount of a field that has a column of its own."""
        row[self.places[self.layout.columns[name]]] = _money(self.profile, amount)

    def period(self, row: list[Cell]) -> str:
        """Return the period a row belongs to, "2026-03"."""
        if "period" not in self.layout.columns:
            return self.iso(row)[:7]
        made = self.layout.shape.made
        own = "-".join(re.findall(r"\d+", self._home(row).file.stem))
        if self.layout.columns["period"] in made:
            return own
        text = self.get(row, "period") or ""
        if "year" not in self.layout.columns:
            return text
        year = own if self.layout.columns["year"] in made else self.get(row, "year")
        return f"{year}-{int(text):02d}"

    def iso(self, row: list[Cell]) -> str:
        """Return a row's date in ISO form."""
        digits = re.findall(r"\d+", self.get(row, "date") or "")
        if len(digits) == 1:
            digits = [digits[0][:4], digits[0][4:6], digits[0][6:8]]
        return "-".join(part.zfill(2) for part in digits[:3])

    def put_date(self, row: list[Cell], iso: str) -> None:
        """Set a row's date."""
        self.put(row, "date", _date(self.profile, iso))

    def voucher(self, row: list[Cell]) -> tuple[str, str, str]:
        """Return what the lines of one voucher share."""
        word = self.get(row, "word") if self.column("word") else ""
        return self.period(row), word or "", self.get(row, "number") or ""


@dataclass(frozen=True)
class Export:
    """An export on disk, whose tables can be opened, changed and put back."""

    profile: Profile
    root: Path

    @cached_property
    def tables(self) -> frozenset[Table]:
        """The tables it carries."""
        return carried(self.profile)

    def sheet(self, table: Table) -> Sheet:
        """Open a table."""
        layout = self.profile.tables[table]
        layout = self.profile.tables[layout.within] if layout.within else layout
        grids = [(file, self._read(file, layout)) for file in self._files(layout)]
        parts = [Part(file, grid, tuple(grid.rows)) for file, grid in grids]
        return Sheet(self.profile, layout, parts)

    def _files(self, layout: TableMap) -> list[Path]:
        patterns = layout.files or self.profile.files
        return sorted({path for pattern in patterns for path in self.root.glob(pattern)})

    def _read(self, file: Path, layout: TableMap) -> Grid:
        banner = _banners(layout)
        if self.profile.format == "sqlite":
            return codecs.read_table(file, layout)
        if self.profile.format == "xml":
            return codecs.read_elements(file, layout)
        if file.suffix == ".xlsx":
            return codecs.read_sheet(file, banner)
        return codecs.read_delimited(file, self.profile, banner)


def carried(profile: Profile) -> frozenset[Table]:
    """Return the tables that an export of the profile can hold."""
    return frozenset(profile.tables)


def write_export(made: SampleBook, profile: Profile, root: Path) -> Export:
    """Write the book as the profile's product would, into an empty folder.

    A product that numbers its vouchers through the year gets them numbered so.
    """
    root.mkdir(parents=True, exist_ok=True)
    for table, layout in profile.tables.items():
        if layout.within or (table == "attachments" and not layout.files):
            continue
        records = list(_records(made, profile, table))
        year = next(made.lines()).year
        for path, own in _by_file(profile, layout, root / year, records):
            _write(profile, layout, path, _grid(profile, table, layout, own))
        if layout.folder:
            _write_files(made, root / layout.folder)
    return Export(profile, root)


class Record(NamedTuple):
    """One row of a sample book, and the account it is about, where a chart is drawn from it."""

    row: tuple[object, ...]
    account: Account | None = None


def _records(made: SampleBook, profile: Profile, table: Table) -> Iterator[Record]:
    drawn = [layout for layout in profile.tables.values() if layout.within == table]
    chart = {account.code: account for account in made.accounts()} if drawn else {}
    rows = made.rows[table]
    if table == "lines" and profile.numbering == "year":
        rows = [*_numbered_through(made.lines())]
    for row in rows:
        yield Record(row, chart.get(getattr(row, "account", "")))


def _numbered_through(lines: Iterator[Line]) -> Iterator[Line]:
    """Number vouchers through the year instead of through the month."""
    numbers: dict[tuple[str, ...], int] = {}
    for line in lines:
        number = numbers.setdefault((line.period, line.number), len(numbers) + 1)
        yield line._replace(number=str(number))


def _by_file(
    profile: Profile, layout: TableMap, place: Path, records: list[Record]
) -> Iterator[tuple[Path, list[Record]]]:
    patterns = layout.files or profile.files
    pattern = next(one for one in patterns if Path(one).suffix in SUFFIXES)
    if layout.columns.get("period") not in layout.shape.made:
        yield place.parent / _named(pattern, place.name), records
        return
    periods = dict.fromkeys(str(record.row.period) for record in records)  # type: ignore[attr-defined]
    for period in periods:
        own = [record for record in records if record.row.period == period]  # type: ignore[attr-defined]
        yield place.parent / _named(pattern, period), own


def _named(pattern: str, name: str) -> str:
    """Return a file's name: what stands before the pattern's last star gives way to the name."""
    return pattern.replace("*", name, 1).replace("*", "")


def _write_files(made: SampleBook, folder: Path) -> None:
    for name, body in made.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


def _write(profile: Profile, layout: TableMap, path: Path, grid: Grid) -> None:
    if profile.format == "sqlite":
        codecs.write_table(path, layout, grid)
    elif profile.format == "xml":
        codecs.write_elements(path, layout, grid)
    elif path.suffix == ".xlsx":
        codecs.write_sheet(path, grid)
    else:
        codecs.write_delimited(path, profile, grid)


def _banners(layout: TableMap) -> int:
    return 1 if layout.shape.auto else layout.banner_rows


def _grid(profile: Profile, table: Table, layout: TableMap, records: list[Record]) -> Grid:
    drawn = [one for one in profile.tables.values() if one.within == table]
    roles = layout.roles.values()
    header = [*layout.needed, *(name for one in drawn for name in one.needed), *roles]
    header = [*dict.fromkeys(header)]
    rows: list[list[Cell]] = []
    for record in records:
        cells = _cells(profile, layout, record.row)
        for one in drawn:
            cells |= _cells(profile, one, record.account or ())
        rows.append([cells.get(name, "") for name in header])
    return Grid(header, rows, [BANNER] * _banners(layout))


def _cells(profile: Profile, layout: TableMap, row: tuple[object, ...]) -> dict[str, Cell]:
    cells: dict[str, Cell] = {}
    for name, column in layout.columns.items():
        cells[column] = _plain(profile, layout, row, name)
    for name, columns in layout.first.items():
        cells |= dict.fromkeys(columns, "") | {columns[0]: str(getattr(row, name) or "")}
    for name, rule in layout.amounts.items():
        cells |= dict(_amount_cells(profile, rule, *_pair(row, name)))
    for name, side in layout.sides.items():
        texts = side.debit if getattr(row, name) == "debit" else side.credit
        cells[side.column] = min(texts)
    for name, flag in layout.flags.items():
        yes = min(flag.yes, default=YES[name])
        cells[flag.column] = yes if getattr(row, name) else ""
    for name, choice in layout.choices.items():
        means = {word: text for text, word in reversed(choice.means.items())}
        cells[choice.column] = means[getattr(row, name)]
    for role, column in layout.roles.items():
        cells[column] = str(row[-1][ROLES[role]])  # type: ignore[index]
    for column, forms in layout.shape.cut.items():
        cells[column] = _filled(forms[0], cells)
    return cells


def _filled(form: str, cells: dict[str, Cell]) -> str:
    """Return a form with its pieces filled in."""
    for piece in pieces_of(form):
        form = form.replace(piece, cells.get(piece) or "")
    return form


AMOUNTS = {"amount", "tax", "total", "cost", "salvage", "accumulated", "monthly"}
AMOUNTS |= {"gross", "deductions", "net", "received", "paid", "balance"}


def _plain(profile: Profile, layout: TableMap, row: tuple[object, ...], name: str) -> Cell:
    if name == "year":
        return str(row.period)[:4]  # type: ignore[attr-defined]
    value = getattr(row, name)
    if name == "period":
        return str(int(value[5:])) if "year" in layout.columns else value
    if name in {"date", "acquired"}:
        return _date(profile, value)
    if name in AMOUNTS:
        return _money(profile, value)
    return "" if value is None else str(value)


def _pair(row: tuple[object, ...], name: str) -> tuple[int, int]:
    if name in {"amount", "movement"}:
        return row.debit, row.credit  # type: ignore[attr-defined]
    amount: int = getattr(row, name)
    return max(amount, 0), max(-amount, 0)


def _amount_cells(
    profile: Profile, rule: AmountRule, debit: int, credit: int
) -> Iterator[tuple[str, str]]:
    if rule.debit:
        yield rule.debit, _money(profile, debit)
        yield rule.credit, _money(profile, credit)
        return
    side = rule.side
    if side is None:
        yield rule.amount, _money(profile, debit - credit)
        return
    yield rule.amount, _money(profile, debit or credit)
    texts = side.credit if credit else side.debit if debit else side.flat or side.debit
    yield side.column, min(texts)


def _money(profile: Profile, amount: int) -> str:
    if not amount and profile.empty_amount == "zero":
        return ""
    return format_amount(amount).replace(".", profile.decimal)


def _date(profile: Profile, iso: str) -> str:
    year, month, day = iso.split("-")
    short: dict[str, Callable[[str], str]] = {"M": _short, "D": _short}
    form = profile.dates[0].partition(" ")[0].partition("T")[0].replace("YYYY", year)
    for long, text in (("MM", month), ("DD", day)):
        form = (
            form.replace(long, text)
            if long in form
            else form.replace(long[0], short[long[0]](text))
        )
    return form


def _short(text: str) -> str:
    return str(int(text))
