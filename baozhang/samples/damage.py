"""Damage for drills: one thing spoiled in a copy of a ledger, and a note that says exactly which.

    flip_byte                       bit rot: one byte of any file
    tamper_amount, swap_account     one value of one voucher line
    drop_voucher, duplicate_line, truncate_export, blank_to_null     rows

Nothing else is touched: neither another byte of the file, nor its time, nor its mode.  Only the
three forms that samples have are known here, by their own columns; the readers under test have
no part in it.  What was done is returned, and a proof is expected to find the same.
"""

import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeVar

from baozhang.books.blocks import voucher_name
from baozhang.errors import UsageError
from baozhang.money import format_amount, parse_amount

Choice = TypeVar("Choice")
DIGITS = b"0123456789"


@dataclass(frozen=True, slots=True)
class Tampered:
    """One damage done to a ledger export."""

    voucher: str  # "记-12"
    account: str | None  # None where a whole voucher, or more, is concerned
    period: str  # "2026-03"
    difference: int  # minor units that the line's amount has grown by; 0 where none has
    currency: str
    file: str  # name of the file that was changed


@dataclass(frozen=True, slots=True)
class TextForm:
    """Where a text export keeps what damage needs: columns by their place, from 0."""

    glob: str
    encoding: str
    separator: bytes
    line_end: bytes
    decimal: str
    currency: str
    date: int
    word: int
    number: int
    account: int
    debit: int
    credit: int
    monthly: bool  # whether voucher numbers start anew with every period


TEXT_FORMS = {
    "cn_csv": TextForm(
        "凭证_*.csv", "gb18030", b",", b"\r\n", ".", "CNY", 0, 3, 4, 7, 10, 11, monthly=True
    ),
    "fec": TextForm(
        "*FEC*.txt", "utf-8", b"\t", b"\r\r\n", ",", "EUR", 3, 0, 2, 4, 11, 12, monthly=False
    ),
}
DATABASE = "yonyou_t3"
DATABASE_GLOB = "UFDATA_*.db"


@dataclass(frozen=True, slots=True)
class _Row:
    """One voucher line of a text export: its bytes, and where its fields lie in the file."""

    form: TextForm
    start: int
    end: int  # after the line end
    fields: tuple[bytes, ...]

    def text(self, column: int) -> str:
        return self.fields[column].strip(b'"').decode(self.form.encoding)

    def place(self, column: int) -> int:
        """Return the file offset of a field."""
        before = self.fields[:column]
        return self.start + sum(map(len, before)) + len(before) * len(self.form.separator)

    @property
    def voucher(self) -> str:
        return voucher_name(self.text(self.form.word), self.text(self.form.number))

    @property
    def period(self) -> str:
        day = self.text(self.form.date).replace("-", "")
        return f"{day[:4]}-{day[4:6]}"

    @property
    def key(self) -> tuple[str, str]:
        """What the lines of one voucher share."""
        return self.period if self.form.monthly else "", self.voucher


def flip_byte(path: Path, offset: int | None = None, *, rng: Random) -> int:
    """Turn over every bit of one byte of a file, as bit rot would; the file's time stays.

    Args:
        path: any file that is not empty.
        offset: which byte, from 0; None: one that `rng` chooses.
        rng: used only to choose.

    Returns:
        The offset.

    Raises:
        UsageError: the file has no such byte.
    """
    size = path.stat().st_size if path.is_file() else 0
    where = rng.randrange(size) if offset is None and size else offset
    if where is None or not 0 <= where < size:
        raise UsageError(
            "{file} has no byte {offset}",
            hint="Name a file that is not empty, and an offset below its size.",
            file=path.name,
            offset=offset or 0,
        )
    with _time_kept(path), path.open("r+b") as file:
        file.seek(where)
        byte = file.read(1)[0]
        file.seek(where)
        file.write(bytes([byte ^ 0xFF]))
    return where


