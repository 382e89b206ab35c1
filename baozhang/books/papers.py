"""What stands beside the ledger proper, and the laws that hold it together with the books.

    side rows ─► Parties, Assets, Payroll, Bank, Filings, Attachments ─┐
    lines     ─► what each of them must see                            ├─► judge
    invoices  ─► Invoices, BookedInvoices                              ┘

A law whose table the export lacks is not here at all: it says nothing, and `books.applicable`
says that it was not applied.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from baozhang.books.bank_laws import Bank
from baozhang.books.beside import Law
from baozhang.books.blocks import Passage
from baozhang.books.document_laws import Attachments, BookedInvoices, Invoices
from baozhang.books.figures import Figures
from baozhang.books.filing_laws import Filings, ValueAddedTax
from baozhang.books.findings import Report, Told
from baozhang.books.model import Account, Book, Invoice, SideTable
from baozhang.books.proof import Closed, VoucherMarks
from baozhang.books.standards import AccountingStandard
from baozhang.books.subledger_laws import Assets, Parties, Payroll


class Papers:
    """The laws over sub-ledgers and papers of one book.

    Args:
        report: takes violations in.
        book: what the export has.
        standard: 会计制度 that the chart follows.
        chart: the accounts, by code.
    """

    def __init__(
        self,
        report: Report,
        book: Book,
        standard: AccountingStandard,
        chart: Mapping[str, Account],
    ) -> None:
        self.book = book
        self.names = {code: account.name for code, account in chart.items()}
        self.parties = Parties(report, book.currency)
        self.assets = Assets(report, book.currency, standard)
        self.payroll = Payroll(report, book.currency)
        self.bank = Bank(report, book.currency)
        self.filings = Filings(report, book.currency, standard)
        self.tax = ValueAddedTax(report, book.currency, standard, self.names)
        self.attachments = Attachments(report, book)
        self.booked = BookedInvoices(report, book)
        self.invoices = Invoices(report, book)

    def side_laws(self) -> Mapping[SideTable, Sequence[Law]]:
        """Return who looks at the rows of which side table."""
        return {
            "parties": [self.parties.see],
            "assets": [self.assets.see],
            "payroll": [self.payroll.see],
            "bank": [self.bank.see],
            "filings": [self.filings.see],
            "attachments": [self.attachments.see, self.booked.see_attachments],
        }

    def line_laws(self) -> list[Callable[[Passage], Iterable[Told]]]:
        """Return who looks at voucher lines; side tables have been read by then."""
        book, found = self.book, list[Callable[[Passage], Iterable[Told]]]()
        if "parties" in book.columns:
            found.append(self.parties.see_lines)
        if "bank" in book.columns:
            found.append(self.bank.see_lines)
        if self.filings.filed and self.filings.standard.profit:
            found.append(self.filings.see_lines)
        if self.tax.small_scale:
            found.append(self.tax.see_lines)
        if "invoice" in book.roles or "attachments" in book.columns:
            found.append(self.booked.see_lines)
        return found

    def see_invoices(self, invoices: Iterable[Invoice]) -> None:
        """Look at invoices, each by every law before the next one."""
        for invoice in invoices:
            self.invoices.see(invoice)
            if "invoice" in self.book.roles:
                self.booked.see_invoice(invoice)

    def judge(self, figures: Figures, closed: Collection[Closed]) -> None:
        """Report what breaks a law, when all has been seen.

        Args:
            figures: what balance table and vouchers say of accounts.
            closed: the closed periods; what is missing is asked for only where that is stated.
        """
        stated = [one.period for one in closed if one.stated]
        self.invoices.judge()
        self.booked.judge()
        self.attachments.judge()
        self.parties.judge(figures)
        self.assets.judge(figures, stated)
        self.payroll.judge(figures, stated, self.names)
        self.bank.judge(figures)
        self.tax.judge(figures, [one.period for one in closed])
        self.filings.judge(figures, self.parties, self.names)

    def attached(self) -> tuple[VoucherMarks, ...]:
        """Return a mark per voucher over its attachments."""
        return self.attachments.taken()
