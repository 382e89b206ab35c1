"""An inbox as a source: of everything delivered there, the newest whole drop of each label.

    main/t3-006-20261121-123000/…   older                     ──►  nothing
    main/t3-006-20261122-123000/…   whole, the newest         ──►  t3-006/…
    main/t3-006-20261122-170000.part/…   on its way           ──►  nothing

Labels stand in the backup without their stamp, so that a book keeps its name from night to night
and bytes that did not change are not stored again.  A set of closes (结账) works the same way: its
labels are periods, and each period's newest drop is in the backup.

Nothing of a drop that is not whole (`sources.drops`) is ever taken: every byte was hashed against
its list before the backup begins, and a drop that moves meanwhile ends the backup.  Where an older
drop is taken because a newer one is damaged, that one is told: the backup is partial.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from baozhang.books.model import LedgerReader
from baozhang.clock import Clock, system_clock
from baozhang.errors import BaozhangError, SourceBusyError, SourceGoneError, SourceUnreadableError
from baozhang.sources.base import UNTRUSTED, Frozen, Item, LedgerSpec, Trouble
from baozhang.sources.combined import CombinedSource, FrozenTogether
from baozhang.sources.drops import (
    DAMAGED,
    FAULT_TEMPLATES,
    Contents,
    Drop,
    Fault,
    Inbox,
    NotWhole,
    look_at,
    newest_first,
    open_drop,
    read_inbox,
    require_hashes,
    require_past,
)
from baozhang.sources.ledger_tree import FrozenLedgerTree, LedgerTreeSource
from baozhang.sources.opaque import require_sound
from baozhang.sources.placing import place_tree, require_folder
from baozhang.sources.walk import Walk

_Faults = tuple[tuple[Drop, Fault], ...]
"""What keeps a label's drops from being whole, the newest first; never empty."""

_HALF = 2**63  # what tells a change is two numbers below 2**64


