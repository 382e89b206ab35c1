"""The sections of the cost report, one function each."""

from collections.abc import Iterator
from decimal import Decimal
from typing import cast

from baozhang.catalog.model import Status
from baozhang.costs.bills import ClientCost, Tier
from baozhang.costs.closing import Close, PlaceHeld
from baozhang.costs.footprint import Estimate, factors
from baozhang.costs.model import Days, Group, divisor, month_days
from baozhang.costs.savings import Proposal
from baozhang.costs.trends import Variance
from reports import telling
from reports.compose import MOST_ROWS
from reports.cost_charts import money
from reports.cost_words import (
    check_words,
    group_words,
    proposal_words,
    sku_words,
    unit_words,
    unseen_words,
    unusual_words,
)
from reports.months import parse_month
from reports.page import Card, Cards, Fact, Mark, Pairs, Remark, Row, Table, Words
from reports.plaintext import clean
from reports.writing import Pen

MOST_PROPOSALS = 20


def changed(value: Close, pen: Pen) -> Pairs:
    """Return the month against the one before, and the next ones."""
    facts = [
        Fact(pen.gettext("Cost of the month"), money(value.fen, pen)),
        Fact(pen.gettext("Paid in the month"), money(value.billed, pen)),
    ]
    if value.past:
        month, fen = value.past[-1]
        moved = value.fen - fen
        facts.append(
            Fact(
                pen.gettext("Compared with %(month)s", month=month),
                f"{'+' if moved > 0 else '−' if moved else '±'}{money(abs(moved), pen)}",
            )
        )
    facts += [
        Fact(
            pen.gettext("Expected in %(n)s months", n=each.ahead)
            if each.ahead > 1
            else pen.gettext("Expected next month"),
            pen.gettext(
                "%(middle)s (80 %% between %(low)s and %(high)s)",
                middle=money(each.fen, pen),
                low=money(each.low, pen),
                high=money(each.high, pen),
            ),
        )
        for each in value.expected
    ]
    if not value.expected:
        said = pen.gettext("not yet: four whole months that follow each other are needed")
        facts.append(Fact(pen.gettext("Forecast"), said))
    return Pairs(pen.gettext("The month"), tuple(facts))


def gaps(value: Close, pen: Pen) -> Table:
    """Return what has no price and is in no sum."""
    month, units = _month(value), unit_words(pen)
    found = []
    for each in value.gaps:
        group = _group(each.sku)
        amount = Decimal(each.raw) / divisor(group, month)
        cells = (
            str(each.days.first),
            str(each.days.last),
            f"{amount:.3f} {units[group]}",
            pen.number(each.clients),
        )
        mark = Mark("inconclusive", pen.gettext("No price"))
        found.append(Row(sku_words(each.sku, pen), mark, cells))
    heads = (
        pen.gettext("From"), pen.gettext("To"), pen.gettext("Used"), pen.gettext("Clients"),
    )  # fmt: skip
    return Table(
        pen.gettext("Without a price: in no sum of this report"),
        pen.gettext("What"),
        heads,
        tuple(found[:MOST_ROWS]),
        pen.gettext(
            "Enter a price in the register prices, 0 where nothing is paid: "
            "`baozhang cost prices check` names what lacks."
        ),
    )


def skus(value: Close, pen: Pen) -> Table:
    """Return what was used and what it cost."""
    units = unit_words(pen)
    rows = tuple(
        Row(
            sku_words(each.sku, pen),
            Mark("ok", pen.gettext("Priced")),
            (
                f"{each.quantity} {units[each.group]}" if each.quantity else "–",
                money(each.fen, pen),
            ),
        )
        for each in value.skus[:MOST_ROWS]
    )
    heads = (pen.gettext("Used"), pen.gettext("Cost"))
    return Table(pen.gettext("What was used"), pen.gettext("What"), heads, rows)


def budget(value: Close, pen: Pen) -> Table:
    """Return what was spent against the budget."""
    heads = (pen.gettext("Budget"), pen.gettext("Spent"), pen.gettext("Over"))
    rows = tuple(_variance(each, pen) for each in value.variances)
    return Table(pen.gettext("Budget"), pen.gettext("Group"), heads, rows)


