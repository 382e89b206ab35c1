"""The laws of balance tables (科目余额表) and of invoices.

Balances are signed, debit positive, so that every law over them is a plain sum: there is no
"normal side" to get wrong.  Memory: one entry per row of the balance table, one number per
invoice.
"""

from collections.abc import Iterable, Iterator, Mapping

from baozhang.books.chart import parents_of
from baozhang.books.findings import Report, broken
from baozhang.books.laws import damaged, scientific
from baozhang.books.model import Account, Balance, Invoice, Severity, Violation

TEMPLATES = {
    "S5.account": "account {account}: damaged text",
    "S5.invoice": "invoice in row {row}: damaged text",
    "S5.number": "invoice in row {row}: its number is in scientific notation",
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
    "L9.opening": "the opening balances of {period} are out of balance by {difference} {currency}",
    "L9.movement": "the movements of {period} are out of balance by {difference} {currency}",
    "L9.closing": "the closing balances of {period} are out of balance by {difference} {currency}",
    "X1": "invoice in row {row}: amount and tax differ from the total by {difference} {currency}",
    "X2.digits": "invoice in row {row}: its number does not have 20 digits",
    "X2.twice": "invoice in row {row}: its number occurs twice",
}
"""The sentence of each law; placeholders are a violation's fields and facts."""

_INVOICE_DIGITS = 20  # 数电票号码: fully digital invoices, nation-wide since 2024-12-01

Movements = Mapping[tuple[str, str], tuple[int, int]]
"""Debit and credit of the vouchers, by period and account."""


class BalanceTable:
    """Keeps the balance table by period; judges it when all rows were seen."""

    def __init__(self, report: Report, currency: str, accounts: Mapping[str, Account]) -> None:
        self.report, self.currency = report, currency
        self.accounts = accounts
        self.periods: dict[str, dict[str, tuple[int, int, int, int]]] = {}

    def see(self, row: Balance) -> None:
        """Take in a row; L5: closing is opening plus debit less credit."""
        accounts = self.periods.setdefault(row.period, {})
        before = accounts.get(row.account, (0, 0, 0, 0))  # split by currency or subsidiary
        figures = (row.opening, row.debit, row.credit, row.closing)
        accounts[row.account] = tuple(map(sum, zip(before, figures, strict=True)))  # type: ignore[assignment]
        off = row.closing - (row.opening + row.debit - row.credit)
        if off:
            self._found("L5", row.period, off, row.account)

    def judge(self, movements: Movements) -> None:
        """Report what breaks L6 to L9.

        Args:
            movements: what the vouchers sum to, voided ones left out.
        """
        parents = self._parents()
        above = {parent for parent in parents.values() if parent is not None}
        posted: dict[str, dict[str, tuple[int, int]]] = {}
        for (period, account), sums in movements.items():
            posted.setdefault(period, {})[account] = sums
        previous = ""
        for period in sorted(self.periods):
            leaves = [code for code in self.periods[period] if code not in above]
            self._against_vouchers(period, leaves, above, posted.get(period, {}))
            self._against_children(period, parents)
            if previous and _follows(previous, period):
                self._against_previous(period, previous)
            self._trial(period, leaves)
            previous = period

    def _parents(self) -> dict[str, str | None]:
        codes = {code for accounts in self.periods.values() for code in accounts}
        known = {code: account.parent for code, account in self.accounts.items()}
        return {**parents_of(codes), **known}

    def _against_vouchers(
        self,
        period: str,
        leaves: Iterable[str],
        above: set[str],
        posted: Mapping[str, tuple[int, int]],
    ) -> None:
        """L6: the vouchers of a period and account sum to the movement in the table."""
        table = self.periods[period]
        unlisted = [code for code in posted if code not in table and code not in above]
        for code in sorted([*leaves, *unlisted]):
            _, debit, credit, _ = table.get(code, (0, 0, 0, 0))
            sums = posted.get(code, (0, 0))
            self._unless_zero("L6.debit", period, sums[0] - debit, code)
            self._unless_zero("L6.credit", period, sums[1] - credit, code)

    def _against_children(self, period: str, parents: Mapping[str, str | None]) -> None:
        """L7: an account equals the accounts below it, where the table has any of them."""
        table = self.periods[period]
        below: dict[str, list[tuple[int, int, int, int]]] = {}
        for code, figures in table.items():
            parent = parents.get(code)
            if parent is not None and parent in table:
                below.setdefault(parent, []).append(figures)
        for parent, children in sorted(below.items()):
            sums = map(sum, zip(*children, strict=True))
            names = ("L7.opening", "L7.debit", "L7.credit", "L7.closing")
            for name, own, total in zip(names, table[parent], sums, strict=True):
                self._unless_zero(name, period, own - total, parent)

    def _against_previous(self, period: str, previous: str) -> None:
        """L8: a period opens as the one before closed.

        Across years only a warning: some products carry the year's profit over
        (本年利润 to 利润分配) between closing and opening, without a voucher.
        """
        table, before = self.periods[period], self.periods[previous]
        severity: Severity = "critical" if period[:4] == previous[:4] else "warning"
        for code in sorted({*table, *before}):
            opening = table.get(code, (0, 0, 0, 0))[0]
            closing = before.get(code, (0, 0, 0, 0))[3]
            if opening != closing:
                self._found("L8", period, opening - closing, code, severity, ("before", previous))

    def _trial(self, period: str, leaves: Iterable[str]) -> None:
        """L9: openings, movements and closings of the accounts without others below sum to zero."""
        rows = [self.periods[period][code] for code in leaves]
        self._unless_zero("L9.opening", period, sum(row[0] for row in rows))
        self._unless_zero("L9.movement", period, sum(row[1] - row[2] for row in rows))
        self._unless_zero("L9.closing", period, sum(row[3] for row in rows))

    def _unless_zero(self, law: str, period: str, off: int, account: str | None = None) -> None:
        if off:
            self._found(law, period, off, account)

    def _found(
        self,
        law: str,
        period: str,
        off: int,
        account: str | None = None,
        severity: Severity = "critical",
        *facts: tuple[str, str | int],
    ) -> None:
        self.report(
            broken(
                law.partition(".")[0],
                TEMPLATES[law],
                severity=severity,
                period=period,
                account=account,
                difference=off,
                currency=self.currency,
                facts=facts,
            )
        )


