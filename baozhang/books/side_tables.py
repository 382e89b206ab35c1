"""Side tables (辅助余额, 固定资产卡片, 工资表, 对账单, 申报表, 附件): from cells to their rows.

    block of rows ──► side_rows ──► PeriodState, PartyBalance, Asset, Pay, BankLine, Filing, ...
    附件/2026-03/记-12/合同.pdf ──► attached_files ──► Attachment

Amounts are never NULL here: an empty one is zero, unless the profile refuses empty ones.
Attachments are files where the export has a folder of them; size and SHA-256 are computed by
streaming, and a list that stands beside the folder is kept in `other`, for law F3.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from baozhang.books import values
from baozhang.books.fields import ROLES
from baozhang.books.model import (
    Asset,
    Attachment,
    BankLine,
    Filing,
    PartyBalance,
    Pay,
    PeriodState,
    Role,
    SideRow,
    SideTable,
    Table,
)
from baozhang.books.profiles import Profile
from baozhang.books.tables import Columns, Decoder, net
from baozhang.errors import SourceUnreadableError

FILE_COLUMNS = ("period", "voucher", "name", "size", "sha256")
LISTED_COLUMNS = ("listed_size", "listed_sha256")
"""What stands for the columns of attachments that are read from a folder, and of their list."""


R = TypeVar("R", bound=SideRow)
_PERIOD = re.compile(r"\d{4}-\d{2}", re.ASCII)


def roles_of(profile: Profile, columns: Mapping[Table, tuple[str, ...]]) -> dict[Role, int]:
    """Return the place, in their rows' `other`, of the columns that mean something to a law."""
    found: dict[Role, int] = {}
    for table in ROLES:
        layout = profile.tables.get(table)
        if layout is None or not layout.roles:
            continue
        whole = layout.kept_whole
        kept = [name.strip() for name in columns.get(table, ()) if name.strip() not in whole]
        found |= {role: kept.index(name) for role, name in layout.roles.items() if name in kept}
    return found


def side_rows(decoder: Decoder, table: SideTable, blocks: Iterable[Columns]) -> Iterator[SideRow]:
    """Yield a side table's rows.

    Raises:
        LedgerFormatError: a cell is not what it should be; names file, row and column.
    """
    decode = _DECODERS[table]
    for columns in blocks:
        yield from decode(decoder, columns)


def _periods(decoder: Decoder, columns: Columns) -> Iterator[SideRow]:
    closed = columns.layout.flags["closed"]
    return _rows(
        PeriodState,
        decoder.periods_of(columns),
        columns.converted(closed.column, values.flags(closed)),
        columns.other(),
    )


def _parties(decoder: Decoder, columns: Columns) -> Iterator[SideRow]:
    amounts = columns.layout.amounts
    sides = {
        name: decoder.pair(columns, amounts[name], decoder.sums)
        for name in ("opening", "movement", "closing")
    }
    debit, credit = sides["movement"]
    return _rows(
        PartyBalance,
        decoder.periods_of(columns),
        columns.required("account"),
        (party or "" for party in columns.field("party")),
        net(*sides["opening"]),
        (amount or 0 for amount in debit),
        (amount or 0 for amount in credit),
        net(*sides["closing"]),
        columns.other(),
    )


def _assets(decoder: Decoder, columns: Columns) -> Iterator[SideRow]:
    sums, wholes = decoder.sums_of, decoder.wholes
    return _rows(
        Asset,
        decoder.periods_of(columns),
        columns.required("number"),
        columns.field("account"),
        columns.given("acquired", decoder.dates),
        sums(columns, "cost"),
        sums(columns, "salvage"),
        columns.given("life", wholes),
        columns.given("used", wholes),
        sums(columns, "accumulated"),
        sums(columns, "monthly"),
        columns.other(),
    )


def _payroll(decoder: Decoder, columns: Columns) -> Iterator[SideRow]:
    amounts = (decoder.sums_of(columns, name) for name in ("gross", "deductions", "tax", "net"))
    return _rows(
        Pay,
        decoder.periods_of(columns),
        columns.required("employee"),
        *amounts,
        columns.other(),
    )


