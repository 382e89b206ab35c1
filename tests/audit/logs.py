"""Audit logs to test on: real ones, on disk, with a clock that ticks a second."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from baozhang.audit.log import HEAD, LOG, AuditLog
from baozhang.audit.records import Anchor, Entry, Record, chain, decode_record, encode_record
from baozhang.audit.signing import PUBLIC_KEY, load_public_key
from baozhang.audit.verification import AuditReport, verify_log

START = datetime(2026, 7, 31, 14, 0, tzinfo=UTC)


class Ticking:
    """A clock that is a second later each time it is asked."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def entry(number: int) -> Entry:
    return Entry("u01", "vault.restore", f"c{number:03}/main", (("files", number), ("ok", True)))


def made(folder: Path, records: int) -> AuditLog:
    """A log of this many records, its first one included."""
    log = AuditLog.open(folder, Ticking())
    for number in range(2, records + 1):
        log.append_many((entry(number),))
    return log


def key(folder: Path) -> Ed25519PublicKey:
    return load_public_key(folder / PUBLIC_KEY)


def verified(folder: Path, anchor: Anchor | None = None) -> AuditReport:
    return verify_log(folder, key(folder), anchor)


def faults(folder: Path, anchor: Anchor | None = None) -> list[tuple[str, int]]:
    return [(trouble.fault, trouble.seq) for trouble in verified(folder, anchor).troubles]


def lines(folder: Path) -> list[bytes]:
    return (folder / LOG).read_bytes().splitlines(keepends=True)


def write(folder: Path, changed: Sequence[bytes]) -> None:
    (folder / LOG).write_bytes(b"".join(changed))


def records(folder: Path) -> list[Record]:
    return [decode_record(line) for line in lines(folder)]


def rechained(records: Sequence[Record], prev: str) -> list[bytes]:
    """The same entries as a chain of their own, as a forger without the key would make it."""
    made = []
    for record in records:
        again = chain(record.entry, seq=record.seq, prev=prev, at=record.at)
        prev = again.hash
        made.append(encode_record(again))
    return made


def head_bytes(folder: Path) -> bytes:
    return (folder / HEAD).read_bytes()
