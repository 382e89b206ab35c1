"""Letters held against the audit log: is this file what was written, and when was that?

Every letter leaves a record `letter.written`, whose facts are its number, kind, period and hashes:

    fingerprint          what it reports, as canonical JSON; printed in the letter
    value                the JSON file in the library: the fingerprint, unless something is covered
    sha256               the whole, as the catalog has it
    html_zh_cn, text_…, subject_…   as each language has them, line ends as LF, none at the end
    pdf_…, page_…, eml_… the bytes of the PDF, of the library's page, of the message as put out

A mail server may fold, encode and sign a message anew; its parts stay what they are.  So a file is
sound when its bytes are known, or, of a message, when each of its parts is.

Normative: docs/audit-log.md, "Letters".
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Literal

from baozhang.audit.records import Fact, Record, decode_record
from baozhang.audit.verification import lines_of
from baozhang.errors import CorruptObjectError, UnreachableError, UsageError

WRITTEN = "letter.written"
LARGEST = 64 * 2**20  # bytes; no letter comes near

State = Literal["sound", "altered", "unknown"]
STATE_TEMPLATES: dict[State, str] = {
    "sound": "{file}: letter {letter} of {period}, written {when}, record {record}: unaltered",
    "altered": "{file}: letter {letter} of {period}, written {when}, record {record}: ALTERED, "
    "{parts} not as written",
    "unknown": "{file}: no letter of this log; altered, or written elsewhere",
}

_NAME = re.compile(
    r"([0-9]{6,})-([a-z]+(?:-[a-z]+)*?)-(?:[0-9]{4}-[0-9]{2}.*-)?(zh_CN|en|[0-9]{4}).*"
)
_KINDS = {"text/plain": "text", "text/html": "html", "application/pdf": "pdf"}


@dataclass(frozen=True, slots=True)
class Judged:
    """What the log says of one file."""

    file: Path
    sha256: str
    state: State
    record: Record | None = None
    parts: tuple[str, ...] = ()  # which are not as written

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was recorded; empty for a file the log does not know."""
        return dict(self.record.entry.facts) if self.record else {}


@dataclass(slots=True)
class Register:
    """All letters of a log, by what they can be found by."""

    by_hash: dict[str, Record] = field(default_factory=dict)
    by_name: dict[tuple[str, int], list[Record]] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Take in one more letter; of two of one number, the newer one stands for the name."""
        facts = dict(record.entry.facts)
        for value in facts.values():
            if isinstance(value, str) and len(value) == 64:  # SHA-256 in hex
                self.by_hash[value] = record
        key = (str(facts.get("kind", "")), _whole(facts.get("number")))
        self.by_name.setdefault(key, []).append(record)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def body_hash(body: str) -> str:
    """Return the SHA-256 of a body as no mail server changes it, in hex."""
    plain = body.replace("\r\n", "\n").rstrip("\n")
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()


def letter_facts(bodies: Mapping[str, str], files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the hashes of a letter's bodies and files under the names given."""
    return {name: body_hash(body) for name, body in bodies.items()} | {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    }


def register(log: Path) -> Register:
    """Read which letters a log knows; the log itself is verified elsewhere.

    Raises:
        UsageError: there is no log.
        UnreachableError: it cannot be read.
    """
    found = Register()
    for record in records_of(log, WRITTEN):
        found.add(record)
    return found


def records_of(log: Path, action: str) -> Iterator[Record]:
    """Yield the records of one action, oldest first, unverified; lines that are none are left out.

    Raises:
        UsageError: there is no log.
        UnreachableError: it cannot be read.
    """
    mark = f'"action":"{action}"'.encode("ascii")
    for _, line in lines_of(log):
        if mark in line:
            try:
                yield decode_record(line)
            except CorruptObjectError:
                continue


def judge(file: Path, known: Register) -> Judged:
    """Hold one file against the letters of a log: a message, or a file of the library.

    Raises:
        UsageError: there is no such file, or it is no letter by its size.
        UnreachableError: it cannot be read.
    """
    content = _content(file)
    digest = hashlib.sha256(content).hexdigest()
    text = content.decode("utf-8", "replace")
    if record := known.by_hash.get(digest) or known.by_hash.get(body_hash(text)):
        return Judged(file, digest, "sound", record)
    message = message_from_bytes(content, policy=default)
    name = _NAME.fullmatch(str(message["X-Baozhang-Letter"] or file.name))
    records = known.by_name.get((name[2], int(name[1])), []) if name else []
    if name is None or not records:
        return Judged(file, digest, "unknown")
    record = records[-1]
    if not message["X-Baozhang-Letter"]:
        return Judged(file, digest, "altered", record, (file.suffix,))
    wrong = _wrong(message, dict(record.entry.facts), name[3].lower())
    return Judged(file, digest, "altered" if wrong else "sound", record, wrong)


def _wrong(message: EmailMessage, facts: Mapping[str, Fact], tag: str) -> tuple[str, ...]:
    """Return which parts of a message differ from what was recorded, are missing or too many."""
    found = _parts(message)
    expected = {
        part: facts[f"{part}_{tag}"]
        for part in ("subject", *_KINDS.values())
        if f"{part}_{tag}" in facts
    }
    return tuple(
        part
        for part in sorted(found.keys() | expected.keys())
        if [expected.get(part)] != found.get(part)
    )


def _parts(message: EmailMessage) -> dict[str, list[str]]:
    """Return the hashes of what a reader of a message sees, by what it is."""
    parts = {"subject": [body_hash(" ".join(str(message["Subject"] or "").split()))]}
    for part in message.walk():
        kind = _KINDS.get(part.get_content_type())
        if kind == "pdf":
            content = part.get_payload(decode=True)
            known = content if isinstance(content, bytes) else b""
            parts.setdefault(kind, []).append(hashlib.sha256(known).hexdigest())
        elif kind:
            parts.setdefault(kind, []).append(body_hash(str(part.get_content())))
    return parts


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise UsageError(
            "there is no letter {file}", hint="Check the path of the file.", file=file
        ) from error
    except OSError as error:
        raise UnreachableError(
            "{path} cannot be read: {reason}",
            hint="Check the path of the letter and the right to read it.",
            path=file,
            reason=error.strerror or type(error).__name__,
        ) from error
    if len(content) > LARGEST:
        raise UsageError(
            "{file} is too large to be a letter",
            hint="Name a message, or a file of the library of reports.",
            file=file,
        )
    return content


def judge_all(files: Iterable[Path], log: Path) -> tuple[Judged, ...]:
    """Hold files against a log, which is read once; raises as `register` and `judge` do."""
    known = register(log)
    return tuple(judge(file, known) for file in files)
