"""`baozhang restore`: bring books back from the site's own vault.

Needs the site's files and its vault's key.  When those are gone: `baozhang vault restore`.
"""

from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from baozhang.cli import about
from baozhang.cli import vault_views as views
from baozhang.cli.console import JsonFlag, progress, show
from baozhang.cli.vault_values import path_bytes
from baozhang.clock import SHANGHAI
from baozhang.vault.reader import restore as restore_snapshot
from baozhang.wiring import open_site
from baozhang.words import say


def register(root: typer.Typer) -> None:
    """Add `restore` to the command line."""
    root.command("restore", help=about("restore"))(restore)


def restore(
    client: Annotated[str, typer.Option("--client", help=say("The client's id."))],
    to: Annotated[Path, typer.Option("--to", help=say("A new folder, or an empty one."))],
    *,
    set_name: Annotated[
        str, typer.Option("--set", help=say("The set: what is backed up as one."))
    ] = "main",
    snapshot: Annotated[
        str, typer.Option("--snapshot", help=say("`latest`, a snapshot's id or its beginning."))
    ] = "latest",
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", help=say("Latest means: not after this time (Asia/Shanghai).")),
    ] = None,
    path: Annotated[str, typer.Option("--path", help=say("Only this file or folder in it."))] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("Only say what would be done."))
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Bring back a snapshot, or one path of it; the audit log remembers who asked for what."""
    began = perf_counter()
    with open_site() as site:
        side = site.vault(client, set_name).client(client)
        until = as_of.replace(tzinfo=SHANGHAI) if as_of else None
        chosen = side.find(snapshot, set_name=set_name, as_of=until)
        with progress(as_json=as_json) as report:
            wanted = path_bytes(path)
            receipt = restore_snapshot(
                side, chosen, to, path=wanted, dry_run=dry_run, report=report
            )
        if not dry_run:
            site.audit.append(
                actor="operator",
                action="vault.restored",
                subject=f"{client}/{set_name}",
                snapshot=chosen.id,
                files=receipt.files,
                bytes=receipt.bytes,
            )
    value = {
        "snapshot": chosen.id,
        "files": receipt.files,
        "bytes": receipt.bytes,
        "seconds": round(perf_counter() - began, 3),
        "dry_run": dry_run,
        "to": str(to),
    }
    show(value, as_json=as_json, human=lambda console: views.restored(console, receipt, to))
