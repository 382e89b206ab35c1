"""Exports of other products, written by other libraries than those that read them.

Each writer also returns nothing but a path: the totals that a test compares with are computed
from the rows below, by `totals`, before anything is written.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from openpyxl import Workbook


class Entry(NamedTuple):
    """One line of a voucher, as an accountant would write it down."""

    day: str
    number: int
    line: int
    summary: str
    account: str
    name: str
    debit: str
    credit: str


ENTRIES = (
    Entry("2026-01-05", 1, 1, "收到投资款", "100201", "工商银行", "100000.00", ""),
    Entry("2026-01-05", 1, 2, "收到投资款", "3001", "实收资本", "", "100000.00"),
    Entry("2026-01-31", 2, 1, "销售收入", "1122", "应收账款", "11300.00", ""),
    Entry("2026-01-31", 2, 2, "销售收入", "5001", "主营业务收入", "", "10000.00"),
    Entry("2026-01-31", 2, 3, "销售收入", "222101", "应交增值税", "", "1300.00"),
    Entry("2026-02-10", 1, 1, "办公费", "5602", "管理费用", "1234.56", ""),
    Entry("2026-02-10", 1, 2, "办公费", "100201", "工商银行", "", "1234.56"),
    Entry("2026-02-28", 2, 1, "红字冲销", "1122", "应收账款", "-500.05", ""),
    Entry("2026-02-28", 2, 2, "红字冲销", "5001", "主营业务收入", "", "-500.05"),
)
CHART = {
    "1002": "银行存款",
    "100201": "工商银行",
    "1122": "应收账款",
    "2221": "应交税费",
    "222101": "应交增值税",
    "3001": "实收资本",
    "5001": "主营业务收入",
    "5602": "管理费用",
}
Totals = dict[str, tuple[int, Decimal, Decimal]]


def totals(entries: Iterable[Entry] = ENTRIES) -> Totals:
    """Return lines, debit and credit of each period."""
    found: Totals = defaultdict(lambda: (0, Decimal(0), Decimal(0)))
    for entry in entries:
        lines, debit, credit = found[entry.day[:7]]
        found[entry.day[:7]] = (
            lines + 1,
            debit + Decimal(entry.debit or 0),
            credit + Decimal(entry.credit or 0),
        )
    return dict(found)


def balances(month: str) -> list[tuple[str, str, list[Decimal]]]:
    """Return code, name, and opening, movement and closing as debit and credit, of one month."""
    rows = []
    for code, name in CHART.items():
        own = [entry for entry in ENTRIES if entry.account.startswith(code)]
        before = sum((net(one) for one in own if one.day[:7] < month), Decimal(0))
        debit = sum((Decimal(one.debit or 0) for one in own if one.day[:7] == month), Decimal(0))
        credit = sum((Decimal(one.credit or 0) for one in own if one.day[:7] == month), Decimal(0))
        after = before + debit - credit
        sides = [max(before, Decimal(0)), max(-before, Decimal(0)), debit, credit]
        rows.append((code, name, [*sides, max(after, Decimal(0)), max(-after, Decimal(0))]))
    return rows


def net(entry: Entry) -> Decimal:
    return Decimal(entry.debit or 0) - Decimal(entry.credit or 0)


def number(text: str) -> float | None:
    return float(text) if text else None


K3_TEXT = (
    "凭证日期,会计年度,会计期间,凭证字,凭证号,科目代码,科目名称,币别代码,币别名称,原币金额,借方,贷方,"
    "制单,审核,核准,出纳,经办,结算方式,结算号,凭证摘要,数量,数量单位,单价,参考信息,业务日期,往来业务编号,"
    "附件数,序号,系统模块,业务描述,汇率类型,汇率,分录序号,核算项目,过账,机制凭证,现金流量"
)
K3 = K3_TEXT.split(",")


def k3_row(entry: Entry) -> list[object]:
    cells = {
        "凭证日期": date.fromisoformat(entry.day),
        "会计年度": 2026,
        "会计期间": int(entry.day[5:7]),
        "凭证字": "记",
        "凭证号": entry.number,
        "科目代码": entry.account,
        "科目名称": entry.name,
        "币别代码": "RMB",
        "借方": number(entry.debit),
        "贷方": number(entry.credit),
        "制单": "张会计",
        "审核": "李主管",
        "凭证摘要": entry.summary,
        "附件数": 1,
        "分录序号": entry.line - 1,
        "过账": 1,
    }
    return [cells.get(name) for name in K3]


def write_k3(path: Path, entries: Iterable[Entry] = ENTRIES) -> Path:
    return write_sheets(path, {"Page1": [K3, *map(k3_row, entries)]})


def write_sheets(path: Path, sheets: dict[str, Sequence[Sequence[object]]]) -> Path:
    book = Workbook()
    del book["Sheet"]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


CLOUD_TEXT = (
    "日期,凭证号,摘要,科目编码,科目名称,外币代码,借方数量,借方外币,借方本币,贷方数量,贷方外币,贷方本币,"
    "往来单位编码,往来单位名称,制单人,审核人,附件数,备注"
)
CLOUD = CLOUD_TEXT.split(",")
BALANCE_HEAD = [
    ["科目编码", "科目名称", "期初余额", "", "本期发生额", "", "期末余额", ""],
    ["", "", "借方", "贷方", "借方", "贷方", "借方", "贷方"],
]


def cloud_row(entry: Entry) -> list[object]:
    first = entry.line == 1
    return [
        entry.day if first else None,
        f"记-{entry.number}" if first else None,
        entry.summary,
        entry.account,
        entry.name,
        *(None, None, None),
        number(entry.debit),
        *(None, None),
        number(entry.credit),
        *("", "", "张会计", "李主管", 1, ""),
    ]


def voucher_sheet(entries: Iterable[Entry] = ENTRIES) -> list[list[object]]:
    return [
        ["凭证列表"],
        ["编制单位：某某有限公司", None, None, "2026年1月至2026年2月"],
        CLOUD,
        *map(cloud_row, entries),
    ]


def balance_sheet(month: str, *, banner: bool = True) -> list[list[object]]:
    rows: list[list[object]] = [["科目余额表"]]
    if banner:
        rows.append(["编制单位：某某有限公司", None, f"{month[:4]}年第{int(month[5:])}期"])
    rows += [list(row) for row in BALANCE_HEAD]
    rows += [[code, name, *map(float, sides)] for code, name, sides in balances(month)]
    return [*rows, ["合计", None, *[None] * 6]]


def write_cloud(folder: Path, entries: Iterable[Entry] = ENTRIES) -> Path:
    """Write the voucher list and a balance table for each month."""
    folder.mkdir(parents=True, exist_ok=True)
    write_sheets(folder / "凭证列表.xlsx", {"Sheet1": voucher_sheet(entries)})
    for month in ("2026-01", "2026-02"):
        write_sheets(folder / f"科目余额表{month}.xlsx", {"Sheet1": balance_sheet(month)})
    return folder


def write_text(path: Path, rows: Iterable[Sequence[object]], *, encoding: str = "gb18030") -> Path:
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    return path


KINGDEE_10_TEXT = "凭证日期,凭证字,凭证号,附件数,摘要,科目代码,科目名称,借方金额,贷方金额,核算项目"
KINGDEE_10 = KINGDEE_10_TEXT.split(",")
KINGDEE_21_TEXT = (
    "日期,会计年度,期间,凭证字,凭证号,摘要,科目编码,科目全名,币别,原币金额,借方金额,贷方金额,制单,审核,过账,"
    "出纳,附件数,来源系统,业务类型,审核状态,作废状态"
)
KINGDEE_21 = KINGDEE_21_TEXT.split(",")
YONYOU_8_TEXT = "凭证日期,凭证号,附单据数,摘要,科目编码,辅助项,借方金额,贷方金额"
YONYOU_8 = YONYOU_8_TEXT.split(",")


def kingdee_10_row(entry: Entry) -> list[object]:
    head = [entry.day, "记", entry.number, 1] if entry.line == 1 else [None] * 4
    amounts = [grouped(entry.debit), grouped(entry.credit)]
    return [*head, entry.summary, entry.account, entry.name, *amounts, ""]


def kingdee_21_row(entry: Entry) -> list[object]:
    cells = {
        "日期": entry.day,
        "会计年度": "2026",
        "期间": str(int(entry.day[5:7])),
        "凭证字": "记",
        "凭证号": str(entry.number),
        "摘要": entry.summary,
        "科目编码": entry.account,
        "科目全名": entry.name,
        "借方金额": entry.debit,
        "贷方金额": entry.credit,
        "制单": "张会计",
        "审核": "李主管",
        "过账": "王",
        "作废状态": "否",
    }
    return [cells.get(name, "") for name in KINGDEE_21]


def yonyou_8_row(entry: Entry) -> list[object]:
    head = [entry.day, f"记-{entry.number:04d}", 1] if entry.line == 1 else [None] * 3
    amounts = [grouped(entry.debit), grouped(entry.credit)]
    return [*head, entry.summary, entry.account, "", *amounts]


def grouped(text: str) -> str:
    return f"{Decimal(text):,}" if text else ""


def write_xml(path: Path, *, encoding: str = "GB18030", entries: Iterable[Entry] = ENTRIES) -> Path:
    rows = [xml_account(code, name) for code, name in CHART.items()]
    for month in ("2026-01", "2026-02"):
        rows += [xml_balance(month, code, sides) for code, _, sides in balances(month)]
    rows += map(xml_entry, entries)
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<总账 locID="GL">\n{"".join(rows)}</总账>\n'
    )
    path.write_text(text, encoding=encoding)
    return path


def element(name: str, cells: dict[str, str]) -> str:
    inner = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in cells.items())
    return f"<{name}>{inner}</{name}>\n"


def xml_account(code: str, name: str) -> str:
    cells = {"科目编号": code, "科目名称": name, "科目类型": "资产", "余额方向": "借"}
    return element("会计科目", cells)


def xml_balance(month: str, code: str, sides: list[Decimal]) -> str:
    opening, closing = sides[0] - sides[1], sides[4] - sides[5]
    return element(
        "科目余额及发生额",
        {
            "科目编号": code,
            "期初余额方向": side(opening),
            "期末余额方向": side(closing),
            "会计年度": month[:4],
            "会计期间号": str(int(month[5:])),
            "期初本币余额": f"{abs(opening):.2f}",
            "借方本币金额": f"{sides[2]:.2f}",
            "贷方本币金额": f"{sides[3]:.2f}",
            "期末本币余额": f"{abs(closing):.2f}",
        },
    )


def side(amount: Decimal) -> str:
    return "借" if amount > 0 else "贷" if amount < 0 else "平"


def xml_entry(entry: Entry) -> str:
    return element(
        "记账凭证",
        {
            "记账凭证日期": entry.day.replace("-", ""),
            "会计年度": entry.day[:4],
            "会计期间号": str(int(entry.day[5:7])),
            "记账凭证类型编号": "记",
            "记账凭证编号": str(entry.number),
            "记账凭证行号": str(entry.line),
            "记账凭证摘要": entry.summary,
            "科目编号": entry.account,
            "辅助项1编号": "",
            "借方本币金额": entry.debit,
            "贷方本币金额": entry.credit,
            "附件数": "1",
            "制单人": "张会计",
            "审核人": "李主管",
            "记账标志": "1",
            "作废标志": "0",
        },
    )
