"""A tiny site with an auditor, and audits of it without a server."""

from pathlib import Path

from baozhang.clock import Clock, business_day, system_clock
from baozhang.governance.audits import Audit
from baozhang.wiring import open_site
from tasks.audit_packing import finish
from tasks.audit_steps import Order, begin
from tasks.letters import send
from tests.flows.site import AGENCY, without_pdf
from tests.flows.walking import night, restore_test, validation

PEOPLE = AGENCY[AGENCY.index("people:") : AGENCY.index("vaults:")]
WITH_AUDITOR = f"{PEOPLE}  zhao: {{name: 赵六, email: zhao@example.cn, roles: [auditor]}}\n"


def with_auditor(home: Path) -> Path:
    """Give a site an auditor, and letters without PDFs."""
    agency = home / "agency.yaml"
    agency.write_text(agency.read_text("utf-8").replace(PEOPLE, WITH_AUDITOR), "utf-8")
    without_pdf(home)
    return home


def worked() -> None:
    """Let a site do a night's work, with its letters."""
    for duty in (night, validation, restore_test):
        run = duty()
        with open_site() as site:
            send(site, run)


def this_month() -> str:
    return f"{business_day(system_clock()):%Y-%m}"


def audited(*sections: str, clock: Clock = system_clock, **more: str) -> Audit:
    """Run an audit of this month up to its pack."""
    order = Order(period=this_month(), sections=sections or None, by="zhao", **more)
    with open_site(clock=clock) as site:
        found = begin(site, order, site.clock())
        finish(site, found)
    return found
