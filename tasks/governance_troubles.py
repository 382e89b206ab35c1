"""What the watch tells of governance, folded: what is overdue, and what does not hold any more."""

from collections.abc import Iterator
from datetime import datetime

from baozhang.catalog.model import Alert
from baozhang.clock import business_day
from baozhang.governance.attestations import REQUESTS, standings
from baozhang.site import Site

KIND = "governance"
MOST_NAMED = 5

TROUBLE_TEMPLATES = {
    "overdue": "{count} obligations are overdue, the oldest by {days} days: {ids}",
    "hint": "Run `baozhang attest list --overdue`; those who answer for them have letters.",
}


def governance_troubles(site: Site, now: datetime) -> Iterator[Alert]:
    """Yield one notice for everything that is overdue; nothing before anybody was asked.

    Raises:
        CorruptObjectError: a register was changed by hand.
    """
    if not REQUESTS.rows(site):
        return  # governance is not at work here: the audit says what is not evidenced
    today = business_day(now)
    late = [each for each in standings(site) if each.state == "overdue" and each.due]
    if not late:
        return
    late.sort(key=lambda each: (each.due or today, each.owed.id))
    ids = [each.owed.id for each in late]
    named = ", ".join(ids[:MOST_NAMED]) + ", …" * (len(ids) > MOST_NAMED)
    oldest = late[0].due or today
    yield Alert(
        id="",
        alert_class="notice",
        kind=KIND,
        subject="overdue",
        period=today.isoformat(),
        template=TROUBLE_TEMPLATES["overdue"],
        facts=(("count", len(late)), ("days", (today - oldest).days), ("ids", named)),
        hint=TROUBLE_TEMPLATES["hint"],
        at=now,
    )
