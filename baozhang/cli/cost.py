"""`baozhang cost`: a month's usage, rows, report; prices, budget, fees, hours, savings, anomalies.

What people enter stands in registers: `baozhang register put prices|fees|budgets|hours|...`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from baozhang.cli import about, load
from baozhang.cli.console import JsonFlag, show
from baozhang.wiring import open_site
from baozhang.words import say

Period = Annotated[
    str | None,
    typer.Option("--period", metavar="YYYY-MM", help=say("The month; without it, last month.")),
]
CsvFile = Annotated[
    Path | None,
    typer.Option("--to", metavar="FILE", help=say("Write the table there: .csv or .xlsx.")),
]
Table = tuple[Sequence[str], Sequence[Sequence[str]]]


def register(root: typer.Typer) -> None:
    """Add the command group `cost`."""
    group = typer.Typer(help=about("cost"), no_args_is_help=True)
    group.command("meter", help=say("Show what was used, by client, set and place."))(meter)
    group.command("rows", help=say("Write the month's FOCUS-shaped rows as CSV."))(rows)
    group.command("report", help=say("Close a month and write its cost report."))(report)
    prices = typer.Typer(help=say("The price book."), no_args_is_help=True)
    prices.command("check", help=say("Name overlaps, foreign currencies and gaps."))(check)
    group.add_typer(prices, name="prices")
    group.command("budget", help=say("Show what was spent against the budget, and what comes."))(
        budget
    )
    group.command("fees", help=say("Show clients and tiers against their fees."))(fees)
    group.command("hours", help=say("Show people's hours of a month."))(hours)
    group.command("savings", help=say("Show what could be saved, and what was refused and why."))(
        savings
    )
    group.command("anomalies", help=say("Compare a day with the sixty before it."))(anomalies)
    root.add_typer(group, name="cost")


def meter(
    period: Period = None,
    to: CsvFile = None,
    *,
    measure: Annotated[
        bool, typer.Option("--measure", help=say("Ask the stores what they hold as well."))
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show usage, and what the stores hold beside what the books say."""
    work = load("cost_work")
    with open_site() as site:
        value, table = work.metered(site, period, measure=measure)
    _tell(value, table, to, as_json=as_json)


def rows(
    period: Period = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help=say("Write there; else to the site's state.")),
    ] = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Write the rows; end with 1 where usage has no price and is therefore in none of them."""
    work = load("cost_work")
    with open_site() as site:
        value = work.rows(site, period, to)
    show(value, as_json=as_json, human=lambda console: work.draw_rows(console, value))
    if value["gaps"]:
        raise typer.Exit(1)


def report(
    period: Period = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("Only say what it would tell."))
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Close a month: keep its totals and rows, ask the stores, write and send the letter."""
    work = load("cost_work")
    with open_site() as site:
        value = work.report(site, period, dry_run=dry_run)
    show(value, as_json=as_json, human=lambda console: work.draw_report(console, value))


def check(period: Period = None, to: CsvFile = None, *, as_json: JsonFlag = False) -> None:
    """Name every fault of the price book and every SKU used without a price; then end with 1."""
    work = load("cost_work")
    with open_site() as site:
        value, table = work.checked(site, period)
    _tell(value, table, to, as_json=as_json)
    if not value["sound"]:
        raise typer.Exit(1)


def budget(period: Period = None, to: CsvFile = None, *, as_json: JsonFlag = False) -> None:
    """Show budget and forecast; end with 1 where a budget is overspent."""
    work = load("cost_work")
    with open_site() as site:
        value, table = work.budget(site, period)
    _tell(value, table, to, as_json=as_json)
    if value["over"]:
        raise typer.Exit(1)


def fees(period: Period = None, to: CsvFile = None, *, as_json: JsonFlag = False) -> None:
    """Show each client's cost and margin."""
    with open_site() as site:
        value, table = load("cost_work").fees(site, period)
    _tell(value, table, to, as_json=as_json)


def hours(period: Period = None, to: CsvFile = None, *, as_json: JsonFlag = False) -> None:
    """Show minutes by person, client and what they were for."""
    with open_site() as site:
        value, table = load("cost_work").hours(site, period)
    _tell(value, table, to, as_json=as_json)


def savings(period: Period = None, to: CsvFile = None, *, as_json: JsonFlag = False) -> None:
    """Show proposals with what every rule says to them."""
    with open_site() as site:
        value, table = load("cost_work").savings(site, period)
    _tell(value, table, to, as_json=as_json)


def anomalies(
    day: Annotated[
        datetime | None,
        typer.Option(
            "--day",
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help=say("The day; without it, yesterday."),
        ),
    ] = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Compare a day; end with 1 where it is unlike those before it."""
    work = load("cost_work")
    with open_site() as site:
        value, table = work.anomalies(site, day.date() if day else None)
    _tell(value, table, None, as_json=as_json)
    if value["unusual"]:
        raise typer.Exit(1)


def _tell(value: Mapping[str, object], table: Table, to: Path | None, *, as_json: bool) -> None:
    work = load("cost_work")
    if to is not None:
        work.written(to, table)

    def human(console: Console) -> None:
        work.draw(console, table)
        for line in work.notes(value):
            console.print(line, markup=False)

    show(value, as_json=as_json, human=human)
