"""`baozhang vault shred` and `shred-check`: destroying a client's keys, and checking the proof."""

from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from baozhang.cli import load
from baozhang.cli.console import JsonFlag, show
from baozhang.cli.secret import AskPassphrase, KeyFile, Sheet
from baozhang.cli.vault import help_of
from baozhang.cli.vault_opening import ClientId, DryRun, Mirrors, Url, confirm, opened, stores_at
from baozhang.clock import system_clock
from baozhang.errors import BaozhangError, UsageError
from baozhang.keys.certificates import (
    KeySigning,
    fingerprint,
    new_signing,
    public_pem,
    read_certificate,
    read_public,
    read_signing,
)
from baozhang.keys.files import read_private, write_private
from baozhang.vault import shredding
from baozhang.vault.holds import require_none
from baozhang.words import say


def register(group: typer.Typer) -> None:
    """Add the commands about destruction to `baozhang vault`."""
    group.command("shred", help=help_of("shred"))(shred)
    group.command("shred-check", help=help_of("shred-check"))(shred_check)


def _views() -> ModuleType:
    return load("vault_keys_views")


def _require_named(*answers: str) -> None:
    """Destroy nothing unless somebody answers for it: who asks, why, who has checked."""
    if not all(answers):
        raise UsageError(
            "nobody is named who has checked that the books may be destroyed",
            hint="Give --retention-checked-by ID, --by ID and --reason TEXT.",
        )


def shred(
    url: Url,
    client: ClientId,
    *,
    by: Annotated[str, typer.Option("--by", help=say("Who asks for it (an id)."))] = "",
    reason: Annotated[
        str, typer.Option("--reason", help=say("Why; it stands in the certificate."))
    ] = "",
    checked_by: Annotated[
        str,
        typer.Option(
            "--retention-checked-by",
            help=say("Who has checked that no retention period and no hold forbids it (an id)."),
        ),
    ] = "",
    certificate: Annotated[
        Path | None, typer.Option("--certificate", help=say("Write the certificate here."))
    ] = None,
    signing_key: Annotated[
        Path | None,
        typer.Option(
            "--signing-key",
            help=say("An Ed25519 private key (PEM) that signs it; made if it is not there."),
        ),
    ] = None,
    mirrors: Mirrors = None,
    dry_run: DryRun = False,
    key_file: KeyFile = None,
    ask: AskPassphrase = False,
    sheet: Sheet = None,
    as_json: JsonFlag = False,
) -> None:
    """Destroy a client's keys everywhere, prove it and certify it."""
    vault, _ = opened(url, key_file, ask=ask, sheet=sheet)
    stores = stores_at(mirrors)
    plan = shredding.planned(vault, client, mirrors=stores)
    if dry_run:
        show(_value(plan, None), as_json=as_json, human=lambda page: _views().planned(page, plan))
        return
    _require_named(by, reason, checked_by)
    require_none(client, plan.held)
    if certificate is None or signing_key is None or certificate.exists():
        raise UsageError(
            "a certificate needs a new file and a key that signs it",
            hint="Give --certificate FILE, which is not there yet, and --signing-key FILE.",
        )
    confirm(client, _views().warning(plan))
    done = shredding.shred(
        vault,
        client,
        check=lambda _: None,  # whoever is named has checked it
        by=by,
        reason=reason,
        checked_by=checked_by,
        clock=system_clock,
        signing=_signing(signing_key),
        mirrors=stores,
    )
    _write(certificate, done.certificate)
    value = _value(done, certificate)
    show(value, as_json=as_json, human=lambda page: _views().shredded(page, done, certificate))


def _signing(path: Path) -> KeySigning:
    """Return the key that signs, made with its public half beside it if it is not there."""
    if path.exists():
        return read_signing(read_private(path))
    signing, pem = new_signing()
    write_private(path, pem)
    write_private(path.with_suffix(".pub"), public_pem(signing))
    return signing


def _write(path: Path, certificate: bytes) -> None:
    try:
        write_private(path, certificate)
    except BaozhangError:
        typer.echo(certificate.decode(), err=True)  # the keys are gone; the proof must not be
        raise


def _value(done: shredding.Shredding, certificate: Path | None) -> dict[str, object]:
    return {
        "client": done.client,
        "keys": [
            {
                "store": copy.url,
                "object": copy.name,
                "epoch": copy.epoch,
                "locked_until": copy.locked_until.isoformat() if copy.locked_until else None,
            }
            for copy in done.copies
        ],
        "status": ("final" if done.final else "pending") if certificate else "planned",
        "pending_until": done.pending_until.isoformat() if done.pending_until else None,
        "holds": list(done.held),
        "certificate": certificate,
    }


def shred_check(
    certificate: Annotated[
        Path, typer.Argument(metavar="FILE", help=say("The certificate's file."))
    ],
    *,
    public_key: Annotated[
        Path | None,
        typer.Option("--public-key", help=say("The signer's public key, had by another way.")),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Check a certificate of destruction."""
    try:
        known = read_public(public_key.read_bytes()) if public_key else None
        told = read_certificate(certificate.read_bytes(), known)
    except OSError as error:
        raise UsageError(
            "{path} cannot be read: {reason}",
            hint="Check the path.",
            path=error.filename,
            reason=error.strerror or type(error).__name__,
        ) from error
    if told.get("kind") != shredding.CERTIFICATE:
        raise UsageError("this is a certificate of something else", hint="Give one of `shred`.")
    mark = fingerprint(bytes.fromhex(str(told["public_key"])))
    value = {
        "holds": True,
        "fingerprint": mark,
        "key_from": "file" if known else "certificate",
        **told,
    }
    show(value, as_json=as_json, human=lambda page: _views().certificate(page, value))
    if told["status"] != "final":
        raise typer.Exit(1)
