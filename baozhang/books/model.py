"""The canonical ledger: what every accounting product's export becomes.

Rows are named tuples, not dataclasses: a book has millions of them, and the tuple itself is the
canonical row that is fingerprinted.  Text is untouched after decoding; `None` is SQL's NULL and
differs from `''`; amounts are integers of minor units; dates are ISO text.

`other` holds the values of the columns the profile does not name, in file order, so that no
value of an export escapes its fingerprint; their names stand in `Columns`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, get_args

Numbering = Literal["month", "year", "none"]
Standard = Literal["sbe", "asbe", "other"]
"""会计制度: 小企业会计准则 (财会〔2011〕17号), 企业会计准则 (2006), or a chart that is neither."""

SideTable = Literal["periods", "parties", "assets", "payroll", "bank", "filings", "attachments"]
"""What stands beside the ledger proper: sub-ledgers and papers that must agree with it."""
Table = Literal["lines", "accounts", "balances", "invoices"] | SideTable
SIDE_TABLES: tuple[SideTable, ...] = get_args(SideTable)
TABLES: tuple[Table, ...] = ("lines", "accounts", "balances", "invoices", *SIDE_TABLES)
Role = Literal["prepared", "reviewed", "attachments", "invoice", "rate", "blue", "booked"]
"""What a column in `other` means to a law: of a line 制单, 审核, 附件数, 发票号码; of an invoice
税率, 原蓝字发票号码, 入账标识."""


class Line(NamedTuple):
    """One line (分录) of one voucher (记账凭证)."""

    year: str  # fiscal year in which the voucher is numbered, e.g. "2026"
    period: str  # accounting period, "2026-03"
    word: str  # 凭证字, or the journal's code
    number: str  # voucher number as written; digits where the product numbers
    line: int  # position within the voucher, from 1
    date: str  # ISO date
    summary: str | None
    account: str | None  # account code
    account_name: str | None
    party: str | None  # subsidiary code: customer, supplier, ...
    currency: str  # ISO 4217
    debit: int | None  # minor units
    credit: int | None  # minor units
    posted: bool | None
    voided: bool | None
    other: tuple[str | None, ...]


class Account(NamedTuple):
    """One account (科目) of the chart."""

    code: str
    name: str | None
    category: str | None
    side: Literal["debit", "credit"] | None  # normal balance
    parent: str | None  # code of the account above, None at the first level
    leaf: bool
    other: tuple[str | None, ...]


class Balance(NamedTuple):
    """One account's balance and movement in one period (科目余额表); signed, debit positive."""

    period: str
    account: str
    opening: int
    debit: int
    credit: int
    closing: int
    other: tuple[str | None, ...]


class Invoice(NamedTuple):
    """One invoice (发票)."""

    number: str
    date: str
    kind: str | None
    seller: str | None
    buyer: str | None
    amount: int  # minor units, without tax
    tax: int
    total: int
    other: tuple[str | None, ...]


class PeriodState(NamedTuple):
    """Whether one period is closed (结账); a book's own word for it."""

    period: str
    closed: bool
    other: tuple[str | None, ...]


class PartyBalance(NamedTuple):
    """One partner's, item's or employee's part of an account in one period (辅助余额); signed."""

    period: str
    account: str
    party: str
    opening: int
    debit: int
    credit: int
    closing: int
    other: tuple[str | None, ...]


class Asset(NamedTuple):
    """One fixed-asset card (固定资产卡片) as it stands at the end of one period."""

    period: str
    number: str  # 卡片编号
    account: str | None  # 固定资产科目, where the card names it
    acquired: str  # ISO date, 入账日期
    cost: int  # 原值
    salvage: int  # 预计净残值
    life: int  # months, 预计使用月份
    used: int  # months depreciated so far, this period included, 已计提月份
    accumulated: int  # 累计折旧, this period included
    monthly: int  # depreciation of this period, 本月折旧额
    other: tuple[str | None, ...]


class Pay(NamedTuple):
    """One employee's pay of one period (工资表)."""

    period: str
    employee: str
    gross: int  # 应发
    deductions: int  # 社保、公积金和其他扣款, without the tax
    tax: int  # 个人所得税
    net: int  # 实发
    other: tuple[str | None, ...]


class BankLine(NamedTuple):
    """One line of a bank statement (银行对账单)."""

    date: str  # ISO date
    account: str  # the account (科目) of the book that it belongs to
    reference: str | None
    received: int
    paid: int
    balance: int  # after this line
    other: tuple[str | None, ...]


class Filing(NamedTuple):
    """One figure of a report or return that was filed (已申报)."""

    period: str
    form: str  # "balance_sheet", "income", "vat"
    item: str  # the form's own name of the figure, e.g. "资产总计"
    amount: int
    other: tuple[str | None, ...]


class Attachment(NamedTuple):
    """One file that belongs to a voucher (附件), as it lies beside the ledger."""

    period: str
    voucher: str  # "记-12"
    name: str
    size: int  # bytes
    sha256: str  # hex
    other: tuple[str | None, ...]


SideRow = PeriodState | PartyBalance | Asset | Pay | BankLine | Filing | Attachment


@dataclass(frozen=True, slots=True)
class Book:
    """What is known of a book (账套) before its first row is read."""

    name: str  # unique within the set: the file it is read from, or the account set's number
    profile: str
    currency: str
    numbering: Numbering
    columns: dict[Table, tuple[str, ...]]  # every column of each table present, as exported
    owner: str | None = None  # where the export says whose it is: `books.owners`
    roles: dict[Role, int] = field(default_factory=dict)  # place in `other` of the role's own rows


class LedgerReader(Protocol):
    """Reads one book at one instant; each method streams its table from the start.

    A table the export does not have yields nothing and is absent from `book.columns`.

    Raises (every method, while iterating):
        LedgerFormatError: the export is not what its profile says; names file, row and column.
    """

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file it reads, whether it is there yet or not; none for a server's tables."""
        ...

    @property
    def book(self) -> Book:
        """The book's head."""
        ...

    def lines(self) -> Iterator[Line]:
        """Yield voucher lines in the book's fixed order."""
        ...

    def accounts(self) -> Iterator[Account]:
        """Yield the chart of accounts, parents before children."""
        ...

    def balances(self) -> Iterator[Balance]:
        """Yield balances, period by period."""
        ...

    def invoices(self) -> Iterator[Invoice]:
        """Yield invoices."""
        ...

    def side_rows(self, table: SideTable) -> Iterator[SideRow]:
        """Yield the rows of one side table, of that table's own type, period by period."""
        ...


Severity = Literal["critical", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Violation:
    """One law of the books broken in one place, or one difference from a proof.

    `template` and `facts` make the sentence (`baozhang.words.say`); a template is constant per law.
    """

    law: str  # rule id, e.g. "L1"; docs/checks.md lists them
    severity: Severity
    template: str
    period: str | None = None
    voucher: str | None = None  # "记-12"
    account: str | None = None
    difference: int | None = None  # minor units
    currency: str | None = None
    facts: tuple[tuple[str, str | int], ...] = ()

    @property
    def key(self) -> tuple[str, str | None, str | None, str | None, int | None]:
        """What makes it the same violation in source and restored ledger."""
        return self.law, self.period, self.voucher, self.account, self.difference
