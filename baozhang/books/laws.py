"""The laws of voucher lines: what must hold in any set of books, whoever wrote it.

    lines ──► passages ──► S1 … S5 look at columns, then at rows     while the file goes by
                      └──► tallies, totals ──► L1 … L4               when all has been seen

A law over lines asks a passage's columns first: where they show that nothing can be wrong, which is
nearly always, no line is looked at.  It yields the row and the violation for each line that is.

Each law is one small class or function that tells violations and knows no other law.  All of
them are exact: sums are integers, nothing is rounded and nothing is tolerated.  A voided voucher
(作废) keeps its number and is judged by its text and number alone.

The laws over balance tables and invoices stand in `books.table_laws`; docs/checks.md says in
words what each law asks and what it catches.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from operator import le, mul, sub
from typing import Any

from baozhang.books.blocks import Passage, Text, Texts, voucher_name
from baozhang.books.day_laws import is_day
from baozhang.books.findings import Facts, Told, broken
from baozhang.books.model import Account, Severity, Violation
from baozhang.books.vouchers import SeriesName, Vouchers

TEMPLATES = {
    "S0": "the book has no voucher lines",
    "S1.day": "voucher {voucher} of {period}: no calendar has the day {date}",
    "S1.period": "voucher {voucher}: the date {date} is outside the period {period}",
    "S2": "voucher {voucher} of {period}: line {line} occurs twice",
    "S3.none": "voucher {voucher} of {period}, line {line}: no account",
    "S3.unknown": "voucher {voucher} of {period}: the chart has no account {account}",
    "S3.branch": "voucher {voucher} of {period}: account {account} has accounts below it",
    "S3.parent": "account {account}: the chart has no account {parent} above it",
    "S4.null": "voucher {voucher} of {period}, line {line}: debit or credit has no value (NULL)",
    "S4.both": "voucher {voucher} of {period}, line {line}: both a debit and a credit",
    "S4.neither": "voucher {voucher} of {period}, line {line}: neither a debit nor a credit",
    "S5.text": "voucher {voucher} of {period}, line {line}: damaged text",
    "S5.code": "voucher {voucher} of {period}, line {line}: a code in scientific notation",
    "L1.net": "voucher {voucher} of {period} is out of balance by {difference} {currency}",
    "L1.single": "voucher {voucher} of {period} has a single line",
    "L2": "the vouchers of {period} are out of balance by {difference} {currency}",
    "L3.one": "number gap in {period}: voucher {voucher} is missing",
    "L3.several": "number gap in {period}: {count} vouchers are missing, {voucher} to {last}",
    "L4": "voucher {voucher} of {period} is dated {date}, before voucher {before}",
}
"""The sentence of each law; placeholders are a violation's fields and facts."""

_VoucherKey = tuple[SeriesName, str]

DAMAGE = ("\ufffd", "锟斤拷", "烫烫烫")
"""What wrong decoding leaves: the replacement character; U+FFFD's UTF-8 bytes read as GBK; and
memory filled with 0xCC, as debug builds of Visual C++ do, read as GBK."""

_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?[eE]\+\d+", re.ASCII)
_POWERS = ("E+", "e+")
_BITS = 1024  # line numbers below this are remembered as bits of one integer per voucher


class DatesInPeriods:
    """S1: every date is a day of the calendar, inside the line's period."""

    def __init__(self) -> None:
        self.sound: set[tuple[str, str]] = set()

    def see(self, passage: Passage) -> Iterator[Told]:
        """Judge a passage."""
        dates = passage.lines.date
        for period, first, after in passage.stretches():
            bad = dict(self._bad(period, frozenset(dates[first:after])))
            for row in range(first, after) if bad else ():
                if fault := bad.get(dates[row]):
                    yield row, _of_row(fault, passage, row, ("date", dates[row]))

    def _bad(self, period: str, dates: Iterable[str]) -> Iterator[tuple[str, str]]:
        for date in dates:
            if (period, date) in self.sound:
                continue
            if fault := _date_fault(date, period):
                yield date, fault
            else:
                self.sound.add((period, date))


