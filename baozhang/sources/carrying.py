"""What a backup leaves out of a folder stays where it is used when the folder is replaced.

A set may leave out of its folder what another source or set protects, such as a database in the
middle of a client's papers.  Replacing the folder must not take that away: before it is put in
place, the restored folder gets a second name (link) for each file that was left out and is in use.

    in use   papers/  books/ledger.db (left out)
    restored papers/                      ──► papers/  books/ledger.db, the same file
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from baozhang.errors import SourceUnreadableError
from baozhang.sources.base import shown


def carry_over(in_use: Path, restored: Path, excluded: Callable[[bytes], bool]) -> None:
    """Link what was left out of `in_use` into `restored`; done again, it does the rest.

    Only below folders that `restored` has as well: what stands in a folder that is younger than the
    backup point is kept with that folder.  Across file systems files are copied.

    Raises:
        SourceUnreadableError: something could not be linked; nothing in use was touched.
    """
    if not _is_folder(in_use):
        return
    try:
        for path in _left_out(in_use, restored, excluded):
            _carry(in_use / path, restored / path)
    except OSError as error:
        raise SourceUnreadableError(
            "what backups leave out of {path} cannot be kept in use: {reason}",
            hint="Check that this account may read and link all files there; nothing was touched.",
            path=shown(os.fsencode(in_use)),
            reason=os.strerror(error.errno or 0),
        ) from error


def _left_out(in_use: Path, restored: Path, excluded: Callable[[bytes], bool]) -> Iterator[Path]:
    """Yield paths, seen from the root, that are left out; below them all is."""
    levels = [Path()]
    while levels:
        level = levels.pop()
        for name in sorted(os.listdir(in_use / level)):
            path = level / name
            if excluded(os.fsencode(path)):
                yield path
            elif _is_folder(in_use / path) and _is_folder(restored / path):
                levels.append(path)


def _carry(old: Path, new: Path) -> None:
    above = new.parent.stat()
    if _is_folder(old):
        new.mkdir(exist_ok=True)
        for name in sorted(os.listdir(old)):
            _carry(old / name, new / name)
        shutil.copystat(old, new)
    elif not os.path.lexists(new):
        _link(old, new)
    os.utime(new.parent, ns=(above.st_atime_ns, above.st_mtime_ns))


def _link(old: Path, new: Path) -> None:
    try:
        os.link(old, new, follow_symlinks=False)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.copy2(old, new, follow_symlinks=False)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
