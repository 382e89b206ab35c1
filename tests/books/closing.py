"""A small firm's year in memory, closed month by month as the accounting standard asks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from baozhang.books.model import (
    Account,
    Balance,
    Book,
    Invoice,
    Line,
    PartyBalance,
    PeriodState,
    SideRow,
    SideTable,
    Standard,
    Violation,
)
from baozhang.books.proof import Proof
from baozhang.books.taking import take_proof

CHARTS: dict[Standard, dict[str, str]] = {
    "sbe": {
        "bank": "1002",
        "customers": "1122",
        "depreciation": "1602",
        "capital": "3001",
        "profit": "3103",
        "retained": "310401",
        "sales": "5001",
        "costs": "560201",
    },
    "asbe": {
        "bank": "1002",
        "customers": "1122",
        "depreciation": "1602",
        "capital": "4001",
        "profit": "4103",
        "retained": "410401",
        "sales": "6001",
        "costs": "660201",
    },
}
SIDES = {"bank": "debit", "customers": "debit", "costs": "debit"}
Entry = tuple[str, int, int]  # account, debit, credit
Moves = dict[tuple[str, str], tuple[int, int]]


@dataclass(frozen=True)
class Firm:
    """A `LedgerReader` over what a month is made of; `vouchers` maps period to entries."""

    standard: Standard = "sbe"
    vouchers: dict[str, list[list[Entry]]] = field(default_factory=dict)
    states: tuple[PeriodState, ...] = ()
    parties: tuple[PartyBalance, ...] = ()
    table: tuple[Balance, ...] = ()
    lines_changed: dict[int, dict[str, object]] = field(default_factory=dict)
    prepared: str | None = "张"
    reviewed: str | None = "李"
    owner: str | None = None
    name: str = "book"
    files: tuple[Path, ...] = ()

    @property
    def accounts_of(self) -> dict[str, str]:
        return CHARTS[self.standard]

    @property
    def book(self) -> Book:
        columns: dict[str, tuple[str, ...]] = {"lines": ("制单人", "审核人"), "accounts": ("科目",)}
        if self.table:
            columns["balances"] = ("期末",)
        if self.states:
            columns["periods"] = ("结账",)
        if self.parties:
            columns["parties"] = ("往来单位",)
        return Book(
            name=self.name,
            profile="firm",
            currency="CNY",
            numbering="month",
            columns=columns,  # type: ignore[arg-type]
            owner=self.owner,
            roles={"prepared": 0, "reviewed": 1},
        )

    def lines(self) -> Iterator[Line]:
        for at, line in enumerate(self._lines()):
            yield line._replace(**self.lines_changed.get(at, {}))  # type: ignore[arg-type]

    def _lines(self) -> Iterator[Line]:
        for period, vouchers in self.vouchers.items():
            for number, entries in enumerate(vouchers, start=1):
                for at, (account, debit, credit) in enumerate(entries, start=1):
                    yield Line(
                        year=period[:4],
                        period=period,
                        word="记",
                        number=str(number),
                        line=at,
                        date=f"{period}-28",
                        summary="摘要",
                        account=account,
                        account_name=None,
                        party=None,
                        currency="CNY",
                        debit=debit,
                        credit=credit,
                        posted=True,
                        voided=False,
                        other=(self.prepared, self.reviewed),
                    )

    def accounts(self) -> Iterator[Account]:
        codes = {code: name for name, code in self.accounts_of.items()}
        for code in [code[:4] for code in codes if len(code) > 4]:
            codes.setdefault(code, codes[f"{code}01"])
        for code, name in sorted(codes.items()):
            side = "debit" if name in SIDES else "credit"
            parent = code[:4] if len(code) > 4 else None
            leaf = not any(other != code and other.startswith(code) for other in codes)
            yield Account(code, name, None, side, parent, leaf, ())  # type: ignore[arg-type]

    def balances(self) -> Iterator[Balance]:
        return iter(self.table)

    def invoices(self) -> Iterator[Invoice]:
        return iter(())

    def side_rows(self, table: SideTable) -> Iterator[SideRow]:
        return iter(self.states if table == "periods" else self.parties)

    def posted(self) -> "Firm":
        """Return the firm with the balance table that its vouchers make."""
        return replace(self, table=tuple(balances_of(self)))

    def changed(self, at: int, **values: object) -> "Firm":
        """Return the firm with other values in one of its lines; its tables stay."""
        return replace(self, lines_changed={**self.lines_changed, at: values})

    def with_voucher(self, period: str, at: int, entries: list[Entry]) -> "Firm":
        """Return the firm with other entries in one voucher, and its tables after that."""
        vouchers = {name: list(found) for name, found in self.vouchers.items()}
        vouchers[period][at] = entries
        return replace(self, vouchers=vouchers).posted()

    def without_voucher(self, period: str, at: int) -> "Firm":
        """Return the firm without one voucher, and its tables after that."""
        vouchers = {name: list(found) for name, found in self.vouchers.items()}
        del vouchers[period][at]
        return replace(self, vouchers=vouchers).posted()

    def proof(self, standard: Standard | None = None) -> Proof:
        return take_proof(self, standard=standard or self.standard)

    def found(self, law: str) -> list[Violation]:
        return [one for one in self.proof().violations if one.law == law]


def firm(standard: Standard = "sbe", *, months: int = 4, closed: int = 4) -> Firm:
    """Return a sound firm: each month sells, pays, and closes profit and loss."""
    a = CHARTS[standard]
    vouchers: dict[str, list[list[Entry]]] = {}
    for month in range(1, months + 1):
        founding = [[(a["bank"], 900_000, 0), (a["capital"], 0, 900_000)]] if month == 1 else []
        vouchers[f"2026-{month:02}"] = [
            *founding,
            [(a["customers"], 50_000, 0), (a["sales"], 0, 50_000)],
            [(a["costs"], 20_000, 0), (a["bank"], 0, 18_000), (a["depreciation"], 0, 2_000)],
            [(a["sales"], 50_000, 0), (a["costs"], 0, 20_000), (a["profit"], 0, 30_000)],
        ]
    states = tuple(
        PeriodState(f"2026-{month:02}", month <= closed, ()) for month in range(1, months + 1)
    )
    return Firm(standard, vouchers, states).posted()


def balances_of(book: Firm) -> Iterator[Balance]:
    closing = dict.fromkeys((account.code for account in book.accounts()), 0)
    for period, vouchers in book.vouchers.items():
        moved: dict[str, tuple[int, int]] = {}
        for account, debit, credit in (entry for entries in vouchers for entry in entries):
            for code in {account, account[:4]}:
                one, other = moved.get(code, (0, 0))
                moved[code] = one + debit, other + credit
        for code, opening in sorted(closing.items()):
            debit, credit = moved.get(code, (0, 0))
            closing[code] = opening + debit - credit
            yield Balance(period, code, opening, debit, credit, closing[code], ())


def laws(found: Iterable[Violation]) -> set[tuple[str, str]]:
    return {(one.law, one.severity) for one in found}
