"""Certificates: what was destroyed, signed so that anybody with the public key can check it.

A certificate is one JSON object, signed with Ed25519 over its canonical form without the member
`signature`.  The public key stands in it for convenience alone: whoever checks one compares the
fingerprint (SHA-256 of the raw key) with one that came by another way, best on paper.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

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

from baozhang.errors import UsageError

DOMAIN = b"baozhang/1 certificate\n"
"""Precedes what is signed, so that no other signature of the same key passes for this one."""


class Signing(Protocol):
    """Signs bytes with a key that it keeps to itself."""

    @property
    def public_key(self) -> bytes:
        """The raw public key, 32 bytes."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of the message, 64 bytes."""
        ...


@dataclass(frozen=True, slots=True)
class KeySigning:
    """Signs with a private key at hand."""

    key: Ed25519PrivateKey

    @property
    def public_key(self) -> bytes:
        """Keep the contract of `Signing.public_key`."""
        return self.key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Keep the contract of `Signing.sign`."""
        return self.key.sign(message)


def new_signing() -> tuple[KeySigning, bytes]:
    """Return a new signing key, and its PEM for a private file."""
    key = Ed25519PrivateKey.generate()
    return KeySigning(key), key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(signing: Signing) -> bytes:
    """Return the public half as PEM."""
    key = Ed25519PublicKey.from_public_bytes(signing.public_key)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def read_signing(pem: bytes) -> KeySigning:
    """Return the signing key of a PEM file, such as an audit log's `signing.key`.

    Raises:
        UsageError: not such a key.
    """
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(
            "the signing key is not an Ed25519 private key",
            hint="Give the file `signing.key` of the audit log, or let a new one be made.",
        )
    return KeySigning(key)


def read_public(pem: bytes) -> bytes:
    """Return the raw public key of a PEM file.

    Raises:
        UsageError: not such a key.
    """
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(
            "the public key is not an Ed25519 public key",
            hint="Give the file `signing.pub` that was kept beside the signing key.",
        )
    return key.public_bytes_raw()


def fingerprint(public_key: bytes) -> str:
    """Return the SHA-256 of a raw public key, as 64 hexadecimal digits."""
    return hashlib.sha256(public_key).hexdigest()


def sign_certificate(fields: Mapping[str, object], signing: Signing) -> bytes:
    """Return the certificate that says these fields, as canonical JSON and a line feed."""
    told = {**fields, "public_key": signing.public_key.hex()}
    told["signature"] = signing.sign(DOMAIN + _canonical(told)).hex()
    return _canonical(told) + b"\n"


def read_certificate(certificate: bytes, public_key: bytes | None) -> dict[str, object]:
    """Return what a certificate says, its signature being right.

    Args:
        certificate: as it was issued; blanks and the order of members do not matter.
        public_key: raw, had by another way; None trusts the one that the certificate names.

    Raises:
        UsageError: not a certificate, altered, or signed with another key.
    """
    try:
        fields = json.loads(certificate)
        signature = bytes.fromhex(fields.pop("signature"))
        stated = bytes.fromhex(fields["public_key"])
        key = Ed25519PublicKey.from_public_bytes(stated if public_key is None else public_key)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError("this is no certificate", hint="Give the file that was issued.") from error
    try:
        key.verify(signature, DOMAIN + _canonical(fields))
    except InvalidSignature as error:
        raise UsageError(
            "the certificate was altered, or was signed with another key",
            hint="Ask for the file as it was issued, and for the fingerprint of the signer's key.",
        ) from error
    return dict(fields)


def _canonical(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
