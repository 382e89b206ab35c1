"""The command line: one file per noun, loaded by name.

A command loads only its own module, so that `vault` and `check` start at once and work with no
site, no catalog and no Prefect.  Each module has one public function, `register(root)`.

Exit codes: 0 fine, 1 a problem was found, 2 usage or configuration, 3 something outside is
unreachable.
"""

import json
import sys
from importlib import import_module

import typer

from baozhang import __version__
from baozhang.errors import BaozhangError, UnreachableError, UsageError
from baozhang.words import say

MODULES = {
    "demo": "demo",
    "init": "site",
    "client": "client",
    "config": "config",
    "backup": "duty",
    "validate": "duty",
    "restore-test": "duty",
    "restore": "duty",
    "check": "check",
    "vault": "vault",
    "catalog": "catalog",
    "audit": "audit",
    "sample": "sample",
}
"""Command to module, in the order that `--help` shows."""


def main() -> None:
    """Run the command that was typed, and end the process with its exit code."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    root = _root(words[0] if words else "")
    try:
        root()
    except BaozhangError as error:
        _tell(error)
        sys.exit(exit_code(error))


def exit_code(error: BaozhangError) -> int:
    """Return the exit code that an error asks for."""
    if isinstance(error, UsageError):
        return 2
    return 3 if isinstance(error, UnreachableError) else 1


def _root(command: str) -> typer.Typer:
    root = typer.Typer(
        name="baozhang",
        help=say("Keeps client ledgers safe: backs up, proves, restores, reports."),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    root.callback()(_options)
    named = MODULES.get(command)
    for module in dict.fromkeys([named] if named else MODULES.values()):
        import_module(f"baozhang.cli.{module}").register(root)
    return root


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        typer.echo(f"baozhang {__version__}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(  # noqa: FBT001 - typer reads the signature
        False, "--version", callback=_show_version, is_eager=True, help=say("Show the version.")
    ),
) -> None:
    pass


def _tell(error: BaozhangError) -> None:
    text = say(error.template, **error.facts)
    hint = say(error.hint, **error.facts) if error.hint else ""
    if "--json" in sys.argv:
        told = {"error": type(error).__name__, "message": text, "hint": hint}
        typer.echo(json.dumps(told, ensure_ascii=False))
    typer.echo(f"{say('error')}: {text}", err=True)
    if hint:
        typer.echo(f"{say('hint')}: {hint}", err=True)
