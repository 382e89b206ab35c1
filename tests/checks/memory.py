"""A ledger held in memory, and a small sound book to hold in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from baozhang.books.model import Account, Balance, Book, Invoice, Line, SideRow, SideTable

HEAD = Book(
    name="ledger.csv",
    profile="cn-voucher",
    currency="CNY",
    numbering="month",
    columns={"lines": ("会计期间", "凭证字", "摘要"), "accounts": ("科目编码",)},
)
CHART = (
    Account("1002", "银行存款", "asset", "debit", None, True, ()),
    Account("1122", "应收账款", "asset", "debit", None, True, ()),
    Account("5001", "主营业务收入", "income", "credit", None, True, ()),
)


@dataclass(frozen=True)
class MemoryLedger:
    """A `LedgerReader` over rows it was given."""

    book: Book
    rows: tuple[Line, ...]
    chart: tuple[Account, ...] = CHART
    table: tuple[Balance, ...] = ()
    files: tuple[Path, ...] = ()

    def lines(self) -> Iterator[Line]:
        return iter(self.rows)

    def accounts(self) -> Iterator[Account]:
        return iter(self.chart)

    def balances(self) -> Iterator[Balance]:
        return iter(self.table)

    def invoices(self) -> Iterator[Invoice]:
        return iter(())

    def side_rows(self, table: SideTable) -> Iterator[SideRow]:
        return iter(())

    def changed(self, at: int, **values: object) -> "MemoryLedger":
        """Return the ledger with other values in one of its lines."""
        rows = list(self.rows)
        rows[at] = rows[at]._replace(**values)
        return replace(self, rows=tuple(rows))

    def without(self, lost: Callable[[Line], bool]) -> "MemoryLedger":
        """Return the ledger without some of its lines."""
        return replace(self, rows=tuple(line for line in self.rows if not lost(line)))


def line(period: str, number: int, at: int, account: str, debit: int, credit: int) -> Line:
    """Return one line of a voucher 记-number."""
    return Line(
        year=period[:4],
        period=period,
        word="记",
        number=str(number),
        line=at,
        date=f"{period}-{min(number, 28):02}",
        summary=f"收到货款 {number}",
        account=account,
        account_name="",
        party=None,
        currency="CNY",
        debit=debit,
        credit=credit,
        posted=True,
        voided=False,
        other=(),
    )


def ledger(*, periods: int = 3, vouchers: int = 6, amount: int = 104_900) -> MemoryLedger:
    """Return a sound book: `vouchers` balanced vouchers of two lines in each period of 2026."""
    rows = [
        one
        for month in range(1, periods + 1)
        for number in range(1, vouchers + 1)
        for one in _voucher(f"2026-{month:02}", number, amount + number)
    ]
    return MemoryLedger(HEAD, tuple(rows))


def _voucher(period: str, number: int, amount: int) -> tuple[Line, Line]:
    paid_from = "1002" if number % 2 else "1122"
    return (
        line(period, number, 1, paid_from, amount, 0),
        line(period, number, 2, "5001", 0, amount),
    )
