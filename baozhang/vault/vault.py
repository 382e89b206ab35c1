"""A vault opened with a secret, and the clients in it.

    secret ──slot──► master key ──► client's key ──► every object's own key

The vault knows no catalog, no site and no ledger: a store and one secret are enough.
"""

import hmac
import json
import secrets
from collections.abc import Iterator, Sequence
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
from baozhang.vault.commit import Commit, decode_commit, heads, snapshot_of
from baozhang.vault.model import Snapshot
from baozhang.vault.names import CONFIG, Namespace, checked_name, hash_in, hash_of, pseudonym
from baozhang.vault.sealing import Kind, Place, epoch_of, open_object, seal_object
from baozhang.vault.snapshot import Manifest, decode
from baozhang.vault.stores.base import ObjectName, Store

FORMAT = 1
WRITER = f"baozhang {__version__}"
NEWER = "Install the release that wrote this vault, or a newer one."


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
        space = Namespace(self._pseudonym(checked_name(client, "client")))
        keys = dict(self._client_keys(space))
        if not keys and create:
            keys = {1: self._new_client_key(space, client)}
        if not keys:
            raise UsageError(
                "the vault holds nothing of client {client}",
                hint="Compare the id with `baozhang vault snapshots`.",
                client=client,
            )
        return ClientVault(self.store, self.id, client, space, keys)

    def clients(self) -> tuple[str, ...]:
        """Return the ids of all clients in the vault, sorted."""
        return tuple(sorted(self.client_spaces()))

    def client_spaces(self) -> dict[str, Namespace]:
        """Return every client's id and namespace, read from the sealed client keys."""
        found = {}
        for info in self.store.list(names.CLIENTS):
            parts = info.name.split("/")
            if len(parts) == 4 and parts[2] == "keys":
                space = Namespace(parts[1])
                found[self._client_key(info.name, space)[0]] = space
        return found

    def slots(self) -> Iterator[tuple[ObjectName, bytes]]:
        """Yield every key slot."""
        for info in self.store.list(names.SLOTS):
            yield info.name, self.store.get(info.name)

    def add_slot(self, secret: Secret) -> None:
        """Let one more secret open this vault."""
        slot = lock(self.master, secret, vault_id=self.id)
        self.store.put(names.slot_name(slot), slot)

    def check_head(self, head: bytes) -> None:
        """Raise CorruptObjectError unless the vault's head is the one that was written."""
        line, _, mac = head.partition(b"\n")
        if not hmac.compare_digest(_head_mac(self.master, line), mac.strip()):
            raise CorruptObjectError("the vault's head was altered", object=CONFIG)

    def _pseudonym(self, client: str) -> str:
        names_key = derive(self.master, salt=b"", info=b"baozhang/1 names", length=KEY_BYTES)
        return pseudonym(names_key, "client", client)

    def _place(self, space: Namespace, epoch: int) -> Place:
        return Place(self.id, space.client, epoch, Kind.CLIENT_KEY)

    def _new_client_key(self, space: Namespace, client: str) -> bytes:
        key = secrets.token_bytes(KEY_BYTES)
        plain = json.dumps({"client": client, "key": key.hex()}, sort_keys=True).encode()
        sealed = seal_object(plain, self.master, self._place(space, 1))
        self.store.put(space.key(1, sealed), sealed)
        return key

    def _client_keys(self, space: Namespace) -> Iterator[tuple[int, bytes]]:
        for info in self.store.list(f"{space.prefix}keys/"):
            sealed = self.store.get(info.name)
            yield epoch_of(sealed), self._client_key(info.name, space)[1]

    def client_of_key(self, name: ObjectName) -> str:
        """Return the client id that a key object below `c/<pseudonym>/keys/` holds."""
        return self._client_key(name, Namespace(name.split("/")[1]))[0]

    def _client_key(self, name: ObjectName, space: Namespace) -> tuple[str, bytes]:
        sealed = self.store.get(name)
        plain = open_object(sealed, self.master, self._place(space, epoch_of(sealed)))
        fields = json.loads(plain)
        return str(fields["client"]), bytes.fromhex(fields["key"])


def create_vault(store: Store, key_secrets: Sequence[Secret], *, at: datetime) -> Vault:
    """Make a vault in an empty store; each secret will open it.

    The head is written last: a vault that was half made is not a vault.

    Raises:
        UsageError: the store holds a vault already, or there is no secret.
    """
    if not key_secrets:
        raise UsageError("a vault needs a secret that opens it")
    if _exists(store):
        raise UsageError(
            "there is a vault at {url} already",
            hint="Use it as it is, or give another place.",
            url=store.url,
        )
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
    store.put(CONFIG, line + b"\n" + _head_mac(vault.master, line) + b"\n")
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
    vault = Vault(store, vault_id, _master(store, secret))
    vault.check_head(head)
    return vault


def _exists(store: Store) -> bool:
    try:
        store.size(CONFIG)
    except ObjectMissingError:
        return False
    return True


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
    if release > FORMAT or needs:
        raise NewerFormatError(
            "the vault is of format {format}, this release reads format {known}",
            hint=NEWER,
            format=release,
            known=FORMAT,
        )
    return vault_id


