"""Evidence packs: one file that proves an audit on any machine, with no site and no catalog.

    manifest.json       SHA-256 and size of every other file, whose audit, whose key
    manifest.sig.json   Ed25519 over the manifest, by the key that signs the audit log
    asked controls evidence samples judged findings .json      the audit as it is kept
    page-zh_CN.html …   the report
    log.jsonl head.json anchors.json signing.pub      the audit log, as far as evidence names it

A pack is a ZIP whose files are stored as they are, flat, in a fixed order, with nothing else in it:
there is exactly one way to write down its content, so every changed byte shows, nothing in it can
swell when it is opened, and no name leads out of a folder.  `packed` reads and judges packs.

Normative: docs/audit-log.md, "Evidence packs".
"""

import hashlib
import io
import json
import re
import struct
import zipfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from baozhang.audit.records import Anchor
from baozhang.audit.signing import PUBLIC_KEY, Signer
from baozhang.audit.verification import lines_of
from baozhang.errors import UnreachableError
from baozhang.governance.audits import Audit, encoded
from baozhang.settings.part import Part

MANIFEST, SEAL, LOG, HEAD = "manifest.json", "manifest.sig.json", "log.jsonl", "head.json"
KEPT = ("asked", "controls", "evidence", "samples", "judged", "findings")
"""The audit's files that a pack holds; `auto` and `attested` are in `evidence`."""
LARGEST = 128 * 2**20  # bytes of a pack; a year of 1,000 clients is a twentieth of it
LOG_MOST = 16 * 2**20  # bytes of the log's tail, some 40,000 records; see `log_part`
NAME = re.compile(r"[a-z0-9][A-Za-z0-9_-]{0,63}(\.[a-z0-9]{1,8}){1,3}")

_OBJECT = re.compile(rb'"object":"([^"]*)"')
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_MARK = b"PK\x03\x04"

LogKind = Literal["chain", "named", "none"]


class Listed(Part):
    """A file of a pack."""

    size: int
    sha256: str


class Manifest(Part):
    """What a pack holds.

    Attributes:
        made: when it was put together.
        key: fingerprint of the key that signs it.
        log: `chain`: every record from the first that evidence names to the head; `named`: those
            records alone, for all between them are too many; `none`: there was no sound head.
    """

    format: Literal[1] = 1
    audit: str
    first: date
    last: date
    made: datetime
    key: str
    log: LogKind
    files: dict[str, Listed]


class Seal(Part):
    """A manifest's signature, 128 hexadecimal digits, and the fingerprint of its key."""

    key: str
    signature: str


class Anchors(Part):
    """The log's heads as the catalog noted them, `SEQ:HASH`."""

    anchors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogPart:
    """What of a log goes into a pack."""

    kind: LogKind
    lines: bytes
    head: bytes


def sealed(
    audit: Audit,
    pages: Mapping[str, bytes],
    log: LogPart,
    anchors: Iterable[Anchor],
    *,
    public_key: bytes,
    signer: Signer,
    at: datetime,
) -> bytes:
    """Return an audit's pack; pages by file name.

    Raises:
        UsageError: the audit has not come so far.
    """
    files = {f"{name}.json": audit.bytes_of(name) for name in KEPT}
    files |= dict(pages)
    noted = tuple(f"{each.seq}:{each.hash}" for each in anchors)
    files["anchors.json"] = encoded(Anchors(anchors=noted))
    files |= {LOG: log.lines, HEAD: log.head, PUBLIC_KEY: public_key}
    asked = audit.asked
    manifest = encoded(
        Manifest(
            audit=audit.id,
            first=asked.first,
            last=asked.last,
            made=at,
            key=signer.fingerprint,
            log=log.kind,
            files={name: listed(content) for name, content in sorted(files.items())},
        )
    )
    seal = Seal(key=signer.fingerprint, signature=signer.sign_pack(manifest))
    return container({MANIFEST: manifest, SEAL: encoded(seal), **files})


def listed(content: bytes) -> Listed:
    """Return what a manifest says of a file."""
    return Listed(size=len(content), sha256=hashlib.sha256(content).hexdigest())


