"""What the watch tells of audits: corrective actions whose day has passed, folded into one notice.

It stands until a later audit has seen them mended: saying so mends nothing.
"""

from collections.abc import Iterator
from datetime import datetime

from baozhang.catalog.model import Alert
from baozhang.clock import business_day
from baozhang.governance.corrective import CORRECTIVE, overdue
from baozhang.site import Site

KIND = "corrective"
MOST_NAMED = 5

TROUBLE_TEMPLATES = {
    "overdue": "{count} corrective actions of audits are overdue, the oldest by {days} days: {ids}",
    "hint": "Run `baozhang audit actions`; mend what it names, and let the next audit see it.",
}


def corrective_troubles(site: Site, now: datetime) -> Iterator[Alert]:
    """Yield one notice for all corrective actions that are late, the latest first.

    Raises:
        CorruptObjectError: the register was changed by hand.
    """
    today = business_day(now)
    known = CORRECTIVE.rows(site).items()
    late = {id_: days for id_, row in known if (days := overdue(row, today))}
    if not late:
        return
    ids = sorted(late, key=lambda id_: (-late[id_], id_))
    named = ", ".join(ids[:MOST_NAMED]) + ", …" * (len(ids) > MOST_NAMED)
    yield Alert(
        id="",
        alert_class="notice",
        kind=KIND,
        subject="overdue",
        period=today.isoformat(),
        template=TROUBLE_TEMPLATES["overdue"],
        facts=(
            ("count", len(late)),
            ("days", late[ids[0]]),
            ("ids", named),
        ),
        hint=TROUBLE_TEMPLATES["hint"],
        at=now,
    )
