"""The laws of papers: invoices, and the files attached to vouchers.

    invoices    ─► X1 arithmetic, X2 numbers and red ones, S5 texts
    lines, invoices, attachments ─► X3: who is booked has a voucher, and the voucher its paper
    attachments ─► F3: the files are those of their list

Invoices are named by their row and files by their voucher: an invoice's number, and a file's
name, are the client's.  Memory: an entry per invoice, per voucher with attachments and per row of
a list that stands beside them.
"""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby

from baozhang.books.blocks import Passage
from baozhang.books.canonical import canonical
from baozhang.books.findings import Facts, Report, Teller, Told
from baozhang.books.laws import damaged, scientific
from baozhang.books.model import Attachment, Book, Invoice, Severity
from baozhang.books.proof import VoucherMarks
from baozhang.books.side_tables import LISTED_COLUMNS

TEMPLATES = {
    "S5.invoice": "invoice in row {row}: damaged text",
    "S5.number": "invoice in row {row}: its number is in scientific notation",
    "X1": "invoice in row {row}: amount and tax differ from the total by {difference} {currency}",
    "X1.rate": "invoice in row {row}: the tax differs from amount and rate by {difference} "
    "{currency}",
    "X2.digits": "invoice in row {row}: its number does not have 20 digits",
    "X2.twice": "invoice in row {row}: its number occurs twice",
    "X2.unlinked": "invoice in row {row}: a red invoice that names no blue one",
    "X2.blue": "invoice in row {row}: the blue invoice that it cancels is not there",
    "X2.more": "invoice in row {row}: it cancels more than is left of its blue invoice, by "
    "{difference} {currency}",
    "X3.unknown": "voucher {voucher} of {period} books an invoice that is not in the invoice table",
    "X3.unbooked": "invoice in row {row} is marked as booked, and no voucher names it",
    "X3.paper": "voucher {voucher} of {period} books an invoice and has no attachment",
    "X3.stray": "attachments of voucher {voucher} of {period}: the book has no such voucher",
    "F3.gone": "voucher {voucher} of {period}: an attachment of its list is not there",
    "F3.unlisted": "voucher {voucher} of {period}: an attachment is not in the list",
    "F3.size": "voucher {voucher} of {period}: an attachment has {size} bytes, its list says "
    "{expected}",
    "F3.content": "voucher {voucher} of {period}: an attachment is another file than the listed "
    "one",
    "F3.swapped": "voucher {voucher} of {period}: an attachment is the one of voucher {other} of "
    "{elsewhere}",
}
"""The sentence of each law; placeholders are a violation's fields and facts."""

TAX_TOLERANCE = 6  # minor units: issuing software rounds an invoice line by line
INVOICE_DIGITS = 20  # 数电票号码: fully digital invoices, nation-wide since 2024-12-01
_NUMBER = re.compile(rf"(?<!\d)\d{{{INVOICE_DIGITS}}}(?!\d)", re.ASCII)
_SHARE = re.compile(r"0(?:\.\d{1,4})?", re.ASCII)  # a plain 13 is none
_PER_CENT = re.compile(r"(\d{1,2}(?:\.\d{1,2})?)%", re.ASCII)
_UNTAXED = frozenset(("免税", "不征税", "出口零税率", "零税率"))
_BOOKED = frozenset(("是", "已入账", "Y", "1", "true", "True"))


