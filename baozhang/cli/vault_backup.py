"""`baozhang vault backup`: a folder as the next snapshot of a client's set."""

from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from baozhang.books.model import Standard
from baozhang.cli import load
from baozhang.cli import vault_values as values
from baozhang.cli.console import JsonFlag, progress, show
from baozhang.cli.secret import AskPassphrase, KeyFile, Sheet
from baozhang.cli.vault import help_of
from baozhang.cli.vault_opening import ClientId, SetName, Url, opened, usual_cache, views
from baozhang.clock import system_clock
from baozhang.sources.base import Frozen
from baozhang.sources.tree import TreeSource
from baozhang.vault.model import BackupReceipt
from baozhang.vault.writer import NO_PROOFS, Proving, back_up
from baozhang.words import say

Profiles = Annotated[
    list[str] | None,
    typer.Option(help=say("Prove the books of this profile; may be given more than once.")),
]
Followed = Annotated[
    Standard, typer.Option("--standard", help=say("The accounting standard of the books."))
]
ProofOf = Annotated[
    Path | None, typer.Option(help=say("For drills: take the proofs from the books here instead."))
]


def register(group: typer.Typer) -> None:
    """Add this command to `vault`."""
    for command in (backup,):
        group.command(command.__name__, help=help_of(command.__name__))(command)


def backup(
    url: Url,
    path: Annotated[Path, typer.Argument(help=say("The folder or file to back up."))],
    client: ClientId,
    *,
    set_name: SetName = "main",
    profile: Profiles = None,
    standard: Followed = "other",
    proof_of: ProofOf = None,
    exclude: Annotated[list[str] | None, typer.Option(help=say("Leave out this pattern."))] = None,
    reread: Annotated[
        bool, typer.Option("--reread", help=say("Read every file, trusting no time stamp."))
    ] = False,
    cache: Annotated[
        Path | None,
        typer.Option(help=say("Keep what makes the next backup small here; may be lost.")),
    ] = None,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Back up a folder as the next snapshot of a client's set."""
    began = perf_counter()
    vault, _ = opened(url, key_file, ask=ask, sheet=sheet)
    with progress(as_json=as_json) as report:

        def store(frozen: Frozen, proving: Proving = NO_PROOFS) -> BackupReceipt:
            return back_up(
                vault.client(client, create=True),
                frozen,
                set_name=set_name,
                at=system_clock(),
                proving=proving,
                reread=reread,
                cache=cache or usual_cache(),
                report=report,
            )

        receipt: BackupReceipt
        excluded = tuple(exclude or ())
        if profile or proof_of:
            books = load("vault_books")
            receipt = books.with_proofs(
                path, excluded, profile or [], proof_of, store, standard=standard
            )
        else:
            with TreeSource(path, exclude=excluded).freeze() as frozen:
                receipt = store(frozen)
    value = values.receipt_value(receipt, seconds=perf_counter() - began)
    show(
        value,
        as_json=as_json,
        human=lambda page: views().backed_up(page, receipt, value),
    )
    if receipt.troubles:
        raise typer.Exit(1)
