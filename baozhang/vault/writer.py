"""Backing up: from a frozen source to a commit.

    items ─► unchanged? ─yes─► pieces of the snapshot before
                └─no─► read ─► cut ─► known? ─yes─► pieces already stored
                                        └─no─► segments ─► packs
    packs durable ─► index ─► manifest (with proofs) ─► commit

One thread reads, hashes and cuts; others compress and decompress again; one more waits for the
store.  Memory is bounded by the segments and packs in flight, whatever the source's size.

A backup never builds on damage: an index or a snapshot that does not open is passed over, and what
lay in a pack that is not there any more is read and stored again.
"""

import os
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from blake3 import blake3

from baozhang.errors import CorruptObjectError, ObjectMissingError, SourceUnreadableError
from baozhang.sources.base import UNTRUSTED, Frozen, Item, Trouble, shown
from baozhang.vault.chunker import Grouping, cut, grouping
from baozhang.vault.client import WRITER, ClientVault
from baozhang.vault.commit import Commit, encode_commit, snapshot_of
from baozhang.vault.index import Extent, decode_index, encode_index
from baozhang.vault.model import BackupReceipt, Progress, Report, silent
from baozhang.vault.names import hash_in, hash_of, sequence_in
from baozhang.vault.packing import Packer
from baozhang.vault.sealing import Kind
from baozhang.vault.snapshot import HASH, NO_HASH, Manifest, Piece, encode_full, encode_same
from baozhang.vault.stores.base import ObjectName

RACY_NS = 2 * 10**9
"""A file written this close to the freeze may change again within its time stamp."""
DAY_NS = 86_400 * 10**9  # also how far a file server's clock may be behind ours
TRIES = 3  # readings of a file that keeps changing
PENDING = 0xFFFFFFFF  # pack row of a piece whose pack is not finished yet


@dataclass(frozen=True, slots=True)
class Proving:
    """How the set's books are proven.

    `recipe` names what the proofs depend on besides the books (profiles, proof version): an
    unchanged set inherits its proofs only while the recipe is the same.
    """

    recipe: str
    take: Callable[[], Mapping[str, bytes]]


NO_PROOFS = Proving("", dict)


def back_up(
    side: ClientVault,
    frozen: Frozen,
    *,
    set_name: str,
    at: datetime,
    proving: Proving = NO_PROOFS,
    reread: bool = False,
    report: Report = silent,
) -> BackupReceipt:
    """Store what a source holds at one instant, and commit it as the set's next snapshot.

    Args:
        side: the client's part of the vault.
        frozen: the source, held still.
        set_name: the set that is backed up.
        at: the instant of the freeze, UTC.
        proving: takes the proofs of the books from the same instant.
        reread: read every file, trusting no time stamp.
        report: is told of progress in bytes.

    Raises:
        StoreUnreachableError, StoreFullError: nothing is committed; stored packs are found again.
        SourceBusyError: a ledger changed while its proof was taken; try again.
    """
    work = _Backup(side, frozen, set_name, at, report)
    return work.run(proving, reread=reread)


