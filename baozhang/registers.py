"""Typed registers: what a row may hold, and reading and writing it with its history.

    RISKS = Register("risks", Risk, "risk register")        # beside what it is about
    rows = RISKS.rows(site)                                  # {"r-001": Risk(...), ...}
    RISKS.put(site, {"r-001": risk}, by="wang")              # history and audit log follow

A row is a frozen model of single values: texts, whole numbers, exact decimals, days, instants, yes
or no, choices, and lists of words, which stand in one cell with `; ` between them.  What stands in
the catalog, in CSV and in a spreadsheet is the same text.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar, get_origin

from pydantic import ConfigDict, ValidationError, model_validator

from baozhang.audit import records as audit
from baozhang.audit.records import decode_record
from baozhang.audit.verification import lines_of
from baozhang.catalog.entries import RegisterBook
from baozhang.catalog.model import Entry
from baozhang.errors import CorruptObjectError, UsageError
from baozhang.settings.part import Part
from baozhang.settings.values import ID_PATTERN
from baozhang.site import Site

R = TypeVar("R", bound="Row")

CHANGED = "register.changed"
"""What the audit log keeps of every change: register, row, version, hash."""
BETWEEN = "; "


class Row(Part):
    """One row of a register; subclasses name its fields.  Blank cells are what is not said."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _from_cells(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        return {name: cls._from_cell(name, cell) for name, cell in value.items() if cell != ""}

    @classmethod
    def _from_cell(cls, name: str, cell: object) -> object:
        field = cls.model_fields.get(name)
        if field is not None and get_origin(field.annotation) is tuple and isinstance(cell, str):
            return tuple(word for each in cell.split(";") if (word := each.strip()))
        return cell

    def cells(self) -> dict[str, str | int]:
        """Return the row as cells, in the order of its fields; what it does not say is left out."""
        written = ((name, _cell(value)) for name, value in self.model_dump(mode="json").items())
        return {name: cell for name, cell in written if cell != ""}


def _cell(value: object) -> str | int:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return BETWEEN.join(str(each) for each in value)
    return value if isinstance(value, int) else "" if value is None else str(value)


@dataclass(frozen=True)
class Register(Generic[R]):
    """One register.

    Attributes:
        name: `risks`; lower-case letters and dashes.
        model: what a row holds.
        title: what it is, a translatable phrase.
    """

    name: str
    model: type[R]
    title: str

    def rows(self, site: Site, *, at: datetime | None = None) -> dict[str, R]:
        """Return the rows that stand now, or stood at an instant, by id.

        Raises:
            CorruptObjectError: it was changed by hand, or a row is none of its kind.
        """
        found = RegisterBook(site.catalog).rows(self.name, at=at)
        return {entry.id: self.read(entry) for entry in found}

    def history(self, site: Site, row: str | None = None) -> tuple[Entry, ...]:
        """Return every version, of one row or of all, oldest first."""
        return RegisterBook(site.catalog).history(self.name, row)

    def read(self, entry: Entry) -> R:
        """Return what a version says.

        Raises:
            CorruptObjectError: it is no row of this register.
        """
        try:
            return self.model.model_validate(dict(entry.values))
        except ValidationError as error:
            raise CorruptObjectError(
                "row {row} of register {register} says something it cannot say in {fields}",
                hint="Look at `baozhang register history {register} {row}` and enter it anew.",
                row=entry.id,
                register=self.name,
                fields=fields_of(error),
            ) from error

    def parsed(self, row: str, cells: Mapping[str, str | int]) -> R:
        """Return a row from its cells.

        Raises:
            UsageError: a cell that it cannot take, or one that lacks; the message names them.
        """
        try:
            return self.model.model_validate(dict(cells))
        except ValidationError as error:
            raise UsageError(
                "row {row} of register {register} cannot say what stands in {fields}",
                hint="Look at what its columns take: `baozhang register columns {register}`.",
                row=row[:40],
                register=self.name,
                fields=fields_of(error),
            ) from error

    def put(self, site: Site, rows: Mapping[str, R], *, by: str) -> tuple[Entry, ...]:
        """Enter rows by id, all or none; return the versions that stand.

        Rows that say the same already are left as they are.  The audit log keeps every change.

        Raises:
            UsageError: an id that no row can have.
            CorruptObjectError: the register or the audit log was changed by hand.
        """
        for row in rows:
            _require_id(row)
        book, now = RegisterBook(site.catalog), site.clock()
        cells = {row: value.cells() for row, value in rows.items()}
        with site.catalog.transaction():
            before = {each.hash for each in book.history(self.name)}
            written = book.put_many(self.name, cells, by=by, at=now)
            _tell(site, [each for each in written if each.hash not in before])
        return written

    def end(self, site: Site, row: str, *, by: str) -> Entry:
        """End a row: it stands no longer, its history stays.

        Raises:
            UsageError: there is none of this id.
        """
        with site.catalog.transaction():
            ended = RegisterBook(site.catalog).end(self.name, row, by=by, at=site.clock())
            _tell(site, [ended] if ended else [])
        if ended is None:
            raise UsageError(
                "register {register} has no row {row}",
                hint="Look at what stands: `baozhang register list {register}`.",
                register=self.name,
                row=row[:40],
            )
        return ended


