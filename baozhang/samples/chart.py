"""The chart of accounts of a sample book: 66 of the regulation and sub-accounts of ours."""

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parent / "data"
FIRST, SECOND = 4, 6  # digits of a code at the first and the second level
REGULATION = DATA / "cn_coa_sbe" / "coa_small_business_2011_17.csv"

SUB_ACCOUNTS = {
    "100201": "工商银行基本户",
    "100202": "建设银行一般户",
    "122101": "备用金",
    "122102": "押金",
    "140501": "库存商品",
    "221101": "应付职工工资",
    "221102": "应付社会保险费",
    "222101": "应交增值税",
    "22210101": "进项税额",
    "22210103": "已交税金",
    "22210104": "转出未交增值税",
    "22210107": "销项税额",
    "222102": "未交增值税",
    "222103": "应交城市维护建设税",
    "222104": "应交教育费附加",
    "222105": "应交个人所得税",
    "222106": "应交企业所得税",
    "224101": "代扣社会保险费",
    "224102": "股东借款",
    "310401": "未分配利润",
    "500101": "商品销售收入",
    "500102": "技术服务收入",
    "540101": "商品销售成本",
    "540102": "技术服务成本",
    "560101": "销售人员工资",
    "560102": "广告宣传费",
    "560103": "运输费",
    "560201": "管理人员工资",
    "560202": "办公费",
    "560203": "房屋租赁费",
    "560204": "折旧费",
    "560205": "差旅费",
    "560206": "业务招待费",
    "560207": "社会保险费",
    "560208": "水电费",
    "560301": "手续费",
    "560302": "利息收入",
}
"""Code to name; without its last two digits a code is its parent's.

The columns of 应交增值税 (财会〔2016〕22号) are kept by general taxpayers alone.
"""
VAT_COLUMNS = ("22210101", "22210103", "22210104", "22210107")


class ChartAccount(NamedTuple):
    """One account of a sample book."""

    code: str
    name: str
    category: str  # 资产, 负债, 所有者权益, 成本, 损益
    side: str  # normal balance: 借 or 贷
    parent: str  # "" at the first level
    leaf: bool

    @property
    def grade(self) -> int:
        """Level in the chart, from 1."""
        return len(self.code) // 2 - 1


@cache
def chart(*, deducts: bool = True) -> tuple[ChartAccount, ...]:
    """Return the chart, sorted by code, so that parents come before their children.

    Args:
        deducts: whether it is a general taxpayer's, with the columns of 应交增值税.
    """
    with REGULATION.open(encoding="utf-8", newline="") as file:
        first = list(csv.DictReader(file))
    below = {code: name for code, name in SUB_ACCOUNTS.items() if deducts or len(code) == SECOND}
    above = {code[:-2] for code in below}
    heads = {row["code"]: (row["category"], row["normal_balance"]) for row in first}
    named = {row["code"]: row["name"] for row in first} | below
    return tuple(
        ChartAccount(
            code,
            name,
            *heads[code[:FIRST]],
            code[:-2] if len(code) > FIRST else "",
            code not in above,
        )
        for code, name in sorted(named.items())
    )


@cache
def names() -> dict[str, str]:
    """Return the accounts' names by code."""
    return {account.code: account.name for account in chart()}


@cache
def profit_and_loss() -> tuple[str, ...]:
    """Return the codes of the 损益 leaves, which every close brings to zero."""
    return tuple(a.code for a in chart() if a.leaf and a.category == "损益")
