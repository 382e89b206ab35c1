"""Appending to the audit log: one writer at a time, durable before it is signed.

    lock ─► settle ─► write records ─► fsync ─► sign head ─► fsync ─► unlock
              │
              └─ what a crash left: a torn last line is put aside in a file and recorded as
                 `log.torn`; whole records past the head are recorded as `log.recovered`

A log that does not fit its own signed head is not written to: going on would cover up what
happened.  Several processes may append; each finds the end of the chain anew under the lock.
"""

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from baozhang import durable
from baozhang.audit.records import (
    GENESIS,
    LINE_LIMIT,
    Entry,
    Fact,
    Head,
    Record,
    belies,
    chain,
    checked,
    decode_head,
    decode_record,
    encode_head,
    encode_record,
)
from baozhang.audit.signing import (
    PRIVATE_KEY,
    Signer,
    is_signed,
    load_signer,
    make_signer,
)
from baozhang.clock import Clock
from baozhang.errors import CorruptObjectError, StoreFullError, UnreachableError, UsageError

LOG, HEAD = "log.jsonl", "head.json"
_KEEPER = "system"


@dataclass(frozen=True, slots=True)
class _End:
    """Where the chain goes on, and what must be recorded before anything else."""

    seq: int
    hash: str
    events: tuple[Entry, ...]


class AuditLog:
    """An open log.  Safe to share between threads and processes; holds no file open."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    @classmethod
    def open(cls, folder: Path, clock: Clock) -> Self:
        """Open the log in the folder; on first use make it, with its key and its first record.

        A log that was damaged opens, so that the duties of the day can go on; it is `append` that
        refuses, and `verify_log` that says why.

        Raises:
            UnreachableError: the folder cannot be written.
        """
        log = cls(folder, clock)
        with _written(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            is_new = not (folder / LOG).exists() or (folder / LOG).stat().st_size == 0
        if is_new and not (folder / HEAD).exists():
            log.append_many(())
        return log

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key, 64 hexadecimal digits.

        Raises:
            UsageError: the signing key is gone or is no key.
        """
        return load_signer(self._folder).fingerprint

    @property
    def head(self) -> Head:
        """The signed end of the chain as it is now: what an anchor is taken from.

        Raises:
            CorruptObjectError: it is gone, or not a head.
        """
        head = _read_head(self._folder)
        if head is None:
            raise CorruptObjectError(
                "the audit log in {folder} has no head",
                hint="Run `baozhang audit verify {folder}` and leave the folder as it is.",
                folder=self._folder,
            )
        return head

    def append(self, *, actor: str, action: str, subject: str, **facts: Fact) -> Head:
        """Record one thing that was done; on return it is durable and signed.

        Args:
            actor: who: a person's id, a run's id, "system".
            action: what, as noun.verb: "vault.restore".
            subject: on what: an id such as "c001/main".  Never a client's name or tax number.
            facts: texts, whole numbers and booleans; texts are printable ASCII.

        Raises:
            BaozhangError: a value is not of the allowed kind or size.
            CorruptObjectError: the log does not fit its signed head; nothing was written.
            UsageError: the signing key is gone or is no key.
            UnreachableError: the folder cannot be written.
        """
        return self.append_many((Entry(actor, action, subject, tuple(sorted(facts.items()))),))

    def append_many(self, entries: Iterable[Entry]) -> Head:
        """Record several things under one signature; raises as `append` does."""
        added = tuple(checked(entry) for entry in entries)
        with _held(self._folder) as file:
            signer = _signer(self._folder, is_new=os.fstat(file.fileno()).st_size == 0)
            end = _settle(file, self._folder, signer)
            self._write(file, end, end.events + added, signer)
            for path in _put_aside(self._folder):
                path.replace(path.with_suffix(".bin"))
            return self.head

    def _write(self, file: BinaryIO, end: _End, entries: tuple[Entry, ...], signer: Signer) -> None:
        at = self._clock()
        record, lines = None, bytearray()
        seq, prev = end.seq, end.hash
        for entry in entries:
            record = chain(entry, seq=seq + 1, prev=prev, at=at)
            seq, prev = record.seq, record.hash
            lines += encode_record(record)
        if record is None:
            return
        file.seek(0, os.SEEK_END)
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())
        durable.replace(self._folder / HEAD, encode_head(signer.sign(record, at)))


def _signer(folder: Path, *, is_new: bool) -> Signer:
    """Return the signer of the folder's key; a new log gets a new key, an old one never."""
    if (folder / PRIVATE_KEY).exists():
        return load_signer(folder)
    if not is_new:
        raise UsageError(
            "the signing key of the audit log in {folder} is gone",
            hint="Bring back {name} from its copy, or move the whole folder away to start anew.",
            folder=folder,
            name=PRIVATE_KEY,
        )
    return make_signer(folder)


