"""How a client stood at the end of a month, and what was done for it: values, and their making.

    backup points ─┐
    outcomes ──────┼──► client_month ──► ClientMonth ─┬─► client statement
    promises ──────┘                                  ├─► certificate
                                                      └─► monthly summary (all clients)

Pure functions: the same rows give the same month on every machine.  What happened after the
month's end (`at`) is not looked at, so that a letter written late says what one written in time
would have said.  What nobody measured is None and never zero; a client without a backup point
has failed and is never left out.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from baozhang.catalog.model import Duty, Finding, KnownSnapshot, Outcome, Status
from baozhang.clock import business_day
from baozhang.policies.due import JITTER
from baozhang.policies.model import Policy
from reports.figures import Money, duration, figure, money, worst
from reports.months import Month, midnight

Kind = Literal["backup", "partial", "sudden", "damaged", "restore", "unclear", "mirror", "agency"]
"""Exceptions by kind: one per outcome that is not fine."""
KINDS: tuple[Kind, ...] = (
    "backup", "partial", "sudden", "damaged", "restore", "unclear", "mirror", "agency",
)  # fmt: skip

Cause = Literal[
    "never", "late", "failed", "partial", "suspicious", "damaged", "unclear", "unread",
    "unproven", "untried", "overdue",
]  # fmt: skip
"""Why a client is not well at the month's end."""
WEIGHTS: dict[Cause, Status] = {
    "never": "failed",
    "late": "failed",
    "failed": "failed",
    "partial": "partial",
    "suspicious": "partial",
    "damaged": "failed",
    "unclear": "inconclusive",
    "unread": "inconclusive",
    "unproven": "failed",
    "untried": "inconclusive",
    "overdue": "partial",
}
"""What a cause makes of a client; an overdue restore test is a debt, not a loss."""

SUSPICIOUS = ("suspicion", 2)
"""The figure of a backup whose change was sudden (docs/runbooks/backup.md)."""
UNACCEPTED = "not proven on a real machine: the source {source} has not passed its acceptance"
"""The finding of a backup whose source nobody tried where it runs (`tasks.acceptance`)."""
WHOLE_CLIENT = "*"
MOST_FINDINGS = 5  # per client; the night's letters told all
GRACE = 2 * JITTER
"""How much later than promised a backup point may be before it is called late."""
READ_GRACE = timedelta(days=7)
"""The rotation shares out clients by nights; a client's turn may come some nights later."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something is not well."""

    cause: Cause
    set: str  # "*": the client as a whole
    since: datetime | None = None  # of what was last well, or of what went wrong


@dataclass(frozen=True, slots=True)
class Tried:
    """One restore test of one set."""

    at: datetime
    snapshot: str
    status: Status
    files: int | None
    bytes: int | None
    books: int  # held against their proofs; zero: the bytes came back, no more is known
    vouchers: int | None
    lines: int | None
    took: timedelta
    money: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class SetMonth:
    """One set of one client."""

    set: str
    every: timedelta  # promised at most between two backup points
    test_every: timedelta  # promised at most between two restore tests
    points: int  # complete backup points made in the month
    newest: datetime | None  # complete backup point
    snapshot: str
    files: int  # of the newest point
    bytes: int
    books: int
    added: int  # bytes stored by the points of the month
    kept: int  # bytes stored by all points until then
    longest: timedelta | None  # longest time in the month without a newer complete point
    nights: tuple[tuple[Status, int], ...]  # how often backups in the month ended how
    tests: tuple[Tried, ...]  # in the month
    tried: Tried | None  # the newest, whatever came of it
    proven: Tried | None  # the newest that passed
    held: bool  # its backup point is still known
    torn: bool  # its backup point lacks something of the source
    unaccepted: tuple[str, ...]  # sources that were never tried on the real thing
    troubles: tuple[Trouble, ...]

    @property
    def status(self) -> Status:
        """How it stood."""
        return status_of(self.troubles)

    @property
    def refuted(self) -> bool:
        """Whether the newest restore test came to its end and did not pass."""
        return self.tried is not None and self.tried.status in ("failed", "partial")

    @property
    def due(self) -> datetime | None:
        """When the proof runs out; None: there is none."""
        return self.proven.at + self.test_every if self.proven else None


