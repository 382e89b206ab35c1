"""Sealing: every object of the vault is ciphertext bound to its place.

    ┌───────┬───────┬──────┬───────┬───────┬────────────┬──────┬────────────┬───────────┐
    │ magic │ suite │ kind │ flags │ epoch │ key length │ salt │ commitment │ body …    │
    └───────┴───────┴──────┴───────┴───────┴────────────┴──────┴────────────┴───────────┘
       4       2       1      1       4         2          32       32

Each object has a key of its own: HKDF-SHA256 over the client's key, the object's fresh salt, and
the place it belongs to (vault, client, epoch, kind).  So an object moved to another client, vault
or kind does not open; nonces are plain counters and no nonce is ever stored or repeated.  The
commitment is the other half of the same derivation and is compared before anything is decrypted.
`key length` is reserved for a sealed key (asymmetric writers) and is zero today.

Performs no I/O.  Normative: docs/format.md, "Sealed objects".
"""

import hmac
import secrets
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, unique
from typing import NamedTuple, TypeAlias

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from baozhang.errors import CorruptObjectError, NewerFormatError
from baozhang.keys.slots import derive

Buffer: TypeAlias = "bytes | bytearray | memoryview"

MAGIC = b"BZO1"
SUITE_AES_256_GCM = 1
HEADER = struct.Struct("<4sHBBIH32s32s")
TAG = 16  # bytes of an AES-GCM tag
FRAME = struct.Struct("<BQ")  # a small object's codec and plain length
LAST = 0xFFFFFFFF  # counter of a pack's table; segments count from 0
SAMPLE = 32 * 2**10  # bytes that tell whether compressing is worth it
WORTH = 0.98  # of its size is what the sample must get below
WINDOW_LOG, TARGET_LENGTH = 20, 8  # of a `Tuning`: a segment fits the window
META_LEVEL = 9  # zstd; manifests and indexes are small and kept for years


class Tuning(NamedTuple):
    """A setting of the compressor between its levels; fields as ZSTD_compressionParameters'."""

    strategy: int
    search_log: int
    hash_log: int
    min_match: int


Effort: TypeAlias = "int | Tuning"
"""A level of Zstandard, or a setting that was found to be better for one kind of content."""


@unique
class Kind(IntEnum):
    """What an object is; part of its key, so that one never passes for another."""

    PACK = 1
    INDEX = 2
    MANIFEST = 3
    COMMIT = 4
    CLIENT_KEY = 5
    MOVES = 6
    MARK = 7
    TOMBSTONE = 8
    CACHE = 255  # never in a vault: what a machine keeps beside it


class Codec(IntEnum):
    """How a plaintext was packed before sealing."""

    RAW = 0
    ZSTD = 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object belongs: the context that its key is bound to."""

    vault: str  # hex
    client: str  # pseudonym, hex; empty for what belongs to the vault
    epoch: int
    kind: Kind

    @property
    def info(self) -> bytes:
        """HKDF's info string."""
        words = (self.vault, self.client, str(self.epoch), self.kind.name.lower())
        return b"baozhang/1 object " + "/".join(words).encode()


