"""F2: a closed period equals every earlier generation; what differs was changed after closing.

    proof taken now ──┬── vouchers by their marks ──► lost, changed, added
    earlier proofs ───┘── control totals ───────────► by how much, on which account

A restored book is held against its source; this holds the source against its own past, so that a
change made before the backup (tampering, a wrong restore, a "re-done" month) is found as well.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from baozhang.books.differences import (
    TotalChange,
    VoucherChange,
    marks_of,
    total_changes,
    voucher_changes,
)
from baozhang.books.findings import Facts, broken
from baozhang.books.model import Severity, Violation
from baozhang.books.periods import implied
from baozhang.books.proof import Closed, Proof

MOST_NAMED = 50  # vouchers of one period, and accounts; beyond it a count is given

TEMPLATES = {
    "F2.lost": "voucher {voucher} of {period} is gone, though the period was closed at {since}",
    "F2.changed": "voucher {voucher} of {period} was changed, though the period was closed at "
    "{since}",
    "F2.added": "voucher {voucher} of {period} was added, though the period was closed at {since}",
    "F2.lost.implied": "voucher {voucher} of {period} is gone since {since}, when two later "
    "periods had vouchers already",
    "F2.changed.implied": "voucher {voucher} of {period} was changed since {since}, when two later "
    "periods had vouchers already",
    "F2.added.implied": "voucher {voucher} of {period} was added since {since}, when two later "
    "periods had vouchers already",
    "F2.more": "{count} more vouchers of {period} differ from {since}",
    "F2.gone": "all {count} vouchers of {period} are gone since {since}",
    "F2.debit": "account {account} in {period}: debits differ from {since} by {difference} "
    "{currency}",
    "F2.credit": "account {account} in {period}: credits differ from {since} by {difference} "
    "{currency}",
    "F2.order": "the vouchers of {period} stand in another order than at {since}",
    "F2.table": "the balance table of {period} differs from {since}, its vouchers do not",
    "F2.reopened": "the period {period} was closed at {since} and is open again",
    "F2.unnamed": "vouchers of {period} were changed since {since}; which ones cannot be told, for "
    "the book numbers them in another way now",
    "F2.numbering": "the book numbers its vouchers by {found}, and by {expected} at {since}: of "
    "closed periods only totals were compared",
    "F2.currency": "the book is kept in {found}, and in {expected} at {since}: its closed periods "
    "cannot be compared",
    "F2.unlike": "the book was read in another way at {since}: of closed periods only voucher "
    "names and totals were compared",
}
"""The sentence of each finding; placeholders are a violation's fields and facts."""


class Generation(NamedTuple):
    """An earlier proof of the same book."""

    since: str  # what a person calls its backup point: a day, or the snapshot's id
    proof: Proof


def tampered(now: Proof, earlier: Iterable[Generation]) -> tuple[Violation, ...]:
    """Return what changed in periods that were closed at an earlier generation.

    Args:
        now: the proof just taken.
        earlier: proofs of the same book, newest first; others are passed over.  A period is told
            against the first one that it differs from.  Where the book numbered its vouchers in
            another way, periods are compared by their rows and totals.

    Returns:
        Violations F2: period, voucher, account and amount (now less then).  Critical, but for
        what may be innocent, which is a warning: rows of a period that was only implied to be
        closed, with the same amounts; the balance table alone; order; a reopened period; and what
        cannot be told.
    """
    told: set[str] = set()
    found: list[Violation] = []
    for generation in earlier:
        if now.book.name == generation.proof.book.name:
            for period, violations in _Against(now, generation).violations(told):
                found += violations
                told.add(period)
    return tuple(found)


def closed_in(proof: Proof) -> tuple[Closed, ...]:
    """Return the periods closed at a proof; one of the first format implies them by vouchers."""
    return proof.closed if proof.laws > 1 else implied({one.period for one in proof.vouchers})


