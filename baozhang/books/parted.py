"""Books whose files hold several tables: what workbooks and XML exports have in common.

    files ──find──► parts: table, header, where ──blocks──► Decoder ──► Line, Account, Balance, ...

Which part of which file is which table is seen from the headers, once, when the book's head is
read.  A part that is nearly a table is refused rather than passed over: a column renamed in one
sheet of twelve must not become a month that is silently missing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from baozhang.books.blocks import LineBlock
from baozhang.books.headers import Surroundings
from baozhang.books.model import (
    TABLES,
    Account,
    Balance,
    Book,
    Invoice,
    Line,
    SideRow,
    SideTable,
    Table,
)
from baozhang.books.owners import Row
from baozhang.books.profiles import Profile, TableMap
from baozhang.books.shaping import Shaper
from baozhang.books.side_tables import roles_of, side_rows
from baozhang.books.tables import Block, Columns, Decoder, Origin, check_header
from baozhang.errors import LedgerFormatError

HINT_TEMPLATES = {
    "profile": "Check that this is an export for the profile {profile}; "
    "`baozhang profile guess` tells which profile fits, and what is missing.",
}


class Part(Protocol):
    """One table, or a piece of it, in one file."""

    @property
    def origin(self) -> Origin:
        """Its header, and the name to show."""
        ...

    @property
    def around(self) -> Surroundings:
        """What stands around it."""
        ...

    def blocks(self) -> Iterator[Block]:
        """Yield its rows from the start."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """What one file holds: parts by table, and what is nearly a part."""

    parts: dict[Table, list[Part]] = field(default_factory=dict)
    near: dict[Table, LedgerFormatError] = field(default_factory=dict)
    owners: list[Row] = field(default_factory=list)  # rows that say whose book it is


Find = Callable[[Profile, Mapping[Table, TableMap], str, Path], Found]
"""Look in one file for tables: the profile, the tables wanted, the name to show, the path.

Raises:
    LedgerFormatError: the file is not of the format, or a part of it is nearly a table.
    SourceUnreadableError: it cannot be read.
"""


@dataclass(frozen=True)
class PartedReader:
    """Reads one book from files that may hold several tables; every method opens them anew.

    Args:
        profile: a profile of a format in `profiles.CONTAINERS`.
        name: the book's name.
        tables: the files of each table, in reading order, with the names to show.
        find: looks into a file of that format.
    """

    profile: Profile
    name: str
    tables: Mapping[Table, tuple[tuple[str, Path], ...]]
    find: Find

    @property
    def files(self) -> tuple[Path, ...]:
        """The files it reads."""
        named = (path for several in self.tables.values() for _, path in several)
        return tuple(dict.fromkeys(named))

    @cached_property
    def book(self) -> Book:
        """The book's head; looks through every file.

        Raises:
            LedgerFormatError: a table that must be there is not, or lacks a column.
            SourceUnreadableError: a file cannot be read.
        """
        columns = {table: names for table in TABLES if (names := self._header(table))}
        return Book(
            name=self.name,
            profile=self.profile.name,
            currency=self.profile.currency,
            numbering=self.profile.numbering,
            columns=columns,
            owner=self._owner(),
            roles=roles_of(self.profile, columns),
        )

    def lines(self) -> Iterator[Line]:
        """Yield voucher lines in the files' order."""
        for block in self.line_blocks():
            yield from block.rows()

    def line_blocks(self) -> Iterator[LineBlock]:
        """Yield the same lines by columns."""
        decoder = Decoder(self.profile)
        for columns in self._blocks("lines"):
            yield decoder.block(columns)

    def accounts(self) -> Iterator[Account]:
        """Yield the chart of accounts by code."""
        if "accounts" in self.profile.tables:
            yield from Decoder(self.profile).accounts(self._blocks("accounts"))

    def balances(self) -> Iterator[Balance]:
        """Yield balances in the files' order."""
        decoder = Decoder(self.profile)
        for columns in self._blocks("balances"):
            yield from decoder.balances(columns)

    def invoices(self) -> Iterator[Invoice]:
        """Yield invoices in the files' order."""
        decoder = Decoder(self.profile)
        for columns in self._blocks("invoices"):
            yield from decoder.invoices(columns)

    def side_rows(self, table: SideTable) -> Iterator[SideRow]:
        """Yield the rows of one side table."""
        yield from side_rows(Decoder(self.profile), table, self._blocks(table))

    def _owner(self) -> str | None:
        banners = (part.around.banner for parts in self._parts.values() for part in parts)
        return self.profile.owner.of(self.name, banners, self._found.owners)

    @property
    def _parts(self) -> dict[Table, list[Part]]:
        """Every table's parts, in reading order."""
        return self._found.parts

    @cached_property
    def _found(self) -> Found:
        """What all files hold; each is looked through once."""
        wanted: dict[Path, tuple[str, dict[Table, TableMap]]] = {}
        for table, several in self.tables.items():
            for shown, path in several:
                tables = wanted.setdefault(path, (shown, {}))[1]
                tables[table] = self.profile.tables[table]
        every = Found()
        for path, (shown, tables) in wanted.items():
            found = self.find(self.profile, tables, shown, path)
            for table, several_parts in found.parts.items():
                every.parts.setdefault(table, []).extend(several_parts)
            every.near.update({**found.near, **every.near})
            every.owners.extend(found.owners)
        for table, layout in self.profile.tables.items():
            if table not in every.parts and layout.within is None:
                self._miss(table, layout, every.near.get(table))
        return every

    def _miss(self, table: Table, layout: TableMap, near: LedgerFormatError | None) -> None:
        """Refuse a book without a table that it must have, or has a file of its own for."""
        files = self.tables.get(table, ())
        own = files != self.tables.get("lines", ())
        if layout.optional and not own:
            return
        if near is not None:
            raise near
        raise LedgerFormatError(
            "{file} holds no table {table}, with the columns {columns}"
            if files
            else "the book {book} has no file for the table {table}",
            hint="Export it as a file named like {patterns}.",
            book=self.name,
            file=", ".join(shown for shown, _ in files),
            table=table,
            columns=", ".join(layout.needed),
            patterns=", ".join(layout.files or self.profile.files),
        )

    def _header(self, table: Table) -> tuple[str, ...]:
        layout = self.profile.tables.get(table)
        parts = self._parts.get((layout.within if layout else None) or table, [])
        if layout is None or not parts:
            return ()
        return layout.needed if layout.within else parts[0].origin.header

    def _blocks(self, table: Table) -> Iterator[Columns]:
        layout = self.profile.tables.get(table)
        if layout is None:
            return
        parts = self._parts.get(layout.within or table, [])
        for part in parts:
            if part.origin.header != parts[0].origin.header:
                raise LedgerFormatError(
                    "{file} has other columns than {first}",
                    hint="Export all parts of one table in the same way, or say in the profile "
                    "which columns a table `lacks`.",
                    file=part.origin.file,
                    first=parts[0].origin.file,
                )
            fit = HINT_TEMPLATES["profile"]
            check_header(layout, part.origin, hint=fit, profile=self.profile.name)
            shaper = Shaper(layout, part.origin, part.around)
            for block in part.blocks():
                yield from shaper.columns(block)
            shaper.end()
