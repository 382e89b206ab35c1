"""Holding an audit log against its signed head, on any machine, with nothing but the public key.

    log.jsonl ──line by line──► is it a record? is its hash its own? does it follow the one before?
    head.json ──signature─────► is the chain's end the one that was signed?
    anchor    ──if given──────► is that record still the one somebody wrote down earlier?

The chain shows what was edited, removed, reordered or written twice; the head shows a chain that
was cut or rewritten by somebody without the key; the anchor shows it even if they had the key.
What no log can show by itself: everything after the last anchor, rewritten with the key.

The log is streamed and never held in memory.  Nothing is written.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from baozhang.audit.records import (
    GENESIS,
    LINE_LIMIT,
    Anchor,
    Head,
    Record,
    belies,
    decode_head,
    decode_record,
)
from baozhang.audit.signing import fingerprint, is_signed
from baozhang.errors import CorruptObjectError, UnreachableError, UsageError

Fault = Literal[
    "unreadable", "torn", "edited", "replaced", "removed", "reordered", "repeated", "forked",
    "headless", "head unreadable", "signature", "truncated", "rewritten", "unsigned",
    "short of anchor", "not the anchor",
]  # fmt: skip

FAULT_TEMPLATES: dict[Fault, str] = {
    "unreadable": "line {line}, where record {seq} is due, is not a record: it was edited",
    "torn": "line {line} was not written to its end; the next record will put it aside",
    "edited": "record {seq} was edited: its hash is not the hash of what it says",
    "replaced": "record {seq} was replaced: the record in line {line} was written after another",
    "removed": "records {seq} to {other} were removed",
    "reordered": "record {seq} stands before record {other}: the log was reordered",
    "repeated": "record {seq} stands in the log twice",
    "forked": "there are two records {seq}: two writers went on from one record",
    "headless": "the log has no signed head: nothing shows where it ends",
    "head unreadable": "the head is not a head any more: it was edited",
    "signature": "the head at record {seq} is not signed with this key",
    "truncated": "the log is cut off before record {seq}: its head was signed at record {other}",
    "rewritten": "record {seq} is not the one that was signed: the log was rewritten",
    "unsigned": "the records from {seq} on are not signed: a crash, or somebody without the key",
    "short of anchor": "the log is cut off before record {seq}: record {other} was noted earlier",
    "not the anchor": "record {seq} is not the one that was noted earlier: the log was rewritten",
}

_LOG, _HEAD = "log.jsonl", "head.json"
_TRIES = 3  # a log that is being written while it is read is read again, this often at most


@dataclass(frozen=True, slots=True)
class AuditTrouble:
    """One thing that is wrong with a log."""

    fault: Fault
    seq: int = 0  # the record that is wrong, or the first that should be there and is not
    line: int = 0  # in the log's file, from 1; 0 when it is not about a line
    other: int = 0  # the record it is held against

    @property
    def template(self) -> str:
        """The sentence to translate (see `baozhang.words`), with {seq}, {line} and {other}."""
        return FAULT_TEMPLATES[self.fault]


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What a verification read and found; the first trouble of the chain comes first."""

    records: int  # good ones, from the first on
    last: Record | None  # the last good one
    head: Head | None
    key: str  # fingerprint of the public key it was verified with
    troubles: tuple[AuditTrouble, ...]

    @property
    def holds(self) -> bool:
        """True if nothing is wrong."""
        return not self.troubles


def verify_log(
    path: Path, public_key: Ed25519PublicKey, anchor: Anchor | None = None
) -> AuditReport:
    """Read a whole log and say whether it is the one that was written.

    Args:
        path: the log's folder, or its `log.jsonl` with `head.json` beside it.
        public_key: the key its heads were signed with, from a place the log's writer cannot change.
        anchor: a record's number and hash as they were noted earlier.

    Raises:
        UsageError: there is no log.
        UnreachableError: it cannot be read.
    """
    log = _log_of(path)
    head_file = log.with_name(_HEAD)
    for _ in range(_TRIES):
        before = _bytes_of(head_file)
        report = _verify(log, before, public_key, anchor)
        if report.holds or _bytes_of(head_file) == before:
            break
    return report


def last_records(path: Path, count: int) -> tuple[Record, ...]:
    """Return the last records of a log, without verifying them.

    Raises:
        UsageError: there is no log.
        CorruptObjectError: a line is not a record.
        UnreachableError: it cannot be read.
    """
    tail = deque((line for _, line in _lines(_log_of(path))), maxlen=count)
    try:
        return tuple(decode_record(line) for line in tail)
    except CorruptObjectError as error:
        raise CorruptObjectError(
            "the audit log {path} holds a line that is not a record",
            hint="Run `baozhang audit verify {path}`.",
            path=path,
        ) from error


