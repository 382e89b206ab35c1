"""The laws that ask the accounting standard what an account is: L10, L12 and P2.

Where the client's books follow no standard that we know, nothing is asked and nothing is found.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from operator import or_

from baozhang.books.blocks import Passage
from baozhang.books.findings import Facts, Report, broken
from baozhang.books.model import Severity, Violation
from baozhang.books.proof import Closed
from baozhang.books.standards import AccountingStandard, below
from baozhang.books.table_laws import Figures

TEMPLATES = {
    "S3.standard": "the chart is not one of the client's accounting standard: it has no account "
    "{account} (profit of the year)",
    "L10": "assets and costs of {period} differ from liabilities, equity and profit not yet closed "
    "by {difference} {currency}",
    "L12": "account {account} in {period}: the closing balance of {difference} {currency} is on "
    "the unusual side",
    "P2.left": "account {account}: {period} is closed, but {difference} {currency} of profit and "
    "loss are not",
    "P2.contra": "voucher {voucher} of {period} closes profit and loss to {account}, not to "
    "{contra}",
}
"""The sentence of each law; placeholders are a violation's fields and facts."""

Closings = Mapping[str, Mapping[str, int]]
"""Closing balances of accounts without others below, by period and account; debit positive."""

Movements = Mapping[tuple[str, str], tuple[int, int]]
"""Debit and credit of the vouchers, by period and account."""


def another_standard(standard: AccountingStandard) -> Violation:
    """S3: say that a chart does not follow the client's standard, so that classes mean nothing."""
    account = standard.profit
    return broken("S3", TEMPLATES["S3.standard"], severity="warning", account=account)


def equation(
    standard: AccountingStandard, period: str, top: Mapping[str, Figures], currency: str
) -> Iterator[Violation]:
    """L10: 资产 + 成本 = 负债 + 所有者权益 + 损益 not yet closed; signed, their sum is zero.

    Args:
        standard: says the class of an account; an account of no class is in no balance sheet.
        period: whose closing balances these are.
        top: the accounts that have none above them, as a balance sheet is made of.
        currency: of the amounts.
    """
    classed = (row for code, row in top.items() if standard.class_of(code))
    if off := sum(closing for _, _, _, closing in classed):
        yield broken("L10", TEMPLATES["L10"], period=period, difference=off, currency=currency)


def unusual_signs(
    standard: AccountingStandard, period: str, closings: Mapping[str, int], currency: str
) -> Iterator[Violation]:
    """L12: no cash below zero, no depreciation on the debit side (a warning)."""
    for code, closing in sorted(closings.items()):
        roots = standard.never_credit if closing < 0 else standard.never_debit
        if closing and below(code, roots):
            yield broken(
                "L12",
                TEMPLATES["L12"],
                severity="warning",
                period=period,
                account=code,
                difference=closing,
                currency=currency,
            )


class ClosedProfit:
    """P2: after 结转损益 every 损益 account is zero, and its contra is 本年利润."""

    def __init__(self, report: Report, standard: AccountingStandard, currency: str) -> None:
        self.report, self.standard, self.currency = report, standard, currency
        self.kinds: dict[str | None, int] = {None: 0}
        self.astray: dict[str, list[tuple[str, str]]] = {}  # period to voucher and account

    def see(self, passage: Passage) -> tuple[()]:
        """Take in a passage; what closes profit and loss elsewhere than to 本年利润 is kept."""
        lines, kinds = passage.lines, self.kinds
        for account in passage.distinct(lines.account):
            if account not in kinds:
                kinds[account] = self._kind(account or "")
        retained = {code for code in passage.distinct(lines.account) if kinds[code] == _RETAINED}
        if not retained:
            return ()
        for first, after in passage.runs():
            accounts = lines.account[first:after]
            found = reduce(or_, map(kinds.__getitem__, accounts))
            if found == _PROFIT_LOSS | _RETAINED and not lines.voided[first]:
                account = next(code for code in accounts if code in retained)
                told = passage.voucher(first), account or ""
                self.astray.setdefault(lines.period[first], []).append(told)
        return ()

    def _kind(self, code: str) -> int:
        standard = self.standard
        if below(code, (standard.profit,)):
            return _PROFIT
        if below(code, (standard.retained,)):
            return _RETAINED
        earned = standard.is_profit_loss(code) and not below(code, standard.prior_years)
        return _PROFIT_LOSS if earned else 0

    def judge(self, closed: Iterable[Closed], closings: Closings, movements: Movements) -> None:
        """Report the closed periods whose profit and loss is not.

        Args:
            closed: the closed periods.
            closings: of the balance table; empty where the export has none: then a month's
                movements must cancel, in a book that closes month by month.
            movements: what the vouchers sum to, voided ones left out.
        """
        periods = tuple(closed)
        monthly = self._closes_monthly(periods, movements)
        nets = closings or (_nets(movements) if monthly else {})
        for period, stated in periods:
            severity: Severity = "critical" if stated else "warning"
            if monthly or _ends_year(period, nets):
                self._judge_closings(period, nets.get(period, {}), severity)
            for voucher, account in self.astray.get(period, ()):
                facts: Facts = (("contra", self.standard.profit),)
                self._found("P2.contra", period, severity, account, voucher=voucher, facts=facts)

    def _closes_monthly(self, closed: tuple[Closed, ...], movements: Movements) -> bool:
        """Tell whether most closed months that earned or spent carried that to 本年利润.

        A book may close profit and loss once a year (表结法); one month without its closing
        voucher does not make it such a book.
        """
        months = {one.period for one in closed}
        earned, carried = set(), set()
        for period, account in movements:
            if period in months:
                if self._kind(account) == _PROFIT_LOSS:
                    earned.add(period)
                elif self._kind(account) == _PROFIT:
                    carried.add(period)
        return 2 * len(carried & earned) >= len(earned) and bool(carried)

    def _judge_closings(self, period: str, closings: Mapping[str, int], severity: Severity) -> None:
        for code, closing in sorted(closings.items()):
            if closing and self.standard.is_profit_loss(code):
                self._found("P2.left", period, severity, code, off=closing)

    def _found(
        self,
        law: str,
        period: str,
        severity: Severity,
        account: str,
        *,
        voucher: str | None = None,
        off: int | None = None,
        facts: Facts = (),
    ) -> None:
        self.report(
            broken(
                "P2",
                TEMPLATES[law],
                severity=severity,
                period=period,
                voucher=voucher,
                account=account,
                difference=off,
                currency=self.currency,
                facts=facts,
            )
        )


_PROFIT_LOSS, _PROFIT, _RETAINED = 1, 2, 4


def _ends_year(period: str, periods: Iterable[str]) -> bool:
    """Tell whether a period is the last one of a whole year: December, or a 13th behind it."""
    return period[5:] >= "12" and not any(
        later > period for later in periods if later[:4] == period[:4]
    )


def _nets(movements: Movements) -> dict[str, dict[str, int]]:
    nets: dict[str, dict[str, int]] = {}
    for (period, account), (debit, credit) in movements.items():
        nets.setdefault(period, {})[account] = debit - credit
    return nets
