"""Mirrors: the same objects at another place, each read back there.

Objects are copied in the order in which they were written (commits last), so that a mirror that was
cut off is an older vault, never a broken one.  What is there in the same size is not copied again;
`verify` on the mirror tells whether its bytes are right.
"""

from dataclasses import dataclass

from baozhang.errors import CorruptObjectError
from baozhang.vault.model import Progress, Report, silent
from baozhang.vault.names import hash_in, hash_of
from baozhang.vault.stores.base import ObjectInfo, Store

ORDER = ("keys", "packs", "index", "snap", "commit")


@dataclass(frozen=True, slots=True)
class MirrorReceipt:
    """What copying to a mirror did."""

    url: str
    objects: int  # copied now
    bytes: int


def copy_to_mirror(vault: Store, mirror: Store, *, report: Report = silent) -> MirrorReceipt:
    """Bring a mirror up to its vault.

    Raises:
        StoreUnreachableError, StoreFullError: the mirror took only a part; call again.
        CorruptObjectError: an object of the vault is damaged and was not copied.
    """
    there = {info.name: info.size for info in mirror.list()}
    todo = sorted((i for i in vault.list() if there.get(i.name) != i.size), key=_rank)
    total, done = sum(info.size for info in todo), 0
    for info in todo:
        data = vault.get(info.name)
        digest = hash_in(info.name)
        if digest is not None and digest != hash_of(data):
            raise CorruptObjectError(
                "a damaged object was not copied to the mirror: {object}",
                hint="Run `baozhang vault verify --read-data` and take it from a sound mirror.",
                object=info.name,
            )
        mirror.put(info.name, data)
        done += info.size
        report(Progress("copying to the mirror", done, total))
    return MirrorReceipt(mirror.url, len(todo), done)


def _rank(info: ObjectInfo) -> tuple[int, str]:
    """Head first and slots, then content, then what names it."""
    parts = info.name.split("/")
    if parts[0] != "c":
        return -1, info.name
    return ORDER.index(parts[2]), info.name
