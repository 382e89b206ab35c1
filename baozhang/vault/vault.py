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

from baozhang.clock import SHANGHAI
from baozhang.errors import (
    CorruptObjectError,
    NewerFormatError,
    ObjectMissingError,
    UsageError,
    WrongKeyError,
)
from baozhang.keys.root import Root, first_root, payload_of, root_of
from baozhang.keys.slots import KEY_BYTES, Secret, lock, unlock
from baozhang.vault import names
from baozhang.vault.client import WRITER, ClientVault, damaged
from baozhang.vault.names import (
    CONFIG,
    Namespace,
    checked_name,
    hash_in,
    hash_of,
    is_ours,
    pseudonym,
)
from baozhang.vault.sealing import Kind, Place, epoch_of, open_object, seal_object
from baozhang.vault.stores.base import ObjectName, Store
from baozhang.vault.tombstones import ClientShreddedError, Tombstone, earliest, tombstone_names

FORMAT = 1
SHREDDED_TEMPLATES = {
    "shredded": "client {client} was shredded on {at}; its keys are destroyed",
    "unfinished": "the shredding of client {client} began on {at} and was not finished",
}
SHREDDED_HINT_TEMPLATES = {
    "shredded": "Use another client id for new books; nothing brings the old ones back.",
    "unfinished": "Run `baozhang vault shred` again; it finishes what was begun.",
}
NEWER = "Install the release that wrote this vault, or a newer one."


@dataclass(frozen=True, slots=True)
class Vault:
    """An opened vault."""

    store: Store
    id: str
    root: Root = field(repr=False)

    @property
    def master(self) -> bytes:
        """The key under which new clients' keys are sealed."""
        return self.root.master

    def space(self, client: str) -> Namespace:
        """Return a client's namespace, whether or not anything lies in it."""
        return Namespace(pseudonym(self.root.names, "client", checked_name(client, "client")))

    def client(self, client: str, *, create: bool = False) -> "ClientVault":
        """Return one client's part.

        Raises:
            UsageError: the client has nothing here and `create` was not asked for.
            ClientShreddedError: the client's keys were destroyed on purpose.
        """
        space = self.space(client)
        self._require_not_shredded(space, client)
        keys = self._client_keys(space)
        if not keys and create:
            self.make_client_key(client, 1)
            keys = self._client_keys(space)  # of two made at the same time, both count
        if not keys:
            raise UsageError(
                "the vault holds nothing of client {client}",
                hint="Compare the id with `baozhang vault snapshots`.",
                client=client,
            )
        return ClientVault(self.store, self.id, client, space, keys, self.root.names)

    def clients(self) -> tuple[str, ...]:
        """Return the ids of all clients in the vault, sorted; not of those that were shredded.

        Raises:
            CorruptObjectError: a client's key is damaged, so that its id cannot be told.
        """
        ours = [info.name for info in self.store.list(names.CLIENTS) if is_ours(info.name)]
        stones = [name for name in ours if "/shredded/" in name]
        gone = earliest(self.store, stones, self.root.masters, self.id)
        found = {
            self.client_key(name)[1]
            for name in ours
            if "/keys/" in name and name.split("/")[1] not in gone
        }
        return tuple(sorted(found))

    def shredded(self) -> dict[str, Tombstone]:
        """Return the tombstone of each client that was shredded, by the client's pseudonym.

        Raises:
            CorruptObjectError: all tombstones of one client are damaged.
        """
        return earliest(self.store, tombstone_names(self.store), self.root.masters, self.id)

    def client_key_names(self, prefix: str = names.CLIENTS) -> list[ObjectName]:
        """Return the names of all clients' keys, or of those below one client's prefix."""
        found = (info.name for info in self.store.list(prefix))
        return [name for name in found if "/keys/" in name and is_ours(name)]

    def slots(self) -> Iterator[tuple[ObjectName, bytes]]:
        """Yield every key slot."""
        yield from _slots(self.store)

    def new_slot(
        self,
        secret: Secret,
        *,
        at: datetime,
        label: str = "",
        escrow: tuple[int, int, int] | None = None,
    ) -> bytes:
        """Return the bytes of a slot by which one more secret would open this vault.

        `escrow`: of an escrow's secret, the shares needed, the shares made, and their number.
        """
        about: dict[str, object] = {"created": at.isoformat(timespec="seconds"), "label": label}
        if self.root.earlier:
            about["generation"] = len(self.root.masters)
        if escrow is not None:
            about["escrow"] = dict(zip(("needed", "shares", "number"), escrow, strict=True))
        return lock(payload_of(self.root), secret, vault_id=self.id, about=about)

    def add_slot(self, secret: Secret, *, at: datetime, label: str = "") -> None:
        """Let one more secret open this vault."""
        slot = self.new_slot(secret, at=at, label=label)
        self.store.put(names.slot_name(slot), slot)

    def check_head(self, head: bytes) -> None:
        """Raise CorruptObjectError unless the vault's head is the one that was written."""
        if not hmac.compare_digest(_head(self.root.head, head.partition(b"\n")[0]), head):
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
            fields = json.loads(open_object(sealed, self.root.masters, self._place(space, epoch)))
        except CorruptObjectError as error:
            raise damaged(name) from error
        return epoch, str(fields["client"]), bytes.fromhex(fields["key"])

    def _place(self, space: Namespace, epoch: int) -> Place:
        return Place(self.id, space.client, epoch, Kind.CLIENT_KEY)

    def make_client_key(self, client: str, epoch: int) -> ObjectName:
        """Store a new key of a client for this epoch and return its object's name."""
        key, space = secrets.token_hex(KEY_BYTES), self.space(client)
        sealed = self.seal_client_key(client, epoch, bytes.fromhex(key))
        self.store.put(space.key(epoch, sealed), sealed)
        return space.key(epoch, sealed)

    def seal_client_key(self, client: str, epoch: int, key: bytes) -> bytes:
        """Return the bytes of a client's key object, sealed under the present master."""
        plain = json.dumps({"client": client, "key": key.hex()}, sort_keys=True).encode()
        return seal_object(plain, self.master, self._place(self.space(client), epoch))

    def _require_not_shredded(self, space: Namespace, client: str) -> None:
        """Refuse a client whose keys were destroyed, or are being destroyed."""
        found = tombstone_names(self.store, f"{space.prefix}shredded/")
        stone = earliest(self.store, found, self.root.masters, self.id).get(space.client)
        if stone is None:
            return
        left = self.client_key_names(f"{space.prefix}keys/")
        raise ClientShreddedError(
            SHREDDED_TEMPLATES["unfinished" if left else "shredded"],
            hint=SHREDDED_HINT_TEMPLATES["unfinished" if left else "shredded"],
            client=client,
            at=stone.instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M"),
        )

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


