"""`baozhang vault key|escrow|rotate|reencrypt|shred`: who opens a vault, and what nobody shall.

Secrets are read from private files or typed, never given on the command line, and never shown.
What cannot be undone asks for a typed word first, or for `--yes`.
"""

from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

import typer

from baozhang.cli import load
from baozhang.cli.console import JsonFlag, progress, show
from baozhang.cli.secret import AskPassphrase, KeyFile, Sheet, key_of, require_new_sheet
from baozhang.cli.vault import help_of
from baozhang.cli.vault_opening import (
    ClientId,
    DryRun,
    Mirrors,
    Url,
    Yes,
    confirm,
    opened,
    stores_at,
)
from baozhang.clock import system_clock
from baozhang.errors import UsageError, WrongKeyError
from baozhang.keys.files import read_private
from baozhang.keys.slots import Secret, decode_key_file
from baozhang.vault import rotation
from baozhang.vault.reencryption import reencrypt as reencrypt_client
from baozhang.vault.stores.choosing import store_at
from baozhang.vault.vault import Vault, open_vault
from baozhang.words import say

NewKeyFile = Annotated[
    Path, typer.Option("--new-key-file", help=say("The new key file; made if it is not there."))
]
Label = Annotated[
    str, typer.Option("--label", help=say("A word for the list; it is stored unencrypted."))
]

KINDS = "`keyfile`, `passphrase`, `recovery`"

HELP_TEMPLATES = {
    "list": "List the key slots.",
    "add": "Let one more secret open the vault.",
    "remove": "End the use of one key slot.",
    "rotate": "Put a new key file in the place of an old one.",
    "rotate-master": "Give the vault another master key, after its old one may have leaked.",
    "make": "Make an escrow: one private file and printable page for each holder.",
    "test": "Prove that shares open the vault, and keep nothing.",
}


def register(group: typer.Typer) -> None:
    """Add the commands about keys to `baozhang vault`."""
    key = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    for name, command in (
        ("list", list_keys),
        ("add", add_key),
        ("remove", remove_key),
        ("rotate", rotate_key),
        ("rotate-master", rotate_master),
    ):
        key.command(name, help=say(HELP_TEMPLATES[name]))(command)
    group.add_typer(key, name="key", help=help_of("key"))
    escrow = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    escrow.command("make", help=say(HELP_TEMPLATES["make"]))(make_escrow)
    escrow.command("test", help=say(HELP_TEMPLATES["test"]))(check_escrow)
    group.add_typer(escrow, name="escrow", help=help_of("escrow"))
    group.command("rotate", help=help_of("rotate"))(rotate_client)
    group.command("reencrypt", help=help_of("reencrypt"))(reencrypt)


def _views() -> ModuleType:
    return load("vault_keys_views")


# --- key slots ----------------------------------------------------------------------------------


