"""Scrubbing: every byte is read within 30 days, by rotation, a slice a day.

A pack's hash says on which day of the rotation it is read, so that nothing has to be remembered:
any machine reads the same slice on the same day.  Reading at random instead would leave a third of
the bytes unread after as many days.  What describes the content (keys, commits, manifests, indexes,
moves, marks) is read every time.

Errors come in clusters, on one disk and in one place (Bairavasundaram et al., FAST 2008): once one
object of a client is damaged, all of that client is read at once.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date

from baozhang.vault.model import Report, VerifyReport, silent
from baozhang.vault.names import CLIENTS, hash_in, is_ours
from baozhang.vault.stores.base import ObjectInfo, ObjectName
from baozhang.vault.vault import Vault
from baozhang.vault.verify import verify

DAYS = 30


@dataclass(frozen=True, slots=True)
class ScrubReport:
    """What one day's scrub read and found."""

    found: VerifyReport
    day: date
    days: int  # of the whole rotation
    slice: int  # which of them this is, from 1
    packs: int  # whose turn it was
    bytes: int  # of these packs
    read_packs: int
    read_bytes: int
    widened: tuple[str, ...]  # clients of which everything was read, because something was damaged

    @property
    def covered(self) -> bool:
        """Tell whether all of the day's slice was read; else the budget is too small."""
        return self.read_packs == self.packs


def slice_of(name: ObjectName, days: int = DAYS) -> int:
    """Return on which day of the rotation a pack is read, from 0."""
    return int(hash_in(name)[:12], 16) % days


def scrub(
    vault: Vault,
    *,
    day: date,
    days: int = DAYS,
    budget: int | None = None,
    clients: Collection[str] | None = None,
    in_time: Callable[[], bool] = lambda: True,
    report: Report = silent,
) -> ScrubReport:
    """Read the day's slice of a vault, and all that describes content.

    Args:
        vault: opened.
        day: which slice; the same day gives the same slice everywhere.
        days: how long a rotation takes.
        budget: bytes of packs that are read at most; None reads the slice whole.
        clients: only these; None means all.
        in_time: asked before each pack; once it says no, no further pack is read.
        report: is told of progress in bytes.

    Raises:
        UsageError: the vault holds nothing of one of the clients.
        StoreUnreachableError: the store did not answer; nothing is known then.
    """
    turn = day.toordinal() % days
    prefixes = _prefixes(vault, clients)
    due = _rotated(
        [info for info in _packs(vault, prefixes) if slice_of(info.name, days) == turn],
        day.toordinal() // days,
    )
    chosen = {info.name: info.size for info in _affordable(due, budget)}
    read: dict[ObjectName, int] = {}

    def wanted(name: ObjectName) -> bool:
        if name in chosen and in_time():
            read[name] = chosen[name]
        return name in read

    found = verify(vault, every_byte=True, clients=clients, packs=wanted, report=report)
    hit = sorted({one.client for one in found.damaged if one.client is not None})
    if hit:
        found = _widened(found, verify(vault, every_byte=True, clients=hit, report=report), hit)
    return ScrubReport(
        found=found,
        day=day,
        days=days,
        slice=turn + 1,
        packs=len(due),
        bytes=sum(info.size for info in due),
        read_packs=len(read),
        read_bytes=sum(read.values()),
        widened=tuple(hit),
    )


def _prefixes(vault: Vault, clients: Collection[str] | None) -> tuple[str, ...]:
    if clients is None:
        return (CLIENTS,)
    return tuple(vault.client(client).space.prefix for client in clients)


def _packs(vault: Vault, prefixes: Collection[str]) -> list[ObjectInfo]:
    infos = [info for prefix in prefixes for info in vault.store.list(prefix)]
    return [info for info in infos if "/packs/" in info.name and is_ours(info.name)]


def _rotated(due: list[ObjectInfo], cycle: int) -> list[ObjectInfo]:
    """Begin elsewhere in each rotation, so that a small budget does not leave the same ones out."""
    ordered = sorted(due, key=lambda info: hash_in(info.name))
    start = cycle * 7 % len(ordered) if ordered else 0
    return ordered[start:] + ordered[:start]


def _affordable(due: list[ObjectInfo], budget: int | None) -> list[ObjectInfo]:
    if budget is None:
        return due
    taken: list[ObjectInfo] = []
    spent = 0
    for info in due:
        spent += info.size
        if taken and spent > budget:  # one at least, or a small budget would never read anything
            break
        taken.append(info)
    return taken


def _widened(first: VerifyReport, second: VerifyReport, hit: Collection[str]) -> VerifyReport:
    """Return the first report with what reading some clients whole has found of them."""
    others = tuple(one for one in first.damaged if one.client not in hit and one.client is not None)
    return replace(
        first,
        bytes=first.bytes + second.bytes,
        damaged=others + second.damaged,
    )
