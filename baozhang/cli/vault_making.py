"""`baozhang vault init`: a vault, its key file and its recovery sheet."""

from pathlib import Path
from typing import Annotated

import typer

from baozhang.cli import load
from baozhang.cli.console import JsonFlag, show
from baozhang.cli.secret import key_of, require_new_sheet, sheet_text
from baozhang.cli.vault import help_of
from baozhang.cli.vault_opening import Url, views
from baozhang.clock import business_day, system_clock
from baozhang.errors import BaozhangError
from baozhang.keys.files import write_private
from baozhang.keys.slots import Secret, new_secret, passphrase, recovery_code
from baozhang.vault.stores.choosing import new_store_at
from baozhang.vault.vault import create_vault
from baozhang.words import say


def register(group: typer.Typer) -> None:
    """Add this command to `vault`."""
    for command in (init,):
        group.command(command.__name__, help=help_of(command.__name__))(command)


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
    show(value, as_json=as_json, human=lambda page: views().made(page, value, text))


def _asked(*, ask: bool) -> list[Secret]:
    if not ask:
        return []
    text = typer.prompt(say("New passphrase"), hide_input=True, confirmation_prompt=True, err=True)
    return [passphrase(text)]
