"""The same book under 企业会计准则: its accounts have other codes, and some have other names.

The sample company books by the 小企业会计准则 chart; here its codes become those of the chart in
企业会计准则——应用指南 (财会〔2006〕18号), annex, as far as a general enterprise uses them.
"""

from collections.abc import Mapping, Sequence
from operator import itemgetter

from baozhang.books.model import Account, Asset, Balance, BankLine, Line, PartyBalance, Table

CODES = {
    "1101": ("1101", "交易性金融资产"),
    "1501": ("1501", "持有至到期投资"),
    "3001": ("4001", "实收资本"),
    "3002": ("4002", "资本公积"),
    "3101": ("4101", "盈余公积"),
    "3103": ("4103", "本年利润"),
    "3104": ("4104", "利润分配"),
    "4001": ("5001", "生产成本"),
    "4101": ("5101", "制造费用"),
    "4301": ("5301", "研发支出"),
    "4401": ("5401", "工程施工"),
    "4403": ("5403", "机械作业"),
    "5001": ("6001", "主营业务收入"),
    "5051": ("6051", "其他业务收入"),
    "5111": ("6111", "投资收益"),
    "5301": ("6301", "营业外收入"),
    "5401": ("6401", "主营业务成本"),
    "5402": ("6402", "其他业务成本"),
    "5403": ("6403", "税金及附加"),
    "5601": ("6601", "销售费用"),
    "5602": ("6602", "管理费用"),
    "5603": ("6603", "财务费用"),
    "5711": ("6711", "营业外支出"),
    "5801": ("6801", "所得税费用"),
}
"""First-level code of the one chart to code and name in the other; the rest have the same."""


def in_asbe(
    rows: Mapping[Table, Sequence[tuple[object, ...]]],
) -> dict[Table, list[tuple[object, ...]]]:
    """Return the rows of every table with the codes and names of 企业会计准则."""
    return {table: _table(table, own) for table, own in rows.items()}


def _table(table: Table, rows: Sequence[tuple[object, ...]]) -> list[tuple[object, ...]]:
    changed = [_row(row) for row in rows]
    if table == "accounts":
        changed.sort(key=itemgetter(0))
    elif table == "balances":
        changed.sort(key=itemgetter(0, 1))
    return changed


def _row(row: tuple[object, ...]) -> tuple[object, ...]:
    if isinstance(row, Account):
        name = CODES[row.code][1] if row.code in CODES else row.name
        return row._replace(
            code=_code(row.code), name=name, parent=row.parent and _code(row.parent)
        )
    if isinstance(row, Line | Balance | PartyBalance | Asset | BankLine) and row.account:
        return row._replace(account=_code(row.account))
    return row


def _code(code: str) -> str:
    own = CODES.get(code[:4])
    return own[0] + code[4:] if own else code
