"""The canonical ledger: what every accounting product's export becomes.

Rows are named tuples, not dataclasses: a book has millions of them, and the tuple itself is the
canonical row that is fingerprinted.  Text is untouched after decoding; `None` is SQL's NULL and
differs from `''`; amounts are integers of minor units; dates are ISO text.

`other` holds the values of the columns the profile does not name, in file order, so that no
value of an export escapes its fingerprint; their names stand in `Columns`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

Numbering = Literal["month", "year", "none"]
Table = Literal["lines", "accounts", "balances", "invoices"]
TABLES: tuple[Table, ...] = ("lines", "accounts", "balances", "invoices")


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


@dataclass(frozen=True, slots=True)
class Book:
    """What is known of a book (账套) before its first row is read."""

    name: str  # unique within the set: the file it is read from, or the account set's number
    profile: str
    currency: str
    numbering: Numbering
    columns: dict[Table, tuple[str, ...]]  # every column of each table present, as exported


class LedgerReader(Protocol):
    """Reads one book at one instant; each method streams its table from the start.

    A table the export does not have yields nothing and is absent from `book.columns`.

    Raises (every method, while iterating):
        LedgerFormatError: the export is not what its profile says; names file, row and column.
    """

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
