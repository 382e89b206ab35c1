"""The whole agency's month as values: its clients, its copies, its prices, and the month before."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from baozhang.catalog.model import Duty, Outcome, Status
from baozhang.money import scale_of
from reports import figures
from reports.figures import Changes, worst
from reports.months import Month
from reports.standing import KINDS, ClientMonth, Kind, SetMonth, Tried, kind_of
from reports.writing import Pen

GIGABYTE = 10**9


@dataclass(frozen=True, slots=True)
class Rates:
    """What keeping and restoring costs; zeros: own disks, no cost is told."""

    currency: str
    per_gb_month: Decimal  # of stored bytes at the month's end
    per_restore: Decimal  # of each restore test and each restore on request


@dataclass(frozen=True, slots=True)
class Before:
    """The month before, as far as it is compared."""

    month: Month
    statuses: tuple[tuple[str, Status], ...]  # of clients
    points: int
    kept: int
    tests: int


@dataclass(frozen=True, slots=True)
class AgencyMonth:
    """All clients in a month."""

    month: Month
    at: datetime  # up to when it is told, UTC
    clients: tuple[ClientMonth, ...]
    before: Before | None  # None: nothing is known of it
    own: tuple[tuple[Kind, int], ...]  # exceptions of the agency's own data and copies
    amiss: tuple[tuple[Kind, Status], ...]  # of these, what the newest runs found not well
    copies: tuple[int | None, ...]  # day by day: places that held all of it; None: no run
    places: int  # how many there should be, the vault itself included
    target: timedelta  # within which a client is to be restored
    prices: Rates
    sample: bool = False

    @property
    def seen(self) -> bool:
        """Whether anything is known of the month."""
        return any(each.points or each.exceptions or each.tests for each in self.clients)

    @property
    def status(self) -> Status:
        """The worst client's, or the agency's own; inconclusive where nothing is known."""
        found = (*(each.status for each in self.clients), *(status for _, status in self.amiss))
        return worst(found) if self.seen else "inconclusive"

    def count(self, status: Status) -> int:
        """Return how many clients stood so."""
        return sum(each.status == status for each in self.clients)

    @property
    def troubled(self) -> tuple[ClientMonth, ...]:
        """Clients that are not well, the worst first."""
        order: tuple[Status, ...] = ("failed", "inconclusive", "partial")
        ill = (each for each in self.clients if each.status != "ok")
        return tuple(sorted(ill, key=lambda c: (order.index(c.status), c.client)))

    @property
    def tests(self) -> tuple[Tried, ...]:
        """Restore tests in the month."""
        return tuple(each for client in self.clients for each in client.tests)

    @property
    def overdue(self) -> tuple[tuple[str, SetMonth], ...]:
        """Sets whose restore test is overdue, with their clients."""
        return tuple(
            (client.client, part)
            for client in self.clients
            for part in client.sets
            if any(each.cause == "overdue" for each in part.troubles)
        )

    @property
    def points(self) -> int:
        """Backup points made."""
        return sum(each.points for each in self.clients)

    @property
    def kept(self) -> int:
        """Bytes in the vaults at the month's end."""
        return sum(each.kept for each in self.clients)

    @property
    def proven(self) -> int:
        """Clients whose every set was proven at ledger level."""
        return sum(each.books_proven for each in self.clients)

    @property
    def restored(self) -> int:
        """How often data was brought back on request."""
        return sum(len(each.restored) for each in self.clients)

    @property
    def exceptions(self) -> tuple[tuple[Kind, int], ...]:
        """Exceptions by kind, clients' and the agency's own."""
        found: Counter[Kind] = Counter(dict(self.own))
        for client in self.clients:
            found.update(dict(client.exceptions))
        return tuple((kind, found[kind]) for kind in KINDS if found[kind])

    @property
    def priced(self) -> bool:
        """Whether the agency stated prices."""
        return bool(self.prices.per_gb_month or self.prices.per_restore)

    def cost_of(self, client: ClientMonth) -> int:
        """Return what a client cost in the month, in minor units, rounded half to even."""
        restores = len(client.tests) + len(client.restored)
        cost = self.prices.per_gb_month * client.kept / GIGABYTE
        cost += self.prices.per_restore * restores
        step = Decimal(1).scaleb(-scale_of(self.prices.currency))
        return int(cost.quantize(step, ROUND_HALF_EVEN) / step)

    @property
    def cost(self) -> int:
        """What all clients cost, the sum of what is told of each, in minor units."""
        return sum(map(self.cost_of, self.clients))


