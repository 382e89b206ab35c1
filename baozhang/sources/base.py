"""The source contract: hold still, then be read.

A source is somewhere a client's books live.  `freeze` holds one consistent instant of it; inside
that `with`, the vault reads items and the books read ledgers, both of the same instant:

    with source.freeze() as frozen:
        for item in frozen.items():             # read; ask `unchanged`, else `again`
        for reader in frozen.ledgers():         # take the proofs
        frozen.confirm()                        # files and proofs show one instant, or it raises

A source that lives (a running database) makes a copy and reads that; a source that only lies
there (a folder) is read in place, and everything that moved meanwhile is noticed and told.

A new source is a module beside this one that passes `tests/contracts/source_contract.py`; the
guide is docs/guides/add-a-source.md.
"""

import stat
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:  # who backs up bytes alone loads no books
    from baozhang.books.model import LedgerReader


Kind = Literal["file", "dir", "symlink"]
KINDS: dict[int, Kind] = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "symlink"}
UNTRUSTED = (0, 0)


class Item(NamedTuple):
    """One thing in a frozen source: a file, a directory, a link, a database image.

    A named tuple, not a dataclass: a listing makes one per file of a client, and a frozen
    dataclass takes five times as long to make (2.7 against 0.5 microseconds).
    """

    path: bytes  # relative, `/`-separated, exactly as the source spells it; unique; b"": the root
    kind: Kind
    mode: int  # permission bits only, 0 … 0o7777
    mtime_ns: int
    uid: int = 0
    gid: int = 0
    size: int = 0  # bytes of a file; 0 for the rest
    target: bytes = b""  # of a symlink
    change: tuple[int, int] = UNTRUSTED
    """What else tells a change: (ctime_ns, inode) on a local file system, 126 bits of a digest of
    a database image, zeros where neither can be trusted (network mounts).  Below 2**64 each."""
    traits: bytes = b""
    """Extended attributes, the first of several names, holes: `sources.traits`; most have none."""

    def same_state(self, other: "Item") -> bool:
        """Tell whether both describe one state of one thing's content."""
        return (self.kind, self.size, self.mtime_ns, self.target, self.change) == (
            other.kind,
            other.size,
            other.mtime_ns,
            other.target,
            other.change,
        )


class Readable(Protocol):
    """An open file; reading may give fewer bytes than were asked for."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Read into the buffer, and return how many bytes; 0 at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something of the source that could not be protected; a backup with any is partial."""

    path: bytes
    reason: Literal["unreadable", "vanished", "changing", "special"]
    detail: str = ""  # the operating system's word, no content


@dataclass(frozen=True, slots=True)
class LedgerSpec:
    """Where in a source books lie, and which profile reads them."""

    profile: str
    glob: str | None = None  # relative to the source's root; None: as the profile says


class Frozen(Protocol):
    """A source at one instant.  Valid only inside the `with` that made it; used by one thread."""

    def items(self) -> Iterator[Item]:
        """Yield every item once, strictly ordered by path bytes, a directory before its content.

        The order is that of `sorted(paths)`, so b"a-b" comes between b"a" and b"a/x".  A folder
        yields itself first, as the item with path b"", so that its mode and time come back too.
        """
        ...

    def open(self, item: Item) -> AbstractContextManager["Readable"]:
        """Open the file for one sequential read; it may be opened again for another.

        It has `item.size` bytes; fewer or more mean that it changed, which `unchanged` will say.
        Read no further than `item.size`: a log may grow faster than it is read.

        Raises:
            SourceUnreadableError: it vanished, is no regular file any more or may not be read;
                the caller goes on without it.
        """
        ...

    def unchanged(self, item: Item) -> bool:
        """Tell whether the file still is what the item says; asked after it was read."""
        ...

    def again(self, item: Item) -> Item | None:
        """Return a fresh item for a file that changed, to be read once more; None: it is gone."""
        ...

    def ledgers(self) -> Iterator["LedgerReader"]:
        """Yield a reader per book over the same instant, for the proofs.

        Raises:
            SourceBusyError: a ledger changed after `items` listed it; transient.
            LedgerFormatError: no book can be found where one is declared.
        """
        ...

    def confirm(self) -> None:
        """Make sure that items and proofs showed one instant; called last, once all is read.

        Raises:
            SourceBusyError: a ledger changed between the reading of its file and of its proof.
        """
        ...

    def troubles(self) -> tuple[Trouble, ...]:
        """Tell what the listing left out so far: special, unreadable and vanished paths.

        What goes wrong in `open` is told by its error and is not repeated here.
        """
        ...


