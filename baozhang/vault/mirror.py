"""Mirrors: the same objects at another place, each read back there.

    the vault's own ─► client by client: keys, content ─► manifests, moves, marks ─► commits

A client's commits come last and in their order, so that a mirror that was cut off is an older
vault, never a broken one.  What is there in the same size is not sent again.  Success is earned: an
object counts as copied when its bytes have come back from the far side, past any cache of this
machine, and have been hashed here; a copy with anything left over is not complete, and says what.
Nothing is ever deleted at a mirror.
"""

import os
from collections.abc import Container, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Literal

from baozhang.errors import (
    BaozhangError,
    CorruptObjectError,
    ObjectMissingError,
    UnreachableError,
    UsageError,
)
from baozhang.vault.client import ClientVault
from baozhang.vault.listing import settled
from baozhang.vault.model import Progress, Report, silent
from baozhang.vault.names import (
    CLIENTS,
    CONFIG,
    SLOTS,
    Namespace,
    hash_in,
    hash_of,
    is_ours,
    sequence_in,
)
from baozhang.vault.pacing import Line
from baozhang.vault.stores.base import ObjectInfo, ObjectName, Store
from baozhang.vault.stores.local import LocalStore
from baozhang.vault.vault import Vault

FIRST = ("shredded", "keys")  # without which nothing else of a client can be told
CONTENT = ("packs", "index")  # in any order, so that hands can share it
NAMING = ("snap", "moves", "marks", "commit")  # what names content, each before what needs it
KINDS = (*FIRST, *CONTENT, *NAMING)
LATER = "marks"  # where a kind that a later release may add has its turn: before all commits
WAITING = 8  # objects per hand that wait for one; more would only take memory

Stop = Literal["", "window", "unreachable", "damaged"]


@dataclass(frozen=True, slots=True)
class Lag:
    """What a mirror lacks of its vault."""

    objects: int = 0
    bytes: int = 0
    snapshots: int = 0
    clients: int = 0  # that lack anything


@dataclass(frozen=True, slots=True)
class MirrorReceipt:
    """What copying to a mirror did, and what it left over."""

    url: str
    objects: int  # copied now, and read back
    bytes: int
    confirmed: int = 0  # were there, left by a copy that was cut, and are now read back
    lag: Lag = Lag()
    stopped: Stop = ""
    error: BaozhangError | None = None  # the first that kept something back

    @property
    def complete(self) -> bool:
        """True when the mirror holds everything that the vault held when it was listed."""
        return self.lag == Lag() and self.error is None


def copy_to_mirror(
    vault: Store,
    mirror: Store,
    *,
    line: Line | None = None,
    workers: int = 1,
    report: Report = silent,
) -> MirrorReceipt:
    """Bring a mirror up to its vault, or raise what kept it from that.

    Where an object of the vault is damaged, its client's newer snapshots are not copied; everything
    else is, before the error is raised.

    Raises:
        UsageError: the mirror is the vault itself, or holds another vault.
        StoreUnreachableError, StoreFullError: the mirror took only a part; call again.
        CorruptObjectError: an object of the vault is damaged, or did not arrive whole.
    """
    receipt = catch_up(vault, mirror, line=line, workers=workers, report=report)
    if receipt.error is not None:
        raise receipt.error
    return receipt


def catch_up(
    vault: Store,
    mirror: Store,
    *,
    opened: Vault | None = None,
    line: Line | None = None,
    workers: int = 1,
    only: frozenset[ObjectName] | None = None,
    report: Report = silent,
) -> MirrorReceipt:
    """Bring a mirror as far up to its vault as can be; the receipt tells how far.

    Args:
        vault: what is copied.
        mirror: where to.
        opened: the same vault, opened: then what an earlier copy sent and had no time to read back
            is read back as well.
        line: at what pace; without one, at once and as fast as can be.
        workers: hands that copy at the same time; each holds one object (packs: 32 MiB).
        only: copy nothing else than these.
        report: is told of progress in bytes.

    Raises:
        UsageError: the mirror is the vault itself, or holds another vault.
        UnreachableError: one of the two does not even answer; nothing was copied.
    """
    _require_own(vault, mirror)
    there = {info.name: info.size for info in objects_in(mirror)}
    shredded = {space_in(name) for name in there if "/shredded/" in name}
    wanted = [
        info
        for info in objects_in(vault)
        if (only is None or info.name in only) and not _is_dead_key(info.name, shredded)
    ]
    missing = {info.name for info in wanted if there.get(info.name) != info.size}
    doubtful = _doubtful(opened, missing) if opened else set()
    todo = [info for info in wanted if info.name in missing or info.name in doubtful]
    work = _Copying(vault, mirror, line or Line(), report, todo, sent=doubtful - missing)
    work.run(workers)
    return work.receipt()


