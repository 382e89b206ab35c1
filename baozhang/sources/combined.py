"""Several sources as one set: each is a folder of its own in the backup.

    {"books": SqliteSource, "files": TreeSource}  ──►  books/ledger.db, files/…, one snapshot

All are frozen before the first is read and stay so until the last has been read, so the set is
as near to one instant as its sources allow.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace as changed
from heapq import merge
from operator import attrgetter
from pathlib import Path

from baozhang.books.model import LedgerReader
from baozhang.books.named import NamedReader
from baozhang.errors import SourceUnreadableError, UsageError
from baozhang.sources.base import (
    Earlier,
    Frozen,
    Inheriting,
    Item,
    Readable,
    Source,
    Trouble,
    shown,
)
from baozhang.sources.placing import in_the_way, is_occupied, require_folder
from baozhang.sources.traits import link_of, with_link


class CombinedSource:
    """Several sources under one name each.

    Args:
        sources: by the name of the folder that each becomes.

    Raises:
        UsageError: a name cannot be a folder's.
    """

    def __init__(self, sources: Mapping[str, Source]) -> None:
        for name in sources:
            if "/" in name or name in {"", ".", ".."}:
                raise UsageError(
                    "{name} cannot be the name of a source",
                    hint="Write a name without a slash.",
                    name=name,
                )
        self._sources = dict(sources)

    @contextmanager
    def freeze(self) -> Iterator["FrozenTogether"]:
        """Freeze all sources, in their order; see `base.Source.freeze`."""
        with ExitStack() as stack:
            frozen = {
                name.encode(): stack.enter_context(source.freeze())
                for name, source in self._sources.items()
            }
            yield FrozenTogether(frozen)

    @contextmanager
    def restored_books(self, restored: Path) -> Iterator[Iterable[LedgerReader]]:
        """Open every source's books in its own folder; see `base.Source.restored_books`."""
        with ExitStack() as stack:
            yield [
                NamedReader(reader, name)
                for name, source in self._sources.items()
                for reader in stack.enter_context(source.restored_books(restored / name))
            ]

    def publish(self, restored: Path, target: Path, *, replace: bool = False) -> Path | None:
        """Publish each source's folder of `restored` below the folder `target`.

        Each part appears whole or not at all, one after the other.  See `base.Source.publish`.

        Returns:
            `target`, when something in it was moved aside, else None.
        """
        require_folder(restored)
        for name in self._sources:
            require_folder(restored / name)
            if not replace and is_occupied(target / name):
                raise in_the_way(target / name)
        target.mkdir(exist_ok=True)
        moved = []
        for name, source in self._sources.items():
            if not os.path.lexists(target / name):
                (target / name).mkdir()
            moved.append(source.publish(restored / name, target / name, replace=replace))
        return target if any(moved) else None


class FrozenTogether:
    """Several frozen sources as one; see `base.Frozen`."""

    def __init__(self, frozen: Mapping[bytes, Frozen]) -> None:
        self._frozen = frozen

    def inherit(self, seen: Earlier, *, before: int) -> None:
        """Tell each source what was below its folder; see `base.Inheriting`."""
        for name, frozen in self._frozen.items():
            if isinstance(frozen, Inheriting):
                frozen.inherit(seen.below(name), before=before)

    def may_be_inherited(self) -> bool:
        """Ask each source that could look; see `base.Inheriting`."""
        each = (one for one in self._frozen.values() if isinstance(one, Inheriting))
        return all(one.may_be_inherited() for one in each)

    def items(self) -> Iterator[Item]:
        """Merge what the sources yield, so that the order holds over all of them."""
        return merge(
            *(_prefixed(name, frozen.items()) for name, frozen in self._frozen.items()),
            key=attrgetter("path"),
        )

    def open(self, item: Item) -> AbstractContextManager[Readable]:
        """Open the item in its own source."""
        _, frozen, inner = self._inner(item)
        return frozen.open(inner)

    def unchanged(self, item: Item) -> bool:
        """Ask the item's own source."""
        _, frozen, inner = self._inner(item)
        return frozen.unchanged(inner)

    def again(self, item: Item) -> Item | None:
        """Ask the item's own source."""
        name, frozen, inner = self._inner(item)
        fresh = frozen.again(inner)
        return fresh and fresh._replace(path=_below(name, fresh.path))

    def ledgers(self) -> Iterator[LedgerReader]:
        """Yield every source's readers; the name of a book begins with its source's."""
        for name, frozen in self._frozen.items():
            for reader in frozen.ledgers():
                yield NamedReader(reader, name.decode())

    def confirm(self) -> None:
        """Ask every source."""
        for frozen in self._frozen.values():
            frozen.confirm()

    def troubles(self) -> tuple[Trouble, ...]:
        """Collect the sources' troubles."""
        return tuple(
            changed(trouble, path=_below(name, trouble.path))
            for name, frozen in self._frozen.items()
            for trouble in frozen.troubles()
        )

    def _inner(self, item: Item) -> tuple[bytes, Frozen, Item]:
        name, _, path = item.path.partition(b"/")
        if name not in self._frozen:
            raise SourceUnreadableError("{path} is in none of the sources", path=shown(item.path))
        return name, self._frozen[name], item._replace(path=path)


def _prefixed(name: bytes, items: Iterator[Item]) -> Iterator[Item]:
    """Move items below a folder; a source without a root of its own gets one."""
    for place, item in enumerate(items):
        if place == 0 and item.path:
            yield Item(name, "dir", 0o700, item.mtime_ns, item.uid, item.gid)
        traits = item.traits
        if link := link_of(traits):
            traits = with_link(traits, _below(name, link))
        yield item._replace(path=_below(name, item.path), traits=traits)


def _below(name: bytes, path: bytes) -> bytes:
    return name + b"/" + path if path else name
