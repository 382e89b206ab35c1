"""The walk through a folder: every name once, in the order of path bytes, whatever happens to it.

It goes down with open folders (`sources.folders`), one level at a time and without recursion, so
neither depth nor length of a path bounds it; memory is the names of the folders on the way down
(a million names in one folder: about 130 MB while they are sorted).

Of several names of one file the first that is told keeps the content; the others say which it is
(`sources.traits`).  Names of one file, and holes, are told where inodes can be trusted.  There a
new attribute gives a file a new change time too (inode(7), ctime): of a file whose inode and change
time an earlier listing had seen, the attributes are taken over from that and not asked for.

Names are listed before they are looked at.  What vanished in between, or may not be looked at,
becomes a trouble with its path; a walk never stops for one.
"""

import errno
import os
from collections.abc import Callable, Iterator
from io import FileIO
from operator import methodcaller
from sys import getfilesystemencodeerrors, getfilesystemencoding
from typing import Literal

from baozhang.errors import SourceUnreadableError
from baozhang.sources.base import KINDS, UNTRUSTED, Earlier, Item, Trouble, shown
from baozhang.sources.folders import Folder, Folders, NotRegularError, split
from baozhang.sources.traits import (
    BLOCK,
    NO_ATTRIBUTES,
    attributes,
    attributes_of,
    with_holes,
    with_link,
)

_OPEN_LEVELS = 64  # folders held open on the way down; those above are found again when needed
_ENCODED = methodcaller("encode", getfilesystemencoding(), getfilesystemencodeerrors())
_TYPE = 0o170000  # S_IFMT, inode(7)
_MASK = 2**64 - 1  # a change before 1970 stays a number that fits
_new = tuple.__new__  # a third of the time of a call of `Item`, and there may be a million
_SECTOR = 512  # bytes that `st_blocks` counts in, whatever the file system (stat(2))
_GONE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ESTALE}


class _Level:
    """A folder on the way down: the names still to come, and the folders among those told."""

    __slots__ = ("entered", "folder", "names", "prefix")

    def __init__(self, folder: Folder, prefix: bytes, names: list[bytes]) -> None:
        self.folder: Folder | None = folder
        self.prefix = prefix
        self.names = names  # the next one last
        self.entered: list[bytes] = []  # "name/": told, not yet walked; the next one last

    def next(self) -> bytes:
        """Return the next name, or "name/" to go down; b"" at the end.

        By path bytes "a" < "a-b" < "a/x", so a folder waits while names that go on with a sign
        below "/" come first.  What was put last is always the first due, since such a name
        starts with the one that waits.
        """
        entered, names = self.entered, self.names
        if entered and (not names or entered[-1] < names[-1]):
            return entered.pop()
        return names.pop() if names else b""


