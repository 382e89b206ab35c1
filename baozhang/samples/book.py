"""One sample book in memory: complete, lawful, as small as is asked, made in milliseconds.

    make_book ──► SampleBook, which is a LedgerReader: lines, chart, balances, invoices, side tables

It is what the other forms of samples are made from (an export is this, written down), and what
tests spoil on purpose.  The company trades as every sample client does (`samples.business`).
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Literal

from baozhang.books.model import (
    Account,
    Asset,
    Attachment,
    Balance,
    BankLine,
    Book,
    Filing,
    Invoice,
    Line,
    PartyBalance,
    Pay,
    PeriodState,
    Role,
    SideRow,
    SideTable,
    Standard,
    Table,
)
from baozhang.samples.asbe import in_asbe
from baozhang.samples.business import AVERAGE_SALE, SALES_SHARE, Bookkeeper, Company, opened
from baozhang.samples.chart import ChartAccount, names
from baozhang.samples.identity import TRADES, credit_code, parties, staff
from baozhang.samples.journal import SampleInvoice, Standing, Voucher
from baozhang.samples.seeds import rng_for
from baozhang.samples.sides import WORD, Sides

LAST_DAYS = 28  # of a month; from this day on an open month's vouchers wait to be posted
PARTNERS = 5  # customers, and as many suppliers
ROLES: dict[Role, int] = {
    "prepared": 0,
    "reviewed": 1,
    "attachments": 2,
    "invoice": 3,
    "rate": 0,
    "blue": 1,
    "booked": 2,
}
"""Places in `other`: the first four of a line, the rest of an invoice."""
COLUMNS: dict[Table, tuple[str, ...]] = {
    "lines": (*Line._fields[:-1], "制单人", "审核人", "附件数", "发票号码"),
    "accounts": Account._fields[:-1],
    "balances": Balance._fields[:-1],
    "invoices": (*Invoice._fields[:-1], "税率", "原蓝字发票号码", "入账标识"),
    "periods": PeriodState._fields[:-1],
    "parties": PartyBalance._fields[:-1],
    "assets": Asset._fields[:-1],
    "payroll": Pay._fields[:-1],
    "bank": BankLine._fields[:-1],
    "filings": Filing._fields[:-1],
    "attachments": Attachment._fields[:-1],
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a sample book shall be like."""

    seed: int = 1
    months: int = 2
    trades: int = 8  # vouchers of daily trade per month, beside some 15 of fixed duties
    invoices: int = 4  # per month, at most
    trade: Literal["goods", "services"] = "goods"
    vat_percent: int = 13  # 13, 6, or 3 for a 小规模纳税人
    standard: Literal["sbe", "asbe"] = "sbe"
    first: date = date(2026, 1, 1)
    serial: int = 1  # of the client within its agency
    open_months: int = 0  # how many of the months, the last ones, are not closed yet


@dataclass(frozen=True, slots=True)
class SampleBook:
    """A whole book; what `LedgerReader` promises, from memory."""

    book: Book
    standard: Standard
    rows: Mapping[Table, Sequence[tuple[object, ...]]]
    files: Mapping[str, bytes]  # attachments, by "2026-03/记-12/<name>"

    def lines(self) -> Iterator[Line]:
        """Yield voucher lines in the order they were booked."""
        yield from self.rows["lines"]  # type: ignore[misc]

    def accounts(self) -> Iterator[Account]:
        """Yield the chart of accounts, parents before children."""
        yield from self.rows["accounts"]  # type: ignore[misc]

    def balances(self) -> Iterator[Balance]:
        """Yield balances, period by period."""
        yield from self.rows["balances"]  # type: ignore[misc]

    def invoices(self) -> Iterator[Invoice]:
        """Yield invoices."""
        yield from self.rows["invoices"]  # type: ignore[misc]

    def side_rows(self, table: SideTable) -> Iterator[SideRow]:
        """Yield the rows of one side table."""
        yield from self.rows[table]  # type: ignore[misc]