class _Against:
    """A proof beside one earlier generation of its book."""

    def __init__(self, now: Proof, generation: Generation) -> None:
        self.now, self.then, self.since = now, generation.proof, generation.since
        self.still = {period for period, stated in now.closed if stated}
        self.same = {*self.then.chunks} & {*now.chunks}
        self.named = now.book.numbering == self.then.book.numbering  # names mean the same vouchers

    def violations(self, told: set[str]) -> Iterator[tuple[str, list[Violation]]]:
        """Yield closed periods that differ, and how; "" for what is said of the whole book."""
        closed = [one for one in closed_in(self.then) if one.period not in told]
        if closed and self.now.book.currency != self.then.book.currency:
            if "" not in told:
                facts = self._both(self.now.book.currency, self.then.book.currency)
                yield "", [self._found("F2.currency", "warning", facts=facts)]
            return
        differing = [one for one in closed if self._differs("lines", one.period)]
        alike = self._read_alike()
        if differing and not alike and "" not in told:
            yield "", [self._found_unlike()]
        for one in closed:
            violations = [
                *(self._of_lines(one, alike=alike) if one in differing else ()),
                *self._of_state(one),
            ]
            if alike and not violations and self._differs("balances", one.period):
                violations.append(self._found("F2.table", "warning", one.period))
            if violations:
                yield one.period, violations

    def _found_unlike(self) -> Violation:
        if self.named:
            return self._found("F2.unlike", "warning")
        facts = self._both(self.now.book.numbering, self.then.book.numbering)
        return self._found("F2.numbering", "warning", facts=facts)

    def _both(self, found: str, expected: str) -> Facts:
        return (("found", found), ("expected", expected))

    def _differs(self, table: str, period: str) -> bool:
        own = {one for one in self.then.chunks if one.table == table and one.period == period}
        return not own <= self.same or (table == "lines" and not own and self._has_lines(period))

    def _has_lines(self, period: str) -> bool:
        return any(one.table == "lines" and one.period == period for one in self.now.chunks)

    def _read_alike(self) -> bool:
        """Tell whether rows can be compared: another profile or column makes every mark another.

        So does a profile that was corrected.  Then no voucher at all kept its mark.
        """
        one, other = self.now.book, self.then.book
        if (one.profile, one.columns.get("lines")) != (other.profile, other.columns.get("lines")):
            return False
        if any(chunk.table == "lines" for chunk in self.same):
            return True
        return self.named and self._any_voucher_same()

    def _any_voucher_same(self) -> bool:
        now, then = marks_of(self.now.vouchers), marks_of(self.then.vouchers)
        shared = [
            marks == now[period][name]
            for period, names in then.items()
            for name, marks in names.items()
            if name in now.get(period, {})
        ]
        return any(shared) or len(shared) <= 1

    def _of_lines(self, one: Closed, *, alike: bool) -> Iterator[Violation]:
        period = (one.period,)
        if not self.named:
            totals = list(total_changes(self.then, self.now, period))
            if alike:
                severity: Severity = "critical" if totals or one.stated else "warning"
                yield self._found("F2.unnamed", severity, one.period)
            yield from self._of_totals([], totals)
            return
        then, now = marks_of(self.then.vouchers, period), marks_of(self.now.vouchers, period)
        if then and not now:
            facts = (("count", len(then[one.period])),)
            yield self._found("F2.gone", "critical", one.period, facts=facts)
            return
        changes = [
            change for change in voucher_changes(then, now) if alike or change.change != "changed"
        ]
        totals = list(total_changes(self.then, self.now, period))
        yield from self._of_vouchers(one, changes, amounts=bool(totals))
        yield from self._of_totals(changes, totals)
        if alike and not changes and not totals:
            yield self._found("F2.order", "warning", one.period)

    def _of_vouchers(
        self, one: Closed, changes: list[VoucherChange], *, amounts: bool
    ) -> Iterator[Violation]:
        how = "" if one.stated else ".implied"
        for change, period, voucher in changes[:MOST_NAMED]:
            harmless = change == "changed" and not amounts and not one.stated
            severity: Severity = "warning" if harmless else "critical"
            yield self._found(f"F2.{change}{how}", severity, period, voucher=voucher)
        if more := len(changes[MOST_NAMED:]):
            yield self._found("F2.more", "critical", one.period, facts=(("count", more),))

    def _of_totals(
        self, changes: list[VoucherChange], totals: list[TotalChange]
    ) -> Iterator[Violation]:
        """Yield amounts; where one voucher alone differs they are its own."""
        cause = changes[0].voucher if len(changes) == 1 else None
        for total in totals[:MOST_NAMED]:
            for side, off in (("F2.debit", total.debit), ("F2.credit", total.credit)):
                if off:
                    found = self._found(
                        side, "critical", total.period, account=total.account, off=off
                    )
                    yield replace(found, voucher=cause)

    def _of_state(self, one: Closed) -> Iterator[Violation]:
        if one.stated and "periods" in self.now.book.columns and one.period not in self.still:
            yield self._found("F2.reopened", "warning", one.period)

    def _found(
        self,
        template: str,
        severity: Severity,
        period: str | None = None,
        *,
        voucher: str | None = None,
        account: str | None = None,
        off: int | None = None,
        facts: Facts = (),
    ) -> Violation:
        return broken(
            "F2",
            TEMPLATES[template],
            severity=severity,
            period=period,
            voucher=voucher,
            account=account,
            difference=off,
            currency=self.now.book.currency,
            facts=(("since", self.since), *facts),
        )