def _variance(each: Variance, pen: Pen) -> Row:
    name = group_words(pen)[each.group]
    if each.budget is None:
        mark = Mark("inconclusive", pen.gettext("No budget"))
        return Row(name, mark, ("–", money(each.actual, pen), "–"))
    over = each.over or 0
    status: Status = "failed" if over > 0 else "ok"
    mark = Mark(status, pen.gettext("Over budget") if over > 0 else pen.gettext("Within"))
    return Row(name, mark, (money(each.budget, pen), money(each.actual, pen), money(over, pen)))


def tiers(value: Close, pen: Pen) -> Table:
    """Return each tier's fees, cost and margin."""
    heads = (
        pen.gettext("Clients"), pen.gettext("Fees"), pen.gettext("Cost"), pen.gettext("Margin"),
        pen.gettext("Losing"),
    )  # fmt: skip
    rows = tuple(_tier(each, pen) for each in value.tiers)
    return Table(pen.gettext("Tiers"), pen.gettext("Tier"), heads, rows)


def _tier(each: Tier, pen: Pen) -> Row:
    cells = (
        pen.number(each.clients),
        money(each.fee, pen),
        money(each.cost, pen),
        money(each.margin, pen),
        pen.number(each.losing),
    )
    status: Status = "failed" if each.margin < 0 else "partial" if each.losing else "ok"
    words = {
        "failed": pen.gettext("Loses money"),
        "partial": pen.gettext("Some lose money"),
        "ok": pen.gettext("Pays"),
    }
    return Row(clean(each.tier, 40), Mark(status, words[status]), cells)


def clients(value: Close, pen: Pen) -> Table:
    """Return all clients, those that lose money first."""
    order = sorted(
        value.clients,
        key=lambda each: (each.margin is None, each.margin or 0, -each.cost, each.client),
    )
    shown = order[:MOST_ROWS]
    heads = (
        pen.gettext("Own use"), pen.gettext("Shared"), pen.gettext("Cost"), pen.gettext("Fee"),
        pen.gettext("Margin"),
    )  # fmt: skip
    more = pen.gettext(
        "%(shown)s of %(all)s rows are shown, the worst first.",
        shown=pen.number(len(shown)),
        all=pen.number(len(order)),
    )
    return Table(
        pen.gettext("All clients"),
        pen.gettext("Client"),
        heads,
        tuple(_client(each, pen) for each in shown),
        more if len(order) > len(shown) else "",
    )


def _client(each: ClientCost, pen: Pen) -> Row:
    margin = each.margin
    if margin is None:
        mark = Mark("inconclusive", pen.gettext("No fee"))
    elif margin < 0:
        mark = Mark("failed", pen.gettext("Loses money"))
    else:
        mark = Mark("ok", pen.gettext("Pays"))
    fee = "–" if each.fee is None else money(each.fee, pen)
    kept = "–" if margin is None else money(margin, pen)
    cells = (money(each.own, pen), money(each.divided, pen), money(each.cost, pen), fee, kept)
    return Row(clean(each.client, telling.LONGEST_NAME), mark, cells)


def places(value: Close, pen: Pen) -> Table:
    """Return what the books say and what the stores hold."""
    heads = (
        pen.gettext("By the books"), pen.gettext("In the store"), pen.gettext("Difference"),
        pen.gettext("A month's cost of it"),
    )  # fmt: skip
    asked = pen.instant(value.asked) if value.asked else ""
    return Table(
        pen.gettext("Books and stores"),
        pen.gettext("Place"),
        heads,
        tuple(_place(each, pen) for each in value.places),
        pen.gettext(
            "Asked at %(at)s. The agency's own journal, keys and what was pruned are in the "
            "stores' count alone.",
            at=asked,
        )
        if asked
        else pen.gettext("The stores were not asked: `baozhang cost meter --measure`."),
    )


