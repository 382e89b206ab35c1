"""`baozhang incident books`: what an accountant goes on with while a client's books come back."""

from pathlib import Path
from typing import Annotated

import typer

from baozhang.cli import load
from baozhang.cli.console import JsonFlag
from baozhang.errors import UsageError
from baozhang.words import say


def register_books(group: typer.Typer) -> None:
    """Add `books` to the `incident` commands."""
    group.command("books", help=say("Write a client's account books to go on with, read-only."))(
        books
    )


def books(
    incident: Annotated[str, typer.Argument(metavar="INCIDENT", help=say("Id of the incident."))],
    client: Annotated[str, typer.Argument(metavar="CLIENT", help=say("The client's id."))],
    *,
    into: Annotated[Path, typer.Option("--into", help=say("A new folder, or an empty one."))],
    by: Annotated[str, typer.Option("--by", metavar="PERSON", help=say("Id of the person."))],
    set_name: Annotated[
        str, typer.Option("--set", help=say("The set: what is backed up as one."))
    ] = "main",
    as_json: JsonFlag = False,
) -> None:
    """Ask for the person's code, and write statements and ledgers of the last clean point."""
    work = load("incident_books_work")  # takes seconds, in which a code would grow old
    code = _asked(by)
    work.write(incident, client, set_name, into, person=by, code=code, as_json=as_json)


def _asked(person: str) -> str:
    """Return what a person types; codes are never options, where a process list would show them."""
    question = say("Code of {person}", person=person)
    typed = str(typer.prompt(question, err=True, default="", show_default=False))
    if not typed.strip():
        raise UsageError("no code was typed", hint="Run the command again with the code at hand.")
    return typed
