"""A tiny site whose clock a test moves, and what its records answer to one test."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from baozhang.catalog.model import Duty, Letter, Outcome, Run, Status
from baozhang.governance.model import Control, Evidence, Fact, Period, Test, Words
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.site import Site
from tasks.evidence import gather
from tasks.gates import decide, request_of
from tests.flows.approving import Devices, Hand

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
WORDS = Words(zh="控制", en="A control")
HOUR = timedelta(hours=1)
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


def letter(site: Site, kind: str, at: datetime, *, period: str = "") -> Letter:
    """Record a letter; what it is about is the day, or an incident."""
    with site.catalog.transaction():
        number = site.catalog.next_letter(kind)
        made = Letter(kind, number, period or f"{at:%Y-%m-%d}", ("manager",), "<a@b>", "a" * 64, at)
        site.catalog.record_letter(made)
    return made


def opened(
    site: Site, clock: Hand, at: datetime, *, drill: str = "", client: str = "c001"
) -> Incident:
    """Open an incident at an instant."""
    clock.now = at
    made, _ = incidents_of(site).open(
        "damaged", [(client, "main")], noticed_by="zhang", discovered=at, drill=drill
    )
    return made


def closed(incident: Incident, clock: Hand, *, acknowledged: bool = True) -> None:
    """Close an incident an hour later."""
    clock.now += HOUR
    if acknowledged:
        incident.journal.append("acknowledged", actor="li")
    incident.journal.append("closed", actor="test")


def approve(site: Site, incident: Incident, gate: str, devices: Devices, *people: str) -> None:
    """Let people open a gate with their codes."""
    request = request_of(incident, gate)
    assert request is not None
    for person in people:
        decide(
            site,
            incident,
            gate,
            person=person,
            code=devices.code(person),
            word="approve",
            digest=request.digest,
        )


def at_end(clock: Hand) -> None:
    """Move the clock to some days after November."""
    clock.now = on(5, 2, month=12)


def state(home: Path, *names: str) -> Path:
    """Return a place below a site's state."""
    return home.joinpath("state", *names)
