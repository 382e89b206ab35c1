"""A book's figures, as the laws over sub-ledgers and papers ask for them.

An account's figure is its row of the balance table; where a table lists only accounts below it,
the sum of the highest of those.  What the vouchers moved leaves voided ones out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from baozhang.books.standards import AccountingStandard, below

Row = tuple[int, int, int, int]
"""Opening, debit, credit, closing; signed, minor units."""

NOTHING: Row = (0, 0, 0, 0)


@dataclass(frozen=True)
class Figures:
    """What a book's balance table and vouchers say of accounts."""

    currency: str
    standard: AccountingStandard
    balances: Mapping[str, Mapping[str, Row]]  # by period and account; empty: no balance table
    movements: Mapping[tuple[str, str], tuple[int, int]]  # debit, credit by period and account

    @cached_property
    def codes(self) -> frozenset[str]:
        """Every account that the balance table or a voucher names."""
        listed = {code for accounts in self.balances.values() for code in accounts}
        return frozenset(listed | {code for _, code in self.movements})

    def row(self, period: str, roots: tuple[str, ...]) -> Row:
        """Return the figures of some accounts together."""
        accounts = self.balances.get(period, {})
        tops = highest(code for code in accounts if below(code, roots))
        sums = map(sum, zip(NOTHING, *(accounts[code] for code in tops), strict=True))
        opening, debit, credit, closing = sums
        return opening, debit, credit, closing

    def moved(self, period: str, roots: tuple[str, ...]) -> tuple[int, int]:
        """Return debit and credit that the vouchers of a period put on some accounts."""
        codes = [code for code in self._by_period.get(period, ()) if below(code, roots)]
        own = [self.movements[period, code] for code in codes]
        return sum(debit for debit, _ in own), sum(credit for _, credit in own)

    @cached_property
    def _by_period(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for period, code in self.movements:
            found.setdefault(period, []).append(code)
        return found


def highest(codes: Iterable[str]) -> list[str]:
    """Return the accounts that stand below no other one of these."""
    found: list[str] = []
    for code in sorted(codes):
        if not found or not code.startswith(found[-1]):
            found.append(code)
    return found


def lowest(codes: Iterable[str]) -> list[str]:
    """Return the accounts that have no other one of these below them."""
    ordered = sorted(codes)
    followed = zip(ordered, [*ordered[1:], ""], strict=False)
    return [code for code, after in followed if not after.startswith(code)]
