"""`baozhang vault snapshots`, `ls` and `restore`: what there is, and bringing it back."""

from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from baozhang.cli import load
from baozhang.cli import vault_values as values
from baozhang.cli.console import JsonFlag, progress, show
from baozhang.cli.secret import AskPassphrase, KeyFile, Sheet
from baozhang.cli.vault import help_of
from baozhang.cli.vault_opening import (
    AsOf,
    ClientId,
    DryRun,
    OneClient,
    PathIn,
    Selector,
    SetName,
    Url,
    Witnesses,
    opened,
    picked,
    views,
)
from baozhang.sources.base import shown
from baozhang.vault.client import LATEST
from baozhang.vault.reader import listing
from baozhang.vault.reader import restore as restore_snapshot
from baozhang.words import say


def register(group: typer.Typer) -> None:
    """Add these commands to `vault`."""
    for command in (
        snapshots,
        ls,
        restore,
    ):
        group.command(command.__name__, help=help_of(command.__name__))(command)


def snapshots(
    url: Url,
    *,
    client: OneClient = None,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """List the snapshots of one client, or of all."""
    vault, _ = opened(url, key_file, ask=ask, sheet=sheet)
    sides = [vault.client(name) for name in ((client,) if client else vault.clients())]
    found = [snapshot for side in sides for snapshot in side.snapshots()]
    damaged = [name for side in sides for name in side.unreadable()]
    value = {
        "snapshots": [values.snapshot_value(snapshot) for snapshot in found],
        "damaged": damaged,
    }
    show(value, as_json=as_json, human=lambda page: views().listed(page, found, damaged))
    if damaged:
        raise typer.Exit(1)


def ls(
    url: Url,
    client: ClientId,
    *,
    snapshot: Selector = "latest",
    set_name: SetName = "main",
    path: PathIn = "",
    as_of: AsOf = None,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """List what a snapshot holds."""
    side = opened(url, key_file, ask=ask, sheet=sheet)[0].client(client)
    chosen = picked(side, snapshot, set_name=set_name, as_of=as_of)
    items = list(listing(side, chosen, values.path_bytes(path)))
    value = {"snapshot": chosen.id, "items": [values.item_value(item) for item in items]}
    show(value, as_json=as_json, human=lambda page: views().items(page, items))


def restore(
    url: Url,
    client: ClientId,
    to: Annotated[Path, typer.Option("--to", help=say("A new folder, or an empty one."))],
    *,
    snapshot: Selector = "latest",
    set_name: SetName = "main",
    path: PathIn = "",
    as_of: AsOf = None,
    witness: Witnesses = None,
    dry_run: DryRun = False,
    keep_going: Annotated[
        bool,
        typer.Option("--keep-going", help=say("Leave out what is damaged, name it, and exit 1.")),
    ] = False,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Bring back a snapshot, or one path of it."""
    began = perf_counter()
    vault, _ = opened(url, key_file, ask=ask, sheet=sheet)
    if witness and snapshot == LATEST and as_of is None:
        load("vault_copies").require_latest(vault, witness, client=client, set_name=set_name)
    side = vault.client(client)
    chosen = picked(side, snapshot, set_name=set_name, as_of=as_of)
    with progress(as_json=as_json) as report:
        wanted = values.path_bytes(path)
        receipt = restore_snapshot(
            side, chosen, to, path=wanted, dry_run=dry_run, keep_going=keep_going, report=report
        )
    value = {
        "snapshot": chosen.id,
        "files": receipt.files,
        "bytes": receipt.bytes,
        "seconds": round(perf_counter() - began, 3),
        "dry_run": dry_run,
        "to": str(to),
        "lost": [shown(path) for path in receipt.lost],
        "bare": [shown(path) for path in receipt.bare],
    }
    show(value, as_json=as_json, human=lambda page: views().restored(page, receipt, to))
    if receipt.lost:
        raise typer.Exit(1)
