"""Which profile a file is an export for: every profile held against what is seen in it.

file ──looking──► sights ──each profile──► score, mapping, what is missing
                    └──no profile fits──► drafting ──► a YAML to start from
best guess ──its first lines──► counts and control totals
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from baozhang.books.drafting import draft
from baozhang.books.headers import find_header, plain
from baozhang.books.looking import Kind, Sight, look
from baozhang.books.model import Table
from baozhang.books.profiles import (
    Format,
    Profile,
    TableMap,
    load_profile,
    profile_names,
    profile_of,
    profile_text,
)
from baozhang.books.reading import open_books

MOST_LINES = 20_000  # read for a guess's counts
_WORTH_SAYING = 30  # per cent
_KINDS: dict[Format, frozenset[Kind]] = {
    "delimited": frozenset(("text",)),
    "workbook": frozenset(("workbook", "text")),
    "sqlite": frozenset(("sqlite",)),
    "xml": frozenset(("xml",)),
}


@dataclass(frozen=True, slots=True)
class TableGuess:
    """How one table of a profile was understood in one place of a file."""

    table: Table
    sight: Sight
    row: int  # of the header, from 1
    names: tuple[str, ...]  # the header
    fields: tuple[tuple[str, str], ...]  # column, field; in the header's order
    missing: tuple[str, ...]

    @property
    def kept(self) -> tuple[str, ...]:
        """Columns that no field takes: kept as they stand, and fingerprinted."""
        taken = {column for column, _ in self.fields}
        return tuple(name for name in self.names if name and name not in taken)


@dataclass(frozen=True, slots=True)
class Counts:
    """What the first lines of a book add up to."""

    lines: int
    complete: bool  # there are no more
    debit: int  # minor units
    credit: int
    first: str  # period
    last: str


@dataclass(frozen=True, slots=True)
class Guess:
    """One profile, and how well it fits."""

    profile: Profile
    text: str  # its YAML, with what had to be changed
    score: int  # per cent of the columns that it needs
    tables: tuple[TableGuess, ...]
    changed: tuple[str, ...] = ()  # keys of the profile that had to be changed
    drafted: bool = False  # made for this file, of the words in its headers

    @property
    def fits(self) -> bool:
        """True if no column is missing."""
        return self.score == 100

    def counts(self, path: Path) -> Counts:
        """Read the first lines.

        Raises:
            LedgerFormatError: they cannot be read as the guess has it.
            SourceUnreadableError: a file cannot be read.
        """
        found = Counts(0, complete=True, debit=0, credit=0, first="", last="")
        for book in open_books(self.profile, path):
            lines = book.lines()
            some = list(islice(lines, MOST_LINES))
            periods = [line.period for line in some] + [one for one in (found.first,) if one]
            found = Counts(
                found.lines + len(some),
                complete=found.complete and next(lines, None) is None,
                debit=found.debit + sum(line.debit or 0 for line in some),
                credit=found.credit + sum(line.credit or 0 for line in some),
                first=min(periods, default=""),
                last=max([*periods, found.last], default=""),
            )
        return found


def guess(path: Path) -> list[Guess]:
    """Return what a file, or a folder of files, is most likely an export for, the best first.

    Raises:
        UsageError: there is no such path.
        LedgerFormatError: the file is damaged, or of no kind known here.
        SourceUnreadableError: it cannot be read.
    """
    sights = look(path)
    found = [one for name in profile_names() if (one := _guess(load_profile(name), sights))]
    found.sort(key=lambda one: (-one.score, len(one.changed), -_taken(one)))
    if not any(one.fits for one in found) and (drafted := draft(sights)):
        profile = profile_of(drafted.encode(), "draft", file="draft.yaml")
        if (own := _fitted(profile, drafted, sights, ())) and own.fits:
            found.insert(0, Guess(profile, drafted, own.score, own.tables, drafted=True))
    return [one for one in found if one.score >= _WORTH_SAYING]


def _guess(profile: Profile, sights: Sequence[Sight]) -> Guess | None:
    """Hold a profile against what is seen, its encoding and delimiter changed where they differ."""
    own = [sight for sight in sights if sight.kind in _KINDS[profile.format]]
    text, changed = profile_text(profile.name), []
    written = _fitted(profile, text, own, ())
    texts = [one.sight for one in written.tables if one.sight.kind == "text"] if written else []
    if texts:
        sight = texts[0]
        ascii_only = all(cell.isascii() for row in sight.rows for cell in row)
        encodings = {profile.encoding, "utf-8-sig"} | ({sight.encoding} if ascii_only else set())
        if sight.encoding not in encodings:
            text, changed = _changed(text, "encoding", sight.encoding), ["encoding"]
        if sight.delimiter != profile.delimiter:
            text = _changed(text, "delimiter", sight.delimiter)
            changed.append("delimiter")
    if not changed or written is None:
        return written
    return _fitted(
        profile_of(text.encode(), profile.name, file="profile"), text, own, tuple(changed)
    )


def _changed(text: str, key: str, value: str) -> str:
    """Return a profile's YAML with another value of one of its top keys."""
    line = f'{key}: "{value}"'.replace("\t", "\\t")
    if re.search(rf"^{key}:", text, re.MULTILINE):
        return re.sub(rf"^{key}:.*$", lambda _: line, text, flags=re.MULTILINE)
    return re.sub(r"^(format:.*)$", lambda found: f"{found[1]}\n{line}", text, flags=re.MULTILINE)


