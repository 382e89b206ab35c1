"""X4: the bank statement (银行对账单) against itself, the vouchers and the balance table.

    book balance − what only the books have = statement balance − what only the bank has
                                                                  (银行存款余额调节表)

A statement carries its own balance, so a line lost from it shows.  Book and bank differ by the
items that only one of them has yet; so the difference at a month's end, less those items, is the
same every month.  An item that the other side does not show within `CLEARING` days is told, as a
warning: what is still on its way is lawful.  Memory: a date and an amount per statement line and
per voucher line on the same accounts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from operator import sub

from baozhang.books.beside import rows_on
from baozhang.books.blocks import Passage, changes
from baozhang.books.figures import Figures
from baozhang.books.findings import Facts, Report, Teller, Told
from baozhang.books.model import BankLine

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


class _Items:
    """Signed amounts and their days, side by side: a pair per line would weigh thrice as much."""

    __slots__ = ("amounts", "days")

    def __init__(self) -> None:
        self.amounts: list[int] = []
        self.days: list[str] = []


class _Account:
    """One bank account: what the bank says, and what the books say."""

    def __init__(self) -> None:
        self.days: dict[str, _Day] = {}
        self.book = _Items()
        self.book_net: dict[str, int] = {}  # by period


class Bank:
    """Keeps statements and what the books post to their accounts; judges them at the end."""

    def __init__(self, report: Report, currency: str) -> None:
        self.say = Teller(report, currency, TEMPLATES)
        self.accounts: dict[str, _Account] = {}

    def see(self, lines: Sequence[BankLine]) -> None:
        """Take in lines of a statement."""
        dates, codes, _, received, paid, balances, _ = zip(*lines, strict=True)
        signed = list(map(sub, received, paid))
        starts = [0, *changes(list(zip(codes, dates, strict=True)))]
        for first, after in pairwise([*starts, len(lines)]):
            account = self.accounts.setdefault(codes[first], _Account())
            day = account.days.setdefault(dates[first][:10], _Day())
            day.net += sum(signed[first:after])
            day.signed += signed[first:after]
            day.balances += balances[first:after]

    def see_lines(self, passage: Passage) -> Iterable[Told]:
        """Take in what vouchers post to bank accounts."""
        debits, credits_ = (column.__getitem__ for column in passage.amounts)
        for code, period, rows in rows_on(passage, self.accounts.keys()):
            account = self.accounts[code]
            signed = list(map(sub, map(debits, rows), map(credits_, rows)))
            account.book.amounts += signed
            account.book.days += map(passage.lines.date.__getitem__, rows)
            account.book_net[period] = account.book_net.get(period, 0) + sum(signed)
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
                self.say.tell("X4.roll", day[:7], code, off=off, facts=(("date", day),))
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
            self.say.tell("X4.opening", covered[0], code, off=begun, severity="warning")
        for period in covered:
            before, bank = bank, closings.get(period, bank)
            items = account.book_net.get(period, 0) - (bank - before)
            now = figures.row(period, (code,))[3] - bank
            if now != apart + items:
                self.say.tell("X4.sum", period, code, off=now - apart - items)
            apart = now
        return begun

    def _outstanding(self, code: str, account: _Account, *, known_start: bool) -> None:
        """Report what one side has and the other does not show in time, month by month.

        Near both ends of the statement an item's other half may lie outside it.
        """
        bank = _Items()
        for day, lines in account.days.items():
            bank.amounts += lines.signed
            bank.days += [day] * len(lines.signed)
        first, last = _number(min(account.days)), _number(max(account.days))
        begun = first if known_start else first + CLEARING
        alone: dict[tuple[str, str], tuple[int, int]] = {}
        for side, day, amount in _alone(account.book, bank):
            if begun <= _number(day) <= last - CLEARING:
                count, total = alone.get((day[:7], side), (0, 0))
                alone[day[:7], side] = count + 1, total + amount
        for (period, side), (count, total) in sorted(alone.items()):
            facts: Facts = (("count", count),)
            self.say.tell(side, period, code, off=total, severity="warning", facts=facts)


def _alone(book: _Items, bank: _Items) -> Iterator[tuple[str, str, int]]:
    """Yield side, day and amount of what the other side does not show within `CLEARING` days.

    Items of an amount are matched in the order of their days.  An item is one number meanwhile,
    which sorts as amount and day do: pairs of them would cost three times as much.
    """
    days = sorted({*book.days, *bank.days})
    numbers, size = list(map(_number, days)), len(days)
    ours, theirs = _in_order(book, days), _in_order(bank, days)
    here = there = 0
    while here < len(ours) and there < len(theirs):
        (amount, day), (other, shown) = divmod(ours[here], size), divmod(theirs[there], size)
        apart = numbers[day] - numbers[shown]
        if amount < other or (amount == other and apart < -CLEARING):
            yield "X4.book", days[day], amount
            here += 1
        elif amount > other or apart > CLEARING:
            yield "X4.bank", days[shown], other
            there += 1
        else:
            here, there = here + 1, there + 1
    for side, left in (("X4.book", ours[here:]), ("X4.bank", theirs[there:])):
        yield from ((side, days[item % size], item // size) for item in left)


def _in_order(items: _Items, days: Sequence[str]) -> list[int]:
    """Return a number per item: its amount times the days there are, plus its day's place."""
    size, places = len(days), {day: place for place, day in enumerate(days)}
    pairs = zip(items.amounts, map(places.__getitem__, items.days), strict=True)
    return sorted(amount * size + place for amount, place in pairs if amount)


@lru_cache(maxsize=4096)  # ten years of days
def _number(day: str) -> int:
    """Return a day's number; one that no calendar has counts as the end of its month (law S1)."""
    year, month = int(day[:4]) or 1, min(max(int(day[5:7]), 1), 12)
    try:
        return date(year, month, int(day[8:10])).toordinal()
    except ValueError:
        return date(year, month, 28).toordinal()
