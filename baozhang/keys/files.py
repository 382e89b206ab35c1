"""Secret files: read only when nobody else can, written so that nobody else can."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from baozhang.errors import UsageError

MOST = 64 * 1024  # bytes; no secret is longer


def read_private(path: Path) -> bytes:
    """Return a secret file's content; others must not be able to read it.

    Raises:
        UsageError: missing, unreadable, or open to others.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(MOST)
    except OSError as error:
        raise UsageError(
            "{path} cannot be read: {reason}",
            hint="Check the path, or put the secret back from its copy.",
            path=path,
            reason=error.strerror or type(error).__name__,
        ) from error
    if stat.S_IMODE(mode) & 0o077:
        raise UsageError(
            "{path} can be read by others",
            hint="Run `chmod 600 {path}`; if others may have read it, make a new key.",
            path=path,
        )
    return content


def write_private(path: Path, content: bytes) -> None:
    """Write a new secret file that its owner alone can read, durably.

    Raises:
        UsageError: it exists, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            _write_whole(file, content, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise UsageError(
            "{path} cannot be written: {reason}",
            hint="Give a new file in a folder this user may write to.",
            path=path,
            reason=error.strerror or type(error).__name__,
        ) from error


def _write_whole(file: BinaryIO, content: bytes, path: Path) -> None:
    """Write all or leave no file: half a key looks like a key until the day it is needed."""
    try:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    except OSError:
        path.unlink()
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some shares cannot
            raise
    finally:
        os.close(handle)