Seen: TypeAlias = tuple[bytes, tuple[int, int], bytes]
"""Path, change and traits of an item as an earlier snapshot holds it."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """Items of an earlier snapshot, in the order of `Frozen.items`; iterated as `Seen`.

    Attributes:
        paths, changes_1, changes_2, traits: a column each, a row per item.
        first, after: the rows that are meant.
        cut: bytes that are left out at the start of each path.
    """

    paths: Sequence[bytes]
    changes_1: Sequence[int]
    changes_2: Sequence[int]
    traits: Sequence[bytes]
    first: int = 0
    after: int | None = None
    cut: int = 0

    def __iter__(self) -> Iterator[Seen]:
        columns = (self.paths, self.changes_1, self.changes_2, self.traits)
        rows = zip(*(islice(each, self.first, self.after) for each in columns), strict=True)
        for path, one, two, traits in rows:
            yield path[self.cut :], (one, two), traits

    def below(self, folder: bytes) -> "Earlier":
        """Return what lies below a folder of the first level, by its path there."""
        first = bisect_left(self.paths, folder + b"/")
        after = bisect_left(self.paths, folder + b"0")  # the sign after the slash
        return replace(self, first=first, after=after, cut=len(folder) + 1)


@runtime_checkable
class Inheriting(Protocol):
    """A frozen source that lists sooner for being told what was there before; most are none."""

    def inherit(self, seen: Earlier, *, before: int) -> None:
        """Take over the attributes of each file whose change is what it was.

        Called before `items`, and not where everything is to be read.

        Args:
            seen: what was there; all attributes were looked at when it was.
            before: ns since 1970; a change from then on may have been followed by another one
                within its time stamp, and tells nothing.
        """
        ...

    def may_be_inherited(self) -> bool:
        """Tell, after `items`, whether the attributes of all files could be read.

        What is taken over counts as read: it could be when it was.
        """
        ...


class Source(Protocol):
    """Somewhere a client's books live."""

    def freeze(self) -> AbstractContextManager[Frozen]:
        """Hold one consistent instant of the source until the `with` ends.

        Raises:
            SourceGoneError: the source is not there.
            SourceUnreadableError: it may not be read.
            SourceBusyError: no consistent instant within the time limit; transient.
        """
        ...

    def restored_books(self, restored: Path) -> AbstractContextManager[Iterable["LedgerReader"]]:
        """Open the books in what a restore of this source's items filled, for their proofs.

        What is no ledger as it lies there (a dump) is loaded into a scratch database, which goes
        when the `with` ends.  The books have the names that `Frozen.ledgers` gave them.

        Raises:
            SourceUnreadableError: it cannot be opened or loaded.
            SourceBusyError: the scratch server does not answer; transient.
        """
        ...

    def publish(self, restored: Path, target: Path, *, replace: bool = False) -> Path | None:
        """Put what was restored where it is used, whole or not at all.

        Args:
            restored: the folder that a restore of this source's items filled; it is used up.
            target: the folder, or the database file, to appear; its parent exists.
            replace: move aside what is at `target` now; without it, nothing may be there.

        Returns:
            Where the replaced data now lies, beside `target`; None when nothing was there.

        Raises:
            UsageError: something is at `target`, and `replace` was not asked for.
            SourceUnreadableError: `restored` does not hold what this source restores, whole.
            SourceBusyError: `target` is in use; transient.
        """
        ...


def shown(path: bytes) -> str:
    """Return a path as people may see it: one line, no control characters, never an error."""
    text = path.decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text) or "."
