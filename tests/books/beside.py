"""A small, sound book with everything that stands beside the ledger, for tests to damage."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from baozhang.books.findings import sentence
from baozhang.books.model import Standard, Violation
from baozhang.books.proof import Proof
from baozhang.books.taking import take_proof
from tests.books.making import (
    BALANCE_HEAD,
    LINE_HEAD,
    Row,
    balances_of,
    line_cells,
    the_book,
    voucher,
    write_csv,
)

CHART = {
    "1002": ("银行存款", "借"),
    "100201": ("工商银行", "借"),
    "1122": ("应收账款", "借"),
    "1601": ("固定资产", "借"),
    "1602": ("累计折旧", "贷"),
    "2202": ("应付账款", "贷"),
    "2211": ("应付职工薪酬", "贷"),
    "221101": ("职工工资", "贷"),
    "221104": ("社会保险费", "贷"),
    "2221": ("应交税费", "贷"),
    "222101": ("应交增值税", "贷"),
    "22210101": ("进项税额", "贷"),
    "22210103": ("转出未交增值税", "贷"),
    "22210107": ("销项税额", "贷"),
    "222102": ("未交增值税", "贷"),
    "222112": ("应交个人所得税", "贷"),
    "2241": ("其他应付款", "贷"),
    "3001": ("实收资本", "贷"),
    "3103": ("本年利润", "贷"),
    "5001": ("主营业务收入", "贷"),
    "5602": ("管理费用", "借"),
}
SOLD, BOUGHT = "26112000000000000001", "26112000000000000002"
HEADS = {
    "期间": "会计年度,会计期间,结账",
    "辅助余额表": "会计年度,会计期间,科目编码,往来单位,"
    "期初借方,期初贷方,本期借方,本期贷方,期末借方,期末贷方",
    "固定资产": "会计年度,会计期间,卡片编号,科目编码,入账日期,"
    "原值,净残值,使用月份,已计提月份,累计折旧,本月折旧",
    "工资表": "会计年度,会计期间,工号,应发合计,扣款合计,个人所得税,实发合计",
    "银行对账单": "交易日期,科目编码,流水号,收入,支出,余额",
    "申报": "会计年度,会计期间,报表,项目,金额",
    "发票": "数电票号码,开票日期,票种,销方识别号,购方识别号,"
    "金额,税额,价税合计,税率,原蓝字发票号码,入账标识",
}
PAPERS = {
    "期间": """
        2026|1|是
        2026|2|否""",
    "辅助余额表": """
        2026|1|1122|甲公司||||||
        2026|1|1122|乙公司||||||
        2026|1|2202|丙公司||||||
        2026|2|1122|甲公司||||||
        2026|2|1122|乙公司||||||
        2026|2|2202|丙公司||||||""",
    "固定资产": """
        2026|1|0001|1601|2026-01-05|12,000.00|0.00|120|0|0.00|0.00
        2026|2|0001|1601|2026-01-05|12,000.00|0.00|120|1|100.00|100.00""",
    "工资表": """
        2026|1|E1|5,000.00|400.00|50.00|4,550.00
        2026|1|E2|3,000.00|300.00|50.00|2,650.00
        2026|2|E1|5,000.00|400.00|50.00|4,550.00
        2026|2|E2|3,000.00|300.00|50.00|2,650.00""",
    "银行对账单": """
        2026-01-03|100201|T1|100,000.00||100,000.00
        2026-01-05|100201|T2||12,000.00|88,000.00
        2026-02-03|100201|T3|1,130.00||89,130.00
        2026-02-05|100201|T4||565.00|88,565.00
        2026-02-10|100201|T5||7,200.00|81,365.00
        2026-02-15|100201|T6||65.00|81,300.00""",
    "申报": """
        2026|1|资产负债表|资产总计|101,130.00
        2026|1|资产负债表|负债合计|8,630.00
        2026|1|资产负债表|所有者权益（或股东权益）合计|92,500.00
        2026|1|资产负债表|负债和所有者权益（或股东权益）总计|101,130.00
        2026|1|利润表|一、营业收入|1,000.00
        2026|1|利润表|减：管理费用|8,500.00
        2026|1|利润表|四、净利润|-7,500.00
        2026|2|利润表|利润总额|-8,100.00
        2026|1|增值税|销项税额|130.00
        2026|1|增值税|进项税额|65.00""",
    "发票": f"""
        {SOLD}|2026-01-10|专票|91310000000000001X|91310000000000002X|1,000.00|130.00|1,130.00|13%||是
        {BOUGHT}|2026-01-12|专票|91310000000000003X|91310000000000001X|500.00|65.00|565.00|13%||是""",
}


def sound_lines() -> list[Row]:
    """Two months of a general taxpayer; fourteen vouchers."""
    rows = [
        *voucher(1, 1, 3, ("100201", 10_000_000, 0), ("3001", 0, 10_000_000)),
        *voucher(1, 2, 5, ("1601", 1_200_000, 0), ("100201", 0, 1_200_000)),
        *voucher(
            1, 3, 10, ("1122", 100_000, 0), ("1122", 13_000, 0), ("5001", 0, 100_000),
            ("22210107", 0, 13_000),
        ),
        *voucher(1, 4, 12, ("5602", 50_000, 0), ("22210101", 6_500, 0), ("2202", 0, 56_500)),
        *voucher(1, 5, 31, ("5602", 800_000, 0), ("221101", 0, 800_000)),
        *voucher(1, 6, 31, ("22210103", 6_500, 0), ("222102", 0, 6_500)),
        *voucher(1, 7, 31, ("5001", 100_000, 0), ("3103", 750_000, 0), ("5602", 0, 850_000)),
        *voucher(2, 1, 3, ("100201", 113_000, 0), ("1122", 0, 100_000), ("1122", 0, 13_000)),
        *voucher(2, 2, 5, ("2202", 56_500, 0), ("100201", 0, 56_500)),
        *voucher(
            2, 3, 10, ("221101", 800_000, 0), ("100201", 0, 720_000), ("2241", 0, 70_000),
            ("222112", 0, 10_000),
        ),
        *voucher(2, 4, 15, ("222102", 6_500, 0), ("100201", 0, 6_500)),
        *voucher(2, 5, 28, ("5602", 10_000, 0), ("1602", 0, 10_000)),
        *voucher(2, 6, 28, ("5602", 800_000, 0), ("221101", 0, 800_000)),
        *voucher(2, 7, 28, ("3103", 810_000, 0), ("5602", 0, 810_000)),
    ]  # fmt: skip
    for row in rows:
        if row.account == "1122":
            row.party = "甲公司" if max(row.debit or 0, row.credit or 0) == 100_000 else "乙公司"
        elif row.account == "2202":
            row.party = "丙公司"
    return rows


@dataclass
class Beside:
    """A book before it is written: voucher lines, the tables beside them, attachments."""

    rows: list[Row] = field(default_factory=sound_lines)
    chart: dict[str, tuple[str, str]] = field(default_factory=lambda: dict(CHART))
    papers: dict[str, list[list[str]]] = field(default_factory=dict)
    invoices_of: dict[tuple[int, int], str] = field(
        default_factory=lambda: {(1, 3): SOLD, (1, 4): BOUGHT}
    )
    files: dict[str, bytes] = field(
        default_factory=lambda: {
            "2026-01/记-3/发票.pdf": b"%PDF sold",
            "2026-01/记-4/发票.pdf": b"%PDF bought, and longer",
        }
    )
    balances: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name, text in PAPERS.items():
            lines = (line.strip() for line in text.strip().splitlines())
            self.papers.setdefault(name, [line.split("|") for line in lines])
        self.balances = self.balances or balances_of(self.rows, self.chart)
        for row in self.papers["辅助余额表"]:
            if not any(row[4:]):
                row[4:] = self._part(int(row[1]), row[2], row[3])

    def _part(self, month: int, account: str, party: str) -> list[str]:
        own = [row for row in self.rows if (row.account, row.party) == (account, party)]
        before = sum((r.debit or 0) - (r.credit or 0) for r in own if r.month < month)
        debit = sum(r.debit or 0 for r in own if r.month == month)
        credit = sum(r.credit or 0 for r in own if r.month == month)
        closing = before + debit - credit
        sides = (max(before, 0), max(-before, 0), debit, credit, max(closing, 0), max(-closing, 0))
        return [f"{amount / 100:.2f}" for amount in sides]

    def list_files(self) -> None:
        """Add the list of attachments."""
        self.papers["附件清单"] = [
            ["2026", "1", name.split("/")[1], name.split("/")[2], str(len(data)), _hash(data)]
            for name, data in self.files.items()
        ]

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        lines = [
            [*line_cells(row), self.invoices_of.get((row.month, row.number), "")]
            for row in self.rows
        ]
        write_csv(folder / "凭证2026.csv", [[*LINE_HEAD, "发票号码"], *lines])
        banner = ["科目余额表", *[""] * (len(BALANCE_HEAD) - 1)]
        write_csv(folder / "科目余额表2026.csv", [banner, BALANCE_HEAD, *self.balances])
        heads = {**HEADS, "附件清单": "会计年度,会计期间,凭证,文件名,大小,SHA256"}
        for name, rows in self.papers.items():
            write_csv(folder / f"{name}2026.csv", [heads[name].split(","), *rows])
        for name, data in self.files.items():
            path = folder / "附件" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return folder


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def taken(folder: Path, book: Beside, *, standard: Standard = "sbe") -> Proof:
    return take_proof(the_book("cn_csv", book.write(folder)), standard=standard)


def found_in(folder: Path, change: Callable[[Beside], object]) -> tuple[Violation, ...]:
    """What the laws say of the sound book after a change to it."""
    book = Beside()
    change(book)
    return taken(folder / "book", book).violations


def sentences(violations: Iterable[Violation]) -> list[str]:
    return [f"{one.law}: {sentence(one, spoken='en')}" for one in violations]


def paper(name: str, row: int, cell: int, text: str) -> Callable[[Beside], None]:
    """A change to one cell."""

    def change(book: Beside) -> None:
        book.papers[name][row][cell] = text

    return change


def said(found: tuple[Violation, ...], template: str) -> Violation:
    """The one violation whose sentence holds these words."""
    (only,) = [one for one in found if template in one.template]
    return only
