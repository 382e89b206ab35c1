"""A ledger's proof in its real shape: a mark per voucher, of which a day changes a few."""

import hashlib
from collections.abc import Callable

from baozhang.books.coding import encode_proof
from baozhang.books.model import Book
from baozhang.books.proof import Chunk, Proof, Total, VoucherMarks

Version = Callable[[int, int], int]
"""Which version of a voucher there is: by its month and its number, from 0."""


def as_booked(_month: int, _number: int) -> int:
    """Return the version that every voucher has at first."""
    return 0


def proof_of(
    vouchers: int, *, months: int = 12, version: Version = as_booked, extra: int = 0
) -> bytes:
    """Return a proof of as many vouchers a month, and some extra ones in a month after those."""
    kept, chunks, totals = [], [], []
    for month in range(months + bool(extra)):
        period = f"{2025 + month // 12}-{1 + month % 12:02}"
        numbers = range(vouchers if month < months else extra)
        marks = tuple(_hash(month, one, version(month, one))[:8] for one in numbers)
        kept.append(VoucherMarks(period, tuple(f"记-{one + 1}" for one in numbers), marks))
        chunks.append(Chunk("lines", period, 2 * len(marks), _hash(*marks)))
        totals.append(Total(period, "1001", len(marks), int(_hash(*marks)[:6], 16), 0))
    book = Book("books/ledger", "yonyou_t3", "CNY", "month", {"lines": ("ccode", "md", "mc")})
    root = _hash(*(chunk.sha256 for chunk in chunks))
    return encode_proof(Proof(book, root, tuple(chunks), tuple(totals), tuple(kept), (), ()))


def _hash(*words: object) -> str:
    return hashlib.sha256("/".join(map(str, words)).encode()).hexdigest()
