"""What stands beside a sample book's vouchers: sub-ledgers, bank statement, filings, papers.

    vouchers ──see──► bank statement, invoices        while a period goes by
    keeper ────rows──► partners, cards, pay, filings, state of the period      at its end

Sums are not taken from balance tables but from what made them (the cards, the pay sheet, the
partners), so that the laws which hold the two together hold something.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from baozhang.books.model import (
    BankLine,
    Filing,
    PartyBalance,
    PeriodState,
    SideRow,
    SideTable,
)
from baozhang.samples.assets import asset_rows
from baozhang.samples.business import (
    BANK,
    FIXED_ASSETS,
    INPUT_VAT,
    OUTPUT_VAT,
    SECOND_BANK,
    Bookkeeper,
)
from baozhang.samples.journal import SampleInvoice, Voucher

WORD = "记"
BANKS = (BANK, SECOND_BANK)
BALANCE_SHEET = {
    "资产总计": (("资产", "成本"), 1),
    "负债合计": (("负债",), -1),
    "所有者权益合计": (("所有者权益", "损益"), -1),
}
"""Item to the categories of account it sums, and the sign it is shown with."""
INCOME = {
    "营业收入": (("5001", "5051"), -1),
    "营业成本": (("5401", "5402"), 1),
    "税金及附加": (("5403",), 1),
    "销售费用": (("5601",), 1),
    "管理费用": (("5602",), 1),
    "财务费用": (("5603",), 1),
}
"""Item to the first-level accounts it sums, and the sign it is shown with."""
INCOME_TAX_ACCOUNT = "5801"


@dataclass(slots=True)
class Sides:
    """The rows beside the vouchers of one period, or of some days of it."""

    keeper: Bookkeeper
    bank: list[BankLine] = field(default_factory=list)
    invoices: list[tuple[Voucher, SampleInvoice]] = field(default_factory=list)

    def see(self, voucher: Voucher) -> None:
        """Take in a voucher that was just posted."""
        if voucher.invoice:
            self.invoices.append((voucher, voucher.invoice))
        for account, debit, credit, _ in voucher.entries:
            if account in BANKS:
                balance = self.keeper.standing.balance(account)
                reference = f"{voucher.day:%Y%m%d}{voucher.number:05d}"
                day = voucher.day.isoformat()
                self.bank.append(BankLine(day, account, reference, debit, credit, balance, ()))

    def rows(self, *, closed: bool) -> dict[SideTable, list[SideRow]]:
        """Return the rows of the period that it has reached; the bank's are those seen here."""
        company, standing = self.keeper.company, self.keeper.standing
        year, month, period = standing.year, standing.month, standing.period
        if not closed:  # cards, pay and filings are the work of a month's end
            return {
                "periods": [PeriodState(period, closed, ())],
                "parties": [*_partners(self.keeper)],
                "bank": [*self.bank],
            }
        held = company.held(year, month)
        return {
            "periods": [PeriodState(period, closed, ())],
            "parties": [*_partners(self.keeper)],
            "assets": [*asset_rows(held, year, month, FIXED_ASSETS)],
            "payroll": [*company.pay(year, month)],
            "bank": [*self.bank],
            "filings": _filings(self.keeper),
        }


def _partners(keeper: Bookkeeper) -> list[PartyBalance]:
    period = keeper.standing.period
    return [
        PartyBalance(period, account, party, row.opening, row.debit, row.credit, row.closing, ())
        for (account, party), row in sorted(keeper.standing.parties.items())
    ]


def _filings(keeper: Bookkeeper) -> list[SideRow]:
    period = keeper.standing.period
    forms: dict[str, Mapping[str, int]] = {
        "balance_sheet": _balance_sheet(keeper),
        "income": _income(keeper),
        "vat": _vat(keeper),
    }
    return [
        Filing(period, form, item, amount, ())
        for form, figures in forms.items()
        for item, amount in figures.items()
    ]


def _balance_sheet(keeper: Bookkeeper) -> dict[str, int]:
    standing = keeper.standing
    sums: dict[str, int] = {}
    for account in standing.accounts:
        if account.leaf:
            before = sums.get(account.category, 0)
            sums[account.category] = before + standing.balance(account.code)
    return {
        item: sign * sum(sums.get(category, 0) for category in categories)
        for item, (categories, sign) in BALANCE_SHEET.items()
    }


def _income(keeper: Bookkeeper) -> dict[str, int]:
    earned = keeper.earned
    figures = {
        item: sign * sum(amount for code, amount in earned.items() if code[:4] in accounts)
        for item, (accounts, sign) in INCOME.items()
    }
    net = -sum(earned.values())
    tax = sum(amount for code, amount in earned.items() if code[:4] == INCOME_TAX_ACCOUNT)
    return {**figures, "利润总额": net + tax, "净利润": net}


def _vat(keeper: Bookkeeper) -> dict[str, int]:
    if not keeper.company.deducts:
        return {}
    standing = keeper.standing
    return {
        "销项税额": standing.credit[OUTPUT_VAT] - standing.debit[OUTPUT_VAT],
        "进项税额": standing.debit[INPUT_VAT] - standing.credit[INPUT_VAT],
    }
