"""Proofs that people hand in: each is opened and looked at before it is kept.

    file ──► size ──► what is it? (its first bytes, not its name) ──► is it whole? ──► Proof
                                                                      │
                                                                      └── kept as <sha256>, 0600

Known kinds: PDF (ISO 32000-1), PNG (ISO 15948), JPEG (ITU-T T.81), Office Open XML (ISO 29500),
OFD (GB/T 33190), mail (RFC 5322) and plain text.  Structure is checked, content is not: whether a
certificate says what it should is what the second person looks at.
"""

import hashlib
import io
import lzma
import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date
from email.errors import MessageError
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Literal

from baozhang import durable
from baozhang.clock import business_day
from baozhang.errors import SourceUnreadableError, UsageError
from baozhang.site import Site

ProofKind = Literal["pdf", "png", "jpg", "docx", "xlsx", "ofd", "eml", "txt"]
MOST_BYTES = 50 * 2**20  # a scan of many pages has 20 MB; more is a video or a mistake
MOST_UNPACKED = 500 * 2**20  # bytes that an office file may unpack to; more is a bomb
_BLOCK = 2**20
_TAIL = 2048  # bytes at a PDF's end in which its trailer must stand (ISO 32000-1, 7.5.5)

ENDINGS: Mapping[str, ProofKind] = MappingProxyType(
    {
        ".pdf": "pdf",
        ".png": "png",
        ".jpg": "jpg",
        ".jpeg": "jpg",
        ".docx": "docx",
        ".xlsx": "xlsx",
        ".ofd": "ofd",
        ".eml": "eml",
        ".txt": "txt",
        ".csv": "txt",
    }
)
WRONG_TEMPLATES = {
    "empty": "proof {name} is empty",
    "large": "proof {name} has {bytes} bytes, more than {most}",
    "kind": "proof {name} is of no kind that is taken",
    "other": "proof {name} is called {ending} and is no such file",
    "truncated": "proof {name} is cut off or damaged",
    "encrypted": "proof {name} is locked with a password",
    "text": "proof {name} is no text that can be read",
}
HINT_TEMPLATES = {
    "empty": "Scan or save it again, open it once, and hand it in.",
    "large": "Scan it at a lower resolution, or hand in the pages that count.",
    "kind": "Hand in PDF, PNG, JPG, DOCX, XLSX, OFD, EML or TXT.",
    "other": "Save it in the format that its name says, and hand it in again.",
    "truncated": "Open it to see, make it anew, and hand it in again.",
    "encrypted": "Take the password off, and hand it in again.",
    "text": "Save it as UTF-8 or GB 18030 text, and hand it in again.",
}


class ProofError(UsageError):
    """A file that is no proof."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A file that was opened and found whole.

    Attributes:
        dated: the newest day that the file says of itself; None: it says none.
    """

    kind: ProofKind
    sha256: str
    size: int  # bytes
    dated: date | None


def examine(path: Path) -> Proof:
    """Return what a file is, after looking through all of it.

    Raises:
        ProofError: empty, too large, of another kind than its name, cut off, or locked.
        SourceUnreadableError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return _examined(path, file)
    except OSError as error:
        raise SourceUnreadableError(
            "{path} cannot be read: {reason}",
            hint="Check that it exists, is mounted and may be read by this account.",
            path=path.name[:80],
            reason=error.strerror or type(error).__name__,
        ) from error


def _examined(path: Path, file: BinaryIO) -> Proof:
    size = os.fstat(file.fileno()).st_size
    if size == 0:
        raise _wrong("empty", path)
    if size > MOST_BYTES:
        raise _wrong("large", path, bytes=size, most=MOST_BYTES)
    kind = ENDINGS.get(path.suffix.lower())
    if kind is None:
        raise _wrong("kind", path)
    content = file.read(MOST_BYTES + 1)
    day = _look(kind, path, content)
    return Proof(kind, hashlib.sha256(content).hexdigest(), len(content), day)


def _look(kind: ProofKind, path: Path, content: bytes) -> date | None:
    """Return the file's own day, after making sure that it is whole."""
    if kind == "pdf":
        return _pdf(path, content)
    if kind == "png":
        return _png(path, content)
    if kind == "jpg":
        return _jpg(path, content)
    if kind == "eml":
        return _eml(path, content)
    return _txt(path, content) if kind == "txt" else _packed(kind, path, content)


def _wrong(what: str, path: Path, **facts: object) -> ProofError:
    ending = path.suffix[:8] or "-"
    name = path.name if len(path.name) <= 60 else "…" + path.name[-59:]
    template, hint = WRONG_TEMPLATES[what], HINT_TEMPLATES[what]
    return ProofError(template, hint=hint, name=name, ending=ending, **facts)


# --- one kind each --------------------------------------------------------------------------------


_STARTXREF = re.compile(rb"startxref\s+(\d+)\s+%%EOF")
_PDF_DAY = re.compile(rb"/(?:ModDate|CreationDate)\s*\(D:(\d{4})(\d\d)(\d\d)")


def _pdf(path: Path, content: bytes) -> date | None:
    begin = content[:1024].find(b"%PDF-")
    if begin < 0:
        raise _wrong("other", path)
    ends = list(_STARTXREF.finditer(content, max(0, len(content) - _TAIL)))
    if not ends:
        raise _wrong("truncated", path)
    at = begin + int(ends[-1][1])
    if not re.match(rb"\s*(xref|\d+\s+\d+\s+obj)", content[at : at + 40]):
        raise _wrong("truncated", path)
    if re.search(rb"/Encrypt\b", content):
        raise _wrong("encrypted", path)
    return _newest(_day(*found.groups()) for found in _PDF_DAY.finditer(content))


