"""The rules a restored ledger is judged by: id, severity, and a title in two languages.

Ids are those of `baozhang.books` (docs/checks.md).  A title is an English template; its Chinese
twin stands in `baozhang/locale/zh_CN/checks.po`.
"""

from dataclasses import dataclass
from typing import Literal

from baozhang.books.model import Severity
from baozhang.words import CHINESE, ENGLISH, say

Layer = Literal["L0", "L1", "L2", "rows"]
"""L0 fingerprint and head, L1 control totals, L2 laws of the books, and the restored rows."""

FINGERPRINT, TOTALS, HEAD, PRESENCE = "F1", "C1", "C2", "N1"

TITLES: dict[str, str] = {
    "F1": "every row is as it was: fingerprints agree",
    "C1": "control totals agree per period and account",
    "C2": "the book's head and columns agree",
    "N1": "every book of the backup point was restored",
    "S0": "the book has voucher lines",
    "S1": "dates, periods and amounts can be read",
    "S2": "no voucher line occurs twice",
    "S3": "every account is in the chart",
    "S4": "every line has either a debit or a credit",
    "S5": "texts and codes are not garbled",
    "L1": "every voucher balances",
    "L2": "every period balances",
    "L3": "voucher numbers have no gaps",
    "L4": "voucher dates rise with their numbers",
    "L5": "closing is opening plus movement",
    "L6": "vouchers agree with the balance table",
    "L7": "an account is the sum of the accounts below it",
    "L8": "opening is the closing of the period before",
    "L9": "the trial balance balances",
    "X1": "an invoice's amount and tax make its total",
    "X2": "invoice numbers have 20 digits and occur once",
}
"""The title of every rule."""

LAWS = tuple(rule for rule in TITLES if rule[0] in "SLX")
"""The laws every judgement looks at, whether or not either side breaks one."""

WARNINGS = frozenset({"S0", "L4"})
"""Rules that only warn."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `severity` is what it costs to break it anew."""

    id: str
    severity: Severity
    template: str

    @property
    def chinese(self) -> str:
        """The title in Chinese."""
        return say(self.template, spoken=CHINESE)

    @property
    def english(self) -> str:
        """The title in English."""
        return say(self.template, spoken=ENGLISH)


def rule_of(rule_id: str) -> Rule:
    """Return the rule; one that this release does not know is critical, never ignored."""
    title = TITLES.get(rule_id, "a law this release does not know")
    return Rule(rule_id, "warning" if rule_id in WARNINGS else "critical", title)