class Invoices:
    """X1, X2 and S5 over invoices.

    Args:
        report: takes violations in.
        book: its roles say which cells are the rate and the blue invoice's number.
        tolerance: minor units that an invoice's tax may differ from amount times rate.
    """

    def __init__(self, report: Report, book: Book, *, tolerance: int = TAX_TOLERANCE) -> None:
        self.say, self.tolerance = Teller(report, book.currency, TEMPLATES), tolerance
        self.rate, self.blue = book.roles.get("rate"), book.roles.get("blue")
        self.totals: dict[str, int] = {}  # by number
        self.red: list[tuple[int, str, str, int]] = []  # row, period, the blue one's number, total
        self.rows = 0

    def see(self, invoice: Invoice) -> None:
        """Judge an invoice."""
        self.rows += 1
        period = invoice.date[:7]
        if off := invoice.amount + invoice.tax - invoice.total:
            self._found("X1", self.rows, period, off)
        if scientific((invoice.number,)):
            self._found("S5.number", self.rows, period)
        if damaged((invoice.kind, invoice.seller, invoice.buyer, *invoice.other)):
            self._found("S5.invoice", self.rows, period)
        number = invoice.number
        if len(number) != INVOICE_DIGITS or not (number.isascii() and number.isdecimal()):
            self._found("X2.digits", self.rows, period)
        elif number in self.totals:
            self._found("X2.twice", self.rows, period)
        self.totals.setdefault(number, invoice.total)
        self._see_rate(invoice)
        self._see_red(invoice)

    def _see_rate(self, invoice: Invoice) -> None:
        rate = rate_of(invoice.other[self.rate]) if self.rate is not None else None
        if rate is None:
            return
        exact = invoice.amount * rate
        if abs(invoice.tax - exact) > self.tolerance:
            self._found("X1.rate", self.rows, invoice.date[:7], round(invoice.tax - exact))

    def _see_red(self, invoice: Invoice) -> None:
        if self.blue is None:
            return
        number = (invoice.other[self.blue] or "").strip()
        if number:
            self.red.append((self.rows, invoice.date[:7], number, invoice.total))
        elif invoice.total < 0:
            self._found("X2.unlinked", self.rows, invoice.date[:7], severity="warning")

    def judge(self) -> None:
        """Report red invoices without their blue one, and blue ones cancelled more than once.

        A blue invoice older than the table cannot be asked for: a number begins with its year.
        """
        years = {number[:2] for number in self.totals}
        cancelled: dict[str, int] = {}
        for row, period, number, total in self.red:
            blue = self.totals.get(number)
            if blue is not None:
                before = max(cancelled.get(number, 0), abs(blue))
                cancelled[number] = cancelled.get(number, 0) + abs(total)
                if cancelled[number] > before:
                    self._found("X2.more", row, period, cancelled[number] - before)
            elif number[:2] in years:
                self._found("X2.blue", row, period)

    def _found(
        self,
        law: str,
        row: int,
        period: str,
        off: int | None = None,
        *,
        severity: Severity = "critical",
    ) -> None:
        self.say.tell(law, period, off=off, severity=severity, facts=(("row", row),))


def rate_of(text: str | None) -> Decimal | None:
    """Return a tax rate as a share: 13% and 0.13 are 0.13, 免税 is 0; None where it says none."""
    plain = (text or "").strip()
    if plain in _UNTAXED:
        return Decimal(0)
    if found := _PER_CENT.fullmatch(plain):
        return Decimal(found[1]) / 100
    return Decimal(plain) if _SHARE.fullmatch(plain) else None


