"""`baozhang vault`: the vault by itself, with nothing but a URL and a secret.

No site, no catalog and no Prefect: this is what still works on the worst day.  Only the module of
the command that was typed is loaded, so that the vault answers at once.
"""

import typer

from baozhang.cli import about, load, typed
from baozhang.words import say

MODULES = {
    "init": "vault_making",
    "backup": "vault_backup",
    "snapshots": "vault_reading",
    "ls": "vault_reading",
    "restore": "vault_reading",
    "verify": "vault_verify",
    "prove": "vault_prove",
    "mirror": "vault_copies",
    "seed": "vault_copies",
    "freshness": "vault_copies",
    "prune": "vault_care",
    "unforget": "vault_care",
    "scrub": "vault_care",
    "repair": "vault_care",
    "key": "vault_keys",
    "escrow": "vault_keys",
    "rotate": "vault_keys",
    "reencrypt": "vault_keys",
    "shred": "vault_shred",
    "shred-check": "vault_shred",
    "probe": "vault_store",
    "lock-extend": "vault_store",
}
"""Command to module, in the order that `--help` shows."""

HELP_TEMPLATES = {
    "init": "Make a vault, its key file and its recovery sheet.",
    "backup": "Back up a folder as the next snapshot of a client's set.",
    "snapshots": "List the snapshots of one client, or of all.",
    "ls": "List what a snapshot holds.",
    "restore": "Bring back a snapshot, or one path of it.",
    "verify": "Hold every object against its hash; name what is damaged and whom it hits.",
    "prove": "Restore to scratch and hold the books against the proofs of their source.",
    "mirror": "Copy what a mirror lacks, and read each copy back.",
    "seed": "First copies that travel on a disk.",
    "freshness": "Ask a witness and the mirrors whether this is the vault's newest state.",
    "prune": "Mark what is not kept any more, and delete what was marked a week ago.",
    "unforget": "Keep snapshots again that pruning has marked and not yet deleted.",
    "scrub": "Read today's part of all bytes, so that each is read within 30 days.",
    "repair": "Put sound copies from mirrors in the place of what is damaged or missing.",
    "key": "Key slots: who can open the vault.",
    "escrow": "Escrow: shares of several holders who together open the vault.",
    "rotate": "Give a client a new key for what is stored from now on.",
    "reencrypt": "Seal what a client has stored anew, after one of its keys has leaked.",
    "shred": "Destroy a client's keys everywhere, prove it and certify it.",
    "shred-check": "Check a certificate of destruction.",
    "probe": "Try out what a store really does: create, overwrite, delete, list, lock.",
    "lock-extend": "Extend the locks of keys and of what present snapshots use.",
}


def register(root: typer.Typer) -> None:
    """Add `vault` to the command line, with the command that was typed, or with all by name."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    verbs = typed()[1:]
    if verbs and verbs[0] in MODULES:
        load(MODULES[verbs[0]]).register(group)
    else:
        for name in MODULES:
            group.command(name, help=help_of(name))(_never_run)
    root.add_typer(group, name="vault", help=about("vault"))


def help_of(command: str) -> str:
    """Return what a command does, in a line, for its help and for the list of all."""
    return say(HELP_TEMPLATES[command])


def _never_run() -> None:
    """Stand for a command in the list of all; one that is typed is loaded instead."""
