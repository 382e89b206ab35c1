"""Locks, made longer while what they protect is wanted.

    key objects                     to 90 days from now, each month anew   (rolling)
    what present snapshots use      to the end that is asked for

A lock is never made shorter: no store that locks would do it.  So a client's keys, which must be
destroyable, are locked for a short while at a time and renewed by a role of its own that may do
nothing else; a client that was destroyed, or is left out, is not renewed, and its last lock runs
out.  Packs that newer snapshots still use are renewed with them.
"""

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from baozhang.errors import UsageError
from baozhang.vault.liveness import candidates, live
from baozhang.vault.marking import read_marks
from baozhang.vault.model import Progress, Report, silent
from baozhang.vault.names import CLIENTS, CONFIG, is_ours
from baozhang.vault.stores.base import LockingStore, ObjectName
from baozhang.vault.stores.rolling import KEY_DAYS, is_key
from baozhang.vault.vault import Vault

AT_ONCE = 8  # requests; each object takes two or three


@dataclass(frozen=True, slots=True)
class LockReceipt:
    """What extending the locks did, or with `dry_run` would have done."""

    objects: int  # that are to be locked
    extended: int  # whose lock ended too early
    until: datetime
    keys_until: datetime
    clients: tuple[str, ...]  # whose objects were renewed
    left_out: tuple[str, ...]  # not renewed, as asked
    dry_run: bool


def extend_locks(
    vault: Vault,
    until: datetime,
    *,
    now: datetime,
    leave_out: Collection[str] = (),
    dry_run: bool = False,
    report: Report = silent,
) -> LockReceipt:
    """Let no lock of what is wanted end before `until`, nor a key's before 90 days from now.

    Args:
        vault: in a store that locks.
        until: for packs, indexes, manifests and commits of the snapshots there are.
        now: the present instant.
        leave_out: clients that are not renewed, keys and content.
        dry_run: only count.
        report: is told of progress, in bytes of the objects looked at.

    Raises:
        UsageError: the store locks nothing, `until` is past, or this role may not.
        CorruptObjectError: it cannot be told what a snapshot uses; nothing was extended.
        StoreUnreachableError: some locks may have been extended; call again.
    """
    store = vault.store
    if not isinstance(store, LockingStore):
        raise UsageError(
            "{url} locks no single objects",
            hint="Give the store's URL with lock=, if it has Object Lock.",
            url=store.url,
        )
    if until <= now:
        raise UsageError("a lock must end in the future", hint="Give a later day, or more days.")
    keys_until = now + timedelta(days=KEY_DAYS)
    clients = _renewed(vault, leave_out)
    sizes = {info.name: info.size for info in store.list() if is_ours(info.name)}
    ends = {n: keys_until if is_key(n) else until for n in _wanted(vault, clients, sizes)}
    extended = 0
    with ThreadPoolExecutor(AT_ONCE, "locks") as threads:
        renewals = threads.map(lambda name: _renew(store, name, ends[name], dry_run), ends)
        total, done = sum(sizes[name] for name in ends), 0
        for name, late in zip(ends, renewals, strict=True):
            extended, done = extended + late, done + sizes[name]
            report(Progress("extending locks", done, total))
    kept_out = tuple(sorted(leave_out))
    return LockReceipt(len(ends), extended, until, keys_until, clients, kept_out, dry_run)


def _renewed(vault: Vault, leave_out: Collection[str]) -> tuple[str, ...]:
    """Return the clients to renew; one that is left out by a wrong name would be renewed."""
    gone, known = vault.shredded(), vault.clients()
    if unknown := sorted(set(leave_out) - set(known)):
        raise UsageError(
            "the vault holds nothing of client {client}",
            hint="Compare the id with `baozhang vault snapshots`.",
            client=unknown[0],
        )
    alive = [one for one in known if vault.space(one).client not in gone]
    return tuple(one for one in alive if one not in leave_out)


def _renew(store: LockingStore, name: ObjectName, until: datetime, dry_run: bool) -> bool:  # noqa: FBT001
    """Extend one lock, if it ends too early; tell whether it did."""
    ends = store.lock_until(name)
    late = ends is None or ends < until
    if late and not dry_run:
        store.extend_lock(name, until)
    return late


def _wanted(
    vault: Vault, clients: Collection[str], there: Collection[ObjectName]
) -> Iterator[ObjectName]:
    """Yield the objects whose locks are to be renewed, the keys first."""
    yield from (name for name in there if is_key(name) and not name.startswith(CLIENTS))
    yield from (name for name in there if name == CONFIG or "/shredded/" in name)
    for client in clients:
        side = vault.client(client)
        mine = [name for name in there if name.startswith(side.space.prefix)]
        forgotten = read_marks(side).forgotten
        roots = [ObjectName(one.manifest) for h, one in side.chain() if h not in forgotten]
        unneeded = candidates(side, mine) - live(side, roots, mine).objects
        yield from (name for name in mine if name not in unneeded and "/shredded/" not in name)
