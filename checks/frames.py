"""Frames: what Great Expectations is shown, every value a string and a missing one None.

Strings, because Great Expectations sends numbers through floats in places; equality of decimal
digits is exact at any size.  A frame of two proofs has one row per key, restored beside source:

    period   account  source_lines  restored_lines  source_debit  restored_debit  ...
    2026-03  1002     12            12              "104900"      "104901"        ...
    2026-04  1002     7             None            "7300"        None            ...   (lost)

A secret (a credit code) stands there as its digest, which is as equal or unlike as the secret.
Column names are fixed here: nothing of a client's file ever becomes one.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from baozhang.books.model import TABLES, LedgerReader, Line
from baozhang.books.owners import plain_code
from baozhang.books.proof import Proof

Side = Mapping[tuple[str, ...], tuple[str, ...]]
"""One side of a comparison: key to values."""

Counts = Mapping[tuple[str, str], int]
"""Violations by law and period."""

CHUNK_KEYS, CHUNK_VALUES = ("table", "period"), ("rows", "sha256")
TOTAL_KEYS, TOTAL_VALUES = ("period", "account"), ("lines", "debit", "credit")
IDENTITY_KEYS, IDENTITY_VALUES = ("part",), ("value",)
COLUMN_KEYS, COLUMN_VALUES = ("table", "place"), ("name",)
LOCK_KEYS, LOCK_VALUES = ("period",), ("state",)
LAW_KEYS = ("period",)
WHOLE_KEYS, WHOLE_VALUES = ("layer", "rule", "one", "other"), ("values",)
VALUE_COLUMNS = ("kind", "written", "known", "once")
Row = tuple[str | None, ...]
"""One row of a frame."""

LINE_COLUMNS = (
    "year",
    "period",
    "word",
    "number",
    "line",
    "date",
    "account",
    "currency",
    "debit",
    "credit",
)


def pair_columns(keys: tuple[str, ...], values: tuple[str, ...]) -> list[str]:
    """Return the columns of a frame of two sides: the keys, then each value twice."""
    return [*keys, *(f"{side}_{value}" for value in values for side in ("source", "restored"))]


def beside(
    keys: tuple[str, ...], values: tuple[str, ...], source: Side, restored: Side
) -> pd.DataFrame:
    """Return both sides joined by key, the source's keys first; None where a side lacks one."""
    lacking = (None,) * len(values)
    every_key = [*source, *(key for key in restored if key not in source)]
    rows = [
        (*key, *_alternate(source.get(key, lacking), restored.get(key, lacking)))
        for key in every_key
    ]
    return pd.DataFrame(rows, columns=pair_columns(keys, values), dtype=object)


def _alternate(source: Row, restored: Row) -> Iterable[str | None]:
    return (value for pair in zip(source, restored, strict=True) for value in pair)


def identity_of(proof: Proof) -> Side:
    """Return which book it is as a side: (part,) to (value,)."""
    book = proof.book
    side: dict[tuple[str, ...], tuple[str, ...]] = {
        ("name",): (book.name,),
        ("profile",): (book.profile,),
        ("currency",): (book.currency,),
        ("numbering",): (book.numbering,),
    }
    if book.owner:
        side["owner",] = (hashlib.sha256(plain_code(book.owner).encode()).hexdigest(),)
    return side


def columns_of(proof: Proof) -> Side:
    """Return the columns of every table as a side: (table, place) to (name,)."""
    tables = proof.book.columns
    return {
        (table, str(place)): (name,)
        for table in TABLES
        for place, name in enumerate(tables.get(table, ()), start=1)
    }


def chunks_of(proof: Proof) -> Side:
    """Return the fingerprint as a side: (table, period) to (rows, sha256), and last its root."""
    side: dict[tuple[str, ...], tuple[str, ...]] = {
        (chunk.table, chunk.period): (str(chunk.rows), chunk.sha256) for chunk in proof.chunks
    }
    side["root", ""] = (str(len(proof.chunks)), proof.root)
    return side


def totals_of(proof: Proof) -> Side:
    """Return the control totals as a side: (period, account) to (lines, debit, credit)."""
    return {
        (total.period, total.account): (str(total.lines), str(total.debit), str(total.credit))
        for total in proof.totals
    }


def locks_of(expected: Proof, proof: Proof) -> Side:
    """Return the state of the periods that the source closed: (period,) to (state,)."""
    closed = {period for period, stated in proof.closed if stated}
    return {
        (period,): ("closed" if period in closed else "open",)
        for period, stated in expected.closed
        if stated
    }


def laws_of(counts: Counts, laws: tuple[str, ...], periods: Iterable[str]) -> Side:
    """Return violation counts as a side: (period,) to one count per law, "0" where none."""
    return {
        (period,): tuple(str(counts.get((law, period), 0)) for law in laws) for period in periods
    }


def lines_by_period(
    reader: LedgerReader, sizes: Mapping[str, int]
) -> Iterator[tuple[str, int, list[Row]]]:
    """Yield each period, how many lines it must have, and those lines, once they are complete.

    A ledger that comes period by period is held one period at a time; one that comes otherwise
    (by journal, say) is held until its periods fill.  Equal texts are held once.

    Args:
        reader: the restored ledger; read once.
        sizes: how many lines each period has.  A period that never fills is yielded at the end
            as far as it came, even if that is nothing, and lines too many with a 0: all is judged.
    """
    due = dict(sizes)
    waiting: dict[str, list[Row]] = {period: [] for period in due}
    once: dict[str | None, str | None] = {}
    for line in reader.lines():
        rows = waiting.setdefault(line.period, [])
        rows.append(tuple(once.setdefault(text, text) for text in line_row(line)))
        if len(rows) == due.get(line.period):
            yield line.period, due.pop(line.period), waiting.pop(line.period)
    for period, rows in waiting.items():
        yield period, due.get(period, 0), rows


def line_row(line: Line) -> Row:
    """Return what is judged of a line; no summary, no name, no party ever comes here."""
    return (
        line.year,
        line.period,
        line.word,
        line.number,
        str(line.line),
        line.date,
        line.account,
        line.currency,
        _digits(line.debit),
        _digits(line.credit),
    )


def _digits(amount: int | None) -> str | None:
    return None if amount is None else str(amount)


def values_frame(*columns: list[str | None]) -> pd.DataFrame:
    """Return the different values and the runs of a portion as a frame of strings, by columns."""
    return pd.DataFrame(dict(zip(VALUE_COLUMNS, columns, strict=True)), dtype=object)


def lines_frame(rows: list[Row]) -> pd.DataFrame:
    """Return the restored lines of one period as a frame of strings."""
    return pd.DataFrame(rows, columns=list(LINE_COLUMNS), dtype=object)