def container(files: Mapping[str, bytes]) -> bytes:
    """Return the one ZIP that holds these files: stored, manifest and seal first, then by name."""
    out = io.BytesIO()
    first = [name for name in (MANIFEST, SEAL) if name in files]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in [*first, *sorted(set(files) - set(first))]:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o600 << 16
            archive.writestr(entry, files[name])
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive, as it stands there; `method` 0: stored as it is."""

    name: str
    content: bytes
    method: int


def entries(data: bytes) -> tuple[Entry, ...]:
    """Return the files of a ZIP from its beginning, until something is no file.

    Nothing is decompressed and nothing of the archive's own table is believed: what is not exactly
    what `container` writes shows when the archive is written again.
    """
    found, at = [], 0
    while data[at : at + 4] == _MARK and len(data) >= at + _LOCAL.size:
        _, _, _, method, _, _, _, stored, _, named, extra = _LOCAL.unpack_from(data, at)
        begin = at + _LOCAL.size
        content = begin + named + extra
        if content + stored > len(data):
            break
        name = data[begin : begin + named].decode("utf-8", "replace")
        found.append(Entry(name, data[content : content + stored], method))
        at = content + stored
    return tuple(found)


def manifest_digest(pack: Path) -> str:
    """Return the SHA-256 of a pack's manifest: what an auditor signs.

    Raises:
        UnreachableError: it cannot be read.
    """
    return hashlib.sha256(_first(pack)).hexdigest()


def _first(pack: Path) -> bytes:
    try:
        found = entries(pack.read_bytes())
    except OSError as error:
        raise unreadable(pack, error) from error
    return found[0].content if found else b""


def unreadable(path: Path, error: OSError) -> UnreachableError:
    """Return that a pack cannot be read, and why."""
    return UnreachableError(
        "the evidence pack {path} cannot be read: {reason}",
        hint="Check the path of the pack and the right to read it.",
        path=path,
        reason=error.strerror or type(error).__name__,
    )


# --- the log ------------------------------------------------------------------------------------


def named_records(refs: Iterable[str]) -> tuple[frozenset[int], frozenset[bytes]]:
    """Return the records that references name: by number, and by what they are about."""
    seqs, subjects = set(), set()
    for ref in refs:
        kind, _, name = ref.partition(":")
        if kind == "audit" and name.isdecimal():
            seqs.add(int(name))
        elif kind == "letter":
            subjects.add(name.encode())
        elif kind == "entry":
            subjects.add(name.rpartition("/")[0].encode())
    return frozenset(seqs), frozenset(subjects)


def log_part(folder: Path, refs: Collection[str], *, most: int = LOG_MOST) -> LogPart:
    """Return the log from the first record that is named to its head.

    Where that is more than `most` bytes, the named records alone: each still proves itself by its
    hash, and the manifest's signature holds them, but the chain between them is not in the pack.

    Raises:
        UsageError: there is no log.
        UnreachableError: it cannot be read.
    """
    head = _bytes(folder / HEAD)
    end = _end(head)
    if not end:
        return LogPart("none", b"", head)
    seqs, subjects = named_records(refs)
    named: list[int] = []
    before = total = 0
    for seq, line in lines_of(folder):
        if seq > end:
            break
        if seq in seqs or seq == end or _is_about(line, subjects):
            before = total if not named else before
            named.append(seq)
        total += len(line)
    whole = total - before <= most
    wanted = frozenset(named)
    first = min(named, default=end)
    taken = (
        line for seq, line in lines_of(folder) if first <= seq <= end and (whole or seq in wanted)
    )
    return LogPart("chain" if whole else "named", b"".join(taken), head)


def _is_about(line: bytes, subjects: frozenset[bytes]) -> bool:
    found = _OBJECT.search(line) if subjects else None
    return found is not None and found[1] in subjects


def _end(head: bytes) -> int:
    """Return the number of the record that a head was signed at; 0: it is no head."""
    try:
        said = json.loads(head)
    except ValueError:
        return 0
    seq = said.get("seq") if isinstance(said, dict) else None
    return seq if isinstance(seq, int) else 0


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise unreadable(path, error) from error