def _fitted(
    profile: Profile, text: str, sights: Sequence[Sight], changed: tuple[str, ...]
) -> Guess | None:
    tables = []
    for table, layout in profile.tables.items():
        if layout.within is not None or layout.folder:
            continue
        found = max(
            (one for sight in sights if (one := _table_guess(profile, table, layout, sight))),
            key=lambda one: -len(one.missing),
            default=None,
        )
        if found is not None and (not layout.optional or not found.missing):
            tables.append(found)
        elif found is None and not layout.optional:
            return None
    needed = sum(len(profile.tables[one.table].needed) for one in tables)
    missing = sum(len(one.missing) for one in tables)
    score = 100 * (needed - missing) // needed if needed else 0
    return Guess(profile, text, score, tuple(tables), changed) if tables else None


def _table_guess(
    profile: Profile, table: Table, layout: TableMap, sight: Sight
) -> TableGuess | None:
    if profile.format in {"sqlite", "xml"}:
        if sight.place.casefold() != layout.table.casefold():
            return None
        rows: Sequence[Sequence[str]] = sight.rows
    else:
        at = layout.banner_rows
        rows = sight.rows if layout.shape.auto else sight.rows[at : at + 1]
    header = find_header(rows[:40], layout.needed)
    names = set(map(plain, header.names)) if header else set()
    if header is None or any(plain(column) in names for column in layout.shape.lacks):
        return None
    fields: dict[str, str] = {}
    for column, name in _fields(layout):
        fields[column] = f"{fields[column]}, {name}" if column in fields else name
    return TableGuess(
        table,
        sight,
        (header.at if layout.shape.auto else layout.banner_rows) + header.depth,
        header.names,
        tuple((name, fields[name]) for name in header.names if name in fields),
        header.missing,
    )


def _fields(layout: TableMap) -> Iterable[tuple[str, str]]:
    """Yield which column becomes which field."""
    pieces = {
        piece: column
        for column, forms in layout.shape.cut.items()
        for piece in layout.shape.made
        if any(piece in form for form in forms)
    }
    for name, column in layout.columns.items():
        yield pieces.get(column, column), name
    for name, several in layout.first.items():
        yield from ((column, name) for column in several)
    for name, rule in layout.amounts.items():
        sides = {"debit": rule.debit, "credit": rule.credit, "amount": rule.amount}
        yield from ((column, f"{name}.{side}") for side, column in sides.items() if column)
        if rule.side:
            yield rule.side.column, f"{name}.side"
    for rules in (layout.sides, layout.flags, layout.choices):
        yield from ((rule.column, name) for name, rule in rules.items())
    yield from ((column, role) for role, column in layout.roles.items())


def _taken(found: Guess) -> int:
    return sum(len(one.fields) for one in found.tables)