def _bank(decoder: Decoder, columns: Columns) -> Iterator[SideRow]:
    amounts = (decoder.sums_of(columns, name) for name in ("received", "paid", "balance"))
    return _rows(
        BankLine,
        columns.given("date", decoder.dates),
        columns.required("account"),
        columns.field("reference"),
        *amounts,
        columns.other(),
    )


def _filings(decoder: Decoder, columns: Columns) -> Iterator[SideRow]:
    form = columns.layout.choices["form"]
    words = (cell.strip() if cell else "" for cell in columns.texts(form.column))
    return _rows(
        Filing,
        decoder.periods_of(columns),
        (form.means.get(word, word) for word in words),
        (item or "" for item in columns.required("item")),
        decoder.sums_of(columns, "amount"),
        columns.other(),
    )


def _attachments(decoder: Decoder, columns: Columns) -> Iterator[SideRow]:
    return _rows(
        Attachment,
        decoder.periods_of(columns),
        columns.required("voucher"),
        columns.required("name"),
        columns.given("size", decoder.wholes),
        ((cell or "").strip().lower() for cell in columns.required("sha256")),
        columns.other(),
    )


def _rows(kind: type[R], *columns: Iterable[Any]) -> Iterator[R]:
    """Return rows of columns; making tuples so skips the constructor's naming of arguments."""
    return map(partial(tuple.__new__, kind), zip(*columns, strict=True))


Decode = Callable[[Decoder, Columns], Iterator[SideRow]]
_DECODERS: dict[SideTable, Decode] = {
    "periods": _periods,
    "parties": _parties,
    "assets": _assets,
    "payroll": _payroll,
    "bank": _bank,
    "filings": _filings,
    "attachments": _attachments,
}


def attached_files(folder: Path, shown: str) -> Iterator[Attachment]:
    """Yield what lies below a folder of attachments, by period, voucher and name.

    `folder/2026-03/记-12/scans/1.pdf` is the file `scans/1.pdf` of voucher 记-12.  Links, and
    files that lie in no voucher's folder, are no attachments; a backup has them all the same.

    Args:
        folder: the folder that has a folder per period.
        shown: its name in errors.

    Raises:
        SourceUnreadableError: a file or a folder cannot be read.
    """
    try:
        for period in _folders(folder):
            for voucher in _folders(period) if _PERIOD.fullmatch(period.name) else ():
                for file in sorted(_files(voucher)):
                    size, sha256 = _weighed(file)
                    name = file.relative_to(voucher).as_posix()
                    yield Attachment(period.name, voucher.name, name, size, sha256, ())
    except OSError as error:
        raise SourceUnreadableError(
            "cannot read {file}: {reason}",
            hint="Check that the file is there and may be read.",
            file=shown,
            reason=error.strerror or type(error).__name__,
        ) from error


def is_attachment(path: Path, folders: Collection[str]) -> bool:
    """Tell whether a path lies in a voucher's folder below one of these, whatever its name."""
    parts = path.parts
    return any(
        part in folders and _PERIOD.fullmatch(period) for part, period in pairwise(parts[:-2])
    )


def held_against(files: Iterable[Attachment], listed: Iterable[SideRow]) -> Iterator[Attachment]:
    """Yield the files with what their list says of them, then what the list alone has.

    A file's `other` is the listed size and SHA-256 and the list's further cells, NULL where the
    list lacks it; a row that has no file has size 0 and the SHA-256 ''.  Memory: the list.
    """
    said: dict[tuple[str, str, str], Attachment] = {}
    alone: list[Attachment] = []
    unsaid: tuple[str | None, ...] = (None, None)
    for row in listed:
        if isinstance(row, Attachment):
            key = row.period, row.voucher, row.name
            told = row._replace(size=0, sha256="", other=(str(row.size), row.sha256, *row.other))
            unsaid = (None,) * len(told.other)
            alone += [told] if said.setdefault(key, told) is not told else []
    for file in files:
        own = said.pop((file.period, file.voucher, file.name), None)
        yield file._replace(other=own.other if own else unsaid)
    yield from sorted((*said.values(), *alone), key=_place)


def _place(row: Attachment) -> tuple[str, str, str]:
    return row.period, row.voucher, row.name


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path


def _weighed(file: Path) -> tuple[int, str]:
    with file.open("rb", buffering=0) as stream:
        digest = hashlib.file_digest(stream, "sha256")
        return stream.tell(), digest.hexdigest()
