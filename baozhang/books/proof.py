"""The proof of a ledger, in three layers, taken from the source at the instant of its backup.

    L0  fingerprint   SHA-256 over canonical rows, per table and period, and a root over all chunks
    L1  totals        lines, debit and credit per period and account
    L2  laws          which laws of the books the source itself already broke, and where

Beside L0 stand the voucher marks: four bytes per voucher, so that a difference in a chunk is
named by its vouchers although the source is gone; beside L2 which laws these were, the standard
they follow, and which periods were closed.  Normative: docs/format.md, "Proof".
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from baozhang.books.model import Book, Standard, Table, Violation

ChunkTable = Table | Literal["columns"]
"""A table of the book, or the one chunk over the names of all columns."""

MOST_VIOLATIONS = 200  # of each law; beyond that a count says enough

LAWS = 2
"""Which laws a proof taken now holds; a proof says its own, and is never held to later ones."""

FIRST_LAWS = frozenset((*(f"S{n}" for n in range(6)), *(f"L{n}" for n in range(1, 10)), "X1", "X2"))
"""The laws of version 1."""


def holds(law: str, version: int) -> bool:
    """Tell whether a proof with this version of the laws was held to a law."""
    return version > 1 or law in FIRST_LAWS


class Closed(NamedTuple):
    """A period that was closed (结账) when the proof was taken."""

    period: str
    stated: bool  # the book says so; else it is implied: vouchers of two later periods


@dataclass(frozen=True, slots=True)
class Chunk:
    """The fingerprint of one table's rows of one period ("" where the table has none)."""

    table: ChunkTable
    period: str
    rows: int
    sha256: str  # hex


@dataclass(frozen=True, slots=True)
class Total:
    """Control totals (核对合计数) of one account in one period; amounts in minor units."""

    period: str
    account: str
    lines: int
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class VoucherMarks:
    """The vouchers of one period, word by word in the book's order: names and 4-byte marks."""

    period: str
    vouchers: tuple[str, ...]  # "记-12"
    marks: tuple[str, ...]  # 8 hex digits each


@dataclass(frozen=True, slots=True)
class Proof:
    """What a restored book must equal."""

    book: Book
    root: str  # hex SHA-256 over the chunks
    chunks: tuple[Chunk, ...]  # sorted by table and period
    totals: tuple[Total, ...]  # sorted by period and account
    vouchers: tuple[VoucherMarks, ...]  # sorted by period
    violations: tuple[Violation, ...]  # the first MOST_VIOLATIONS of each law
    violation_counts: tuple[tuple[str, str, int], ...]  # (law, period or "", how many), all of them
    laws: int = LAWS
    standard: Standard = "other"  # 会计制度 that the laws were held by
    closed: tuple[Closed, ...] = ()  # by period
    attachments: tuple[VoucherMarks, ...] = ()  # of each voucher's files, as `vouchers`

    @property
    def line_count(self) -> int:
        """Voucher lines in the book."""
        return sum(total.lines for total in self.totals)

    @property
    def voucher_count(self) -> int:
        """Vouchers in the book."""
        return sum(len(marks.vouchers) for marks in self.vouchers)

    @property
    def debit(self) -> int:
        """Debit total in minor units."""
        return sum(total.debit for total in self.totals)

    @property
    def credit(self) -> int:
        """Credit total in minor units."""
        return sum(total.credit for total in self.totals)
