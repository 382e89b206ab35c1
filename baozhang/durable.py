"""Small private files that are old or new and never between, whatever dies meanwhile.

    temporary file ── fsync ── rename ── fsync of the folder

Readable by their owner alone (mode 0600, folders 0700).  Vaults have stores of their own.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path


def replace(path: Path, content: bytes) -> None:
    """Give a file this content, durably; its folder is made where it is not there.

    Raises:
        OSError: it cannot be written; the old file stands, and nothing lies beside it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(unfinished, "wb", opener=private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        with suppress(OSError):
            unfinished.unlink()
        raise
    settle(path.parent)


def settle(folder: Path) -> None:
    """Make a folder's names durable, those too whose writer died just before it could.

    Windows cannot open a folder; there it is left out.
    """
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:  # some shares cannot
            raise
    finally:
        os.close(handle)


def private(path: str, flags: int) -> int:
    """Open a file that its owner alone can read, for `open(..., opener=private)`."""
    return os.open(path, flags, 0o600)
