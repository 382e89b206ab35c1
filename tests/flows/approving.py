"""People of a test site who approve: enrolled an hour ago, with devices that show codes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp

from baozhang.clock import Clock
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.model import Plan, Recovered, RecoveredAll, Restoration
from baozhang.keys.codes import new_secret
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.people import enrol
from tests.flows.site import AGENCY

PEOPLE = """\
people:
  zhang: {name: 张三, email: zhang@example.cn, roles: [operator, on_call, accountant]}
  wang: {name: Wang, email: wang@example.cn, roles: [manager], language: en}
  li: {name: 李四, email: li@example.cn, roles: [approver]}
  zhao: {name: 赵六, email: zhao@example.cn, roles: [accountant]}
"""


class Devices:
    """Everybody's telephone; a code is never shown twice."""

    def __init__(self, home: Path, clock: Clock, *people: str) -> None:
        self._clock = clock
        self._secrets = {person: new_secret() for person in people}
        self._used = dict.fromkeys(people, 0)
        before = clock() - timedelta(hours=1)
        with open_site(home, clock=lambda: before) as site:
            for person, secret in self._secrets.items():
                enrol(site, person, secret, pyotp.TOTP(secret).at(before))

    def code(self, person: str) -> str:
        """Return the next code of a person that counts now."""
        step = max(int(self._clock().timestamp()) // 30, self._used[person] + 1)
        self._used[person] = step
        return str(pyotp.TOTP(self._secrets[person]).at(step * 30))

    def early(self, person: str) -> str:
        """Return the code of the next half minute: a command that starts slowly has time for it."""
        self._used[person] = max(int(self._clock().timestamp()) // 30, self._used[person])
        return self.code(person)

    def wrong(self, person: str) -> str:
        """Return six digits that are no code of a person now."""
        device, now = pyotp.TOTP(self._secrets[person]), self._clock()
        near = {device.at(now + timedelta(seconds=30 * n)) for n in range(-2, 3)}
        return next(text for n in range(9) if (text := f"{n:06d}") not in near)


class Hand:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> None:
        """Let time go by."""
        self.now += timedelta(**span)


def four_people(home: Path) -> None:
    """Give a site four people."""
    head, _, rest = AGENCY.partition("people:\n")
    (home / "agency.yaml").write_text(head + PEOPLE + rest[rest.index("vaults:") :], "utf-8")


def opened(site: Site) -> Incident:
    """Open an incident for a client's books."""
    return incidents_of(site).open(
        "damaged", [("c001", "main")], noticed_by="zhang", discovered=site.clock()
    )[0]


def a_plan(incident: Incident, *, number: int = 1, snapshot: str = "s-1") -> Plan:
    """Return a plan with one set."""
    restoration = Restoration(
        order=1,
        client="c001",
        set="main",
        snapshot=snapshot,
        at=datetime(2026, 11, 21, 14, 0, tzinfo=UTC),
        deadline=None,
        bytes=12_300_000,
        books=1,
        seconds=95,
        behind=3_600,
        how="atomic",
    )
    return Plan(
        incident=incident.id, number=number, restorations=(restoration,), measured=3, seconds=95
    )


def back(incident: Incident) -> RecoveredAll:
    """Return what came back of that set."""
    found = Recovered(
        client="c001",
        set="main",
        snapshot="s-1",
        files=1,
        bytes=2_000_000,
        books=1,
        proven=1,
        failed=0,
        vouchers_to_key=2,
        invoices_to_key=1,
        amount_to_key=251_50,
        currency="EUR",
        seconds=1,
    )
    return RecoveredAll(incident=incident.id, plan=1, sets=(found,))
