"""The set's newest snapshot that can be read: against it the next one is told, file by file.

A file whose size, time and change are what they were then is not read again; its row is taken over.
What lay in a pack that is not there any more counts as changed, so that it is stored again.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from baozhang.errors import CorruptObjectError, ObjectMissingError
from baozhang.sources.base import UNTRUSTED, Frozen, Inheriting
from baozhang.sources.base import Earlier as Known
from baozhang.vault.client import ClientVault
from baozhang.vault.deltas import NONE, aligned, resolved
from baozhang.vault.marks import Marks
from baozhang.vault.moves import followed
from baozhang.vault.names import hash_in
from baozhang.vault.snapshot import ITEMS, KINDS, Manifest, Piece
from baozhang.vault.stores.base import ObjectName

RACY_NS = 2 * 10**9
"""A file written this close to the freeze may change again within its time stamp."""
DAY_NS = 86_400 * 10**9  # also how far a file server's clock may be behind ours
FILE = KINDS.index("file")


@dataclass(frozen=True, slots=True)
class Old:
    """What a file was."""

    size: int
    digest: bytes
    pieces: tuple[Piece, ...]  # of packs by their rows in the earlier manifest


class Earlier:
    """A set's newest readable snapshot.

    Args:
        name: of the manifest that states it: a full one or a delta.
        manifest: what it says.
        full_name: of the full manifest that it stands on.
        full: what that one says.
        full_packs: in which that one's content lies now.
        at: when the source was frozen.
        there: the packs that may be built on.
    """

    def __init__(
        self,
        name: ObjectName,
        manifest: Manifest,
        *,
        full_name: ObjectName,
        full: Manifest,
        full_packs: AbstractSet[bytes],
        at: datetime,
        there: AbstractSet[bytes],
    ) -> None:
        self.name, self.manifest = name, manifest
        self.full_name, self.full, self.full_packs = full_name, full, full_packs
        self.lost = {row for row, pack in enumerate(manifest.packs) if pack not in there}
        self.bears_deltas = full_packs <= there
        self._safe_before = int(at.timestamp() * 10**9) - RACY_NS

    @classmethod
    def load(
        cls,
        side: ClientVault,
        commits: Sequence[ObjectName],
        there: AbstractSet[bytes],
        marks: Marks,
    ) -> "Earlier | None":
        """Return the newest of these commits' snapshots that may be built on; None if none may.

        One that is forgotten may not, nor one whose manifest may go.
        """
        for commit_name in reversed(commits):
            if hash_in(commit_name) in marks.forgotten:
                continue
            with suppress(CorruptObjectError, ObjectMissingError):
                _, commit = side.commit(commit_name)
                found = side.stated(ObjectName(commit.manifest))
                if isinstance(found.content, Manifest):
                    full_name, full = found.names[-1], found.content
                    manifest = full
                else:
                    full_name = found.content.base
                    _, full = side.resolved(full_name)
                    manifest = resolved(full, found.content)
                if not marks.dropped.isdisjoint((*found.names, full_name)):
                    continue
                full_packs = frozenset(followed(full, side.moves).packs)
                manifest = followed(manifest, side.moves)
                return cls(
                    found.names[-1],
                    manifest,
                    full_name=full_name,
                    full=full,
                    full_packs=full_packs,
                    at=datetime.fromisoformat(commit.at),
                    there=there,
                )
        return None

    def bequeath(self, frozen: Frozen) -> None:
        """Tell a source what is known of its items, so that it need not look at them all."""
        mine = self.manifest
        if mine.looked and isinstance(frozen, Inheriting):
            seen = Known(mine.paths, mine.changes_1, mine.changes_2, mine.traits)
            frozen.inherit(seen, before=self._safe_before)

    def repeats(self, listing: Manifest, recipe: str) -> bool:
        """Tell whether a listing, and the recipe of the proofs, are exactly what was there."""
        mine = self.manifest
        equal = all(getattr(mine, name) == getattr(listing, name) for name in ITEMS)
        return equal and mine.recipe == recipe and not self.lost and not self._any_racy(listing)

    def says(self, manifest: Manifest) -> bool:
        """Tell whether it is whole and says of all items and proofs what this one says."""
        mine = self.manifest
        equal = all(getattr(mine, name) == getattr(manifest, name) for name in ITEMS)
        same = equal and mine.recipe == manifest.recipe and not self.lost
        return same and mine.digests == manifest.digests

    def lies_as(self, manifest: Manifest) -> bool:
        """Tell whether its content lies just where this one's does."""
        mine, names = self.manifest, ("packs", "piece_packs", "piece_segments", "piece_offsets")
        equal = all(getattr(mine, name) == getattr(manifest, name) for name in names)
        return equal and mine.piece_lengths == manifest.piece_lengths

    def rows_of(self, listing: Manifest) -> list[int]:
        """Return for each listed row the row of the same path, or NONE."""
        return aligned(self.manifest.paths, listing.paths)

    def unchanged(self, listing: Manifest, rows: Sequence[int]) -> list[int]:
        """Return `rows`, with NONE for what is no file, or may hold something else now."""
        m, found = self.manifest, []
        states = zip(
            *(listing.kinds, listing.sizes, listing.mtimes, listing.changes_1, listing.changes_2),
            strict=True,
        )
        for row, (kind, size, mtime, *change) in zip(rows, states, strict=True):
            same = (
                row != NONE
                and kind == m.kinds[row] == FILE
                and size == m.sizes[row]
                and mtime == m.mtimes[row]
                and change == [m.changes_1[row], m.changes_2[row]]
                and not self._racy(mtime, change)
                and not self._is_lost(row)
            )
            found.append(row if same else NONE)
        return found

    def old(self, row: int) -> Old | None:
        """Return what a file was; None for what was none, was empty, or is lost."""
        m = self.manifest
        if row == NONE or m.kinds[row] != FILE or not m.sizes[row] or self._is_lost(row):
            return None
        return Old(m.sizes[row], m.digest(row), m.pieces(row))

    def _any_racy(self, listing: Manifest) -> bool:
        """Tell whether any file's time is too near the freeze to be believed."""
        changes = listing.changes_1
        if max(listing.mtimes, default=0) < self._safe_before - DAY_NS:
            return max(changes, default=0) >= self._safe_before and any(
                self._safe_before <= change < self._safe_before + DAY_NS for change in changes
            )
        states = zip(listing.kinds, listing.mtimes, changes, listing.changes_2, strict=True)
        return any(kind == FILE and self._racy(mtime, change) for kind, mtime, *change in states)

    def _racy(self, mtime: int, change: Sequence[int]) -> bool:
        trusted = tuple(change) != UNTRUSTED
        safe_before = self._safe_before - (0 if trusted else DAY_NS)
        return mtime >= safe_before or self._safe_before <= change[0] < self._safe_before + DAY_NS

    def _is_lost(self, row: int) -> bool:
        return bool(self.lost) and any(p.pack in self.lost for p in self.manifest.pieces(row))