def lag_of(vault: Store, mirror: Store) -> Lag:
    """Return what a mirror lacks of its vault, by names and sizes alone.

    Raises:
        UnreachableError: one of the two does not answer.
    """
    there = {info.name: info.size for info in objects_in(mirror)}
    here = {info.name: info.size for info in objects_in(vault)}
    return _lag({name: size for name, size in here.items() if there.get(name) != size})


def _lag(left: Mapping[ObjectName, int]) -> Lag:
    return Lag(
        objects=len(left),
        bytes=sum(left.values()),
        snapshots=sum("/commit/" in name for name in left),
        clients=len({space_in(name) for name in left} - {""}),
    )


class _Copying:
    """One run: hands share the content, and each client's naming is one hand's alone."""

    def __init__(
        self,
        vault: Store,
        mirror: Store,
        line: Line,
        report: Report,
        todo: list[ObjectInfo],
        *,
        sent: set[ObjectName],
    ) -> None:
        self._vault, self._mirror, self._line, self._report = vault, mirror, line, report
        self._todo, self._sent = todo, sent
        self._left = {info.name: info.size for info in todo}
        self._total = sum(self._left.values())
        self._bad: dict[str, BaozhangError] = {}  # namespace to what keeps its naming back
        self._halt: BaozhangError | None = None
        self._stopped: Stop = ""
        self._lock = Lock()
        self._done = self._copied = self._bytes = self._confirmed = 0

    def run(self, workers: int) -> None:
        spaces: dict[str, list[ObjectInfo]] = {}
        for info in sorted(self._todo, key=_rank):
            spaces.setdefault(space_in(info.name), []).append(info)
        for info in spaces.pop("", []):  # slots and head: before anything of a client
            self._one(info)
        queue = BoundedSemaphore(workers * WAITING)
        ends: list[Future[None]] = []
        with ThreadPoolExecutor(workers) as hands:
            try:
                for infos in spaces.values():
                    ends.append(self._submit(hands, queue, infos))
            except BaseException:
                self._stopped = "unreachable"  # somebody ends this process: no hand begins anew
                raise
        for end in ends:
            end.result()

    def _submit(
        self, hands: ThreadPoolExecutor, queue: BoundedSemaphore, infos: list[ObjectInfo]
    ) -> Future[None]:
        """Hand out a client's content piece by piece, and behind it what names it."""
        pieces: list[Future[None]] = []
        for info in infos:
            if kind_in(info.name) in FIRST:
                self._one(info)
            elif kind_in(info.name) in CONTENT and space_in(info.name) not in self._bad:
                queue.acquire()
                pieces.append(hands.submit(self._one, info))
                pieces[-1].add_done_callback(lambda _: queue.release())
        naming = [info for info in infos if kind_in(info.name) not in (*FIRST, *CONTENT)]
        return hands.submit(self._name, naming, pieces)

    def _name(self, naming: list[ObjectInfo], pieces: list[Future[None]]) -> None:
        """Copy what names content, once that is there; hands took the pieces before this."""
        for piece in pieces:
            piece.result()
        for info in naming:
            if space_in(info.name) in self._bad:
                return
            self._one(info)

    def _one(self, info: ObjectInfo) -> None:
        """Copy one object; what goes wrong is kept and told in the end."""
        if self._stopped:
            return
        if not self._line.is_open():
            self._stop("window", None)
            return
        try:
            copied = self._copy(info)
        except UnreachableError as error:
            self._stop("unreachable", error)
            return
        except (CorruptObjectError, ObjectMissingError) as error:
            with self._lock:
                self._bad.setdefault(space_in(info.name), error)
            copied = None
        with self._lock:
            if copied is not None:
                del self._left[info.name]
                self._copied += copied
                self._confirmed += not copied
                self._bytes += info.size * copied
            self._done += info.size
            self._report(Progress("copying to the mirror", self._done, self._total))

    def _copy(self, info: ObjectInfo) -> bool:
        """Send an object unless it was, and read it back; tell whether it was sent."""
        name = info.name
        if name in self._sent and self._arrived(info, hash_in(name)):
            return False
        data = self._vault.get(name)
        digest = hash_of(data)
        if hash_in(name) not in ("", digest):
            raise CorruptObjectError(
                "a damaged object was not copied to the mirror: {object}",
                hint="Run `baozhang vault verify --read-data` and take it from a sound mirror.",
                object=name,
            )
        self._line.up.take(len(data))
        self._mirror.put(name, data)
        del data
        if not self._arrived(info, digest):
            raise CorruptObjectError(
                "the mirror does not hold what it was given: {object}",
                hint="Check the mirror's disk, then run the copy again.",
                object=name,
            )
        return True

    def _arrived(self, info: ObjectInfo, digest: str) -> bool:
        """Tell whether the far side holds these bytes."""
        self._line.down.take(info.size)
        if isinstance(self._mirror, LocalStore):
            _forget_cached(Path(self._mirror.url) / info.name)
        return hash_of(self._mirror.get(info.name)) == digest

    def _stop(self, why: Stop, error: BaozhangError | None) -> None:
        with self._lock:
            if not self._stopped:
                self._stopped, self._halt = why, error

    def receipt(self) -> MirrorReceipt:
        """Return what was done, and what is left."""
        error = self._halt or next(iter(self._bad.values()), None)
        return MirrorReceipt(
            url=self._mirror.url,
            objects=self._copied,
            bytes=self._bytes,
            confirmed=self._confirmed,
            lag=_lag(self._left),
            stopped=self._stopped or ("damaged" if self._bad else ""),
            error=error,
        )


