"""Taking a proof: every table read once, every law held against every row on the way.

    accounts ─► chart ──┐
    side tables ─► fingerprint, periods, parts of accounts, papers
    lines ─► passages ─► fingerprint, marks, totals, S1-S5 ─► L1-L4
    balances ─► fingerprint, L5 ─► L6-L10, L12 ◄─ totals
    invoices ─► fingerprint, X1-X3
    all of them ─► P1-P3, and what the papers say of it all

A restored book is judged as its source was: `like` restricts tables and laws to those that the
expected proof held, so that a later release, which knows more, asks nothing that was not asked.

Memory: a tally per voucher, a total per period and account, an entry per balance row.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from baozhang.books import laws
from baozhang.books.beside import Beside, Law
from baozhang.books.blocks import Passage, collecting_rarely
from baozhang.books.canonical import Fingerprint, Printed, root_of
from baozhang.books.crew import Pages, pages_of
from baozhang.books.day_laws import RealDays
from baozhang.books.figures import Figures
from baozhang.books.findings import Findings, Told
from baozhang.books.model import (
    SIDE_TABLES,
    Account,
    Book,
    LedgerReader,
    SideTable,
    Standard,
    Table,
    Violation,
)
from baozhang.books.papers import Papers
from baozhang.books.party_laws import PartyTable
from baozhang.books.periods import Periods, Reviewed
from baozhang.books.proof import LAWS, Closed, Proof
from baozhang.books.standard_laws import (
    ClosedProfit,
    another_standard,
    equation,
    unusual_signs,
)
from baozhang.books.standards import AccountingStandard, load_standard
from baozhang.books.table_laws import BalanceTable, Unposted, damaged_accounts
from baozhang.books.totals import Totals
from baozhang.books.vouchers import Vouchers

Tell = Callable[[int], None]
"""Told how many rows have been read so far, now and then and at the end."""

Watch = Callable[[Passage], None]
"""Is shown every passage of lines, whole runs in the book's order."""

LineLaw = Callable[[Passage], Iterable[Told]]
"""Looks at a passage of lines, and yields which row breaks what."""

_TELL_EVERY = 10_000  # rows


def silent(_rows: int) -> None:
    """Tell nobody."""


def unwatched(_passage: Passage) -> None:
    """Show nobody."""


def take_proof(
    reader: LedgerReader,
    *,
    standard: Standard = "other",
    like: Proof | None = None,
    tell: Tell = silent,
    watch: Watch = unwatched,
) -> Proof:
    """Read a book once and return what a restored copy of it must equal.

    Args:
        reader: the book at one instant.
        standard: 会计制度 that the client's books follow; it says what an account's code means.
        like: the proof of the source that a restored book will be held against: the book is
            judged by its standard and its laws, and as far as it knew tables, roles and owner.
        tell: progress, in rows read.
        watch: is shown every passage of lines, so that nobody need read them once more.

    Raises:
        LedgerFormatError: the export is not what its profile says.
        SourceUnreadableError: a file cannot be read.
    """
    if like is None:
        return _Taking(reader, reader.book, standard, LAWS, tell, watch).proof()
    book = _as_known_to(like, reader.book)
    return _Taking(reader, book, like.standard, like.laws, tell, watch).proof()


_FIRST_TABLES: frozenset[Table] = frozenset(("lines", "accounts", "balances", "invoices"))


def _as_known_to(like: Proof, book: Book) -> Book:
    """Return a book's head as an earlier proof knew it.

    What stands beside the ledger proper came to be read bit by bit: a profile that names more
    of it today must not make an old backup fail.
    """
    known = _FIRST_TABLES | {*like.book.columns}
    return replace(
        book,
        columns={table: names for table, names in book.columns.items() if table in known},
        owner=book.owner if like.book.owner else None,
        roles={role: place for role, place in book.roles.items() if role in like.book.roles},
    )


