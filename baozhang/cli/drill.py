"""`baozhang drill`: list and show scenarios, run one; the plan, reports, how ready we are."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer
import yaml
from rich.console import Console
from rich.table import Table

from baozhang.cli import about, load
from baozhang.cli.console import JsonFlag, show
from baozhang.clock import SHANGHAI, business_day
from baozhang.drills.model import Scenario
from baozhang.drills.planning import Planned, missed, unplanned
from baozhang.drills.records import Journal, Readiness, digest_of, encoded, readiness
from baozhang.drills.scenarios import scenario as scenario_named
from baozhang.drills.scenarios import scenarios
from baozhang.errors import UsageError
from baozhang.wiring import open_site
from baozhang.words import language, say
from tasks.drill_troubles import drills_of, plan_of

Name = Annotated[str, typer.Argument(metavar="SCENARIO", help=say("A scenario's id."))]
DrillId = Annotated[str, typer.Argument(metavar="DRILL", help=say("A drill's id."))]

READY_TEMPLATES = {
    "ready": "ready",
    "stale": "too long ago",
    "failed": "not passed last time",
    "never": "never drilled",
}
COLOURS = {"ready": "green", "stale": "yellow", "failed": "red", "never": "yellow"}


def register(root: typer.Typer) -> None:
    """Add the command group `drill`."""
    group = typer.Typer(help=about("drill"), no_args_is_help=True)
    group.command("list", help=say("List the scenarios."))(list_scenarios)
    group.command("show", help=say("Show one scenario: what breaks, who must find it."))(show_one)
    group.command("run", help=say("Run a drill in a sandbox; the real site is not touched."))(run)
    group.command("plan", help=say("Show the drill plan: what comes, what was missed."))(plan)
    group.command("report", help=say("Show a drill's outcome, and write its report again."))(report)
    group.command("history", help=say("Show how ready we are, and every drill there was."))(history)
    root.add_typer(group, name="drill")


def list_scenarios(*, as_json: JsonFlag = False) -> None:
    """List the scenarios."""
    found = scenarios()
    value = {"scenarios": [{"id": each.id, "title": _title(each)} for each in found.values()]}
    rows = [(each.id, _title(each)) for each in found.values()]
    heads = (say("scenario"), say("what happens"))
    show(value, as_json=as_json, human=lambda console: console.print(table(heads, rows)))


def show_one(name: Name, *, as_json: JsonFlag = False) -> None:
    """Show one scenario as the data it is."""
    found = scenario_named(name)
    value = found.model_dump(mode="json", exclude_defaults=True)
    text = yaml.safe_dump(value, allow_unicode=True, sort_keys=False)
    show(value, as_json=as_json, human=lambda console: console.print(text, markup=False))


def run(
    scenario: Annotated[
        str, typer.Argument(metavar="[SCENARIO]", help=say("A scenario's id."))
    ] = "",
    *,
    planned: Annotated[
        str, typer.Option("--planned", metavar="ID", help=say("Run this entry of the drill plan."))
    ] = "",
    seed: Annotated[
        int | None, typer.Option("--seed", help=say("The same seed breaks the same things."))
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Run a drill, write its report, and end with 1 unless it was passed."""
    if bool(scenario) == bool(planned):
        raise UsageError(
            "name either a scenario or an entry of the plan",
            hint="Choose from `baozhang drill list`, or use --planned with an id of drills.yaml.",
        )
    if scenario:
        scenario_named(scenario)
    work = load("drill_work")
    with open_site() as site:
        journal, written = work.ran(site, scenario, planned=planned, seed=seed)
    show(
        {**_value(journal), "letters": [str(path) for path in written.messages]},
        as_json=as_json,
        human=lambda console: work.draw(console, journal),
    )
    if not journal.passed:
        raise typer.Exit(1)