class BookedInvoices:
    """X3: vouchers, the invoices they book, and the papers attached to them.

    Attachments are seen first, then voucher lines, then invoices.
    """

    def __init__(self, report: Report, book: Book) -> None:
        self.say = Teller(report, book.currency, TEMPLATES)
        self.named, self.booked = book.roles.get("invoice"), book.roles.get("booked")
        self.has_table = "invoices" in book.columns
        self.has_papers = "attachments" in book.columns
        self.papers: dict[tuple[str, str], bool] = {}  # seen yet, by period and voucher
        self.bare: set[tuple[str, str]] = set()
        self.on_lines: dict[str, tuple[str, str] | None] = {}  # by number; None: in the table too
        self.rows = 0

    def see_attachments(self, rows: Iterable[Attachment]) -> None:
        """Take in files; one that is only listed is F3's matter."""
        self.papers |= {(row.period, row.voucher): False for row in rows if row.sha256}

    def see_lines(self, passage: Passage) -> Iterable[Told]:
        """Take in vouchers, and the invoices they name."""
        lines, starts = passage.lines, passage.starts
        if self.papers:
            periods = map(lines.period.__getitem__, starts)
            met = self.papers.keys() & zip(periods, passage.vouchers, strict=True)
            self.papers |= dict.fromkeys(met, True)
        named = () if self.named is None else lines.other[self.named]
        rows = [row for row, text in enumerate(named) if text]
        for run, own in groupby(rows, lambda row: bisect_right(starts, row) - 1):
            if not lines.voided[starts[run]]:
                key = lines.period[starts[run]], passage.vouchers[run]
                for text in sorted({named[row] or "" for row in own}):
                    self._named(text, key)
        return ()

    def _named(self, text: str, key: tuple[str, str]) -> None:
        for number in _NUMBER.findall(text):
            self.on_lines[number] = key
            if self.has_papers and key not in self.papers:
                self.bare.add(key)

    def see_invoice(self, invoice: Invoice) -> None:
        """Judge an invoice."""
        self.rows += 1
        if invoice.number in self.on_lines:
            self.on_lines[invoice.number] = None
        elif self.booked is not None and (invoice.other[self.booked] or "").strip() in _BOOKED:
            self.say.tell("X3.unbooked", invoice.date[:7], facts=(("row", self.rows),))

    def judge(self) -> None:
        """Report what has no counterpart."""
        unknown = (key for key in self.on_lines.values() if key) if self.has_table else ()
        for period, voucher in unknown:
            self.say.tell("X3.unknown", period, voucher=voucher)
        for period, voucher in sorted(self.bare):
            self.say.tell("X3.paper", period, voucher=voucher)
        for (period, voucher), met in sorted(self.papers.items()):
            if not met:
                self.say.tell("X3.stray", period, voucher=voucher)


class Attachments:
    """F3: attached files against their list, where there is one; and the marks of a proof."""

    def __init__(self, report: Report, book: Book) -> None:
        self.say = Teller(report, book.currency, TEMPLATES)
        columns = book.columns.get("attachments", ())
        self.listed = columns[5:7] == LISTED_COLUMNS
        self.marks: dict[str, dict[str, hashlib._Hash]] = {}
        self.wrong: list[Attachment] = []
        self.owners: dict[str, tuple[str, str]] = {}  # period and voucher, by listed hash

    def see(self, rows: Iterable[Attachment]) -> None:
        """Judge files, and take them in."""
        for row in rows:
            self._add(row)

    def _add(self, row: Attachment) -> None:
        vouchers = self.marks.setdefault(row.period, {})
        mark = vouchers.setdefault(row.voucher, hashlib.sha256())
        mark.update(f"{canonical(row[2:])}\n".encode("ascii"))
        if self.listed:
            self._against_list(row)

    def _against_list(self, row: Attachment) -> None:
        size, sha256 = row.other[0], row.other[1]
        if sha256:
            self.owners[sha256] = row.period, row.voucher
        if not row.sha256:
            self._found("F3.gone", row)
        elif size is None:
            self._found("F3.unlisted", row)
        elif (str(row.size), row.sha256) != (size, sha256):
            self.wrong.append(row)

    def judge(self) -> None:
        """Report the files that are not what their list says."""
        for row in self.wrong:
            own = row.period, row.voucher
            elsewhere, other = self.owners.get(row.sha256, own)
            if (elsewhere, other) != own:
                facts: Facts = (("other", other), ("elsewhere", elsewhere))
                self._found("F3.swapped", row, facts)
            elif str(row.size) != row.other[0]:
                self._found("F3.size", row, (("size", row.size), ("expected", str(row.other[0]))))
            else:
                self._found("F3.content", row)

    def taken(self) -> tuple[VoucherMarks, ...]:
        """Return a mark per voucher: the first 4 bytes of SHA-256 over its rows, names included.

        Period and voucher are left out, so that files that changed places keep their mark.
        """
        return tuple(
            VoucherMarks(
                period,
                tuple(vouchers),
                tuple(mark.digest()[:4].hex() for mark in vouchers.values()),
            )
            for period, vouchers in sorted(self.marks.items())
        )

    def _found(self, law: str, row: Attachment, facts: Facts = ()) -> None:
        self.say.tell(law, row.period, voucher=row.voucher, facts=facts)
