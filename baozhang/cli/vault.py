"""`baozhang vault`: the vault by itself, with nothing but a URL and a secret.

No site, no catalog and no Prefect: this is what still works on the worst day.
"""

from datetime import datetime
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import Annotated

import typer

from baozhang.cli import about, load, vault_care, vault_copies, vault_keys, vault_store
from baozhang.cli import vault_values as values
from baozhang.cli.console import JsonFlag, progress, show
from baozhang.cli.secret import (
    AskPassphrase,
    KeyFile,
    Sheet,
    key_of,
    require_new_sheet,
    sheet_text,
    the_secret,
)
from baozhang.clock import SHANGHAI, business_day, system_clock
from baozhang.errors import BaozhangError
from baozhang.keys.files import write_private
from baozhang.keys.slots import Secret, new_secret, passphrase, recovery_code
from baozhang.vault.client import LATEST, ClientVault
from baozhang.vault.model import BackupReceipt, Snapshot
from baozhang.vault.reader import listing
from baozhang.vault.reader import restore as restore_snapshot
from baozhang.vault.stores.choosing import new_store_at, store_at
from baozhang.vault.vault import Vault, create_vault, open_vault
from baozhang.vault.verify import verify as verify_vault
from baozhang.words import say

Url = Annotated[str, typer.Argument(metavar="URL", help=say("A folder, or file:///folder."))]
ClientId = Annotated[str, typer.Option("--client", help=say("The client's id."))]
OneClient = Annotated[
    str | None, typer.Option("--client", help=say("Only this client; all without it."))
]
SetName = Annotated[str, typer.Option("--set", help=say("The set: what is backed up as one."))]
Selector = Annotated[
    str, typer.Option("--snapshot", help=say("`latest`, a snapshot's id or its beginning."))
]
PathIn = Annotated[str, typer.Option("--path", help=say("Only this file or folder in it."))]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", help=say("Latest means: not after this time (Asia/Shanghai).")),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help=say("Only say what would be done."))]

HELP_TEMPLATES = {
    "init": "Make a vault, its key file and its recovery sheet.",
    "backup": "Back up a folder as the next snapshot of a client's set.",
    "snapshots": "List the snapshots of one client, or of all.",
    "ls": "List what a snapshot holds.",
    "restore": "Bring back a snapshot, or one path of it.",
    "verify": "Hold every object against its hash; name what is damaged and whom it hits.",
    "prove": "Restore to scratch and hold the books against the proofs of their source.",
}


def register(root: typer.Typer) -> None:
    """Add `vault` and its commands to the command line."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    for command in (init, backup, snapshots, ls, restore, verify, prove):
        group.command(command.__name__, help=say(HELP_TEMPLATES[command.__name__]))(command)
    vault_copies.register(group)
    vault_store.register(group)
    vault_care.register(group)
    vault_keys.register(group)
    root.add_typer(group, name="vault", help=about("vault"))


def _views() -> ModuleType:
    """Load what draws for people only when there is something to draw."""
    return load("vault_views")


def _open(url: str, key_file: Path | None, ask: bool, sheet: list[Path] | None) -> Vault:  # noqa: FBT001
    return open_vault(store_at(url), the_secret(key_file, ask=ask, sheet=sheet))


def init(
    url: Url,
    key_file: Annotated[
        Path, typer.Option("--key-file", help=say("The key file; made if it is not there."))
    ],
    *,
    ask: Annotated[
        bool, typer.Option("--passphrase", help=say("Let a passphrase open the vault as well."))
    ] = False,
    sheet: Annotated[
        Path | None,
        typer.Option(help=say("Write the recovery sheet here; else beside the key file.")),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a vault, its key file and its recovery sheet."""
    sheet = sheet or key_file.with_name(f"{key_file.name}.recovery-sheet.txt")
    require_new_sheet(sheet)
    key, made = key_of(key_file)
    recovery = new_secret("recovery")
    now = system_clock()
    try:
        vault = create_vault(new_store_at(url), [key, recovery, *_asked(ask=ask)], at=now)
    except BaseException:
        if made:  # a key without a vault would look like the key of one
            key_file.unlink(missing_ok=True)
        raise
    code = recovery_code(recovery)
    text = sheet_text(vault=url, vault_id=vault.id, day=business_day(now), code=code)
    try:
        write_private(sheet, text.encode())
        printable = load("sheets").write_recovery_page(
            sheet, vault=url, vault_id=vault.id, day=business_day(now), code=code
        )
    except BaozhangError:
        typer.echo(text, err=True)  # the vault is made, and its code cannot be had again
        raise
    value = {
        "vault": vault.id,
        "url": url,
        "key_file": key_file,
        "recovery_sheet": sheet,
        "recovery_page": printable,
    }
    show(value, as_json=as_json, human=lambda page: _views().made(page, value, text))


def _asked(*, ask: bool) -> list[Secret]:
    if not ask:
        return []
    text = typer.prompt(say("New passphrase"), hide_input=True, confirmation_prompt=True, err=True)
    return [passphrase(text)]


