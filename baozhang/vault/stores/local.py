"""A store in a folder of this machine, or of a mounted share.

    temporary file ─► write all ─► fsync ─► read back ─► rename ─► fsync of the folder

The order is restic's (internal/backend/local), plus the reading back.  After a power cut an
acknowledged object is there; before the rename nobody sees any of it.  What is read back may still
lie in the system's cache: that catches memory and file system, `verify` catches the disk.
"""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from blake3 import blake3

from baozhang.errors import (
    BaozhangError,
    CorruptObjectError,
    ObjectMissingError,
    StoreFullError,
    StoreUnreachableError,
)
from baozhang.vault.stores.base import ObjectInfo, ObjectName, Span

TEMPORARY = ".tmp"
"""Folder of unfinished objects; what a crash leaves there is nobody's."""
LEFT_NS = 3600 * 10**9  # what is older was left by a crash: a put takes seconds
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
UNSUPPORTED = {errno.EINVAL, errno.ENOTSUP}
"""What a share says whose server makes folders durable by itself (restic passes over these too)."""
BLOCK = 4 * 2**20  # bytes read at a time when reading back


class LocalStore:
    """Objects as files below one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._device: int | None = None  # of the disk on which the folder was first found
        self._swept = False

    def prepare(self) -> None:
        """Make the folder of a new vault or mirror.

        Raises:
            StoreUnreachableError: it cannot be made.
        """
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync_folder(self._root.parent)
        except OSError as error:
            raise _translated(error, self.url) from error

    @property
    def url(self) -> str:
        """The folder, spelled one way: two stores of one URL are one place."""
        return str(self._root.resolve())

    def put(self, name: ObjectName, data: bytes | bytearray | memoryview, /) -> None:
        """Keep the contract of `Store.put`."""
        target = self._root / name
        temporary = self._root / TEMPORARY / secrets.token_hex(16)
        try:
            self._require_disk()
            self._make_folder(target.parent)
            self._make_folder(temporary.parent)
            _write_durably(temporary, data)
            _read_back(temporary, data, name)
            self._sweep(temporary)
            temporary.rename(target)
            _sync_folder(target.parent)
            self._require_disk()  # an xfs that has just shut itself down lets a folder's flush pass
        except OSError as error:
            raise _translated(error, self.url) from error
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def get(self, name: ObjectName, span: Span | None = None, /) -> bytes:
        """Keep the contract of `Store.get`."""
        try:
            if self._device is None:
                self._is_there()
            with (self._root / name).open("rb") as file:
                if span is None:
                    return file.read()
                file.seek(span.offset)
                data = file.read(span.length)
        except OSError as error:
            raise self._absent(error, name) from error
        if len(data) != span.length:
            raise CorruptObjectError("an object ends too early: {object}", object=name)
        return data

    def size(self, name: ObjectName, /) -> int:
        """Keep the contract of `Store.size`."""
        try:
            return (self._root / name).stat().st_size
        except OSError as error:
            raise self._absent(error, name) from error

    def age(self, name: ObjectName, /) -> float:
        """Keep the contract of `Store.age`: against a file that is written for it now."""
        probe = self._root / TEMPORARY / secrets.token_hex(16)
        try:
            stored = (self._root / name).stat().st_mtime_ns
        except OSError as error:
            raise self._absent(error, name) from error
        try:
            self._make_folder(probe.parent)
            probe.touch(mode=0o600, exist_ok=False)
            return max(probe.stat().st_mtime_ns - stored, 0) / 10**9
        except OSError as error:
            raise _translated(error, self.url) from error
        finally:
            with suppress(OSError):
                probe.unlink(missing_ok=True)

    def list(self, prefix: str = "", /) -> Iterator[ObjectInfo]:
        """Keep the contract of `Store.list`."""
        folder = prefix.rpartition("/")[0]
        try:
            self._require_disk()
            found = sorted(self._walk(folder)) if (self._root / folder).is_dir() else []
            self._require_disk()  # else an emptiness may be the other disk's
        except OSError as error:
            raise _translated(error, self.url) from error
        yield from (ObjectInfo(ObjectName(n), size) for n, size in found if n.startswith(prefix))

    def delete(self, name: ObjectName, /) -> None:
        """Keep the contract of `Store.delete`."""
        try:
            (self._root / name).unlink(missing_ok=True)
        except OSError as error:
            raise _translated(error, self.url) from error

    def _absent(self, error: OSError, name: ObjectName) -> BaozhangError:
        """An object is only missing where the folder itself still answers."""
        try:
            there = isinstance(error, FileNotFoundError) and self._is_there()
        except OSError as worse:  # the folder cannot even be looked at
            return _translated(worse, self.url)
        if there:
            return ObjectMissingError("the vault has no object {object}", object=name)
        return _translated(error, self.url)

    def _is_there(self) -> bool:
        """Tell whether the folder answers, on the disk where it was first found.

        A disk that is taken away leaves its folder behind, empty, on another disk: nothing may be
        written there, and nothing be told missing.
        """
        try:
            found = self._root.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        if self._device is None:
            self._device = found.st_dev
        return stat.S_ISDIR(found.st_mode) and found.st_dev == self._device

    def _require_disk(self) -> None:
        if not self._is_there():
            raise StoreUnreachableError(
                "there is no vault folder at {url}",
                hint="Check that the disk or share is mounted, and the path.",
                url=self.url,
            )

    def _sweep(self, fresh: Path) -> None:
        """Once, remove what crashes left; age is told by the store's own clock.

        Were something removed that is still being written, its writer would fail and try again.
        """
        if self._swept:
            return
        self._swept = True
        now = fresh.stat().st_mtime_ns
        for left in fresh.parent.iterdir():
            with suppress(OSError):
                if now - left.stat().st_mtime_ns > LEFT_NS:
                    left.unlink()

    def _walk(self, folder: str) -> Iterator[tuple[str, int]]:
        with os.scandir(self._root / folder) as entries:
            for entry in entries:
                name = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if name != TEMPORARY:
                        yield from self._walk(name)
                else:
                    yield name, entry.stat(follow_symlinks=False).st_size

    def _make_folder(self, folder: Path) -> None:
        """Make a folder whose name survives a power cut."""
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for new in reversed(missing):
            with suppress(FileExistsError):
                new.mkdir(mode=0o700)
            _sync_folder(new.parent)


def _write_durably(path: Path, data: bytes | bytearray | memoryview) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        rest = memoryview(data)
        while rest:  # a full disk shows first as a short write
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_back(path: Path, data: bytes | bytearray | memoryview, name: ObjectName) -> None:
    digest = blake3()
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            digest.update(block)
    if digest.digest() != blake3(data).digest():
        raise CorruptObjectError(
            "the store did not keep what it was given: {object}",
            hint="Check the disk (smartctl) and the machine's memory before the next backup.",
            object=name,
        )


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
    finally:
        os.close(handle)


def _translated(error: OSError, url: str) -> BaozhangError:
    if error.errno in FULL:
        return StoreFullError(
            "the disk of {url} is full",
            hint="Make room there, then run the backup again; what it had stored is kept.",
            url=url,
        )
    return StoreUnreachableError(
        "{url} cannot be used: {reason}",
        hint="Check that the disk or share is mounted and that this user may use it.",
        url=url,
        reason=error.strerror or type(error).__name__,
    )
