"""Ledgers in delimited text files: which file holds which table, and their rows in order.

The reader holds one block of rows and, where the profile numbers lines itself, one counter per
voucher.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from baozhang.books.blocks import LineBlock
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
from baozhang.books.profiles import Profile, TableMap
from baozhang.books.shaping import Shaper
from baozhang.books.side_tables import (
    FILE_COLUMNS,
    LISTED_COLUMNS,
    attached_files,
    held_against,
    roles_of,
    side_rows,
)
from baozhang.books.tables import Columns, Decoder
from baozhang.books.textfiles import WHOLE, Stretch, TextFile, stretches_of
from baozhang.errors import LedgerFormatError


@dataclass(frozen=True)
class DelimitedReader:
    """Reads one book from its files; every method opens them anew.

    Args:
        profile: a profile of format `delimited`.
        name: the book's name.
        tables: the files of each table present, in reading order, with the names to show.
        folders: the folder of each table whose rows are files themselves, likewise.
    """

    profile: Profile
    name: str
    tables: Mapping[Table, tuple[tuple[str, Path], ...]]
    folders: Mapping[Table, tuple[str, Path]] = field(default_factory=dict)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files it reads."""
        named = [path for several in self.tables.values() for _, path in several]
        below = [path for _, folder in self.folders.values() for path in folder.rglob("*")]
        return (*named, *(path for path in below if path.is_file() and not path.is_symlink()))

    @cached_property
    def book(self) -> Book:
        """The book's head; reads the first rows of every table.

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
            owner=self.profile.owner.of(self.name, self._banners()),
            roles=roles_of(self.profile, columns),
        )

    def lines(self) -> Iterator[Line]:
        """Yield voucher lines in the files' order."""
        for block in self.line_blocks():
            yield from block.rows()

    def line_blocks(self) -> Iterator[LineBlock]:
        """Yield the same lines by columns."""
        decoder = Decoder(self.profile)
        for columns in self._blocks("lines", self.profile.tables["lines"]):
            yield decoder.block(columns)

    def stretches(self, size: int) -> list[tuple[int, Stretch]]:
        """Return stretches of about this many bytes of the lines' files: which file, and where.

        Raises:
            OSError: a file cannot be read.
        """
        files = self.tables["lines"]
        return [
            (number, stretch)
            for number, (_, path) in enumerate(files)
            for stretch in stretches_of(path, size)
        ]

    def blocks_within(self, text: TextFile, decoder: Decoder) -> Iterator[LineBlock]:
        """Yield the lines of an open file, or of a stretch of one."""
        layout = self.profile.tables["lines"]
        for columns in self._shaped(text, layout):
            yield decoder.block(columns)

    def opened(self, number: int, stretch: Stretch = WHOLE) -> TextFile:
        """Return a file of the lines, to be entered."""
        shown, path = self.tables["lines"][number]
        return TextFile(shown, path, self.profile, self.profile.tables["lines"], stretch)

    def accounts(self) -> Iterator[Account]:
        """Yield the chart of accounts by code."""
        layout = self.profile.tables.get("accounts")
        if layout is not None:
            blocks = self._blocks(layout.within or "accounts", layout)
            yield from Decoder(self.profile).accounts(blocks)

    def balances(self) -> Iterator[Balance]:
        """Yield balances in the files' order."""
        decoder = Decoder(self.profile)
        for columns in self._mapped("balances"):
            yield from decoder.balances(columns)

    def invoices(self) -> Iterator[Invoice]:
        """Yield invoices in the files' order."""
        decoder = Decoder(self.profile)
        for columns in self._mapped("invoices"):
            yield from decoder.invoices(columns)

    def side_rows(self, table: SideTable) -> Iterator[SideRow]:
        """Yield the rows of one side table; attachments are hashed where they are files."""
        rows = side_rows(Decoder(self.profile), table, self._mapped(table))
        if table not in self.folders:
            return rows
        shown, folder = self.folders[table]
        files = attached_files(folder, shown)
        return held_against(files, rows) if table in self.tables else files

    def _banners(self) -> Iterator[str]:
        """Yield what stands above the first part of each table."""
        for table, files in self.tables.items():
            with TextFile(*files[0], self.profile, self.profile.tables[table]) as text:
                yield text.around.banner

    def _mapped(self, table: Table) -> Iterator[Columns]:
        layout = self.profile.tables.get(table)
        return self._blocks(table, layout) if layout else iter(())

    def _header(self, table: Table) -> tuple[str, ...]:
        layout = self.profile.tables.get(table)
        if layout is None:
            return ()
        if table in self.folders:
            return self._header_of_files(table, layout)
        files = self.tables.get(layout.within or table, ())
        if not files and not layout.optional:
            raise LedgerFormatError(
                "the book {book} has no file for the table {table}",
                hint="Export it as a file named like {patterns}.",
                book=self.name,
                table=table,
                patterns=", ".join(layout.files),
            )
        if not files or layout.within:
            return layout.needed if files else ()
        with TextFile(*files[0], self.profile, layout) as text:
            return text.origin.header

    def _header_of_files(self, table: Table, layout: TableMap) -> tuple[str, ...]:
        if table not in self.tables:
            return FILE_COLUMNS
        with TextFile(*self.tables[table][0], self.profile, layout) as text:
            kept = [name for name in text.origin.header if name.strip() not in layout.kept_whole]
        return (*FILE_COLUMNS, *LISTED_COLUMNS, *kept)

    def _blocks(self, table: Table, layout: TableMap) -> Iterator[Columns]:
        where = self.profile.tables[table]
        header: tuple[str, ...] = ()
        for shown, path in self.tables.get(table, ()):
            with TextFile(shown, path, self.profile, where) as text:
                header = header or text.origin.header
                if text.origin.header != header:
                    raise LedgerFormatError(
                        "{file} has other columns than {first}",
                        hint="Export all parts of one table in the same way.",
                        file=shown,
                        first=self.tables[table][0][0],
                    )
                yield from self._shaped(text, layout)

    def _shaped(self, text: TextFile, layout: TableMap) -> Iterator[Columns]:
        text.check(layout)
        shaper = Shaper(layout, text.origin, text.around)
        for block in text.blocks():
            yield from shaper.columns(block)
        shaper.end()
