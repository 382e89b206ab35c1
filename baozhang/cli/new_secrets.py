"""Making secrets that people will hold, and the files in which they are handed over.

Loaded when a secret is made.  A file is written and read back before the vault learns of what it
holds, and is taken away again where the vault did not take it.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal

import typer

from baozhang.cli import sheets
from baozhang.cli.secret import code_in, key_of, page_of, require_new_sheet, sheet_text
from baozhang.clock import business_day, system_clock
from baozhang.errors import BaozhangError, UsageError
from baozhang.keys.escrow import Share, read_share
from baozhang.keys.files import read_private, write_private
from baozhang.keys.slots import Secret, new_secret, passphrase, recovery_code
from baozhang.vault.escrowing import make_escrow, open_escrow
from baozhang.vault.rotation import MasterRotation, rotate_master
from baozhang.vault.stores.base import ObjectName, Store
from baozhang.vault.vault import Vault
from baozhang.words import say


@contextmanager
def kept_only_if_done(files: Sequence[Path]) -> Iterator[None]:
    """Take files away again where the block fails: what opens nothing must not look like a key."""
    try:
        yield
    except BaseException:
        sheets.remove(files)
        raise


def made(
    vault: Vault,
    kind: Literal["keyfile", "passphrase", "recovery"],
    to: Path | None,
    *,
    at: datetime,
) -> tuple[Secret, list[Path]]:
    """Return a new secret of a kind and the files that were written for it."""
    if kind == "passphrase" or to is None:
        return _typed_twice(), []
    if kind == "recovery":
        secret = new_secret("recovery")
        return secret, _write_sheet(vault, secret, to, at=at)
    secret, fresh = key_of(to)
    return secret, [to] if fresh else []


def _typed_twice() -> Secret:
    if sys.stdin.isatty():
        text = typer.prompt(
            say("New passphrase"), hide_input=True, confirmation_prompt=True, err=True
        )
        return passphrase(str(text))
    if not (line := sys.stdin.readline().rstrip("\r\n")):
        raise UsageError(
            "no passphrase was given", hint="Type it when asked, or pipe it in as one line."
        )
    return passphrase(line)


def _write_sheet(vault: Vault, secret: Secret, to: Path, *, at: datetime) -> list[Path]:
    """Write a recovery sheet and its page, and read the code back from both."""
    require_new_sheet(to)
    url, day, code = vault.store.url, business_day(at), recovery_code(secret)
    with kept_only_if_done([to, page_of(to)]):
        write_private(to, sheet_text(vault=url, vault_id=vault.id, day=day, code=code).encode())
        sheets.write_recovery_page(to, vault=url, vault_id=vault.id, day=day, code=code)
        for path in (to, page_of(to)):
            if code_in(read_private(path).decode()) != secret:
                raise UsageError(
                    "{path} was not kept as it was written",
                    hint="Test that disk, then run the same command again.",
                    path=path,
                )
    return [to, page_of(to)]


def master(
    vault: Vault, new_key_file: Path, new_sheet: Path, *, mirrors: Sequence[Store]
) -> MasterRotation:
    """Bring in a new master under a new key file and a new recovery sheet.

    Once the vault has been touched, the new files stay, whatever happens: they may be what opens
    it.
    """
    now = system_clock()
    key, fresh = key_of(new_key_file)
    recovery = new_secret("recovery")
    with kept_only_if_done([new_key_file] if fresh else []):
        _write_sheet(vault, recovery, new_sheet, at=now)
    return rotate_master(vault, [key, recovery], at=now, mirrors=mirrors)


def escrow(
    vault: Vault, folder: Path, *, needed: int, shares: int, mirrors: Sequence[Store]
) -> tuple[ObjectName, list[Path]]:
    """Make an escrow whose shares lie in files of a folder; return its slot and the files."""
    now, files = system_clock(), list[Path]()

    def keep(made: Sequence[Share]) -> Sequence[Share]:
        url, day = vault.store.url, business_day(now)
        files.extend(sheets.write_shares(folder, made, vault=url, vault_id=vault.id, day=day))
        for page, text in zip(
            sheets.read_shares([page_of(file) for file in files]),
            sheets.read_shares(files),
            strict=True,
        ):
            if page != text:
                return []
        return sheets.read_shares(files)

    try:
        slot = make_escrow(vault, keep, at=now, needed=needed, shares=shares, mirrors=mirrors)
    except BaozhangError:
        sheets.remove([*files, *(page_of(file) for file in files)])
        raise
    return slot, files


def tested(store: Store, files: Sequence[Path]) -> dict[str, object]:
    """Open a vault with shares from files, or typed, and return what that proves."""
    shares = sheets.read_shares(files) if files else _typed_shares()
    vault = open_escrow(store, shares)
    return {
        "vault": vault.id,
        "opens": True,
        "escrow": shares[0].escrow,
        "needed": shares[0].needed,
        "holders": sorted({share.number for share in shares}),
    }


def _typed_shares() -> list[Share]:
    """Ask for shares until there are enough; what is typed is not shown."""
    shares: list[Share] = []
    while not shares or len({share.number for share in shares}) < shares[0].needed:
        question = say("Words of share {number}", number=len(shares) + 1)
        if sys.stdin.isatty():
            line = str(typer.prompt(question, hide_input=True, err=True))
        else:
            line = sys.stdin.readline()
        if not line.strip():
            break
        shares.append(read_share(line))
    return shares
