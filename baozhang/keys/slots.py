"""Key slots: each locks the one master key of a vault under one secret somebody holds.

    key file        32 random bytes     HKDF-SHA256   quick, for unattended machines
    passphrase      what a person knows Argon2id      slow on purpose, for people
    recovery sheet  32 random bytes     HKDF-SHA256   printed, kept in a safe
    escrow          32 random bytes     HKDF-SHA256   split into shares, held by several people

Any one of them opens the vault.  A slot is authenticated as a whole: its keys are sealed with every
other field as associated data, and a commitment to the slot's key is compared first, so that no
ciphertext opens under two secrets.  Normative: docs/format.md, "Key slots".
"""

import base64
import hmac
import json
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from baozhang.errors import CorruptObjectError, UsageError, WrongKeyError

KEY_BYTES = 32
ARGON2 = {"iterations": 3, "lanes": 4, "memory_kib": 256 * 1024}
"""0.47 s on the reference machine; above RFC 9106's second choice (64 MiB)."""
ARGON2_FLOOR, ARGON2_CEILING = 64 * 1024, 4 * 1024 * 1024  # KiB; a slot may not ask for a terabyte
NONCE = bytes(12)  # the slot's key is used once: it is derived from a fresh salt

SlotKind = Literal["keyfile", "passphrase", "recovery", "escrow"]


@dataclass(frozen=True, slots=True)
class Secret:
    """What somebody holds: raw bytes, or a passphrase's UTF-8 text.  Never shown by repr."""

    kind: SlotKind
    value: bytes = field(repr=False)


def passphrase(text: str) -> Secret:
    """Return the secret of a passphrase, normalised (NFC): every keyboard spells it alike."""
    return Secret("passphrase", unicodedata.normalize("NFC", text).encode())


def derive(secret: bytes, *, salt: bytes, info: bytes, length: int = 64) -> bytes:
    """Return HKDF-SHA256 (RFC 5869) of a high-entropy secret."""
    return HKDF(SHA256(), length=length, salt=salt, info=info).derive(secret)


def lock(
    payload: bytes, secret: Secret, *, vault_id: str, about: Mapping[str, object] | None = None
) -> bytes:
    """Return the bytes of a new slot that opens `payload` with `secret`.

    Args:
        payload: the vault's keys, as `root.payload_of` lays them out.
        secret: whoever holds it opens the slot.
        vault_id: the slot opens for no other vault.
        about: what the slot says openly of itself, such as when it was made; authenticated.
    """
    fields: dict[str, Any] = {
        **(about or {}),
        "format": 1,
        "kind": secret.kind,
        "vault": vault_id,
        "salt": secrets.token_hex(32),
        "kdf": {"name": "argon2id", **ARGON2} if secret.kind == "passphrase" else {"name": "hkdf"},
    }
    keys = _slot_keys(secret, fields)
    fields["commitment"] = keys[32:].hex()
    sealed = AESGCM(keys[:32]).encrypt(NONCE, payload, _canonical(fields))
    return _canonical({**fields, "sealed": sealed.hex()})


def unlock(slot: bytes, secret: Secret, *, vault_id: str) -> bytes | None:
    """Return what was locked; None for a slot of another kind, another vault or another secret.

    Raises:
        CorruptObjectError: the slot is not a slot, or asks for absurd work.
    """
    fields = parse_slot(slot)
    if (fields["kind"], fields["vault"]) != (secret.kind, vault_id):
        return None
    sealed = bytes.fromhex(str(fields.pop("sealed")))
    keys = _slot_keys(secret, fields)
    if not hmac.compare_digest(keys[32:].hex(), str(fields["commitment"])):
        return None
    try:
        return AESGCM(keys[:32]).decrypt(NONCE, sealed, _canonical(fields))
    except InvalidTag as error:
        raise CorruptObjectError("a key slot was altered") from error


def parse_slot(slot: bytes) -> dict[str, Any]:
    """Return a slot's fields.

    Raises:
        CorruptObjectError: not a slot, or one whose work factor lies outside sane bounds.
    """
    try:
        fields = json.loads(slot)
        bytes.fromhex(fields["sealed"] + fields["salt"] + fields["commitment"])
        sane = isinstance(fields["kind"] + fields["vault"], str) and _sane(fields["kdf"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptObjectError("a key slot cannot be read") from error
    if not sane:
        raise CorruptObjectError("a key slot asks for absurd work")
    return dict(fields)


def _sane(kdf: dict[str, Any]) -> bool:
    """Tell whether a key derivation asks for work that this machine should do."""
    if kdf["name"] != "argon2id":
        return True
    memory, rounds, lanes = kdf["memory_kib"], kdf["iterations"], kdf["lanes"]
    within = ARGON2_FLOOR <= memory <= ARGON2_CEILING and 1 <= rounds <= 16 and 1 <= lanes <= 16
    return within and all(type(number) is int for number in (memory, rounds, lanes))


def _slot_keys(secret: Secret, fields: dict[str, Any]) -> bytes:
    """Return 32 bytes of key and 32 of commitment."""
    salt, kdf = bytes.fromhex(fields["salt"]), fields["kdf"]
    value = secret.value
    if kdf["name"] == "argon2id":
        value = Argon2id(
            salt=salt,
            length=KEY_BYTES,
            iterations=kdf["iterations"],
            lanes=kdf["lanes"],
            memory_cost=kdf["memory_kib"],
        ).derive(value)
    info = f"baozhang/1 slot {fields['kind']} {fields['vault']}".encode()
    return derive(value, salt=salt, info=info)


def _canonical(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


# --- what people hold ---------------------------------------------------------------------------


def new_secret(kind: Literal["keyfile", "recovery", "escrow"]) -> Secret:
    """Return a fresh random secret."""
    return Secret(kind, secrets.token_bytes(KEY_BYTES))


def recovery_code(secret: Secret) -> str:
    """Return a recovery secret for paper: base32 in groups of four, the last a checksum.

    52 characters of secret (RFC 4648 section 6, no padding) and 4 of BLAKE3 over them.
    """
    text = base64.b32encode(secret.value).decode().rstrip("=")
    text += _checksum(text)
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def read_recovery_code(code: str) -> Secret:
    """Return the secret that a recovery code writes; blanks, dashes and case do not matter.

    Raises:
        UsageError: mistyped.
    """
    text = "".join(code.upper().split()).replace("-", "")
    body, check = text[:52], text[52:]
    try:
        value = base64.b32decode(body + "====")
    except ValueError:
        value = b""
    if len(value) != KEY_BYTES or check != _checksum(body):
        raise UsageError(
            "the recovery code is mistyped",
            hint="Compare it with the sheet group by group; it has 14 groups of four.",
        )
    return Secret("recovery", value)


def _checksum(text: str) -> str:
    return base64.b32encode(blake3(text.encode()).digest(3)).decode()[:4]


def encode_key_file(secret: Secret) -> bytes:
    """Return the bytes of a key file: one line of text, so that it survives any editor."""
    return f"baozhang-key-1:{base64.b64encode(secret.value).decode()}\n".encode()


def decode_key_file(content: bytes) -> Secret:
    """Return the secret of a key file.

    Raises:
        WrongKeyError: not a key file.
    """
    mark, _, text = content.decode("ascii", "replace").strip().partition(":")
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError:
        value = b""
    if mark != "baozhang-key-1" or len(value) != KEY_BYTES:
        raise WrongKeyError(
            "the key file holds no key",
            hint="Give the file that `baozhang vault init` made for this vault.",
        )
    return Secret("keyfile", value)
