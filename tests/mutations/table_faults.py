"""Faults in what stands beside the vouchers: balances, invoices, sub-ledgers, filings, papers."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.mutations.choosing import FIRST, LAST, Row, having, without
from tests.mutations.declaring import edit, fault
from tests.mutations.exporting import Export, Sheet


def shift(sheet: Sheet, account: str, name: str, minor: int, period: str = FIRST) -> None:
    """Move a signed balance of one account, debit positive."""
    (row,) = having(sheet, period=period, account=account)
    debit, credit = sheet.amounts(row, name)
    signed = (debit or 0) - (credit or 0) + minor
    sheet.put_amounts(row, max(signed, 0), max(-signed, 0), name)


USED_LEAF = "560202"  # an expense that vouchers stand on
PERIODS = ("2026-01", "2026-02", "2026-03")


@fault("L5", "a closing balance was edited", breaks="L5 L8 L9 L10 P6", table="balances")
def edit_a_closing(export: Export) -> None:
    edit(export, "balances", lambda sheet: shift(sheet, "3002", "closing", -1))


@fault(
    "L6", "last month's balances stand under this month", breaks="L6 L8 L11 P6 X4", table="balances"
)
def keep_old_balances(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        before = {sheet.get(row, "account"): row for row in having(sheet, period="2026-02")}
        for row in having(sheet, period=LAST):
            old = before[sheet.get(row, "account")]
            for name in ("opening", "movement", "closing"):
                debit, credit = sheet.amounts(old, name)
                sheet.put_amounts(row, debit or 0, credit or 0, name)

    edit(export, "balances", change)


@fault("L7", "a parent account's movement is not its children's", breaks="L7", table="balances")
def edit_a_parent(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        (row,) = having(sheet, period=FIRST, account="5602")
        debit, credit = sheet.amounts(row, "movement")
        sheet.put_amounts(row, (debit or 0) + 1, (credit or 0) + 1, "movement")

    edit(export, "balances", change)


@fault("L8", "openings are another year's", breaks="L8", table="balances")
def open_otherwise(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        for period in PERIODS[1:]:
            for name in ("opening", "closing"):
                shift(sheet, "3001", name, 100, period)
                shift(sheet, "3002", name, -100, period)

    edit(export, "balances", change)


@fault("L9", "a balance stands on one side only", breaks="L9 L10 P6", table="balances")
def unbalance_the_trial(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        for period in PERIODS:
            for name in ("opening", "closing"):
                shift(sheet, "3002", name, -100, period)

    edit(export, "balances", change)


@fault("L10", "assets are more than what finances them", breaks="L9 L10 P6", table="balances")
def inflate_the_assets(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        for period in PERIODS:
            for name in ("opening", "closing"):
                shift(sheet, "1012", name, 100, period)

    edit(export, "balances", change)


@fault("L12", "cash is below nothing", breaks="L12", table="balances")
def overdraw_the_cash(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        for period in PERIODS:
            for name in ("opening", "closing"):
                shift(sheet, "1001", name, -100_000_000, period)
                shift(sheet, "1012", name, 100_000_000, period)

    edit(export, "balances", change)


@fault(
    "S3",
    "a leaf account is gone from chart and balances",
    breaks="S3 L6 L7",
    table="balances",
)
def delete_an_account(export: Export) -> None:
    def without_it(field_: str) -> Callable[[Sheet], None]:
        return lambda sheet: without(sheet, having(sheet, **{field_: USED_LEAF}))

    edit(export, "balances", without_it("account"))
    if export.profile.tables["accounts"].within is None:
        edit(export, "accounts", without_it("code"))


@fault("P2", "a profit-and-loss account keeps a balance", breaks="P2", table="balances")
def leave_a_balance(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        for period in PERIODS:
            for name in ("opening", "closing"):
                shift(sheet, "5711", name, 100, period)
                shift(sheet, "3103", name, -100, period)

    edit(export, "balances", change)


@fault("X1", "an invoice's tax is not its rate's", breaks="X1", table="invoices")
def tax_otherwise(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        row = sheet.rows[0]
        sheet.put_money(row, "tax", sheet.money(row, "tax") + 7)
        sheet.put_money(row, "total", sheet.money(row, "total") + 7)

    edit(export, "invoices", change)


@fault("X1", "an invoice's total is not amount and tax", breaks="X1", table="invoices")
def total_otherwise(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        row = sheet.rows[0]
        sheet.put_money(row, "total", sheet.money(row, "total") + 1)

    edit(export, "invoices", change)


@fault("X2", "a twenty-digit number went through a float", breaks="X2 S5 X3", table="invoices")
def number_as_float(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        row = sheet.rows[0]
        sheet.put(row, "number", f"{float(sheet.get(row, 'number') or ''):.4E}")

    edit(export, "invoices", change)


@fault(
    "X2",
    "a red invoice takes back one that is not there",
    breaks="X2",
    table="invoices",
    needs="blue",
)
def redden_nothing(export: Export) -> None:
    edit(export, "invoices", lambda sheet: sheet.put(_red(sheet), "blue", "26990000001999999999"))


def _red(sheet: Sheet) -> Row:
    return next(row for row in sheet.rows if sheet.money(row, "amount") < 0)


@fault(
    "X3", "an invoice is lost that vouchers name", breaks="X3", table="invoices", needs="invoice"
)
def lose_an_invoice(export: Export) -> None:
    edit(export, "invoices", lambda sheet: without(sheet, sheet.rows[:1]))


@fault("L11", "a partner's balance is not the account's", breaks="L11", table="parties")
def change_a_partner(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        party = sheet.get(sheet.rows[0], "party") or ""
        for row in having(sheet, party=party):
            for name in ("opening", "closing"):
                debit, credit = sheet.amounts(row, name)
                signed = (debit or 0) - (credit or 0) + 100
                sheet.put_amounts(row, max(signed, 0), max(-signed, 0), name)

    edit(export, "parties", change)


@fault("L11", "a partner is lost", breaks="L8 L11", table="parties")
def lose_a_partner(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        owing = (row for row in having(sheet, period=LAST) if any(sheet.amounts(row, "opening")))
        without(sheet, [next(owing)])

    edit(export, "parties", change)


@fault("L11", "a fixed-asset card is lost", breaks="L11 P4", table="assets")
def lose_a_card(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        number = sheet.get(sheet.rows[0], "number")
        without(sheet, [row for row in sheet.rows if sheet.get(row, "number") == number])

    edit(export, "assets", change)


@fault("P4", "a card's depreciation is not the voucher's", breaks="P4", table="assets")
def depreciate_otherwise(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        row = having(sheet, period=LAST)[0]
        sheet.put_money(row, "monthly", sheet.money(row, "monthly") + 100)

    edit(export, "assets", change)


@fault("P5", "the VAT filed is not the books'", breaks="P5", table="filings")
def file_other_vat(export: Export) -> None:
    edit(export, "filings", lambda sheet: _refile(sheet, "销项税额"))


@fault("P6", "the balance sheet filed is not the books'", breaks="P6", table="filings")
def file_other_assets(export: Export) -> None:
    edit(export, "filings", lambda sheet: _refile(sheet, "资产总计"))


@fault("P6", "the income statement filed is not the books'", breaks="P6", table="filings")
def file_other_income(export: Export) -> None:
    edit(export, "filings", lambda sheet: _refile(sheet, "营业收入"))


def _refile(sheet: Sheet, item: str) -> None:
    row = having(sheet, period=FIRST, item=item)[0]
    sheet.put_money(row, "amount", sheet.money(row, "amount") + 100)


@fault(
    "P3",
    "a month that was closed is open, with a later one closed",
    breaks="P3",
    differs="F1 P3",
    table="periods",
)
def reopen_a_month(export: Export) -> None:
    edit(export, "periods", lambda sheet: sheet.put(sheet.rows[0], "closed", "否"))


@fault("P3", "the last closed month is open again", differs="F1 P3", table="periods")
def reopen_the_last_month(export: Export) -> None:
    edit(export, "periods", lambda sheet: sheet.put(sheet.rows[-1], "closed", "否"))


@fault("X4", "a line of the bank statement is lost", breaks="X4", table="bank")
def lose_a_bank_line(export: Export) -> None:
    edit(export, "bank", lambda sheet: without(sheet, sheet.rows[3:4]))


@fault(
    "X5",
    "what is paid out is not what was earned less what was held back",
    breaks="X5",
    table="payroll",
)
def pay_otherwise(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        row = sheet.rows[0]
        sheet.put_money(row, "net", sheet.money(row, "net") + 1)

    edit(export, "payroll", change)


@fault("X3", "the file of an invoice is lost", breaks="X3 F3", differs="F1 F3", table="attachments")
def lose_an_attachment(export: Export) -> None:
    _attached(export)[0].unlink()


@fault("F3", "two attachments are exchanged", breaks="F3", differs="F1 F3", table="attachments")
def exchange_attachments(export: Export) -> None:
    one, other = _attached(export)[:2]
    body = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(body)


def _attached(export: Export) -> list[Path]:
    folder = export.root / export.profile.tables["attachments"].folder
    return sorted(path for path in folder.rglob("*") if path.is_file())


@fault("F1", "the balance table is not there any more", breaks="", table="balances", needs="apart")
def lose_the_balance_table(export: Export) -> None:
    table = export.profile.tables["balances"].table
    [file] = {part.file for part in export.sheet("balances").parts}
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(f'DROP TABLE "{table}"')
