"""How a command is given the secret that opens a vault: a file, a prompt or a recovery sheet."""

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from baozhang.errors import UsageError
from baozhang.keys.files import read_private, write_private
from baozhang.keys.slots import (
    Secret,
    decode_key_file,
    encode_key_file,
    new_secret,
    passphrase,
    read_recovery_code,
)
from baozhang.words import say

KeyFile = Annotated[
    Path | None, typer.Option("--key-file", help=say("The key file that opens the vault."))
]
AskPassphrase = Annotated[
    bool, typer.Option("--passphrase", help=say("Ask for the passphrase instead."))
]
Sheet = Annotated[
    Path | None,
    typer.Option("--recovery-sheet", help=say("Take the code from this recovery sheet instead.")),
]


def the_secret(key_file: Path | None, *, ask: bool, sheet: Path | None) -> Secret:
    """Return the one secret that was offered.

    Raises:
        UsageError: none or several, a file that cannot be read, or a mistyped code.
        WrongKeyError: the key file holds no key.
    """
    if sum((key_file is not None, ask, sheet is not None)) != 1:
        raise UsageError(
            "one secret is needed to open the vault",
            hint="Give --key-file F, or --passphrase, or --recovery-sheet F.",
        )
    if key_file is not None:
        return decode_key_file(read_private(key_file))
    if sheet is not None:
        return code_in(read_private(sheet).decode("utf-8", "replace"))
    return passphrase(_typed())


def _typed() -> str:
    """Return the passphrase from whoever sits there, or from a pipe's first line."""
    if sys.stdin.isatty():
        return str(typer.prompt(say("Passphrase"), hide_input=True, err=True))
    if not (line := sys.stdin.readline().rstrip("\r\n")):
        raise UsageError(
            "no passphrase was given", hint="Type it when asked, or pipe it in as one line."
        )
    return line


def code_in(sheet: str) -> Secret:
    """Return the secret of the code in a recovery sheet: its line of dashed groups.

    Raises:
        UsageError: there is none, or it is mistyped.
    """
    lines = [line.strip() for line in sheet.splitlines() if line.count("-") >= 13]
    if not lines:
        raise UsageError(
            "there is no recovery code in this file",
            hint="Give the sheet that `baozhang vault init` wrote; its code has 14 groups of four.",
        )
    return read_recovery_code(lines[0])


def key_of(path: Path) -> tuple[Secret, bool]:
    """Return the secret of a key file, made if it is not there, and whether it was made.

    Raises:
        UsageError, WrongKeyError: it cannot be read or written, or holds no key.
    """
    if path.exists():
        return decode_key_file(read_private(path)), False
    secret = new_secret("keyfile")
    write_private(path, encode_key_file(secret))
    return secret, True


def sheet_text(*, vault: str, vault_id: str, day: date, code: str) -> str:
    """Return a recovery sheet, to be printed and locked away."""
    return say(
        "Baozhang recovery sheet\n\nvault: {vault}\nid: {id}\nmade: {day}\n\n  {code}\n\n"
        "Whoever holds this code can open every backup in this vault, without the key file.\n"
        "Print it, seal it, keep it in a safe away from the machine; keep no copy on the disk.\n",
        vault=vault,
        id=vault_id,
        day=day.isoformat(),
        code=code,
    )
