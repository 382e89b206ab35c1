"""The books of a sample client as they stand: balances, the open period, the next voucher number.

Amounts are integers of fen; a debit is positive.  Everything an export needs is kept by posting,
so balance tables agree with vouchers by construction and not by a second computation.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from baozhang.samples.chart import ChartAccount, chart
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
    percent: int = 13  # 税率
    blue: str | None = None  # number of the invoice that this red one takes back


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


PartySums = dict[tuple[str, str], BalanceRow]
"""A period's part of each partner in an account, by account and the partner's code."""


@dataclass(slots=True)
class Standing:
    """A book within one period: leaf accounts, and the partners' parts of them."""

    year: int
    month: int
    opening: dict[str, int]
    accounts: tuple[ChartAccount, ...] = field(default_factory=chart)
    debit: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    credit: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    number: int = 0  # the last voucher's number in this period
    parties: PartySums = field(default_factory=dict)

    @property
    def period(self) -> str:
        """The period as the books write it, "2026-03"."""
        return f"{self.year}-{self.month:02d}"

    def balance(self, account: str) -> int:
        """Return a leaf's present balance, debit positive."""
        return self.opening.get(account, 0) + self.debit[account] - self.credit[account]

    def below(self, account: str) -> int:
        """Return the present balance of an account: its own, or that of the leaves below it."""
        return sum(self.balance(a.code) for a in self.accounts if a.code.startswith(account))

    def post(self, voucher: Voucher) -> Voucher:
        """Number the voucher and add it to the balances.

        Raises:
            ValueError: the voucher does not balance, which is a defect of the generator.
        """
        off = 0
        for account, debit, credit, party in voucher.entries:
            self.debit[account] += debit
            self.credit[account] += credit
            off += debit - credit
            if party:
                self._add_to(account, party.code, debit, credit)
        if off:
            raise ValueError(f"{voucher.summary} is off by {off}")
        self.number += 1
        return voucher._replace(number=self.number)

    def _add_to(self, account: str, party: str, debit: int, credit: int) -> None:
        _, opening, debits, credits_ = self.parties.get((account, party), (account, 0, 0, 0))
        self.parties[account, party] = BalanceRow(
            account, opening, debits + debit, credits_ + credit
        )

    def next_period(self) -> "Standing":
        """Return the period after this one: its opening is this one's closing."""
        accounts = self.opening.keys() | self.debit.keys() | self.credit.keys()
        opening = {account: self.balance(account) for account in sorted(accounts)}
        year, month = (self.year + 1, 1) if self.month == 12 else (self.year, self.month + 1)
        carried = {
            key: BalanceRow(row.account, row.closing, 0, 0) for key, row in self.parties.items()
        }
        return Standing(year, month, opening, self.accounts, parties=carried)

    def table(self) -> tuple[BalanceRow, ...]:
        """Return the 科目余额表: every account, parents as the sums of their children."""
        rows = {a.code: [0, 0, 0] for a in self.accounts}
        for account in reversed(self.accounts):  # children before their parents
            sums = rows[code := account.code]
            if account.leaf:
                sums[:] = self.opening.get(code, 0), self.debit[code], self.credit[code]
            if account.parent:
                above = rows[account.parent]
                above[:] = above[0] + sums[0], above[1] + sums[1], above[2] + sums[2]
        return tuple(BalanceRow(code, *sums) for code, sums in rows.items())


def resumed(year: int, month: int, rows: Iterable[BalanceRow], number: int) -> Standing:
    """Return the standing that a period's exported balance table and last number describe."""
    stated = {row.account: row for row in rows}
    accounts = tuple(account for account in chart() if account.code in stated)
    above = {account.parent for account in accounts}
    accounts = tuple(account._replace(leaf=account.code not in above) for account in accounts)
    standing = Standing(year, month, {}, accounts, number=number)
    for account in accounts:
        if account.leaf:
            row = stated[account.code]
            standing.opening[row.account] = row.opening
            standing.debit[row.account] = row.debit
            standing.credit[row.account] = row.credit
    return standing
