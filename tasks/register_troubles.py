"""What the watch tells of what people enter: what is late, and a register that does not hold.

A register that somebody changed by hand answers no question any more.  That is a trouble of its
own, and must not keep the watch from seeing the others.
"""

from collections.abc import Iterable
from datetime import datetime

from baozhang.catalog.model import Alert
from baozhang.clock import business_day
from baozhang.errors import CorruptObjectError
from baozhang.site import Site
from tasks.audit_troubles import corrective_troubles
from tasks.governance_troubles import governance_troubles

PARTS = (governance_troubles, corrective_troubles)

TROUBLE_TEMPLATES = {
    "changed": "a register does not say any more what people entered: {register}",
    "hint": "Run `baozhang register verify`, find out who changed the catalog, and put it back "
    "from a backup.",
}


def register_troubles(site: Site, now: datetime) -> Iterable[Alert]:
    """Return what is late by the registers, and those that were changed by hand."""
    found: dict[str, Alert] = {}
    for part in PARTS:
        try:
            told = tuple(part(site, now))
        except CorruptObjectError as error:
            told = (_changed(str(error.facts.get("register", "")), now),)
        found |= {f"{each.kind} {each.subject}": each for each in told}
    return found.values()


def _changed(register: str, now: datetime) -> Alert:
    return Alert(
        id="",
        alert_class="urgent",
        kind="register",
        subject=register,
        period=business_day(now).isoformat(),
        template=TROUBLE_TEMPLATES["changed"],
        facts=(("register", register),),
        hint=TROUBLE_TEMPLATES["hint"],
        at=now,
    )
