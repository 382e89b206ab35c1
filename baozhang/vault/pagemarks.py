"""Page marks: which pages of a database changed, told without reading the old ones.

A mark is 16 bytes of a keyed hash over one page.  The marks of a set's last snapshot lie in a local
cache; a page whose mark is the same is taken from where it was.  The cache is a help, never an
authority: it is sealed under the client's key and bound to one manifest, so that one which is gone,
damaged, older or another machine's is passed over, and pages are told by their content again.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from blake3 import blake3

from baozhang.errors import BaozhangError, CorruptObjectError
from baozhang.keys.slots import KEY_BYTES, derive
from baozhang.vault.client import ClientVault
from baozhang.vault.columns import decode_columns, encode_columns
from baozhang.vault.sealing import HEADER, TAG, Codec, Kind, epoch_of, new_seal
from baozhang.vault.stores.base import ObjectName

PAGE = 4096  # bytes; a multiple or a divisor of every page size there is
MARK = 16  # bytes
FILE_MODE = 0o600


class PageMarks:
    """The marks of one set's paged files, by path.

    Args:
        folder: of all caches; None keeps nothing.
        side: the client's part of the vault.
        set_name: the set.
    """

    def __init__(self, folder: Path | None, side: ClientVault, set_name: str) -> None:
        self._side = side
        self._key = derive(side.key, salt=b"", info=b"baozhang/1 page marks", length=KEY_BYTES)
        space, set_hex = side.space.client, side.set_pseudonym(set_name)
        self._path = folder / side.vault_id / space / set_hex if folder else None

    @property
    def kept(self) -> bool:
        """Whether marks are kept at all."""
        return self._path is not None

    def of(self, pages: memoryview) -> bytes:
        """Return the marks of whole pages; the last one may be cut short."""
        key = self._key
        return b"".join(
            blake3(pages[at : at + PAGE], key=key).digest(MARK) for at in range(0, len(pages), PAGE)
        )

    def load(self, manifest: ObjectName) -> dict[bytes, bytes]:
        """Return marks by path as of a manifest; none where the cache does not hold just those."""
        if self._path is None:
            return {}
        try:
            head, columns = decode_columns(self._open(self._path.read_bytes()))
        except (OSError, BaozhangError):
            return {}
        if head != self._head(manifest):
            return {}
        paths, marks = columns.get("path"), columns.get("marks")
        if not isinstance(paths, list) or not isinstance(marks, list):
            return {}
        return dict(zip(paths, marks, strict=True))

    def save(self, manifest: ObjectName, marks: Mapping[bytes, bytes]) -> None:
        """Keep marks as of a manifest; where that cannot be done, the next backup is slower."""
        if self._path is None:
            return
        plain = encode_columns(
            self._head(manifest), {"path": list(marks), "marks": list(marks.values())}
        )
        seal = new_seal(self._side.key, self._side.place(Kind.CACHE))
        sealed = seal.header + seal.close(0, Codec.RAW, len(plain), plain)
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
                with open(handle, "wb") as file:
                    file.write(sealed)
                fresh.replace(self._path)
            finally:
                fresh.unlink(missing_ok=True)

    def _open(self, sealed: bytes) -> bytes:
        if epoch_of(sealed) != self._side.epoch or len(sealed) < HEADER.size + TAG:
            raise CorruptObjectError("a cache of another key, or cut short")
        seal = self._side.seal_of(Kind.CACHE, sealed)
        plain_length = len(sealed) - HEADER.size - TAG
        return seal.open(0, Codec.RAW, plain_length, memoryview(sealed)[HEADER.size :])

    def _head(self, manifest: ObjectName) -> dict[str, object]:
        check = blake3(b"", key=self._key).hexdigest()  # of several keys of one epoch, ours
        return {"format": 1, "manifest": manifest, "key": check}


def page_runs(fresh: bytes, known: bytes) -> Iterator[tuple[int, int, bool]]:
    """Yield runs of pages (first, one past the last) and whether they are as they were."""
    count, first, same = len(fresh) // MARK, 0, False
    for page in range(count):
        at = page * MARK
        now = fresh[at : at + MARK] == known[at : at + MARK]
        if page and now != same:
            yield first, page, same
            first = page
        same = now
    if count:
        yield first, count, same
