"""What differs between two proofs of one book: vouchers by their marks, control totals by amount.

Words for it are found elsewhere: `compare` holds a restored book against its source, `generations`
a source against its own past.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Literal, NamedTuple

from baozhang.books.proof import Proof, Total, VoucherMarks

Marks = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Marks by period and voucher name; names recur where one word begins with another."""

Change = Literal["lost", "changed", "added"]


class VoucherChange(NamedTuple):
    """One voucher that two proofs do not agree about."""

    change: Change
    period: str
    voucher: str


class TotalChange(NamedTuple):
    """One account of one period whose totals differ; now less before, in minor units."""

    period: str
    account: str
    debit: int
    credit: int
    lines: tuple[int, int]  # before, now


def marks_of(marks: Collection[VoucherMarks], periods: Collection[str] | None = None) -> Marks:
    """Return marks by period and voucher, of these periods or of all."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for one in marks:
        if periods is None or one.period in periods:
            period = found.setdefault(one.period, {})
            for name, mark in zip(one.vouchers, one.marks, strict=True):
                period[name] = (*period.get(name, ()), mark)
    return found


def voucher_changes(before: Marks, now: Marks) -> Iterator[VoucherChange]:
    """Yield what differs, period by period: what is lost or changed, then what is new."""
    for period in sorted({*before, *now}):
        was, found = before.get(period, {}), now.get(period, {})
        for name, marks in was.items():
            if name not in found:
                yield VoucherChange("lost", period, name)
            elif found[name] != marks:
                yield VoucherChange("changed", period, name)
        for name in found:
            if name not in was:
                yield VoucherChange("added", period, name)


def total_changes(
    before: Proof, now: Proof, periods: Collection[str] | None = None
) -> Iterator[TotalChange]:
    """Yield the totals that differ, by period and account, of these periods or of all."""
    was, found = _by_account(before, periods), _by_account(now, periods)
    for period, account in sorted({*was, *found}):
        nothing = Total(period, account, 0, 0, 0)
        one, other = was.get((period, account), nothing), found.get((period, account), nothing)
        if one != other:
            yield TotalChange(
                period,
                account,
                other.debit - one.debit,
                other.credit - one.credit,
                (one.lines, other.lines),
            )


def _by_account(proof: Proof, periods: Collection[str] | None) -> dict[tuple[str, str], Total]:
    return {
        (total.period, total.account): total
        for total in proof.totals
        if periods is None or total.period in periods
    }