def amiss(outcomes: Iterable[Outcome]) -> tuple[tuple[Kind, Status], ...]:
    """Return what of the agency's own was not well at the end, by kind, the worst of each.

    Args:
        outcomes: of clients and of the agency, all that the month's end knew.  Of the agency only
            what is not well is written down, so a newer run that says nothing of it has mended it.
    """
    newest: dict[Duty, Outcome] = {}
    own = []
    for each in outcomes:
        if each.duty not in newest or each.started >= newest[each.duty].started:
            newest[each.duty] = each
        if figures.own(each) and each.status != "ok":
            own.append(each)
    last = {each.run for each in newest.values()}
    found: dict[Kind, list[Status]] = {}
    for each in own:
        if each.run in last:
            found.setdefault(kind_of(each), []).append(each.status)
    return tuple((kind, worst(found[kind])) for kind in KINDS if kind in found)


def before_of(
    month: Month, clients: Iterable[ClientMonth], gone: Iterable[str] = ()
) -> Before | None:
    """Return the month before from its clients; None where nothing is known of it.

    Args:
        month: the month before.
        clients: how it was for those that are clients now.
        gone: ids of those that were backed up since it began, and are clients no longer.  What
            they were promised is not known any more, so neither is how they stood.
    """
    known, left = tuple(clients), tuple(gone)
    if not left and not any(each.points or each.exceptions or each.tests for each in known):
        return None
    return Before(
        month=month,
        statuses=(
            *((each.client, each.status) for each in known if each.seen),
            *((client, "inconclusive") for client in left),
        ),
        points=sum(each.points for each in known),
        kept=sum(each.kept for each in known),
        tests=sum(len(each.tests) for each in known),
    )


def delta(value: AgencyMonth, before: Before) -> Changes:
    """Return which clients broke, mended, came and went since the month before."""
    then = dict(before.statuses)
    now = {each.client: each.status for each in value.clients}
    both = sorted(now.keys() & then.keys())
    return Changes(
        broke=tuple(c for c in both if then[c] == "ok" != now[c]),
        mended=tuple(c for c in both if now[c] == "ok" != then[c]),
        still=tuple(c for c in both if now[c] != "ok" and then[c] != "ok"),
        appeared=tuple(sorted(now.keys() - then.keys())),
        absent=tuple(sorted(then.keys() - now.keys())),
        bytes=value.kept - before.kept,
    )


def kind_words(pen: Pen) -> dict[Kind, str]:
    """Return what each kind of exception is called."""
    return {
        "backup": pen.gettext("Backup failed"),
        "partial": pen.gettext("Backup in part"),
        "sudden": pen.gettext("Sudden change"),
        "damaged": pen.gettext("Stored bytes damaged"),
        "restore": pen.gettext("Restore test not passed"),
        "unclear": pen.gettext("Could not be judged"),
        "mirror": pen.gettext("Copy behind"),
        "agency": pen.gettext("Agency's own data"),
    }


def kinds_words(found: Iterable[tuple[Kind, int]], pen: Pen) -> str:
    """Return exceptions by kind in one line."""
    words = kind_words(pen)
    said = [pen.gettext("%(kind)s %(n)s", kind=words[kind], n=pen.number(n)) for kind, n in found]
    return pen.gettext(", ").join(said) or pen.gettext("none")
