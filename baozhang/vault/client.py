"""One client's part of a vault, opened: its keys, its commits, its manifests.

Everything of a client is sealed under the client's own keys, one per epoch.  Writing is
`baozhang.vault.writer`, restoring `baozhang.vault.reader`.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from baozhang import __version__
from baozhang.errors import (
    CorruptObjectError,
    NewerFormatError,
    ObjectMissingError,
    UsageError,
)
from baozhang.keys.slots import KEY_BYTES, derive
from baozhang.vault.commit import Commit, decode_commit, snapshot_of
from baozhang.vault.deltas import resolved
from baozhang.vault.marks import Marks, decode_mark
from baozhang.vault.marks import all_of as all_marks
from baozhang.vault.model import Snapshot
from baozhang.vault.moves import Moves, all_of, decode_moves
from baozhang.vault.names import (
    Namespace,
    checked_name,
    hash_in,
    hash_of,
    is_ours,
    pseudonym,
    sequence_in,
)
from baozhang.vault.sealing import Kind, Place, Seal, epoch_of, open_object, open_seal, seal_object
from baozhang.vault.snapshot import Delta, Manifest, Same, decode
from baozhang.vault.stores.base import ObjectName, Store

WRITER = f"baozhang {__version__}"
LATEST = "latest"


def damaged(name: ObjectName) -> CorruptObjectError:
    """Return the error that says which stored object is not what was stored."""
    return CorruptObjectError(
        "stored content is damaged: {object}",
        hint="Run `baozhang vault verify --read-data`, then take the object from a mirror.",
        object=name,
    )


@dataclass(frozen=True, slots=True)
class Stated:
    """What a manifest states itself, and the names of the objects that were read for it."""

    names: tuple[ObjectName, ...]  # the one asked for first; last the one that holds the content
    content: Manifest | Delta


@dataclass(frozen=True)
class ClientVault:
    """One client's namespace, opened: reads its commits and manifests."""

    store: Store
    vault_id: str
    client: str
    space: Namespace
    keys: dict[int, tuple[bytes, ...]] = field(repr=False)
    """By epoch; more than one where two writers made the client's key at the same time."""
    names_key: bytes = field(repr=False)

    @property
    def epoch(self) -> int:
        """The key epoch that new objects are sealed in."""
        return max(self.keys)

    @property
    def key(self) -> bytes:
        """The key that new objects are sealed under."""
        return self.keys[self.epoch][0]

    @cached_property
    def id_key(self) -> bytes:
        """The key under which extents are named."""
        return derive(self.key, salt=b"", info=b"baozhang/1 extent ids", length=KEY_BYTES)

    def place(self, kind: Kind, epoch: int | None = None) -> Place:
        """Return where an object of this client belongs."""
        return Place(self.vault_id, self.space.client, epoch or self.epoch, kind)

    def set_pseudonym(self, set_name: str) -> str:
        """Return the hex digits that stand for a set in object names."""
        return pseudonym(self.names_key, "set", self.client, checked_name(set_name, "set"))

    def seal(self, kind: Kind, plain: bytes) -> bytes:
        """Return a small object sealed in the present epoch."""
        return seal_object(plain, self.key, self.place(kind))

    def seal_of(self, kind: Kind, header: bytes) -> Seal:
        """Return the seal of a stored object that begins with `header`; raises as `open` does."""
        epoch = epoch_of(header)
        return open_seal(header, self.keys.get(epoch, ()), self.place(kind, epoch))

    def open(self, kind: Kind, sealed: bytes) -> bytes:
        """Return a small object's plaintext.

        Raises:
            CorruptObjectError: altered, of another kind, or of another client.
        """
        epoch = epoch_of(sealed)
        return open_object(sealed, self.keys.get(epoch, ()), self.place(kind, epoch))

    def read(self, kind: Kind, name: ObjectName) -> bytes:
        """Return a stored object's plaintext.

        The name's hash is compared too: without it, one sound object of the client put in the
        place of another of its kind would pass.

        Raises:
            CorruptObjectError: not the object of this name; the error tells which.
            ObjectMissingError, StoreUnreachableError: as `Store.get`.
        """
        sealed = self.store.get(name)
        try:
            if hash_of(sealed) != hash_in(name):
                raise CorruptObjectError("an object is not what its name says")
            return self.open(kind, sealed)
        except CorruptObjectError as error:
            raise damaged(name) from error

    @cached_property
    def moves(self) -> Moves:
        """Where content lies that was put elsewhere; as of the first time it was asked.

        Raises:
            CorruptObjectError: a moves object is damaged.
        """
        infos = self.store.list(f"{self.space.prefix}moves/")
        names = [info.name for info in infos if is_ours(info.name)]
        return all_of(decode_moves(self.read(Kind.MOVES, name)) for name in names)

    def marks(self) -> Marks:
        """Return what is forgotten, as of now; a mark that does not open stops nothing."""
        infos = self.store.list(f"{self.space.prefix}marks/")
        found = []
        for name in [info.name for info in infos if is_ours(info.name)]:
            with suppress(CorruptObjectError, NewerFormatError):
                found.append((name, decode_mark(self.read(Kind.MARK, name))))
        return all_marks(found)

    def commit_names(self, set_name: str | None = None) -> list[ObjectName]:
        """Return the names of one set's commits, or of all, oldest first within each set."""
        folder = f"{self.space.prefix}commit/"
        if set_name is not None:
            folder += f"{self.set_pseudonym(set_name)}/"
        return [info.name for info in self.store.list(folder) if is_ours(info.name)]

    def commit(self, name: ObjectName) -> tuple[str, Commit]:
        """Return hash and content of the commit of this name; raises as `read` does."""
        commit, digest = decode_commit(self.read(Kind.COMMIT, name)), hash_in(name)
        if name != self.space.commit(self.set_pseudonym(commit.set), commit.sequence, digest):
            raise damaged(name)
        return digest, commit

    def chain(self, set_name: str | None = None) -> list[tuple[str, Commit]]:
        """Return (hash, commit) of one set, or of all, sorted by set and sequence.

        A damaged commit is left out, so that it takes no other snapshot with it; `unreadable` and
        `verify` name it.
        """
        found = []
        for name in self.commit_names(set_name):
            with suppress(CorruptObjectError):
                found.append(self.commit(name))
        return sorted(found, key=lambda pair: (pair[1].set, pair[1].sequence, pair[0]))

    def unreadable(self) -> tuple[ObjectName, ...]:
        """Return the names of the commits that are damaged."""
        return tuple(name for name in self.commit_names() if not self._opens(name))

    def _opens(self, name: ObjectName) -> bool:
        try:
            self.commit(name)
        except CorruptObjectError:
            return False
        return True

    def snapshots(self, set_name: str | None = None) -> tuple[Snapshot, ...]:
        """Return the snapshots of one set, or of all, oldest first within each set.

        Those that are forgotten are left out; `chain` has them still.
        """
        forgotten = self.marks().forgotten
        return tuple(
            snapshot_of(commit, digest)
            for digest, commit in self.chain(set_name)
            if digest not in forgotten
        )

    def packs(self) -> set[bytes]:
        """Return the hashes of the packs that are there."""
        infos = self.store.list(f"{self.space.prefix}packs/")
        return {bytes.fromhex(hash_in(info.name)) for info in infos if is_ours(info.name)}

    def find(
        self, selector: str, *, set_name: str = "main", as_of: datetime | None = None
    ) -> Snapshot:
        """Return the snapshot that a person means.

        Args:
            selector: `latest`, a snapshot's id, or the beginning of one.
            set_name: where `latest` looks.
            as_of: `latest` means the newest not after this instant.

        Raises:
            UsageError: none, or more than one.
            CorruptObjectError: the latest may be one whose commit is damaged.
        """
        if as_of is not None and selector != LATEST:
            raise UsageError(
                "a time chooses among snapshots, and {selector} names one",
                hint="Leave the time out, or ask for `latest`.",
                selector=selector,
            )
        if selector == LATEST:
            found = self._latest(set_name, as_of)
        else:
            everything = self.snapshots()
            found = [s for s in everything if s.id == selector] or [
                s for s in everything if selector and s.id.startswith(selector)
            ]
        if not found and selector == LATEST:
            raise UsageError(
                "client {client} has no snapshot in the set {set}, or none that old",
                hint="List what there is with `baozhang vault snapshots --client {client}`.",
                client=self.client,
                set=set_name,
            )
        if len(found) != 1:
            raise UsageError(
                "{count} snapshots of client {client} match {selector}",
                hint="Choose an id from `baozhang vault snapshots --client {client}`.",
                count=len(found),
                client=self.client,
                selector=selector,
            )
        return found[0]

    def _latest(self, set_name: str, as_of: datetime | None) -> list[Snapshot]:
        """Go back from the newest commit; a damaged one that could be meant is not passed over."""
        doubt: CorruptObjectError | None = None
        forgotten = self.marks().forgotten
        for name in reversed(self.commit_names(set_name)):
            if hash_in(name) in forgotten:
                continue
            try:
                digest, commit = self.commit(name)
            except CorruptObjectError as error:
                doubt = error
                continue
            snapshot = snapshot_of(commit, digest)
            if as_of is not None and snapshot.at > as_of:
                doubt = None
            elif doubt is None:
                return [snapshot]
            else:
                break
        if doubt is not None:
            raise doubt
        return []

    def commit_of(self, snapshot: Snapshot) -> Commit:
        """Return a snapshot's commit."""
        for name in self.commit_names(snapshot.set):
            digest = hash_in(name)
            if sequence_in(name) == snapshot.sequence and digest.startswith(snapshot.id[-8:]):
                return self.commit(name)[1]
        raise ObjectMissingError("snapshot {id} is not in the vault", id=snapshot.id)

    def manifest(self, snapshot: Snapshot) -> Manifest:
        """Return what a snapshot holds.

        Raises:
            CorruptObjectError: damaged.
        """
        return self.resolved(ObjectName(self.commit_of(snapshot).manifest))[1]

    def resolved(self, name: ObjectName) -> tuple[tuple[ObjectName, ...], Manifest]:
        """Return the names of the manifest objects that one manifest needs, and what it says.

        Its own name comes first, and last that of the full manifest that it stands on.

        Raises:
            CorruptObjectError: one of them is damaged, or they lead nowhere.
        """
        found = self.stated(name)
        content = found.content
        if isinstance(content, Manifest):
            return found.names, content
        base = self.stated(content.base)
        if not isinstance(base.content, Manifest):
            raise CorruptObjectError("a manifest differs from one that is not whole", object=name)
        return (*found.names, *base.names), resolved(base.content, content)

    def stated(self, name: ObjectName) -> "Stated":
        """Return what a manifest states itself: all rows or a delta, having followed a `same`.

        Raises:
            CorruptObjectError: damaged, or it repeats one that repeats another.
        """
        content = self._manifest_object(name)
        if not isinstance(content, Same):
            return Stated((name,), content)
        repeated = self._manifest_object(content.base)
        if isinstance(repeated, Same):
            raise CorruptObjectError("a manifest repeats one that repeats another", object=name)
        return Stated((name, content.base), repeated)

    def _manifest_object(self, name: ObjectName) -> Manifest | Delta | Same:
        return decode(self.read(Kind.MANIFEST, self.moves.object(name)))

    def proofs(self, snapshot: Snapshot) -> dict[str, bytes]:
        """Return the encoded proof of each book in a snapshot, by the book's name."""
        return dict(self.manifest(snapshot).proofs)
