"""Which periods of a book are closed (结账), and what a closed one may not hold: P1 and P3.

A book that comes with its periods states which are closed.  Of any other one it is implied: nobody
goes on for two months in a period that still changes, so a period counts as closed once two later
ones hold vouchers that are not known to be unposted.  What breaks a law in a period that is only
implied to be closed is a warning.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from baozhang.books.blocks import Passage
from baozhang.books.findings import Report, broken
from baozhang.books.model import Book, PeriodState, Severity, Violation
from baozhang.books.proof import MOST_VIOLATIONS, Closed

LATER = 2  # periods with vouchers behind one that imply that it is closed

TEMPLATES = {
    "P1.posted": "voucher {voucher} is not posted, though {period} is closed",
    "P1.posted.more": "{period} is closed, and {count} more of its vouchers are not posted",
    "P1.reviewed": "voucher {voucher} is not reviewed, though {period} is closed",
    "P1.reviewed.more": "{period} is closed, and {count} more of its vouchers are not reviewed",
    "P1.never": "no voucher of the book is reviewed",
    "P1.same": "{count} vouchers of {period} were reviewed by who prepared them",
    "P3": "the period {period} is closed, but {before} before it is open",
}
"""The sentence of each law; placeholders are a violation's fields and facts."""


class Periods:
    """What the book says of its periods."""

    def __init__(self) -> None:
        self.stated: dict[str, bool] = {}

    def see(self, rows: Iterable[PeriodState]) -> None:
        """Take in periods' states; the period 0 that some products open a year with is none."""
        for row in rows:
            if not row.period.endswith("-00"):
                self.stated[row.period] = row.closed

    def closed(self, used: Iterable[str]) -> tuple[Closed, ...]:
        """Return the closed periods, in order.

        Args:
            used: the periods that hold a voucher not known to be unposted.
        """
        if self.stated:
            return tuple(
                Closed(period, True) for period, is_so in sorted(self.stated.items()) if is_so
            )
        return implied(used)

    def in_order(self, used: Collection[str]) -> Iterator[Violation]:
        """P3: periods are closed in order; none is closed after an open one.

        Open periods before the first voucher are those before the book was begun (启用).
        """
        open_one, begun = "", False
        for period, is_closed in sorted(self.stated.items()):
            if is_closed and open_one:
                facts = (("before", open_one),)
                yield broken("P3", TEMPLATES["P3"], period=period, facts=facts)
            begun = begun or is_closed or period in used
            if begun and not is_closed:
                open_one = open_one or period


def implied(used: Iterable[str]) -> tuple[Closed, ...]:
    """Return the periods that later vouchers imply to be closed."""
    return tuple(Closed(period, False) for period in sorted(used)[:-LATER])


class _Noted:
    """Vouchers with one fault in one period: the first by name, all by count."""

    __slots__ = ("count", "names")

    def __init__(self) -> None:
        self.count = 0
        self.names: dict[str, None] = {}

    def note(self, name: str) -> None:
        if name in self.names:  # the voucher's lines lie apart in the file
            return
        self.count += 1
        if len(self.names) < MOST_VIOLATIONS:
            self.names[name] = None


class Reviewed:
    """P1: a closed period holds no unposted and no unreviewed voucher; 制单 is not 审核.

    A book that never reviews (one person keeps it) gets one warning instead of one per voucher.
    """

    def __init__(self, report: Report, book: Book) -> None:
        self.report = report
        self.prepared, self.reviewer = book.roles.get("prepared"), book.roles.get("reviewed")
        self.used: set[str] = set()  # periods with a voucher not known to be unposted
        self.faults: dict[str, dict[str, _Noted]] = {"P1.posted": {}, "P1.reviewed": {}}
        self.same: dict[str, int] = {}
        self.any_reviewed = False

    def see(self, passage: Passage) -> tuple[()]:
        """Take in a passage."""
        lines, whose = passage.lines, passage.lines.other
        unposted = False in lines.posted
        if not unposted and True not in lines.voided and self._alike(passage):
            return ()
        for first, after in passage.runs():
            if lines.voided[first]:
                continue
            if unposted and False in lines.posted[first:after]:
                self._note("P1.posted", passage, first)
            else:
                self.used.add(lines.period[first])
            if self.reviewer is None:
                continue
            who = _name(whose[self.reviewer][first])
            if not who:
                self._note("P1.reviewed", passage, first)
                continue
            self.any_reviewed = True
            if self.prepared is not None and who == _name(whose[self.prepared][first]):
                period = lines.period[first]
                self.same[period] = self.same.get(period, 0) + 1
        return ()

    def _alike(self, passage: Passage) -> bool:
        """Take in a passage of which all was prepared and reviewed by one person each."""
        periods = Counter(map(passage.lines.period.__getitem__, passage.starts))
        if self.reviewer is not None:
            asked = self.reviewer if self.prepared is None else self.prepared
            columns = [passage.lines.other[place] for place in (self.reviewer, asked)]
            if any(len(passage.distinct(column)) > 1 for column in columns):
                return False
            who, by = (_name(column[0]) for column in columns)
            if not who:
                return False
            self.any_reviewed = True
            if who == by and self.prepared is not None:
                for period, count in periods.items():
                    self.same[period] = self.same.get(period, 0) + count
        self.used.update(periods)
        return True

    def judge(self, closed: Iterable[Closed]) -> None:
        """Report what closed periods hold that they may not."""
        never = not self.any_reviewed and bool(self.faults["P1.reviewed"])
        judged = tuple(closed)
        if never and judged:
            self.report(broken("P1", TEMPLATES["P1.never"], severity="warning"))
        for period, stated in judged:
            severity: Severity = "critical" if stated else "warning"
            for fault, noted in self.faults.items():
                if period in noted and not (never and fault == "P1.reviewed"):
                    self._tell(fault, period, noted[period], severity)
            if count := self.same.get(period):
                facts = (("count", count),)
                template = TEMPLATES["P1.same"]
                self.report(broken("P1", template, severity="warning", period=period, facts=facts))

    def _note(self, fault: str, passage: Passage, row: int) -> None:
        period = passage.lines.period[row]
        noted = self.faults[fault].get(period)
        if noted is None:
            noted = self.faults[fault][period] = _Noted()
        noted.note(passage.voucher(row))

    def _tell(self, fault: str, period: str, noted: _Noted, severity: Severity) -> None:
        for name in noted.names:
            template = TEMPLATES[fault]
            self.report(broken("P1", template, severity=severity, period=period, voucher=name))
        if more := noted.count - len(noted.names):
            template, facts = TEMPLATES[f"{fault}.more"], (("count", more),)
            self.report(broken("P1", template, severity=severity, period=period, facts=facts))


def _name(text: str | None) -> str:
    return (text or "").strip()