def _place(each: PlaceHeld, pen: Pen) -> Row:
    name = clean(each.place, 60)
    if each.held is None:
        mark = Mark("inconclusive", pen.gettext("Not measured"))
        return Row(name, mark, (pen.size(each.booked), "–", "–", "–"))
    off = each.held - each.booked
    less = off < 0
    mark = Mark(
        "partial" if less else "ok",
        pen.gettext("Less than booked") if less else pen.gettext("Measured"),
    )
    fen = "–" if each.fen is None else money(each.fen, pen)
    worst = tuple(
        pen.gettext(
            "%(client)s: %(size)s", client=telling.called(client, pen), size=_signed(n, pen)
        )
        for client, n in each.worst
    )
    below = (pen.gettext(", ").join(worst),) if less and worst else ()
    return Row(
        name, mark, (pen.size(each.booked), pen.size(each.held), _signed(off, pen), fen), below
    )


def _signed(size: int, pen: Pen) -> str:
    return f"{'+' if size > 0 else '−' if size else '±'}{pen.size(abs(size))}"


def savings(value: Close, pen: Pen) -> Iterator[Cards | Words]:
    """Yield what could be saved, and what was refused and why."""
    allowed = [each for each in value.proposals if each.allowed]
    refused = [each for each in value.proposals if not each.allowed]
    if not value.proposals:
        yield Words(
            pen.gettext("Savings"), (pen.gettext("The records show nothing that could be saved."),)
        )
    if allowed:
        yield _cards(pen.gettext("Savings that break no rule"), allowed, pen)
    if refused:
        yield _cards(pen.gettext("Savings that were refused"), refused, pen)


def _cards(heading: str, found: list[Proposal], pen: Pen) -> Cards:
    left = len(found) - MOST_PROPOSALS
    more = pen.ngettext("and %(n)s more", "and %(n)s more", left) if left > 0 else ""
    return Cards(heading, tuple(_card(each, pen) for each in found[:MOST_PROPOSALS]), more)


def _card(each: Proposal, pen: Pen) -> Card:
    mark = (
        Mark("ok", pen.gettext("Possible"))
        if each.allowed
        else Mark("failed", pen.gettext("Refused"))
    )
    saved = pen.gettext("would save about %(money)s a month", money=money(each.fen, pen))
    checks = tuple(
        Remark(check_words(check, pen), "", "" if check.holds else pen.gettext("refuses"))
        for check in each.checks
    )
    return Card(proposal_words(each, pen), mark, "", (Remark(saved, "", ""), *checks), "")


def benefit(value: Close, pen: Pen) -> Pairs:
    """Return a year's cost against a year's loss."""
    heading = pen.gettext("Cost against loss, a year")
    found = value.benefit
    if found is None:
        note = pen.gettext(
            "Not measured: the risk register estimates no loss, or the month is not over."
        )
        return Pairs(heading, (), note)
    return Pairs(
        heading,
        (
            Fact(pen.gettext("Protection, at this month's cost"), money(found.cost, pen)),
            Fact(
                pen.gettext("Loss of a year by the risk register"),
                _range(found.loss.p10, found.loss.p50, found.loss.p90, pen),
            ),
            Fact(
                pen.gettext("Loss beyond that cost"),
                _range(found.left.p10, found.left.p50, found.left.p90, pen),
            ),
            Fact(
                pen.gettext("How to read it"),
                pen.gettext(
                    "The loss is that of the open risks as they were estimated; it is no forecast "
                    "of what protection avoids."
                ),
            ),
        ),
    )


def _range(low: int, middle: int, high: int, pen: Pen) -> str:
    return pen.gettext(
        "%(middle)s (one year in ten below %(low)s, one in ten above %(high)s)",
        middle=money(middle, pen),
        low=money(low, pen),
        high=money(high, pen),
    )