def backup(
    url: Url,
    path: Annotated[Path, typer.Argument(help=say("The folder or file to back up."))],
    client: ClientId,
    *,
    set_name: SetName = "main",
    profile: Annotated[
        list[str] | None,
        typer.Option(help=say("Prove the books of this profile; may be given more than once.")),
    ] = None,
    proof_of: Annotated[
        Path | None,
        typer.Option(help=say("For drills: take the proofs from the books here instead.")),
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(help=say("Leave out this pattern."))] = None,
    reread: Annotated[
        bool, typer.Option("--reread", help=say("Read every file, trusting no time stamp."))
    ] = False,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Back up a folder as the next snapshot of a client's set."""
    began = perf_counter()
    vault = _open(url, key_file, ask, sheet)
    with progress(as_json=as_json) as report:
        receipt: BackupReceipt = load("vault_books").back_up_folder(
            lambda: vault.client(client, create=True),
            path,
            set_name=set_name,
            profiles=profile or [],
            proof_of=proof_of,
            exclude=exclude or [],
            reread=reread,
            report=report,
        )
    value = values.receipt_value(receipt, seconds=perf_counter() - began)
    show(value, as_json=as_json, human=lambda page: _views().backed_up(page, receipt, value))
    if receipt.troubles:
        raise typer.Exit(1)


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
    vault = _open(url, key_file, ask, sheet)
    sides = [vault.client(name) for name in ((client,) if client else vault.clients())]
    found = [snapshot for side in sides for snapshot in side.snapshots()]
    damaged = [name for side in sides for name in side.unreadable()]
    value = {
        "snapshots": [values.snapshot_value(snapshot) for snapshot in found],
        "damaged": damaged,
    }
    show(value, as_json=as_json, human=lambda page: _views().listed(page, found, damaged))
    if damaged:
        raise typer.Exit(1)


def _pick(side: ClientVault, selector: str, set_name: str, as_of: datetime | None) -> Snapshot:
    instant = as_of.replace(tzinfo=as_of.tzinfo or SHANGHAI) if as_of else None
    return side.find(selector, set_name=set_name, as_of=instant)


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
    side = _open(url, key_file, ask, sheet).client(client)
    chosen = _pick(side, snapshot, set_name, as_of)
    items = list(listing(side, chosen, values.path_bytes(path)))
    value = {"snapshot": chosen.id, "items": [values.item_value(item) for item in items]}
    show(value, as_json=as_json, human=lambda page: _views().items(page, items))


def restore(
    url: Url,
    client: ClientId,
    to: Annotated[Path, typer.Option("--to", help=say("A new folder, or an empty one."))],
    *,
    snapshot: Selector = "latest",
    set_name: SetName = "main",
    path: PathIn = "",
    as_of: AsOf = None,
    witness: vault_copies.Witnesses = None,
    dry_run: DryRun = False,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Bring back a snapshot, or one path of it."""
    began = perf_counter()
    vault = _open(url, key_file, ask, sheet)
    if snapshot == LATEST and as_of is None:
        vault_copies.require_latest(vault, witness, client=client, set_name=set_name)
    side = vault.client(client)
    chosen = _pick(side, snapshot, set_name, as_of)
    with progress(as_json=as_json) as report:
        wanted = values.path_bytes(path)
        receipt = restore_snapshot(side, chosen, to, path=wanted, dry_run=dry_run, report=report)
    value = {
        "snapshot": chosen.id,
        "files": receipt.files,
        "bytes": receipt.bytes,
        "seconds": round(perf_counter() - began, 3),
        "dry_run": dry_run,
        "to": str(to),
    }
    show(value, as_json=as_json, human=lambda page: _views().restored(page, receipt, to))


def verify(
    url: Url,
    *,
    read_data: Annotated[
        bool, typer.Option("--read-data", help=say("Read every byte, not only what describes it."))
    ] = False,
    client: OneClient = None,
    witness: vault_copies.Witnesses = None,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Hold every object against its hash; name what is damaged and whom it hits."""
    vault = _open(url, key_file, ask, sheet)
    clients = [client] if client else None
    with progress(as_json=as_json) as report:
        found = verify_vault(vault, every_byte=read_data, clients=clients, report=report)
    stale = vault_copies.asked(vault, witness)
    value = values.verify_value(found) | {"stale": list(map(vault_copies.alarm_value, stale))}
    show(value, as_json=as_json, human=lambda page: _views().verified(page, found, stale))
    if found.damaged or stale:
        raise typer.Exit(1)


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
    side = _open(url, key_file, ask, sheet).client(client)
    chosen = _pick(side, snapshot, set_name, as_of)
    books = load("vault_books")
    with progress(as_json=as_json) as report:
        differences = books.prove_snapshot(side, chosen, report=report)
    value = books.proof_value(chosen.id, differences)
    show(value, as_json=as_json, human=lambda page: _views().proven(page, chosen, differences))
    if not all(book["proven"] for book in value["books"]):
        raise typer.Exit(1)
