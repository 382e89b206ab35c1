"""The steps of the daily governance run as the orchestrator sees them: figures and ids alone."""

from dataclasses import dataclass

from prefect.runtime import flow_run

from baozhang.clock import business_day
from baozhang.errors import BaozhangError
from baozhang.governance.attestations import standings
from baozhang.governance.obligations import plan
from baozhang.wiring import open_site
from tasks.attesting_inbox import TakenIn, take_in
from tasks.governance import Held, Sent, due_now, escalate, events_of, held, send_requests
from tasks.governance_register import write_register
from tasks.options import effect


class AttestationsChangedError(BaozhangError):
    """A proof or a check was changed by hand; the register's letter names it."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is owed: how many obligations there are, were planned today, are due, are late."""

    owed: int
    planned: int
    due: int
    late: int


@dataclass(frozen=True, slots=True)
class Governed:
    """What a day of governance came to.

    Attributes:
        letter: number of the register's letter; 0: none was wanted.
    """

    due: Due
    sent: Sent
    taken: TakenIn
    held: Held
    above: Sent
    letter: int


@effect("load obligations")
def load_obligations() -> int:
    """Give new obligations their first due day; return how many were new."""
    with open_site() as site:
        return plan(site, today=business_day(site.clock()), by=_actor())


@effect("compute what is due")
def compute_due(planned: int) -> Due:
    """Return what is due now."""
    with open_site() as site:
        found, today = standings(site, events_of(site)), business_day(site.clock())
        asked = due_now(found, today)
        late = sum(each.due is not None and each.due < today for each in asked)
        return Due(len(found), planned, len(asked), late)


@effect("send requests")
def ask_owners() -> Sent:
    """Write to owners."""
    with open_site() as site:
        return send_requests(site, actor=_actor())


@effect("take in the drop folder")
def take_in_proofs() -> TakenIn:
    """Take in what people laid into the drop folder."""
    with open_site() as site:
        return take_in(site)


@effect("check proofs and checks")
def check_held() -> Held:
    """Look at every kept proof, and at who checked it."""
    with open_site() as site:
        return held(site)


@effect("escalate")
def tell_above() -> Sent:
    """Tell managers and approvers of what stays overdue."""
    with open_site() as site:
        return escalate(site, actor=_actor())


@effect("write the register")
def tell_register() -> int:
    """Write the register's letter where it is wanted; return its number, else 0."""
    with open_site() as site:
        written = write_register(site, actor=_actor())
        return written.filed.number if written else 0


def conclude(found: Governed) -> Governed:
    """Return what the day came to.

    Raises:
        AttestationsChangedError: something was changed by hand; the letter is out.
    """
    if not found.held.sound:
        held_ = found.held
        raise AttestationsChangedError(
            "attestations do not hold any more: {ids}",
            hint="Read the register's letter and follow docs/runbooks/governance.md.",
            ids=", ".join(dict.fromkeys((*held_.altered, *held_.unknown, *held_.own))),
        )
    return found


def _actor() -> str:
    """Return the id under which the run at hand writes into registers."""
    return f"governance-{str(flow_run.id)[-8:]}"
