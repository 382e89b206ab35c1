"""`baozhang config`: are the site's files sound, and what may stand in them."""

from typing import Annotated

import typer
from rich.console import Console

from baozhang.cli import about
from baozhang.cli.console import JsonFlag, show
from baozhang.settings import Inspection, Problem, inspect_site, site_home
from baozhang.settings.starting import schema_text
from baozhang.words import say


def register(root: typer.Typer) -> None:
    """Add `config` to the command line."""
    config = typer.Typer(help=about("config"), no_args_is_help=True)
    config.command("check", help=say("Read every file of the site and list every problem."))(check)
    config.command("schema", help=say("Print the JSON Schema that editors complete from."))(schema)
    root.add_typer(config, name="config")


def check(*, as_json: JsonFlag = False) -> None:
    """Exit with 0 when the site's files are sound, else with 2."""
    found = inspect_site(site_home())
    value = {
        "ok": not found.errors,
        "clients": len(found.agency.clients) if found.agency else None,
        "problems": [_plain(each) for each in found.errors],
        "warnings": [_plain(each) for each in found.warnings],
    }
    show(value, as_json=as_json, human=lambda console: _tell(console, found))
    if found.errors:
        raise typer.Exit(2)


def schema(
    *,
    client: Annotated[
        bool, typer.Option("--client", help=say("Of a client's file, not the agency's."))
    ] = False,
) -> None:
    """Print one of the two schemas."""
    typer.echo(schema_text("client.json" if client else "agency.json"), nl=False)


def _plain(problem: Problem) -> dict[str, object]:
    return {
        "file": problem.file,
        "line": problem.line or None,
        "key": problem.key,
        "kind": problem.kind,
        "message": problem.what(),
    }


def _tell(console: Console, found: Inspection) -> None:
    for problem in found.errors:
        console.print(f"✗ {problem.say()}", style="red", markup=False)
    for problem in found.warnings:
        console.print(f"! {problem.say()}", style="yellow", markup=False)
    if found.agency:
        text = say("the site's files are sound; clients: {count}", count=len(found.agency.clients))
        console.print(f"✓ {text}", style="green", markup=False)
    else:
        text = say("problems: {count}; change the lines named above", count=len(found.errors))
        console.print(text, markup=False)
