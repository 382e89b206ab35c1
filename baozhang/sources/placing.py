"""Restored data put where it is used, in one step that a power cut cannot halve.

What lay there before is moved beside it (`ledger`, then `ledger.replaced-1`, …) and never
deleted: a recovery that turns out to be the wrong one must itself be recoverable.

    same file system     the restored folder and what is there exchange their names, in one step;
                         what was there then gets its kept name
    another one          copied to a hidden name beside the target and made durable, then the same

Whoever is killed after the exchange has put the new data into use, and left the old where the new
lay: `settle` gives it its kept name.  A file system that cannot exchange (`exchanges`) gets two
renames instead, and between them nothing is at the target.
"""

import ctypes
import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from baozhang.errors import SourceUnreadableError, UsageError
from baozhang.sources.base import Item, shown
from baozhang.sources.folders import Folder, Folders, root_folder, split
from baozhang.sources.traits import give, holes_of, link_of, runs_of_data, shed_lists
from baozhang.sources.walk import Walk

_AT_FDCWD = -100  # "relative to where the process is": linux/fcntl.h
_RENAME_EXCHANGE = 2  # "1 << 1, exchange source and dest": linux/fs.h; renameat2(2), Linux 3.15
_CANNOT = {errno.EINVAL, errno.ENOSYS}  # what a file system answers that knows no exchange
_HIDDEN, _READY = ".restoring-", "ready"
_BLOCK = 2**20  # bytes copied at a time
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def place_tree(restored: Path, target: Path, *, replace: bool) -> Path | None:
    """Make the folder `restored` appear as `target`; see `base.Source.publish`.

    Unless `replace`, the target is missing or an empty folder.  Across file systems a copy takes
    modes, times, links, holes and, where allowed, owners and attributes along, and `restored` is
    left as it is.
    """
    require_folder(restored)
    occupied = is_occupied(target)
    if occupied and not replace:
        raise in_the_way(target)
    aside = free_name(target) if occupied else None
    try:
        _swap_or_copy(restored, target, aside)
    except OSError as error:
        raise _cannot_put(target, error) from error
    sync_folder(target.parent)
    return aside


def exchanges(target: Path) -> bool:
    """Tell whether the names beside `target` can be exchanged in one step, by doing so.

    Raises:
        UsageError: nothing can be written there.
    """
    own = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
    probe = target.with_name(f".exchanging-{own}")  # one of a run that was killed is used up here
    try:
        for name in ("a", "b"):
            (probe / name).mkdir(parents=True, exist_ok=True)
        able = _exchange(probe / "a", probe / "b")
        shutil.rmtree(probe)
    except OSError as error:
        raise _cannot_put(target, error) from error
    return able


def identity(target: Path) -> int:
    """Return the inode number of what is there, which a rename does not change; 0: nothing is."""
    try:
        return target.lstat().st_ino
    except FileNotFoundError:
        return 0


def settle(restored: Path, target: Path, there: int) -> Path | None:
    """Give what an interrupted run exchanged, and did not come to move, its kept name.

    Args:
        restored: what that run was to publish.
        target: where it is in use now.
        there: the `identity` of what was at `target` before.

    Returns:
        Where it lies now; None where no exchange was interrupted.
    """
    for place in (restored, *target.parent.glob(f"{_HIDDEN}*/{_READY}")):
        if there and identity(place) == there:
            aside = free_name(target)
            place.rename(aside)
            sync_folder(target.parent)
            return aside
    return None


def is_occupied(target: Path) -> bool:
    """Tell whether something is there; an empty folder is nothing."""
    if not os.path.lexists(target):
        return False
    if target.is_symlink() or not target.is_dir():
        return True
    with os.scandir(target) as entries:
        return next(entries, None) is not None


def free_name(target: Path) -> Path:
    """Return the first name beside `target` under which replaced data can be kept."""
    number = 1
    while os.path.lexists(aside := target.with_name(f"{target.name}.replaced-{number}")):
        number += 1
    return aside


def require_folder(restored: Path) -> None:
    """Raise SourceUnreadableError unless `restored` is a folder."""
    if not restored.is_dir() or restored.is_symlink():
        raise SourceUnreadableError(
            "{path} is not a folder with restored data",
            hint="Restore the backup point first, then name the folder it was restored into.",
            path=shown(os.fsencode(restored)),
        )


def in_the_way(target: Path) -> UsageError:
    """Return the error for a target that is taken."""
    return UsageError(
        "{path} is there already",
        hint="Name a place that is empty or does not exist, or ask to replace what is there.",
        path=shown(os.fsencode(target)),
    )


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    root_folder(folder).sync()


