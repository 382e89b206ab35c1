"""The laws of voucher lines: what must hold in any set of books, whoever wrote it.

    lines ──► runs ──► S1 … S5 look at each line        while the file goes by
                  └──► tallies, totals ──► L1 … L4      when all has been seen

Each law is one small class or function that reports violations and knows no other law.  All of
them are exact: sums are integers, nothing is rounded and nothing is tolerated.  A voided voucher
(作废) keeps its number and is judged by its text and number alone.

The laws over balance tables and invoices stand in `books.table_laws`; docs/checks.md says in
words what each law asks and what it catches.
"""

import json
import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping

from baozhang.books.findings import Facts, Report, broken
from baozhang.books.model import Account, Line, Severity, Violation
from baozhang.books.vouchers import Run, Tally, Vouchers, voucher_name

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

DAMAGE = ("\ufffd", "锟斤拷", "烫烫烫")
"""What wrong decoding leaves: the replacement character; U+FFFD's UTF-8 bytes read as GBK; and
memory filled with 0xCC, as debug builds of Visual C++ do, read as GBK."""

_REPLACED, _MISREAD, _UNSET = (json.dumps(mark).strip('"') for mark in DAMAGE)

_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?[eE]\+\d+", re.ASCII)
_BITS = 1024  # line numbers below this are remembered as bits of one integer per voucher


class DatesInPeriods:
    """S1: every date is a day of the calendar, inside the line's period."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.sound: set[tuple[str, str]] = set()

    def see(self, run: Run, _tally: Tally) -> None:
        """Judge a run."""
        sound, period = self.sound, run.period
        for line in run.lines:
            if (period, line.date) in sound:
                continue
            fault = _date_fault(line.date, period)
            if not fault:
                sound.add((period, line.date))
            else:
                self.report(_of_run(fault, run, ("date", line.date)))


def _date_fault(date: str, period: str) -> str:
    year, month, day = int(date[:4]), int(date[5:7]), int(date[8:10])
    if not year or not 1 <= month <= 12 or not 1 <= day <= monthrange(year, month)[1]:
        return "S1.day"
    number = int(period[5:])
    if number > 12:  # a closing period (13, 14) belongs to December
        return "" if date[:7] == f"{period[:4]}-12" else "S1.period"
    return "" if date[:7] == period else "S1.period"


class UniqueLines:
    """S2: year, period, word, number and line together occur once."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.far: set[tuple[int, int]] = set()

    def see(self, run: Run, tally: Tally) -> None:
        """Judge a run."""
        for line in run.lines:
            number = line.line
            if number < _BITS and not tally.seen >> number & 1:
                tally.seen |= 1 << number
            elif self._met_before(tally, number):
                self.report(_of_run("S2", run, ("line", line.line)))

    def _met_before(self, tally: Tally, number: int) -> bool:
        if number < _BITS:
            return True
        key = id(tally), number
        before = key in self.far
        self.far.add(key)
        return before


class KnownAccounts:
    """S3: every line has an account of the chart, and one without accounts below it."""

    def __init__(self, report: Report, accounts: Mapping[str, bool] | None) -> None:
        self.report = report
        self.leaves = accounts  # code to leaf; None: the export has no chart
        self.postable = {code for code, leaf in (accounts or {}).items() if leaf}

    def see(self, run: Run, _tally: Tally) -> None:
        """Judge a run."""
        for line in run.lines:
            if line.account not in self.postable and not line.voided:
                self._judge(run, line)

    def _judge(self, run: Run, line: Line) -> None:
        if not line.account:
            self.report(_of_run("S3.none", run, ("line", line.line)))
        elif self.leaves is None:
            self.postable.add(line.account)
        else:
            law = "S3.branch" if line.account in self.leaves else "S3.unknown"
            self.report(_of_run(law, run, account=line.account))


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

    def __init__(self, report: Report) -> None:
        self.report = report

    def see(self, run: Run, _tally: Tally) -> None:
        """Judge a run."""
        for line in run.lines:
            debit, credit = line.debit, line.credit
            broken = debit is None or credit is None or (debit == 0) == (credit == 0)
            if broken and not line.voided:
                self.report(_of_run(_side_fault(line), run, ("line", line.line), line.account))


def _side_fault(line: Line) -> str:
    if line.debit is None or line.credit is None:
        return "S4.null"
    return "S4.both" if line.debit else "S4.neither"


class SoundTexts:
    """S5: no text shows the marks of a wrong decoding, no code those of a spreadsheet.

    Looks at the canonical text of the whole run first: damage is rare and lines are many.
    """

    def __init__(self, report: Report) -> None:
        self.report = report

    def see(self, run: Run, _tally: Tally) -> None:
        """Judge a run."""
        text = run.text
        if not (
            _REPLACED in text or _MISREAD in text or _UNSET in text or "E+" in text or "e+" in text
        ):
            return
        for line in run.lines:
            texts = (line.summary, line.account, line.account_name, line.party, *line.other)
            if damaged(texts):
                self.report(_of_run("S5.text", run, ("line", line.line)))
            elif scientific((line.number, line.account, line.party, *line.other)):
                self.report(_of_run("S5.code", run, ("line", line.line)))


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
    for (_, _, word), tallies in vouchers.series.items():
        for number, tally in tallies.items():
            if tally.voided:
                continue
            name = voucher_name(word, number)
            if tally.net:
                yield violation(
                    "L1.net",
                    period=tally.period,
                    voucher=name,
                    difference=tally.net,
                    currency=currency,
                )
            elif tally.lines < 2:
                yield violation("L1.single", period=tally.period, voucher=name)


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
    for (year, period, word), tallies in vouchers.series.items():
        numbered = {
            value: number for number in tallies if (value := number_value(word, number)) is not None
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


def _like(sample: str, word: str, value: int) -> str:
    """Return a number written as the sample is: with its word in front, padded alike."""
    prefix = "" if sample.isdecimal() else word
    digits = sample.removeprefix(prefix)
    return prefix + (str(value).zfill(len(digits)) if digits.startswith("0") else str(value))


def dates_with_numbers(vouchers: Vouchers) -> Iterator[Violation]:
    """L4: within a period and word, a higher number has no earlier date (a warning)."""
    if vouchers.numbering != "month":
        return
    for (_, period, word), tallies in vouchers.series.items():
        numbered = [
            (value, tally.date, number)
            for number, tally in tallies.items()
            if (value := number_value(word, number)) is not None
        ]
        latest, named = "", ""
        for _, date, number in sorted(numbered):
            name = voucher_name(word, number)
            if date < latest:
                facts: Facts = (("date", date), ("before", named))
                yield violation("L4", severity="warning", period=period, voucher=name, facts=facts)
            else:
                latest, named = date, name


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


def _of_run(
    template: str, run: Run, fact: tuple[str, str | int] | None = None, account: str | None = None
) -> Violation:
    return violation(
        template,
        period=run.period,
        voucher=run.name,
        account=account or None,
        facts=(fact,) if fact else (),
    )
