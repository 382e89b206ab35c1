"""A letter as an e-mail: text and HTML side by side, under headers nobody can forge through it.

The message is a function of its fields: the same letter gives the same bytes, and the same
Message-ID whenever it is built, so that a letter sent twice is recognised as one (RFC 5322,
section 3.6.4, leaves the making of the identifier to the sender).  Control characters cannot
reach a header: in words they become blanks, in an address they are refused.
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

from baozhang.clock import SHANGHAI
from baozhang.errors import UsageError

POLICY = SMTP.clone(cte_type="7bit")
"""CRLF line ends, and bodies that pass servers without 8BITMIME (RFC 6152)."""

NUMBER_WIDTH = 6  # a letter a day in two languages reaches six digits after 1,369 years
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]{0,30}")


@dataclass(frozen=True, slots=True)
class Correspondent:
    """Somebody who writes or is written to; the name may be Chinese, the address is ASCII."""

    name: str
    address: str


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
) -> EmailMessage:
    """Build the message of one letter, written at the aware instant `at`.

    Letter name, `fingerprint` (a hash of what the letter reports) and sender make the Message-ID:
    a corrected letter under the same number is another one.

    Raises:
        UsageError: no recipient, an address that is none, or a letter without a proper name.
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
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    message.set_content(_encodable(text))
    message.add_alternative(_encodable(html), subtype="html")
    message["Content-Language"] = language.replace("_", "-")
    message.set_boundary(f"=_baozhang_{digest}")  # the library's own choice would be random
    return message


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
