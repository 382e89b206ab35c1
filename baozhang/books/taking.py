"""Taking a proof: every table read once, every law held against every row on the way.

    accounts ─► chart ──┐
    lines ─► runs ─► fingerprint, marks, totals, S1-S5 ─► L1-L4
    balances ─► fingerprint, L5 ─► L6-L9 ◄─ totals
    invoices ─► fingerprint, X1, X2

Memory: a tally per voucher, a total per period and account, an entry per balance row.
"""

from collections.abc import Callable, Iterator

from baozhang.books import laws
from baozhang.books.canonical import Fingerprint, canonical, root_of
from baozhang.books.findings import Findings
from baozhang.books.model import Account, LedgerReader, Table, Violation
from baozhang.books.proof import Proof
from baozhang.books.table_laws import BalanceTable, Invoices, damaged_accounts
from baozhang.books.totals import Totals
from baozhang.books.vouchers import Run, Tally, Vouchers, runs

Tell = Callable[[int], None]
"""Told how many rows have been read so far, now and then and at the end."""

_TELL_EVERY = 10_000  # rows


def silent(_rows: int) -> None:
    """Tell nobody."""


def take_proof(reader: LedgerReader, *, tell: Tell = silent) -> Proof:
    """Read a book once and return what a restored copy of it must equal.

    Args:
        reader: the book at one instant.
        tell: progress, in rows read.

    Raises:
        LedgerFormatError: the export is not what its profile says.
        SourceUnreadableError: a file cannot be read.
    """
    return _Taking(reader, tell).proof()


class _Taking:
    """One pass over one book."""

    def __init__(self, reader: LedgerReader, tell: Tell) -> None:
        self.reader, self.tell = reader, tell
        self.book = reader.book
        self.findings = Findings()
        self.fingerprint = Fingerprint(self.book)
        self.vouchers = Vouchers(self.book.numbering)
        self.totals = Totals()
        self.rows = 0

    def proof(self) -> Proof:
        chart = self._accounts()
        self._lines(chart)
        self._balances(chart)
        self._invoices()
        self.tell(self.rows)
        chunks = self.fingerprint.chunks()
        return Proof(
            book=self.book,
            root=root_of(chunks),
            chunks=chunks,
            totals=self.totals.totals(),
            vouchers=self.vouchers.marks(),
            violations=self.findings.violations,
            violation_counts=self.findings.counts,
        )

    def _accounts(self) -> dict[str, Account]:
        chart = {}
        for account in self.reader.accounts():
            self._print("accounts", "", account)
            chart[account.code] = account
        for found in (*laws.missing_parents(chart.values()), *damaged_accounts(chart.values())):
            self.findings.report(found)
        return chart

    def _lines(self, chart: dict[str, Account]) -> None:
        see = self._line_laws(chart)
        for run in runs(self.reader.lines()):
            text = run.text.encode("ascii")
            self.fingerprint.add("lines", run.period, text, len(run.lines))
            tally = self.vouchers.add(run, text)
            for look in see:
                look(run, tally)
            self._count(len(run.lines))
        for found in self._after_lines():
            self.findings.report(found)

    def _line_laws(self, chart: dict[str, Account]) -> list[Callable[[Run, Tally], None]]:
        report = self.findings.report
        leaves = {code: account.leaf for code, account in chart.items()}
        known = leaves if "accounts" in self.book.columns else None
        return [
            self.totals.see,
            laws.DatesInPeriods(report).see,
            laws.UniqueLines(report).see,
            laws.KnownAccounts(report, known).see,
            laws.OneSide(report).see,
            laws.SoundTexts(report).see,
        ]

    def _after_lines(self) -> Iterator[Violation]:
        currency = self.book.currency
        if not self.vouchers.series:
            yield laws.violation("S0", severity="warning")
        yield from laws.unbalanced_vouchers(self.vouchers, currency)
        yield from laws.unbalanced_periods(self.totals.nets(), currency)
        yield from laws.number_gaps(self.vouchers)
        yield from laws.dates_with_numbers(self.vouchers)

    def _balances(self, chart: dict[str, Account]) -> None:
        table = BalanceTable(self.findings.report, self.book.currency, chart)
        for row in self.reader.balances():
            self._print("balances", row.period, row)
            table.see(row)
        table.judge(self.totals.movements())

    def _invoices(self) -> None:
        invoices = Invoices(self.findings.report, self.book.currency)
        for row in self.reader.invoices():
            self._print("invoices", row.date[:7], row)
            invoices.see(row)

    def _print(self, table: Table, period: str, row: tuple[object, ...]) -> None:
        self.fingerprint.add(table, period, f"{canonical(row)}\n".encode("ascii"), 1)
        self._count(1)

    def _count(self, rows: int) -> None:
        before = self.rows // _TELL_EVERY
        self.rows += rows
        if self.rows // _TELL_EVERY != before:
            self.tell(self.rows)