AnyRegister = Register[Any]


def fields_of(error: ValidationError) -> str:
    """Return the fields that pydantic refused, never what stands in them."""
    return ", ".join(
        sorted({str(each["loc"][0]) if each["loc"] else "-" for each in error.errors()})
    )


def _require_id(row: str) -> None:
    if not re.fullmatch(ID_PATTERN, row):
        raise UsageError(
            "{row} cannot be the id of a row",
            hint="Use lower-case letters, digits, dashes and underscores, at most 63.",
            row=row[:40],
        )


def _tell(site: Site, entries: Iterable[Entry]) -> None:
    """Write changes into the audit log, before the catalog has them for good: see `lost`."""
    site.audit.append_many(
        audit.Entry(
            each.by,
            CHANGED,
            f"{each.register}/{each.id}",
            (("hash", each.hash), ("version", each.version)),
        )
        for each in entries
    )


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A version that the catalog and the audit log do not both have."""

    register: str
    row: str
    version: int
    what: Literal["lost", "unlogged"]


def mismatches(site: Site, names: Iterable[str]) -> Iterator[Mismatch]:
    """Yield versions that were taken out of a register, or put in behind the audit log's back.

    The audit log is written first.  What it alone has, and another change of that version follows,
    was a write that came to nothing and was done again.

    Raises:
        CorruptObjectError: a register was changed by hand, or the audit log cannot be read.
    """
    logged = _logged(site)
    for name in names:
        known = {
            (each.id, each.version): each.hash for each in RegisterBook(site.catalog).history(name)
        }
        told = logged.pop(name, {})
        yield from _compared(name, known, told)
    for name, told in logged.items():
        yield from _compared(name, {}, told)


def _compared(
    name: str, known: Mapping[tuple[str, int], str], told: Mapping[tuple[str, int], str]
) -> Iterator[Mismatch]:
    for (row, version), digest in told.items():
        if known.get((row, version)) != digest:
            yield Mismatch(name, row, version, "lost")
    for row, version in known.keys() - told.keys():
        yield Mismatch(name, row, version, "unlogged")


def _logged(site: Site) -> dict[str, dict[tuple[str, int], str]]:
    """Return the newest hash that the audit log has of each version, by register."""
    found: dict[str, dict[tuple[str, int], str]] = {}
    for _, line in lines_of(site.home / "state" / "audit"):
        if CHANGED.encode() in line:
            entry = decode_record(line).entry
            if entry.action == CHANGED:
                register, _, row = entry.subject.partition("/")
                facts = dict(entry.facts)
                key = row, int(str(facts["version"]))
                found.setdefault(register, {})[key] = str(facts["hash"])
    return found
