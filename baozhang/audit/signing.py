"""The key that signs the log's head: made on first use, kept in a file only its owner reads.

The public half lies beside it.  Its fingerprint, the SHA-256 of the 32 bytes of the key, belongs on
paper: a log is only as trustworthy as the way its public key came to whoever verifies it.
"""

import hashlib
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from baozhang import durable
from baozhang.audit.records import Head, Record, signed_part
from baozhang.errors import UsageError

PRIVATE_KEY, PUBLIC_KEY = "signing.key", "signing.pub"
_PACK = b"baozhang evidence pack v1\n"
"""Before what is signed of a pack, so that no signature of a head is ever one of a pack."""


class Signer:
    """Signs heads with one private key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key = key.public_key()
        self.fingerprint = fingerprint(self.public_key)

    def sign(self, record: Record, at: datetime) -> Head:
        """Return the head that ends the chain at this record, signed at this instant."""
        message = signed_part(record.seq, record.hash, at, self.fingerprint)
        signature = self._key.sign(message).hex()
        return Head(record.seq, record.hash, at, self.fingerprint, signature)

    def sign_pack(self, manifest: bytes) -> str:
        """Return the signature over an evidence pack's manifest, 128 hexadecimal digits."""
        return self._key.sign(_PACK + manifest).hex()


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return the SHA-256 of the raw public key, as 64 hexadecimal digits."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def is_signed(head: Head, key: Ed25519PublicKey) -> bool:
    """Tell whether the head was signed with the private half of this key."""
    message = signed_part(head.seq, head.hash, head.at, head.key)
    try:
        key.verify(bytes.fromhex(head.signature), message)
    except InvalidSignature:
        return False
    return head.key == fingerprint(key)


def is_pack_signed(manifest: bytes, signature: str, key: Ed25519PublicKey) -> bool:
    """Tell whether a pack's manifest was signed with the private half of this key."""
    try:
        key.verify(bytes.fromhex(signature), _PACK + manifest)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key_of(pem: bytes) -> Ed25519PublicKey | None:
    """Return the public key that PEM text holds; None: it is none of ours."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, Ed25519PublicKey) else None


def make_signer(folder: Path) -> Signer:
    """Make a key, `signing.key` and `signing.pub` in the folder, and return its signer."""
    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    durable.replace(folder / PUBLIC_KEY, public)
    durable.replace(folder / PRIVATE_KEY, secret)
    return Signer(key)


def load_signer(folder: Path) -> Signer:
    """Return the signer of the key in the folder.

    Raises:
        UsageError: the file is not such a key.
        OSError: it cannot be read.
    """
    path = folder / PRIVATE_KEY
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(
            "{path} is not an Ed25519 private key",
            hint="Bring back the file from its copy; a new key would leave the old log unproven.",
            path=path,
        )
    return Signer(key)


def load_public_key(path: Path) -> Ed25519PublicKey:
    """Return the public key in a PEM file.

    Raises:
        UsageError: there is none, or it is not such a key.
    """
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise UsageError(
            "the public key {path} cannot be read: {reason}",
            hint="Name the log's folder, or with --public-key the file `signing.pub` kept from it.",
            path=path,
            reason=error.strerror or type(error).__name__,
        ) from error
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(
            "{path} is not an Ed25519 public key",
            hint="Name the file `signing.pub` that was kept from the folder of the log.",
            path=path,
        )
    return key
