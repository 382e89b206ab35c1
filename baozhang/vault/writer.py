"""Backing up: from a frozen source to a commit.

    items ─► all as before? ─yes─────────────────────────────► manifest (same) ─► commit
               └─no─► unchanged? ─yes─► row of the snapshot before
                         └─no─► read ─► old pieces, or cut ─► extents ─► segments ─► packs
    packs durable ─► index ─► manifest (full or delta, with proofs) ─► commit

One thread reads, hashes and cuts; others compress and decompress again; one more waits for the
store.  Memory is bounded by the segments and packs in flight, whatever a file's size.

A backup never builds on damage: an index or a snapshot that does not open is passed over, and what
lay in a pack that is not there any more is read and stored again.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from baozhang.errors import SourceBusyError, SourceUnreadableError
from baozhang.sources.base import Frozen, Inheriting, Item, Trouble
from baozhang.sources.traits import link_of, with_link
from baozhang.vault.client import WRITER, ClientVault
from baozhang.vault.commit import Commit, encode_commit, snapshot_of
from baozhang.vault.deltas import NONE, difference, runs
from baozhang.vault.earlier import Earlier, Old
from baozhang.vault.extents import Extents
from baozhang.vault.linking import drop_false_links, firsts_of, settle_links
from baozhang.vault.model import BackupReceipt, Progress, Report, silent
from baozhang.vault.names import hash_in, hash_of, sequence_in
from baozhang.vault.packing import Packer
from baozhang.vault.pagemarks import PageMarks
from baozhang.vault.patches import Patch, Told
from baozhang.vault.sealing import Kind
from baozhang.vault.snapshot import NO_HASH, Manifest, encode_delta, encode_full, encode_same
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.storing import FileStore, Stored

TRIES = 3  # readings of a file that keeps changing
DELTA = 0.5  # of the weight of a full manifest; a delta of more is none
ROW = 32  # bytes that a row, or a piece, takes in a stored manifest: most of it is a hash
SMALLER = 4  # times, that a whole proof is where it is stored: most of it are marks in hex


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
    cache: Path | None = None,
    report: Report = silent,
) -> BackupReceipt:
    """Store what a source holds at one instant, and commit it as the set's next snapshot.

    Args:
        side: the client's part of the vault.
        frozen: the source, held still.
        set_name: the set that is backed up.
        at: the instant of the freeze, UTC.
        proving: takes the proofs of the books from the same instant.
        reread: read every file whole, trusting no time stamp, no cache and no earlier content.
        cache: a folder for page marks, which make the next backup of databases small; disposable.
        report: is told of progress in bytes.

    Raises:
        StoreUnreachableError, StoreFullError: nothing is committed; stored packs are found again.
        SourceBusyError: a ledger changed while its proof was taken; try again.
    """
    backup = _Backup(side, frozen, set_name, at, PageMarks(cache, side, set_name), report)
    return backup.run(proving, reread=reread)


class _Backup:
    def __init__(
        self,
        side: ClientVault,
        frozen: Frozen,
        set_name: str,
        at: datetime,
        marks: PageMarks,
        report: Report,
    ) -> None:
        self._side, self._frozen, self._set, self._at = side, frozen, set_name, at
        self._marks, self._report = marks, report
        self._commits = side.commit_names(set_name)
        self._manifest = Manifest()  # the listing, to whose rows the content is added
        self._pack_rows: dict[bytes, int] = {}
        self._fresh_marks: dict[bytes, bytes] = {}
        self._troubles: list[Trouble] = []
        self._firsts: dict[bytes, tuple[Item, Stored] | None] = {}  # files of several names
        self._read = self._done = self._total = 0

    def run(self, proving: Proving, *, reread: bool) -> BackupReceipt:
        marks = self._side.marks()
        there = self._side.packs() - {bytes.fromhex(hash_in(name)) for name in marks.dropped}
        earlier = Earlier.load(self._side, self._commits, there, marks)
        if earlier is not None and not reread:
            earlier.bequeath(self._frozen)
        self._manifest.list_items(self._frozen.items())
        settle_links(self._manifest)
        if earlier is not None and not reread and earlier.repeats(self._manifest, proving.recipe):
            self._troubles += self._frozen.troubles()
            self._frozen.confirm()
            return self._commit(earlier.manifest, _same(earlier), _Added())
        added = self._store(earlier, there, reread=reread)
        manifest = self._manifest
        manifest.recipe = proving.recipe
        manifest.looked = isinstance(self._frozen, Inheriting) and self._frozen.may_be_inherited()
        found_so = not reread or (earlier is not None and earlier.lies_as(manifest))
        if earlier is not None and found_so and earlier.says(manifest):
            self._frozen.confirm()
            return self._commit(earlier.manifest, _same(earlier), added)
        manifest.proofs = dict(proving.take())
        self._frozen.confirm()
        said = _said(manifest, None if reread else earlier, self._sequence)
        return self._commit(manifest, said, added)

    # --- reading ---------------------------------------------------------------------------------

    def _store(self, earlier: Earlier | None, there: set[bytes], *, reread: bool) -> "_Added":
        if earlier is not None:
            self._manifest.packs = list(earlier.manifest.packs)
            self._pack_rows = {pack: row for row, pack in enumerate(self._manifest.packs)}
        packer = Packer(self._side, fine=earlier is not None)
        extents = Extents(self._side, packer, there, self._pack_row)
        files = FileStore(extents, self._marks, self._tell)
        try:
            self._store_rows(files, None if reread else earlier)
            packer.finish()
        finally:
            packer.close()
        extents.place(self._manifest)
        self._manifest.drop_unused_packs()
        indexes, index_size = extents.write_index()
        return _Added(indexes, index_size, packer.packs)

    def _store_rows(self, files: FileStore, earlier: Earlier | None) -> None:
        manifest, missing = self._manifest, list[int]()
        self._total = sum(manifest.sizes)
        self._firsts = dict.fromkeys(firsts_of(manifest))
        rows = unchanged = [NONE] * len(manifest)
        known: dict[bytes, bytes] = {}
        if earlier is not None:
            rows = earlier.rows_of(manifest)
            unchanged = earlier.unchanged(manifest, rows)
            known = self._marks.load(earlier.name)
        for run, before in runs(unchanged):
            if earlier is not None and before is not None:
                manifest.take_content(earlier.manifest, before)
                self._keep_marks(run, known)
                self._tell(sum(manifest.sizes[run.start : run.stop]))
                continue
            for row in run:
                old = earlier.old(rows[row]) if earlier is not None else None
                if not self._store_row(files, row, old, known):
                    missing.append(row)
        self._troubles += self._frozen.troubles()
        manifest.drop_items(missing)
        if self._firsts:
            settle_links(manifest)
            drop_false_links(manifest)

    def _keep_marks(self, run: range, known: Mapping[bytes, bytes]) -> None:
        if known:
            paths = self._manifest.paths[run.start : run.stop]
            self._fresh_marks |= {path: known[path] for path in paths if path in known}

    def _store_row(
        self, files: FileStore, row: int, old: Old | None, known: Mapping[bytes, bytes]
    ) -> bool:
        """Store what is in one row; False if it is not there any more, or cannot be read."""
        item = self._manifest.item(row)
        if item.kind != "file":
            self._manifest.add_content(NO_HASH, ())
            return True
        link = link_of(item.traits)
        first = self._firsts.get(link) if link else None
        if first is not None and first[0].same_state(item):
            self._manifest.add_content(first[1].digest, first[1].pieces)
            self._tell(item.size)
            return True
        alone = item._replace(traits=with_link(item.traits, b"")) if link else item
        found = self._read_still(files, alone, old, known.get(item.path, b""))
        if found is None:
            return False
        now, stored = found
        if now is not alone or stored.size != item.size:
            now = now._replace(size=stored.size)
            linked = with_link(now.traits, link) if link else now.traits
            self._manifest.set_item(row, now._replace(traits=linked))
        self._manifest.add_content(stored.digest, stored.pieces)
        if item.path in self._firsts:
            self._firsts[item.path] = now, stored
        if stored.marks:
            self._fresh_marks[item.path] = stored.marks
        return True

    def _read_still(
        self, files: FileStore, item: Item, old: Old | None, marks: bytes
    ) -> tuple[Item, Stored] | None:
        """Read a file until it holds still; of one that never does, take the last reading."""
        found, present = None, item
        for _ in range(TRIES):
            try:
                stored = files.store(present, partial(self._frozen.open, present), old, marks)
            except SourceUnreadableError as error:
                reason = str(error.facts.get("reason", "unreadable"))
                self._troubles.append(Trouble(item.path, "unreadable", reason))
                return None
            self._read += stored.size
            found = present, stored
            if self._frozen.unchanged(present):
                return found
            fresh = self._frozen.again(present)
            if fresh is None:
                self._troubles.append(Trouble(item.path, "vanished"))
                return None
            present = fresh
        self._troubles.append(Trouble(item.path, "changing"))
        return found

    def _tell(self, count: int) -> None:
        self._done += count
        self._report(Progress("reading", self._done, self._total))

    def _pack_row(self, pack: bytes) -> int:
        row = self._pack_rows.get(pack)
        if row is None:
            row = self._pack_rows[pack] = len(self._manifest.packs)
            self._manifest.packs.append(pack)
        return row

    # --- writing ---------------------------------------------------------------------------------

    @property
    def _sequence(self) -> int:
        """The number of the commit to come."""
        return sequence_in(self._commits[-1]) + 1 if self._commits else 1

    def _commit(
        self,
        manifest: Manifest,
        said: "_Said",
        added: "_Added",
    ) -> BackupReceipt:
        side, before, sequence = self._side, self._commits, self._sequence
        set_hex = side.set_pseudonym(self._set)
        sealed_manifest = side.seal(Kind.MANIFEST, said.plain)
        manifest_name = side.space.manifest(set_hex, sequence, sealed_manifest)
        side.store.put(manifest_name, sealed_manifest)
        commit = Commit(
            client=side.client,
            set=self._set,
            sequence=sequence,
            previous=tuple(hash_in(name) for name in before if sequence_in(name) == sequence - 1),
            manifest=manifest_name,
            same=said.same,
            indexes=added.indexes,
            packs=added.packs,
            at=self._at.isoformat(),
            files=manifest.files,
            size=manifest.content,
            added=added.size + len(sealed_manifest),
            partial=bool(self._troubles),
            books=tuple(manifest.proofs),
            writer=WRITER,
        )
        self._require_kept(said, manifest)
        sealed = side.seal(Kind.COMMIT, encode_commit(commit))
        digest = hash_of(sealed)
        side.store.put(side.space.commit(set_hex, sequence, digest), sealed)
        if not said.same:
            self._marks.save(manifest_name, self._fresh_marks)
        return BackupReceipt(
            snapshot=snapshot_of(commit, digest),
            bytes_read=self._read,
            bytes_added=commit.added + len(sealed),
            unchanged=said.same,
            troubles=tuple(self._troubles),
        )

    def _require_kept(self, said: "_Said", manifest: Manifest) -> None:
        """Commit nothing that builds on what was given up while this backup ran.

        A mark that is written from now on sees this commit when it is swept.
        """
        packs = said.packs | set(manifest.packs)
        needed = {*said.bases, *(self._side.space.pack(pack.hex()) for pack in packs)}
        if not needed.isdisjoint(self._side.marks().dropped):
            raise SourceBusyError(
                "what this backup builds on was given up meanwhile",
                hint="Run the backup again.",
            )


@dataclass(frozen=True, slots=True)
class _Added:
    """What was stored before the manifest."""

    indexes: tuple[ObjectName, ...] = ()
    index_size: int = 0  # bytes
    packs: tuple[tuple[str, int], ...] = ()  # hash and size

    @property
    def size(self) -> int:
        """Bytes of all of it."""
        return self.index_size + sum(size for _, size in self.packs)


@dataclass(frozen=True, slots=True)
class _Said:
    """A manifest as it is stored."""

    plain: bytes
    bases: tuple[ObjectName, ...] = ()  # the manifests that it stands on
    packs: AbstractSet[bytes] = frozenset()  # in which the content of these lies
    same: bool = False


def _same(earlier: Earlier) -> _Said:
    return _Said(encode_same(earlier.name), (earlier.name, earlier.full_name), same=True)


def _said(manifest: Manifest, earlier: Earlier | None, sequence: int) -> _Said:
    """Return how to store a manifest: as a delta where that is much less than the whole.

    What changes night after night makes every delta larger than the one before.  Once those since
    the full manifest weigh together what a new one would, a new one is the cheaper base.
    """
    if earlier is None or not earlier.bears_deltas:
        return _Said(encode_full(manifest))
    delta = difference(earlier.full_name, earlier.full, manifest)
    nights = max(1, sequence - sequence_in(earlier.full_name))
    share = min(DELTA, 2 / nights)  # deltas that grew evenly weigh half the last one on average
    weight = _weight(delta.rows, delta.proofs) + ROW * len(delta.gone)
    if weight > share * _weight(manifest, manifest.proofs):
        return _Said(encode_full(manifest))
    return _Said(encode_delta(delta), (earlier.full_name,), earlier.full_packs)


def _weight(rows: Manifest, proofs: Mapping[str, Told]) -> int:
    """Return about how many bytes of a stored manifest rows and proofs are."""
    told = proofs.values()
    texts = (len(p.frame) if isinstance(p, Patch) else len(p) // SMALLER for p in told)
    return ROW * (len(rows) + len(rows.piece_packs)) + sum(texts)
