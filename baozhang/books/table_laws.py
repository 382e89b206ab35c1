"""The laws of balance tables (科目余额表).

Balances are signed, debit positive, so that every law over them is a plain sum: there is no
"normal side" to get wrong.  Memory: one entry per row of the balance table.  What is carried over
at the end of a year follows the accounting standard.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from baozhang.books.blocks import Passage
from baozhang.books.chart import parents_of
from baozhang.books.findings import Facts, Report, Teller, broken
from baozhang.books.laws import damaged
from baozhang.books.model import Account, Balance, Severity, Violation
from baozhang.books.standards import AccountingStandard, below

TEMPLATES = {
    "S5.account": "account {account}: damaged text",
    "L5": "account {account} in {period}: the closing balance is off by {difference} {currency} "
    "from opening, debit and credit",
    "L6.debit": "account {account} in {period}: the vouchers' debits differ from the balance "
    "table by {difference} {currency}",
    "L6.credit": "account {account} in {period}: the vouchers' credits differ from the balance "
    "table by {difference} {currency}",
    "L7.opening": "account {account} in {period}: the opening balance differs from the accounts "
    "below it by {difference} {currency}",
    "L7.debit": "account {account} in {period}: the debit differs from the accounts below it "
    "by {difference} {currency}",
    "L7.credit": "account {account} in {period}: the credit differs from the accounts below it "
    "by {difference} {currency}",
    "L7.closing": "account {account} in {period}: the closing balance differs from the accounts "
    "below it by {difference} {currency}",
    "L8": "account {account}: the opening balance of {period} differs from the closing balance "
    "of {before} by {difference} {currency}",
    "L8.carried": "{period} opens with another profit carried over than {before} closed with: "
    "{difference} {currency}",
    "L8.opened": "account {account}: {period} opens a year with {difference} {currency} of profit "
    "and loss",
    "L9.opening": "the opening balances of {period} are out of balance by {difference} {currency}",
    "L9.movement": "the movements of {period} are out of balance by {difference} {currency}",
    "L9.closing": "the closing balances of {period} are out of balance by {difference} {currency}",
}
"""The sentence of each law; placeholders are a violation's fields and facts."""

Movements = Mapping[tuple[str, str], tuple[int, int]]
"""Debit and credit of the vouchers, by period and account."""

Figures = tuple[int, int, int, int]
"""Opening, debit, credit, closing; balances signed, debit positive."""

_NOTHING: Figures = (0, 0, 0, 0)


class Unposted:
    """Sums up lines that are known not to be posted; some balance tables leave them out."""

    def __init__(self) -> None:
        self.sums: dict[tuple[str, str], tuple[int, int]] = {}

    def see(self, passage: Passage) -> tuple[()]:
        """Take in a passage."""
        lines = passage.lines
        if False in lines.posted:
            heads = zip(lines.posted, lines.voided, lines.period, lines.account, strict=True)
            for head, debit, credit in zip(heads, *passage.amounts, strict=True):
                posted, voided, period, account = head
                if posted is False and not voided:
                    key = period, account or ""
                    before = self.sums.get(key, (0, 0))
                    self.sums[key] = before[0] + debit, before[1] + credit
        return ()


