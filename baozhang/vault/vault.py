"""A vault opened with a secret, and the clients in it.

    secret ──slot──► master key ──► client's key ──► every object's own key

The vault knows no catalog, no site and no ledger: a store and one secret are enough.
"""

import hmac
import json
import secrets
from collections.abc import Iterator, Sequence
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
    WrongKeyError,
)
from baozhang.keys.slots import KEY_BYTES, Secret, derive, lock, unlock
from baozhang.vault import names
from baozhang.vault.commit import Commit, decode_commit, snapshot_of
from baozhang.vault.model import Snapshot
from baozhang.vault.names import (
    CONFIG,
    Namespace,
    checked_name,
    hash_in,
    hash_of,
    is_ours,
    pseudonym,
    sequence_in,
)
from baozhang.vault.sealing import Kind, Place, Seal, epoch_of, open_object, open_seal, seal_object
from baozhang.vault.snapshot import Manifest, decode
from baozhang.vault.stores.base import ObjectName, Store

FORMAT = 1
WRITER = f"baozhang {__version__}"
NEWER = "Install the release that wrote this vault, or a newer one."
LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Vault:
    """An opened vault."""

    store: Store
    id: str
    master: bytes = field(repr=False)

    def client(self, client: str, *, create: bool = False) -> "ClientVault":
        """Return one client's part.

        Raises:
            UsageError: the client has nothing here and `create` was not asked for.
        """
        names_key = derive(self.master, salt=b"", info=b"baozhang/1 names", length=KEY_BYTES)
        space = Namespace(pseudonym(names_key, "client", checked_name(client, "client")))
        keys = self._client_keys(space)
        if not keys and create:
            self._make_client_key(space, client)
            keys = self._client_keys(space)  # of two made at the same time, both count
        if not keys:
            raise UsageError(
                "the vault holds nothing of client {client}",
                hint="Compare the id with `baozhang vault snapshots`.",
                client=client,
            )
        return ClientVault(self.store, self.id, client, space, keys, names_key)

    def clients(self) -> tuple[str, ...]:
        """Return the ids of all clients in the vault, sorted.

        Raises:
            CorruptObjectError: a client's key is damaged, so that its id cannot be told.
        """
        return tuple(sorted({self.client_key(name)[1] for name in self.client_key_names()}))

    def client_key_names(self, prefix: str = names.CLIENTS) -> list[ObjectName]:
        """Return the names of all clients' keys, or of those below one client's prefix."""
        found = (info.name for info in self.store.list(prefix))
        return [name for name in found if "/keys/" in name and is_ours(name)]

    def slots(self) -> Iterator[tuple[ObjectName, bytes]]:
        """Yield every key slot."""
        yield from _slots(self.store)

    def add_slot(self, secret: Secret) -> None:
        """Let one more secret open this vault."""
        slot = lock(self.master, secret, vault_id=self.id)
        self.store.put(names.slot_name(slot), slot)

    def check_head(self, head: bytes) -> None:
        """Raise CorruptObjectError unless the vault's head is the one that was written."""
        if not hmac.compare_digest(_head(self.master, head.partition(b"\n")[0]), head):
            raise CorruptObjectError("the vault's head was altered", object=CONFIG)

    def client_key(self, name: ObjectName) -> tuple[int, str, bytes]:
        """Return epoch, client id and key of the key object of this name.

        Raises:
            CorruptObjectError: not what was stored there.
        """
        space = Namespace(name.split("/")[1])
        sealed = self.store.get(name)
        try:
            epoch = epoch_of(sealed)
            if name != space.key(epoch, sealed):
                raise CorruptObjectError("an object is not what its name says")
            fields = json.loads(open_object(sealed, (self.master,), self._place(space, epoch)))
        except CorruptObjectError as error:
            raise damaged(name) from error
        return epoch, str(fields["client"]), bytes.fromhex(fields["key"])

    def _place(self, space: Namespace, epoch: int) -> Place:
        return Place(self.id, space.client, epoch, Kind.CLIENT_KEY)

    def _make_client_key(self, space: Namespace, client: str) -> None:
        key = secrets.token_hex(KEY_BYTES)
        plain = json.dumps({"client": client, "key": key}, sort_keys=True).encode()
        sealed = seal_object(plain, self.master, self._place(space, 1))
        self.store.put(space.key(1, sealed), sealed)

    def _client_keys(self, space: Namespace) -> dict[int, tuple[bytes, ...]]:
        """Return a client's keys by epoch; a damaged one only counts when no other is there."""
        keys: dict[int, tuple[bytes, ...]] = {}
        damage: CorruptObjectError | None = None
        for name in self.client_key_names(f"{space.prefix}keys/"):
            try:
                epoch, _, key = self.client_key(name)
                keys[epoch] = (*keys.get(epoch, ()), key)
            except CorruptObjectError as error:
                damage = error
        if damage is not None and not keys:
            raise damage
        return keys


def damaged(name: ObjectName) -> CorruptObjectError:
    """Return the error that says which stored object is not what was stored."""
    return CorruptObjectError(
        "stored content is damaged: {object}",
        hint="Run `baozhang vault verify --read-data`, then take the object from a mirror.",
        object=name,
    )


