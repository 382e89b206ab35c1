"""The half of `baozhang cost` that meters and prices: loaded when it is used."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from baozhang import durable
from baozhang.clock import business_day
from baozhang.costs.model import DIVISORS, UNITS, divisor, month_days
from baozhang.costs.prices import FAULT_TEMPLATES, PriceBook
from baozhang.costs.registers import HOURS
from baozhang.costs.rows import write
from baozhang.errors import UnreachableError
from baozhang.grids import Grid, write_grid
from baozhang.money import format_amount
from baozhang.site import Site
from baozhang.words import language, say
from reports import cost
from reports.cost_words import (
    check_words,
    group_words,
    proposal_words,
    sku_words,
    unseen_words,
    unusual_words,
)
from reports.months import Month, month_of, parse_month
from reports.writing import pen
from tasks.cost import account_of, draft, keep_rows, unusual_day
from tasks.cost import report as write_letter
from tasks.cost_closing import close
from tasks.cost_metering import closes_of, count, counted_days, usage_of
from tasks.cost_metering import measure as ask_stores
from tasks.gate import gate

Value = dict[str, object]
Cells = tuple[Sequence[str], Sequence[Sequence[str]]]


def month_named(site: Site, period: str | None) -> Month:
    """Return the month that was typed, else the one before today's.

    Raises:
        UsageError: it is no month.
    """
    if period:
        return parse_month(period)
    return month_of(business_day(site.clock())).previous


def metered(site: Site, period: str | None, *, measure: bool) -> tuple[Value, Cells]:
    """Return a month's usage, priced or not."""
    month = month_named(site, period)
    if measure:
        ask_stores(site, month)
    days, _, found = usage_of(site, month)
    whole = month_days(month.year, month.number)
    usages = [
        {
            "from": str(each.days.first),
            "to": str(each.days.last),
            "client": each.client,
            "set": each.set,
            "sku": each.sku,
            "raw": each.raw,
            "quantity": f"{Decimal(each.raw) / divisor(each.group, whole):.9f}",
            "unit": UNITS[each.group],
            "estimated": each.estimated,
        }
        for each in found.usages
    ]
    held = closes_of(site).held(str(month))
    value: Value = {
        "month": str(month),
        "days": [str(days.first), str(days.last)],
        "usage": usages,
        "unseen": [
            unseen_words(kind, dict(facts), pen(language())) for kind, facts in found.unseen
        ],
        "stores": {
            "at": held.at.isoformat() if held else None,
            "places": {place: sum(of.values()) for place, of in held.places.items()}
            if held
            else {},
        },
    }
    heads = (say("client"), say("set"), say("SKU"), say("quantity"), say("unit"), say("estimated"))
    rows = [
        (
            each.client or say("for all"),
            each.set,
            each.sku,
            f"{Decimal(each.raw) / divisor(each.group, whole):.6f}",
            UNITS[each.group],
            say("yes") if each.estimated else "",
        )
        for each in found.usages
    ]
    return value, (heads, rows)


def rows(site: Site, period: str | None, to: Path | None) -> Value:
    """Write a month's rows; return where they are, what they add up to, and what lacks."""
    month = month_named(site, period)
    found = count(site, month).charged
    if to is None:
        path = keep_rows(site, month)
    else:
        path = to
        with _written(to) as out:
            write(out, account_of(site), found.month, found.charges)
    return {
        "month": str(month),
        "file": str(path),
        "rows": len(found.charges),
        "effective_fen": found.fen,
        "billed_fen": found.billed,
        "gaps": sorted({each.sku for each in found.gaps}),
    }


@contextmanager
def _written(path: Path) -> Iterator[IO[str]]:
    try:
        with open(path, "w", newline="", encoding="utf-8", opener=durable.private) as out:
            yield out
    except OSError as error:
        raise UnreachableError(
            "{file} cannot be written: {reason}",
            hint="Choose another place, or make room there.",
            file=path,
            reason=error.strerror or type(error).__name__,
        ) from error