def _png(path: Path, content: bytes) -> date | None:
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        raise _wrong("other", path)
    at, day, kind = 8, None, b""
    while kind != b"IEND":
        length, kind = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        body = content[at + 4 : at + 8 + length]
        check = content[at + 8 + length : at + 12 + length]
        first = at == 8
        if (
            len(check) < 4
            or zlib.crc32(body) != int.from_bytes(check)
            or first != (kind == b"IHDR")
        ):
            raise _wrong("truncated", path)
        if kind == b"tIME":
            day = _day(str(int.from_bytes(body[4:6])), str(body[6]), str(body[7]))
        at += 12 + length
    return day


_EXIF_DAY = re.compile(rb"(\d{4}):(\d\d):(\d\d) \d\d:\d\d:\d\d\0")


def _jpg(path: Path, content: bytes) -> date | None:
    if not content.startswith(b"\xff\xd8\xff"):
        raise _wrong("other", path)
    at, exif = 2, b""
    while True:
        marker, length = content[at : at + 2], int.from_bytes(content[at + 2 : at + 4])
        if len(marker) < 2 or marker[0] != 0xFF or length < 2:
            raise _wrong("truncated", path)
        if marker == b"\xff\xe1":
            exif += content[at + 4 : at + 2 + length]
        at += 2 + length
        if marker == b"\xff\xda":
            break
    if content.find(b"\xff\xd9", at) < 0:  # end of image; programs may lay bytes behind it
        raise _wrong("truncated", path)
    return _newest(_day(*found.groups()) for found in _EXIF_DAY.finditer(exif))


_MUST_HOLD: Mapping[str, str] = {
    "docx": "word/document.xml",
    "xlsx": "xl/workbook.xml",
    "ofd": "OFD.xml",
}
_SAYS_DAY: Mapping[str, str] = {
    "docx": "docProps/core.xml",
    "xlsx": "docProps/core.xml",
    "ofd": "OFD.xml",
}
_XML_DAY = re.compile(
    rb"<[^<>/]*(?:modified|created|ModDate|CreationDate)\b[^<>]*>\s*(\d{4})-(\d\d)-(\d\d)"
)
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError),
    *(EOFError, OSError, ValueError),  # of what damaged bytes lead to, nothing of the disk
)
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # what office programs lock a document into


def _packed(kind: ProofKind, path: Path, content: bytes) -> date | None:
    if content.startswith(_COMPOUND):
        raise _wrong("encrypted", path)
    if not content.startswith(b"PK"):
        raise _wrong("other", path)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return _unpacked(kind, path, packed)
    except _DAMAGED as error:
        raise _wrong("truncated", path) from error


def _unpacked(kind: ProofKind, path: Path, packed: zipfile.ZipFile) -> date | None:
    parts = packed.infolist()
    names = {each.filename for each in parts}
    if any(each.flag_bits & 1 for each in parts) or "Encryptions.xml" in names:
        raise _wrong("encrypted", path)
    if sum(each.file_size for each in parts) > MOST_UNPACKED:
        raise _wrong("large", path, bytes=sum(e.file_size for e in parts), most=MOST_UNPACKED)
    if _MUST_HOLD[kind] not in names:
        raise _wrong("other", path)
    if packed.testzip() is not None:
        raise _wrong("truncated", path)
    says = packed.read(_SAYS_DAY[kind]) if _SAYS_DAY[kind] in names else b""
    return _newest(_day(*found.groups()) for found in _XML_DAY.finditer(says))


def _eml(path: Path, content: bytes) -> date | None:
    try:
        head = BytesHeaderParser().parsebytes(content)
        sent, sender = head["Date"], head["From"]
        if not sent or not sender:
            raise _wrong("other", path)
        at = parsedate_to_datetime(str(sent))
        return business_day(at if at.tzinfo else at.replace(tzinfo=UTC))
    except (MessageError, ValueError, OverflowError) as error:
        raise _wrong("other", path) from error


def _txt(path: Path, content: bytes) -> date | None:
    if not content.strip():
        raise _wrong("empty", path)
    if b"\0" in content or not any(_is(content, name) for name in ("utf-8", "gb18030")):
        raise _wrong("text", path)
    return None


def _is(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _day(year: str | bytes, month: str | bytes, day: str | bytes) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _newest(days: Iterator[date | None]) -> date | None:
    return max((day for day in days if day is not None), default=None)


# --- where they are kept --------------------------------------------------------------------------


def folder(site: Site) -> Path:
    """Return where proofs are kept, by their SHA-256."""
    return site.home / "state" / "attestations"


def keep(site: Site, path: Path, proof: Proof) -> None:
    """Keep a proof under its hash, private and durable; one that is there already stays.

    Raises:
        ProofError: the file changed since it was looked at.
        SourceUnreadableError: it cannot be read any more, or nothing can be written.
    """
    kept = folder(site) / proof.sha256
    try:
        if kept.exists() and digest_of(kept) == proof.sha256:
            return
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != proof.sha256:
            raise ProofError(
                "proof {name} changed while it was handed in",
                hint="Hand it in again once nobody writes to it.",
                name=path.name[-60:],
            )
        durable.replace(kept, content)
    except OSError as error:
        raise SourceUnreadableError(
            "proof {name} cannot be kept: {reason}",
            hint="Make room, and check the rights of the site's state.",
            name=path.name[-60:],
            reason=error.strerror or type(error).__name__,
        ) from error


Kept = Literal["sound", "missing", "altered"]


def state_of(site: Site, sha256: str) -> Kept:
    """Tell whether a kept proof is still the file that was handed in; reads all of it."""
    try:
        return "sound" if digest_of(folder(site) / sha256) == sha256 else "altered"
    except OSError:
        return "missing"


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
