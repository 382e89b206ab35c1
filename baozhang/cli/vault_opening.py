"""What the commands about keys share: opening the vault, its mirrors, and typed confirmations."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from baozhang.cli.secret import the_secret
from baozhang.errors import UsageError
from baozhang.keys.slots import Secret
from baozhang.vault.stores.base import Store
from baozhang.vault.stores.choosing import store_at
from baozhang.vault.vault import Vault, open_vault
from baozhang.words import say

Url = Annotated[str, typer.Argument(metavar="URL", help=say("The vault: a folder or a bucket."))]
ClientId = Annotated[str, typer.Option("--client", help=say("The client's id."))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=say("Only say what would be done."))]
Yes = Annotated[bool, typer.Option("--yes", help=say("Do not ask for a typed confirmation."))]
Mirrors = Annotated[
    list[str] | None,
    typer.Option("--mirror", help=say("A mirror to change as well; may be given more than once.")),
]


def opened(
    url: str, key_file: Path | None, *, ask: bool, sheet: list[Path] | None
) -> tuple[Vault, Secret]:
    """Return the vault and the secret that opened it."""
    secret = the_secret(key_file, ask=ask, sheet=sheet)
    return open_vault(store_at(url), secret), secret


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
