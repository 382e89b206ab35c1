"""`baozhang hold`: nothing of a client is destroyed while a hold (暂缓销毁) stands."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from baozhang.cli import about
from baozhang.cli.console import JsonFlag, show
from baozhang.clock import SHANGHAI
from baozhang.errors import UsageError
from baozhang.incidents.holds import hold_client, release_client, standing_holds
from baozhang.site import Site
from baozhang.vault.holds import Hold
from baozhang.wiring import open_site
from baozhang.words import say
from tasks.people import prove, require_person

ClientId = Annotated[str, typer.Argument(metavar="CLIENT", help=say("The client's id."))]
Reason = Annotated[
    str, typer.Option("--reason", help=say("Why, as an id: an incident's, a lawsuit's."))
]
By = Annotated[str, typer.Option("--by", metavar="PERSON", help=say("Id of the person."))]


def register(root: typer.Typer) -> None:
    """Add the `hold` commands."""
    group = typer.Typer(name="hold", help=about("hold"), no_args_is_help=True)
    group.command("set", help=say("Destroy nothing of a client until this is lifted."))(set_one)
    group.command("list", help=say("List the holds that stand."))(listed)
    group.command("lift", help=say("Lift a hold, with a one-time code."))(lift)
    root.add_typer(group)


def set_one(client: ClientId, *, reason: Reason, by: By, as_json: JsonFlag = False) -> None:
    """Set a hold in every vault that keeps anything of the client."""
    with open_site() as site:
        require_person(site, by)
        new = hold_client(site, client, reason, by=by)
        if not (new or any(one.reason == reason for one in standing_holds(site, client))):
            raise UsageError(
                "no vault has anything of client {client} to hold",
                hint="Back the client up first.",
                client=client,
            )
    text = say("client {client} is held: {reason}", client=client, reason=reason)
    show(
        {"client": client, "reason": reason, "vaults": new},
        as_json=as_json,
        human=lambda console: console.print(text, markup=False),
    )


def listed(
    client: Annotated[str | None, typer.Option("--client", help=say("The client's id."))] = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Show who is held, why, by whom and since when."""
    with open_site() as site:
        found = [one for each in _clients(site, client) for one in standing_holds(site, each)]
    value = {
        "holds": [
            {"client": one.client, "reason": one.reason, "by": one.by, "at": one.at.isoformat()}
            for one in found
        ]
    }
    show(value, as_json=as_json, human=lambda console: _draw(console, found))


def lift(client: ClientId, *, reason: Reason, by: By, as_json: JsonFlag = False) -> None:
    """Lift a hold everywhere; the person's one-time code is asked for."""
    with open_site() as site:
        if all(one.reason != reason for one in standing_holds(site, client)):
            raise UsageError(
                "no hold of that reason stands for client {client}",
                hint="Run `baozhang hold list --client {client}`.",
                client=client,
            )
        question = say("Code of {person}", person=by)
        code = str(typer.prompt(question, err=True, default="", show_default=False))
        prove(site, by, code, what=f"hold {client} {reason}")
        ended = release_client(site, client, reason, by=by)
    text = say("the hold {reason} on client {client} is lifted", client=client, reason=reason)
    show(
        {"client": client, "reason": reason, "vaults": ended},
        as_json=as_json,
        human=lambda console: console.print(text, markup=False),
    )


def _clients(site: Site, client: str | None) -> tuple[str, ...]:
    return tuple(site.agency.clients) if client is None else (client,)


def _draw(console: Console, found: list[Hold]) -> None:
    if not found:
        console.print(say("no hold stands"))
        return
    table = Table(say("client"), say("reason"), say("by"), say("since"))
    for one in found:
        since = one.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        table.add_row(one.client, one.reason, one.by, since)
    console.print(table)
