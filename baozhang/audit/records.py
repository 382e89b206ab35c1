"""Records and heads as bytes: one canonical form, so that every changed byte shows.

A record is one line of JSON: keys sorted, no spaces, ASCII only, ended by one line feed.  Its
`hash` is the SHA-256 of the same JSON without `hash`, and `prev` is the hash of the record before
it.  The head repeats the last record's number and hash under an Ed25519 signature: whoever rewrites
the chain, however consistently, cannot sign it.

A line is accepted only if encoding what was decoded gives back the very same bytes.  This module
performs no I/O and holds no keys.  Normative: docs/audit-log.md.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from baozhang.errors import BaozhangError, CorruptObjectError, UsageError

Fact = str | int | bool
"""What a fact may be.  A float has no canonical form, and a structure could hide a ledger."""

GENESIS = "0" * 64
"""`prev` of the first record."""

LINE_LIMIT = 16 * 2**10  # bytes; above what the caps below can add up to (20 facts of 240 each)
TEXT_LIMIT = 200  # characters of one text
FACT_LIMIT = 20  # facts of one record
NUMBER_LIMIT = 2**53  # whole numbers above this are changed by programs that read JSON as doubles

_SIGNED_AS = b"baozhang audit head v1\n"
_TEXT = re.compile(rf"[\x20-\x7e]{{0,{TEXT_LIMIT}}}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HASH = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody did, before it has a place in the chain."""

    actor: str  # an id: a person's, "system", a run's
    action: str  # noun.verb: "vault.restore"
    subject: str  # an id: "c001/main", a run id; never a name
    facts: tuple[tuple[str, Fact], ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One link of the chain."""

    seq: int  # from 1, without gaps
    prev: str
    at: datetime  # UTC
    entry: Entry
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain as its keeper signed it."""

    seq: int
    hash: str
    at: datetime  # UTC, when it was signed
    key: str  # fingerprint of the public key
    signature: str  # Ed25519, 128 hexadecimal digits


@dataclass(frozen=True, slots=True)
class Anchor:
    """A record's number and hash as somebody wrote them down earlier, away from the log."""

    seq: int
    hash: str


def parse_anchor(text: str) -> Anchor:
    """Return the anchor written as `SEQ:HASH`.

    Raises:
        UsageError: it is not written like that.
    """
    number, _, value = text.strip().partition(":")
    if not (number.isascii() and number.isdecimal() and _HASH.fullmatch(value)):
        raise UsageError(
            "{anchor} is not an anchor",
            hint="Write it as NUMBER:HASH, as `baozhang audit verify` printed it.",
            anchor=text[:80],
        )
    return Anchor(int(number[:18]), value)


def checked(entry: Entry) -> Entry:
    """Return the entry if every value is of the allowed kind and size.

    Raises:
        BaozhangError: one is not.  The value is not repeated: it may be what must not be kept.
    """
    for place, text in (
        ("actor", entry.actor),
        ("action", entry.action),
        ("object", entry.subject),
    ):
        if not _is_word(text):
            raise BaozhangError("the audit log takes no such text as {place}", place=place)
    if len(entry.facts) > FACT_LIMIT:
        raise BaozhangError("the audit log takes at most {limit} facts at once", limit=FACT_LIMIT)
    for name, value in entry.facts:
        if not _NAME.fullmatch(name) or not _is_fact(value):
            raise BaozhangError("the audit log takes no such value as fact {name}", name=name[:40])
    return entry


def chain(entry: Entry, *, seq: int, prev: str, at: datetime) -> Record:
    """Return the entry as the record that follows `prev`."""
    return Record(seq, prev, at, entry, _digest(_body(seq, prev, at, entry)))


def encode_record(record: Record) -> bytes:
    """Return the record's line, with its line feed."""
    body = _body(record.seq, record.prev, record.at, record.entry)
    return _canonical(body | {"hash": record.hash}) + b"\n"


def decode_record(line: bytes) -> Record:
    """Return the record of a line.  Its hash is read, not checked: see `belies`.

    Raises:
        CorruptObjectError: the line is not a record in canonical form.
    """
    parts = _parse(line, {"seq", "prev", "at", "actor", "action", "object", "facts", "hash"})
    facts = parts["facts"]
    entry = Entry(
        _text(parts["actor"]),
        _text(parts["action"]),
        _text(parts["object"]),
        tuple(facts.items()) if isinstance(facts, dict) else (),
    )
    prev, digest = _match(_HASH, parts["prev"]), _match(_HASH, parts["hash"])
    record = Record(_number(parts["seq"]), prev, _instant(parts["at"]), entry, digest)
    if not _is_allowed(entry) or encode_record(record) != line:
        raise CorruptObjectError("the line is not in canonical form")
    return record


def belies(record: Record) -> bool:
    """Tell whether the record's hash is not the hash of what it says."""
    return _digest(_body(record.seq, record.prev, record.at, record.entry)) != record.hash


def signed_part(seq: int, digest: str, at: datetime, key: str) -> bytes:
    """Return the bytes a head's signature is made over."""
    return _SIGNED_AS + _canonical({"seq": seq, "hash": digest, "at": _stamp(at), "key": key})


def encode_head(head: Head) -> bytes:
    """Return the head's file."""
    parts = {"seq": head.seq, "hash": head.hash, "at": _stamp(head.at), "key": head.key}
    return _canonical(parts | {"signature": head.signature}) + b"\n"


def decode_head(data: bytes) -> Head:
    """Return the head in a file.  Its signature is read, not checked.

    Raises:
        CorruptObjectError: the bytes are not a head in canonical form.
    """
    parts = _parse(data, {"seq", "hash", "at", "key", "signature"})
    digest, key = _match(_HASH, parts["hash"]), _match(_HASH, parts["key"])
    signature = _match(_SIGNATURE, parts["signature"])
    head = Head(_number(parts["seq"]), digest, _instant(parts["at"]), key, signature)
    if encode_head(head) != data:
        raise CorruptObjectError("the line is not in canonical form")
    return head


def _body(seq: int, prev: str, at: datetime, entry: Entry) -> dict[str, object]:
    return {
        "seq": seq,
        "prev": prev,
        "at": _stamp(at),
        "actor": entry.actor,
        "action": entry.action,
        "object": entry.subject,
        "facts": dict(entry.facts),
    }


def _digest(body: Mapping[str, object]) -> str:
    return hashlib.sha256(_canonical(body)).hexdigest()


def _canonical(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _parse(line: bytes, keys: set[str]) -> dict[str, object]:
    """Return the object of a line that has exactly these keys."""
    try:
        parts = json.loads(line) if len(line) <= LINE_LIMIT else None
    except (ValueError, RecursionError):
        parts = None
    if not isinstance(parts, dict) or set(parts) != keys:
        raise CorruptObjectError("the line is not a record")
    return parts


def _is_allowed(entry: Entry) -> bool:
    try:
        return checked(entry) is entry
    except BaozhangError:
        return False


def _is_word(value: object) -> bool:
    return isinstance(value, str) and value != "" and _TEXT.fullmatch(value) is not None


def _is_fact(value: object) -> bool:
    if isinstance(value, str):
        return _TEXT.fullmatch(value) is not None
    return isinstance(value, int) and abs(value) < NUMBER_LIMIT


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < NUMBER_LIMIT:
        raise CorruptObjectError("the line is not a record")
    return value


def _match(pattern: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise CorruptObjectError("the line is not a record")
    return value


def _instant(value: object) -> datetime:
    try:
        at = datetime.fromisoformat(_text(value))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise CorruptObjectError("the line is not a record")
    return at