def tamper_amount(path: Path, profile: str, minor: int = 1, *, rng: Random) -> Tampered:
    """Change one amount of one voucher line by `minor` minor units.

    The amount that is changed is one whose new text is as long as the old one.

    Args:
        path: an export file, or a folder that holds one somewhere below.
        profile: `cn_csv`, `fec` or `yonyou_t3`.
        minor: what to add, not zero.
        rng: chooses the line.

    Raises:
        UsageError: an unknown profile, no such export, nothing that can take it, or 0.
    """
    if not minor:
        raise UsageError(
            "adding nothing is no damage",
            hint="Give a number of minor units other than 0.",
        )
    if profile == DATABASE:
        return _tamper_database(path, minor, rng)
    form, file = _text_export(path, profile)

    def fitting(row: _Row) -> bool:
        return any(_grown(row, column, minor) for column in (form.debit, form.credit))

    row = _chosen(form, file, rng, fitting)
    column = form.debit if _grown(row, form.debit, minor) else form.credit
    _overwrite(file, row.place(column), _grown(row, column, minor))
    return _told(row, file, row.text(form.account), minor)


def swap_account(path: Path, profile: str, *, rng: Random) -> Tampered:
    """Post one voucher line to another account of the same ledger with a code as long as its own.

    Raises:
        UsageError: as `tamper_amount`.
    """
    if profile == DATABASE:
        return _swap_database(path, rng)
    form, file = _text_export(path, profile)
    accounts = sorted({row.fields[form.account] for row in _rows(form, file)})
    lengths = Counter(map(len, accounts))
    row = _chosen(form, file, rng, lambda row: lengths[len(row.fields[form.account])] > 1)
    own = row.fields[form.account]
    others = [code for code in accounts if code != own and len(code) == len(own)]
    _overwrite(file, row.place(form.account), rng.choice(others))
    return _told(row, file, row.text(form.account), 0)


def drop_voucher(path: Path, profile: str, *, rng: Random) -> Tampered:
    """Remove one whole voucher, all lines of it.

    Raises:
        UsageError: as `tamper_amount`.
    """
    if profile == DATABASE:
        return _delete_database(path, "=", rng)
    form, file = _text_export(path, profile)
    row = _chosen(form, file, rng)
    _cut(file, [(r.start, r.end) for r in _rows(form, file) if r.key == row.key])
    return _told(row, file, None, 0)


def duplicate_line(path: Path, profile: str, *, rng: Random) -> Tampered:
    """Write one voucher line a second time, right after itself.

    Raises:
        UsageError: as `tamper_amount`.
    """
    if profile == DATABASE:
        return _duplicate_database(path, rng)
    form, file = _text_export(path, profile)
    row = _chosen(form, file, rng)
    with _time_kept(file):
        whole = file.read_bytes()
        file.write_bytes(whole[: row.end] + whole[row.start : row.end] + whole[row.end :])
    return _told(row, file, row.text(form.account), 0)


def truncate_export(path: Path, profile: str, *, rng: Random) -> Tampered:
    """End the export where a voucher begins, not the first one; that voucher is returned.

    Raises:
        UsageError: as `tamper_amount`.
    """
    if profile == DATABASE:
        return _delete_database(path, ">=", rng)
    form, file = _text_export(path, profile)
    starts: dict[tuple[str, str], _Row] = {}
    for row in _rows(form, file):
        starts.setdefault(row.key, row)
    row = _picked(list(starts.values())[1:], rng, file)
    with _time_kept(file), file.open("r+b") as out:
        out.truncate(row.start)
    return _told(row, file, None, 0)


def blank_to_null(path: Path, profile: str, *, rng: Random) -> Tampered:
    """Replace one empty text by NULL; only databases know the difference.

    Raises:
        UsageError: as `tamper_amount`, or a text export.
    """
    if profile != DATABASE:
        raise UsageError(
            "an export of profile {profile} has no NULL",
            hint="Use the profile of a database.",
            profile=profile,
        )
    file = _found(path, DATABASE_GLOB)
    with _database(file) as db:
        blank = "SELECT i_id FROM GL_accvouch WHERE csup_id = '' ORDER BY i_id"
        line = _picked([row[0] for row in db.execute(blank)], rng, file)
        db.execute("UPDATE GL_accvouch SET csup_id = NULL WHERE i_id = ?", (line,))
        return _told_line(db, line, file, 0)


# -- text exports -------------------------------------------------------------------------------


