"""Object names: where each kind of object lies in a vault.

    config                                    the vault's head
    keys/<hash>                               key slots
    c/<client>/keys/<epoch>-<hash>            the client's key, sealed under the vault's
    c/<client>/packs/<2 hex>/<hash>           content
    c/<client>/index/<hash>                   what a snapshot added, for finding it again
    c/<client>/moves/<hash>                   where content lies that was put elsewhere
    c/<client>/marks/<sequence>-<hash>        what is no longer kept
    c/<client>/shredded/<hash>                that the client's keys were destroyed
    c/<client>/snap/<set>/<sequence>-<hash>   manifests
    c/<client>/commit/<set>/<sequence>-<hash> commits, written last

`<hash>` is BLAKE3-256 of the object's bytes: a name says its content, so writing twice is harmless,
and any copy can be checked with `b3sum` alone.  `<client>` and `<set>` are pseudonyms.  Whatever
else lies in the folder (lost+found, .DS_Store) is nobody's and left alone.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass

from blake3 import blake3

from baozhang.errors import CorruptObjectError, UsageError
from baozhang.vault.stores.base import ObjectName

CONFIG = ObjectName("config")
SLOTS = "keys/"
CLIENTS = "c/"
SEQUENCE = 10  # digits
NAMES_TEMPLATES = {
    "client": "{name!r} cannot name a client",
    "set": "{name!r} cannot name a set",
}
NAME_RULE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_H, _P = "[0-9a-f]{64}", "[0-9a-f]{32}"
_OF_A_CLIENT = (
    rf"keys/\d{{6}}-{_H}|packs/[0-9a-f]{{2}}/{_H}|(index|moves|shredded)/{_H}|marks/\d{{10}}-{_H}"
    rf"|(snap|commit)/{_P}/\d{{10}}-{_H}"
)
_OURS = re.compile(rf"config|keys/{_H}|c/{_P}/({_OF_A_CLIENT})")
_SEQUENCE = re.compile(r"(\d{10})-([0-9a-f]{64})")


def checked_name(name: str, what: str) -> str:
    """Return a client's or set's name if it may be used as one.

    Raises:
        UsageError: empty, too long, or with signs that would not survive file names and letters.
    """
    if not NAME_RULE.fullmatch(name):
        raise UsageError(
            NAMES_TEMPLATES[what],
            hint="Use 1 to 64 ASCII letters, digits, dots, dashes or underscores.",
            name=name,
        )
    return name


def hash_of(data: bytes | bytearray | memoryview) -> str:
    """Return the hex BLAKE3-256 by which bytes are named."""
    return blake3(data).hexdigest()


def pseudonym(names_key: bytes, *words: str) -> str:
    """Return the 32 hex digits that stand for a name: HMAC-SHA256, truncated to 128 bits."""
    return hmac.new(names_key, "\0".join(words).encode(), hashlib.sha256).hexdigest()[:32]


def slot_name(slot: bytes) -> ObjectName:
    """Return a key slot's name."""
    return ObjectName(f"{SLOTS}{hash_of(slot)}")


@dataclass(frozen=True, slots=True)
class Namespace:
    """One client's part of the vault."""

    client: str  # pseudonym

    @property
    def prefix(self) -> str:
        """Prefix of everything of this client."""
        return f"{CLIENTS}{self.client}/"

    def key(self, epoch: int, data: bytes) -> ObjectName:
        """Name of a client's key object."""
        return ObjectName(f"{self.prefix}keys/{epoch:06d}-{hash_of(data)}")

    def pack(self, digest: str) -> ObjectName:
        """Name of a pack."""
        return ObjectName(f"{self.prefix}packs/{digest[:2]}/{digest}")

    def index(self, data: bytes) -> ObjectName:
        """Name of an index."""
        return ObjectName(f"{self.prefix}index/{hash_of(data)}")

    def moves(self, data: bytes) -> ObjectName:
        """Name of a moves object."""
        return ObjectName(f"{self.prefix}moves/{hash_of(data)}")

    def tombstone(self, data: bytes) -> ObjectName:
        """Name of the record that this client's keys were destroyed."""
        return ObjectName(f"{self.prefix}shredded/{hash_of(data)}")

    def mark(self, sequence: int, data: bytes) -> ObjectName:
        """Name of a mark."""
        return ObjectName(f"{self.prefix}marks/{sequence:0{SEQUENCE}d}-{hash_of(data)}")

    def manifest(self, set_name: str, sequence: int, data: bytes) -> ObjectName:
        """Name of a manifest; `set_name` is a pseudonym."""
        return self._numbered("snap", set_name, sequence, hash_of(data))

    def commit(self, set_name: str, sequence: int, digest: str) -> ObjectName:
        """Name of the commit with this hash; `set_name` is a pseudonym."""
        return self._numbered("commit", set_name, sequence, digest)

    def _numbered(self, kind: str, set_name: str, sequence: int, digest: str) -> ObjectName:
        if sequence >= 10**SEQUENCE:  # such a name would not sort, and would not be found again
            raise CorruptObjectError(
                "a set's newest snapshot claims the last number there is",
                hint="Move that commit out of the vault; no writer has made it.",
            )
        return ObjectName(f"{self.prefix}{kind}/{set_name}/{sequence:0{SEQUENCE}d}-{digest}")


def is_ours(name: ObjectName) -> bool:
    """Tell whether this is the name of an object of a vault."""
    return _OURS.fullmatch(name) is not None


def hash_in(name: ObjectName) -> str:
    """Return the hash that one of our names claims for its bytes; empty for the head."""
    return name.rsplit("/", 1)[-1].rsplit("-", 1)[-1] if name != CONFIG else ""


def sequence_in(name: ObjectName) -> int:
    """Return the sequence that a manifest's, commit's or mark's name claims; 0 without one."""
    match = _SEQUENCE.fullmatch(name.rsplit("/", 1)[-1])
    return int(match[1]) if match else 0