def _date_fault(date: str, period: str) -> str:
    if not is_day(date):
        return "S1.day"
    number = int(period[5:])
    if number > 12:  # a closing period (13, 14) belongs to December
        return "" if date[:7] == f"{period[:4]}-12" else "S1.period"
    return "" if date[:7] == period else "S1.period"


class UniqueLines:
    """S2: year, period, word, number and line together occur once.

    Nearly every voucher stands together and its lines are numbered 1, 2, 3 …; only of the others
    the numbers met are remembered.
    """

    def __init__(self, vouchers: Vouchers) -> None:
        self.vouchers = vouchers
        self.seen: dict[_VoucherKey, int] = {}  # bit n is set once line n was met
        self.far: set[tuple[_VoucherKey, int]] = set()

    def see(self, passage: Passage) -> Iterator[Told]:
        """Judge a passage."""
        if passage.again or not _numbered_from_one(passage):
            for run, (first, after) in enumerate(passage.runs()):
                met = passage.again.get(run, 0)
                if met or list(passage.lines.line[first:after]) != [*range(1, after - first + 1)]:
                    yield from self._judge(passage, first, after, met)

    def _judge(self, passage: Passage, first: int, after: int, met: int) -> Iterator[Told]:
        lines = passage.lines
        year, period, word, name = (column[first] for column in lines[:4])
        key = self.vouchers.series_name(year, period, word), name
        if key not in self.seen:
            self._begin(key, met)
        for row in range(first, after):
            number = lines.line[row]
            if self._met_before(key, number):
                yield row, _of_row("S2", passage, row, ("line", number))

    def _begin(self, key: _VoucherKey, met: int) -> None:
        """Remember what a voucher had that stood together until now: its lines 1 to `met`."""
        self.seen[key] = (1 << min(met + 1, _BITS)) - 2 if met else 0
        self.far.update((key, number) for number in range(_BITS, met + 1))

    def _met_before(self, key: _VoucherKey, number: int) -> bool:
        if number < _BITS:
            before = bool(self.seen[key] >> number & 1)
            self.seen[key] |= 1 << number
            return before
        before = (key, number) in self.far
        self.far.add((key, number))
        return before


def _numbered_from_one(passage: Passage) -> bool:
    """Tell whether the lines of every run are numbered 1, 2, 3 …, by counting the steps of one.

    A run that begins with 1 is no step of one from a number of 1 or more.
    """
    numbers, starts = passage.lines.line, passage.starts
    steps = list(map(sub, islice(numbers, 1, None), numbers))
    return (
        0 not in numbers
        and {*map(numbers.__getitem__, starts)} == {1}
        and steps.count(1) == len(numbers) - len(starts)
    )


class KnownAccounts:
    """S3: every line has an account of the chart, and one without accounts below it."""

    def __init__(self, accounts: Mapping[str, bool] | None) -> None:
        self.leaves = accounts  # code to leaf; None: the export has no chart
        self.postable: set[object] = {code for code, leaf in (accounts or {}).items() if leaf}

    def see(self, passage: Passage) -> Iterator[Told]:
        """Judge a passage."""
        lines = passage.lines
        strange = passage.distinct(lines.account) - self.postable
        if self.leaves is None:
            self.postable |= strange - {None, ""}
            strange &= {None, ""}
        if not strange:
            return
        for row, (account, voided) in enumerate(zip(lines.account, lines.voided, strict=True)):
            if account in strange and not voided:
                yield row, self._fault(passage, row, account)

    def _fault(self, passage: Passage, row: int, account: str | None) -> Violation:
        if not account:
            return _of_row("S3.none", passage, row, ("line", passage.lines.line[row]))
        law = "S3.branch" if account in (self.leaves or ()) else "S3.unknown"
        return _of_row(law, passage, row, account=account)


def missing_parents(accounts: Iterable[Account]) -> Iterator[Violation]:
    """S3: every account above another one is in the chart too."""
    chart = list(accounts)
    codes = {account.code for account in chart}
    for account in chart:
        if account.parent is not None and account.parent not in codes:
            yield violation("S3.parent", account=account.code, facts=(("parent", account.parent),))