def _text_export(path: Path, profile: str) -> tuple[TextForm, Path]:
    form = TEXT_FORMS.get(profile)
    if form is None:
        raise UsageError(
            "damage does not know the profile {profile}",
            hint="Use one of: {known}.",
            profile=profile,
            known=", ".join(sorted([*TEXT_FORMS, DATABASE])),
        )
    return form, _found(path, form.glob)


def _found(path: Path, glob: str) -> Path:
    """Return the export: the file named, or the newest year's in the folder."""
    files = [path] if path.is_file() else sorted(path.rglob(glob))
    if not files:
        raise UsageError(
            "no export to damage in {path}",
            hint="Name an export file, or a folder that holds one.",
            path=path.name,
        )
    return files[-1]


def _picked(choices: Sequence[Choice], rng: Random, file: Path) -> Choice:
    if not choices:
        raise UsageError(
            "nothing in {file} can take this damage",
            hint="Name an export with more vouchers.",
            file=file.name,
        )
    return rng.choice(choices)


def _rows(form: TextForm, file: Path) -> Iterator[_Row]:
    """Yield voucher lines; the header is none.

    Separators and quotation marks are looked for in bytes: GB18030 and UTF-8 have no character
    whose later bytes look like one.
    """
    start = 0
    with file.open("rb") as lines:
        for count, line in enumerate(lines):
            end = start + len(line)
            if count:
                body = line.removesuffix(form.line_end)
                yield _Row(form, start, end, _fields(body, form.separator))
            start = end


def _fields(line: bytes, separator: bytes) -> tuple[bytes, ...]:
    parts = line.split(separator)
    if separator != b"," or b'"' not in line:
        return tuple(parts)
    fields: list[bytes] = []
    for part in parts:  # an odd number of marks: the separator stood within a quoted field
        if fields and fields[-1].count(b'"') % 2:
            fields[-1] += separator + part
        else:
            fields.append(part)
    return tuple(fields)


def _chosen(
    form: TextForm,
    file: Path,
    rng: Random,
    fits: Callable[[_Row], bool] = lambda row: bool(row.fields),
) -> _Row:
    """Return one fitting line; two passes, so that no file is too large."""
    count = sum(map(fits, _rows(form, file)))
    wanted = _picked(range(count), rng, file)
    return next(
        row for n, row in enumerate(row for row in _rows(form, file) if fits(row)) if n == wanted
    )


def _grown(row: _Row, column: int, minor: int) -> bytes:
    """Return the field with its amount changed, as long as before; empty where it cannot be."""
    field, form = row.fields[column], row.form
    text = field.strip(b'"').decode("ascii")
    if not any(digit in text for digit in "123456789"):
        return b""
    thousands = "," if form.decimal == "." else ""
    grown = parse_amount(text, decimal=form.decimal, thousands=thousands) + minor
    digits = format_amount(abs(grown)).replace(".", "").encode("ascii")
    digit_places = [n for n, byte in enumerate(field) if byte in DIGITS]
    if grown == 0 or (grown < 0) != text.startswith("-") or len(digits) != len(digit_places):
        return b""
    changed = bytearray(field)
    for place, digit in zip(digit_places, digits, strict=True):
        changed[place] = digit
    return bytes(changed)


def _overwrite(file: Path, place: int, value: bytes) -> None:
    with _time_kept(file), file.open("r+b") as out:
        out.seek(place)
        out.write(value)


def _cut(file: Path, ranges: list[tuple[int, int]]) -> None:
    with _time_kept(file):
        whole = bytearray(file.read_bytes())
        for start, end in reversed(ranges):
            del whole[start:end]
        file.write_bytes(whole)


def _told(row: _Row, file: Path, account: str | None, difference: int) -> Tampered:
    return Tampered(row.voucher, account, row.period, difference, row.form.currency, file.name)


# -- databases ----------------------------------------------------------------------------------


