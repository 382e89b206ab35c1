"""`baozhang vault verify`: every object against its hash."""

from typing import Annotated

import typer

from baozhang.cli import load
from baozhang.cli import vault_values as values
from baozhang.cli.console import JsonFlag, progress, show
from baozhang.cli.secret import AskPassphrase, KeyFile, Sheet
from baozhang.cli.vault import help_of
from baozhang.cli.vault_opening import OneClient, Url, Witnesses, opened, views
from baozhang.vault.verify import verify as verify_vault
from baozhang.words import say


def register(group: typer.Typer) -> None:
    """Add this command to `vault`."""
    for command in (verify,):
        group.command(command.__name__, help=help_of(command.__name__))(command)


def verify(
    url: Url,
    *,
    read_data: Annotated[
        bool, typer.Option("--read-data", help=say("Read every byte, not only what describes it."))
    ] = False,
    client: OneClient = None,
    witness: Witnesses = None,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Hold every object against its hash; name what is damaged and whom it hits."""
    vault, _ = opened(url, key_file, ask=ask, sheet=sheet)
    clients = [client] if client else None
    with progress(as_json=as_json) as report:
        found = verify_vault(vault, every_byte=read_data, clients=clients, report=report)
    stale, stale_values = load("vault_copies").asked_values(vault, witness) if witness else ((), ())
    value = values.verify_value(found) | {"stale": list(stale_values)}
    show(value, as_json=as_json, human=lambda page: views().verified(page, found, stale))
    if found.damaged or stale:
        raise typer.Exit(1)