def create_vault(store: Store, key_secrets: Sequence[Secret], *, at: datetime) -> Vault:
    """Make a vault in an empty store; each secret will open it.

    The head is written last: a vault that was half made is not a vault.

    Raises:
        UsageError: the store holds a vault already, or there is no secret.
    """
    if not key_secrets:
        raise UsageError("a vault needs a secret that opens it")
    _require_none(store)
    vault = Vault(store, secrets.token_hex(16), first_root(secrets.token_bytes(KEY_BYTES)))
    for secret in key_secrets:
        vault.add_slot(secret, at=at)
    fields = {
        "format": FORMAT,
        "vault": vault.id,
        "created": at.isoformat(timespec="seconds"),
        "writer": WRITER,
        "must_understand": [],
    }
    line = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    _require_none(store)  # somebody else may have been quicker
    store.put(CONFIG, _head(vault.root.head, line))
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
    vault = Vault(store, vault_id, _root(store, vault_id, secret))
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


def _root(store: Store, vault_id: str, secret: Secret) -> Root:
    """Return the newest root that the secret opens; slots of another vault are passed over.

    One secret opens two slots while a new master is being brought in, or a slot was made twice.
    """
    damage, found = 0, list[Root]()
    for name, slot in _slots(store):
        try:
            if hash_of(slot) != hash_in(name):
                raise CorruptObjectError("a key slot is not what its name says")
            payload = unlock(slot, secret, vault_id=vault_id)
            if payload is not None:
                found.append(root_of(payload))
        except CorruptObjectError:
            damage += 1
    if found:
        return max(found, key=lambda root: len(root.masters))
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


def _head(key: bytes, line: bytes) -> bytes:
    """Return the head: its line of JSON and the line that vouches for it."""
    return b"%b\n%b\n" % (line, hmac.new(key, line, "sha256").hexdigest().encode())
