"""A folder that is being filled: every name is opened below it, one component at a time.

No component is ever followed as a link, none is `..`, and paths may be longer than PATH_MAX.
"""

import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from blake3 import blake3

from baozhang.errors import CorruptObjectError
from baozhang.sources.base import Item
from baozhang.sources.traits import give, holes_of, runs_of_data, shed_lists

OPEN_FOLDERS = 128  # handles each thread keeps; a million files lie in few folders at a time
BELOW = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_RDONLY | os.O_CLOEXEC
NEW = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
THERE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
BLOCK = 2**20  # bytes read at a time for a hash


def split_path(path: bytes) -> list[bytes]:
    """Return a relative path's components; none for the root.

    Raises:
        CorruptObjectError: a path that no source can have written.
    """
    parts = path.split(b"/") if path else []
    if any(part in (b"", b".", b"..") or b"\0" in part for part in parts):
        raise CorruptObjectError("a manifest holds a path that leads outside")
    return parts


class _Handles(threading.local):
    """The folders that one thread holds open, by path."""

    def __init__(self, opened: list["OrderedDict[bytes, int]"]) -> None:
        self.by_path: OrderedDict[bytes, int] = OrderedDict()
        self.block = memoryview(bytearray(BLOCK))
        opened.append(self.by_path)


class Folder:
    """Writes below one folder; threads may share it, each holding its own handles.

    Paths are checked with `split_path` before they are given.
    """

    def __init__(self, root: Path) -> None:
        self.bare: list[bytes] = []  # paths of what not all extended attributes could be set of
        self._root = os.open(root, BELOW)
        shed_lists(self._root)
        self._opened: list[OrderedDict[bytes, int]] = []
        self._handles = _Handles(self._opened)
        self._user = os.geteuid()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for handles in self._opened:
            for handle in handles.values():
                os.close(handle)
        os.close(self._root)

    def make_folder(self, path: bytes) -> None:
        """Make a folder, writable until its metadata is set; its parent must be there."""
        if path:
            parent, name = self._parent(path)
            os.mkdir(name, 0o700, dir_fd=parent)

    def write_whole(self, item: Item, content: memoryview) -> None:
        """Write a file with all its content and metadata."""
        handle = self._open(item.path, NEW)
        try:
            if holes_of(item.traits):
                _write_data(handle, content, 0)
                os.ftruncate(handle, item.size)
            else:
                _write(handle, content, 0)
            self._describe(handle, item)
        finally:
            os.close(handle)

    def write(
        self, path: bytes, parts: Iterable[tuple[int, memoryview]], *, sparse: bool = False
    ) -> None:
        """Write parts of a file, each at its place, making the file if it is not there.

        Zeros of a sparse one are left out, and its end is not set: that is for `finish`.
        """
        handle = self._open(path, NEW)
        write = _write_data if sparse else _write
        try:
            for at, content in parts:
                write(handle, content, at)
        finally:
            os.close(handle)

    def finish(self, item: Item) -> bytes:
        """Set a written file's metadata; return the BLAKE3-256 of it as it lies there now."""
        sparse = holes_of(item.traits) > 0
        handle = self._open(item.path, NEW if sparse else THERE)
        try:
            if sparse:
                os.ftruncate(handle, item.size)
            digest, block = blake3(), self._handles.block
            while got := os.readv(handle, [block]):
                digest.update(block[:got])
            self._describe(handle, item)
        finally:
            os.close(handle)
        return digest.digest()

    def remove(self, path: bytes) -> None:
        """Take away a file that did not become what it should be, if it is there at all."""
        parent, name = self._parent(path)
        try:
            os.unlink(name, dir_fd=parent)
        except FileNotFoundError:
            return

    def make_name(self, item: Item, first: bytes) -> None:
        """Make another name of a finished file; where that cannot be, a copy of it."""
        here, name = self._parent(item.path)
        there, old = self._parent(first)
        try:
            os.link(old, name, src_dir_fd=there, dst_dir_fd=here, follow_symlinks=False)
        except OSError:  # a file system without, or with as many names as it allows
            self._copy(item, first)

    def _copy(self, item: Item, first: bytes) -> None:
        sparse, at, block = holes_of(item.traits) > 0, 0, self._handles.block
        handle = self._open(first, THERE)
        try:
            self.write(item.path, ())
            while got := os.preadv(handle, [block], at):
                self.write(item.path, [(at, block[:got])], sparse=sparse)
                at += got
        finally:
            os.close(handle)
        self.finish(item)

    def make_link(self, item: Item) -> None:
        """Make a symbolic link with its owner and time."""
        parent, name = self._parent(item.path)
        os.symlink(item.target, name, dir_fd=parent)
        if self._user == 0:
            os.chown(name, item.uid, item.gid, dir_fd=parent, follow_symlinks=False)
        times = (item.mtime_ns, item.mtime_ns)
        os.utime(name, ns=times, dir_fd=parent, follow_symlinks=False)

    def finish_folder(self, item: Item) -> None:
        """Set a folder's metadata; what is below it must be finished."""
        handle = self._open(item.path, THERE) if item.path else os.dup(self._root)
        try:
            self._describe(handle, item)
        finally:
            os.close(handle)

    def _describe(self, handle: int, item: Item) -> None:
        """Set owner and attributes (where this user may), mode and time.

        A file never becomes setuid or setgid.
        """
        if self._user == 0:
            os.fchown(handle, item.uid, item.gid)
        if item.traits and not give(handle, item.traits):
            self.bare.append(item.path)
        mode = item.mode if item.kind == "dir" else item.mode & ~(stat.S_ISUID | stat.S_ISGID)
        os.fchmod(handle, mode)
        os.utime(handle, ns=(item.mtime_ns, item.mtime_ns))

    def _open(self, path: bytes, flags: int) -> int:
        parent, name = self._parent(path)
        return os.open(name, flags, 0o600, dir_fd=parent)

    def _parent(self, path: bytes) -> tuple[int, bytes]:
        above, _, name = path.rpartition(b"/")
        return self._handle(above), name

    def _handle(self, path: bytes) -> int:
        if not path:
            return self._root
        handles = self._handles.by_path
        handle = handles.get(path)
        if handle is None:
            handle = handles[path] = self._descend(path)
            if len(handles) > OPEN_FOLDERS:
                os.close(handles.popitem(last=False)[1])
        else:
            handles.move_to_end(path)  # who needs two folders keeps the one while it gets the other
        return handle

    def _descend(self, path: bytes) -> int:
        """Open a folder from the root down, without recursion: trees may be deep."""
        handle = os.dup(self._root)
        for part in split_path(path):
            try:
                below = os.open(part, BELOW, dir_fd=handle)
            finally:
                os.close(handle)
            handle = below
        return handle


def _write_data(handle: int, content: memoryview, at: int) -> None:
    for place, run in runs_of_data(content, at):
        _write(handle, run, place)


def _write(handle: int, content: memoryview, at: int) -> None:
    while content:  # a full disk shows first as a short write
        written = os.pwrite(handle, content, at)
        content, at = content[written:], at + written
