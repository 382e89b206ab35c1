"""A folder as a source: everything in it, read where it lies, and what moved meanwhile noticed.

A folder cannot be held still.  What makes its backup one instant is asked afterwards: a file is
listed with its state, read, and looked at again (`unchanged`); a file that changes is read again.
What is written through a memory mapping may change without a new time: running databases have a
source of their own (`sources.sqlite`).  Folders with books in them: `sources.ledger_tree`.

Nothing is opened but regular files and folders: no link is followed, a pipe or a device is named
as trouble, and nothing that is swapped in between listing and opening leads outside the root.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from baozhang.errors import SourceGoneError, SourceUnreadableError
from baozhang.sources.base import Earlier, Item, Trouble, shown
from baozhang.sources.carrying import carry_over
from baozhang.sources.folders import root_folder
from baozhang.sources.globs import excluder
from baozhang.sources.mounts import present_untrusted_devices
from baozhang.sources.placing import place_tree
from baozhang.sources.walk import Walk

if TYPE_CHECKING:  # who backs up bytes alone loads no books
    from baozhang.books.model import LedgerReader

Excluded = Callable[[bytes], bool]


class TreeSource:
    """Everything below one folder, or one single file.

    Args:
        root: the folder, or a file, which is then the only item; may itself be a link.
        exclude: patterns of what is left out (`sources.globs`), a folder with all in it.

    Raises:
        UsageError: a pattern cannot be read.
    """

    def __init__(self, root: Path, *, exclude: tuple[str, ...] = ()) -> None:
        self._root = root
        self._excluded = excluder(exclude)

    @contextmanager
    def freeze(self) -> Iterator["FrozenTree"]:
        """Open the root; see `base.Source.freeze`."""
        try:
            single = stat.S_ISREG(self._root.stat().st_mode)
            folder = root_folder(self._root.parent if single else self._root)
        except OSError as error:
            gone = isinstance(error, FileNotFoundError)
            raise (SourceGoneError if gone else SourceUnreadableError)(
                "{path} cannot be read: {reason}",
                hint="Check that it exists, is mounted and may be read by this account.",
                path=shown(os.fsencode(self._root)),
                reason=os.strerror(error.errno or 0),
            ) from error
        only = os.fsencode(self._root.name) if single else b""
        untrusted = present_untrusted_devices()
        walk = Walk(folder, only=only, excluded=self._excluded, untrusted=untrusted)
        yield self._frozen(walk)

    def _frozen(self, walk: Walk) -> "FrozenTree":
        return FrozenTree(walk)

    @contextmanager
    def restored_books(self, restored: Path) -> Iterator[Iterable["LedgerReader"]]:  # noqa: ARG002
        """Open nothing: no book is declared here."""
        yield ()

    def publish(self, restored: Path, target: Path, *, replace: bool = False) -> Path | None:
        """Make the folder `restored` appear as `target`; see `base.Source.publish`.

        What the source leaves out and is in use stays in use (`carrying`).
        """
        if self._excluded and replace:
            carry_over(target, restored, self._excluded)
        return place_tree(restored, target, replace=replace)


class FrozenTree:
    """A folder while it is backed up; see `base.Frozen`."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk

    def inherit(self, seen: Earlier, *, before: int) -> None:
        """Look only at the attributes of what may have others now; see `base.Inheriting`."""
        self._walk.inherit(seen, before=before)

    def may_be_inherited(self) -> bool:
        """Tell whether the attributes of all files could be read; see `base.Inheriting`."""
        return self._walk.read_all

    def items(self) -> Iterator[Item]:
        """Walk the folder."""
        return self._walk.items()

    def open(self, item: Item) -> FileIO:
        """Open a file where it was listed, without following links or touching its access time."""
        return self._walk.open(item.path)

    def unchanged(self, item: Item) -> bool:
        """Compare size, mtime and, where trusted, ctime and inode with what was listed."""
        fresh = self._walk.state(item.path)
        return fresh is not None and fresh.same_state(item)

    def again(self, item: Item) -> Item | None:
        """List the file once more; None as well when something else took its name."""
        fresh = self._walk.find(item.path)
        return fresh if fresh is not None and fresh.kind == item.kind else None

    def ledgers(self) -> Iterator["LedgerReader"]:
        """Yield nothing: no book is declared here."""
        return iter(())

    def confirm(self) -> None:
        """Say nothing: each file was looked at again after it was read."""

    def troubles(self) -> tuple[Trouble, ...]:
        """Tell what the walk left out so far."""
        return tuple(self._walk.troubles)
