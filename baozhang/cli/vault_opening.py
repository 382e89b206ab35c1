"""What the vault's commands share: their options, opening the vault, typed confirmations."""

import os
import sys
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from baozhang.cli import load
from baozhang.cli.secret import the_secret
from baozhang.clock import SHANGHAI
from baozhang.errors import UsageError
from baozhang.keys.slots import Secret
from baozhang.vault.client import ClientVault
from baozhang.vault.model import Snapshot
from baozhang.vault.stores.base import Store
from baozhang.vault.stores.choosing import store_at
from baozhang.vault.vault import Vault, open_vault
from baozhang.words import say

Url = Annotated[str, typer.Argument(metavar="URL", help=say("The vault: a folder or a bucket."))]
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
Witnesses = Annotated[
    list[str] | None,
    typer.Option(
        "--witness",
        help=say("Ask the witness here, a file or a bucket; may be given more than once."),
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help=say("Do not ask for a typed confirmation."))]
Mirrors = Annotated[
    list[str] | None,
    typer.Option("--mirror", help=say("A mirror to change as well; may be given more than once.")),
]


def views() -> ModuleType:
    """Load what draws for people only when there is something to draw."""
    return load("vault_views")


def opened(
    url: str, key_file: Path | None, *, ask: bool, sheet: list[Path] | None
) -> tuple[Vault, Secret]:
    """Return the vault and the secret that opened it."""
    secret = the_secret(key_file, ask=ask, sheet=sheet)
    return open_vault(store_at(url), secret), secret


def usual_cache() -> Path:
    """Return the folder for caches of this user (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "baozhang"


def stores_at(urls: list[str] | None) -> list[Store]:
    """Return the stores at these URLs."""
    return [store_at(url) for url in urls or ()]


def confirm(word: str, question: str, *, yes: bool = False) -> None:
    """Go on if the word is typed.

    Args:
        word: to be typed exactly.
        question: shown on standard error, in the language spoken.
        yes: go on without asking.

    Raises:
        UsageError: something else was typed, or nobody is there to type.
    """
    if yes:
        return
    typer.echo(question, err=True)
    if sys.stdin.isatty():
        typed = str(typer.prompt(say("Type {word} to go on", word=word), err=True))
    else:
        typed = sys.stdin.readline()
    if typed.strip() != word:
        raise UsageError(
            "{word} was not typed; nothing was changed",
            hint="Run the command again and type the word, or see with --dry-run what it does.",
            word=word,
        )


def picked(side: ClientVault, selector: str, *, set_name: str, as_of: datetime | None) -> Snapshot:
    """Return the snapshot that was asked for; a time without a zone is the office's."""
    instant = as_of.replace(tzinfo=as_of.tzinfo or SHANGHAI) if as_of else None
    return side.find(selector, set_name=set_name, as_of=instant)