def report(site: Site, period: str | None, *, dry_run: bool) -> Value:
    """Close a month and write its letter; with `dry_run`, only say what it would tell."""
    month = month_named(site, period)
    if not dry_run:
        ask_stores(site, month)
    value = close(site, month)
    told: Value = {
        "month": value.month,
        "status": cost.status(value),
        "effective_fen": value.fen,
        "billed_fen": value.billed,
        "gaps": sorted({each.sku for each in value.gaps}),
        "losing": [each.client for each in value.losing],
        "dry_run": dry_run,
    }
    if dry_run:
        letter = draft(site, value).render(
            number=1, language=language(), gate=gate(site), pdf=False
        )
        return {**told, "text": letter.text, "pages": [], "messages": []}
    closes_of(site).keep(value)
    path = keep_rows(site, month)
    made = write_letter(site, value, actor="operator")
    pages = [str(page) for each in made for page in each.pages]
    messages = [str(message) for each in made for message in each.messages]
    return {**told, "rows": str(path), "pages": pages, "messages": messages}


def checked(site: Site, period: str | None) -> tuple[Value, Cells]:
    """Return the price book's faults, and the SKUs that a month used without a price."""
    book = PriceBook.of(site)
    faults = [
        (each.row, say(FAULT_TEMPLATES[each.kind], **dict(each.facts))) for each in book.faults()
    ]
    gaps: list[tuple[str, str, str]] = []
    if not faults:
        found = count(site, month_named(site, period)).charged.gaps
        gaps = [(each.sku, str(each.days.first), str(each.days.last)) for each in found]
    value: Value = {
        "prices": len(book.rows),
        "from_settings": book.from_settings,
        "sound": not faults and not gaps,
        "faults": [{"row": row, "text": text} for row, text in faults],
        "gaps": [{"sku": sku, "from": first, "to": last} for sku, first, last in gaps],
    }
    lacks = [
        ("", say("no price for {sku} from {first} to {last}", sku=sku, first=first, last=last))
        for sku, first, last in gaps
    ]
    return value, ((say("row"), say("trouble")), [*faults, *lacks])


def budget(site: Site, period: str | None) -> tuple[Value, Cells]:
    """Return what was spent against the budget, and what the next months are expected to cost."""
    found, words = close(site, month_named(site, period)), group_words(pen(language()))
    value: Value = {
        "month": found.month,
        "variances": [
            {"group": each.group, "budget_fen": each.budget, "actual_fen": each.actual}
            for each in found.variances
        ],
        "over": [each.group for each in found.over],
        "forecast": [
            {"ahead": each.ahead, "fen": each.fen, "low_fen": each.low, "high_fen": each.high}
            for each in found.expected
        ],
        "gaps": sorted({each.sku for each in found.gaps}),
    }
    heads = (say("group"), say("budget"), say("spent"), say("over"))
    rows = [
        (words[each.group], _yuan(each.budget), _yuan(each.actual), _yuan(each.over))
        for each in found.variances
    ]
    return value, (heads, rows)


def fees(site: Site, period: str | None) -> tuple[Value, Cells]:
    """Return clients and tiers against their fees."""
    found = close(site, month_named(site, period))
    value: Value = {
        "month": found.month,
        "clients": [
            {
                "client": each.client,
                "tier": each.tier,
                "cost_fen": each.cost,
                "fee_fen": each.fee,
                "margin_fen": each.margin,
            }
            for each in found.clients
        ],
        "tiers": [
            {
                "tier": each.tier,
                "clients": each.clients,
                "fee_fen": each.fee,
                "cost_fen": each.cost,
                "margin_fen": each.margin,
                "losing": each.losing,
            }
            for each in found.tiers
        ],
        "losing": [each.client for each in found.losing],
        "gaps": sorted({each.sku for each in found.gaps}),
    }
    heads = (say("client"), say("tier"), say("cost"), say("fee"), say("margin"))
    rows = [
        (each.client, each.tier, _yuan(each.cost), _yuan(each.fee), _yuan(each.margin))
        for each in found.clients
    ]
    return value, (heads, rows)


def hours(site: Site, period: str | None) -> tuple[Value, Cells]:
    """Return minutes by person, client and what they were for."""
    month = month_named(site, period)
    days = counted_days(month, business_day(site.clock()))
    minutes: Counter[tuple[str, str, str]] = Counter()
    for row in HOURS.rows(site).values():
        if days.first <= row.day <= days.last:
            minutes[row.person, row.client, row.what] += row.minutes
    value: Value = {
        "month": str(month),
        "hours": [
            {"person": person, "client": client, "what": what, "minutes": sum_}
            for (person, client, what), sum_ in sorted(minutes.items())
        ],
        "minutes": minutes.total(),
    }
    heads = (say("person"), say("client"), say("for"), say("hours"))
    rows = [
        (person, client or say("for all"), what, f"{Decimal(sum_) / DIVISORS['hours']:.2f}")
        for (person, client, what), sum_ in sorted(minutes.items())
    ]
    return value, (heads, rows)