class OneSide:
    """S4: exactly one of debit and credit is not zero, and neither is NULL.

    Negative amounts are lawful: 红字 reverse a line on its own side.
    """

    def see(self, passage: Passage) -> Iterator[Told]:
        """Judge a passage."""
        lines = passage.lines
        if _one_sided(passage):
            return
        sides = zip(lines.debit, lines.credit, lines.voided, strict=True)
        for row, (debit, credit, voided) in enumerate(sides):
            missing = debit is None or credit is None
            if not voided and (missing or (debit == 0) == (credit == 0)):
                fault = "S4.null" if missing else "S4.both" if debit else "S4.neither"
                where = ("line", lines.line[row])
                yield row, _of_row(fault, passage, row, where, lines.account[row])


def _one_sided(passage: Passage) -> bool:
    """Tell whether every line has one zero, by counting: as many zeros as lines, never none."""
    debits, credits_ = passage.amounts
    if debits is not passage.lines.debit or credits_ is not passage.lines.credit:
        return False  # some are NULL
    zeros = debits.count(0) + credits_.count(0)
    return zeros == len(debits) and not any(map(mul, debits, credits_))


class SoundTexts:
    """S5: no text shows the marks of a wrong decoding, no code those of a spreadsheet.

    Looks at the different texts of a whole passage first: damage is rare and lines are many.
    """

    def see(self, passage: Passage) -> Iterator[Told]:
        """Judge a passage."""
        lines = passage.lines
        coded = (lines.account, lines.party, *lines.other)
        texts = (lines.summary, lines.account_name, *coded)
        numbered = (lines.number, *coded)
        bad_texts = {bad for one in texts for bad in _bad(passage, one, DAMAGE, damaged)}
        bad_codes = {bad for one in numbered for bad in _bad(passage, one, _POWERS, scientific)}
        if not bad_texts and not bad_codes:
            return
        for row in range(lines.size):
            where = ("line", lines.line[row])
            if any(column[row] in bad_texts for column in texts):
                yield row, _of_row("S5.text", passage, row, where)
            elif any(column[row] in bad_codes for column in numbered):
                yield row, _of_row("S5.code", passage, row, where)


def _bad(
    passage: Passage, column: Texts, marks: Iterable[str], test: Callable[[Iterable[Text]], bool]
) -> Iterator[Text]:
    """Yield the different texts of a column that fail a test, if one of its marks occurs."""
    texts = passage.distinct(column)
    together = "\n".join(filter(None, texts))
    if any(mark in together for mark in marks):
        yield from (text for text in texts if test((text,)))


def damaged(texts: Iterable[str | None]) -> bool:
    """Tell whether a text shows a wrong decoding."""
    return any(text and any(mark in text for mark in DAMAGE) for text in texts)


def scientific(codes: Iterable[str | None]) -> bool:
    """Tell whether a code is written like 2.4112E+19, as spreadsheets do to long numbers."""
    return any(code and _SCIENTIFIC.fullmatch(code) for code in codes)


def unbalanced_vouchers(vouchers: Vouchers, currency: str) -> Iterator[Violation]:
    """L1: the debits and credits of every voucher cancel exactly, over at least two lines.

    Double entry: Pacioli, Summa de arithmetica, 1494, tractatus XI.
    """
    for (_, _, word), series in vouchers.series.items():
        if 1 not in series.lines and not any(series.nets):
            continue
        columns = series.numbers, series.periods, series.lines, series.nets
        for place, (number, period, lines, net) in enumerate(zip(*columns, strict=True)):
            if place in series.voided or (lines > 1 and not net):
                continue
            name = voucher_name(word, number)
            if net:
                yield violation(
                    "L1.net", period=period, voucher=name, difference=net, currency=currency
                )
            else:
                yield violation("L1.single", period=period, voucher=name)