@contextmanager
def staged_copy(file: Path, target: Path) -> Iterator[Path]:
    """Provide a durable copy of a restored file beside `target`, with its mode, time and owner.

    Raises:
        UsageError: nothing can be written there.
    """
    try:
        with _hidden_beside(target) as hidden:
            walk = Walk(root_folder(file.parent), only=os.fsencode(file.name))
            for item in walk.items():
                _copy_one(walk, item, root_folder(hidden), os.fsencode(_READY))
            yield hidden / _READY
    except OSError as error:
        raise _cannot_put(target, error) from error


def _cannot_put(target: Path, error: OSError) -> UsageError:
    return UsageError(
        "nothing can be put at {path}: {reason}",
        hint="Name a place in a folder that exists, that this account may write to, and that"
        " is not itself where a disk is mounted.",
        path=shown(os.fsencode(target)),
        reason=os.strerror(error.errno or 0),
    )


def _swap_or_copy(restored: Path, target: Path, aside: Path | None) -> None:
    try:
        _swap(restored, target, aside)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with _hidden_beside(target) as hidden:
            _copy(restored, hidden / _READY)
            _swap(hidden / _READY, target, aside)


def _swap(ready: Path, target: Path, aside: Path | None) -> None:
    """Put `ready` in the place of `target`, and that at `aside`; on an error all is as before."""
    if aside is None:
        ready.rename(target)
    else:
        swap(ready, target, aside)


def swap(ready: Path, target: Path, aside: Path) -> None:
    """Exchange two names, and give what was at `target` its kept name; on an error, undo it."""
    if not _exchange(ready, target):
        target.rename(aside)
        try:
            ready.rename(target)
        except OSError:
            aside.rename(target)
            raise
        return
    try:
        ready.rename(aside)
    except OSError:
        _exchange(ready, target)
        raise


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False: this file system, or this system, cannot.

    Both names exist before and after, each with all it had or all the other had.
    """
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)  # glibc 2.28
    if renameat2 is None:
        return False
    names = (_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other))
    if not renameat2(*names, _RENAME_EXCHANGE):
        return True
    code = ctypes.get_errno()
    if code in _CANNOT:
        return False
    raise OSError(code, os.strerror(code), os.fspath(one), None, os.fspath(other))


@contextmanager
def _hidden_beside(target: Path) -> Iterator[Path]:
    """Provide a folder on the target's file system that is gone afterwards, with what it holds."""
    hidden = Path(tempfile.mkdtemp(prefix=_HIDDEN, dir=target.parent))
    shed_lists(hidden)
    try:
        yield hidden
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _copy(restored: Path, ready: Path) -> None:
    ready.mkdir(0o700)
    walk = Walk(root_folder(restored))
    goal = root_folder(ready)
    goals = Folders(goal)
    folders: list[Item] = []
    for item in walk.items():
        above, name = split(item.path)
        if item.kind == "dir":
            folders.append(item)
        if link := link_of(item.traits):
            there, old = split(link)
            first = Folders(goal).at(there)
            os.link(old, name, src_dir_fd=first.fd, dst_dir_fd=goals.at(above).fd)
        elif name:
            _copy_one(walk, item, goals.at(above), name)
    for item in reversed(folders):  # last, since putting things in changes the time
        above, name = split(item.path)
        folder = goals.at(above).enter_to_list(name) if name else goal
        _describe(item, folder.fd)
        folder.sync()


def _copy_one(walk: Walk, item: Item, into: Folder, name: bytes) -> None:
    if item.kind == "dir":
        os.mkdir(name, 0o700, dir_fd=into.fd)
        return
    if item.kind == "symlink":
        os.symlink(item.target, name, dir_fd=into.fd)
        os.utime(name, ns=(item.mtime_ns, item.mtime_ns), dir_fd=into.fd, follow_symlinks=False)
        return
    fd = os.open(name, _CREATE, 0o600, dir_fd=into.fd)
    with os.fdopen(fd, "wb") as written, walk.open(item.path) as read:
        if holes_of(item.traits):
            _copy_sparse(read, written, item.size)
        else:
            shutil.copyfileobj(read, written, _BLOCK)
        written.flush()
        _describe(item, fd)
        os.fsync(fd)


def _copy_sparse(read: FileIO, written: BinaryIO, size: int) -> None:
    at = 0
    while block := read.read(_BLOCK):
        for place, run in runs_of_data(memoryview(block), at):
            written.seek(place)
            written.write(run)
        at += len(block)
    written.truncate(size)


def _describe(item: Item, fd: int) -> None:
    """Give an open file or folder its owner, attributes, mode and time.

    Owner and attributes only where allowed.
    """
    with suppress(PermissionError):  # not the administrator: it belongs to whoever restores
        os.chown(fd, item.uid, item.gid)
    give(fd, item.traits)
    os.chmod(fd, item.mode)
    os.utime(fd, ns=(item.mtime_ns, item.mtime_ns))
