"""A letter on its way: its headers, and how far it has come with each of its recipients.

    000017-night-zh_CN.eml     what is sent, never changed
    000017-night-zh_CN.json    recipient by recipient: state, attempts, next attempt, last answer

Recipients fare differently: one mailbox is full, the others have the letter and must not get it
again.  The letter is as far as the slowest of them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default
from pathlib import Path
from typing import Literal, get_args

from baozhang.mail.backoff import FOR_LETTERS, GIVE_UP, Jitter
from baozhang.mail.files import read_count, read_instant, read_values
from baozhang.mail.message import Correspondent, Urgency
from baozhang.mail.smtp import NO_REPLY, Reply
from baozhang.settings import Language

State = Literal["waiting", "sent", "parked"]
"""Parked: refused for good, or for too long; a person must look."""

_NAME_END = re.compile(r"-[0-9a-f]{8}$")  # of a second letter under a taken number
HEADERS_MOST = 2**20  # bytes; a digest of a thousand letters names them in less


@dataclass(frozen=True, slots=True)
class Recipient:
    """How far a letter has come with one recipient."""

    address: str = field(repr=False)
    state: State = "waiting"
    attempts: int = 0
    due: datetime | None = None  # when it is tried again; None: at once
    reply: Reply = NO_REPLY  # the last answer


@dataclass(frozen=True, slots=True)
class Queued:
    """A letter in the outbox."""

    path: Path
    message_id: str
    subject: str
    sender: str = field(repr=False)
    urgency: Urgency
    at: datetime  # when it was written
    contains: tuple[str, ...]  # Message-IDs of the letters it stands for
    to: tuple[Correspondent, ...] = field(repr=False)
    recipients: tuple[Recipient, ...]
    first_tried: datetime | None = None
    told_in: str = ""  # the digest that stands for it

    @property
    def name(self) -> str:
        """The letter's name, which says number, kind and language."""
        return self.path.stem

    @property
    def kind(self) -> str:
        """What kind of letter it is, e.g. `restore-test`."""
        return _NAME_END.sub("", self.name).partition("-")[2].rpartition("-")[0]

    @property
    def language(self) -> Language:
        """The language it is written in."""
        return "en" if _NAME_END.sub("", self.name).endswith("-en") else "zh_CN"

    @property
    def state(self) -> State:
        """As far as the slowest of its recipients; parked when all are done and one is."""
        if self.told_in:
            return "sent"
        states = {each.state for each in self.recipients}
        return "waiting" if "waiting" in states else "parked" if "parked" in states else "sent"

    @property
    def due(self) -> datetime | None:
        """When the next recipient is tried; None: at once, or nobody waits."""
        times = [each.due for each in self.recipients if each.state == "waiting"]
        return None if None in times else min((at for at in times if at), default=None)

    def waiting(self, now: datetime, *, hurry: bool = False) -> list[str]:
        """Return whose turn it is; in a hurry, all who wait."""
        return [
            each.address
            for each in self.recipients
            if each.state == "waiting"
            and (hurry or not each.due or FOR_LETTERS.is_over(each.due, now))
        ]

    def answered(self, replies: Mapping[str, Reply], now: datetime, jitter: Jitter) -> "Queued":
        """Return the letter after the server's answers."""
        first = min(self.first_tried or now, now)
        late = now - first >= GIVE_UP
        moved = tuple(
            _moved(each, replies[each.address], now, jitter, late=late)
            if each.address in replies
            else each
            for each in self.recipients
        )
        return replace(self, recipients=moved, first_tried=first)

    def anew(self) -> "Queued":
        """Return the letter as if those who have not got it had never been tried."""
        fresh = tuple(
            each if each.state == "sent" else Recipient(each.address) for each in self.recipients
        )
        return replace(self, recipients=fresh, first_tried=None)

    def values(self) -> dict[str, object]:
        """Return how far it has come, as it is written to its file."""
        return {
            "version": 1,
            "message_id": self.message_id,
            "first_tried": self.first_tried and self.first_tried.isoformat(),
            "told_in": self.told_in,
            "recipients": {
                each.address: {
                    "state": each.state,
                    "attempts": each.attempts,
                    "due": each.due and each.due.isoformat(),
                    "code": each.reply.code,
                    "status": each.reply.status,
                }
                for each in self.recipients
            },
        }


def read_letter(path: Path) -> Queued | None:
    """Return a letter of the outbox; None where the file is none of ours.

    How far it has come counts only for the very letter it was written for.
    """
    headers = _headers(path)
    date, senders, receivers = headers["Date"], headers["From"], headers["To"]
    if not (date and date.datetime and senders and senders.addresses and receivers):
        return None
    identity = str(headers["Message-ID"] or "").strip()
    urgency = str(headers["X-Baozhang-Class"] or "immediate")
    values = read_values(path.with_suffix(".json"))
    known = values if values.get("message_id") == identity else {}
    return Queued(
        path=path,
        message_id=identity,
        subject=str(headers["Subject"] or ""),
        sender=senders.addresses[0].addr_spec,
        urgency=next((each for each in get_args(Urgency) if each == urgency), "immediate"),
        at=date.datetime.astimezone(UTC),
        contains=tuple(str(headers["References"] or "").split()),
        to=tuple(Correspondent(e.display_name, e.addr_spec) for e in receivers.addresses),
        recipients=tuple(_recipients([each.addr_spec for each in receivers.addresses], known)),
        first_tried=read_instant(known.get("first_tried")),
        told_in=str(known.get("told_in") or ""),
    )


def _headers(path: Path) -> EmailMessage:
    with path.open("rb") as file:
        head = file.read(HEADERS_MOST).partition(b"\r\n\r\n")[0]
    parsed = BytesHeaderParser(policy=default).parsebytes(head)
    assert isinstance(parsed, EmailMessage)
    return parsed


def _recipients(addresses: list[str], known: Mapping[str, object]) -> Iterator[Recipient]:
    states = known.get("recipients")
    for address in dict.fromkeys(addresses):
        each = states.get(address) if isinstance(states, dict) else None
        if not isinstance(each, dict) or each.get("state") not in get_args(State):
            yield Recipient(address)
            continue
        yield Recipient(
            address,
            each["state"],
            read_count(each.get("attempts")),
            read_instant(each.get("due")),
            Reply(read_count(each.get("code")), str(each.get("status") or "")),
        )


def _moved(
    each: Recipient, reply: Reply, now: datetime, jitter: Jitter, *, late: bool
) -> Recipient:
    attempts = each.attempts + 1
    if reply.accepted:
        return Recipient(each.address, "sent", attempts, None, reply)
    if reply.permanent or late:
        return Recipient(each.address, "parked", attempts, None, reply)
    due = FOR_LETTERS.after(attempts, now, jitter)
    return Recipient(each.address, "waiting", attempts, due, reply)