@contextmanager
def _held(folder: Path) -> Iterator[BinaryIO]:
    """Yield the log's file, opened for reading and writing, while nobody else has it."""
    with _written(folder):
        handle = os.open(folder / LOG, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with open(handle, "r+b") as file:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield file


@contextmanager
def _written(folder: Path) -> Iterator[None]:
    """Turn what the operating system says about the folder into our own errors."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFullError(
                "no room is left for the audit log in {folder}",
                hint="Make room on that disk; nothing that was recorded is lost.",
                folder=folder,
            ) from error
        raise UnreachableError(
            "the audit log in {folder} cannot be written: {reason}",
            hint="Make the folder writable for the user that runs baozhang.",
            folder=folder,
            reason=error.strerror or type(error).__name__,
        ) from error


def _settle(file: BinaryIO, folder: Path, signer: Signer) -> _End:
    """Hold the log against its head, put aside what a crash tore, and return where it ends.

    A log that does not fit is left as it is, torn line and all: it is evidence.
    """
    last, torn = _tail(file)
    head = _read_head(folder)
    is_new = head is None and file.seek(0, os.SEEK_END) == len(torn)
    if not is_new and (last is None or not _fits(file, last, head, signer)):
        raise CorruptObjectError(
            "the audit log in {folder} does not fit its signed head, nothing is added to it",
            hint="Run `baozhang audit verify {folder}` and leave the folder as it is.",
            folder=folder,
        )
    if torn:
        _set_aside(file, folder, torn)
    events = tuple(_torn_event(path) for path in _put_aside(folder))
    if last is None:
        started = Entry(_KEEPER, "log.started", "audit", (("key", signer.fingerprint),))
        return _End(0, GENESIS, (started, *events))
    signed = head.seq if head else 0
    if unsigned := last.seq - signed:
        facts = (("first", signed + 1), ("records", unsigned))
        events = (Entry(_KEEPER, "log.recovered", "audit", facts), *events)
    return _End(last.seq, last.hash, events)


def _fits(file: BinaryIO, last: Record, head: Head | None, signer: Signer) -> bool:
    """Tell whether the log ends at its head, or goes on from it as after a crash."""
    if head is None:  # only the very first record was ever written without a head
        return last.seq == 1 and last.prev == GENESIS
    if not is_signed(head, signer.public_key):
        return False
    if last.seq == head.seq:
        return last.hash == head.hash
    return last.seq > head.seq and _goes_on(file, head)


def _goes_on(file: BinaryIO, head: Head) -> bool:
    """Tell whether the whole records after the head are chained to it without a gap."""
    seq, digest = head.seq, head.hash
    file.seek(0)
    for line in file:
        record = _record(line)
        if record is None:
            return not line.endswith(b"\n")  # a torn last line is another matter
        if record.seq > head.seq:
            if (record.seq, record.prev) != (seq + 1, digest):
                return False
            seq, digest = record.seq, record.hash
    return True


def _tail(file: BinaryIO) -> tuple[Record | None, bytes]:
    """Return the last whole record, None if it is none, and the unfinished line behind it."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2 * LINE_LIMIT))  # room for one whole line and a torn one
    whole, _, torn = file.read().rpartition(b"\n")
    return _record(whole.rpartition(b"\n")[2] + b"\n"), torn


def _record(line: bytes) -> Record | None:
    """Return the record of a line; None if it is not one, or was edited."""
    try:
        record = decode_record(line)
    except CorruptObjectError:
        return None
    return None if belies(record) else record


def _set_aside(file: BinaryIO, folder: Path, torn: bytes) -> None:
    """Keep an unfinished last line in a file of its own, then cut it off the log.

    The file is called `.pending` until its event is durable: a crash in between loses nothing.
    """
    start = file.seek(0, os.SEEK_END) - len(torn)
    digest = hashlib.sha256(torn).hexdigest()
    durable.replace(folder / f"torn-{start}-{digest[:16]}.pending", torn)
    file.truncate(start)
    os.fsync(file.fileno())


def _put_aside(folder: Path) -> list[Path]:
    return sorted(folder.glob("torn-*.pending"))


def _torn_event(path: Path) -> Entry:
    torn = path.read_bytes()
    digest = hashlib.sha256(torn).hexdigest()
    facts = (("bytes", len(torn)), ("file", f"{path.stem}.bin"), ("sha256", digest))
    return Entry(_KEEPER, "log.torn", "audit", facts)


def _read_head(folder: Path) -> Head | None:
    """Return the head, None if there is none.

    Raises:
        CorruptObjectError: the file is not a head.
    """
    try:
        return decode_head((folder / HEAD).read_bytes())
    except FileNotFoundError:
        return None
    except CorruptObjectError as error:
        raise CorruptObjectError(
            "the head of the audit log in {folder} was edited",
            hint="Run `baozhang audit verify {folder}` and leave the folder as it is.",
            folder=folder,
        ) from error
