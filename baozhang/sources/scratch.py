"""A place for copies that nobody else may read and that outlive no run.

A run that is killed cannot tidy up after itself, and what it leaves is a client's ledger in
plain text.  So every copy lies in a folder that its process holds locked (flock(2), gone with
the process), and whoever comes next removes the folders that nobody holds.
"""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from baozhang.sources.folders import Folder, root_folder

_PREFIX = "freeze-"


@contextmanager
def private_folder(scratch: Path) -> Iterator[Path]:
    """Provide an empty folder of mode 0700 below `scratch`; it goes when the `with` ends.

    Raises:
        OSError: `scratch` cannot be made or written.
    """
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    gate = root_folder(scratch)
    fcntl.flock(gate.fd, fcntl.LOCK_EX)  # or a folder could be swept before it is locked
    _sweep(scratch)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=scratch))
    held = root_folder(folder)
    fcntl.flock(held.fd, fcntl.LOCK_EX)
    fcntl.flock(gate.fd, fcntl.LOCK_UN)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        fcntl.flock(held.fd, fcntl.LOCK_UN)


def _sweep(scratch: Path) -> None:
    for left in scratch.glob(f"{_PREFIX}*"):
        with suppress(FileNotFoundError, NotADirectoryError):  # its own run was quicker
            if _is_free(root_folder(left)):
                shutil.rmtree(left, ignore_errors=True)


def _is_free(folder: Folder) -> bool:
    try:
        fcntl.flock(folder.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
