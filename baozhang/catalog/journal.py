"""The journal half as files: one JSON Lines file per table, the same bytes for the same rows.

    runs.jsonl  outcomes.jsonl  findings.jsonl  letters.jsonl  anchors.jsonl
    alerts.jsonl  alert_events.jsonl  custody.jsonl  custody_ends.jsonl  entries.jsonl

The first line names table and format; then one row per line in the order of writing, keys sorted,
instants in UTC.  A later export begins with the bytes of an earlier one, so a nightly backup of the
folder stores only what is new.
"""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Date,
    Enum,
    Table,
    UniqueConstraint,
    and_,
    insert,
    select,
)
from sqlalchemy.orm import Session

from baozhang.catalog.model import Outcome
from baozhang.catalog.rows import outcome
from baozhang.catalog.schema import (
    ADDED_LATER,
    JOURNAL,
    FindingRow,
    Instant,
    OutcomeRow,
    Row,
)
from baozhang.errors import CorruptObjectError, NewerFormatError

FORMAT = 1
_AT_ONCE = 1000  # rows read or written at once: enough to hide the overhead, little to hold

Value = str | int | date | datetime | list[object]
Fields = dict[str, Value]


def export_rows(session: Session, folder: Path) -> int:
    """Write every table of the journal; see `Catalog.export_journal`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return sum(_export(session, _table(row), folder) for row in JOURNAL)


def import_rows(session: Session, folder: Path) -> int:
    """Put in what the journal does not have; see `Catalog.import_journal`."""
    return _Import(session, folder).run()


def outcomes_in(file: Path) -> Iterator[Outcome]:
    """Yield the outcomes of an exported `outcomes.jsonl` in their order, without their findings.

    Raises:
        CorruptObjectError, NewerFormatError: as `import_rows`.
    """
    for fields in _rows(_table(OutcomeRow), file):
        yield outcome(OutcomeRow(**fields))


def _export(session: Session, table: Table, folder: Path) -> int:
    columns = [column for column in table.columns if column.name != "position"]
    query = select(*columns).order_by(table.c.position)
    half = folder / f"{table.name}.jsonl.tmp"
    count = 0
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(_line({"table": table.name, "format": FORMAT}))
        for row in session.execute(query).mappings().yield_per(_AT_ONCE):
            file.write(_line({name: _plain(value) for name, value in row.items()}))
            count += 1
        file.flush()
        os.fsync(file.fileno())
    half.replace(folder / f"{table.name}.jsonl")
    return count


def _line(value: Mapping[str, object]) -> bytes:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode() + b"\n"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else value


class _Import:
    """One import, which remembers the outcomes it left alone: their findings are left alone too."""

    def __init__(self, session: Session, folder: Path) -> None:
        self._session = session
        self._folder = folder
        self._kept: set[tuple[Value, ...]] = set()

    def run(self) -> int:
        return sum(self._fill(_table(row)) for row in JOURNAL)

    def _fill(self, table: Table) -> int:
        added = 0
        fresh = self._fresh(table, _rows(table, self._folder / f"{table.name}.jsonl"))
        while batch := list(islice(fresh, _AT_ONCE)):
            self._session.execute(insert(table), batch)
            added += len(batch)
        return added

    def _fresh(self, table: Table, rows: Iterator[Fields]) -> Iterator[Fields]:
        """Yield the rows that the journal does not have."""
        first = self._session.execute(select(table.c.position).limit(1)).first()
        for row in rows:
            if first is None and not self._kept:
                yield row
            elif self._is_known(table, row):
                if table.name == OutcomeRow.__tablename__:
                    self._kept.add(_outcome_of(row))
            elif table.name != FindingRow.__tablename__ or _outcome_of(row) not in self._kept:
                yield row

    def _is_known(self, table: Table, row: Fields) -> bool:
        key = next(each for each in table.constraints if isinstance(each, UniqueConstraint))
        same = [column == row[column.name] for column in key.columns]
        known = select(table.c.position).where(and_(*same)).limit(1)
        return self._session.execute(known).first() is not None


def _outcome_of(row: Fields) -> tuple[Value, ...]:
    return row["run"], row["client"], row["set"]


def _rows(table: Table, path: Path) -> Iterator[Fields]:
    columns = {column.name: column for column in table.columns if column.name != "position"}
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        later = [(path.parent / f"{name}.jsonl").exists() for name in _together(table.name)]
        if later and not any(later):
            return  # a journal of before that table
        raise CorruptObjectError(
            "the journal lacks {file}",
            hint="Take the folder from an older snapshot of the journal.",
            file=path.name,
        ) from error
    with file:
        _expect_header(_parse(file.readline(), path, 1), table, path)
        for number, line in enumerate(file, start=2):
            yield _row(line, columns, path, number)


def _together(table: str) -> frozenset[str]:
    """Return the tables that came in one release, all of whose files are there or none."""
    return next((tables for tables in ADDED_LATER if table in tables), frozenset())


def _expect_header(header: Mapping[str, object], table: Table, path: Path) -> None:
    written = header.get("format")
    if isinstance(written, int) and written > FORMAT:
        raise NewerFormatError(
            "{file} was written by a newer release (format {format})",
            hint="Install the newer release.",
            file=path.name,
            format=written,
        )
    if header != {"table": table.name, "format": FORMAT}:
        raise _not_a_row(path, 1)


def _row(line: bytes, columns: Mapping[str, Column[object]], path: Path, number: int) -> Fields:
    parts = _parse(line, path, number)
    if set(parts) != set(columns):
        raise _not_a_row(path, number)
    row: Fields = {}
    for name, column in columns.items():
        value = _value(column, parts[name])
        if value is None:
            raise _not_a_row(path, number)
        row[name] = value
    return row


def _parse(line: bytes, path: Path, number: int) -> dict[str, object]:
    try:
        parts = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _not_a_row(path, number) from error
    if not isinstance(parts, dict):
        raise _not_a_row(path, number)
    return parts


def _not_a_row(path: Path, number: int) -> CorruptObjectError:
    return CorruptObjectError(
        "{file}, line {line} is not a row of the journal",
        hint="Take the folder from an older snapshot of the journal.",
        file=path.name,
        line=number,
    )


def _value(column: Column[object], value: object) -> Value | None:
    """Return what a column keeps for a value of the file; None if it is of another kind."""
    kind = column.type
    if isinstance(kind, JSON):
        return value if isinstance(value, list) and all(map(_is_part, value)) else None
    if isinstance(kind, Instant | Date):
        return _moment(value, has_time=isinstance(kind, Instant))
    if isinstance(kind, BigInteger):
        return value if isinstance(value, int) and not isinstance(value, bool) else None
    if not isinstance(value, str) or (isinstance(kind, Enum) and value not in kind.enums):
        return None
    return value


def _is_part(part: object) -> bool:
    """Tell whether this is a word, or a name with its value."""
    if isinstance(part, list):
        return len(part) == 2 and isinstance(part[0], str) and isinstance(part[1], str | int)
    return isinstance(part, str)


def _moment(value: object, *, has_time: bool) -> date | datetime | None:
    try:
        if not isinstance(value, str):
            return None
        moment = datetime.fromisoformat(value) if has_time else date.fromisoformat(value)
    except ValueError:
        return None
    return None if isinstance(moment, datetime) and moment.tzinfo is None else moment


def _table(row: type[Row]) -> Table:
    table = row.__table__
    assert isinstance(table, Table)
    return table
