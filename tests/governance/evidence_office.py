"""A tiny site whose clock a test moves, and what its records answer to one test."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from baozhang.catalog.model import Duty, Letter, Outcome, Run, Status
from baozhang.governance.model import Control, Evidence, Fact, Period, Test, Words
from baozhang.site import Site
from tasks.evidence import gather
from tests.flows.approving import Hand

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
WORDS = Words(zh="控制", en="A control")
BOOKS = (
    ("books", 1),
    ("vouchers", 2),
    ("lines", 4),
    ("debit_minor:EUR", 35050),
    ("seconds_ms", 61_000),
)


def control(*tests: Test, id_: str = "backup.verify", fresh: int = 31) -> Control:
    """Return a control with tests."""
    return Control(
        id=id_,
        title=WORDS,
        items=("A1.1",),
        flows=("backup",),
        owner="backup_owner",
        cadence="monthly",
        source="auto",
        tests=tests,
        fresh=fresh,
        severity="high",
        remedy=WORDS,
    )


def on(day: int, hour: int = 14, month: int = 11) -> datetime:
    """Return an instant of 2026, UTC."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


def ask(site: Site, kind: str, period: Period = NOVEMBER, /, **args: Fact) -> Evidence | None:
    """Put one test to a site's records."""
    found = gather(site, period, [control(Test(kind=kind, args=args))])
    return found[0] if found else None


def answered(site: Site, kind: str, period: Period = NOVEMBER, /, **args: Fact) -> Evidence:
    """Put one test to a site's records, which must answer."""
    found = ask(site, kind, period, **args)
    assert found is not None
    return found


def outcome(
    site: Site,
    at: datetime,
    status: Status = "ok",
    *,
    duty: Duty = "backup",
    client: str = "c001",
    name: str = "main",
    figures: tuple[tuple[str, int], ...] = (),
) -> Outcome:
    """Put one outcome into the catalog."""
    run = Run(f"{duty}-{at:%Y-%m-%d-%H}", duty, at.date())
    site.catalog.begin(run)
    return site.catalog.append(
        Outcome(
            run=run.id,
            duty=duty,
            client=client,
            set=name,
            status=status,
            started=at,
            ended=at + timedelta(minutes=1),
            figures=figures,
        )
    )


def nights(site: Site, first: int, last: int, *, client: str = "c001", name: str = "main") -> None:
    """Let a set be backed up well every night of November from one day to another."""
    for day in range(first, last + 1):
        outcome(site, on(day), client=client, name=name)


def letter(site: Site, kind: str, at: datetime) -> Letter:
    """Record a letter."""
    with site.catalog.transaction():
        number = site.catalog.next_letter(kind)
        made = Letter(kind, number, f"{at:%Y-%m-%d}", ("manager",), "<a@b>", "a" * 64, at)
        site.catalog.record_letter(made)
    return made


def at_end(clock: Hand) -> None:
    """Move the clock to some days after November."""
    clock.now = on(5, 2, month=12)


def state(home: Path, *names: str) -> Path:
    """Return a place below a site's state."""
    return home.joinpath("state", *names)
