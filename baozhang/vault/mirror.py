"""Mirrors: the same objects at another place, each read back there.

Objects are copied in the order in which they were written (each commit last), so that a mirror that
was cut off is an older vault, never a broken one.  What is there in the same size is not copied
again; `verify` on the mirror tells whether its bytes are right.
"""

from contextlib import suppress
from dataclasses import dataclass

from baozhang.errors import CorruptObjectError, ObjectMissingError, UsageError
from baozhang.vault.listing import settled
from baozhang.vault.model import Progress, Report, silent
from baozhang.vault.names import (
    CLIENTS,
    CONFIG,
    SEQUENCE,
    SLOTS,
    hash_in,
    hash_of,
    is_ours,
    sequence_in,
)
from baozhang.vault.stores.base import ObjectInfo, ObjectName, Store

ORDER = ("keys", "packs", "index")  # then manifests and commits, in the order of their sequences


@dataclass(frozen=True, slots=True)
class MirrorReceipt:
    """What copying to a mirror did."""

    url: str
    objects: int  # copied now
    bytes: int


def copy_to_mirror(vault: Store, mirror: Store, *, report: Report = silent) -> MirrorReceipt:
    """Bring a mirror up to its vault.

    Where an object of the vault is damaged, its client's newer snapshots are not copied; everything
    else is, before the error is raised.

    Raises:
        UsageError: the mirror is the vault itself, or holds another vault.
        StoreUnreachableError, StoreFullError: the mirror took only a part; call again.
        CorruptObjectError: an object of the vault is damaged and was not copied.
    """
    _require_own(vault, mirror)
    there = {info.name: info.size for info in _objects(mirror)}
    todo = sorted((i for i in _objects(vault) if there.get(i.name) != i.size), key=_rank)
    total, done = sum(info.size for info in todo), 0
    bad: dict[str, ObjectName] = {}  # namespace to what is damaged in it
    for info in todo:
        space = "/".join(info.name.split("/")[:2])
        if space in bad and ("/snap/" in info.name or "/commit/" in info.name):
            continue
        data = vault.get(info.name)
        if hash_in(info.name) in ("", hash_of(data)):
            mirror.put(info.name, data)
        else:
            bad.setdefault(space, info.name)
        done += info.size
        report(Progress("copying to the mirror", done, total))
    for name in bad.values():
        raise CorruptObjectError(
            "a damaged object was not copied to the mirror: {object}",
            hint="Run `baozhang vault verify --read-data` and take it from a sound mirror.",
            object=name,
        )
    return MirrorReceipt(mirror.url, len(todo), done)


def _objects(store: Store) -> list[ObjectInfo]:
    """List the vault's objects; what else lies in its folder is nobody's business."""
    found = [info for area in (SLOTS, CLIENTS) for info in settled(store, area)]
    with suppress(ObjectMissingError):  # not listed: a disk's root may hold what nobody may list
        found.append(ObjectInfo(CONFIG, store.size(CONFIG)))
    return [info for info in found if is_ours(info.name)]


def _require_own(vault: Store, mirror: Store) -> None:
    """A mirror that holds another vault would open for neither."""
    if vault.url == mirror.url:
        raise UsageError(
            "{url} cannot be its own mirror",
            hint="Give a folder on another disk.",
            url=vault.url,
        )
    with suppress(ObjectMissingError):
        if mirror.get(CONFIG) != vault.get(CONFIG):
            raise UsageError(
                "{url} holds another vault, or its head is damaged",
                hint="Give an empty folder, or put this vault's `config` in a damaged one's place.",
                url=mirror.url,
            )


def _rank(info: ObjectInfo) -> tuple[int, str, bool]:
    """Slots, the head, clients' keys, content, and last, set by set, what names it."""
    area, *parts = info.name.split("/")
    if area != "c":
        return -2 if area == "keys" else -1, info.name, False
    space, kind, *_ = parts
    if kind in ORDER:
        return ORDER.index(kind), info.name, False
    return len(ORDER), f"{space}/{parts[2]}/{sequence_in(info.name):0{SEQUENCE}d}", kind == "commit"
