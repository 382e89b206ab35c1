"""`baozhang client`: who is protected, and many new ones at once."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from baozhang.cli import about
from baozhang.cli.console import JsonFlag, show
from baozhang.settings import Agency, load_agency
from baozhang.settings.importing import ImportReceipt, import_clients
from baozhang.words import say

STANDARD_TEMPLATES = {
    "sbe": "small business standard",
    "asbe": "enterprise standard",
    "other": "other standard",
}


def register(root: typer.Typer) -> None:
    """Add `client` to the command line."""
    client = typer.Typer(help=about("client"), no_args_is_help=True)
    client.command("list", help=say("List the clients and who answers for them."))(list_clients)
    client.command("import", help=say("Make one client file per row of a CSV list."))(import_list)
    root.add_typer(client, name="client")


def list_clients(*, as_json: JsonFlag = False) -> None:
    """Show every client."""
    agency = load_agency()
    value = {"clients": [_plain(agency, client_id) for client_id in agency.clients]}
    show(value, as_json=as_json, human=lambda console: _draw(console, agency))


def import_list(
    path: Annotated[
        Path,
        typer.Argument(metavar="CSV", help=say("The list: UTF-8 or GB18030, first row headers.")),
    ],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("Check the list and write nothing."))
    ] = False,
    set_name: Annotated[
        str, typer.Option("--set", metavar="NAME", help=say("The set that the books become."))
    ] = "main",
    as_json: JsonFlag = False,
) -> None:
    """Write a file for every client that has none yet, or none at all."""
    receipt = import_clients(load_agency(), path, set_name=set_name, dry_run=dry_run)
    value = {
        "written": receipt.written,
        "existing": receipt.existing,
        "warnings": [each.say() for each in receipt.warnings],
        "dry_run": receipt.dry_run,
    }
    show(value, as_json=as_json, human=lambda console: _tell(console, receipt))


def _plain(agency: Agency, client_id: str) -> dict[str, object]:
    client = agency.clients[client_id]
    return {
        "id": client.id,
        "name": client.name,
        "standard": client.standard,
        "lead": client.lead,
        "reviewer": client.reviewer,
        "deputy": client.deputy,
        "sets": {name: len(each.sources) for name, each in client.sets.items()},
    }


def _draw(console: Console, agency: Agency) -> None:
    table = Table()
    for header in (
        say("client id"),
        say("client name"),
        say("accounting standard"),
        say("lead accountant"),
        say("reviewer"),
        say("deputy"),
        say("sets"),
    ):
        table.add_column(header, overflow="fold")
    for client in agency.clients.values():
        people = (client.lead, client.reviewer, client.deputy)
        names = [agency.people[person].name if person else "—" for person in people]
        standard = say(STANDARD_TEMPLATES[client.standard])
        cells = (client.id, client.name, standard, *names, ", ".join(client.sets))
        table.add_row(*map(Text, cells))  # a name in brackets is no markup
    console.print(table, markup=False)
    console.print(say("clients: {count}", count=len(agency.clients)), markup=False)


def _tell(console: Console, receipt: ImportReceipt) -> None:
    if receipt.dry_run:
        text = say("the list is sound; files to write: {count}", count=len(receipt.written))
    else:
        text = say("client files written: {count}", count=len(receipt.written))
    console.print(f"✓ {text}", style="green", markup=False)
    if receipt.existing:
        text = say("left alone, they have a file already: {ids}", ids=", ".join(receipt.existing))
        console.print(text, markup=False)
    for warning in receipt.warnings:
        console.print(f"! {warning.say()}", style="yellow", markup=False)
