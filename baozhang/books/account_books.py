"""Account books (账簿) of a proven ledger: what an accountant answers a client from.

    lines ──► held against the proof on the way ──► 序时账, 明细账
    balance table, or the vouchers where there is none ──► 科目余额表, 总账
    what was filed (申报) ──► as it was filed

Amounts are minor units, balances signed with debit positive, nothing is rounded.  A period that
the book's own balance table has is shown as the table says; one that it lacks goes on from the
period before with the vouchers' movements (from nothing, where no table came with the book), and
says so.  No report is drawn up that the book does not hold: no account is mapped to an item here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Literal, NamedTuple, cast

from baozhang.books.chart import parents_of
from baozhang.books.compare import compare
from baozhang.books.model import Filing, LedgerReader
from baozhang.books.proof import Proof
from baozhang.books.spool import Kept, Spool, spool
from baozhang.books.taking import take_proof
from baozhang.errors import ProofFailedError

Origin = Literal["table", "vouchers"]
"""Where a period's balances come from: the book's own balance table, or its vouchers."""

Kind = Literal["opening", "line", "month", "year"]
"""期初余额, a voucher line, 本月合计, 本年累计."""

Figures = tuple[int, int, int, int]
"""Opening, debit, credit, closing; balances signed, debit positive."""

_NOTHING: Figures = (0, 0, 0, 0)


class TrialRow(NamedTuple):
    """One account in one period (科目余额表)."""

    period: str
    account: str
    name: str
    leaf: bool  # the lowest level: these alone sum to the control totals
    opening: int
    debit: int
    credit: int
    closing: int
    origin: Origin


class GeneralRow(NamedTuple):
    """One line of the general ledger (总账); `debit` and `credit` are 0 in an opening."""

    account: str
    name: str
    period: str
    kind: Kind
    debit: int
    credit: int
    balance: int


class DetailRow(NamedTuple):
    """One line of a detail ledger (明细账); date, voucher and summary only of voucher lines."""

    account: str
    name: str
    period: str
    kind: Kind
    date: str
    voucher: str
    summary: str
    party: str
    debit: int
    credit: int
    balance: int
    state: str


class ControlRow(NamedTuple):
    """The control totals of one period (核对合计数), and what the balance rows sum to."""

    period: str
    vouchers: int
    lines: int
    debit: int  # of all lines, voided ones included, as the proof has them
    credit: int
    voided_debit: int  # the part of it that is voided
    voided_credit: int
    trial_debit: int  # of the lowest accounts
    trial_credit: int
    origin: Origin


@contextmanager
def account_books(reader: LedgerReader, expected: Proof, folder: Path) -> Iterator["AccountBooks"]:
    """Read a book once, hold it against its proof, and provide its account books.

    Args:
        reader: the restored book.
        expected: the proof that was taken when it was backed up.
        folder: private; lines lie there until the `with` ends.

    Raises:
        ProofFailedError: it is not the book that was backed up, or its balance table does not
            agree with its vouchers where it did then.
        LedgerFormatError: it is not what its profile says.
    """
    with spool(folder / "lines.db") as lines:
        taken = take_proof(reader, like=expected, watch=lines.add)
        if any(each.severity == "critical" for each in compare(expected, taken)):
            raise not_proven(expected)
        books = AccountBooks(reader, expected, lines)
        _require_agreement(books)
        yield books


def not_proven(proof: Proof) -> ProofFailedError:
    """Return the error for a book that cannot be shown."""
    return ProofFailedError(
        "a book of {lines} lines is not the book that was backed up: nothing of it is shown",
        hint="Use an older backup point: `baozhang point list`.",
        lines=proof.line_count,
    )


@dataclass(frozen=True)
class AccountBooks:
    """One proven book's account books; valid inside the `with` of `account_books`."""

    reader: LedgerReader
    proof: Proof
    spool: Spool

    def trial(self) -> Iterator[TrialRow]:
        """Yield the trial balance, period by period, account by account."""
        for period, (origin, figures) in sorted(self.periods.items()):
            for code in sorted(figures):
                leaf = code not in self.above
                yield TrialRow(period, code, self.name(code), leaf, *figures[code], origin)

    def general(self) -> Iterator[GeneralRow]:
        """Yield the general ledger: each account of the first level, month by month."""
        codes = {code for _, figures in self.periods.values() for code in figures}
        for code in sorted(code for code in codes if self.parents.get(code) not in codes):
            year, so_far = "", (0, 0)
            for period, (_, figures) in sorted(self.periods.items()):
                if code not in figures:
                    continue
                opening, debit, credit, closing = figures[code]
                head = code, self.name(code), period
                if period[:4] != year:
                    year, so_far = period[:4], (0, 0)
                    yield GeneralRow(*head, "opening", 0, 0, opening)
                so_far = so_far[0] + debit, so_far[1] + credit
                yield GeneralRow(*head, "month", debit, credit, closing)
                yield GeneralRow(*head, "year", *so_far, closing)

    def details(self) -> Iterator[DetailRow]:
        """Yield the detail ledger: each account of the lowest level or with lines, line by line."""
        codes = {code for _, figures in self.periods.values() for code in figures}
        for code in sorted({*self.spool.accounts(), *(codes - self.above)}):
            yield from self._detail(code)

    def journal(self) -> Iterator[Kept]:
        """Yield every line in the book's order (序时账)."""
        return self.spool.lines()

    def filed(self) -> Iterator[Filing]:
        """Yield the figures of reports and returns as they were filed, where the book has any."""
        if "filings" in self.reader.book.columns:
            yield from cast("Iterator[Filing]", self.reader.side_rows("filings"))

    def control(self) -> Iterator[ControlRow]:
        """Yield the control totals of each period, beside the sums of the balance rows."""
        vouchers = {marks.period: len(marks.vouchers) for marks in self.proof.vouchers}
        for period, (origin, figures) in sorted(self.periods.items()):
            totals = [total for total in self.proof.totals if total.period == period]
            leaves = [row for code, row in figures.items() if code not in self.above]
            debit, credit = (
                sum(total.debit for total in totals),
                sum(total.credit for total in totals),
            )
            moved = _total(self.moved.get(period, {}).values())
            yield ControlRow(
                period,
                vouchers.get(period, 0),
                sum(total.lines for total in totals),
                debit,
                credit,
                debit - moved[0],
                credit - moved[1],
                sum(row[1] for row in leaves),
                sum(row[2] for row in leaves),
                origin,
            )

    def name(self, code: str) -> str:
        """Return what an account is called: by the chart, else by the lines, else ''."""
        return self._chart.get(code) or self.spool.names.get(code, "")

    @property
    def computed(self) -> tuple[str, ...]:
        """The periods whose balances come from vouchers."""
        return tuple(p for p, (origin, _) in sorted(self.periods.items()) if origin == "vouchers")

    @property
    def has_table(self) -> bool:
        """Whether the book came with a balance table of its own."""
        return bool(self._table)

    @cached_property
    def periods(self) -> Mapping[str, tuple[Origin, Mapping[str, Figures]]]:
        """Every period's balances by account, and where they come from."""
        found: dict[str, tuple[Origin, Mapping[str, Figures]]] = {}
        before: Mapping[str, Figures] = {}
        for period in sorted({*self._table, *self.moved}):
            if period in self._table:
                found[period] = "table", self._table[period]
            else:
                found[period] = "vouchers", self._gone_on(before, self.moved[period])
            before = found[period][1]
        return found

    @cached_property
    def moved(self) -> Mapping[str, Mapping[str, tuple[int, int]]]:
        """Debit and credit of the vouchers by period and account, voided lines left out."""
        return _by_period(self.spool.totals.movements())

    @cached_property
    def unposted(self) -> Mapping[str, Mapping[str, tuple[int, int]]]:
        """The part of it that is known not to be posted."""
        return _by_period(self.spool.unposted.sums)

    @cached_property
    def parents(self) -> Mapping[str, str | None]:
        """The account above each one."""
        codes = {code for figures in self._table.values() for code in figures}
        codes |= {code for figures in self.moved.values() for code in figures} | {*self._chart}
        stated = {account.code: account.parent for account in self.reader.accounts()}
        return {**parents_of(codes - {""}), **stated}

    @cached_property
    def above(self) -> frozenset[str]:
        """The accounts that have others below."""
        return frozenset(parent for parent in self.parents.values() if parent is not None)

    @cached_property
    def _chart(self) -> Mapping[str, str]:
        return {account.code: account.name or "" for account in self.reader.accounts()}

    @cached_property
    def _table(self) -> Mapping[str, Mapping[str, Figures]]:
        table: dict[str, dict[str, Figures]] = defaultdict(dict)
        for row in self.reader.balances():  # split by currency or subsidiary in some products
            old = table[row.period].get(row.account, _NOTHING)
            own = row.opening, row.debit, row.credit, row.closing
            table[row.period][row.account] = _added(old, own)
        return table

    def _gone_on(
        self, before: Mapping[str, Figures], moved: Mapping[str, tuple[int, int]]
    ) -> Mapping[str, Figures]:
        """Return balances that go on from those before, with what the vouchers moved."""
        found = {code: (row[3], 0, 0, row[3]) for code, row in before.items()}
        for code, (debit, credit) in moved.items():
            each: str | None = code
            while each is not None:
                old = found.get(each, _NOTHING)
                found[each] = _added(old, (0, debit, credit, debit - credit))
                each = self.parents.get(each)
        return found

    def _detail(self, code: str) -> Iterator[DetailRow]:
        """Yield an account's lines, with its opening each year and its sums each month."""
        name, balance, year, so_far = self.name(code), 0, "", (0, 0)
        by_period = groupby(self.spool.lines_of(code), attrgetter("period"))
        ahead = next(by_period, None)
        for period, (_, figures) in sorted(self.periods.items()):
            lines = ahead[1] if ahead is not None and ahead[0] == period else None
            if code not in figures and lines is None:
                continue
            balance, debit, credit, closing = figures.get(code, (balance, 0, 0, balance))
            if period[:4] != year:
                year, so_far = period[:4], (0, 0)
                yield _summed(code, name, period, "opening", (0, 0), balance)
            for each in lines or ():
                if each.state != "voided":
                    balance += each.debit - each.credit
                yield _line(name, each, balance)
            if lines is not None:
                ahead = next(by_period, None)
            so_far = so_far[0] + debit, so_far[1] + credit
            yield _summed(code, name, period, "month", (debit, credit), closing)
            yield _summed(code, name, period, "year", so_far, closing)
            balance = closing


