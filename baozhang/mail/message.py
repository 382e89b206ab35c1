"""A letter as an e-mail: text and HTML side by side, under headers nobody can forge through it.

    mixed ─┬─ alternative ─┬─ text/plain
           │               └─ related ─┬─ text/html
           │                           └─ image/png, shown as cid:…
           └─ application/pdf, …

What a letter does not have is left out: without attachments it is the alternative alone, without
pictures the HTML stands by itself (RFC 2046, sections 5.1.3 and 5.1.4; RFC 2387).

The message is a function of its fields: the same letter gives the same bytes, and the same
Message-ID whenever it is built, so that a letter sent twice is recognised as one (RFC 5322,
section 3.6.4, leaves the making of the identifier to the sender).  Control characters cannot
reach a header or the name of a file: in words they become blanks, in an address they are refused.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal, Protocol

from baozhang.clock import SHANGHAI
from baozhang.errors import UsageError

POLICY = SMTP.clone(cte_type="7bit")
"""CRLF line ends, and bodies that pass servers without 8BITMIME (RFC 6152)."""

NUMBER_WIDTH = 6  # a letter a day in two languages reaches six digits after 1,369 years
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]{0,30}")
_CONTENT_ID = re.compile(r"[A-Za-z0-9._+-]{1,80}(@[A-Za-z0-9.-]{1,80})?")
_MIME = re.compile(r"(application|image|text)/[a-z0-9][a-z0-9.+-]{0,60}")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,250}>")
_NO_FILE_NAME = re.compile(r'[\\/:*?"<>|]')  # what Windows refuses, and what could lead elsewhere
_LONGEST_NAME = 120  # characters; the longest name of file systems is 255 bytes, 3 per Chinese one

Urgency = Literal["immediate", "digest", "incident"]
"""How soon a letter goes out: in its hours, with others once a day, at once whatever the hour."""


@dataclass(frozen=True, slots=True)
class Correspondent:
    """Somebody who writes or is written to; the name may be Chinese, the address is ASCII."""

    name: str
    address: str


class InlinePicture(Protocol):
    """A picture that the letter's HTML shows as `cid:<cid>` (RFC 2392)."""

    @property
    def cid(self) -> str:
        """Its name within the letter, without angle brackets."""
        ...

    @property
    def png(self) -> bytes:
        """Its content."""
        ...


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter; the name may be Chinese (RFC 2231)."""

    name: str
    mime: str  # "application/pdf"
    content: bytes


def letter_name(number: int, kind: str, language: str) -> str:
    """Return the letter's name in headers and files, e.g. `000017-night-zh_CN`.

    Raises:
        UsageError: a number below 1, or a kind or language that is not a plain word.
    """
    if number < 1 or not _WORD.fullmatch(kind) or not _WORD.fullmatch(language):
        raise UsageError(
            "not a letter: number {number}, kind {kind}, language {language}",
            hint="Number letters from 1; write kind and language in ASCII letters and dashes.",
            number=number,
            kind=repr(kind[:40]),
            language=repr(language[:40]),
        )
    return f"{number:0{NUMBER_WIDTH}d}-{kind}-{language}"


def build_message(
    *,
    number: int,
    kind: str,
    language: str,
    subject: str,
    text: str,
    html: str,
    fingerprint: str,
    sender: Correspondent,
    recipients: Sequence[Correspondent],
    at: datetime,
    pictures: Sequence[InlinePicture] = (),
    attachments: Sequence[Attachment] = (),
    when: Urgency = "immediate",
    contains: Sequence[str] = (),
) -> EmailMessage:
    """Build the message of one letter, written at the aware instant `at`.

    Letter name, `fingerprint` (a hash of what the letter reports) and sender make the Message-ID:
    a corrected letter under the same number is another one.  `contains` are the Message-IDs of
    letters that this one stands for, as a digest does (RFC 5322, section 3.6.4: References).

    Raises:
        UsageError: no recipient, an address that is none, or a letter, a picture or an attachment
            without a proper name.
    """
    name = letter_name(number, kind, language)
    if not recipients:
        raise UsageError(
            "letter {letter} has no recipient",
            hint="Name at least one recipient in the mail section of agency.yaml.",
            letter=name,
        )
    identity = f"{name}\n{fingerprint}\n{sender.address}"
    digest = hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()[:24]
    message = EmailMessage(policy=POLICY)
    origin = _address(sender)
    message["Message-ID"] = f"<bz{number}.{digest}@{origin.domain}>"  # short: most fit one line
    message["Date"] = at.astimezone(SHANGHAI)
    message["From"] = origin
    message["To"] = tuple(_address(recipient) for recipient in recipients)
    message["Subject"] = one_line(subject)
    message["X-Baozhang-Letter"] = name
    message["X-Baozhang-Class"] = when
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    if contains:
        message["References"] = " ".join(_fits(_MESSAGE_ID, each) for each in contains)
    message.set_content(_encodable(text))
    message.add_alternative(_encodable(html), subtype="html")
    _add_pictures(message, pictures)
    _add_attachments(message, attachments)
    message["Content-Language"] = language.replace("_", "-")
    _set_boundaries(message, digest)
    return message


def file_name(words: str) -> str:
    """Return the words as a file's name that any system takes and that leads nowhere else."""
    plain = _NO_FILE_NAME.sub("_", one_line(words)).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    shortened = f"{stem[: _LONGEST_NAME - len(ending) - 1]}{dot}{ending}"
    return shortened if stem and len(ending) < _LONGEST_NAME else plain[:_LONGEST_NAME] or "_"


def _add_pictures(message: EmailMessage, pictures: Sequence[InlinePicture]) -> None:
    html = message.get_body(("html",))
    assert isinstance(html, EmailMessage)
    for each in pictures:
        html.add_related(
            each.png,
            "image",
            "png",
            cid=f"<{_fits(_CONTENT_ID, each.cid)}>",
            disposition="inline",
        )


def _add_attachments(message: EmailMessage, attachments: Sequence[Attachment]) -> None:
    for each in attachments:
        main, _, sub = _fits(_MIME, each.mime).partition("/")
        message.add_attachment(each.content, main, sub, filename=file_name(each.name))


def _set_boundaries(message: EmailMessage, digest: str) -> None:
    """Give every multipart its boundary: the library's own choice would be random.

    None is the beginning of another: some readers compare no further (RFC 2046, section 5.1.1).
    """
    wholes = [part for part in message.walk() if part.is_multipart()]
    for position, part in enumerate(wholes):
        part.set_boundary(f"=_baozhang_{position}_{digest}" if position else f"=_baozhang_{digest}")


def _fits(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise UsageError("not a part of a letter: {part}", part=repr(text[:80]))
    return text


def one_line(words: str) -> str:
    """Return the words on one line: control, format and surrogate characters become blanks."""
    plain = (" " if unicodedata.category(c) in _UNSAFE else c for c in words)
    return " ".join("".join(plain).split())


_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def _encodable(body: str) -> str:
    """Return the body without lone surrogates, which no charset can carry."""
    return body.encode("utf-8", "replace").decode("utf-8")


def _address(person: Correspondent) -> Address:
    try:
        address = Address(one_line(person.name), addr_spec=person.address)
    except (MessageError, ValueError, IndexError):
        address = Address()
    if not (address.username and address.domain and person.address.isascii()):
        raise UsageError(
            "not a mail address: {address}",
            hint="Write the address as name@example.com, in ASCII characters.",
            address=repr(person.address[:80]),
        )
    return address
