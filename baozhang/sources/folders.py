"""Directories held open, so that names are looked up where they were listed.

A path is walked from the root one name at a time, each from the open folder above it
(openat(2)), and no name may be a link.  Three things follow: nothing that is swapped in while we
look can lead outside the root; no path is too long (PATH_MAX bounds one call, not a walk); and
what a folder's entry says is of that folder, even if it was moved meanwhile.
"""

import os
import stat

_HOLD = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LIST = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class Folder:
    """An open directory; it closes when nothing refers to it any more.

    So `root_folder(path).fd` by itself is a descriptor that is closed already: keep the folder,
    or use its methods.
    """

    __slots__ = ("fd", "way")

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.way = b"/proc/self/fd/%d/" % fd  # for calls that take no descriptor

    def __del__(self) -> None:
        os.close(self.fd)

    def enter(self, name: bytes) -> "Folder":
        """Open a folder in this one to look names up in; needs no right to list it."""
        return Folder(os.open(name, _HOLD, dir_fd=self.fd))

    def enter_to_list(self, name: bytes) -> "Folder":
        """Open a folder in this one to list it."""
        return Folder(os.open(name, _LIST, dir_fd=self.fd))

    def sync(self) -> None:
        """Make the names in it durable; not for a folder opened by `enter`."""
        os.fsync(self.fd)

    def read(self, name: bytes) -> int:
        """Open a regular file and return its descriptor; never waits, never follows.

        Raises:
            OSError: what is there cannot be opened.
            NotRegularError: it is something else than a regular file.
        """
        fd = _open_to_read(name, self.fd)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise NotRegularError
        return fd


class NotRegularError(Exception):
    """A file was asked for, and something else has its name."""


def root_folder(path: str | bytes | os.PathLike[str]) -> Folder:
    """Open the folder that everything is relative to; the last name may be a link here."""
    return Folder(os.open(path, _LIST & ~os.O_NOFOLLOW))


def split(path: bytes) -> tuple[bytes, bytes]:
    """Return the path of the folder above and the last name."""
    above, _, name = path.rpartition(b"/")
    return above, name


class Folders:
    """Finds the folders below a root, and remembers the one last asked for."""

    def __init__(self, root: Folder) -> None:
        self._root = root
        self._last = (b"", root)

    def at(self, path: bytes) -> Folder:
        """Return the folder at the path, walked name by name.

        Raises:
            OSError: a name on the way is missing, is a link, or may not be passed.
        """
        known, folder = self._last
        if path == known:
            return folder
        if known and path.startswith(known + b"/"):
            rest = path[len(known) + 1 :]
        else:
            folder, rest = self._root, path
        for name in rest.split(b"/") if rest else ():
            folder = folder.enter(name)
        self._last = (path, folder)
        return folder


def _open_to_read(name: bytes, within: int) -> int:
    try:
        return os.open(name, _READ | os.O_NOATIME, dir_fd=within)
    except PermissionError:  # only the owner may leave the access time alone
        return _open_leased(name, within, _READ)
    except BlockingIOError:
        return _open_leased(name, within, _READ | os.O_NOATIME)


def _open_leased(name: bytes, within: int, flags: int) -> int:
    """Open a file, waiting until a file server gives up its lease of it (fcntl(2), F_SETLEASE).

    A lease answers an open that does not wait with EWOULDBLOCK.  To wait is safe only once it is
    sure that the thing is a regular file, hence the detour by a handle that opens nothing.
    """
    try:
        return os.open(name, flags, dir_fd=within)
    except BlockingIOError:
        pass
    handle = Folder(os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=within))
    if not stat.S_ISREG(os.fstat(handle.fd).st_mode):
        raise NotRegularError
    return os.open(f"/proc/self/fd/{handle.fd}", os.O_RDONLY | os.O_CLOEXEC)