def _line(name: str, each: Kept, balance: int) -> DetailRow:
    return DetailRow(
        each.account,
        name,
        each.period,
        "line",
        each.date,
        each.voucher,
        each.summary,
        each.party,
        each.debit,
        each.credit,
        balance,
        each.state,
    )


def _summed(
    code: str, name: str, period: str, kind: Kind, moved: tuple[int, int], balance: int
) -> DetailRow:
    return DetailRow(code, name, period, kind, "", "", "", "", *moved, balance, "")


def _added(one: Figures, other: Figures) -> Figures:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]


def _require_agreement(books: AccountBooks) -> None:
    """Make sure that the balances shown sum to the vouchers, wherever they did in the source.

    A table may hold all vouchers or the posted ones alone; where the source itself broke L6, its
    table is shown as it is, and the control totals beside it.
    """
    inherited = {period for law, period, _ in books.proof.violation_counts if law == "L6"}
    for row in books.control():
        own = [
            _total(figures for code, figures in sums.items() if code not in books.above)
            for sums in (books.moved.get(row.period, {}), books.unposted.get(row.period, {}))
        ]
        posted = own[0][0] - own[1][0], own[0][1] - own[1][1]
        trial = row.trial_debit, row.trial_credit
        if trial not in (own[0], posted) and row.period not in inherited:
            raise not_proven(books.proof)


def _total(sums: Iterable[tuple[int, int]]) -> tuple[int, int]:
    every = list(sums)
    return sum(debit for debit, _ in every), sum(credit for _, credit in every)


def _by_period(
    sums: Mapping[tuple[str, str], tuple[int, int]],
) -> Mapping[str, Mapping[str, tuple[int, int]]]:
    found: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for (period, code), each in sums.items():
        found[period][code] = each
    return found
