"""Writing and reading what people keep on paper.  Loaded when there is paper to make or to read."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

from baozhang.cli.secret import page_of
from baozhang.errors import BaozhangError, UsageError
from baozhang.keys.escrow import Share, combine, has_share, share_in
from baozhang.keys.files import read_private, write_private
from baozhang.keys.sheet import recovery_page, share_page, share_text
from baozhang.keys.slots import Secret


def write_recovery_page(sheet: Path, *, vault: str, vault_id: str, day: date, code: str) -> Path:
    """Write the printable page beside a recovery sheet; return its path.

    Raises:
        UsageError: it exists, or cannot be written.
    """
    page = recovery_page(vault=vault, vault_id=vault_id, day=day, code=code)
    write_private(page_of(sheet), page.encode())
    return page_of(sheet)


def write_shares(
    folder: Path, shares: Sequence[Share], *, vault: str, vault_id: str, day: date
) -> list[Path]:
    """Write a file and a printable page for each share; return the files, or leave none behind.

    Raises:
        UsageError: one exists, or cannot be written.
    """
    made: list[Path] = []
    files = [share_file(folder, vault_id, share) for share in shares]
    try:
        for share, file in zip(shares, files, strict=True):
            for path, draw in ((file, share_text), (page_of(file), share_page)):
                text = draw(share, shares=len(shares), vault=vault, vault_id=vault_id, day=day)
                write_private(path, text.encode())
                made.append(path)
    except BaozhangError:
        remove(made)
        raise
    return files


def share_file(folder: Path, vault_id: str, share: Share) -> Path:
    """Return where a holder's share is written."""
    return folder / f"{vault_id[:8]}-escrow-{share.escrow}-share-{share.number}.txt"


def remove(paths: Sequence[Path]) -> None:
    """Delete files that turned out to be of no use."""
    for path in paths:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def read_shares(paths: Sequence[Path]) -> list[Share]:
    """Return the shares in these files.

    Raises:
        UsageError: one cannot be read, is open to others, or is mistyped; says which.
    """
    return [_read_share(path) for path in paths]


def _read_share(path: Path) -> Share:
    text = read_private(path).decode("utf-8", "replace")
    try:
        return share_in(text)
    except UsageError as error:
        raise UsageError(
            "{path}: {reason}", hint=error.hint, path=path, reason=error.template
        ) from error


def joined(paths: Sequence[Path]) -> Secret:
    """Return the secret that the shares in these files give; raises as reading and joining do."""
    return combine(read_shares(paths))


__all__ = [
    "has_share",
    "joined",
    "read_shares",
    "remove",
    "share_file",
    "write_recovery_page",
    "write_shares",
]
