"""Control totals (核对合计数): lines, debit and credit per period and account (layer L1)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from operator import itemgetter

from baozhang.books.blocks import Passage
from baozhang.books.proof import Total


class _Sums:
    """The sums of one period, by account."""

    def __init__(self) -> None:
        self.lines: Counter[str] = Counter()
        self.debit: defaultdict[str, int] = defaultdict(int)
        self.credit: defaultdict[str, int] = defaultdict(int)
        self.voided_debit: defaultdict[str, int] = defaultdict(int)
        self.voided_credit: defaultdict[str, int] = defaultdict(int)


class Totals:
    """Sums lines up while they go by; a missing account counts as the account ''."""

    def __init__(self) -> None:
        self._periods: defaultdict[str, _Sums] = defaultdict(_Sums)

    def see(self, passage: Passage) -> tuple[()]:
        """Take in a passage; a missing amount adds nothing."""
        accounts = _named(passage)
        debits, credits_ = passage.amounts
        voided = passage.lines.voided if passage.voided else None
        for period, first, after in passage.stretches():
            sums, part = self._periods[period], slice(first, after)
            own, debit, credit = accounts[part], debits[part], credits_[part]
            sums.lines.update(own)
            _add(sums.debit, own, debit)
            _add(sums.credit, own, credit)
            if voided is not None:
                gone = voided[part]
                _add(sums.voided_debit, compress(own, gone), [*compress(debit, gone)])
                _add(sums.voided_credit, compress(own, gone), [*compress(credit, gone)])
        return ()

    def totals(self) -> tuple[Total, ...]:
        """Return the totals over all lines, voided ones included, by period and account."""
        return tuple(
            Total(period, account, sums.lines[account], sums.debit[account], sums.credit[account])
            for period, account, sums in self._sorted()
        )

    def movements(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Return debit and credit by period and account, voided lines left out."""
        return {
            (period, account): (
                sums.debit[account] - sums.voided_debit[account],
                sums.credit[account] - sums.voided_credit[account],
            )
            for period, account, sums in self._sorted()
        }

    def nets(self) -> dict[str, int]:
        """Return debit less credit by period, voided lines left out."""
        nets: dict[str, int] = {}
        for (period, _), (debit, credit) in self.movements().items():
            nets[period] = nets.get(period, 0) + debit - credit
        return nets

    def _sorted(self) -> Iterator[tuple[str, str, _Sums]]:
        for period, sums in sorted(self._periods.items(), key=itemgetter(0)):
            for account in sorted(sums.lines):
                yield period, account, sums


def _named(passage: Passage) -> Sequence[str]:
    accounts = passage.lines.account
    if None in passage.distinct(accounts):
        return [account or "" for account in accounts]
    return accounts  # type: ignore[return-value]


def _add(sums: dict[str, int], accounts: Iterable[str], amounts: Sequence[int]) -> None:
    """Add amounts up by account; zeros, which are half of all, are passed over."""
    for account, amount in zip(compress(accounts, amounts), filter(None, amounts), strict=True):
        sums[account] += amount