class _Several:
    """Files of several names, told apart by their inodes while some of the names are to come."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, int], tuple[bytes, int]] = {}

    def first(self, status: os.stat_result, path: bytes) -> bytes:
        """Return the name told first of the file at a path; b"" if that is this one."""
        key = status.st_dev, status.st_ino
        first, to_come = self._open.pop(key, (b"", status.st_nlink))
        if to_come > 1:
            self._open[key] = first or path, to_come - 1
        return first


class _Alongside:
    """What an earlier listing had seen, gone along in step with this one."""

    def __init__(self, seen: Earlier, before: int) -> None:
        self._seen, self._before = iter(seen), before
        self._next = next(self._seen, None)
        self._told = self._kept = b""

    def attributes(self, path: bytes, change: tuple[int, int]) -> bytes | None:
        """Return the attributes of a file, if they cannot be others now; paths in their order."""
        seen = self._next
        while seen is not None and seen[0] < path:
            seen = self._next = next(self._seen, None)
        if seen is None or seen[0] != path or seen[1] != change or change[0] >= self._before:
            return None
        if seen[2] != self._told:  # most often the same for a whole folder
            self._told, self._kept = seen[2], attributes_of(seen[2])
        return self._kept


class Walk:
    """Lists a folder, looks things in it up again, and opens its files.

    Args:
        folder: the root.
        only: the one name in it that there is to be; b"": all, and the root itself.
        excluded: tells which paths are left out, each with all below it; None: nothing is.
        untrusted: devices whose inodes and change times tell nothing (`sources.mounts`).
    """

    def __init__(
        self,
        folder: Folder,
        *,
        only: bytes = b"",
        excluded: Callable[[bytes], bool] | None = None,
        untrusted: frozenset[int] = frozenset(),
    ) -> None:
        self.folder = folder
        self.troubles: list[Trouble] = []
        self._folders = Folders(folder)
        self._only = only
        self._excluded = excluded
        self._untrusted = untrusted
        self._bare = set[int]()  # devices whose file systems know no extended attributes
        self.read_all = True  # attributes of all files that were looked at so far
        self._several: _Several | None = None
        self._last = b""
        self._earlier: _Alongside | None = None

    def inherit(self, seen: Earlier, *, before: int) -> None:
        """See `base.Inheriting`; of use to the next listing alone."""
        self._earlier = _Alongside(seen, before)

    def items(self) -> Iterator[Item]:
        """Yield every item, as `base.Frozen.items` promises."""
        self.troubles.clear()
        self._several = _Several()
        if self._only:
            levels = [_Level(self.folder, b"", [self._only])]
        else:
            levels = [_Level(self.folder, b"", self._names(self.folder, b""))]
            if root := self._look(levels, b"", b""):
                yield root
        yield from self._below(levels)
        self._earlier = None

    def find(self, path: bytes, folders: Folders | None = None) -> Item | None:
        """Return what is at the path now; None: nothing that could be an item, or unreadable."""
        above, name = split(path)
        try:
            return self._item((folders or self._folders).at(above), name, path)
        except OSError:
            return None

    def state(self, path: bytes) -> Item | None:
        """Return the same without its traits: all that `base.Item.same_state` asks for."""
        above, name = split(path)
        try:
            return self._item(self._folders.at(above), name, path, look=False)
        except OSError:
            return None

    def open(self, path: bytes) -> FileIO:
        """Open a file to read; see `base.Frozen.open`."""
        above, name = split(path)
        try:
            return os.fdopen(self._folders.at(above).read(name), "rb", buffering=0)
        except NotRegularError as error:
            raise _unreadable(path, "not a regular file") from error
        except OSError as error:
            raise _unreadable(path, os.strerror(error.errno or 0)) from error

    def _below(self, levels: list[_Level]) -> Iterator[Item]:
        excluded = self._excluded
        while levels:
            level = levels[-1]
            name = level.next()
            path = level.prefix + name
            if not name:
                levels.pop()
            elif name.endswith(b"/"):
                self._go_down(levels, name, path)
            elif not (excluded and excluded(path)) and (item := self._look(levels, name, path)):
                if item.kind == "dir":
                    level.entered.append(name + b"/")
                yield item

    def _go_down(self, levels: list[_Level], name: bytes, path: bytes) -> None:
        try:
            folder = (levels[-1].folder or self._found_again(levels)).enter_to_list(name[:-1])
        except OSError as error:
            self._trouble(path[:-1], error)
            return
        levels.append(_Level(folder, path, self._names(folder, path[:-1])))
        if len(levels) > _OPEN_LEVELS:
            levels[-1 - _OPEN_LEVELS].folder = None

    def _found_again(self, levels: list[_Level]) -> Folder:
        """Open the innermost folder anew, and those above it that will be needed next."""
        folder, above = self.folder, b""
        for depth, level in enumerate(levels):
            if depth:
                folder = folder.enter(level.prefix[len(above) : -1])
            if depth >= len(levels) - _OPEN_LEVELS:
                level.folder = folder
            above = level.prefix
        return folder

    def _names(self, folder: Folder, path: bytes) -> list[bytes]:
        try:
            return sorted(map(_ENCODED, os.listdir(folder.fd)), reverse=True)
        except OSError as error:
            self._trouble(path, error)
            return []

    def _look(self, levels: list[_Level], name: bytes, path: bytes) -> Item | None:
        try:
            folder = levels[-1].folder or self._found_again(levels)
            item = self._item(folder, name, path, self._several)
        except OSError as error:
            self._trouble(path, error)
            return None
        if item is None:
            self.troubles.append(Trouble(path, "special"))
        return item

    def _item(
        self,
        folder: Folder,
        name: bytes,
        path: bytes,
        several: _Several | None = None,
        *,
        look: bool = True,
    ) -> Item | None:
        fd = folder.fd
        status = os.stat(name, dir_fd=fd, follow_symlinks=False) if name else os.fstat(fd)
        mode, device, size = status.st_mode, status.st_dev, 0
        kind = KINDS.get(mode & _TYPE)
        trusted = device not in self._untrusted
        change = (status.st_ctime_ns & _MASK, status.st_ino) if trusted else UNTRUSTED
        target = traits = b""
        if kind == "symlink":
            target = os.readlink(name, dir_fd=fd)
        elif kind is None:
            return None
        elif look and device not in self._bare:
            known = None
            if self._earlier and trusted and kind == "file" and several is not None:
                known = self._earlier.attributes(path, change)
            if known is None:
                known, whole = self._attributes(folder.way + name, device)
                self.read_all &= whole or kind == "dir"  # those are asked every night
            traits = known
        if kind == "file":
            size = status.st_size
            if trusted and size - status.st_blocks * _SECTOR >= BLOCK:
                traits = with_holes(traits, size - status.st_blocks * _SECTOR)
            if trusted and status.st_nlink > 1 and several is not None:
                traits = with_link(traits, several.first(status, path))
        mode, owner, group = mode & 0o7777, status.st_uid, status.st_gid
        facts = (path, kind, mode, status.st_mtime_ns, owner, group, size, target, change, traits)
        return _new(Item, facts)

    def _attributes(self, place: bytes, device: int) -> tuple[bytes, bool]:
        """Return the attributes, and whether all could be read."""
        try:
            names = os.listxattr(place, follow_symlinks=False)
        except OSError as error:
            none = error.errno in NO_ATTRIBUTES
            if none:  # asked once of each file system
                self._bare.add(device)
            return b"", none
        if not names:
            return b"", True
        text, whole = attributes(names, place)
        if text != self._last:  # one text for a whole folder of files with one access list
            self._last = text
        return self._last, whole

    def _trouble(self, path: bytes, error: OSError) -> None:
        self.troubles.append(trouble_of(path, error))


def trouble_of(path: bytes, error: OSError) -> Trouble:
    """Return what is told of a path that could not be looked at."""
    reason: Literal["vanished", "unreadable"]
    reason = "vanished" if error.errno in _GONE else "unreadable"
    return Trouble(path, reason, os.strerror(error.errno or 0))


def _unreadable(path: bytes, reason: str) -> SourceUnreadableError:
    return SourceUnreadableError(
        "{path} cannot be read: {reason}",
        hint="Check that it is there and may be read by this account.",
        path=shown(path),
        reason=reason,
    )
