"""Accounting standards (会计制度) as data: what a code says of the account it names.

    standards/sbe.yaml ──► AccountingStandard ──► laws that know no code by themselves

4001 is 生产成本 in one standard and 实收资本 in another: a law that needs an account's class asks
the standard that the client's books follow.  One that follows neither (`other`) classifies
nothing, and such laws do not apply.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal, cast

import yaml

from baozhang.books.model import Standard

AccountClass = Literal["asset", "liability", "common", "equity", "cost", "profit_loss"]
"""资产, 负债, 共同, 所有者权益, 成本, 损益."""

Control = Literal[
    "receivable",
    "advance_received",
    "payable",
    "advance_paid",
    "other_receivable",
    "other_payable",
    "inventory",
    "fixed_assets",
    "depreciation",
    "wages",
    "taxes",
]
"""Accounts that a sub-ledger must agree with, by what they control."""

_FOLDER = Path(__file__).parent / "standards"


@dataclass(frozen=True, slots=True)
class AccountingStandard:
    """What a standard says of accounts, by the beginning of their codes; "" or empty: nothing."""

    name: Standard
    title_en: str
    title_zh: str
    classes: Mapping[str, AccountClass] = field(default_factory=dict)  # by first digit
    income: tuple[str, ...] = ()  # 损益 that earn; the other ones spend
    revenue: tuple[str, ...] = ()  # 营业收入: what is taxed by VAT
    profit: str = ""  # 本年利润
    retained: str = ""  # 利润分配
    prior_years: tuple[str, ...] = ()  # 以前年度损益调整
    never_credit: tuple[str, ...] = ()
    never_debit: tuple[str, ...] = ()
    controls: Mapping[Control, tuple[str, ...]] = field(default_factory=dict)

    def class_of(self, code: str) -> AccountClass | None:
        """Return an account's class; None where the standard does not know the code."""
        return self.classes.get(code[:1])

    def is_profit_loss(self, code: str) -> bool:
        """Tell whether an account is 损益, brought to zero when profit and loss are closed."""
        return self.class_of(code) == "profit_loss"

    def controls_of(self, what: Control) -> tuple[str, ...]:
        """Return the first-level accounts that one kind of sub-ledger must agree with."""
        return self.controls.get(what, ())

    def fits(self, codes: Iterable[str]) -> bool:
        """Tell whether a chart follows it: one without 本年利润 is of another standard."""
        return bool(self.profit) and any(below(code, (self.profit,)) for code in codes)


def below(code: str, roots: tuple[str, ...]) -> bool:
    """Tell whether an account is one of the roots, or an account below one."""
    return code.startswith(roots)


@cache
def load_standard(name: Standard) -> AccountingStandard:
    """Return a standard that comes with the product."""
    with (_FOLDER / f"{name}.yaml").open(encoding="utf-8") as stream:
        values = yaml.load(stream, yaml.BaseLoader)  # noqa: S506 - texts, lists, mappings only
    return AccountingStandard(
        name=name,
        title_en=values["title"]["en"],
        title_zh=values["title"]["zh"],
        classes=cast("Mapping[str, AccountClass]", values.get("classes", {})),
        income=tuple(values.get("income", ())),
        revenue=tuple(values.get("revenue", ())),
        profit=values.get("profit", ""),
        retained=values.get("retained", ""),
        prior_years=tuple(values.get("prior_years", ())),
        never_credit=tuple(values.get("never_credit", ())),
        never_debit=tuple(values.get("never_debit", ())),
        controls={
            cast("Control", what): tuple(roots)
            for what, roots in values.get("controls", {}).items()
        },
    )
