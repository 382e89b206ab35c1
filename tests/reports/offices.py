"""Months to write letters on: small, fixed, and with figures a reader can add up."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from baozhang.catalog.model import Duty, Finding, KnownSnapshot, Outcome, Status
from baozhang.policies.model import Policy
from reports.month import AgencyMonth, Before, Rates
from reports.months import Month
from reports.owner import ClientLetter, Owner
from reports.standing import ClientMonth, Kind, client_month

JULY = Month(2026, 7)
AT = JULY.end
DAILY = Policy(timedelta(days=1), timedelta(days=30), timedelta(days=90))
NIGHT = datetime(2026, 6, 24, 14, tzinfo=UTC)  # 22:00 in Shanghai, a week before July
DAY = timedelta(days=1)


def point(
    client: str, sequence: int, *, set_name: str = "main", books: int = 1, partial: bool = False
) -> KnownSnapshot:
    """Return the backup point of a night; the first is of 24 June."""
    return KnownSnapshot(
        id=f"{set_name}-{sequence:06d}-1a2b3c4d",
        client=client,
        set=set_name,
        sequence=sequence,
        at=NIGHT + (sequence - 1) * DAY,
        files=120 + sequence,
        size=48_000_000 + sequence * 10_000,
        added=21_000_000 if sequence == 1 else 300_000,
        partial=partial,
        books=tuple(f"book{n}" for n in range(books)),
    )


def told(
    client: str,
    duty: Duty,
    at: datetime,
    status: Status = "ok",
    *,
    set_name: str = "main",
    snapshot: str = "",
    findings: tuple[Finding, ...] = (),
    figures: Iterable[tuple[str, int]] = (),
) -> Outcome:
    """Return an outcome of an instant."""
    return Outcome(
        run=f"{duty}-{at.date()}",
        duty=duty,
        client=client,
        set=set_name,
        status=status,
        started=at,
        ended=at + timedelta(seconds=90),
        snapshot=snapshot,
        findings=findings,
        figures=tuple(figures),
    )


PROVEN = (
    ("files", 130), ("bytes", 48_060_000), ("seconds_ms", 84_200), ("books", 1),
    ("vouchers", 1_842), ("lines", 6_203), ("debit_minor:CNY", 1_204_518_833),
    ("credit_minor:CNY", 1_204_518_833),
)  # fmt: skip
BYTES = (("files", 41), ("bytes", 20_113_870), ("seconds_ms", 21_480), ("books", 0))
TESTED = datetime(2026, 7, 12, 20, 5, tzinfo=UTC)
READ = datetime(2026, 7, 20, 18, 10, tzinfo=UTC)


def nights(client: str, count: int = 38, *, missing: Iterable[int] = ()) -> Iterator[Outcome]:
    """Yield a backup a night from 24 June on, to 31 July; those that are missing failed."""
    for n in range(count):
        status: Status = "failed" if n + 1 in missing else "ok"
        yield told(client, "backup", NIGHT + n * DAY, status)


def sound(client: str = "c001", *, set_name: str = "main", books: int = 1) -> ClientMonth:
    """Return a client with which all is well."""
    return of(
        client,
        [point(client, n, set_name=set_name, books=books) for n in range(1, 39)],
        [
            *nights(client),
            told(client, "validation", READ, set_name="*", figures=[("objects", 42), ("bytes", 9)]),
            told(
                client,
                "restore_test",
                TESTED,
                set_name=set_name,
                snapshot=f"{set_name}-000018-1a2b3c4d",
                figures=PROVEN if books else BYTES,
            ),
        ],
        set_name,
    )


def of(
    client: str,
    points: list[KnownSnapshot],
    outcomes: Iterable[Outcome],
    *sets: str,
    at: datetime = AT,
) -> ClientMonth:
    """Return a client's July."""
    promises = dict.fromkeys(sets or ("main",), DAILY)
    in_time = sorted(outcomes, key=lambda each: each.started)
    return client_month(client, JULY, at, promises, points, in_time)


def bytes_only(client: str = "c002") -> ClientMonth:
    """Return a client whose files came back and whose books nobody read."""
    return sound(client, books=0)


def late(client: str = "c003", findings: tuple[Finding, ...] = ()) -> ClientMonth:
    """Return a client whose backups failed for the last four nights."""
    gone = range(35, 39)
    failed = [
        told(client, "backup", NIGHT + (n - 1) * DAY, "failed", findings=findings) for n in gone
    ]
    well = [each for each in nights(client) if each.started < failed[0].started]
    tested = told(client, "restore_test", TESTED, snapshot="main-000018-1a2b3c4d", figures=PROVEN)
    return of(client, [point(client, n) for n in range(1, 35)], [*well, *failed, tested])


def overdue(client: str = "c004") -> ClientMonth:
    """Return a client whose restore was last proven in March."""
    march = datetime(2026, 3, 8, 20, tzinfo=UTC)
    old = replace(point(client, 1), id="main-000000-00000000", at=march - DAY, sequence=0)
    return of(
        client,
        [old, *(point(client, n) for n in range(1, 39))],
        [
            *nights(client),
            told(client, "validation", READ, set_name="*"),
            told(client, "restore_test", march, snapshot=old.id, figures=PROVEN),
        ],
    )


def differing(client: str = "c005") -> ClientMonth:
    """Return a client whose newest restore test did not pass."""
    again = told(client, "restore_test", TESTED + 7 * DAY, "failed")
    first = told(client, "restore_test", TESTED, snapshot="main-000018-1a2b3c4d", figures=PROVEN)
    points = [point(client, n) for n in range(1, 39)]
    return of(client, points, [*nights(client), first, again])


def untested(client: str = "c006") -> ClientMonth:
    """Return a new client: kept, and not restored yet."""
    return of(client, [point(client, n) for n in range(10, 39)], nights(client))


def unknown(client: str = "c007") -> ClientMonth:
    """Return a client of whom there is no trace."""
    return of(client, [], ())


def agency(
    *clients: ClientMonth,
    before: bool = True,
    priced: bool = True,
    amiss: tuple[tuple[Kind, Status], ...] = (),
) -> AgencyMonth:
    """Return an agency's July."""
    june = Before(
        Month(2026, 6), (("c001", "ok"), ("c003", "ok"), ("c009", "ok")), 210, 60 * 10**6, 5
    )
    return AgencyMonth(
        month=JULY,
        at=AT,
        clients=clients,
        before=june if before else None,
        own=(("mirror", 2),) if clients else (),
        amiss=amiss,
        copies=tuple(1 if n in (10, 11) else 2 for n in range(31)) if clients else (None,) * 31,
        places=2,
        target=timedelta(hours=4),
        prices=Rates("CNY", Decimal("0.12"), Decimal("1.50"))
        if priced
        else Rates("CNY", Decimal(0), Decimal(0)),
    )


def full(findings: tuple[Finding, ...] = ()) -> AgencyMonth:
    """Return an agency with a client of each kind."""
    return agency(
        sound(), bytes_only(), late(findings=findings), overdue(), differing(), untested()
    )


OWNER = Owner("c001", "样例云帆商贸有限公司", "91990000MA000017XP", "样例代理记账有限公司", "张三")


def letter_to(client: ClientMonth, *, sample: bool = False) -> ClientLetter:
    """Return what a letter to a client reports."""
    return ClientLetter(JULY, AT, replace(OWNER, client=client.client), client, sample)