def plan(*, as_json: JsonFlag = False) -> None:
    """Show what is planned; of surprises only that they come."""
    with open_site() as site:
        found, journals, now = plan_of(site), drills_of(site).all(), site.clock()
        if any(each.surprise for each in found.drills):
            load("drill_work").seal_surprises(site, found)
    late = {each.id for each in missed(found, journals, now)}
    ran = {each.planned for each in journals}
    rest = unplanned(found, scenarios(), business_day(now).year)
    rows = [_planned_row(each, late, ran) for each in found.drills]
    value = {
        "drills": [each.model_dump(mode="json") for each in found.drills],
        "missed": sorted(late),
        "unplanned": list(rest),
    }

    def human(console: Console) -> None:
        heads = (say("id"), say("when"), say("scenario"), say("people"), say("place"), say("state"))
        console.print(table(heads, rows))
        if rest:
            names = ", ".join(rest)
            console.print(say("not planned this year: {scenarios}", scenarios=names), markup=False)

    show(value, as_json=as_json, human=human)


def report(drill: DrillId, *, as_json: JsonFlag = False) -> None:
    """Show what a drill came to, and write its report again, under a new number."""
    with open_site() as site:
        journal = drills_of(site).get(drill)
        work = load("drill_work")
        written = work.write_report(site, journal)
    pages = [str(path) for path in written.pages]
    value = {**json.loads(encoded(journal)), "sha256": digest_of(journal), "pages": pages}

    def human(console: Console) -> None:
        work.draw(console, journal)
        for page in pages:
            console.print(say("report: {path}", path=page), markup=False)

    show(value, as_json=as_json, human=human)


def history(*, as_json: JsonFlag = False) -> None:
    """Show what is proven of each scenario, and every drill, oldest first."""
    with open_site() as site:
        journals = drills_of(site).all()
        found = readiness(scenarios(), journals, site.clock())
    value = {
        "readiness": [each.model_dump(mode="json") for each in found],
        "drills": [_value(each) for each in journals],
    }

    def human(console: Console) -> None:
        heads = (say("scenario"), say("state"), say("drills"), say("last passed"), say("days ago"))
        console.print(table(heads, [_ready_row(each) for each in found]))
        told = (say("drill"), say("scenario"), say("began"), say("outcome"))
        console.print(table(told, [_drill_row(each) for each in journals]))

    show(value, as_json=as_json, human=human)


# --- how it is told -------------------------------------------------------------------------------


def _value(journal: Journal) -> dict[str, object]:
    return {
        "drill": journal.id,
        "scenario": journal.scenario,
        "status": journal.status,
        "passed": journal.passed,
        "measures": {
            each.name: {"target": each.target, "measured": each.measured, "met": each.met}
            for each in journal.score.measures
        },
        "actions": [each.model_dump(mode="json") for each in journal.actions],
        "sha256": digest_of(journal),
    }


def _planned_row(each: Planned, late: set[str], ran: set[str]) -> tuple[str, ...]:
    window = each.window
    when = f"{window.first} – {window.last}" if window else f"{each.on} {each.at:%H:%M}"
    state = say("done") if each.id in ran else say("missed") if each.id in late else say("to come")
    scenario = each.scenario or say("a surprise")
    return each.id, when, scenario, ", ".join(each.people), each.place, state


def _ready_row(each: Readiness) -> tuple[str, ...]:
    state = f"[{COLOURS[each.state]}]{say(READY_TEMPLATES[each.state])}[/]"
    days = "–" if each.days is None else str(each.days)
    return each.scenario, state, str(each.drills), _moment(each.passed), days


def _drill_row(each: Journal) -> tuple[str, ...]:
    outcome = f"[green]{say('passed')}[/]" if each.passed else f"[red]{say('not passed')}[/]"
    return each.id, each.scenario, _moment(each.start), outcome


def _moment(at: datetime | None) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if at else "–"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table whose cells are never cut off."""
    drawn = Table()
    for head in heads:
        drawn.add_column(head, overflow="fold")
    for row in rows:
        drawn.add_row(*row)
    return drawn


def _title(each: Scenario) -> str:
    return each.title.said(language())