@dataclass(frozen=True, slots=True)
class ClientMonth:
    """One client."""

    client: str
    sets: tuple[SetMonth, ...]
    read: datetime | None  # when all stored bytes were last read back and found whole
    objects: int | None  # then
    read_bytes: int | None
    troubles: tuple[Trouble, ...]  # of the client as a whole
    findings: tuple[Finding, ...]  # of what ended badly last, the newest first
    exceptions: tuple[tuple[Kind, int], ...]
    ages: tuple[timedelta | None, ...]  # day by day: how old the oldest newest point was
    restored: tuple[datetime, ...] = ()  # when somebody asked for data of it, in the month

    @property
    def every_trouble(self) -> tuple[Trouble, ...]:
        """Troubles of the client and of its sets, the worst first."""
        all_ = (*self.troubles, *(each for part in self.sets for each in part.troubles))
        order = ("failed", "inconclusive", "partial")
        return tuple(sorted(all_, key=lambda each: order.index(WEIGHTS[each.cause])))

    @property
    def status(self) -> Status:
        """How it stood; inconclusive where it has no set at all."""
        return status_of(self.every_trouble) if self.sets else "inconclusive"

    @property
    def points(self) -> int:
        """Backup points made in the month."""
        return sum(each.points for each in self.sets)

    @property
    def kept(self) -> int:
        """Bytes in the vault at the month's end."""
        return sum(each.kept for each in self.sets)

    @property
    def bytes(self) -> int:
        """Bytes of content of the newest points."""
        return sum(each.bytes for each in self.sets)

    @property
    def books(self) -> int:
        """Books in the newest points."""
        return sum(each.books for each in self.sets)

    @property
    def tests(self) -> tuple[Tried, ...]:
        """Restore tests in the month."""
        return tuple(each for part in self.sets for each in part.tests)

    @property
    def proven(self) -> datetime | None:
        """When the set whose proof is oldest was last proven; None: one never was."""
        when = [each.proven.at if each.proven else None for each in self.sets]
        known = [each for each in when if each is not None]
        return min(known) if known and len(known) == len(when) else None

    @property
    def books_proven(self) -> bool:
        """Whether the last proof of every set speaks of books, and no later test refuted it."""
        return bool(self.sets) and all(
            p.proven is not None and p.proven.books and not p.refuted for p in self.sets
        )

    @property
    def bytes_only(self) -> bool:
        """Whether the last proof of a set speaks of files alone (未做账务核对)."""
        return any(each.proven is not None and not each.proven.books for each in self.sets)

    @property
    def longest(self) -> timedelta | None:
        """The longest time without a newer point, of any set."""
        known = [each.longest for each in self.sets if each.longest is not None]
        return max(known, default=None)

    @property
    def seen(self) -> bool:
        """Whether anything of the client is known in or before the month."""
        return bool(self.exceptions or self.read or self.restored) or any(
            each.newest or each.nights or each.tried for each in self.sets
        )


def status_of(troubles: Iterable[Trouble]) -> Status:
    """Return the worst of what causes make of somebody; fine where there is none."""
    return worst(["ok", *(WEIGHTS[each.cause] for each in troubles)])


def kind_of(outcome: Outcome) -> Kind:
    """Return the kind of exception that an outcome is which is not fine."""
    if outcome.client.startswith("_"):
        return "mirror" if "-mirror-" in outcome.set else "agency"
    if outcome.status == "inconclusive":
        return "unclear"
    if SUSPICIOUS in outcome.figures:
        return "sudden"
    if outcome.duty == "backup":
        return "partial" if outcome.status == "partial" else "backup"
    return "damaged" if outcome.duty == "validation" else "restore"


def exceptions(outcomes: Iterable[Outcome]) -> tuple[tuple[Kind, int], ...]:
    """Return how many outcomes are not fine, by kind, in the order of `KINDS`."""
    found = Counter(kind_of(each) for each in outcomes if each.status != "ok")
    return tuple((kind, found[kind]) for kind in KINDS if found[kind])