class _Backup:
    def __init__(
        self, side: ClientVault, frozen: Frozen, set_name: str, at: datetime, report: Report
    ) -> None:
        self._side, self._frozen, self._set, self._at = side, frozen, set_name, at
        self._report = report
        self._packer = Packer(side)
        self._manifest = Manifest()
        self._pack_rows: dict[bytes, int] = {}
        self._there: set[bytes] = set()  # packs
        self._known: dict[bytes, Extent] = {}
        self._fresh: dict[bytes, tuple[int, int, int]] = {}  # id to handle, offset, length
        self._troubles: list[Trouble] = []
        self._read = self._done = self._total = 0

    def run(self, proving: Proving, *, reread: bool) -> BackupReceipt:
        before = self._side.commit_names(self._set)
        self._there = self._side.packs()
        base = _Base.load(self._side, before, self._there)
        try:
            self._store_items(base, reread=reread)
            self._packer.finish()
        finally:
            self._packer.close()
        self._place_pending()
        if base is not None and not base.says(self._manifest, proving.recipe):
            base = None
        self._manifest.recipe = proving.recipe
        self._manifest.proofs = base.manifest.proofs if base else dict(proving.take())
        self._frozen.confirm()
        return self._commit(base, before)

    # --- reading ---------------------------------------------------------------------------------

    def _store_items(self, base: "_Base | None", *, reread: bool) -> None:
        items = list(self._frozen.items())
        self._total = sum(item.size for item in items)
        for item in items:
            row = None if base is None or reread else base.unchanged(item)
            if item.kind != "file":
                self._manifest.add(item, NO_HASH, ())
            elif base is not None and row is not None:
                self._manifest.add(item, base.digest(row), self._repeat(base, row))
                self._tell(item.size)
            else:
                self._store_file(item)
        self._troubles += self._frozen.troubles()

    def _repeat(self, base: "_Base", row: int) -> list[Piece]:
        packs = base.manifest.packs
        return [Piece(self._pack_row(packs[piece.pack]), *piece[1:]) for piece in base.pieces(row)]

    def _store_file(self, item: Item) -> None:
        present: Item | None = item
        for _ in range(TRIES):
            if present is None:
                break
            try:
                digest, pieces, size = self._read_file(present)
            except SourceUnreadableError as error:
                reason = str(error.facts.get("reason", "unreadable"))
                self._troubles.append(Trouble(item.path, "unreadable", reason))
                return
            if self._frozen.unchanged(present):
                self._manifest.add(replace_size(present, size), digest, pieces)
                return
            last, present = present, self._frozen.again(present)
        if present is None:
            self._troubles.append(Trouble(item.path, "vanished"))
            return
        self._manifest.add(replace_size(last, size), digest, pieces)
        self._troubles.append(Trouble(item.path, "changing"))

    def _read_file(self, item: Item) -> tuple[bytes, list[Piece], int]:
        whole, pieces, size = blake3(), [], 0
        group: Grouping | None = None
        with self._frozen.open(item) as stream:
            for extent in _readable(cut(stream, item.size), item.path):
                group = group or grouping(extent)
                whole.update(extent)
                pieces.append(self._store_extent(extent, group))
                size += len(extent)
                self._tell(len(extent))
        self._read += size
        return whole.digest(), pieces, size

    def _store_extent(self, extent: memoryview, group: Grouping) -> Piece:
        self._load_known()
        name = blake3(extent, key=self._side.id_key).digest()
        known = self._known.get(name)
        if known is not None:
            return Piece(self._pack_row(known.pack), known.segment, known.offset, known.length)
        fresh = self._fresh.get(name)
        if fresh is None:
            fresh = self._fresh[name] = (*self._packer.add(extent, group), len(extent))
        handle, offset, length = fresh
        return Piece(PENDING, handle, offset, length)

    def _load_known(self) -> None:
        """Load the client's indexes on the first new extent: a quiet night needs none."""
        if self._known or self._fresh:
            return
        for _, commit in self._side.chain():
            for name in commit.indexes:
                with suppress(CorruptObjectError, ObjectMissingError):  # costs space, never data
                    found = decode_index(self._side.read(Kind.INDEX, ObjectName(name)))
                    self._known |= {i: e for i, e in found.items() if e.pack in self._there}

    def _tell(self, count: int) -> None:
        self._done += count
        self._report(Progress("reading", self._done, self._total))

    # --- writing ---------------------------------------------------------------------------------

    def _pack_row(self, pack: bytes) -> int:
        row = self._pack_rows.get(pack)
        if row is None:
            row = self._pack_rows[pack] = len(self._manifest.packs)
            self._manifest.packs.append(pack)
        return row

    def _place_pending(self) -> None:
        """Say for each pending piece which segment of which pack it came to lie in."""
        manifest = self._manifest
        for at, row in enumerate(manifest.piece_packs):
            if row == PENDING:
                pack, segment = self._packer.where(manifest.piece_segments[at])
                manifest.piece_packs[at] = self._pack_row(pack)
                manifest.piece_segments[at] = segment

    def _commit(self, same_as: "_Base | None", before: list[ObjectName]) -> BackupReceipt:
        side, set_hex = self._side, self._side.set_pseudonym(self._set)
        newest = sequence_in(before[-1]) if before else 0
        previous = tuple(hash_in(n) for n in before if sequence_in(n) == newest)
        sequence = newest + 1
        indexes, added = self._write_index()
        plain = encode_same(same_as.name) if same_as else encode_full(self._manifest)
        manifest = side.seal(Kind.MANIFEST, plain)
        manifest_name = side.space.manifest(set_hex, sequence, manifest)
        side.store.put(manifest_name, manifest)
        packs = self._packer.packs
        commit = Commit(
            client=side.client,
            set=self._set,
            sequence=sequence,
            previous=previous,
            manifest=manifest_name,
            same=same_as is not None,
            indexes=indexes,
            packs=packs,
            at=self._at.isoformat(),
            files=self._manifest.files,
            size=self._manifest.content,
            added=added + len(manifest) + sum(size for _, size in packs),
            partial=bool(self._troubles),
            books=tuple(self._manifest.proofs),
            writer=WRITER,
        )
        sealed = side.seal(Kind.COMMIT, encode_commit(commit))
        digest = hash_of(sealed)
        side.store.put(side.space.commit(set_hex, sequence, digest), sealed)
        return BackupReceipt(
            snapshot=snapshot_of(commit, digest),
            bytes_read=self._read,
            bytes_added=commit.added + len(sealed),
            unchanged=same_as is not None,
            troubles=tuple(self._troubles),
        )

    def _write_index(self) -> tuple[tuple[str, ...], int]:
        if not self._fresh:
            return (), 0
        where = self._packer.where
        extents = {
            name: Extent(*where(handle), offset, length)
            for name, (handle, offset, length) in self._fresh.items()
        }
        sealed = self._side.seal(Kind.INDEX, encode_index(extents))
        name = self._side.space.index(sealed)
        self._side.store.put(name, sealed)
        return (name,), len(sealed)