def create_vault(store: Store, key_secrets: Sequence[Secret], *, at: datetime) -> Vault:
    """Make a vault in an empty store; each secret will open it.

    The head is written last: a vault that was half made is not a vault.

    Raises:
        UsageError: the store holds a vault already, or there is no secret.
    """
    if not key_secrets:
        raise UsageError("a vault needs a secret that opens it")
    _require_none(store)
    vault = Vault(store, secrets.token_hex(16), secrets.token_bytes(KEY_BYTES))
    for secret in key_secrets:
        vault.add_slot(secret)
    fields = {
        "format": FORMAT,
        "vault": vault.id,
        "created": at.isoformat(timespec="seconds"),
        "writer": WRITER,
        "must_understand": [],
    }
    line = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    _require_none(store)  # somebody else may have been quicker
    store.put(CONFIG, _head(vault.master, line))
    return vault


def open_vault(store: Store, secret: Secret) -> Vault:
    """Open a vault.

    Raises:
        UsageError: there is no vault.
        NewerFormatError: written by a newer release.
        WrongKeyError: the secret opens none of its slots.
        CorruptObjectError: its head or all its slots are damaged.
    """
    try:
        head = store.get(CONFIG)
    except ObjectMissingError as error:
        raise UsageError(
            "there is no vault at {url}",
            hint="Check the path, or make one with `baozhang vault init`.",
            url=store.url,
        ) from error
    vault_id = _read_head(head)
    vault = Vault(store, vault_id, _master(store, vault_id, secret))
    vault.check_head(head)
    return vault


def _require_none(store: Store) -> None:
    with suppress(ObjectMissingError):
        store.size(CONFIG)
        raise UsageError(
            "there is a vault at {url} already",
            hint="Use it as it is, or give another place.",
            url=store.url,
        )


def _read_head(head: bytes) -> str:
    try:
        fields = json.loads(head.partition(b"\n")[0])
        release, vault_id, needs = (
            int(fields["format"]),
            str(fields["vault"]),
            fields["must_understand"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptObjectError(
            "the vault's head cannot be read",
            hint="Restore the object `config` from a mirror of this vault.",
        ) from error
    if needs:
        raise NewerFormatError(
            "the vault needs {needs}, which this release does not know",
            hint=NEWER,
            needs=", ".join(map(str, needs)) if isinstance(needs, list) else str(needs),
        )
    if release > FORMAT:
        raise NewerFormatError(
            "the vault is of format {format}, this release reads format {known}",
            hint=NEWER,
            format=release,
            known=FORMAT,
        )
    return vault_id


def _slots(store: Store) -> Iterator[tuple[ObjectName, bytes]]:
    for info in store.list(names.SLOTS):
        if is_ours(info.name):
            yield info.name, store.get(info.name)


def _master(store: Store, vault_id: str, secret: Secret) -> bytes:
    """Return the master key; slots of another vault, half made here once, are passed over."""
    damage = 0
    for name, slot in _slots(store):
        try:
            if hash_of(slot) != hash_in(name):
                raise CorruptObjectError("a key slot is not what its name says")
            master = unlock(slot, secret, vault_id=vault_id)
        except CorruptObjectError:
            damage += 1
            continue
        if master is not None:
            return master
    if damage:
        raise CorruptObjectError(
            "no sound key slot opens with this secret, and {damaged} slots are damaged",
            hint="Restore the objects below `keys/` from a mirror, or use another secret.",
            damaged=damage,
        )
    raise WrongKeyError(
        "this secret does not open the vault",
        hint="Give the key file, passphrase or recovery code that was made for this vault.",
    )


def _head(master: bytes, line: bytes) -> bytes:
    """Return the head: its line of JSON and the line that vouches for it."""
    key = derive(master, salt=b"", info=b"baozhang/1 head", length=KEY_BYTES)
    return b"%b\n%b\n" % (line, hmac.new(key, line, "sha256").hexdigest().encode())


@dataclass(frozen=True)
class ClientVault:
    """One client's namespace, opened: reads its commits and manifests.

    Writing is `baozhang.vault.writer`, restoring `baozhang.vault.reader`.
    """

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
        """Return the snapshots of one set, or of all, oldest first within each set."""
        return tuple(snapshot_of(commit, digest) for digest, commit in self.chain(set_name))

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
        for name in reversed(self.commit_names(set_name)):
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
        return self.full_manifest(ObjectName(self.commit_of(snapshot).manifest))[1]

    def full_manifest(self, name: ObjectName) -> tuple[ObjectName, Manifest]:
        """Follow a `same` manifest to the full one; return that one's name and content."""
        content = decode(self.read(Kind.MANIFEST, name))
        if isinstance(content, Manifest):
            return name, content
        base = ObjectName(content)
        repeated = decode(self.read(Kind.MANIFEST, base))
        if not isinstance(repeated, Manifest):
            raise CorruptObjectError("a manifest repeats one that repeats another", object=name)
        return base, repeated

    def proofs(self, snapshot: Snapshot) -> dict[str, bytes]:
        """Return the encoded proof of each book in a snapshot, by the book's name."""
        return dict(self.manifest(snapshot).proofs)
