"""X4: the bank statement (银行对账单) against itself, the vouchers and the balance table.

    book balance − what only the books have = statement balance − what only the bank has
                                                                  (银行存款余额调节表)

A statement carries its own balance, so a line lost from it shows.  Book and bank differ by the
items that only one of them has yet; so the difference at a month's end, less those items, is the
same every month.  An item that the other side does not show within `CLEARING` days is told, as a
warning: what is still on its way is lawful.  Memory: a date and an amount per statement line and
per voucher line on the same accounts.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from baozhang.books.blocks import Passage
from baozhang.books.figures import Figures
from baozhang.books.findings import Facts, Report, Told, broken
from baozhang.books.model import BankLine, Severity

TEMPLATES = {
    "X4.roll": "account {account}: the bank statement of {date} does not continue from the day "
    "before, off by {difference} {currency}",
    "X4.sum": "account {account} in {period}: book and bank statement cannot be reconciled, off by "
    "{difference} {currency}",
    "X4.opening": "account {account}: book and bank statement begin {difference} {currency} apart",
    "X4.book": "account {account} in {period}: {count} items of the books, {difference} "
    "{currency} in all, are not on the bank statement",
    "X4.bank": "account {account} in {period}: {count} items of the bank statement, {difference} "
    "{currency} in all, are not in the books",
}
"""The sentence of each law; placeholders are a violation's fields and facts."""

CLEARING = 15  # days that an item may be on its way: a cheque is valid for 10 (票据法 91)


class _Day:
    __slots__ = ("balances", "net", "signed")

    def __init__(self) -> None:
        self.net = 0
        self.balances: list[int] = []
        self.signed: list[int] = []


class _Account:
    """One bank account: what the bank says, and what the books say."""

    def __init__(self) -> None:
        self.days: dict[str, _Day] = {}
        self.book: dict[int, list[str]] = {}  # dates, by signed amount
        self.book_net: dict[str, int] = {}  # by period


class Bank:
    """Keeps statements and what the books post to their accounts; judges them at the end."""

    def __init__(self, report: Report, currency: str) -> None:
        self.report, self.currency = report, currency
        self.accounts: dict[str, _Account] = {}

    def see(self, line: BankLine) -> None:
        """Take in a line of a statement."""
        account = self.accounts.setdefault(line.account, _Account())
        day = account.days.setdefault(line.date[:10], _Day())
        signed = line.received - line.paid
        day.net += signed
        day.signed.append(signed)
        day.balances.append(line.balance)

    def see_lines(self, passage: Passage) -> Iterable[Told]:
        """Take in what vouchers post to bank accounts."""
        lines = passage.lines
        if passage.distinct(lines.account).isdisjoint(self.accounts):
            return ()
        columns = lines.account, lines.date, lines.period, *passage.amounts, lines.voided
        for code, day, period, debit, credit, voided in zip(*columns, strict=True):
            account = self.accounts.get(code or "")
            if account is not None and not voided:
                signed = debit - credit
                account.book.setdefault(signed, []).append(day)
                account.book_net[period] = account.book_net.get(period, 0) + signed
        return ()

    def judge(self, figures: Figures) -> None:
        """Report what breaks X4."""
        for code, account in sorted(self.accounts.items()):
            ends = dict(self._rolled(code, account))
            apart = self._reconciled(code, account, ends, figures)
            self._outstanding(code, account, known_start=not apart)

    def _rolled(self, code: str, account: _Account) -> Iterator[tuple[str, int]]:
        """Yield each day's last balance; days need not be in order, nor lines within a day."""
        ends: set[int] = set()
        for number, (day, lines) in enumerate(sorted(account.days.items())):
            pairs = zip(lines.balances, lines.signed, strict=True)
            opened = ends if number else {balance - signed for balance, signed in pairs}
            reached = {balance + lines.net for balance in opened}
            ends = reached & set(lines.balances)
            if not ends:
                off = lines.balances[-1] - max(reached)
                self._found("X4.roll", day[:7], code, off, facts=(("date", day),))
                ends = {lines.balances[-1]}
            yield day, lines.balances[-1] if lines.balances[-1] in ends else max(ends)

    def _reconciled(
        self, code: str, account: _Account, ends: Mapping[str, int], figures: Figures
    ) -> int:
        """Hold book and bank against each other month by month; return how far apart they begin."""
        closings = {day[:7]: balance for day, balance in sorted(ends.items())}
        months = sorted(closings)
        covered = [
            period
            for period in sorted(figures.balances)
            if months and months[0] <= period <= months[-1]
        ]
        if not covered or covered[0] != months[0]:
            return 0
        first = min(account.days)
        bank = ends[first] - account.days[first].net
        begun = apart = figures.row(covered[0], (code,))[0] - bank
        if begun:
            self._found("X4.opening", covered[0], code, begun, "warning")
        for period in covered:
            before, bank = bank, closings.get(period, bank)
            items = account.book_net.get(period, 0) - (bank - before)
            now = figures.row(period, (code,))[3] - bank
            if now != apart + items:
                self._found("X4.sum", period, code, now - apart - items)
            apart = now
        return begun

    def _outstanding(self, code: str, account: _Account, *, known_start: bool) -> None:
        """Report what one side has and the other does not show in time, month by month.

        Near both ends of the statement an item's other half may lie outside it.
        """
        bank: dict[int, list[str]] = {}
        for day, lines in account.days.items():
            for signed in lines.signed:
                bank.setdefault(signed, []).append(day)
        first, last = _number(min(account.days)), _number(max(account.days))
        begun = first if known_start else first + CLEARING
        alone: dict[tuple[str, str], tuple[int, int]] = {}
        for amount in {*account.book, *bank} - {0}:
            for side, day in _unmatched(account.book.get(amount, ()), bank.get(amount, ())):
                if begun <= _number(day) <= last - CLEARING:
                    count, total = alone.get((day[:7], side), (0, 0))
                    alone[day[:7], side] = count + 1, total + amount
        for (period, side), (count, total) in sorted(alone.items()):
            self._found(side, period, code, total, "warning", (("count", count),))

    def _found(
        self,
        law: str,
        period: str,
        account: str,
        off: int,
        severity: Severity = "critical",
        facts: Facts = (),
    ) -> None:
        self.report(
            broken(
                "X4",
                TEMPLATES[law],
                severity=severity,
                period=period,
                account=account,
                difference=off,
                currency=self.currency,
                facts=facts,
            )
        )


def _unmatched(book: Iterable[str], bank: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield side and day of what has no counterpart of the same amount within `CLEARING` days."""
    ours, theirs = sorted(book), sorted(bank)
    here = there = 0
    while here < len(ours) and there < len(theirs):
        apart = _number(ours[here]) - _number(theirs[there])
        if apart < -CLEARING:
            yield "X4.book", ours[here]
            here += 1
        elif apart > CLEARING:
            yield "X4.bank", theirs[there]
            there += 1
        else:
            here, there = here + 1, there + 1
    yield from (("X4.book", day) for day in ours[here:])
    yield from (("X4.bank", day) for day in theirs[there:])


def _number(day: str) -> int:
    """Return a day's number; one that no calendar has counts as the end of its month (law S1)."""
    year, month = int(day[:4]) or 1, min(max(int(day[5:7]), 1), 12)
    try:
        return date(year, month, int(day[8:10])).toordinal()
    except ValueError:
        return date(year, month, 28).toordinal()
