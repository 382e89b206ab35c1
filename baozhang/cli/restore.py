"""`baozhang restore`: bring books back from the site's own vault.

Needs the site's files and its vault's key.  When those are gone: `baozhang vault restore`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from rich.console import Console

from baozhang.catalog.model import Copy
from baozhang.cli import about
from baozhang.cli import vault_views as views
from baozhang.cli.console import JsonFlag, progress, show
from baozhang.cli.vault_values import path_bytes
from baozhang.clock import SHANGHAI
from baozhang.errors import BaozhangError
from baozhang.incidents.custody import find, open_copy, withdraw
from baozhang.site import Site
from baozhang.vault.model import RestoreReceipt, Snapshot
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
    reason: Annotated[
        str, typer.Option("--reason", help=say("Why a decrypted copy is made, in a few words."))
    ] = "restore",
    due: Annotated[
        datetime | None,
        typer.Option(
            "--until",
            formats=["%Y-%m-%d"],
            help=say("The last day on which the copy may lie there; in 7 days without it."),
        ),
    ] = None,
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
            with _custody(site, chosen, to, reason, due, dry_run=dry_run) as copy:
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
    value = {**_value(chosen, receipt, to, copy), "dry_run": dry_run}
    value["seconds"] = round(perf_counter() - began, 3)
    show(value, as_json=as_json, human=lambda console: _draw(console, receipt, to, copy))


def _value(
    chosen: Snapshot, receipt: RestoreReceipt, to: Path, copy: Copy | None
) -> dict[str, object]:
    return {
        "snapshot": chosen.id,
        "files": receipt.files,
        "bytes": receipt.bytes,
        "to": str(to),
        "copy": copy.id if copy else None,
        "due": copy.due.isoformat() if copy else None,
    }


@contextmanager
def _custody(
    site: Site, chosen: Snapshot, to: Path, reason: str, due: datetime | None, *, dry_run: bool
) -> Iterator[Copy | None]:
    """Register the copy that is about to be made; one that could not be made was never there."""
    if dry_run:
        yield None
        return
    end = (due + timedelta(days=1)).replace(tzinfo=SHANGHAI) if due else None
    copy = open_copy(
        site,
        to,
        client=chosen.client,
        set_name=chosen.set,
        snapshot=chosen.id,
        reason=reason,
        opener="operator",
        due=end,
    )
    try:
        yield copy
    except BaozhangError:
        if not find(site, copy.id).there():
            withdraw(site, copy.id, by="operator")
        raise


def _draw(console: Console, receipt: RestoreReceipt, to: Path, copy: Copy | None) -> None:
    views.restored(console, receipt, to)
    if copy is not None:
        day = (copy.due - timedelta(seconds=1)).astimezone(SHANGHAI).date().isoformat()
        text = say("decrypted copy {copy}: destroy it by {day}", copy=copy.id, day=day)
        console.print(text, markup=False)
