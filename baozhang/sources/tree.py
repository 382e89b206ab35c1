"""A folder as a source: everything in it, read where it lies, and what moved meanwhile noticed.

A folder cannot be held still.  What makes its backup one instant is asked afterwards: a file is
listed with its state, read, and looked at again (`unchanged`); a ledger is looked at once more
after its proof was taken (`confirm`).  A file that changes is read again, a ledger that changes
makes the backup a transient failure.  What is written through a memory mapping may change
without a new time: running databases have a source of their own (`sources.sqlite`).

Nothing is opened but regular files and folders: no link is followed, a pipe or a device is named
as trouble, and nothing that is swapped in between listing and opening leads outside the root.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from baozhang.books.delimited import DelimitedReader
from baozhang.books.model import LedgerReader
from baozhang.books.profiles import load_profile
from baozhang.books.reading import open_books
from baozhang.books.sqlite import SqliteReader
from baozhang.errors import SourceBusyError, SourceUnreadableError, UsageError
from baozhang.sources.base import Item, LedgerSpec, Trouble, shown
from baozhang.sources.folders import Folders, root_folder
from baozhang.sources.globs import excluder
from baozhang.sources.mounts import present_untrusted_devices
from baozhang.sources.placing import place_tree
from baozhang.sources.walk import Walk

Excluded = Callable[[bytes], bool]
_LOG = b"-wal"  # beside an SQLite database: commits that are not yet in it


class TreeSource:
    """Everything below one folder, or one single file.

    Args:
        root: the folder, or a file, which is then the only item; may itself be a link.
        exclude: patterns of what is left out (`sources.globs`), a folder with all in it.
        ledgers: where its books lie.

    Raises:
        UsageError: a pattern cannot be read.
    """

    def __init__(
        self, root: Path, *, exclude: tuple[str, ...] = (), ledgers: tuple[LedgerSpec, ...] = ()
    ) -> None:
        self._root = root
        self._excluded = excluder(exclude)
        self._ledgers = ledgers

    @contextmanager
    def freeze(self) -> Iterator["FrozenTree"]:
        """Open the root; see `base.Source.freeze`."""
        try:
            single = stat.S_ISREG(self._root.stat().st_mode)
            folder = root_folder(self._root.parent if single else self._root)
        except OSError as error:
            raise SourceUnreadableError(
                "{path} cannot be read: {reason}",
                hint="Check that it exists, is mounted and may be read by this account.",
                path=shown(os.fsencode(self._root)),
                reason=os.strerror(error.errno or 0),
            ) from error
        only = os.fsencode(self._root.name) if single else b""
        untrusted = present_untrusted_devices()
        walk = Walk(folder, only=only, excluded=self._excluded, untrusted=untrusted)
        yield FrozenTree(self._root, walk, self._excluded, self._ledgers)

    def publish(self, restored: Path, target: Path, *, replace: bool = False) -> Path | None:
        """Make the folder `restored` appear as `target`; see `base.Source.publish`."""
        return place_tree(restored, target, replace=replace)


class FrozenTree:
    """A folder while it is backed up; see `base.Frozen`."""

    def __init__(
        self,
        root: Path,
        walk: Walk,
        excluded: Excluded | None,
        ledgers: tuple[LedgerSpec, ...],
    ) -> None:
        self._root = root
        self._walk = walk
        self._excluded = excluded
        self._ledgers = ledgers
        self._states: dict[bytes, int] = {}  # of the files listed, where a book is to be guarded
        self._guarded: set[bytes] = set()
        self._listed = False

    def items(self) -> Iterator[Item]:
        """Walk the folder."""
        found = self._walk.items()
        return self._remembering(found) if self._ledgers else found

    def open(self, item: Item) -> FileIO:
        """Open a file where it was listed, without following links or touching its access time."""
        return self._walk.open(item.path)

    def unchanged(self, item: Item) -> bool:
        """Compare size, mtime and, where trusted, ctime and inode with what was listed."""
        fresh = self._walk.find(item.path)
        return fresh is not None and fresh.same_state(item)

    def again(self, item: Item) -> Item | None:
        """List the file once more; None as well when something else took its name."""
        fresh = self._walk.find(item.path)
        if fresh is None or fresh.kind != item.kind:
            return None
        if item.path in self._states:
            self._states[item.path] = _state(fresh)
        return fresh

    def ledgers(self) -> Iterator[LedgerReader]:
        """Open the books in place; each is looked at before and after it is read."""
        if not self._listed:
            for _ in self.items():
                pass
        for spec in self._ledgers:
            for reader in open_books(load_profile(spec.profile), self._root, spec.glob):
                paths = {self._below_root(file) for file in _files_of(reader)}
                self._check(paths)
                self._guarded |= paths
                yield reader
                self._check(paths)

    def confirm(self) -> None:
        """Look once more at every file that `ledgers` gave out."""
        self._check(self._guarded)

    def troubles(self) -> tuple[Trouble, ...]:
        """Tell what the walk left out so far."""
        return tuple(self._walk.troubles)

    def _remembering(self, found: Iterator[Item]) -> Iterator[Item]:
        """Keep the first state told of every file: a proof may be taken of any of them."""
        for item in found:
            if item.kind == "file":
                self._states.setdefault(item.path, _state(item))
            yield item
        self._listed = True

    def _below_root(self, file: Path) -> bytes:
        if file == self._root:
            return os.fsencode(file.name)
        return os.fsencode(file.relative_to(self._root))

    def _check(self, paths: Iterable[bytes]) -> None:
        folders = Folders(self._walk.folder)  # nothing remembered: what is there now
        for path in sorted(paths):
            if self._excluded and self._excluded(path):
                raise UsageError(
                    "ledger {path} is left out of its own backup",
                    hint="Change the exclude pattern that matches the ledger.",
                    path=shown(path),
                )
            fresh = self._walk.find(path, folders)
            before, now = self._states.get(path, 0), _state(fresh) if fresh else 0
            if now != before:
                raise SourceBusyError(
                    "ledger {path} changed while it was backed up",
                    hint="Close the program that writes it and run the backup again; declare a"
                    " database that is always open as a database source.",
                    path=shown(path),
                )


def _files_of(reader: LedgerReader) -> list[Path]:
    """Return the files that a book is read from."""
    match reader:
        case DelimitedReader(files=files):
            return [path for several in files.values() for _, path in several]
        case SqliteReader(path=path):
            return [path, path.with_name(path.name + os.fsdecode(_LOG))]
        case _:
            raise TypeError(type(reader))


def _state(item: Item) -> int:
    """Return what stands for a file's state; a number, since there may be a million of them.

    0 stands for no file, and for an empty log, which a reader may have made.
    """
    if item.size == 0 and item.path.endswith(_LOG):
        return 0
    return hash((item.size, item.mtime_ns, item.change)) or 1