def unbalanced_periods(nets: Mapping[str, int], currency: str) -> Iterator[Violation]:
    """L2: the debits and credits of every period cancel exactly."""
    for period, net in sorted(nets.items()):
        if net:
            yield violation("L2", period=period, difference=net, currency=currency)


def number_gaps(vouchers: Vouchers) -> Iterator[Violation]:
    """L3: voucher numbers run from 1 without a gap (断号), within what they are numbered in.

    A number that is no number even without its word in front (FEC) is left out.
    """
    if vouchers.numbering == "none":
        return
    for (year, period, word), series in vouchers.series.items():
        values = number_values(word, series.numbers)
        counted = {value for value in values if value is not None}
        if len(counted) == max(counted, default=0) and 0 not in counted and None not in values:
            continue
        numbered = {
            value: number
            for value, number in zip(values, series.numbers, strict=True)
            if value is not None
        }
        below, sample = 0, next(iter(numbered.values()), "")
        for value in sorted(numbered):
            if value > below + 1:
                yield _gap(period or year, word, sample, below + 1, value - 1)
            below = max(below, value)


def _gap(period: str, word: str, sample: str, first: int, last: int) -> Violation:
    one, other = (voucher_name(word, _like(sample, word, value)) for value in (first, last))
    if first == last:
        return violation("L3.one", period=period, voucher=one)
    facts = (("last", other), ("count", last - first + 1))
    return violation("L3.several", period=period, voucher=one, facts=facts)


def number_value(word: str, number: str) -> int | None:
    """Return what a voucher's number counts as: digits, behind its word or not; else None."""
    digits = number if number.isdecimal() else number.removeprefix(word)
    return int(digits) if digits.isdecimal() else None


def number_values(word: str, numbers: Collection[str]) -> list[int | None]:
    """Return what each of many numbers counts as."""
    if "" not in numbers and "".join(numbers).isdecimal():
        return list(map(int, numbers))
    return [number_value(word, number) for number in numbers]


def _like(sample: str, word: str, value: int) -> str:
    """Return a number written as the sample is: with its word in front, padded alike."""
    prefix = "" if sample.isdecimal() else word
    digits = sample.removeprefix(prefix)
    return prefix + (str(value).zfill(len(digits)) if digits.startswith("0") else str(value))


def dates_with_numbers(vouchers: Vouchers) -> Iterator[Violation]:
    """L4: within a period and word, a higher number has no earlier date (a warning)."""
    if vouchers.numbering != "month":
        return
    for (_, period, word), series in vouchers.series.items():
        values = number_values(word, series.numbers)
        if None not in values and _rise(values) and _rise(series.dates):
            continue
        columns = values, series.dates, series.numbers
        numbered = [one for one in zip(*columns, strict=True) if one[0] is not None]
        latest, named = "", ""
        for _, date, number in sorted(numbered):
            name = voucher_name(word, number)
            if date < latest:
                facts: Facts = (("date", date), ("before", named))
                yield violation("L4", severity="warning", period=period, voucher=name, facts=facts)
            else:
                latest, named = date, name


def _rise(column: Sequence[Any]) -> bool:
    """Tell whether nothing in a column is less than what stands before it."""
    return all(map(le, column, islice(column, 1, None)))


def violation(
    template: str,
    *,
    severity: Severity = "critical",
    period: str | None = None,
    voucher: str | None = None,
    account: str | None = None,
    difference: int | None = None,
    currency: str | None = None,
    facts: Facts = (),
) -> Violation:
    """Return a violation by the key of its sentence; the law is the part before the dot."""
    return broken(
        template.partition(".")[0],
        TEMPLATES[template],
        severity=severity,
        period=period,
        voucher=voucher,
        account=account,
        difference=difference,
        currency=currency,
        facts=facts,
    )


def _of_row(
    template: str,
    passage: Passage,
    row: int,
    fact: tuple[str, str | int] | None = None,
    account: str | None = None,
) -> Violation:
    return violation(
        template,
        period=passage.lines.period[row],
        voucher=passage.voucher(row),
        account=account or None,
        facts=(fact,) if fact else (),
    )