class BalanceTable:
    """Keeps the balance table by period; judges it when all rows were seen."""

    def __init__(
        self,
        report: Report,
        currency: str,
        accounts: Mapping[str, Account],
        standard: AccountingStandard,
    ) -> None:
        self.say = Teller(report, currency, TEMPLATES)
        self.accounts, self.standard = accounts, standard
        self.periods: dict[str, dict[str, Figures]] = {}

    def see(self, rows: Iterable[Balance]) -> None:
        """Take in rows; L5: closing is opening plus debit less credit."""
        for row in rows:
            self._add(row)

    def _add(self, row: Balance) -> None:
        accounts = self.periods.setdefault(row.period, {})
        before = accounts.get(row.account, _NOTHING)  # split by currency or subsidiary
        figures = (row.opening, row.debit, row.credit, row.closing)
        accounts[row.account] = tuple(map(sum, zip(before, figures, strict=True)))  # type: ignore[assignment]
        off = row.closing - (row.opening + row.debit - row.credit)
        self.say.unless_zero("L5", row.period, off, row.account)

    def judge(self, movements: Movements, unposted: Movements) -> None:
        """Report what breaks L6 to L9.

        Args:
            movements: what the vouchers sum to, voided ones left out.
            unposted: the part of it that is known not to be posted.
        """
        posted: dict[str, dict[str, tuple[int, int]]] = {}
        for (period, account), sums in movements.items():
            posted.setdefault(period, {})[account] = sums
        previous = ""
        for period in sorted(self.periods):
            leaves = [code for code in self.periods[period] if code not in self.above]
            self._against_vouchers(period, leaves, posted.get(period, {}), unposted)
            self._against_children(period, self.parents)
            if previous and follows(previous, period):
                self._against_previous(period, previous)
            self._trial(period, leaves)
            previous = period

    def top(self, period: str) -> dict[str, Figures]:
        """Return the accounts of a period that have none above them in the table."""
        table, parents = self.periods[period], self.parents
        return {code: row for code, row in table.items() if parents.get(code) not in table}

    def leaf_closings(self) -> dict[str, dict[str, int]]:
        """Return the closing balances of accounts without others below, by period."""
        return {
            period: {code: row[3] for code, row in table.items() if code not in self.above}
            for period, table in self.periods.items()
        }

    @cached_property
    def parents(self) -> dict[str, str | None]:
        """The account above each one, when all rows were seen."""
        codes = {code for accounts in self.periods.values() for code in accounts}
        known = {code: account.parent for code, account in self.accounts.items()}
        return {**parents_of(codes), **known}

    @cached_property
    def above(self) -> frozenset[str]:
        """The accounts that have others below, when all rows were seen."""
        return frozenset(parent for parent in self.parents.values() if parent is not None)

    def _against_vouchers(
        self,
        period: str,
        leaves: Iterable[str],
        posted: Mapping[str, tuple[int, int]],
        unposted: Movements,
    ) -> None:
        """L6: the vouchers of a period and account sum to the movement in the table.

        Some products' tables hold all vouchers, others the posted ones alone: either is lawful.
        """
        table = self.periods[period]
        unlisted = [code for code in posted if code not in table and code not in self.above]
        for code in sorted([*leaves, *unlisted]):
            _, *moved, _ = table.get(code, _NOTHING)
            both = posted.get(code, (0, 0)), unposted.get((period, code), (0, 0))
            for law, own, sums, later in zip(("L6.debit", "L6.credit"), moved, *both, strict=True):
                if sums - own != later:
                    self.say.unless_zero(law, period, sums - own, code)

    def _against_children(self, period: str, parents: Mapping[str, str | None]) -> None:
        """L7: an account equals the accounts below it, where the table has any of them."""
        table = self.periods[period]
        below: dict[str, list[Figures]] = {}
        for code, figures in table.items():
            parent = parents.get(code)
            if parent is not None and parent in table:
                below.setdefault(parent, []).append(figures)
        for parent, children in sorted(below.items()):
            sums = map(sum, zip(*children, strict=True))
            names = ("L7.opening", "L7.debit", "L7.credit", "L7.closing")
            for name, own, total in zip(names, table[parent], sums, strict=True):
                self.say.unless_zero(name, period, own - total, parent)

    def _against_previous(self, period: str, previous: str) -> None:
        """L8: a period opens as the one before closed; a year as the standard carries it over.

        Where no standard is known, a difference across years is only a warning: some products
        carry the profit over (本年利润 to 利润分配) between closing and opening, without a voucher.
        """
        table, before = self.periods[period], self.periods[previous]
        same_year = period[:4] == previous[:4]
        severity: Severity = "critical" if same_year or self.standard.profit else "warning"
        carried = () if same_year else self._carried({*table, *before})
        for code in sorted({*table, *before}.difference(carried)):
            opening = table.get(code, _NOTHING)[0]
            closing = before.get(code, _NOTHING)[3]
            if opening != closing:
                self.say.tell(
                    "L8",
                    period,
                    code,
                    off=opening - closing,
                    severity=severity,
                    facts=(("before", previous),),
                )
        if carried:
            self._against_year(period, previous, carried)

    def _carried(self, codes: Iterable[str]) -> frozenset[str]:
        """Return the accounts that the end of a year may empty into each other."""
        standard = self.standard
        roots = (standard.profit, standard.retained)
        return frozenset(
            code
            for code in codes
            if standard.profit and (standard.is_profit_loss(code) or below(code, roots))
        )

    def _against_year(self, period: str, previous: str, carried: frozenset[str]) -> None:
        """L8 across years: 损益 opens at zero, and what it and 本年利润 held is in 利润分配."""
        table, before = self.periods[period], self.periods[previous]
        leaves = sorted(carried - self.above)
        for code in leaves:
            opening = table.get(code, _NOTHING)[0]
            if opening and self.standard.is_profit_loss(code):
                self.say.tell("L8.opened", period, code, off=opening)
        opened = sum(table.get(code, _NOTHING)[0] for code in leaves)
        closed = sum(before.get(code, _NOTHING)[3] for code in leaves)
        if opened != closed:
            facts: Facts = (("before", previous),)
            self.say.tell("L8.carried", period, off=opened - closed, facts=facts)

    def _trial(self, period: str, leaves: Iterable[str]) -> None:
        """L9: openings, movements and closings of the accounts without others below sum to zero."""
        rows = [self.periods[period][code] for code in leaves]
        self.say.unless_zero("L9.opening", period, sum(row[0] for row in rows))
        self.say.unless_zero("L9.movement", period, sum(row[1] - row[2] for row in rows))
        self.say.unless_zero("L9.closing", period, sum(row[3] for row in rows))


def follows(previous: str, period: str) -> bool:
    """Tell whether two periods are neighbours: closing periods (13) lie before January."""
    one, other = (int(text[:4]) * 12 + min(int(text[5:]), 12) for text in (previous, period))
    return other - one in {0, 1}


def damaged_accounts(accounts: Iterable[Account]) -> Iterator[Violation]:
    """S5: no name in the chart shows a wrong decoding."""
    for account in accounts:
        if damaged((account.name, account.category, *account.other)):
            yield broken("S5", TEMPLATES["S5.account"], account=account.code)