def make_book(wish: Wish) -> SampleBook:
    """Return the book that the wish decides, every value of it."""
    rng = rng_for(wish.seed, "book", wish.serial)
    company = _company(wish)
    keeper = Bookkeeper(company, opened(company), rng)
    people = staff(rng_for(wish.seed, "staff", wish.serial))
    rows: dict[Table, list[tuple[object, ...]]] = {table: [] for table in COLUMNS}
    files: dict[str, bytes] = {}
    for month in range(wish.months):
        if month:
            keeper.standing = keeper.standing.next_period()
        keeper.invoices_left = wish.invoices
        sides, closed = Sides(keeper), month < wish.months - wish.open_months
        for voucher in keeper.month(wish.trades):
            sides.see(voucher)
            rows["lines"] += _lines(keeper.standing, voucher, people, closed=closed)
        rows["balances"] += _balances(keeper.standing)
        rows["invoices"] += (_invoice(invoice) for _, invoice in sides.invoices)
        rows["attachments"] += _attachments(keeper.standing, sides, files)
        for table, found in sides.rows(closed=closed).items():
            rows[table] += found
    rows["accounts"] = [*_accounts(keeper.standing.accounts)]
    book = Book(".", "sample", "CNY", "month", dict(COLUMNS), company.credit_code, dict(ROLES))
    made = SampleBook(book, "sbe", rows, files)
    return made if wish.standard == "sbe" else replace(made, standard="asbe", rows=in_asbe(rows))


def _company(wish: Wish) -> Company:
    rng = rng_for(wish.seed, "parties", wish.serial)
    number = 100 * wish.serial
    return Company(
        wish.serial,
        wish.trade,
        wish.vat_percent,
        credit_code(wish.serial),
        parties(rng, "K", tuple(TRADES), PARTNERS, 100_000 + number),
        parties(rng, "G", (wish.trade,), PARTNERS, 100_050 + number),
        int(wish.trades * SALES_SHARE * AVERAGE_SALE),
        wish.first.replace(day=1),
    )


def _lines(
    standing: Standing, voucher: Voucher, people: tuple[str, ...], *, closed: bool
) -> Iterator[Line]:
    """Yield a voucher's lines; in an open month those of its end are not posted yet."""
    called, year, period = names(), str(standing.year), standing.period
    number, day, summary = str(voucher.number), voucher.day.isoformat(), voucher.summary
    invoice = voucher.invoice.number if voucher.invoice else ""
    posted = closed or voucher.day.day < LAST_DAYS
    other = (people[0], people[1], str(voucher.attachments), invoice)
    for position, (account, debit, credit, party) in enumerate(voucher.entries, start=1):
        yield Line(
            year,
            period,
            WORD,
            number,
            position,
            day,
            summary,
            account,
            called[account],
            party.code if party else "",
            "CNY",
            debit,
            credit,
            posted=posted,
            voided=False,
            other=other,
        )


def _balances(standing: Standing) -> Iterator[Balance]:
    period = standing.period
    for row in standing.table():
        yield Balance(period, row.account, row.opening, row.debit, row.credit, row.closing, ())


@cache
def _accounts(chart: tuple[ChartAccount, ...]) -> tuple[Account, ...]:
    return tuple(
        Account(
            a.code,
            a.name,
            a.category,
            "debit" if a.side == "借" else "credit",
            a.parent or None,
            a.leaf,
            (),
        )
        for a in chart
    )


def _invoice(invoice: SampleInvoice) -> Invoice:
    return Invoice(
        invoice.number,
        invoice.day.isoformat(),
        invoice.kind,
        invoice.seller,
        invoice.buyer,
        invoice.amount,
        invoice.tax,
        invoice.amount + invoice.tax,
        (f"{invoice.percent}%", invoice.blue or "", "是"),
    )


def _attachments(standing: Standing, sides: Sides, files: dict[str, bytes]) -> Iterator[Attachment]:
    for voucher, invoice in sides.invoices:
        name, place = f"{invoice.number}.txt", f"{WORD}-{voucher.number}"
        body = f"样例发票 {invoice.number}\n".encode()
        files[f"{standing.period}/{place}/{name}"] = body
        digest = hashlib.sha256(body).hexdigest()
        yield Attachment(standing.period, place, name, len(body), digest, ())