class InboxSource:
    """What was delivered for one set of one client.

    Args:
        folder: where its drops lie, `<inbox>/<client>/<set>`.
        ledgers: which profiles read its books; globs are relative to a label's folder.
        expected: labels that must be there; one without a whole drop makes the backup partial.
        verified: a file that remembers which drops were hashed and found right, so that a drop
            that lies there for a week is read once; None: hash every time.
        clock: the present instant.
    """

    def __init__(
        self,
        folder: Path,
        *,
        ledgers: tuple[LedgerSpec, ...] = (),
        expected: tuple[str, ...] = (),
        verified: Path | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._folder = folder
        self._ledgers = ledgers
        self._expected = expected
        self._verified = verified
        self._clock = clock

    @contextmanager
    def freeze(self) -> Iterator[Frozen]:
        """Find the newest whole drop of each label and hash what is new; see `base.Source.freeze`.

        Raises:
            SourceBusyError: no drop is whole, and one is on its way or its book is open.
            SourceUnreadableError: no drop is whole, for another reason; or nothing came at all.
        """
        inbox = read_inbox(self._folder)
        chosen, faults = self._choose(inbox)
        if not chosen:
            raise self._nothing_whole(inbox, faults)
        lacking = sorted({*faults, *self._expected} - {*chosen})
        told = [_lacking(label, faults.get(label)) for label in lacking]
        told += filter(None, (_passed_over(faults.get(label, ())) for label in chosen))
        sources = {
            label: _DropSource(drop, contents, self._ledgers)
            for label, (drop, contents) in chosen.items()
        }
        with ExitStack() as stack:
            frozen: dict[bytes, Frozen] = {
                label.encode(): stack.enter_context(source.freeze())
                for label, source in sources.items()
            }
            yield _FrozenInbox(frozen, told)

    @contextmanager
    def restored_books(self, restored: Path) -> Iterator[Iterable[LedgerReader]]:
        """Open the books below each label; see `base.Source.restored_books`."""
        require_folder(restored)
        labels = sorted(path for path in restored.iterdir() if path.is_dir())
        sources = {path.name: LedgerTreeSource(path, ledgers=self._ledgers) for path in labels}
        with CombinedSource(sources).restored_books(restored) as books:
            yield books

    def publish(self, restored: Path, target: Path, *, replace: bool = False) -> Path | None:
        """Make the folder `restored` appear as `target`; see `base.Source.publish`."""
        return place_tree(restored, target, replace=replace)

    def _choose(self, inbox: Inbox) -> tuple[dict[str, tuple[Drop, Contents]], dict[str, _Faults]]:
        """Return each label's newest whole drop, and what is wrong with those newer than that."""
        known = self._known()
        chosen: dict[str, tuple[Drop, Contents]] = {}
        faults: dict[str, _Faults] = {}
        for label, drops in newest_first(inbox.drops):
            for drop in drops:
                try:
                    require_past(drop, self._clock())
                    chosen[label] = drop, _whole(drop, known)
                    break
                except NotWhole as error:
                    faults[label] = (*faults.get(label, ()), (drop, error.fault))
        self._remember(known, [contents for _, contents in chosen.values()])
        return chosen, faults

    def _nothing_whole(self, inbox: Inbox, faults: dict[str, _Faults]) -> BaozhangError:
        firsts = [each[0] for each in faults.values()]
        newest = max(firsts, key=lambda fault: fault[0].at, default=None)
        tried = max(inbox.attempts.values(), key=lambda attempt: attempt.at, default=None)
        if tried and tried.state != "ok" and (newest is None or tried.at >= newest[0].at):
            return _not_delivered(self._folder.name, busy=tried.state == "busy")
        if newest is None:
            return SourceGoneError(
                "nothing has arrived in the inbox folder {folder}",
                hint="Switch the computer on that delivers it, and look at the script's log there.",
                folder=self._folder.name,
            )
        return _not_whole(*newest)

    def _known(self) -> frozenset[str]:
        if self._verified is None:
            return frozenset()
        try:
            return frozenset(self._verified.read_text("ascii").split())
        except (OSError, UnicodeDecodeError):
            return frozenset()

    def _remember(self, known: frozenset[str], contents: list[Contents]) -> None:
        states = {each.state for each in contents}
        if self._verified is None or states == known:
            return
        with suppress(OSError):  # forgotten is only read once more
            fresh = self._verified.with_name(self._verified.name + ".new")
            fresh.write_text("\n".join(sorted(states)), "ascii")
            fresh.replace(self._verified)


class _DropSource(LedgerTreeSource):
    """One whole drop."""

    def __init__(self, drop: Drop, contents: Contents, ledgers: tuple[LedgerSpec, ...]) -> None:
        super().__init__(drop.place, ledgers=ledgers)
        self._drop = drop
        self._contents = contents

    @contextmanager
    def freeze(self) -> Iterator["_FrozenDrop"]:
        """Open the drop's folder."""
        try:
            walk = open_drop(self._drop)
        except OSError as error:
            raise _moved(self._drop) from error
        require_sound(walk)
        yield _FrozenDrop(self._drop, walk, self._contents, self._ledgers)


class _FrozenDrop(FrozenLedgerTree):
    """A drop while it is backed up; any movement in it ends the backup."""

    def __init__(
        self, drop: Drop, walk: Walk, contents: Contents, ledgers: tuple[LedgerSpec, ...]
    ) -> None:
        super().__init__(drop.place, walk, None, ledgers)
        self._drop = drop
        self._contents = contents

    def items(self) -> Iterator[Item]:
        """Walk the drop; its files are told apart by their digests, whatever the file system."""
        for item in super().items():
            yield self._told(item)

    def unchanged(self, item: Item) -> bool:
        """Compare with what was listed."""
        fresh = self._walk.find(item.path)
        return fresh is not None and self._told(fresh) == item

    def again(self, item: Item) -> Item | None:
        """List the file once more; what changed in a drop that was whole is never taken."""
        fresh = self._walk.find(item.path)
        if fresh is not None and self._told(fresh) != item:
            raise _moved(self._drop)
        return fresh and self._told(fresh)

    def confirm(self) -> None:
        """Look at the whole drop once more."""
        try:
            now = look_at(self._drop)
        except NotWhole as error:
            raise _moved(self._drop) from error
        if now.state != self._contents.state:
            raise _moved(self._drop)

    def _told(self, item: Item) -> Item:
        """Return an item as the backup knows it: nothing in it changes with the drop's own name."""
        digest = self._contents.digests.get(item.path)
        if digest is None:
            return item._replace(mtime_ns=self._contents.newest_ns, change=UNTRUSTED)
        high, low = int.from_bytes(digest[:8]), int.from_bytes(digest[8:16])
        return item._replace(change=(high % _HALF, low % _HALF))


class _FrozenInbox(FrozenTogether):
    """Every label's drop, and what is told of labels without one and of damaged drops."""

    def __init__(self, frozen: dict[bytes, Frozen], told: list[Trouble]) -> None:
        super().__init__(frozen)
        self._told = tuple(told)

    def troubles(self) -> tuple[Trouble, ...]:
        """Tell what the drops left out, which labels are not there, which drops are damaged."""
        return (*self._told, *super().troubles())


def _whole(drop: Drop, known: frozenset[str]) -> Contents:
    """Return what a whole drop holds; its files are read unless they were before.

    Raises:
        NotWhole: it is not whole.
    """
    contents = look_at(drop)
    if contents.state not in known:
        require_hashes(drop, contents)
    return contents


def _lacking(label: str, faults: _Faults | None) -> Trouble:
    detail = FAULT_TEMPLATES[faults[0][1]] if faults else "nothing has arrived"
    return Trouble(label.encode(), "unreadable", detail)


def _passed_over(faults: _Faults) -> Trouble | None:
    """Return what is told of the newest damaged drop where an older one is in the backup."""
    for drop, fault in faults:
        if fault in DAMAGED:
            return Trouble(drop.name.encode(), "unreadable", FAULT_TEMPLATES[fault])
    return None


def _not_whole(drop: Drop, fault: Fault) -> BaozhangError:
    """Return why nothing is backed up, where the newest drop is not whole and no other is."""
    if fault == "arriving":
        return SourceBusyError(
            "inbox drop {drop} is still being written",
            hint="Wait until the script is done; if it broke off, run it again.",
            drop=drop.name,
        )
    return SourceUnreadableError(
        "inbox drop {drop} is not complete: {reason}",
        hint="Run the script on the delivering computer again; `sha256sum -c {drop}.sha256` in the "
        "inbox folder names the file.",
        drop=drop.name,
        reason=FAULT_TEMPLATES[fault],
    )


def _not_delivered(folder: str, *, busy: bool) -> BaozhangError:
    """Return what the script said of itself."""
    if busy:
        return SourceBusyError(
            "nothing could be delivered to the inbox folder {folder}: the book is open",
            hint="Close the accounting program on the delivering computer and run its script "
            "again.",
            folder=folder,
        )
    return SourceUnreadableError(
        "the script that delivers to the inbox folder {folder} failed",
        hint="Look at the script's log on the delivering computer.",
        folder=folder,
    )


def _moved(drop: Drop) -> SourceBusyError:
    return SourceBusyError(
        "inbox drop {drop} changed while it was backed up",
        hint="Run the backup again; nothing may write into a drop that has its final name.",
        drop=drop.name,
    )
