"""Registers in the journal: every version of every row, who wrote it, when; nothing is overwritten.

    book = RegisterBook(catalog)
    book.put("risks", "r-001", {"title": "...", "likelihood": 3}, by="wang", at=now)
    book.rows("risks")                      # what stands now
    book.rows("risks", at=last_month)       # what stood then

The versions of a register are a chain: each names, in its hash, the one written before it.  A row
that was changed in the database by hand breaks it, and is refused by every question after that.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from baozhang.catalog.catalog import Catalog
from baozhang.catalog.model import Change, Entry
from baozhang.catalog.schema import EntryRow
from baozhang.errors import CorruptObjectError

GENESIS = "0" * 64

Fields = Mapping[str, str | int]
_Values = tuple[tuple[str, str | int], ...]
_Wanted = tuple[str, Change, _Values]


class RegisterBook:
    """The registers that a catalog keeps."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def put(self, register: str, row: str, values: Fields, *, by: str, at: datetime) -> Entry:
        """Enter a row, or a new version of it; one that says the same already stays as it is.

        Raises:
            CorruptObjectError: the register was changed by hand.
        """
        return self.put_many(register, {row: values}, by=by, at=at)[0]

    def put_many(
        self, register: str, rows: Mapping[str, Fields], *, by: str, at: datetime
    ) -> tuple[Entry, ...]:
        """Enter rows by id, all or none; see `put`.

        Raises:
            CorruptObjectError: the register was changed by hand.
        """
        changes: list[_Wanted] = [
            (row, "put", tuple(values.items())) for row, values in rows.items()
        ]
        return self._write(register, changes, by, at)

    def end(self, register: str, row: str, *, by: str, at: datetime) -> Entry | None:
        """End a row; None: there is none that stands.

        Raises:
            CorruptObjectError: the register was changed by hand.
        """
        with self._catalog.writing():
            standing = {each.id: each for each in self.rows(register)}
            if row not in standing:
                return None
            return self._write(register, [(row, "ended", standing[row].values)], by, at)[0]

    def rows(self, register: str, *, at: datetime | None = None) -> tuple[Entry, ...]:
        """Return the newest version of every row that stands now, or stood at an instant, by id.

        Raises:
            CorruptObjectError: the register was changed by hand.
        """
        newest: dict[str, Entry] = {}
        for each in self.history(register):
            if at is None or each.at <= at:
                newest[each.id] = each
        return tuple(newest[row] for row in sorted(newest) if newest[row].what == "put")

    def history(self, register: str, row: str | None = None) -> tuple[Entry, ...]:
        """Return every version, of one row or of all, in the order in which they were written.

        Raises:
            CorruptObjectError: the register was changed by hand.
        """
        with self._catalog.reading() as session:
            found = _chain(session, register)
        return tuple(each for each in found if row is None or each.id == row)

    def names(self) -> tuple[str, ...]:
        """Return the names of the registers that hold anything."""
        query = select(EntryRow.register).distinct().order_by(EntryRow.register)
        with self._catalog.reading() as session:
            return tuple(session.scalars(query))

    def _write(
        self, register: str, changes: Sequence[_Wanted], by: str, at: datetime
    ) -> tuple[Entry, ...]:
        written = []
        with self._catalog.writing() as session:
            chain = _chain(session, register)
            last = {each.id: each for each in chain}
            previous = chain[-1].hash if chain else GENESIS
            for row, what, values in changes:
                known = last.get(row)
                if known is None or (known.what, known.values) != (what, values):
                    version = known.version + 1 if known else 1
                    made = Entry(register, row, version, what, by, at.astimezone(UTC), values, "")
                    known = last[row] = replace(made, hash=digest_of(made, previous))
                    previous = known.hash
                    session.add(_row(known))
                    session.flush()  # one by one: the order of writing is the chain's
                written.append(known)
        return tuple(written)


def digest_of(entry: Entry, previous: str) -> str:
    """Return what a version's `hash` must be: SHA-256 of canonical JSON, with the hash before it.

    Args:
        entry: the version; its own `hash` does not count.
        previous: hash of the version written before it in the register, else 64 zeros.
    """
    value = {
        "register": entry.register,
        "id": entry.id,
        "version": entry.version,
        "what": entry.what,
        "by": entry.by,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "values": [list(pair) for pair in entry.values],
        "prev": previous,
    }
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _chain(session: Session, register: str) -> tuple[Entry, ...]:
    query = select(EntryRow).where(EntryRow.register == register).order_by(EntryRow.position)
    previous, versions, chain = GENESIS, dict[str, int](), []
    for row in session.scalars(query):
        entry = _entry(row)
        expected = versions.get(entry.id, 0) + 1
        if entry.version != expected or entry.hash != digest_of(entry, previous):
            raise CorruptObjectError(
                "register {register} was changed by hand at {row}, version {version}",
                hint="Bring the catalog back from a backup point (`baozhang catalog rebuild`), and "
                "enter the change with `baozhang register put`.",
                register=register,
                row=entry.id,
                version=entry.version,
            )
        previous, versions[entry.id] = entry.hash, entry.version
        chain.append(entry)
    return tuple(chain)


def _row(entry: Entry) -> EntryRow:
    return EntryRow(
        register=entry.register,
        id=entry.id,
        version=entry.version,
        what=entry.what,
        by=entry.by,
        at=entry.at,
        values=[list(pair) for pair in entry.values],
        hash=entry.hash,
    )


def _entry(row: EntryRow) -> Entry:
    values = tuple((str(name), value) for name, value in row.values)
    what: Change = row.what
    return Entry(row.register, row.id, row.version, what, row.by, row.at, values, row.hash)
