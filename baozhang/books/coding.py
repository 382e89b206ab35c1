"""A proof as bytes and back: canonical JSON, so that equal proofs are equal bytes.

Keys are sorted, nothing is blank, everything is ASCII; rows (chunks, totals, marks) are arrays,
since there are many.  Decoding trusts nothing: an unknown or missing field, a value of another
type or a later version is refused, never guessed.  Format 1 is read for ever: it lacks what came
with format 2, and was held to the first laws.  Normative: docs/format.md, "Proof".
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import astuple, replace
from typing import Literal, NoReturn, TypeVar, cast, get_args

from baozhang.books.model import (
    TABLES,
    Book,
    Numbering,
    Role,
    Severity,
    Standard,
    Table,
    Violation,
)
from baozhang.books.proof import Chunk, ChunkTable, Closed, Proof, Total, VoucherMarks
from baozhang.errors import CorruptObjectError, NewerFormatError

FORMAT = 2
V = TypeVar("V")

_CHUNK_TABLES: tuple[str, ...] = (*TABLES, "columns")
_FIELDS = (
    "book",
    "chunks",
    "format",
    "root",
    "totals",
    "violation_counts",
    "violations",
    "vouchers",
)
_BOOK = ("columns", "currency", "name", "numbering", "profile")
_SINCE_2 = ("attachments", "closed", "laws", "standard")
_BOOK_SINCE_2 = ("owner", "roles")
_VIOLATION = (
    "account", "currency", "difference", "facts", "law",
    "period", "severity", "template", "voucher",
)  # fmt: skip


def encode_proof(proof: Proof) -> bytes:
    """Return the proof as canonical JSON."""
    book = proof.book
    value = {
        "format": FORMAT,
        "book": {
            "name": book.name,
            "profile": book.profile,
            "currency": book.currency,
            "numbering": book.numbering,
            "columns": {table: list(names) for table, names in book.columns.items()},
            "owner": book.owner,
            "roles": book.roles,
        },
        "laws": proof.laws,
        "standard": proof.standard,
        "closed": proof.closed,
        "root": proof.root,
        "chunks": list(map(astuple, proof.chunks)),
        "totals": [[t.period, t.account, t.lines, t.debit, t.credit] for t in proof.totals],
        "vouchers": _encoded(proof.vouchers),
        "attachments": _encoded(proof.attachments),
        "violations": [
            {name: getattr(violation, name) for name in _VIOLATION}
            for violation in proof.violations
        ],
        "violation_counts": proof.violation_counts,
    }
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()


def _encoded(marks: tuple[VoucherMarks, ...]) -> list[list[object]]:
    return [[one.period, one.vouchers, one.marks] for one in marks]


def decode_proof(encoded: bytes) -> Proof:
    """Return the proof that `encode_proof` wrote.

    Raises:
        NewerFormatError: a later release wrote it.
        CorruptObjectError: it is no proof, or not as this release writes one.
    """
    try:
        value: object = json.loads(encoded)
    except (ValueError, RecursionError) as error:
        raise CorruptObjectError("a proof is not JSON") from error
    fields = _mapping(value, "proof")
    written = fields.get("format")
    if isinstance(written, int) and written > FORMAT:
        raise NewerFormatError(
            "a proof has the format {written}; this release knows {known}",
            hint="Install the release that made the backup, or a later one.",
            written=written,
            known=FORMAT,
        )
    if written not in (1, FORMAT) or isinstance(written, bool):
        _refuse("format")
    first = written == 1
    _exactly(fields, _FIELDS if first else (*_FIELDS, *_SINCE_2), "proof")
    proof = Proof(
        book=_book(fields["book"], first=first),
        root=_text(fields["root"], "root"),
        chunks=_rows(fields["chunks"], "chunks", _chunk),
        totals=_rows(fields["totals"], "totals", _total),
        vouchers=_rows(fields["vouchers"], "vouchers", _marks),
        violations=_rows(fields["violations"], "violations", _violation),
        violation_counts=_rows(fields["violation_counts"], "violation_counts", _count),
        laws=1,
    )
    return proof if first else _since_2(proof, fields)


def _since_2(proof: Proof, fields: Mapping[str, object]) -> Proof:
    standard = _one_of(fields["standard"], get_args(Standard), "standard")
    return replace(
        proof,
        laws=_whole(fields["laws"], "laws"),
        standard=cast("Standard", standard),
        closed=_rows(fields["closed"], "closed", _closed),
        attachments=_rows(fields["attachments"], "attachments", _marks),
    )


def _refuse(field: str) -> NoReturn:
    raise CorruptObjectError("a proof is damaged in the field {field}", field=field)


def _mapping(value: object, field: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        _refuse(field)
    return value


def _exactly(fields: Mapping[str, object], names: tuple[str, ...], field: str) -> None:
    if sorted(fields) != sorted(names):
        _refuse(field)


def _text(value: object, field: str) -> str:
    if not isinstance(value, str):
        _refuse(field)
    return value


def _text_or_none(value: object, field: str) -> str | None:
    return None if value is None else _text(value, field)


def _whole(value: object, field: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        _refuse(field)
    return value


def _one_of(value: object, known: tuple[str, ...], field: str) -> str:
    if value not in known:
        _refuse(field)
    return _text(value, field)


def _list(value: object, field: str) -> list[object]:
    if not isinstance(value, list):
        _refuse(field)
    return value


def _rows(value: object, field: str, row: Callable[[object], V]) -> tuple[V, ...]:
    return tuple(map(row, _list(value, field)))


def _cells(value: object, count: int, field: str) -> list[object]:
    cells = _list(value, field)
    if len(cells) != count:
        _refuse(field)
    return cells


def _texts(value: object, field: str) -> tuple[str, ...]:
    texts = _list(value, field)
    if not all(isinstance(text, str) for text in texts):
        _refuse(field)
    return cast("tuple[str, ...]", tuple(texts))


def _book(value: object, *, first: bool) -> Book:
    fields = _mapping(value, "book")
    _exactly(fields, _BOOK if first else (*_BOOK, *_BOOK_SINCE_2), "book")
    columns = _mapping(fields["columns"], "columns")
    return Book(
        name=_text(fields["name"], "name"),
        profile=_text(fields["profile"], "profile"),
        currency=_text(fields["currency"], "currency"),
        numbering=cast("Numbering", _one_of(fields["numbering"], get_args(Numbering), "numbering")),
        columns={
            cast("Table", _one_of(table, TABLES, "columns")): _texts(columns[table], "columns")
            for table in sorted(columns, key=_place)
        },
        owner=_text_or_none(fields.get("owner"), "owner"),
        roles={
            cast("Role", _one_of(role, get_args(Role), "roles")): _whole(place, "roles")
            for role, place in _mapping(fields.get("roles", {}), "roles").items()
        },
    )


def _place(table: str) -> int:
    _one_of(table, TABLES, "columns")
    return TABLES.index(cast("Table", table))


def _chunk(value: object) -> Chunk:
    table, period, rows, sha256 = _cells(value, 4, "chunks")
    return Chunk(
        cast("ChunkTable", _one_of(table, _CHUNK_TABLES, "chunks")),
        _text(period, "chunks"),
        _whole(rows, "chunks"),
        _text(sha256, "chunks"),
    )


def _total(value: object) -> Total:
    period, account, *sums = _cells(value, 5, "totals")
    lines, debit, credit = (_whole(one, "totals") for one in sums)
    return Total(_text(period, "totals"), _text(account, "totals"), lines, debit, credit)


def _marks(value: object) -> VoucherMarks:
    period, names, marks = _cells(value, 3, "vouchers")
    found = VoucherMarks(
        _text(period, "vouchers"), _texts(names, "vouchers"), _texts(marks, "vouchers")
    )
    if len(found.vouchers) != len(found.marks):
        _refuse("vouchers")
    return found


def _closed(value: object) -> Closed:
    period, stated = _cells(value, 2, "closed")
    if not isinstance(stated, bool):
        _refuse("closed")
    return Closed(_text(period, "closed"), stated)


def _violation(value: object) -> Violation:
    fields = _mapping(value, "violations")
    _exactly(fields, _VIOLATION, "violations")
    difference = fields["difference"]
    severity = _one_of(fields["severity"], get_args(Severity), "severity")
    return Violation(
        law=_text(fields["law"], "law"),
        severity=cast("Literal['critical', 'warning', 'info']", severity),
        template=_text(fields["template"], "template"),
        period=_text_or_none(fields["period"], "period"),
        voucher=_text_or_none(fields["voucher"], "voucher"),
        account=_text_or_none(fields["account"], "account"),
        difference=None if difference is None else _whole(difference, "difference"),
        currency=_text_or_none(fields["currency"], "currency"),
        facts=_rows(fields["facts"], "facts", _fact),
    )


def _fact(value: object) -> tuple[str, str | int]:
    name, fact = _cells(value, 2, "facts")
    return _text(name, "facts"), fact if isinstance(fact, str) else _whole(fact, "facts")


def _count(value: object) -> tuple[str, str, int]:
    law, period, count = _cells(value, 3, "violation_counts")
    return (
        _text(law, "violation_counts"),
        _text(period, "violation_counts"),
        _whole(count, "violation_counts"),
    )
