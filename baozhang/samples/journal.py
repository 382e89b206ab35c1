"""The books of a sample client as they stand: balances, the open period, the next voucher number.

Amounts are integers of fen; a debit is positive.  Everything an export needs is kept by posting,
so balance tables agree with vouchers by construction and not by a second computation.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from baozhang.samples.chart import chart
from baozhang.samples.identity import Party


class Entry(NamedTuple):
    """One line of a sample voucher; one of the two amounts is zero, 红字 amounts are negative."""

    account: str
    debit: int
    credit: int
    party: Party | None = None


class SampleInvoice(NamedTuple):
    """One 数电票 of a sample client; amounts in fen."""

    number: str
    day: date
    kind: str
    seller: str
    buyer: str
    amount: int
    tax: int


class Voucher(NamedTuple):
    """One sample voucher; its number is given by posting it."""

    day: date
    summary: str
    entries: tuple[Entry, ...]
    attachments: int = 1
    invoice: SampleInvoice | None = None
    number: int = 0


class BalanceRow(NamedTuple):
    """One account in one period; opening and closing are signed, debit positive."""

    account: str
    opening: int
    debit: int
    credit: int

    @property
    def closing(self) -> int:
        """Closing balance, debit positive."""
        return self.opening + self.debit - self.credit


@dataclass(slots=True)
class Standing:
    """A book within one period: leaf accounts only."""

    year: int
    month: int
    opening: dict[str, int]
    debit: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    credit: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    number: int = 0  # the last voucher's number in this period

    def balance(self, account: str) -> int:
        """Return a leaf's present balance, debit positive."""
        return self.opening.get(account, 0) + self.debit[account] - self.credit[account]

    def post(self, voucher: Voucher) -> Voucher:
        """Number the voucher and add it to the balances.

        Raises:
            ValueError: the voucher does not balance, which is a defect of the generator.
        """
        off = 0
        for account, debit, credit, _ in voucher.entries:
            self.debit[account] += debit
            self.credit[account] += credit
            off += debit - credit
        if off:
            raise ValueError(f"{voucher.summary} is off by {off}")
        self.number += 1
        return voucher._replace(number=self.number)

    def next_period(self) -> "Standing":
        """Return the period after this one: its opening is this one's closing."""
        accounts = self.opening.keys() | self.debit.keys() | self.credit.keys()
        opening = {account: self.balance(account) for account in sorted(accounts)}
        year, month = (self.year + 1, 1) if self.month == 12 else (self.year, self.month + 1)
        return Standing(year, month, opening)

    def table(self) -> tuple[BalanceRow, ...]:
        """Return the 科目余额表: every account, parents as the sums of their children."""
        rows = {a.code: [0, 0, 0] for a in chart()}
        for account in chart():
            if not account.leaf:
                continue
            code = account.code
            sums = self.opening.get(code, 0), self.debit[code], self.credit[code]
            for place in filter(None, (code, account.parent)):
                for column, amount in enumerate(sums):
                    rows[place][column] += amount
        return tuple(BalanceRow(code, *sums) for code, sums in rows.items())


def resumed(year: int, month: int, rows: Iterable[BalanceRow], number: int) -> Standing:
    """Return the standing that a period's exported balance table and last number describe."""
    leaves = {account.code for account in chart() if account.leaf}
    standing = Standing(year, month, {}, number=number)
    for row in rows:
        if row.account in leaves:
            standing.opening[row.account] = row.opening
            standing.debit[row.account] = row.debit
            standing.credit[row.account] = row.credit
    return standing
