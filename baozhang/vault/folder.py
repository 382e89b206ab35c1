"""A folder that is being filled: every name is opened below it, one component at a time.

No component is ever followed as a link, none is `..`, and paths may be longer than PATH_MAX.
"""

import os
import stat
import threading
from collections import OrderedDict
from pathlib import Path
from types import TracebackType
from typing import Self

from blake3 import blake3

from baozhang.errors import CorruptObjectError
from baozhang.sources.base import Item

OPEN_FOLDERS = 128  # handles kept; a million files lie in few folders at a time
BELOW = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_RDONLY | os.O_CLOEXEC
NEW = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
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


class Folder:
    """Writes below one folder; safe to share between threads."""

    def __init__(self, root: Path) -> None:
        self._root = os.open(root, BELOW)
        self._handles: OrderedDict[tuple[bytes, ...], int] = OrderedDict()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for handle in (*self._handles.values(), self._root):
            os.close(handle)

    def make_folder(self, path: bytes) -> None:
        """Make a folder, writable until its metadata is set; its parent must be there."""
        if path:
            with self._lock:
                parent, name = self._parent(path)
                os.mkdir(name, 0o700, dir_fd=parent)

    def write(self, path: bytes, content: memoryview, at: int) -> None:
        """Write a part of a file, making the file if it is not there."""
        handle = self._open(path, NEW)
        try:
            while content:
                written = os.pwrite(handle, content, at)
                content, at = content[written:], at + written
        finally:
            os.close(handle)

    def digest(self, path: bytes) -> bytes:
        """Return the BLAKE3-256 of a file as it lies there now."""
        digest = blake3()
        with open(self._open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb", buffering=0) as file:
            while block := file.read(BLOCK):
                digest.update(block)
        return digest.digest()

    def make_link(self, item: Item) -> None:
        """Make a symbolic link with its owner and time."""
        with self._lock:
            parent, name = self._parent(item.path)
            os.symlink(item.target, name, dir_fd=parent)
            if os.geteuid() == 0:
                os.chown(name, item.uid, item.gid, dir_fd=parent, follow_symlinks=False)
            times = (item.mtime_ns, item.mtime_ns)
            os.utime(name, ns=times, dir_fd=parent, follow_symlinks=False)

    def set_metadata(self, item: Item) -> None:
        """Set owner (where this user may), mode and time; a file never becomes setuid or setgid."""
        handle = self._open(item.path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            if os.geteuid() == 0:
                os.fchown(handle, item.uid, item.gid)
            mode = item.mode if item.kind == "dir" else item.mode & ~(stat.S_ISUID | stat.S_ISGID)
            os.fchmod(handle, mode)
            os.utime(handle, ns=(item.mtime_ns, item.mtime_ns))
        finally:
            os.close(handle)

    def _open(self, path: bytes, flags: int) -> int:
        if not path:
            return os.dup(self._root)
        with self._lock:
            parent, name = self._parent(path)
            return os.open(name, flags, 0o600, dir_fd=parent)

    def _parent(self, path: bytes) -> tuple[int, bytes]:
        *above, name = split_path(path)
        return self._handle(tuple(above)), name

    def _handle(self, parts: tuple[bytes, ...]) -> int:
        if not parts:
            return self._root
        handle = self._handles.get(parts)
        if handle is None:
            handle = self._descend(parts)
            self._handles[parts] = handle
            if len(self._handles) > OPEN_FOLDERS:
                os.close(self._handles.popitem(last=False)[1])
        return handle

    def _descend(self, parts: tuple[bytes, ...]) -> int:
        """Open a folder from the root down, without recursion: trees may be deep."""
        handle = os.dup(self._root)
        for part in parts:
            try:
                below = os.open(part, BELOW, dir_fd=handle)
            finally:
                os.close(handle)
            handle = below
        return handle
