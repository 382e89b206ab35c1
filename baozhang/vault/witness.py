"""The witness: what somebody outside the vault knows of its newest snapshots.

A vault that lost its latest commits, or was put back as it was last month, is whole in itself; on a
fresh machine nothing in it tells.  The witness is a small file kept elsewhere that does.  It names
for every client and set the newest commit, under a MAC of the vault's key; ids stand in it only
encrypted, so whoever finds it learns how many clients there are and not who.

In a file it is replaced as a whole; in a store each version is an object of its own that is never
overwritten, so that a writer who may only create is enough.  Normative: docs/format.md, "Witness".
"""

import fcntl
import hmac
import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from baozhang.errors import CorruptObjectError, NewerFormatError, UnreachableError, UsageError
from baozhang.keys.slots import KEY_BYTES, derive
from baozhang.vault.names import SEQUENCE, Namespace, hash_of, pseudonym
from baozhang.vault.stores.base import ObjectName, Store
from baozhang.vault.stores.choosing import is_s3, new_store_at
from baozhang.vault.vault import Vault

FORMAT = 1
MOST = 64 * 2**20  # bytes; a hundred thousand sets take less


@dataclass(frozen=True, slots=True)
class Head:
    """The newest commit of one set of one client; two where a fork is not healed yet."""

    client: str
    set: str
    sequence: int
    commits: tuple[str, ...]  # their hashes, sorted
    count: int  # commits up to this sequence

    @property
    def key(self) -> tuple[str, str]:
        """Whose head it is."""
        return self.client, self.set


@dataclass(frozen=True, slots=True)
class Witness:
    """All heads of one vault as they were known at an instant."""

    vault: str  # id
    number: int  # from 1; each later one is greater
    at: datetime  # UTC
    heads: tuple[Head, ...]  # sorted by client and set


class WitnessPlace(Protocol):
    """Where a witness is kept."""

    @property
    def url(self) -> str:
        """The place, for people."""
        ...

    def read(self) -> bytes | None:
        """Return the newest witness there; None: there has been none.

        Raises:
            UnreachableError: the place does not answer, which is never "none".
        """
        ...

    def write(self, number: int, data: bytes) -> None:
        """Keep a newer witness, durably."""
        ...

    def held(self) -> AbstractContextManager[None]:
        """Keep other writers of this place out while the block works, where that can be done."""
        ...


def space_of(vault: Vault, client: str) -> Namespace:
    """Return a client's namespace."""
    return Namespace(pseudonym(vault.root.names, "client", client))


def set_of(vault: Vault, client: str, set_name: str) -> str:
    """Return what stands for a client's set in object names."""
    return pseudonym(vault.root.names, "set", client, set_name)


def encode_witness(vault: Vault, witness: Witness) -> bytes:
    """Return a witness as it is kept: a line of canonical JSON, and the line that vouches for it.

    Equal witnesses give equal bytes.
    """
    fields = {
        "format": FORMAT,
        "vault": witness.vault,
        "number": witness.number,
        "at": witness.at.isoformat(timespec="seconds"),
        "heads": [_head_fields(vault, head) for head in witness.heads],
    }
    line = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    return b"%b\n%b\n" % (line, _mac(vault.root.master, line))


def decode_witness(vault: Vault, data: bytes) -> Witness:
    """Return what a witness says.

    Raises:
        UsageError: it is of another vault.
        CorruptObjectError: damaged, or not made by a holder of this vault's key.
        NewerFormatError: written by a newer release.
    """
    line, _, rest = data.partition(b"\n")
    try:
        fields = json.loads(line)
        _check_vault(vault, fields)
        if not any(
            hmac.compare_digest(_mac(master, line) + b"\n", rest) for master in vault.root.masters
        ):
            raise ValueError("not vouched for")
        if fields["format"] != FORMAT:
            raise NewerFormatError(
                "the witness was written by a newer release",
                hint="Install the release that wrote it, or a newer one.",
            )
        heads = tuple(_head(vault, each) for each in fields["heads"])
        at = datetime.fromisoformat(fields["at"])
        return Witness(vault.id, int(fields["number"]), at, heads)
    except (ValueError, KeyError, TypeError, InvalidTag) as error:
        raise CorruptObjectError(
            "the witness is damaged, or somebody without the vault's key wrote it",
            hint="Compare the vault with its mirrors; then see docs/guides/mirrors.md.",
        ) from error


def is_present(vault: Vault, data: bytes) -> bool:
    """Tell whether a witness is vouched for by the vault's present master, not an earlier one."""
    line, _, rest = data.partition(b"\n")
    return hmac.compare_digest(_mac(vault.root.master, line) + b"\n", rest)