@dataclass(frozen=True, slots=True)
class Seal:
    """The opened header of one object: seals and opens its parts."""

    header: bytes
    cipher: AESGCM = field(repr=False)

    def close(self, counter: int, codec: int, plain_length: int, data: Buffer) -> bytes:
        """Return the sealed part: ciphertext and tag."""
        return self.cipher.encrypt(_nonce(counter), data, self._bound(counter, codec, plain_length))

    def close_into(
        self, counter: int, codec: int, plain_length: int, data: Buffer, out: memoryview
    ) -> None:
        """Seal into `out`, which is as long as the data and a tag: no copy is made."""
        bound = self._bound(counter, codec, plain_length)
        self.cipher.encrypt_into(_nonce(counter), data, bound, out)

    def open(self, counter: int, codec: int, plain_length: int, data: bytes | memoryview) -> bytes:
        """Return the plaintext, decompressed and exactly as long as was sealed.

        Raises:
            CorruptObjectError: not what was sealed here.
        """
        return unpack(self._packed(counter, codec, plain_length, data), codec, plain_length)

    def check(self, counter: int, codec: int, plain_length: int, data: Buffer) -> None:
        """Open and decompress, and forget the plaintext; raises as `open` does."""
        packed = self._packed(counter, codec, plain_length, data)
        if codec != Codec.RAW or len(packed) != plain_length:
            unpack(packed, codec, plain_length)

    def _packed(self, counter: int, codec: int, plain_length: int, data: Buffer) -> memoryview:
        """Return what was sealed, in a buffer that is valid until this thread opens the next."""
        if len(data) < TAG:
            raise CorruptObjectError("a sealed object is cut short")
        packed, bound = _scratch(len(data) - TAG), self._bound(counter, codec, plain_length)
        try:
            self.cipher.decrypt_into(_nonce(counter), data, bound, packed)
        except InvalidTag as error:
            raise CorruptObjectError("sealed bytes were altered") from error
        return packed

    def raw(self, counter: int, codec: int, plain_length: int, data: Buffer) -> bytes:
        """Return what `close` was given, still packed; raises as `open` does."""
        bound = self._bound(counter, codec, plain_length)
        try:
            return self.cipher.decrypt(_nonce(counter), bytes(data), bound)
        except InvalidTag as error:
            raise CorruptObjectError("sealed bytes were altered") from error

    def _bound(self, counter: int, codec: int, plain_length: int) -> bytes:
        return self.header + struct.pack("<IBQ", counter, codec, plain_length)


def new_seal(key: bytes, place: Place) -> Seal:
    """Return the seal of a new object under a fresh salt."""
    salt = secrets.token_bytes(32)
    keys = derive(key, salt=salt, info=place.info)
    fields = (MAGIC, SUITE_AES_256_GCM, place.kind, 0, place.epoch, 0, salt, keys[32:])
    return Seal(HEADER.pack(*fields), AESGCM(keys[:32]))


def open_seal(header: bytes, keys: Sequence[bytes], place: Place) -> Seal:
    """Return the seal of a stored object; the commitment tells which of the keys is its own.

    Raises:
        CorruptObjectError: another kind, another place, none of these keys, or altered.
        NewerFormatError: a suite this release does not know.
    """
    if len(header) < HEADER.size:
        raise CorruptObjectError("a sealed object is cut short")
    head = header[: HEADER.size]
    magic, suite, kind, flags, epoch, key_length, salt, commitment = HEADER.unpack(head)
    if magic != MAGIC or kind != place.kind or epoch != place.epoch:
        raise CorruptObjectError("a sealed object is not of its kind")
    if suite != SUITE_AES_256_GCM or flags or key_length:
        raise NewerFormatError(
            "an object is sealed in a way this release does not know (suite {suite})",
            hint="Install the release that wrote this vault, or a newer one.",
            suite=suite,
        )
    for key in keys:
        derived = derive(key, salt=salt, info=place.info)
        if hmac.compare_digest(derived[32:], commitment):
            return Seal(head, AESGCM(derived[:32]))
    raise CorruptObjectError("a sealed object belongs elsewhere, or was altered")


def epoch_of(header: bytes) -> int:
    """Return the key epoch that an object says it was sealed in.

    Raises:
        CorruptObjectError: not a sealed object.
    """
    if len(header) < HEADER.size or header[:4] != MAGIC:
        raise CorruptObjectError("not a sealed object")
    return int(HEADER.unpack(header[: HEADER.size])[4])


def seal_object(data: bytes, key: bytes, place: Place) -> bytes:
    """Return a whole small object: header, frame, and one sealed part."""
    codec, packed = pack(data, level=META_LEVEL)
    seal = new_seal(key, place)
    frame = FRAME.pack(codec, len(data))
    return seal.header + frame + seal.close(0, codec, len(data), packed)