def client_month(
    client: str,
    month: Month,
    at: datetime,
    promises: Mapping[str, Policy],
    snapshots: Iterable[KnownSnapshot],
    outcomes: Iterable[Outcome],
    *,
    restored: Iterable[datetime] = (),
) -> ClientMonth:
    """Return how a client stood at an instant, and its month up to then.

    Args:
        client: its id.
        month: the month.
        at: the month's end, or an instant in it.
        promises: policy of each of the client's sets.
        snapshots: the client's, oldest first per set.
        outcomes: the client's of any duty, by their start; far enough back that each duty's last
            turn is among them.
        restored: when somebody asked for data of the client, at any time.
    """
    told = [each for each in outcomes if each.started < at]
    points = [each for each in snapshots if each.at < at]
    sets = tuple(
        _set_month(name, month, at, policy, points, told) for name, policy in promises.items()
    )
    validated = [each for each in told if each.duty == "validation"]
    whole = next((each for each in reversed(validated) if each.status == "ok"), None)
    within = min((each.every_byte_within for each in promises.values()), default=timedelta(0))
    oldest = min((each.at for each in points), default=None)
    return ClientMonth(
        client=client,
        sets=sets,
        read=whole.ended if whole else None,
        objects=figure(whole, "objects") if whole else None,
        read_bytes=figure(whole, "bytes") if whole else None,
        troubles=tuple(_unread(validated, whole, oldest, within, at)),
        findings=_findings(told),
        exceptions=exceptions(each for each in told if each.started >= month.start),
        ages=tuple(_ages(month, at, promises, points)),
        restored=tuple(sorted(each for each in restored if month.start <= each < at)),
    )


def _set_month(
    name: str,
    month: Month,
    at: datetime,
    policy: Policy,
    snapshots: Iterable[KnownSnapshot],
    outcomes: Sequence[Outcome],
) -> SetMonth:
    points = [each for each in snapshots if each.set == name]
    whole = [each for each in points if not each.partial]
    backups = [each for each in outcomes if (each.duty, each.set) == ("backup", name)]
    vouched = {each.snapshot for each in outcomes if each.duty == "acceptance"}
    accepted = vouched - {each.id for each in points if each.partial}  # what lacks, lacks
    tests = [each for each in outcomes if (each.duty, each.set) == ("restore_test", name)]
    passed = [each for each in tests if each.status == "ok"]
    newest = whole[-1] if whole else None
    nights = Counter(each.status for each in backups if each.started >= month.start)
    proven = _tried(passed[-1]) if passed else None
    return SetMonth(
        set=name,
        every=policy.every,
        test_every=policy.restore_test_every,
        points=sum(each.at >= month.start for each in whole),
        newest=newest.at if newest else None,
        snapshot=newest.id if newest else "",
        files=newest.files if newest else 0,
        bytes=newest.size if newest else 0,
        books=len(newest.books) if newest else 0,
        added=sum(each.added for each in points if each.at >= month.start),
        kept=sum(each.added for each in points),
        longest=longest([each.at for each in whole], month.start, at),
        nights=tuple(sorted(nights.items())),
        tests=tuple(_tried(each) for each in tests if each.started >= month.start),
        tried=_tried(tests[-1]) if tests else None,
        proven=proven,
        held=proven is not None and any(each.id == proven.snapshot for each in points),
        torn=proven is not None and any(e.partial for e in points if e.id == proven.snapshot),
        unaccepted=_unaccepted(backups[-1]) if backups else (),
        troubles=(
            *_unprotected(name, whole, backups, policy, at, accepted),
            *_unproven(name, tests, proven, whole, policy, at),
        ),
    )


def _unaccepted(backup: Outcome) -> tuple[str, ...]:
    """Return the sources that a backup said were never tried on the real thing."""
    told = (dict(each.facts) for each in backup.findings if each.template == UNACCEPTED)
    return tuple(str(facts["source"]) for facts in told)


def _tried(outcome: Outcome) -> Tried:
    return Tried(
        at=outcome.started,
        snapshot=outcome.snapshot,
        status=outcome.status,
        files=figure(outcome, "files"),
        bytes=figure(outcome, "bytes"),
        books=figure(outcome, "books") or 0,
        vouchers=figure(outcome, "vouchers"),
        lines=figure(outcome, "lines"),
        took=duration(outcome),
        money=money([outcome]),
    )