def _check_vault(vault: Vault, fields: dict[str, object]) -> None:
    if str(fields["vault"]) != vault.id:
        raise UsageError(
            "the witness is of another vault",
            hint="Give the witness that was kept for this vault; if it is, the vault was replaced.",
        )


def _head_fields(vault: Vault, head: Head) -> dict[str, object]:
    space, set_name = space_of(vault, head.client), set_of(vault, head.client, head.set)
    words = json.dumps([head.client, head.set]).encode()
    return {
        "client": space.client,
        "set": set_name,
        "who": _names(vault).encrypt(words, [f"{space.client}/{set_name}".encode()]).hex(),
        "sequence": head.sequence,
        "commits": list(head.commits),
        "count": head.count,
    }


def _head(vault: Vault, fields: dict[str, object]) -> Head:
    bound = f"{fields['client']}/{fields['set']}".encode()
    words = _names(vault).decrypt(bytes.fromhex(str(fields["who"])), [bound])
    client, set_name = json.loads(words)
    commits = fields["commits"]
    if not isinstance(commits, list):
        raise TypeError("no list of commits")
    return Head(
        str(client),
        str(set_name),
        int(str(fields["sequence"])),
        tuple(str(each) for each in commits),
        int(str(fields["count"])),
    )


def _mac(master: bytes, line: bytes) -> bytes:
    key = derive(master, salt=b"", info=b"baozhang/1 witness", length=KEY_BYTES)
    return hmac.new(key, line, "sha256").hexdigest().encode()


def _names(vault: Vault) -> AESSIV:
    """Return what hides ids; of the key of pseudonyms, which outlives every master."""
    return AESSIV(
        derive(vault.root.names, salt=b"", info=b"baozhang/1 witness names", length=2 * KEY_BYTES)
    )


def witness_at(url: str, vault: Vault) -> WitnessPlace:
    """Return the place that a path, a `file://` or an S3 URL means for this vault's witness."""
    if is_s3(url):
        return StoreWitness(new_store_at(url), vault.id)
    path = unquote(urlsplit(url).path) if url.startswith("file://") else url
    return FileWitness(Path(path))


class FileWitness:
    """A witness in a file of its own; its folder must be there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def url(self) -> str:
        """The file's path."""
        return str(self._path)

    def read(self) -> bytes | None:
        """Keep the contract of `WitnessPlace.read`."""
        try:
            with self._path.open("rb") as file:
                return file.read(MOST)
        except FileNotFoundError as error:
            if self._path.parent.is_dir():
                return None
            raise self._away(error) from error  # a disk that is not mounted is not "none"
        except OSError as error:
            raise self._away(error) from error

    def write(self, number: int, data: bytes) -> None:
        """Keep the contract of `WitnessPlace.write`: a new file takes the old one's place."""
        fresh = self._path.with_name(f".{self._path.name}.{number}.new")
        try:
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if fresh.read_bytes() != data:
                raise OSError("what was written did not come back")
            fresh.replace(self._path)
            _sync(self._path.parent)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise self._away(error) from error

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the contract of `WitnessPlace.held`; some shares cannot lock."""
        try:
            lock = os.open(
                self._path.with_name(f".{self._path.name}.lock"),
                os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC,
                0o600,
            )
        except OSError as error:
            raise self._away(error) from error
        try:
            with suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _away(self, error: OSError) -> UnreachableError:
        return UnreachableError(
            "the witness {path} cannot be used: {reason}",
            hint="Check that its disk or share is mounted and that this user may use it.",
            path=self._path,
            reason=error.strerror or str(error) or type(error).__name__,
        )


class StoreWitness:
    """A witness in a store: one object for each version, the highest number counts."""

    def __init__(self, store: Store, vault_id: str) -> None:
        self._store, self._prefix = store, f"witness/{vault_id}/"

    @property
    def url(self) -> str:
        """The store's URL."""
        return self._store.url

    def read(self) -> bytes | None:
        """Keep the contract of `WitnessPlace.read`."""
        names = [info.name for info in self._store.list(self._prefix)]
        return self._store.get(max(names)) if names else None

    def write(self, number: int, data: bytes) -> None:
        """Keep the contract of `WitnessPlace.write`."""
        name = f"{self._prefix}{number:0{SEQUENCE}d}-{hash_of(data)}"
        self._store.put(ObjectName(name), data)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Two writers make two objects of one number; the next one knows more than both."""
        yield


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # some shares cannot
            os.fsync(handle)
    finally:
        os.close(handle)
