"""The demo's last scene: a ledger is lost, and comes back with the right people approving.

    a voucher that is younger than the backup   (what must be keyed in again)
    books spoiled and papers gone               (the loss)
      ─► incident, plan ─► approved by the owner ─► brought back and proven
      ─► cut-over approved by two people ─► in use again, byte for byte ─► re-key list, letters

The codes are those of two devices that the scene enrols, made by the same standard (RFC 6238) as
those on a telephone: a demo has nobody who could type them.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pyotp

from baozhang.clock import Clock
from baozhang.errors import BaozhangError
from baozhang.incidents.approvals import Request
from baozhang.incidents.incidents import Incident
from baozhang.incidents.model import Plan, RecoveredAll
from baozhang.incidents.scope import Scope
from baozhang.keys.codes import STEP, new_secret
from baozhang.samples.damage import drop_voucher
from baozhang.samples.exports import BOOKS
from baozhang.samples.site import OPERATOR, OWNER, SET
from baozhang.site import Site
from tasks.gates import decide, request_of
from tasks.incident import IncidentForm, open_incident
from tasks.incident_walk import Halt, walk
from tasks.people import enrol

LOST, PROFILE = "c003", "cn_csv"
"""Whose ledger is lost."""
ACTOR = "demo"


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the recovery came to.

    Attributes:
        vouchers_lost, amount_minor: of the loss, beside the last clean point.
        approved_by: who approved the cut-over.
        seconds: from the discovery until the ledger was in use and checked (RTO).
        seconds_planned, seconds_allowed: what the plan estimated; the policy's objective.
        to_key: vouchers on the re-key list.
        restored: what is in use is, byte for byte, what was backed up.
    """

    client: str
    incident: str
    vouchers_lost: int
    files_lost: int
    amount_minor: int
    currency: str
    approved_by: tuple[str, ...]
    seconds: float
    seconds_planned: int
    seconds_allowed: int
    to_key: int
    restored: bool


class Device:
    """A telephone with somebody's one-time codes; a code of a step that was used is not shown."""

    def __init__(self, clock: Clock) -> None:
        self.secret = new_secret()
        self._clock, self._last = clock, 0

    def code(self) -> str:
        """Return the next code: the engine takes those of a step before and after now."""
        here = int(self._clock().timestamp()) // STEP
        self._last = max(self._last + 1, here - 1)
        return pyotp.TOTP(self.secret).at(self._last * STEP)


class Scene:
    """One client's folder, and what becomes of it."""

    def __init__(self, data: Path, aside: Path, rng: Random) -> None:
        self._folder, self._aside, self._rng = data / LOST, aside, rng
        self._devices: dict[str, Device] = {}

    def set_up(self) -> None:
        """Before the backup: take a voucher away, as if it were typed in after tonight."""
        shutil.copytree(self._folder, self._aside / "today")
        drop_voucher(self._folder, PROFILE, rng=self._rng)
        shutil.copytree(self._folder, self._aside / "backed-up")

    def lose(self) -> None:
        """After the backup: the voucher is typed in, another one lost, and all papers."""
        shutil.rmtree(self._folder)
        shutil.copytree(self._aside / "today", self._folder)
        drop_voucher(self._folder, PROFILE, rng=self._rng)
        for papers in self._papers():
            shutil.rmtree(papers)

    def recover(self, site: Site) -> Recovery:
        """Recover from it, with two people's approvals.

        Raises:
            BaozhangError: it did not come to its end.
        """
        devices = self._devices = {each: _enrolled(site, each) for each in (OWNER, OPERATOR)}
        form = IncidentForm(noticed_by=OPERATOR, clients=(LOST,), cause="误删")
        incident, _ = open_incident(site, form, actor=ACTOR)
        _to_gate(site, incident, "plan")
        _approve(site, incident, "plan", {OWNER: devices[OWNER]})
        _to_gate(site, incident, "cut-over")
        _approve(site, incident, "cut-over", devices)
        if halt := walk(site, incident, actor=ACTOR):
            raise _stuck(halt)
        return self._told(site, incident)

    def code(self, person: str) -> str:
        """Return the next code of somebody who took part in the recovery."""
        return self._devices[person].code()

    def _told(self, site: Site, incident: Incident) -> Recovery:
        plan = incident.value("plan", Plan)
        losses = incident.value("scope", Scope).losses
        back = incident.value("recovered", RecoveredAll)
        within = site.agency.file.policies[site.agency.file.sets[SET].policy].restore_test.within
        return Recovery(
            client=LOST,
            incident=incident.id,
            vouchers_lost=sum(loss.vouchers_lost for loss in losses),
            files_lost=sum(loss.files_lost for loss in losses),
            amount_minor=sum(loss.amount for loss in losses),
            currency=losses[0].currency,
            approved_by=_approvers(incident),
            seconds=_seconds(incident),
            seconds_planned=plan.seconds,
            seconds_allowed=round(within.total_seconds()),
            to_key=sum(each.vouchers_to_key for each in back.sets),
            restored=_same(self._folder, self._aside / "backed-up"),
        )

    def _papers(self) -> list[Path]:
        return [each for each in self._folder.iterdir() if each.is_dir() and each.name != BOOKS]


def _enrolled(site: Site, person: str) -> Device:
    device = Device(site.clock)
    enrol(site, person, device.secret, device.code())
    return device


def _to_gate(site: Site, incident: Incident, gate: str) -> None:
    halt = walk(site, incident, actor=ACTOR)
    if halt != Halt("gate", gate):
        raise _stuck(halt)


def _approve(site: Site, incident: Incident, gate: str, devices: dict[str, Device]) -> None:
    digest = _asked(incident, gate).digest
    for person, device in devices.items():
        code = device.code()
        decide(site, incident, gate, person=person, code=code, word="approve", digest=digest)


def _asked(incident: Incident, gate: str) -> Request:
    request = request_of(incident, gate)
    if request is None:
        raise _stuck(None)
    return request


def _approvers(incident: Incident) -> tuple[str, ...]:
    return tuple(
        event.actor
        for event in incident.journal.events()
        if event.kind == "approval" and event.facts["gate"] == "cut-over"
    )


def _seconds(incident: Incident) -> float:
    """Return how long it took from the discovery until people could work again."""
    checked = next(e.at for e in incident.journal.events() if e.kind == "service.checked")
    return round((checked - incident.opening().discovered).total_seconds(), 1)


def _same(one: Path, other: Path) -> bool:
    """Tell whether two folders hold the same files with the same bytes."""
    found = [
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (one, other)
    ]
    return found[0] == found[1]


class DemoStuckError(BaozhangError):
    """The demo's recovery went another way than it must."""


def _stuck(halt: Halt | None) -> DemoStuckError:
    return DemoStuckError(
        "the demo's recovery stopped at the wrong place: {place}", place=halt.what if halt else "-"
    )