@dataclass(slots=True)
class _Walk:
    """The chain as far as it was read."""

    log: Path
    watched: set[int]  # numbers of records whose hashes will be asked for
    last: Record | None = None
    trouble: AuditTrouble | None = None
    hashes: dict[int, str] = field(default_factory=dict)

    def run(self) -> None:
        for number, line in _lines(self.log):
            self.trouble = self._step(number, line)
            if self.trouble:
                return

    def _step(self, number: int, line: bytes) -> AuditTrouble | None:
        expected = self.last.seq + 1 if self.last else 1
        if not line.endswith(b"\n") and len(line) < LINE_LIMIT:
            return AuditTrouble("torn", expected, number)
        try:
            record = decode_record(line)
        except CorruptObjectError:
            return AuditTrouble("unreadable", expected, number)
        if belies(record):
            return AuditTrouble("edited", record.seq, number)
        if record.seq != expected:
            return _misplaced(self.log, record, expected, number)
        if record.prev != (self.last.hash if self.last else GENESIS):
            return AuditTrouble("replaced", max(1, record.seq - 1), number)
        self.last = record
        if record.seq in self.watched:
            self.hashes[record.seq] = record.hash
        return None


def _verify(
    log: Path, head_bytes: bytes | None, key: Ed25519PublicKey, anchor: Anchor | None
) -> AuditReport:
    head, trouble = _read_head(head_bytes, key)
    walk = _Walk(log, {head.seq if head else 0, anchor.seq if anchor else 0})
    walk.run()
    troubles = [walk.trouble, trouble]
    if walk.trouble is None:
        end = walk.last.seq if walk.last else 0
        if head and trouble is None:
            troubles.append(_against_head(end, head, walk.hashes))
        if anchor:
            troubles.append(_against_anchor(end, anchor, walk.hashes))
    found = tuple(trouble for trouble in troubles if trouble)
    return AuditReport(walk.last.seq if walk.last else 0, walk.last, head, fingerprint(key), found)


def _read_head(
    data: bytes | None, key: Ed25519PublicKey
) -> tuple[Head | None, AuditTrouble | None]:
    if data is None:
        return None, AuditTrouble("headless")
    try:
        head = decode_head(data)
    except CorruptObjectError:
        return None, AuditTrouble("head unreadable")
    return head, None if is_signed(head, key) else AuditTrouble("signature", head.seq)


def _against_head(end: int, head: Head, hashes: dict[int, str]) -> AuditTrouble | None:
    if end < head.seq:
        return AuditTrouble("truncated", end + 1, other=head.seq)
    if hashes[head.seq] != head.hash:
        return AuditTrouble("rewritten", head.seq)
    return AuditTrouble("unsigned", head.seq + 1) if end > head.seq else None


def _against_anchor(end: int, anchor: Anchor, hashes: dict[int, str]) -> AuditTrouble | None:
    if end < anchor.seq:
        return AuditTrouble("short of anchor", end + 1, other=anchor.seq)
    is_same = hashes.get(anchor.seq) == anchor.hash
    return None if is_same else AuditTrouble("not the anchor", anchor.seq)


def _misplaced(log: Path, record: Record, expected: int, line: int) -> AuditTrouble:
    """Say why a sound record stands where another is due, by looking at the rest of the log."""
    if record.seq > expected:
        if _find(log, expected):
            return AuditTrouble("reordered", record.seq, line, other=expected)
        return AuditTrouble("removed", expected, line, other=record.seq - 1)
    is_same = _find(log, record.seq) == record.hash
    return AuditTrouble("repeated" if is_same else "forked", record.seq, line)


def _find(log: Path, seq: int) -> str:
    """Return the hash of the first record of this number, wherever it stands; '' if nowhere."""
    for _, line in _lines(log):
        try:
            record = decode_record(line)
        except CorruptObjectError:
            continue
        if record.seq == seq:
            return record.hash
    return ""


def _log_of(path: Path) -> Path:
    """Return the log's file; it may be gone, if its head is still there."""
    log = path / _LOG if path.is_dir() else path
    if not log.exists() and not log.with_name(_HEAD).exists():
        raise UsageError(
            "there is no audit log at {path}",
            hint="Name the folder that holds log.jsonl and head.json.",
            path=path,
        )
    return log


def lines_of(place: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the numbered lines of a log, streamed and unverified.

    Raises:
        UsageError: there is no log.
        UnreachableError: it cannot be read.
    """
    return _lines(_log_of(place))


def _lines(log: Path) -> Iterator[tuple[int, bytes]]:
    """Yield numbered lines; one that is longer than any record comes in pieces, none a record."""
    number = 0
    try:
        with log.open("rb") as file:
            while line := file.readline(LINE_LIMIT):
                number += 1
                yield number, line
    except (
        FileNotFoundError
    ):  # with a head beside it, this is a log cut off before its first record
        return
    except OSError as error:
        raise _unreadable(log, error) from error


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> UnreachableError:
    return UnreachableError(
        "the audit log {path} cannot be read: {reason}",
        hint="Make the file readable for the user that verifies it.",
        path=path,
        reason=error.strerror or type(error).__name__,
    )