def _master(store: Store, secret: Secret) -> bytes:
    damaged = 0
    for info in store.list(names.SLOTS):
        slot = store.get(info.name)
        if hash_of(slot) != hash_in(info.name):
            damaged += 1
            continue
        master = unlock(slot, secret)
        if master is not None:
            return master
    if damaged:
        raise CorruptObjectError(
            "no sound key slot opens with this secret, and {damaged} slots are damaged",
            hint="Restore the objects below `keys/` from a mirror, or use another secret.",
            damaged=damaged,
        )
    raise WrongKeyError(
        "this secret does not open the vault",
        hint="Give the key file, passphrase or recovery code that was made for this vault.",
    )


def _head_mac(master: bytes, line: bytes) -> bytes:
    key = derive(master, salt=b"", info=b"baozhang/1 head", length=KEY_BYTES)
    return hmac.new(key, line, "sha256").hexdigest().encode()


@dataclass(frozen=True)
class ClientVault:
    """One client's namespace, opened: reads its commits and manifests.

    Writing is `baozhang.vault.writer`, restoring `baozhang.vault.reader`.
    """

    store: Store
    vault_id: str
    client: str
    space: Namespace
    keys: dict[int, bytes] = field(repr=False)

    @property
    def epoch(self) -> int:
        """The key epoch that new objects are sealed in."""
        return max(self.keys)

    @property
    def key(self) -> bytes:
        """The key of the present epoch."""
        return self.keys[self.epoch]

    @cached_property
    def id_key(self) -> bytes:
        """The key under which extents are named."""
        return derive(self.key, salt=b"", info=b"baozhang/1 extent ids", length=KEY_BYTES)

    def place(self, kind: Kind, epoch: int | None = None) -> Place:
        """Return where an object of this client belongs."""
        return Place(self.vault_id, self.space.client, epoch or self.epoch, kind)

    def set_pseudonym(self, set_name: str) -> str:
        """Return the hex digits that stand for a set in object names."""
        key = derive(self.keys[1], salt=b"", info=b"baozhang/1 names", length=KEY_BYTES)
        return pseudonym(key, "set", checked_name(set_name, "set"))

    def seal(self, kind: Kind, plain: bytes) -> bytes:
        """Return a small object sealed in the present epoch."""
        return seal_object(plain, self.key, self.place(kind))

    def open(self, kind: Kind, sealed: bytes) -> bytes:
        """Return a small object's plaintext.

        Raises:
            CorruptObjectError: altered, of another kind, or of another client.
        """
        epoch = epoch_of(sealed)
        if epoch not in self.keys:
            raise CorruptObjectError("an object is of a key epoch that is not there")
        return open_object(sealed, self.keys[epoch], self.place(kind, epoch))

    def read(self, kind: Kind, name: ObjectName) -> bytes:
        """Return a stored object's plaintext; raises as `open` and `Store.get` do."""
        return self.open(kind, self.store.get(name))

    def chain(self, set_name: str | None = None) -> list[tuple[str, Commit]]:
        """Return (hash, commit) of one set, or of all, sorted by set and sequence."""
        folder = f"{self.space.prefix}commit/"
        if set_name is not None:
            folder += f"{self.set_pseudonym(set_name)}/"
        found = [self._commit(info.name) for info in self.store.list(folder)]
        return sorted(found, key=lambda pair: (pair[1].set, pair[1].sequence, pair[0]))

    def _commit(self, name: ObjectName) -> tuple[str, Commit]:
        return hash_in(name) or "", decode_commit(self.read(Kind.COMMIT, name))

    def snapshots(self, set_name: str | None = None) -> tuple[Snapshot, ...]:
        """Return the snapshots of one set, or of all, oldest first within each set."""
        return tuple(snapshot_of(commit, digest) for digest, commit in self.chain(set_name))

    def head(self, set_name: str) -> tuple[str, Commit] | None:
        """Return the newest commit of a set; of a fork, the one with the greater hash."""
        newest = heads(self.chain(set_name))
        return max(newest, key=lambda pair: pair[0]) if newest else None

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
        """
        everything = self.snapshots(set_name if selector == "latest" else None)
        if selector == "latest":
            found = [s for s in everything if as_of is None or s.at <= as_of][-1:]
        else:
            found = [s for s in everything if s.id == selector] or [
                s for s in everything if s.id.startswith(selector)
            ]
        if len(found) != 1:
            raise UsageError(
                "{count} snapshots of client {client} match {selector}",
                hint="Choose an id from `baozhang vault snapshots --client {client}`.",
                count=len(found),
                client=self.client,
                selector=selector,
            )
        return found[0]

    def commit_of(self, snapshot: Snapshot) -> Commit:
        """Return a snapshot's commit."""
        for digest, commit in self.chain(snapshot.set):
            if snapshot_of(commit, digest).id == snapshot.id:
                return commit
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