def _doubtful(vault: Vault, missing: set[ObjectName]) -> set[ObjectName]:
    """Return what only commits name that are not at the mirror yet, or are about to be.

    Of these, what is at the mirror was left by a copy that was cut: sent, and perhaps never read
    back.  Everything older has been: a commit is sent last.
    """
    found: set[ObjectName] = set()
    commits: dict[str, list[ObjectName]] = {}
    for name in missing:
        if kind_in(name) == "commit":
            commits.setdefault(space_in(name), []).append(name)
    for side in _sides(vault, commits) if commits else ():
        for name in commits[side.space.client]:
            with suppress(CorruptObjectError, ObjectMissingError):
                _, commit = side.commit(name)
                found |= {ObjectName(one) for one in (commit.manifest, *commit.indexes)}
                found |= {side.space.pack(digest) for digest, _ in commit.packs}
    return found


def _sides(vault: Vault, spaces: Container[str]) -> Iterator[ClientVault]:
    """Yield the clients of these namespaces whose keys can be read; `verify` names the others."""
    seen = set()
    for name in vault.client_key_names():
        if space_in(name) in spaces:
            with suppress(CorruptObjectError, ObjectMissingError):
                seen.add(vault.client_key(name)[1])
    for client in sorted(seen):
        with suppress(CorruptObjectError, UsageError):  # shredded meanwhile
            yield vault.client(client)


def objects_in(store: Store) -> list[ObjectInfo]:
    """Return the vault's objects in a store; what else lies in its folder is nobody's business."""
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


def _forget_cached(path: Path) -> None:
    """Have the next read come from the disk or the share itself, where the system can do that."""
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(handle)


def _is_dead_key(name: ObjectName, shredded: set[str]) -> bool:
    """A client's keys never come back to a place where they were destroyed."""
    return kind_in(name) == "keys" and space_in(name) in shredded


def space_in(name: ObjectName) -> str:
    """Return a client's pseudonym; empty for the vault's own."""
    return name.split("/")[1] if name.startswith(CLIENTS) else ""


def kind_in(name: ObjectName) -> str:
    """Return which kind of a client's objects a name is of; empty for the vault's own."""
    return name.split("/")[2] if name.startswith(CLIENTS) else ""


def _rank(info: ObjectInfo) -> tuple[str, int, str, int, str]:
    """Slots, the head, and client by client: content, what names it, commits in their order."""
    space, kind = space_in(info.name), kind_in(info.name)
    if not space:
        return "", int(info.name == CONFIG), "", 0, info.name
    order = KINDS.index(kind if kind in KINDS else LATER)
    set_name = info.name.split("/")[3] if kind == "commit" else ""
    return Namespace(space).prefix, order, set_name, sequence_in(info.name), info.name
