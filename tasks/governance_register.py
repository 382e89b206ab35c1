"""The register's letter: how all obligations stand, once a month and whenever one is newly late."""

from datetime import date, datetime
from functools import partial
from statistics import median_low

from baozhang.clock import business_day
from baozhang.governance.attestations import standings
from baozhang.governance.obligations import Standing
from baozhang.governance.offices import CONTRACTS, HANDOFFS, TRAINING, VENDORS
from baozhang.mail.readers import readers
from baozhang.site import Site
from reports import canonical
from reports import governance as register_letter
from reports.governance import Governance, Line, Office, render_governance
from tasks.attesting_inbox import WHY, waiting
from tasks.governance import events_of, held
from tasks.letters import Draft, Written, write


def register_of(site: Site) -> Governance:
    """Return how all obligations stand now.

    Raises:
        CorruptObjectError: a register, a journal or the audit log was changed by hand.
    """
    now, holds = site.clock(), held(site)
    today = business_day(now)
    return Governance(
        day=today,
        at=now,
        lines=tuple(_line(each, today) for each in standings(site, events_of(site))),
        office=office_of(site, now),
        refused=sum((place / WHY).exists() for place in waiting(site)),
        altered=holds.altered,
        unknown=holds.unknown,
        own=holds.own,
        sample=site.agency.file.sample,
    )


def write_register(site: Site, *, actor: str = "system", always: bool = False) -> Written | None:
    """Write the letter where it is wanted; None: one of this month says nothing less.

    It is wanted once a month, when an obligation is late that was not at the last one, and when
    something does not hold any more.

    Raises:
        UsageError: nobody is to receive it.
        StoreFullError, UnreachableError: it cannot be written; its number is not taken.
    """
    value = register_of(site)
    if not always and not _is_wanted(site, value):
        return None
    draft = Draft(
        kind=register_letter.KIND,
        period=value.day.isoformat(),
        status=register_letter.status(value),
        value=canonical.canonical(register_letter.KIND, value),
        render=partial(render_governance, value),
        copies=readers(site.agency, register_letter.KIND),
        actor=actor,
    )
    return write(site, [draft])[0]


def _is_wanted(site: Site, value: Governance) -> bool:
    letters = site.catalog.letters(register_letter.KIND)
    if not letters:
        return True
    last = business_day(max(each.at for each in letters))
    if (last.year, last.month) != (value.day.year, value.day.month):
        return True
    late = [each.due for each in value.of("overdue") if each.due is not None]
    return any(due >= last for due in late) or (bool(value.broken) and last < value.day)


def _line(each: Standing, today: date) -> Line:
    return Line(
        id=each.owed.id,
        title=each.owed.title,
        theme=each.owed.theme,
        owner=each.owed.owner,
        state=each.state,
        due=each.due,
        effective=business_day(each.effective) if each.effective else None,
        late=max(0, (today - each.due).days) if each.due else 0,
    )


def office_of(site: Site, now: datetime) -> Office:
    """Return what the office's own lists come to."""
    today = business_day(now)
    courses = [each.state(today) for each in TRAINING.rows(site).values()]
    handoffs = tuple(HANDOFFS.rows(site).values())
    times = [span.days for each in handoffs if (span := each.response()) is not None]
    contracts = [each.state(today) for each in CONTRACTS.rows(site).values()]
    vendors = [each.state(today) for each in VENDORS.rows(site).values()]
    return Office(
        courses=len(courses),
        courses_over=courses.count("over"),
        courses_failed=courses.count("failed"),
        handoffs=len(handoffs),
        handoffs_open=len(handoffs) - len(times),
        response=median_low(times) if times else None,
        contracts=len(contracts),
        contracts_soon=contracts.count("soon"),
        contracts_over=contracts.count("over"),
        vendors=len(vendors),
        vendors_poor=vendors.count("failed"),
    )
