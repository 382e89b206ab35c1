"""Patches: a proof told by an earlier one, since a day changes few marks of a ledger's many.

    proof of the base ─┐
    proof of tonight  ─┴─► patch: what is not in the base's, and where the rest of it stands there

A patch is one Zstandard frame whose dictionary is the earlier proof.  It stands on a proof that is
stored whole, never on another patch, and carries the hash of what has to come out: another base
gives an error, never another proof.

Performs no I/O.  Normative: docs/format.md, "Manifests".
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

import zstandard
from blake3 import blake3

from baozhang.errors import CorruptObjectError
from baozhang.vault.stores.base import ObjectName

LAZY2 = 5  # ZSTD_lazy2: what is quicker knows no more than the last 16 MiB of a dictionary
SEARCH, MATCH = 4, 6  # marks are random: few places to look at, and nothing shorter is a match
LEAST, MOST = 6, 24  # bits of its table: ZSTD_HASHLOG_MIN, and what takes 170 MB of memory
SHORTEST = 8  # bytes: what is less is no dictionary (RFC 8878, 5)
WIDEST = 31  # bits: ZSTD_WINDOWLOG_MAX where addresses have 64


class Patch(NamedTuple):
    """A proof, told by another one."""

    digest: bytes  # BLAKE3-256 of the whole proof
    frame: bytes  # empty where the other one is the same


Told: TypeAlias = "bytes | Patch"
"""A proof as a manifest holds it: whole, or a patch of the base's."""


class Patched(Mapping[str, bytes]):
    """The proofs of a snapshot, by their books; each is put together when it is asked for.

    Args:
        told: as the delta holds them.
        base: the whole ones that patches stand on.
        name: of the manifest that holds the base's.
    """

    def __init__(
        self, told: Mapping[str, Told], base: Mapping[str, bytes], name: ObjectName
    ) -> None:
        self._told, self._base, self._name = told, base, name

    def __getitem__(self, book: str) -> bytes:
        """Return the whole proof of a book.

        Raises:
            KeyError: no such book.
            CorruptObjectError: the base's proof is not the one that the patch was made of.
        """
        told = self._told[book]
        if not isinstance(told, Patch):
            return told
        base = self._base.get(book)
        whole = None if base is None else _applied(base, told.frame)
        if whole is None or _digest(whole) != told.digest:
            raise CorruptObjectError(
                "a proof cannot be told by the one in {object}",
                hint="Run `baozhang vault verify --read-data`, then take the object from a mirror.",
                object=self._name,
            )
        return whole

    def __contains__(self, book: object) -> bool:
        return book in self._told

    def __iter__(self) -> Iterator[str]:
        return iter(self._told)

    def __len__(self) -> int:
        return len(self._told)


def told_by(base: bytes | None, proof: bytes) -> Told:
    """Return a proof told by the one of the same book in the base; whole where that is no less."""
    if base == proof:
        return Patch(_digest(proof), b"")
    if base is None or len(base) < SHORTEST:
        return proof
    frame = _frame(base, proof)
    if (
        len(frame) >= len(proof) or _applied(base, frame) != proof
    ):  # no compressor is trusted unread
        return proof
    return Patch(_digest(proof), frame)


def _frame(base: bytes, proof: bytes) -> bytes:
    window = (len(base) + len(proof)).bit_length()
    table = max(LEAST, min(MOST, len(base).bit_length() - 1))  # every second place at least
    parameters = zstandard.ZstdCompressionParameters(
        window_log=max(zstandard.WINDOWLOG_MIN, min(WIDEST, window)),
        hash_log=table,
        chain_log=table,
        search_log=SEARCH,
        min_match=MATCH,
        strategy=LAZY2,
    )
    compressor = zstandard.ZstdCompressor(
        dict_data=_dictionary(base), compression_params=parameters
    )
    return compressor.compress(proof)


def _applied(base: bytes, frame: bytes) -> bytes | None:
    """Return what comes out; None if nothing does."""
    if not frame:
        return base
    try:
        return zstandard.ZstdDecompressor(dict_data=_dictionary(base)).decompress(frame)
    except zstandard.ZstdError:
        return None


def _dictionary(base: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


def _digest(proof: bytes) -> bytes:
    return bytes(blake3(proof).digest())
