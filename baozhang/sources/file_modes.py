"""Files and folders whose write permission is taken away, and given back exactly.

    look ──► Modes: which inode had which mode ──► take ──► … ──► give back

What is known is kept by inode: a path may name a client, and a folder that was moved aside is still
itself.  Only what belongs to this account is touched, and nothing on a network mount, where neither
an inode nor a permission is more than the mount's own invention.

A program that has a file open goes on writing to it, and an administrator of this machine may write
to anything: permission is asked for when a file is opened.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from glob import escape
from pathlib import Path
from stat import S_IMODE

from baozhang.errors import SourceUnreadableError
from baozhang.sources.base import UNTRUSTED, Item, shown
from baozhang.sources.folders import Folders, root_folder, split
from baozhang.sources.mounts import present_untrusted_devices
from baozhang.sources.walk import Walk

WRITE = 0o222
_HOLD = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Modes:
    """What could be written to, and belongs to this account.

    Attributes:
        root: inode of the folder or file itself.
        modes: permission bits, 0 … 0o7777, by inode.
    """

    root: int
    modes: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Taken:
    """How it stands once write permission was taken away."""

    objects: int  # files and folders that may not be written to any more
    left: int  # that still may: they belong to others, are new, or keep no permissions


def look(place: Path) -> Modes:
    """Return the modes of what this account could take write permission from.

    Raises:
        SourceUnreadableError: nothing is there, or it may not be read.
    """
    me = os.geteuid()
    found = {
        item.change[1]: item.mode
        for item, _ in _everything(place)
        if item.mode & WRITE and item.uid == me and item.change != UNTRUSTED
    }
    return Modes(_inode(place), found)


def take(place: Path, known: Modes) -> Taken:
    """Take write permission from everything that is known, and tell what is left.

    Raises:
        SourceUnreadableError: nothing is there, or it may not be read.
    """
    for item, change in _everything(place):
        if item.mode & WRITE and item.change[1] in known.modes:
            change(item.mode & ~WRITE)
    now = {item.change[1] or item.path: item.mode for item, _ in _everything(place)}
    left = {which for which, mode in now.items() if mode & WRITE}
    return Taken(len((now.keys() & known.modes.keys()) - left), len(left))


def give_back(place: Path, known: Modes) -> int:
    """Give everything its mode again that still has the one we gave it; return how many.

    It is looked for under its name, and beside it, where a cut-over may have moved it.
    """
    there = next((each for each in _places(place) if _inode(each, 0) == known.root), None)
    if there is None:
        return 0
    given = set[int]()
    for item, change in _everything(there):
        mode = known.modes.get(item.change[1])
        if mode is not None and item.mode == mode & ~WRITE and change(mode):
            given.add(item.change[1])
    return len(given)


def _places(place: Path) -> Iterator[Path]:
    yield place
    yield from sorted(place.parent.glob(f"{escape(place.name)}.replaced-*"))


def _inode(place: Path, missing: int | None = None) -> int:
    try:
        return place.stat().st_ino
    except OSError as error:
        if missing is not None:
            return missing
        raise _unusable(place, error) from error


_Change = Callable[[int], bool]


def _everything(place: Path) -> Iterator[tuple[Item, _Change]]:
    """Yield every file and folder, each with what changes its mode and tells whether it did."""
    place = place.resolve()
    try:
        folder = root_folder(place if place.is_dir() else place.parent)
    except OSError as error:
        raise _unusable(place, error) from error
    folders = Folders(folder)
    only = b"" if place.is_dir() else os.fsencode(place.name)
    for item in Walk(folder, only=only, untrusted=present_untrusted_devices()).items():
        if item.kind != "symlink":
            yield item, partial(_changed, folders, item)


def _changed(folders: Folders, item: Item, mode: int) -> bool:
    """Change the mode of what was listed, and of nothing that has its name by now."""
    above, name = split(item.path)
    with suppress(OSError):
        fd = os.open(name or b".", _HOLD, dir_fd=folders.at(above).fd)
        try:
            status = os.fstat(fd)
            if (status.st_ino, S_IMODE(status.st_mode)) == (item.change[1], item.mode):
                Path(f"/proc/self/fd/{fd}").chmod(mode)  # fchmod takes no O_PATH
                return S_IMODE(os.fstat(fd).st_mode) == mode
        finally:
            os.close(fd)
    return False


def _unusable(place: Path, error: OSError) -> SourceUnreadableError:
    return SourceUnreadableError(
        "{path} cannot be used: {reason}",
        hint="Check that it is there and that this account may use it.",
        path=shown(os.fsencode(place)),
        reason=os.strerror(error.errno or 0),
    )