def _readable(extents: Iterator[memoryview], path: bytes) -> Iterator[memoryview]:
    """Yield a file's extents; a disk that cannot read one costs that file, not the backup."""
    try:
        yield from extents
    except OSError as error:
        raise SourceUnreadableError(
            "{path} cannot be read: {reason}",
            hint="Check that it is there and may be read by this account.",
            path=shown(path),
            reason=os.strerror(error.errno or 0),
        ) from error


def replace_size(item: Item, size: int) -> Item:
    """Return the item with the number of bytes that were really read."""
    return item if item.size == size else item._replace(size=size)


CONTENT = (
    *("paths", "targets", "kinds", "modes", "mtimes", "uids", "gids", "sizes"),
    *("changes_1", "changes_2", "digests"),
)
"""The columns that say what a set holds, as opposed to where its bytes lie."""


class _Base:
    """The set's newest snapshot that can be read, against which files are compared."""

    def __init__(
        self, name: ObjectName, manifest: Manifest, at: datetime, there: set[bytes]
    ) -> None:
        self.name, self.manifest = name, manifest
        self._lost = {row for row, pack in enumerate(manifest.packs) if pack not in there}
        self._rows = {path: row for row, path in enumerate(manifest.paths)}
        self._starts = _starts(manifest.counts)
        self._safe_before = int(at.timestamp() * 10**9) - RACY_NS
        self._racy = range(self._safe_before, self._safe_before + DAY_NS)  # of change times

    @classmethod
    def load(cls, side: ClientVault, before: list[ObjectName], there: set[bytes]) -> "_Base | None":
        for commit_name in reversed(before):
            with suppress(CorruptObjectError, ObjectMissingError):
                _, commit = side.commit(commit_name)
                name, manifest = side.full_manifest(ObjectName(commit.manifest))
                return cls(name, manifest, datetime.fromisoformat(commit.at), there)
        return None

    def unchanged(self, item: Item) -> int | None:
        """Return the row of a file whose content is there and cannot have changed, else None."""
        row = self._rows.get(item.path)
        if row is None or item.kind != "file" or item.size != self.manifest.sizes[row]:
            return None
        m = self.manifest
        before = (m.mtimes[row], m.changes_1[row], m.changes_2[row])
        same = m.kinds[row] == 0 and (item.mtime_ns, *item.change) == before
        safe_before = self._safe_before - (DAY_NS if item.change == UNTRUSTED else 0)
        racy = item.mtime_ns >= safe_before or item.change[0] in self._racy
        return row if same and not racy and self._is_there(row) else None

    def _is_there(self, row: int) -> bool:
        return not self._lost or all(piece.pack not in self._lost for piece in self.pieces(row))

    def digest(self, row: int) -> bytes:
        return bytes(self.manifest.digests[row * HASH : (row + 1) * HASH])

    def pieces(self, row: int) -> list[Piece]:
        m, start, end = self.manifest, self._starts[row], self._starts[row + 1]
        columns = (m.piece_packs, m.piece_segments, m.piece_offsets, m.piece_lengths)
        return [Piece(*values) for values in zip(*(c[start:end] for c in columns), strict=True)]

    def says(self, other: Manifest, recipe: str) -> bool:
        """Tell whether it is whole and says of every item, and of the proofs, what `other` says."""
        mine = self.manifest
        equal = all(getattr(mine, name) == getattr(other, name) for name in CONTENT)
        return equal and mine.recipe == recipe and not self._lost


def _starts(counts: "array[int]") -> list[int]:
    return list(accumulate(counts, initial=0))
