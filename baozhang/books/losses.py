"""What a book has less of than an earlier proof of it: lines that periods lost.

Books grow; a period that has fewer voucher lines than it had was cut, cleared or replaced.
"""

from collections.abc import Mapping

from baozhang.books.proof import Proof


def lines_lost(before: Mapping[str, Proof], now: Mapping[str, Proof]) -> int:
    """Return how many voucher lines the periods of all books lack, period by period.

    A line more in one period makes up for none in another.  Books that are not in both are not
    looked at: a lost book is worse than lost lines, and said to be one.
    """
    return sum(_lost(proof, now[name]) for name, proof in before.items() if name in now)


def _lost(before: Proof, now: Proof) -> int:
    after = _lines(now)
    return sum(max(0, rows - after.get(period, 0)) for period, rows in _lines(before).items())


def _lines(proof: Proof) -> dict[str, int]:
    return {chunk.period: chunk.rows for chunk in proof.chunks if chunk.table == "lines"}