def events(value: Close, pen: Pen) -> Table:
    """Return what incidents and drills cost."""
    heads = (
        pen.gettext("Minutes of people"), pen.gettext("Seconds of machines"), pen.gettext("Cost"),
    )  # fmt: skip
    kinds = {"incident": pen.gettext("an incident"), "drill": pen.gettext("a drill")}
    rows = tuple(
        Row(
            each.id,
            Mark("inconclusive" if each.unpriced else "ok", kinds[each.kind]),
            (pen.number(each.minutes), pen.number(each.seconds), money(each.fen, pen)),
            (pen.gettext("a part of it has no price"),) if each.unpriced else (),
        )
        for each in value.events[:MOST_ROWS]
    )
    return Table(pen.gettext("Incidents and drills"), pen.gettext("Which"), heads, rows)


def odd(value: Close, pen: Pen) -> Pairs:
    """Return what is unlike the months before."""
    facts = tuple(
        Fact(
            unusual_words(each, pen),
            pen.gettext(
                "%(now)s, usually %(usual)s (robust z %(z)s)",
                now=money(each.value, pen),
                usual=money(each.usual, pen),
                z=f"{Decimal(each.times) / 10:+}" if each.times else "–",
            ),
        )
        for each in value.unusual
    )
    return Pairs(
        pen.gettext("Unlike the months before"),
        facts,
        ""
        if facts
        else pen.gettext("Nothing, or there are not six whole months before to compare with."),
    )


def footprint(value: Close, pen: Pen) -> Pairs:
    """Return the estimate of energy and carbon dioxide, with its method."""
    found, month = value.footprint, _month(value)
    sure = {
        "assumption": pen.gettext("an assumption"),
        "knowledge": pen.gettext("to be confirmed"),
    }
    stored = Decimal(found.byte_minutes) / divisor("storage", month)
    facts = [
        Fact(pen.gettext("Energy"), _estimate(found.energy, "kWh", pen)),
        Fact(pen.gettext("Carbon dioxide"), _estimate(found.carbon, "kg", pen)),
        Fact(
            pen.gettext("Reckoned from"),
            pen.gettext(
                "%(stored)s GB-months in all copies, %(hours)s machine hours",
                stored=f"{stored:.3f}",
                hours=f"{Decimal(found.seconds) / 3600:.3f}",
            ),
        ),
        Fact(
            pen.gettext("Method"),
            pen.gettext(
                "(TB-hours × storage + machine hours × power) × overhead × grid; all factors low, "
                "central or high at once. Making and scrapping devices is left out. Factors as of "
                "%(day)s.",
                day=str(found.as_of),
            ),
        ),
    ]
    facts += [
        Fact(
            pen.gettext("Factor: %(name)s", name=each.title.said(pen.language)),
            pen.gettext(
                "%(low)s – %(central)s – %(high)s %(unit)s; %(source)s (%(year)s, %(sure)s)",
                low=each.low,
                central=each.central,
                high=each.high,
                unit=each.unit.said(pen.language),
                source=each.source.said(pen.language),
                year=each.year,
                sure=sure[each.confidence],
            ),
        )
        for each in factors().factors
    ]
    return Pairs(pen.gettext("Footprint, an estimate"), tuple(facts))


def _estimate(found: Estimate, unit: str, pen: Pen) -> str:
    return pen.gettext(
        "about %(central)s %(unit)s (%(low)s to %(high)s)",
        central=_thousandth(found.central),
        unit=unit,
        low=_thousandth(found.low),
        high=_thousandth(found.high),
    )


def _thousandth(value: int) -> str:
    return f"{Decimal(value) / 1000:.3f}"


def unseen(value: Close, pen: Pen) -> Words:
    """Return what could not be measured, and how shared costs are divided."""
    said = tuple(unseen_words(kind, dict(facts), pen) for kind, facts in value.unseen)
    return Words(
        pen.gettext("How it was measured"),
        (
            pen.gettext(
                "What is for all (licences, media, hours without a client, the agency's own work) "
                "is divided by the bytes that each client keeps, to the fen, by largest remainders."
            ),
            pen.gettext(
                "Storage is what backup points added, minute by minute, once for every copy."
            ),
            *said,
        ),
    )


def _month(value: Close) -> Days:
    month = parse_month(value.month)
    return month_days(month.year, month.number)


def _group(sku: str) -> Group:
    return cast("Group", sku.partition(":")[0])
