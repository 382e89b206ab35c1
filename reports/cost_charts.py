"""The pictures of the cost report: groups, months and their forecast, clients and fees."""

from collections.abc import Iterator, Sequence

from baozhang.costs.bills import ClientCost
from baozhang.costs.closing import Close
from reports.cost_words import group_words
from reports.months import parse_month
from reports.page import Chart, Series
from reports.plaintext import clean
from reports.writing import Pen

MOST_BARS = 12
YUAN = 100  # fen


def charts(value: Close, pen: Pen) -> Iterator[tuple[str, Chart]]:
    """Yield the pictures that have something to show, each with its heading."""
    if any(fen for _, fen in value.groups):
        yield pen.gettext("What it was spent on"), _groups(value, pen)
    if value.past:
        yield pen.gettext("Months"), _months(value, pen)
    if shown := ranked(value.clients):
        yield pen.gettext("Cost and fee per client"), _clients(shown, pen)


def ranked(clients: Sequence[ClientCost]) -> list[ClientCost]:
    """Return the clients of the picture: the worst margins first, then the most expensive."""
    known = [each for each in clients if each.cost or each.fee]
    key = sorted(
        known,
        key=lambda each: (
            each.margin is None,
            each.margin if each.margin is not None else -each.cost,
            each.client,
        ),
    )
    return key[:MOST_BARS]


def _groups(value: Close, pen: Pen) -> Chart:
    words = group_words(pen)
    budgets = {each.group: each.budget for each in value.variances}
    found = [(group, fen) for group, fen in value.groups if fen or budgets.get(group)]
    series = [Series(pen.gettext("cost"), tuple(fen / YUAN for _, fen in found))]
    if any(budgets.get(group) is not None for group, _ in found):
        planned = tuple(_yuan(budgets.get(group)) for group, _ in found)
        series.append(Series(pen.gettext("budget"), planned))
    bars = pen.gettext(", ").join(f"{words[group]} {money(fen, pen)}" for group, fen in found)
    return Chart(
        form="bars",
        title=pen.gettext("Cost of the month by group"),
        unit=pen.gettext("yuan"),
        ticks=tuple(words[group] for group, _ in found),
        series=tuple(series),
        alt=pen.gettext("Cost of the month by group: %(bars)s.", bars=bars),
    )


def _yuan(fen: int | None) -> float | None:
    return None if fen is None else fen / YUAN


def _months(value: Close, pen: Pen) -> Chart:
    known = [*value.past, *([(value.month, value.fen)] if value.whole else [])]
    ahead, month = [], parse_month(known[-1][0])
    for _ in value.expected:
        month = month.next
        ahead.append(str(month))
    gap, rest = (None,) * len(known), (None,) * len(ahead)
    expected = [each.fen / YUAN for each in value.expected]
    low = [each.low / YUAN for each in value.expected]
    high = [each.high / YUAN for each in value.expected]
    series = [Series(pen.gettext("cost"), (*(fen / YUAN for _, fen in known), *rest))]
    if ahead:
        series += [
            Series(pen.gettext("expected"), (*gap, *expected)),
            Series(pen.gettext("low (10 %%)"), (*gap, *low)),
            Series(pen.gettext("high (90 %%)"), (*gap, *high)),
        ]
    told = pen.gettext(", ").join(f"{name} {money(fen, pen)}" for name, fen in known)
    return Chart(
        form="lines",
        title=pen.gettext("Cost by month"),
        unit=pen.gettext("yuan"),
        ticks=tuple(name[2:] for name in (*(name for name, _ in known), *ahead)),
        series=tuple(series),
        alt=pen.gettext("Cost by month: %(months)s.", months=told),
    )


def _clients(shown: Sequence[ClientCost], pen: Pen) -> Chart:
    told = pen.gettext(", ").join(
        pen.gettext(
            "%(client)s cost %(cost)s, fee %(fee)s",
            client=clean(each.client, 20),
            cost=money(each.cost, pen),
            fee="–" if each.fee is None else money(each.fee, pen),
        )
        for each in shown
    )
    return Chart(
        form="bars",
        title=pen.gettext("Cost and fee, the worst margins first"),
        unit=pen.gettext("yuan"),
        ticks=tuple(clean(each.client, 12) for each in shown),
        series=(
            Series(pen.gettext("cost"), tuple(each.cost / YUAN for each in shown)),
            Series(pen.gettext("fee"), tuple(_yuan(each.fee) for each in shown)),
        ),
        alt=pen.gettext("Cost and fee: %(bars)s.", bars=told),
    )


def money(fen: int, pen: Pen) -> str:
    """Write an amount of fen."""
    return pen.money(fen, "CNY")
