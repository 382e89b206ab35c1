"""The command line: one file per noun, loaded by name.

A command loads only its own module, so that `vault` and `check` start at once and work with no
site, no catalog and no Prefect.  Each module has one public function, `register(root)`.

Exit codes: 0 fine, 1 a problem was found, 2 usage or configuration, 3 something outside is
unreachable.
"""

import os
import sys
from importlib import import_module
from io import TextIOWrapper
from types import ModuleType
from typing import NoReturn

import click
import typer

from baozhang import __version__
from baozhang.cli.speaking import (
    SpokenGroup,
    complaint,
    json_text,
    printable,
    spoken,
)
from baozhang.errors import BaozhangError, UnreachableError, UsageError
from baozhang.words import say

MODULES = {
    "demo": "demo",
    "init": "site",
    "client": "client",
    "source": "source",
    "config": "config",
    "backup": "duty",
    "validate": "duty",
    "restore-test": "duty",
    "restore": "restore",
    "point": "point",
    "rekey": "rekey",
    "review": "review",
    "report": "report",
    "check": "check",
    "profile": "profile",
    "vault": "vault",
    "catalog": "catalog",
    "mail": "mail",
    "alert": "alert",
    "ack": "alert",
    "watch": "alert",
    "audit": "audit",
    "people": "people",
    "incident": "incident",
    "approve": "approve",
    "hold": "hold",
    "custody": "custody",
    "notice": "notice",
    "law": "law",
    "drill": "drill",
    "risk": "risk",
    "cost": "cost",
    "attest": "attest",
    "register": "register",
    "survey": "survey",
    "sample": "sample",
}
"""Command to module, in the order that `--help` shows."""


ABOUT_TEMPLATES = {
    "demo": "See the whole main job on four clients, in under 90 seconds.",
    "init": "Make a new site: settings, vault, key and recovery sheet.",
    "client": "Clients: list them, import many from a spreadsheet.",
    "source": "Sources: what has arrived, whose a file is, what nobody protects.",
    "config": "The site's files: check them, describe them.",
    "backup": "Back up what is due, copy it to the mirrors, write a letter.",
    "validate": "Read back and check stored bytes, by rotation.",
    "restore-test": "Restore to a sandbox, hold the books against their proofs.",
    "restore": "Bring a client's books back into a new folder.",
    "point": "Backup points: which are clean, and vouching for one.",
    "rekey": "List what a restored book lacks of a newer one, to key in.",
    "review": "What people learn from an incident: causes, lessons, actions.",
    "report": "Letters: list them, show one, write a month's letters now.",
    "check": "Hold the laws of the books against any ledger export.",
    "profile": "Which exports are known, and which one a file is.",
    "vault": "The vault by itself: needs only a URL and a secret.",
    "catalog": "Look after the site's catalog.",
    "mail": "Letters on their way: list them, send them, try the server.",
    "alert": "Alerts: what is in trouble, what became of it, a test of the bots.",
    "ack": "Say that somebody is looking at an alert.",
    "watch": "Look for trouble and silence, and tell of it.",
    "audit": "Audits: every item by its evidence; evidence packs, the audit log.",
    "people": "Who can approve: devices for one-time codes, sealed envelopes.",
    "incident": "Incidents: open one, walk it, see what waits for people.",
    "approve": "Approve or refuse what a gate of an incident asks for.",
    "hold": "Holds: nothing of a client is destroyed while one stands.",
    "custody": "Decrypted copies: where they lie, until when, and their destruction.",
    "notice": "Notices of an incident: who must be told, until when, and the receipts.",
    "law": "The law register: terms, what an incident obliges to, filing days.",
    "drill": "Drills: break a sandbox on purpose, recover it, see how ready we are.",
    "risk": "Risks: register, indicators, a year's loss, the signed review.",
    "cost": "Cost: usage, prices, rows, budget, clients against fees, savings.",
    "attest": "What people owe: handing in proof, checking it, what is overdue.",
    "register": "Registers: what people enter, with its history; CSV and workbooks.",
    "survey": "Clients' voice: ask them, their answers, issues and call-backs.",
    "sample": "Make synthetic agencies, and damage for drills.",
}
"""What each command does, in a line."""


def main() -> None:
    """Run the command that was typed, and end the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name may be any bytes
    os.environ.setdefault("DO_NOT_TRACK", "1")  # Prefect would tell its makers of every run
    words = typed()
    root = spoken(_root(words[0] if words else ""))
    try:
        code = root(prog_name="baozhang", standalone_mode=False)  # however it was started
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        _fail(complaint(error))
    except click.Abort:
        _fail(UsageError("nothing was typed", hint="Run the command again."))
    except OSError as error:
        _fail(_refused(error))
    except BaozhangError as error:
        _fail(error)
    sys.exit(code if isinstance(code, int) else 0)


def typed() -> list[str]:
    """Return the words of the command line that are no options."""
    return [word for word in sys.argv[1:] if not word.startswith("-")]


def load(module: str) -> ModuleType:
    """Return a module of this package by name: the half of a command that is not always needed.

    A command must answer at once; what draws tables or reads books is loaded when it is used.
    """
    return import_module(f"baozhang.cli.{module}")


def about(command: str) -> str:
    """Return what a command does, in a line, for its help and for the list of all."""
    return say(ABOUT_TEMPLATES[command])


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
        cls=SpokenGroup,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    root.callback()(_options)
    if command in MODULES:
        load(MODULES[command]).register(root)
        return root
    for name in MODULES:  # only named: loading them all would take seconds
        root.command(name, help=about(name))(_never_run)
    return root


def _never_run() -> None:
    """Stand for a command in the list of all; one that is typed is loaded instead."""


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


def _refused(error: OSError) -> BaozhangError:
    """Return what the system refused, where nobody nearer to it said so in better words."""
    return UnreachableError(
        "{path} cannot be used: {reason}",
        hint="Check that it is there, that its disk has room, and this user's right to use it.",
        path=error.filename or say("a file"),
        reason=error.strerror or type(error).__name__,
    )


def _fail(error: BaozhangError) -> NoReturn:
    """Say what is wrong and what to do, as text and, where asked for, as JSON; then end."""
    text = printable(say(error.template, **error.facts))
    hint = printable(say(error.hint, **error.facts)) if error.hint else ""
    if "--json" in sys.argv:
        told = {"error": type(error).__name__, "message": text, "hint": hint}
        typer.echo(json_text(told))
    typer.echo(say("error: {text}", text=text), err=True)
    if hint:
        typer.echo(say("hint: {text}", text=hint), err=True)
    sys.exit(exit_code(error))
