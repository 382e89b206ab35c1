"""The pictures of a month: copies, work at risk, restore times, bytes and cost, exceptions."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from statistics import median_low

from baozhang.money import scale_of
from reports.causes import month_words
from reports.month import GIGABYTE, AgencyMonth, kind_words
from reports.page import Chart, Series
from reports.plaintext import clean
from reports.standing import ClientMonth
from reports.writing import Pen

MOST_BARS = 12  # clients in one picture; the table has all
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
MEGABYTE = 10**6


def charts(value: AgencyMonth, pen: Pen) -> Iterable[tuple[str, Chart]]:
    """Yield the pictures that have something to show, each with its heading."""
    if any(copies is not None for copies in value.copies):
        yield pen.gettext("Copies"), _copies(value, pen)
    if any(age is not None for each in value.clients for age in each.ages):
        yield pen.gettext("Work at risk"), _ages(value, pen)
    if value.tests:
        yield pen.gettext("Time to restore"), _restores(value, pen)
    if value.kept:
        yield pen.gettext("Bytes per client"), _bytes(value, pen)
    if value.kept and value.priced:
        yield pen.gettext("Cost per client"), _costs(value, pen)
    if value.exceptions:
        yield pen.gettext("Exceptions by kind"), _exceptions(value, pen)


def _days(value: AgencyMonth) -> tuple[str, ...]:
    return tuple(str(day.day) for day in value.month.days)


def _copies(value: AgencyMonth, pen: Pen) -> Chart:
    known = [each for each in value.copies if each is not None]
    return Chart(
        form="lines",
        title=pen.gettext("Places that hold every backup point"),
        unit=pen.gettext("places"),
        ticks=_days(value),
        series=(Series(pen.gettext("Places"), tuple(map(_float, value.copies))),),
        target=(float(value.places), pen.gettext("promised")),
        alt=pen.gettext(
            "Day by day in %(month)s: places that hold every backup point, the vault included; "
            "at least %(least)s, at most %(most)s, promised are %(places)s. Days of which "
            "runs are known: %(days)s.",
            month=month_words(value.month, pen),
            least=pen.number(min(known)),
            most=pen.number(max(known)),
            places=pen.number(value.places),
            days=pen.number(len(known)),
        ),
    )


def _float(value: int | None) -> float | None:
    return None if value is None else float(value)


def _ages(value: AgencyMonth, pen: Pen) -> Chart:
    worst: list[timedelta | None] = []
    usual: list[timedelta | None] = []
    for ages in zip(*(each.ages for each in value.clients), strict=True):
        known = [age for age in ages if age is not None]
        worst.append(max(known, default=None))
        usual.append(median_low(known) if known else None)
    promises = sorted({part.every for each in value.clients for part in each.sets})
    lacking = sum(any(part.newest is None for part in each.sets) for each in value.clients)
    highest = max(age for age in worst if age is not None)
    return Chart(
        form="lines",
        title=pen.gettext("Work that would have been lost at the end of each day"),
        unit=pen.gettext("hours"),
        ticks=_days(value),
        series=(
            Series(pen.gettext("worst client"), _in(HOUR, worst)),
            Series(pen.gettext("median"), _in(HOUR, usual)),
        ),
        target=(promises[0] / HOUR, pen.gettext("promised")) if len(promises) == 1 else None,
        alt=pen.gettext(
            "Day by day in %(month)s: age of the newest backup point at midnight. The worst client "
            "reached %(highest)s; promised are at most %(promise)s.",
            month=month_words(value.month, pen),
            highest=pen.duration(highest),
            promise=" – ".join(map(pen.duration, (*promises[:1], *promises[1:][-1:]))) or "–",
        )
        + (_lacking(lacking, pen) if lacking else ""),
    )


def _lacking(clients: int, pen: Pen) -> str:
    """Return that clients are missing in a picture, for they have nothing that could be drawn."""
    return pen.ngettext(
        " Not in the picture: %(n)s client with a set that has no backup point.",
        " Not in the picture: %(n)s clients with a set that has no backup point.",
        clients,
    )


def _in(unit: timedelta, spans: Iterable[timedelta | None]) -> tuple[float | None, ...]:
    return tuple(None if each is None else round(each / unit, 3) for each in spans)


def _restores(value: AgencyMonth, pen: Pen) -> Chart:
    slowest = [
        (max(tried.took for tried in each.tests), each.client)
        for each in value.clients
        if each.tests
    ]
    slowest.sort(reverse=True)
    shown = slowest[:MOST_BARS]
    unit, word = _unit_of(shown[0][0], pen)
    near = shown[0][0] * 20 >= value.target  # else the bars would be too flat to be seen
    return Chart(
        form="bars",
        title=pen.gettext("Time of the slowest restore test"),
        unit=word,
        ticks=tuple(clean(client, 12) for _, client in shown),
        series=(Series(pen.gettext("slowest restore"), _in(unit, [took for took, _ in shown])),),
        target=(value.target / unit, pen.gettext("target")) if near else None,
        alt=pen.gettext(
            "Slowest restore tests: %(bars)s. The target is %(target)s; %(beyond)s of %(all)s "
            "clients took longer.",
            bars=_listed([(client, pen.duration(took)) for took, client in shown], pen),
            target=pen.duration(value.target),
            beyond=pen.number(sum(took > value.target for took, _ in slowest)),
            all=pen.number(len(slowest)),
        ),
    )


def _unit_of(longest: timedelta, pen: Pen) -> tuple[timedelta, str]:
    if longest >= 2 * HOUR:
        return HOUR, pen.gettext("hours")
    if longest >= 2 * MINUTE:
        return MINUTE, pen.gettext("minutes")
    return SECOND, pen.gettext("seconds")


def _listed(bars: Sequence[tuple[str, str]], pen: Pen) -> str:
    return pen.gettext(", ").join(f"{clean(client, 20)} {shown}" for client, shown in bars)


def _biggest(value: AgencyMonth) -> list[ClientMonth]:
    return sorted(value.clients, key=lambda each: (-each.kept, each.client))[:MOST_BARS]


def _bytes(value: AgencyMonth, pen: Pen) -> Chart:
    shown = _biggest(value)
    unit, word = (GIGABYTE, "GB") if shown[0].kept >= 2 * GIGABYTE else (MEGABYTE, "MB")
    return Chart(
        form="bars",
        title=pen.gettext("Stored bytes, the largest clients"),
        unit=word,
        ticks=tuple(clean(each.client, 12) for each in shown),
        series=(
            Series(pen.gettext("in the vault"), tuple(each.kept / unit for each in shown)),
            Series(pen.gettext("unpacked"), tuple(each.bytes / unit for each in shown)),
        ),
        alt=pen.gettext(
            "Stored bytes of the largest clients: %(bars)s. All %(all)s clients together: %(sum)s.",
            bars=_listed([(each.client, pen.size(each.kept)) for each in shown], pen),
            all=pen.number(len(value.clients)),
            sum=pen.size(value.kept),
        ),
    )


def _costs(value: AgencyMonth, pen: Pen) -> Chart:
    currency = value.prices.currency
    unit = 10 ** scale_of(currency)
    ranked = sorted(value.clients, key=lambda each: (-value.cost_of(each), each.client))
    shown = [(each.client, value.cost_of(each)) for each in ranked[:MOST_BARS]]
    return Chart(
        form="bars",
        title=pen.gettext("Cost of the month, the most expensive clients"),
        unit=currency,
        ticks=tuple(clean(client, 12) for client, _ in shown),
        series=(Series(pen.gettext("cost"), tuple(minor / unit for _, minor in shown)),),
        alt=pen.gettext(
            "Cost of the month: %(bars)s. All clients together: %(sum)s.",
            bars=_listed([(client, pen.money(minor, currency)) for client, minor in shown], pen),
            sum=pen.money(value.cost, currency),
        ),
    )


def _exceptions(value: AgencyMonth, pen: Pen) -> Chart:
    words = kind_words(pen)
    found = [(words[kind], count) for kind, count in value.exceptions]
    return Chart(
        form="bars",
        title=pen.gettext("Exceptions of the month by kind"),
        unit=pen.gettext("cases"),
        ticks=tuple(word for word, _ in found),
        series=(Series(pen.gettext("cases"), tuple(float(count) for _, count in found)),),
        alt=pen.gettext(
            "Exceptions by kind: %(bars)s.",
            bars=pen.gettext(", ").join(f"{word} {pen.number(count)}" for word, count in found),
        ),
    )
