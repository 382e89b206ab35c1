"""How a command is given the secret that opens a vault.

A key file, a passphrase that is typed, a recovery sheet, or several holders' shares of an escrow.
"""

import re
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from baozhang.cli import load
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

TAG = re.compile(r"<[^>]*>")  # a sheet may be its printable page
GROUPS = 14  # of a recovery code

KeyFile = Annotated[
    Path | None, typer.Option("--key-file", help=say("The key file that opens the vault."))
]
AskPassphrase = Annotated[
    bool, typer.Option("--passphrase", help=say("Ask for the passphrase instead."))
]
Sheet = Annotated[
    list[Path] | None,
    typer.Option(
        "--recovery-sheet",
        "--share",
        help=say(
            "Take the code from this recovery sheet instead; or an escrow's share, given once for"
            " each holder."
        ),
    ),
]


def the_secret(key_file: Path | None, *, ask: bool, sheet: Sequence[Path] | None) -> Secret:
    """Return the one secret that was offered.

    Args:
        key_file: of the machine.
        ask: let a passphrase be typed.
        sheet: one recovery sheet, or the files of several shares of an escrow.

    Raises:
        UsageError: none or several, a file that cannot be read, or a mistyped code or share.
        WrongKeyError: the key file holds no key.
    """
    if sum((key_file is not None, ask, bool(sheet))) != 1:
        raise UsageError(
            "one secret is needed to open the vault",
            hint="Give --key-file F, or --passphrase, or --recovery-sheet F, or several --share F.",
        )
    if key_file is not None:
        return decode_key_file(read_private(key_file))
    return _on_paper(sheet) if sheet else passphrase(_typed())


def _on_paper(paths: Sequence[Path]) -> Secret:
    """Return the secret of a recovery sheet, or of shares; the files say which they are."""
    texts = [read_private(path).decode("utf-8", "replace") for path in paths]
    if len(texts) == 1 and not _looks_like_a_share(texts[0]):
        return code_in(texts[0])
    secret: Secret = load("sheets").joined(paths)
    return secret


def _looks_like_a_share(text: str) -> bool:
    return not _codes(text) and bool(load("sheets").has_share(text))


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
    lines = _codes(sheet)
    if not lines:
        raise UsageError(
            "there is no recovery code in this file",
            hint="Give the sheet that `baozhang vault init` wrote; its code has 14 groups of four.",
        )
    return read_recovery_code(lines[0])


def _codes(sheet: str) -> list[str]:
    lines = [TAG.sub("", line).strip() for line in sheet.splitlines()]
    return [line for line in lines if line.count("-") >= GROUPS - 1]


def page_of(sheet: Path) -> Path:
    """Return where the printable page of a text sheet lies."""
    page = sheet.with_suffix(".html")
    return page if page != sheet else sheet.with_name(f"{sheet.name}.html")


def require_new_sheet(sheet: Path) -> None:
    """Raise UsageError if a sheet or its printable page is there already."""
    for path in (sheet, page_of(sheet)):
        if path.exists():
            raise UsageError(
                "{path} is there already",
                hint="Move it away, or give another file with --sheet.",
                path=path,
            )


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
