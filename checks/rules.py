"""The rules a restored ledger is judged by: id, severity, and a title in two languages.

Ids are those of `baozhang.books` (docs/checks.md, which a test holds to this list and to the code).
A title is an English template; its Chinese twin stands in `baozhang/locale/zh_CN/checks.po`.
"""

from dataclasses import dataclass
from typing import Literal

from baozhang.books.model import Severity
from baozhang.words import CHINESE, ENGLISH, say

Layer = Literal["L0", "L1", "L2", "rows"]
"""L0 fingerprint and head, L1 control totals, L2 laws of the books, and the restored rows."""

IDENTITY, FINGERPRINT, TOTALS, ANEW, LOCKS = "I1", "F1", "C1", "N1", "P3"

TITLES: dict[str, str] = {
    "I1": "it is the same book",
    "F1": "every row and column is as it was: fingerprints agree",
    "C1": "control totals agree per period and account",
    "N1": "no law is broken that the source kept",
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
    "L10": "assets and costs equal liabilities, equity and profit not yet closed",
    "L11": "control accounts agree with their sub-ledgers",
    "L12": "no balance is on the unusual side",
    "P1": "closed periods hold only posted and reviewed vouchers",
    "P2": "profit and loss is closed to the profit of the year",
    "P3": "periods are closed in order, and stay closed",
    "P4": "depreciation agrees with the asset cards",
    "P5": "VAT agrees with its sub-accounts and returns",
    "P6": "the statements agree with what was filed",
    "X1": "an invoice's amount and tax make its total, and its tax its rate",
    "X2": "invoice numbers have 20 digits and occur once; red ones name a blue one",
    "X3": "booked invoices have their vouchers and attachments",
    "X4": "the bank ledger reconciles with the statement",
    "X5": "pay less deductions and tax is what was paid",
    "F2": "closed periods equal every earlier backup point",
    "F3": "attachments are complete and unchanged",
}
"""The title of every rule."""

WARNINGS = frozenset(("S0", "L4", "L12"))
"""Laws that only warn in daily work; of the others docs/checks.md says what of them does."""

LAWS = tuple(rule for rule in TITLES if rule[0] in "SLPX" or rule == "F3")
"""The laws every judgement looks at, whether or not either side breaks one."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its id, what it costs to break it anew and daily, and its title in English."""

    id: str
    severity: Severity  # broken anew, by a restore
    daily: Severity  # found in a book as it is kept
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
    """Return the rule; one that this release does not know has a title that says so.

    A restore may not break any law anew, not even one that in daily work only warns: whatever a
    restored ledger breaks and its source kept, the restore has changed.
    """
    daily: Severity = "warning" if rule_id in WARNINGS else "critical"
    title = TITLES.get(rule_id, "a law this release does not know")
    return Rule(rule_id, "critical", daily, title)