def _follows(previous: str, period: str) -> bool:
    """Tell whether two periods are neighbours: closing periods (13) lie before January."""
    one, other = (int(text[:4]) * 12 + min(int(text[5:]), 12) for text in (previous, period))
    return other - one in {0, 1}


def damaged_accounts(accounts: Iterable[Account]) -> Iterator[Violation]:
    """S5: no name in the chart shows a wrong decoding."""
    for account in accounts:
        if damaged((account.name, account.category, *account.other)):
            yield broken("S5", TEMPLATES["S5.account"], account=account.code)


class Invoices:
    """X1, X2 and S5 over invoices; each is named by its row, since a number is the client's."""

    def __init__(self, report: Report, currency: str) -> None:
        self.report, self.currency = report, currency
        self.numbers: set[str] = set()
        self.rows = 0

    def see(self, invoice: Invoice) -> None:
        """Judge an invoice."""
        self.rows += 1
        if off := invoice.amount + invoice.tax - invoice.total:
            self._found("X1", invoice, off)
        if scientific((invoice.number,)):
            self._found("S5.number", invoice)
        if damaged((invoice.kind, invoice.seller, invoice.buyer, *invoice.other)):
            self._found("S5.invoice", invoice)
        number = invoice.number
        if len(number) != _INVOICE_DIGITS or not (number.isascii() and number.isdecimal()):
            self._found("X2.digits", invoice)
        elif number in self.numbers:
            self._found("X2.twice", invoice)
        self.numbers.add(number)

    def _found(self, law: str, invoice: Invoice, off: int | None = None) -> None:
        self.report(
            broken(
                law.partition(".")[0],
                TEMPLATES[law],
                period=invoice.date[:7],
                difference=off,
                currency=self.currency,
                facts=(("row", self.rows),),
            )
        )
