"""Business impact: whose taxes are due when, and how much work lies between now and then.

    each client hit ──► its filing rhythm ──► next last day, days left ──► the nearest first

Days come from the filing calendar; a year that it does not know is said to be unknown, and whoever
depends on it comes last, never as if there were time.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from baozhang.incidents.model import Id, Loss, Value
from baozhang.policies.law.filing import FilingCalendar, Rhythm


class ClientImpact(Value):
    """What a loss means for one client.

    Attributes:
        rhythm: how often it files.
        deadline: its next last day of filing, today included; None: that year is not known.
        days_left: from today to it; 0: it is today.
        in_season: whether this month's filing season is running; None: not known.
        sets: how many of its sets lost something.
        vouchers_to_key: what was booked since the backup points, and goes with a restore; None:
            the source could not be read, and only the people who booked it know.
        persons: whose data is hit; None: nobody has counted them.
    """

    client: Id
    rhythm: Rhythm
    deadline: date | None
    days_left: int | None
    in_season: bool | None
    sets: int
    vouchers_to_key: int | None
    persons: int | None = None


class Impact(Value):
    """What an incident means for the clients that lost something, the nearest deadline first.

    Attributes:
        day: the business day that days are counted from.
        unknown_years: years whose filing days nobody has entered yet.
    """

    day: date
    clients: tuple[ClientImpact, ...]
    unknown_years: tuple[int, ...] = ()


def impact_of(
    losses: Iterable[Loss],
    rhythms: Mapping[str, Rhythm],
    *,
    today: date,
    calendar: FilingCalendar,
) -> Impact:
    """Return what losses mean.

    Args:
        losses: of all sets; those that lost nothing do not count.
        rhythms: by client.
        today: the business day, Asia/Shanghai.
        calendar: the filing calendar.
    """
    hit: dict[str, list[Loss]] = {}
    for loss in losses:
        if not loss.nothing:
            hit.setdefault(loss.client, []).append(loss)
    clients = [
        _client_impact(client, found, rhythms[client], today, calendar)
        for client, found in hit.items()
    ]
    ordered = sorted(
        clients, key=lambda each: (each.deadline is None, each.deadline or date.max, each.client)
    )
    lacking = any(each.deadline is None for each in clients)
    return Impact(
        day=today,
        clients=tuple(ordered),
        unknown_years=(_unknown_year(today, calendar),) if lacking else (),
    )


def _client_impact(
    client: str, losses: list[Loss], rhythm: Rhythm, today: date, calendar: FilingCalendar
) -> ClientImpact:
    deadline = calendar.next_deadline(today, rhythm)
    since = [loss.vouchers_since for loss in losses]
    known = [count for count in since if count is not None]
    return ClientImpact(
        client=client,
        rhythm=rhythm,
        deadline=deadline,
        days_left=(deadline - today).days if deadline else None,
        in_season=calendar.in_season(today),
        sets=len(losses),
        vouchers_to_key=sum(known) if len(known) == len(since) else None,
    )


def _unknown_year(today: date, calendar: FilingCalendar) -> int:
    """Return the first year from today on whose filing days are not known."""
    year = today.year
    while calendar.last_day(year, 1) is not None:
        year += 1
    return year