def list_keys(
    url: Url,
    *,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """List the key slots."""
    vault, secret = opened(url, key_file, ask=ask, sheet=sheet)
    used = set(rotation.opened_by(vault, secret))
    slots = rotation.list_slots(vault)
    value = {"slots": [_slot_value(slot, used=slot.name in used) for slot in slots]}
    show(value, as_json=as_json, human=lambda page: _views().slots(page, slots, used))


def _slot_value(slot: rotation.SlotInfo, *, used: bool) -> dict[str, object]:
    return {
        "id": slot.id,
        "object": slot.name,
        "kind": slot.kind,
        "own": slot.own,
        "created": slot.created,
        "label": slot.label,
        "generation": slot.generation,
        "shares": slot.shares,
        "escrow": slot.escrow,
        "opened_now": used,
    }


def add_key(
    url: Url,
    kind: Annotated[
        Literal["keyfile", "passphrase", "recovery"],
        typer.Option("--kind", metavar="TEXT", help=say("What opens it: {kinds}.", kinds=KINDS)),
    ],
    *,
    to: Annotated[
        Path | None,
        typer.Option("--to", help=say("The new key file, or the new recovery sheet.")),
    ] = None,
    label: Label = "",
    mirrors: Mirrors = None,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Let one more secret open the vault."""
    vault, _ = opened(url, key_file, ask=ask, sheet=sheet)
    if (to is None) != (kind == "passphrase"):
        raise UsageError(
            "a new key file or sheet needs --to, and a passphrase is typed",
            hint="Give --to FILE with keyfile or recovery, and leave it out with passphrase.",
        )
    now = system_clock()
    secret, files = load("new_secrets").made(vault, kind, to, at=now)
    with load("new_secrets").kept_only_if_done(files):
        name = rotation.add_slot(vault, secret, at=now, label=label, mirrors=stores_at(mirrors))
    value = {"slot": name, "kind": kind, "files": files}
    show(value, as_json=as_json, human=lambda page: _views().added(page, name, files))


def remove_key(
    url: Url,
    slot: Annotated[
        str, typer.Argument(metavar="TEXT", help=say("The slot's id, or its beginning."))
    ],
    *,
    yes: Yes = False,
    dry_run: DryRun = False,
    mirrors: Mirrors = None,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """End the use of one key slot."""
    vault, secret = opened(url, key_file, ask=ask, sheet=sheet)
    found = rotation.find_slot(vault, slot)
    remaining = rotation.remove_slot(vault, found.name, secret, dry_run=True)
    if not dry_run:
        question = say("The secret of slot {slot} will not open this vault any more.", slot=slot)
        confirm(found.id, question, yes=yes)
        rotation.remove_slot(vault, found.name, secret, mirrors=stores_at(mirrors))
    value = {"slot": found.name, "remaining": remaining, "dry_run": dry_run}
    show(value, as_json=as_json, human=lambda page: _views().removed(page, found, dry_run))


def rotate_key(
    url: Url,
    key_file: Annotated[Path, typer.Option("--key-file", help=say("The old key file."))],
    new_key_file: NewKeyFile,
    *,
    label: Label = "",
    mirrors: Mirrors = None,
    as_json: JsonFlag = False,
) -> None:
    """Put a new key file in the place of an old one."""
    old = decode_key_file(read_private(key_file))
    vault, done = _with_either(url, old, new_key_file)
    new, made = key_of(new_key_file)
    with load("new_secrets").kept_only_if_done([new_key_file] if made else []):
        slot, retired = rotation.rotate_slot(
            vault, old, new, at=system_clock(), label=label, mirrors=stores_at(mirrors)
        )
    value = {"slot": slot, "retired": retired, "new_key_file": new_key_file, "was_done": done}
    show(value, as_json=as_json, human=lambda page: _views().rotated(page, value))


def _with_either(url: str, old: Secret, new_key_file: Path) -> tuple[Vault, bool]:
    """Open with the old key, or with the new one where an earlier run has retired the old."""
    try:
        return open_vault(store_at(url), old), False
    except WrongKeyError:
        if not new_key_file.exists():
            raise
        return open_vault(store_at(url), key_of(new_key_file)[0]), True


def rotate_master(
    url: Url,
    new_key_file: NewKeyFile,
    new_sheet: Annotated[
        Path, typer.Option("--new-sheet", help=say("Write the new recovery sheet here."))
    ],
    *,
    yes: Yes = False,
    mirrors: Mirrors = None,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Give the vault another master key; every old secret stops opening it."""
    stores = stores_at(mirrors)
    vault, _ = opened(url, key_file, ask=ask, sheet=sheet)
    if vault.root.earlier and new_key_file == key_file:
        done = rotation.finish_master(vault, mirrors=stores)
    else:
        require_new_sheet(new_sheet)
        old = rotation.list_slots(vault)
        confirm(vault.id[:8], _views().question(old), yes=yes)
        done = load("new_secrets").master(vault, new_key_file, new_sheet, mirrors=stores)
    value = {
        "slots": done.slots,
        "retired": done.retired,
        "clients": done.clients,
        "damaged": done.damaged,
        "new_key_file": new_key_file,
        "new_sheet": new_sheet,
    }
    show(value, as_json=as_json, human=lambda page: _views().new_master(page, value))


# --- escrow -------------------------------------------------------------------------------------


def make_escrow(
    url: Url,
    to: Annotated[Path, typer.Option("--to", help=say("The folder for the holders' files."))],
    *,
    needed: Annotated[
        int, typer.Option("--needed", help=say("How many holders together open the vault."))
    ] = 2,
    shares: Annotated[int, typer.Option("--shares", help=say("How many holders there are."))] = 3,
    mirrors: Mirrors = None,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Make an escrow: one private file and printable page for each holder."""
    vault, _ = opened(url, key_file, ask=ask, sheet=sheet)
    slot, files = load("new_secrets").escrow(
        vault, to, needed=needed, shares=shares, mirrors=stores_at(mirrors)
    )
    value = {"slot": slot, "files": files, "needed": needed, "shares": shares}
    show(value, as_json=as_json, human=lambda page: _views().escrow_made(page, value))


def check_escrow(
    url: Url,
    *,
    share: Annotated[
        list[Path] | None,
        typer.Option("--share", help=say("A holder's file; without any, the words are typed.")),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Prove that shares open the vault, and keep nothing."""
    found = load("new_secrets").tested(store_at(url), share or [])
    show(found, as_json=as_json, human=lambda page: _views().escrow_tested(page, found))


# --- clients' keys ------------------------------------------------------------------------------


def rotate_client(
    url: Url,
    *,
    client: Annotated[str | None, typer.Option("--client", help=say("The client's id."))] = None,
    every: Annotated[bool, typer.Option("--all", help=say("All clients."))] = False,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Give a client a new key for what is stored from now on."""
    if (client is None) != every:
        raise UsageError("one client or all are needed", hint="Give --client ID, or --all.")
    vault, _ = opened(url, key_file, ask=ask, sheet=sheet)
    clients = vault.clients() if client is None else (client,)
    epochs = {one: rotation.rotate_client(vault, one) for one in clients}
    show({"epochs": epochs}, as_json=as_json, human=lambda page: _views().epochs(page, epochs))


def reencrypt(
    url: Url,
    client: ClientId,
    *,
    dry_run: DryRun = False,
    delete_old: Annotated[
        bool,
        typer.Option("--delete-old", help=say("Delete what has been replaced, here and there.")),
    ] = False,
    mirrors: Mirrors = None,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Seal what a client has stored anew, after one of its keys has leaked."""
    vault, _ = opened(url, key_file, ask=ask, sheet=sheet)
    with progress(as_json=as_json) as report:
        done = reencrypt_client(
            vault.client(client),
            at=system_clock(),
            delete_old=delete_old,
            dry_run=dry_run,
            mirrors=stores_at(mirrors),
            report=report,
        )
    value = {
        "client": client,
        "epoch": done.epoch,
        "packs": done.packs,
        "others": done.others,
        "bytes": done.bytes,
        "damaged": done.damaged,
        "left": done.left,
        "deleted": done.deleted,
        "staying": done.staying,
        "keys_removed": done.keys_removed,
        "dry_run": dry_run,
    }
    show(value, as_json=as_json, human=lambda page: _views().reencrypted(page, done))
    if done.damaged:
        raise typer.Exit(1)