def savings(site: Site, period: str | None) -> tuple[Value, Cells]:
    """Return proposals and what the rules say."""
    found, writer = close(site, month_named(site, period)), pen(language())
    told = [
        (each, proposal_words(each, writer), [check_words(check, writer) for check in each.checks])
        for each in found.proposals
    ]
    value: Value = {
        "month": found.month,
        "proposals": [
            {
                "kind": each.kind,
                "subject": each.subject,
                "to": each.to,
                "fen_a_month": each.fen,
                "allowed": each.allowed,
                "checks": [
                    {"rule": check.rule, "holds": check.holds, "why": check.why}
                    for check in each.checks
                ],
            }
            for each in found.proposals
        ],
        "gaps": sorted({each.sku for each in found.gaps}),
    }
    heads = (say("proposal"), say("saves a month"), say("verdict"), say("why"))
    rows = [
        (
            words,
            _yuan(each.fen),
            say("possible") if each.allowed else say("refused"),
            "\n".join(checks),
        )
        for each, words, checks in told
    ]
    return value, (heads, rows)


def anomalies(site: Site, day: date | None) -> tuple[Value, Cells]:
    """Return what of a day is unlike those before it."""
    asked = day or business_day(site.clock()) - timedelta(days=1)
    found = unusual_day(site, asked)
    value: Value = {
        "day": str(asked),
        "unusual": [
            {"what": each.what, "value": each.value, "usual": each.usual, "z_tenths": each.times}
            for each in found
        ],
    }
    writer = pen(language())
    rows = [
        (unusual_words(each, writer), writer.number(each.value), writer.number(each.usual))
        for each in found
    ]
    return value, ((say("figure"), say("that day"), say("usual")), rows)


# --- how it is told -------------------------------------------------------------------------------


def written(path: Path, table: Cells) -> None:
    """Write a table as CSV or xlsx."""
    heads, body = table
    write_grid(path, Grid(tuple(heads), tuple(tuple(row) for row in body)))


def draw(console: Console, table: Cells) -> None:
    """Draw a table whose cells are never cut off."""
    heads, body = table
    drawn = Table()
    for head in heads:
        drawn.add_column(head, overflow="fold")
    for row in body:
        drawn.add_row(*map(Text, row))
    console.print(drawn)


def notes(value: Mapping[str, object]) -> Iterator[str]:
    """Yield what is to be said below a table."""
    gaps = value.get("gaps")
    if isinstance(gaps, list) and gaps and all(isinstance(each, str) for each in gaps):
        yield lacking(gaps)
    if value.get("sound") is True:
        yield say("the price book is sound, and everything that was used has a price")
    if value.get("from_settings") is True:
        yield say("the register prices is empty: the prices of agency.yaml stand in")
    if value.get("unusual") == []:
        yield say("nothing is unlike the days before")
    unseen = value.get("unseen")
    if isinstance(unseen, list):
        yield from map(str, unseen)


def lacking(gaps: Sequence[str]) -> str:
    """Return which SKUs have no price and are in no sum."""
    return say(
        "in no sum, for they have no price: {skus}",
        skus=", ".join(sku_words(sku, pen(language())) for sku in gaps[:20]),
    )


def draw_rows(console: Console, value: Mapping[str, object]) -> None:
    """Say where the rows are."""
    text = say("{rows} rows: {file}", rows=str(value["rows"]), file=str(value["file"]))
    console.print(text, markup=False)
    for line in notes(value):
        console.print(line, markup=False)


def draw_report(console: Console, value: Mapping[str, object]) -> None:
    """Say where the letter is, or what it would tell."""
    if value["dry_run"]:
        console.print(str(value["text"]), markup=False)
        return
    pages, messages = value["pages"], value["messages"]
    if isinstance(pages, list) and isinstance(messages, list):
        for path in (*messages, *pages):
            console.print(say("letter: {path}", path=path), markup=False)
        if not messages:
            console.print(say("a letter that says the same is in the library"), markup=False)
    for line in notes(value):
        console.print(line, markup=False)


def _yuan(fen: int | None) -> str:
    return "–" if fen is None else format_amount(fen)
