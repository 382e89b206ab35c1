"""A folder with books in it: as `sources.tree`, and its ledgers held to one instant.

A ledger is looked at before its proof is taken, and once more after (`confirm`).  One that changed
makes the backup a transient failure: files and proofs would not show one instant.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from baozhang.books.model import LedgerReader
from baozhang.books.profiles import load_profile
from baozhang.books.reading import open_books
from baozhang.errors import SourceBusyError, UsageError
from baozhang.sources.base import Item, LedgerSpec, shown
from baozhang.sources.folders import Folders
from baozhang.sources.tree import Excluded, FrozenTree, TreeSource
from baozhang.sources.walk import Walk

_LOG = b"-wal"  # beside an SQLite database: commits that are not yet in it


class LedgerTreeSource(TreeSource):
    """Everything below one folder, or one single file, with books in it.

    Args:
        root: the folder, or a file, which is then the only item; may itself be a link.
        exclude: patterns of what is left out (`sources.globs`), a folder with all in it.
        ledgers: where its books lie.

    Raises:
        UsageError: a pattern cannot be read.
    """

    def __init__(
        self, root: Path, *, exclude: tuple[str, ...] = (), ledgers: tuple[LedgerSpec, ...]
    ) -> None:
        super().__init__(root, exclude=exclude)
        self._ledgers = ledgers

    @contextmanager
    def restored_books(self, restored: Path) -> Iterator[Iterable[LedgerReader]]:
        """Open the books where they lie; see `base.Source.restored_books`."""
        yield [
            reader
            for spec in self._ledgers
            for reader in open_books(load_profile(spec.profile), restored, spec.glob)
        ]

    def _frozen(self, walk: Walk) -> "FrozenLedgerTree":
        return FrozenLedgerTree(self._root, walk, self._excluded, self._ledgers)


class FrozenLedgerTree(FrozenTree):
    """A folder with books while it is backed up; see `base.Frozen`."""

    def __init__(
        self,
        root: Path,
        walk: Walk,
        excluded: Excluded | None,
        ledgers: tuple[LedgerSpec, ...],
    ) -> None:
        super().__init__(walk)
        self._root = root
        self._excluded = excluded
        self._ledgers = ledgers
        self._states: dict[bytes, int] = {}  # of the files listed, where a book is to be guarded
        self._guarded: set[bytes] = set()
        self._listed = False

    def items(self) -> Iterator[Item]:
        """Walk the folder."""
        return self._remembering(self._walk.items())

    def again(self, item: Item) -> Item | None:
        """List the file once more; None as well when something else took its name."""
        fresh = super().again(item)
        if fresh is not None and item.path in self._states:
            self._states[item.path] = _state(fresh)
        return fresh

    def ledgers(self) -> Iterator[LedgerReader]:
        """Open the books in place; each is looked at before and after it is read."""
        if not self._listed:
            for _ in self.items():
                pass
        for spec in self._ledgers:
            for reader in open_books(load_profile(spec.profile), self._root, spec.glob):
                paths = {self._below_root(file) for file in reader.files}
                self._check(paths)
                self._guarded |= paths
                yield reader
                self._check(paths)

    def confirm(self) -> None:
        """Look once more at every file that `ledgers` gave out."""
        self._check(self._guarded)

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


def _state(item: Item) -> int:
    """Return what stands for a file's state; a number, since there may be a million of them.

    0 stands for no file, and for an empty log, which a reader may have made.
    """
    if item.size == 0 and item.path.endswith(_LOG):
        return 0
    return hash((item.size, item.mtime_ns, item.change)) or 1