def _tamper_database(path: Path, minor: int, rng: Random) -> Tampered:
    file = _found(path, DATABASE_GLOB)
    with _database(file) as db:
        amounts = "SELECT i_id, md, mc FROM GL_accvouch ORDER BY i_id"
        fitting = [
            (line, debit, credit)
            for line, debit, credit in db.execute(amounts)
            if _new_text(debit, minor) or _new_text(credit, minor)
        ]
        line, debit, credit = _picked(fitting, rng, file)
        if changed := _new_text(debit, minor):
            db.execute("UPDATE GL_accvouch SET md = ? WHERE i_id = ?", (changed, line))
        else:
            changed = _new_text(credit, minor)
            db.execute("UPDATE GL_accvouch SET mc = ? WHERE i_id = ?", (changed, line))
        return _told_line(db, line, file, minor)


def _new_text(amount: str | None, minor: int) -> str:
    """Return the amount changed, as long as before; empty where it cannot be."""
    if not amount or not parse_amount(amount):
        return ""
    grown = format_amount(parse_amount(amount) + minor)
    same_sign = grown.startswith("-") == amount.startswith("-")
    return grown if len(grown) == len(amount) and same_sign and parse_amount(grown) else ""


def _swap_database(path: Path, rng: Random) -> Tampered:
    file = _found(path, DATABASE_GLOB)
    with _database(file) as db:
        line = _picked([row[0] for row in db.execute("SELECT i_id FROM GL_accvouch")], rng, file)
        told = _told_line(db, line, file, 0)
        others = (
            "SELECT ccode FROM code WHERE bend = 1 AND ccode <> ? AND length(ccode) = length(?)"
            " ORDER BY ccode"
        )
        codes = [row[0] for row in db.execute(others, (told.account, told.account))]
        change = "UPDATE GL_accvouch SET ccode = ? WHERE i_id = ?"
        db.execute(change, (_picked(codes, rng, file), line))
        return told


DELETIONS = {
    "=": "DELETE FROM GL_accvouch WHERE iyear = ? AND iperiod = ? AND ino_id = ?",
    ">=": "DELETE FROM GL_accvouch WHERE (iyear, iperiod, ino_id) >= (?, ?, ?)",
}
VOUCHERS = (
    "SELECT MIN(i_id), iyear, iperiod, ino_id FROM GL_accvouch"
    " GROUP BY iyear, iperiod, ino_id ORDER BY iyear, iperiod, ino_id"
)


def _delete_database(path: Path, relation: str, rng: Random) -> Tampered:
    file = _found(path, DATABASE_GLOB)
    with _database(file) as db:
        line, *key = _picked(list(db.execute(VOUCHERS))[1:], rng, file)
        told = _told_line(db, line, file, 0)
        db.execute(DELETIONS[relation], key)
        return Tampered(told.voucher, None, told.period, 0, told.currency, told.file)


def _duplicate_database(path: Path, rng: Random) -> Tampered:
    file = _found(path, DATABASE_GLOB)
    with _database(file) as db:
        line = _picked([row[0] for row in db.execute("SELECT i_id FROM GL_accvouch")], rng, file)
        columns = [row[1] for row in db.execute("PRAGMA table_info(GL_accvouch)")]
        row = db.execute("SELECT * FROM GL_accvouch WHERE i_id = ?", (line,)).fetchone()
        values = [
            None if name == "i_id" else value for name, value in zip(columns, row, strict=True)
        ]
        marks = ", ".join("?" * len(values))
        db.execute(f"INSERT INTO GL_accvouch VALUES ({marks})", values)  # noqa: S608 - marks only
        return _told_line(db, line, file, 0)


def _told_line(db: sqlite3.Connection, line: int, file: Path, difference: int) -> Tampered:
    query = "SELECT csign, ino_id, ccode, iyear, iperiod FROM GL_accvouch WHERE i_id = ?"
    word, number, account, year, month = db.execute(query, (line,)).fetchone()
    period = f"{year}-{month:02d}"
    return Tampered(voucher_name(word, str(number)), account, period, difference, "CNY", file.name)


@contextmanager
def _database(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a database and commit; the times of file and folder (a journal came and went) stay."""
    with _time_kept(file.parent), _time_kept(file), closing(sqlite3.connect(file)) as db, db:
        yield db


@contextmanager
def _time_kept(file: Path) -> Iterator[None]:
    before = file.stat()
    try:
        yield
    finally:
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
