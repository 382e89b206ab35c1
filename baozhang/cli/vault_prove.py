"""`baozhang vault prove`: a snapshot's books against the proofs of their source."""

import typer

from baozhang.cli import vault_books
from baozhang.cli.console import JsonFlag, progress, show
from baozhang.cli.secret import AskPassphrase, KeyFile, Sheet
from baozhang.cli.vault import help_of
from baozhang.cli.vault_opening import (
    AsOf,
    ClientId,
    Selector,
    SetName,
    Url,
    opened,
    picked,
    views,
)


def register(group: typer.Typer) -> None:
    """Add this command to `vault`."""
    for command in (prove,):
        group.command(command.__name__, help=help_of(command.__name__))(command)


def prove(
    url: Url,
    client: ClientId,
    *,
    snapshot: Selector = "latest",
    set_name: SetName = "main",
    as_of: AsOf = None,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Restore a snapshot to scratch and hold its books against the proofs of their source."""
    side = opened(url, key_file, ask=ask, sheet=sheet)[0].client(client)
    chosen = picked(side, snapshot, set_name=set_name, as_of=as_of)
    with progress(as_json=as_json) as report:
        differences = vault_books.prove_snapshot(side, chosen, report=report)
    value = vault_books.proof_value(chosen.id, differences)
    show(
        value,
        as_json=as_json,
        human=lambda page: views().proven(page, chosen, differences),
    )
    if vault_books.any_differs(differences):
        raise typer.Exit(1)
