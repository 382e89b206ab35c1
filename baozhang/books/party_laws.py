"""L5 and L8 over subsidiary balances (辅助余额): what holds for an account holds for its parts too.

A part is named by its row: its own name (a customer, an employee) is the client's.  Memory: one
entry per row.
"""

from collections.abc import Iterable, Mapping

from baozhang.books.findings import Facts, Report, Teller
from baozhang.books.model import PartyBalance, Severity
from baozhang.books.table_laws import follows

TEMPLATES = {
    "L5.party": "account {account} in {period}: the closing balance of the subsidiary in row {row} "
    "is off by {difference} {currency} from opening, debit and credit",
    "L8.party": "account {account}: the subsidiary in row {row} opens {period} with another "
    "balance than it closed {before} with: {difference} {currency}",
}
"""The sentence of each law; placeholders are a violation's fields and facts."""

_Part = tuple[str, str]  # account and party
_Standing = tuple[int, int, int]  # opening, closing, row


class PartyTable:
    """Keeps the subsidiary balances by period; judges them when all rows were seen."""

    def __init__(self, report: Report, currency: str) -> None:
        self.say = Teller(report, currency, TEMPLATES)
        self.periods: dict[str, dict[_Part, _Standing]] = {}
        self.rows = 0

    def see(self, rows: Iterable[PartyBalance]) -> None:
        """Take in rows; L5: closing is opening plus debit less credit."""
        for row in rows:
            self._add(row)

    def _add(self, row: PartyBalance) -> None:
        self.rows += 1
        parts = self.periods.setdefault(row.period, {})
        opening, closing, first = parts.get((row.account, row.party), (0, 0, self.rows))
        parts[row.account, row.party] = (opening + row.opening, closing + row.closing, first)
        if off := row.closing - (row.opening + row.debit - row.credit):
            self._found("L5.party", row.period, row.account, off, self.rows)

    def judge(self) -> None:
        """L8: every part opens as it closed the period before, where the table has both."""
        previous = ""
        for period in sorted(self.periods):
            if previous and follows(previous, period):
                self._against(period, self.periods[period], previous, self.periods[previous])
            previous = period

    def _against(
        self,
        period: str,
        parts: Mapping[_Part, _Standing],
        previous: str,
        before: Mapping[_Part, _Standing],
    ) -> None:
        for part in sorted({*parts, *before}):
            opening, _, row = parts.get(part, (0, 0, 0))
            _, closing, last = before.get(part, (0, 0, 0))
            if opening != closing:
                self._found("L8.party", period, part[0], opening - closing, row or last, previous)

    def _found(
        self, law: str, period: str, account: str, off: int, row: int, before: str = ""
    ) -> None:
        severity: Severity = "critical" if before[:4] in {"", period[:4]} else "warning"
        facts: Facts = (("row", row), *((("before", before),) if before else ()))
        self.say.tell(law, period, account, off=off, severity=severity, facts=facts)