def longest(points: Sequence[datetime], start: datetime, at: datetime) -> timedelta | None:
    """Return the longest time in [start, at) during which no newer backup point came to be.

    Args:
        points: instants of complete points before `at`, oldest first; n of them, one pass.
        start: when the month begins.  A time that began before counts from its beginning.
        at: up to when.
    """
    ends = [*points[1:], at]
    spans = [end - point for point, end in zip(points, ends, strict=False) if end > start]
    return max(spans, default=None)


def _unprotected(
    name: str,
    whole: Sequence[KnownSnapshot],
    backups: Sequence[Outcome],
    policy: Policy,
    at: datetime,
    accepted: Collection[str],
) -> Iterable[Trouble]:
    """Yield what is wrong with the backups of a set; a point somebody vouched for is no trouble."""
    if not whole:
        yield Trouble("never", name)
        return
    if at - whole[-1].at > policy.every + GRACE:
        yield Trouble("late", name, whole[-1].at)
    last = backups[-1] if backups else None
    if last is None or last.status == "ok" or last.snapshot in accepted:
        return
    if SUSPICIOUS in last.figures:
        yield Trouble("suspicious", name, last.started)
    elif last.status in ("partial", "failed"):
        yield Trouble("partial" if last.status == "partial" else "failed", name, last.started)
    else:
        yield Trouble("unclear", name, last.started)


def _unproven(
    name: str,
    tests: Sequence[Outcome],
    proven: Tried | None,
    whole: Sequence[KnownSnapshot],
    policy: Policy,
    at: datetime,
) -> Iterable[Trouble]:
    """Yield what is wrong with the restore tests of a set."""
    last = tests[-1] if tests else None
    if last is not None and last.status != "ok":
        yield Trouble(
            "untried" if last.status == "inconclusive" else "unproven", name, last.started
        )
    since = proven.at if proven else (whole[0].at if whole else None)
    if since is not None and at - since > policy.restore_test_every + READ_GRACE:
        yield Trouble("overdue", name, proven.at if proven else None)


def _unread(
    validated: Sequence[Outcome],
    whole: Outcome | None,
    oldest: datetime | None,
    within: timedelta,
    at: datetime,
) -> Iterable[Trouble]:
    """Yield what is wrong with the reading back of the client's bytes."""
    last = validated[-1] if validated else None
    if last is not None and last.status != "ok":
        cause: Cause = "unclear" if last.status == "inconclusive" else "damaged"
        yield Trouble(cause, WHOLE_CLIENT, last.started)
        return
    since = whole.started if whole else oldest
    if since is not None and at - since > within + READ_GRACE:
        yield Trouble("unread", WHOLE_CLIENT, whole.started if whole else None)


def _findings(outcomes: Sequence[Outcome]) -> tuple[Finding, ...]:
    """Return the findings of each duty's last turn of each set, where it did not end well."""
    last: dict[tuple[Duty, str], Outcome] = {}
    for outcome in outcomes:
        if outcome.duty != "acceptance":
            last[outcome.duty, outcome.set] = outcome
    ill = sorted(
        (each for each in last.values() if each.status != "ok"),
        key=lambda each: each.started,
        reverse=True,
    )
    found = [found for each in ill for found in each.findings if found.severity != "info"]
    return tuple(found[:MOST_FINDINGS])


def _ages(
    month: Month, at: datetime, sets: Iterable[str], snapshots: Sequence[KnownSnapshot]
) -> Iterable[timedelta | None]:
    """Yield, for each day of the month, how much would have been lost at its end.

    That is the age of the newest complete point of the set that fares worst; None on days that
    have not ended or on which a set had no point yet.
    """
    points = {
        name: [each.at for each in snapshots if each.set == name and not each.partial]
        for name in sets
    }
    for day in month.days:
        end = midnight(day) + timedelta(days=1)
        if business_day(at) <= day:
            yield None
            continue
        newest = [max((at for at in each if at < end), default=None) for each in points.values()]
        known = [end - each for each in newest if each is not None]
        yield max(known) if known and len(known) == len(newest) else None
