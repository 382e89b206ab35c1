"""`baozhang point`: which backup points are clean, and a person's word on a suspicious one."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from baozhang.cli import about
from baozhang.cli.console import JsonFlag, show
from baozhang.clock import SHANGHAI
from baozhang.wiring import open_site
from baozhang.words import say
from tasks.batches import Pair
from tasks.points import Point, accept_point, points

STATE_TEMPLATES = {
    "normal": "clean",
    "accepted": "accepted",
    "suspicious": "suspicious",
    "unknown": "cannot tell",
}
STYLES = {"normal": "green", "accepted": "green", "suspicious": "red", "unknown": "yellow"}

ClientId = Annotated[str, typer.Argument(metavar="CLIENT", help=say("Id of the client."))]
SetName = Annotated[str, typer.Option("--set", metavar="NAME", help=say("The set."))]


def register(root: typer.Typer) -> None:
    """Add `point` to the command line."""
    point = typer.Typer(help=about("point"), no_args_is_help=True)
    point.command("list", help=say("List backup points and what is thought of each."))(list_points)
    point.command("accept", help=say("Vouch for a suspicious point: the change was meant."))(accept)
    root.add_typer(point, name="point")


def list_points(client: ClientId, *, set_name: SetName = "main", as_json: JsonFlag = False) -> None:
    """Show every backup point of a set, newest first."""
    with open_site() as site:
        site.client_set(client, set_name)
        found = points(site, Pair(client, set_name))[::-1]
    value = {"client": client, "set": set_name, "points": [_plain(point) for point in found]}
    show(value, as_json=as_json, human=lambda console: _draw(console, found))


def accept(
    client: ClientId,
    point: Annotated[str, typer.Argument(metavar="SNAPSHOT", help=say("Id of the point."))],
    *,
    by: Annotated[str, typer.Option("--by", metavar="PERSON", help=say("Who vouches; an id."))],
    reason: Annotated[str, typer.Option(metavar="TEXT", help=say("Why the change was meant."))],
    set_name: SetName = "main",
    as_json: JsonFlag = False,
) -> None:
    """Make a suspicious backup point the last clean one."""
    with open_site() as site:
        outcome = accept_point(site, Pair(client, set_name), point, by=by, reason=reason)
    value = {"client": client, "set": set_name, "accepted": outcome.snapshot, "by": by}
    show(
        value,
        as_json=as_json,
        human=lambda console: console.print(
            say("{point} is the last clean point now", point=outcome.snapshot)
        ),
    )


def _plain(point: Point) -> dict[str, object]:
    return {
        "id": point.id,
        "at": point.at.isoformat(),
        "files": point.files,
        "state": point.state,
        "alarms": [say(each.template, **dict(each.facts)) for each in point.alarms],
        "last_clean": point.clean,
    }


def _draw(console: Console, found: tuple[Point, ...]) -> None:
    table = Table()
    for header in (say("backup point"), say("time"), say("files"), say("state"), say("why")):
        table.add_column(header)
    for point in found:
        state = Text(say(STATE_TEMPLATES[point.state]), STYLES[point.state])
        if point.clean:
            clean = point.state in {"normal", "accepted"}
            word = say("last clean point") if clean else say("compared with")
            state.append(f" ({word})")
        why = "\n".join(say(each.template, **dict(each.facts)) for each in point.alarms)
        table.add_row(
            point.id,
            point.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M"),
            str(point.files),
            state,
            Text(why),
        )
    console.print(table)
