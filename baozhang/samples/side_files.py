"""The side tables of a sample client as CSV files beside its vouchers, one set per year.

期间  辅助余额表  固定资产  工资表  申报        a period's rows are replaced as it goes on
银行对账单  附件清单                          rows are only ever appended
"""

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from baozhang.books.model import (
    Asset,
    Attachment,
    BankLine,
    Filing,
    PartyBalance,
    Pay,
    PeriodState,
    SideRow,
    SideTable,
)
from baozhang.money import format_amount

FORMS = {"balance_sheet": "资产负债表", "income": "利润表", "vat": "增值税"}
Cells = tuple[str, ...]


def yuan(amount: int) -> str:
    """Return fen as yuan with thousands separators, as an accounting program exports them."""
    whole, fraction = divmod(abs(amount), 100)
    return f"{'-' if amount < 0 else ''}{whole:,}.{fraction:02d}"


def or_empty(amount: int) -> str:
    """Return an amount, and nothing for zero."""
    return yuan(amount) if amount else ""


def two_sides(amount: int) -> tuple[str, str]:
    """Return a signed balance as its debit and its credit column."""
    return (yuan(amount), "") if amount > 0 else ("", or_empty(-amount))


def _period(row: PeriodState) -> Cells:
    return ("是" if row.closed else "否",)


def _party(row: PartyBalance) -> Cells:
    moved = or_empty(row.debit), or_empty(row.credit)
    return row.account, row.party, *two_sides(row.opening), *moved, *two_sides(row.closing)


def _asset(row: Asset) -> Cells:
    money = format_amount(row.cost), format_amount(row.salvage)
    worn = format_amount(row.accumulated), format_amount(row.monthly)
    months = str(row.life), str(row.used)
    return row.number, row.account or "", row.acquired, *money, *months, *worn


def _pay(row: Pay) -> Cells:
    return row.employee, *map(format_amount, (row.gross, row.deductions, row.tax, row.net))


def _bank(row: BankLine) -> Cells:
    money = or_empty(row.received), or_empty(row.paid), yuan(row.balance)
    return row.date, row.account, row.reference or "", *money


def _filing(row: Filing) -> Cells:
    return FORMS[row.form], row.item, format_amount(row.amount)


def _attachment(row: Attachment) -> Cells:
    return row.voucher, row.name, str(row.size), row.sha256


class _Form(NamedTuple):
    name: str
    head: str
    cells: Callable[..., Cells]
    appended: bool = False  # rows of a period come in parts


_OPENED = "期初借方,期初贷方,本期借方,本期贷方,期末借方,期末贷方"
_CARD = "卡片编号,科目编码,入账日期,原值,净残值,使用月份,已计提月份,累计折旧,本月折旧"
_FORMS: dict[SideTable, _Form] = {
    "periods": _Form("期间", "会计年度,会计期间,结账", _period),
    "parties": _Form("辅助余额表", f"会计年度,会计期间,科目编码,往来单位,{_OPENED}", _party),
    "assets": _Form("固定资产", f"会计年度,会计期间,{_CARD}", _asset),
    "payroll": _Form(
        "工资表", "会计年度,会计期间,工号,应发合计,扣款合计,个人所得税,实发合计", _pay
    ),
    "bank": _Form("银行对账单", "交易日期,科目编码,流水号,收入,支出,余额", _bank, appended=True),
    "filings": _Form("申报", "会计年度,会计期间,报表,项目,金额", _filing),
    "attachments": _Form(
        "附件清单", "会计年度,会计期间,凭证,文件名,大小,SHA256", _attachment, appended=True
    ),
}


def write_beside(
    folder: Path, period: tuple[int, int], rows: Mapping[SideTable, Iterable[SideRow]]
) -> list[Path]:
    """Write a period's side rows, and return the files.

    What a period is replaced by is all of it; the bank's lines and attachments come as they come.
    """
    written = []
    for table, own in rows.items():
        form = _FORMS[table]
        path = folder / f"{form.name}_{period[0]}.csv"
        dated = table == "bank"
        head = () if dated else (str(period[0]), str(period[1]))
        if not form.appended:
            drop_period(path, period[1], heads=1)
        append(path, [form.head], ((*head, *form.cells(row)) for row in own))
        written.append(path)
    return written


def append(path: Path, heads: list[str], rows: Iterable[Iterable[str]]) -> None:
    """Append rows to a CSV file; a new one begins with its heads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = not path.exists()
    with path.open("a", encoding="gb18030", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        if fresh:
            writer.writerows(head.split(",") for head in heads)
        writer.writerows(rows)


def drop_period(path: Path, month: int, *, heads: int) -> None:
    """Remove the rows of a month, which are the file's last ones, if they are there."""
    if not path.exists():
        return
    lines = path.read_bytes().decode("gb18030").split("\r\n")
    kept = [line for line in lines[heads:] if line and line.split(",")[1] != str(month)]
    path.write_bytes(("\r\n".join(lines[:heads] + kept) + "\r\n").encode("gb18030"))
