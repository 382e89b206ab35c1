"""Control totals (核对合计数): lines, debit and credit per period and account (layer L1)."""

from collections.abc import Iterator

from baozhang.books.proof import Total
from baozhang.books.vouchers import Run, Tally


class _Sums:
    __slots__ = ("credit", "debit", "lines", "voided_credit", "voided_debit")

    def __init__(self) -> None:
        self.lines = self.debit = self.credit = 0
        self.voided_debit = self.voided_credit = 0


class Totals:
    """Sums lines up while they go by; a missing account counts as the account ''."""

    def __init__(self) -> None:
        self._periods: dict[str, dict[str, _Sums]] = {}

    def see(self, run: Run, _tally: Tally) -> None:
        """Take in a run; a missing amount adds nothing."""
        accounts = self._periods.setdefault(run.period, {})
        for line in run.lines:
            account = line.account or ""
            sums = accounts.get(account)
            if sums is None:
                sums = accounts[account] = _Sums()
            sums.lines += 1
            sums.debit += line.debit or 0
            sums.credit += line.credit or 0
            if line.voided:
                sums.voided_debit += line.debit or 0
                sums.voided_credit += line.credit or 0

    def totals(self) -> tuple[Total, ...]:
        """Return the totals over all lines, voided ones included, by period and account."""
        return tuple(
            Total(period, account, sums.lines, sums.debit, sums.credit)
            for period, account, sums in self._sorted()
        )

    def movements(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Return debit and credit by period and account, voided lines left out."""
        return {
            (period, account): (sums.debit - sums.voided_debit, sums.credit - sums.voided_credit)
            for period, account, sums in self._sorted()
        }

    def nets(self) -> dict[str, int]:
        """Return debit less credit by period, voided lines left out."""
        nets: dict[str, int] = {}
        for (period, _), (debit, credit) in self.movements().items():
            nets[period] = nets.get(period, 0) + debit - credit
        return nets

    def _sorted(self) -> Iterator[tuple[str, str, _Sums]]:
        for period, accounts in sorted(self._periods.items()):
            for account, sums in sorted(accounts.items()):
                yield period, account, sums
