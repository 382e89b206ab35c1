"""What a book has less of than an earlier proof of it: lines that periods lost.

Books grow; a period that has fewer voucher lines than it had was cut, cleared or replaced.
"""

from collections.abc import Mapping

from baozhang.books.proof import Proof


def lines_lost(before: Mapping[str, Proof], now: Mapping[str, Proof]) -> int:
    """Return how many voucher lines the periods of all books lack, period by period.

    A line more in one period makes up for none in another.  A book that is gone lost all.
    """
    return sum(_lost(proof, now.get(name)) for name, proof in before.items())


def _lost(before: Proof, now: Proof | None) -> int:
    after = _lines(now) if now else {}
    return sum(max(0, rows - after.get(period, 0)) for period, rows in _lines(before).items())


def _lines(proof: Proof) -> dict[str, int]:
    return {chunk.period: chunk.rows for chunk in proof.chunks if chunk.table == "lines"}