class _Taking:
    """One pass over one book."""

    def __init__(
        self,
        reader: LedgerReader,
        book: Book,
        standard: Standard,
        version: int,
        tell: Tell,
        watch: Watch,
    ) -> None:
        self.reader, self.tell, self.watch = reader, tell, watch
        self.book, self.named_standard, self.version = book, standard, version
        self.findings = Findings(version)
        self.fingerprint = Fingerprint(self.book)
        self.vouchers = Vouchers(self.book.numbering)
        self.totals = Totals()
        self.periods = Periods()
        self.parties = PartyTable(self.findings.report, self.book.currency)
        self.unposted = Unposted()
        self.reviewed = Reviewed(self.findings.report, self.book)
        days = RealDays(self.findings.report) if version > 1 else None  # the first laws had none
        self.beside = Beside(self.fingerprint, days, self._count)
        self.rows = 0

    def proof(self) -> Proof:
        with pages_of(self.reader) as pages:  # helpers make them while the other tables are read
            chart = self._accounts()
            self.standard = self._standard_of(chart)
            self.profit = ClosedProfit(self.findings.report, self.standard, self.book.currency)
            self.papers = Papers(self.findings.report, self.book, self.standard, chart)
            self._sides()
            self._lines(chart, pages)
        table = self._balances(chart)
        self._invoices()
        closed = self._judge(table)
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
            laws=self.version,
            standard=self.named_standard,
            closed=closed,
            attachments=self.papers.attached(),
        )

    def _standard_of(self, chart: Mapping[str, Account]) -> AccountingStandard:
        """Return the standard, if the chart follows it; a wrong one would accuse every account."""
        standard = load_standard(self.named_standard)
        if not chart or not standard.profit or standard.fits(chart):
            return standard
        self.findings.report(another_standard(standard))
        return load_standard("other")

    def _accounts(self) -> dict[str, Account]:
        chart = {account.code: account for account in self.beside.accounts(self.reader.accounts())}
        for found in (*laws.missing_parents(chart.values()), *damaged_accounts(chart.values())):
            self.findings.report(found)
        return chart

    def _sides(self) -> None:
        """Read what stands beside the ledger proper, before the lines that are held against it."""
        papers = self.papers.side_laws()
        own: Mapping[SideTable, Sequence[Law]]
        own = {"periods": [self.periods.see], "parties": [self.parties.see]}
        for table in SIDE_TABLES:
            if table in self.book.columns:
                see = *own.get(table, ()), *papers.get(table, ())
                self.beside.read(table, self.reader.side_rows(table), see)

    def _lines(self, chart: dict[str, Account], pages: Pages) -> None:
        see = self._line_laws(chart)
        with collecting_rarely():
            for passage, printed in pages():
                self._print_lines(passage, printed)
                passage.again = self.vouchers.add(passage, printed)
                self._look(passage, see)
                self.watch(passage)
                self._count(passage.lines.size)
        for found in self._after_lines():
            self.findings.report(found)

    def _print_lines(self, passage: Passage, printed: Printed) -> None:
        for period, first, after in passage.stretches():
            runs = bisect_left(passage.starts, first), bisect_left(passage.starts, after)
            self.fingerprint.add("lines", period, printed.runs(*runs), after - first)

    def _look(self, passage: Passage, see: Sequence[LineLaw]) -> None:
        """Let every law look at a passage; what they tell is reported voucher by voucher."""
        told = [one for look in see for one in look(passage)]
        for _, found in sorted(told, key=lambda one: bisect_right(passage.starts, one[0])):
            self.findings.report(found)

    def _line_laws(self, chart: dict[str, Account]) -> list[LineLaw]:
        leaves = {code: account.leaf for code, account in chart.items()}
        known = leaves if "accounts" in self.book.columns else None
        return [
            self.totals.see,
            laws.DatesInPeriods().see,
            laws.UniqueLines(self.vouchers).see,
            laws.KnownAccounts(known).see,
            laws.OneSide().see,
            laws.SoundTexts().see,
            self.unposted.see,
            self.reviewed.see,
            *([self.profit.see] if self.standard.profit else ()),
            *self.papers.line_laws(),
        ]

    def _after_lines(self) -> Iterator[Violation]:
        currency = self.book.currency
        if not self.vouchers.series:
            yield laws.violation("S0", severity="warning")
        yield from laws.unbalanced_vouchers(self.vouchers, currency)
        yield from laws.unbalanced_periods(self.totals.nets(), currency)
        yield from laws.number_gaps(self.vouchers)
        yield from laws.dates_with_numbers(self.vouchers)

    def _balances(self, chart: dict[str, Account]) -> BalanceTable:
        table = BalanceTable(self.findings.report, self.book.currency, chart, self.standard)
        self.beside.read("balances", self.reader.balances(), [table.see])
        table.judge(self.totals.movements(), self.unposted.sums)
        return table

    def _invoices(self) -> None:
        self.beside.read("invoices", self.reader.invoices(), [self.papers.see_invoices])

    def _judge(self, table: BalanceTable) -> tuple[Closed, ...]:
        """Hold the laws that need every table; return the periods that are closed."""
        closings, currency = table.leaf_closings(), self.book.currency
        if self.standard.profit:
            for period, leaves in sorted(closings.items()):
                for found in (
                    *equation(self.standard, period, table.top(period), currency),
                    *unusual_signs(self.standard, period, leaves, currency),
                ):
                    self.findings.report(found)
        self.parties.judge()
        used = self.reviewed.used
        closed = self.periods.closed(used)
        for found in self.periods.in_order(used):
            self.findings.report(found)
        self.reviewed.judge(closed)
        if self.standard.profit:
            self.profit.judge(closed, closings, self.totals.movements())
        figures = Figures(currency, self.standard, table.periods, self.totals.movements())
        self.papers.judge(figures, closed)
        return closed

    def _count(self, rows: int) -> None:
        before = self.rows // _TELL_EVERY
        self.rows += rows
        if self.rows // _TELL_EVERY != before:
            self.tell(self.rows)