def open_object(sealed: bytes, keys: Sequence[bytes], place: Place) -> bytes:
    """Return what `seal_object` sealed; raises as `open_seal` and `Seal.open` do."""
    seal = open_seal(sealed, keys, place)
    body = sealed[HEADER.size :]
    if len(body) < FRAME.size + TAG:
        raise CorruptObjectError("a sealed object is cut short")
    codec, plain_length = FRAME.unpack(body[: FRAME.size])
    return seal.open(0, codec, plain_length, body[FRAME.size :])


def pack(data: bytes | bytearray, *, level: Effort) -> tuple[Codec, bytes | bytearray]:
    """Return the data compressed where that helps, having decompressed it again to be sure.

    Compressors have written bad frames (restic #4523, #4677): none is trusted unread.

    Raises:
        CorruptObjectError: the compressor did not give back what it was given.
    """
    packed = _compressor(level).compress(data)
    if len(packed) >= len(data):
        return Codec.RAW, data
    if unpack(packed, Codec.ZSTD, len(data)) != data:
        raise CorruptObjectError(
            "the compressor did not give back its input",
            hint="Test this machine's memory before running another backup.",
        )
    return Codec.ZSTD, packed


def compressible(data: Buffer) -> bool:
    """Tell by a sample from the middle whether compressing is worth its time."""
    middle = len(data) // 2
    sample = bytes(memoryview(data)[middle : middle + SAMPLE])
    return len(_compressor(1).compress(sample)) <= WORTH * len(sample)


def unpack(packed: bytes | memoryview, codec: int, plain_length: int) -> bytes:
    """Return the plaintext of `plain_length` bytes.

    Raises:
        CorruptObjectError: another length, or no such codec.
    """
    if codec == Codec.ZSTD:
        return _of_length(_decompressed(packed, plain_length), plain_length)
    if codec != Codec.RAW:
        raise CorruptObjectError("a sealed part is of a codec that this release does not know")
    return _of_length(bytes(packed), plain_length)


def _of_length(plain: bytes, length: int) -> bytes:
    if len(plain) != length:
        raise CorruptObjectError("a sealed part has another length than it says")
    return plain


def _decompressed(packed: bytes | memoryview, plain_length: int) -> bytes:
    """Decompress to no more than the length; a frame that states its own is believed over a limit.

    (python-zstandard: `max_output_size` counts only where the frame states no size, and 0 is none.)
    """
    try:
        if zstandard.frame_content_size(packed) not in (-1, plain_length):
            raise CorruptObjectError("a sealed part has another length than it says")
        return _own.decompressor.decompress(packed, max_output_size=plain_length or 1)
    except zstandard.ZstdError as error:
        raise CorruptObjectError("compressed bytes cannot be read") from error


class _Own(threading.local):
    """What each thread keeps for its next object: making these anew costs more than their use."""

    def __init__(self) -> None:
        self.decompressor = zstandard.ZstdDecompressor()
        self.compressors: dict[Effort, zstandard.ZstdCompressor] = {}
        self.scratch = bytearray()


_own = _Own()


def _compressor(effort: Effort) -> zstandard.ZstdCompressor:
    found = _own.compressors.get(effort)
    if found is None:
        found = _own.compressors[effort] = _new_compressor(effort)
    return found


def _new_compressor(effort: Effort) -> zstandard.ZstdCompressor:
    if isinstance(effort, int):
        return zstandard.ZstdCompressor(level=effort)
    parameters = zstandard.ZstdCompressionParameters(
        window_log=WINDOW_LOG,
        chain_log=effort.hash_log,
        target_length=TARGET_LENGTH,
        **effort._asdict(),
    )
    return zstandard.ZstdCompressor(compression_params=parameters)


def _scratch(length: int) -> memoryview:
    """Return this thread's buffer; valid until the thread asks for it again."""
    if len(_own.scratch) < length:
        _own.scratch = bytearray(
            length + length // 2
        )  # or the next, a little longer, does it again
    return memoryview(_own.scratch)[:length]


def _nonce(counter: int) -> bytes:
    return counter.to_bytes(12, "little")
