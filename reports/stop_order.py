"""The order to stop (停止操作通知): to everybody who may write to books that are being recovered.

Read on a telephone, in alarm: what to stop stands first, then what not to do, then the one command
that says that it was done.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from baozhang import __version__
from baozhang.catalog.model import Status
from baozhang.masking import Gate
from baozhang.settings import LetterKind
from baozhang.words import CHINESE, say
from reports.page import Fact, Letter, Mark, Page, Pairs, Row, Section, Table, Words
from reports.plaintext import clean
from reports.render import render
from reports.writing import Pen, pen

KIND: Final[LetterKind] = "stop-order"
MOST_ROWS = 200  # sets in the table; `baozhang incident show` has them all

State = Literal["read-only", "partly", "people"]
STATE_TEMPLATES: dict[State, str] = {
    "read-only": "set read-only",
    "partly": "read-only in part",
    "people": "only you can stop it",
}
MARKS: dict[State, Status] = {"read-only": "ok", "partly": "partial", "people": "failed"}
DONT_TEMPLATES = {
    "key": "Key nothing in any more; change, post and close nothing.",
    "install": "Do not reinstall the accounting program or the system.",
    "clean": "Do not clean up, delete, move, repair or restore anything.",
    "power": "Do not switch the computer off or start it anew; if files were encrypted, pull the "
    "network cable first.",
    "paper": "What cannot wait is written down on paper, and keyed in after the recovery.",
}


@dataclass(frozen=True, slots=True)
class StopOrder:
    """What one person is told to stop.

    Attributes:
        person: id of who reads it.
        since: when it was stopped.
        sets: client, set, and how far it could be set read-only; the client's sets together.
        within: how soon they are to say that they have stopped.
    """

    incident: str
    person: str
    since: datetime
    sets: tuple[tuple[str, str, State], ...]
    within: timedelta
    sample: bool = False

    @property
    def clients(self) -> tuple[str, ...]:
        """Ids of the clients, each once."""
        return tuple(dict.fromkeys(client for client, _, _ in self.sets))


def canonical(order: StopOrder) -> str:
    """Return what the letter's fingerprint is made over, as canonical JSON.

    An object of `incident`, `person`, `since` (ISO 8601, UTC), `sets` (lists of three texts) and
    `within` (seconds); keys sorted, no blanks, ASCII.
    """
    value = {
        "incident": order.incident,
        "person": order.person,
        "since": order.since.astimezone(UTC).isoformat(),
        "sets": order.sets,
        "within": int(order.within.total_seconds()),
    }
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def fingerprint(order: StopOrder) -> str:
    """Return the SHA-256 of an order."""
    return hashlib.sha256(canonical(order).encode("ascii")).hexdigest()


def render_stop_order(
    order: StopOrder,
    *,
    number: int,
    language: str = CHINESE,
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the order as a letter.

    Raises:
        UsageError: a language without letters.
    """
    page = _page(order, number, pen(language))
    return render(page, template="stop_order", language=language, gate=gate, pdf=pdf)


def short_lines(order: StopOrder, language: str) -> tuple[str, ...]:
    """Return the order for a group bot, without saying who is to read it."""
    clients = ", ".join(order.clients)
    return (
        _sentence(order, language),
        say("Clients: {clients}", spoken=language, clients=clients),
        say(DONT_TEMPLATES["key"], spoken=language),
        say(DONT_TEMPLATES["install"], spoken=language),
        say(DONT_TEMPLATES["clean"], spoken=language),
        say("Who has stopped types: {command}", spoken=language, command=_command(order.incident)),
    )


def _command(incident: str, person: str = "…") -> str:
    return f"baozhang incident stop-ack {incident} --by {person}"


def _sentence(order: StopOrder, language: str) -> str:
    return say(
        "Incident {incident}: stop all work on the books of {count} clients now",
        spoken=language,
        incident=order.incident,
        count=len(order.clients),
    )


def _page(order: StopOrder, number: int, pen: Pen) -> Page:
    language = pen.language
    sentence = _sentence(order, language)
    subject = say(
        "[Stop] {sentence} (Baozhang no. {number})",
        spoken=language,
        sentence=sentence,
        number=f"{number:06d}",
    )
    sampled = pen.gettext("[SAMPLE] %(subject)s", subject=subject) if order.sample else subject
    return Page(
        kind=KIND,
        number=number,
        language=language,
        audience="accountant",
        reader=clean(order.person),
        title=say("Order to stop", spoken=language),
        period=pen.instant(order.since),
        sample=order.sample,
        verdict=Mark("failed", say("Stop", spoken=language)),
        sentence=say("{sentence}.", spoken=language, sentence=sentence),
        advice=say(
            "Leave the accounting program on every computer, and then say that you have stopped.",
            spoken=language,
        ),
        sections=_sections(order, language),
        evidence=_evidence(order, number, pen),
        fingerprint=fingerprint(order),
        subject=sampled,
        as_of=order.since,
        file_name=f"{KIND}-{order.incident}-{number:06d}",
    )


def _sections(order: StopOrder, language: str) -> tuple[Section, ...]:
    minutes = int(order.within.total_seconds() // 60)
    confirm = (
        say(
            "Type: {command}, and your one-time code when it asks.",
            spoken=language,
            command=_command(order.incident, order.person),
        ),
        say(
            "Without a device for codes: telephone whoever is on call; they write it down for you.",
            spoken=language,
        ),
        say(
            "Whoever has not said so within {minutes} minutes is telephoned.",
            spoken=language,
            minutes=minutes,
        ),
    )
    dont = tuple(say(each, spoken=language) for each in DONT_TEMPLATES.values())
    return (
        Words(say("What not to do", spoken=language), dont),
        Words(say("Say that you have stopped", spoken=language), confirm),
        _table(order, language),
    )


def _table(order: StopOrder, language: str) -> Table:
    rows = tuple(
        Row(clean(f"{client}/{name}"), Mark(MARKS[state], _state(state, language)), ())
        for client, name, state in order.sets[:MOST_ROWS]
    )
    left = len(order.sets) - len(rows)
    return Table(
        heading=say("What is stopped", spoken=language),
        first=say("client and set", spoken=language),
        heads=(),
        rows=rows,
        more=say("and {count} sets more", spoken=language, count=left) if left else "",
    )


def _state(state: State, language: str) -> str:
    return say(STATE_TEMPLATES[state], spoken=language)


def _evidence(order: StopOrder, number: int, pen: Pen) -> Pairs:
    return Pairs(
        pen.gettext("Evidence"),
        (
            Fact(pen.gettext("Letter number"), f"{number:06d}"),
            Fact(pen.gettext("Written for"), clean(order.person)),
            Fact(say("incident", spoken=pen.language), order.incident),
            Fact(
                say("stopped since (Shanghai time)", spoken=pen.language), pen.instant(order.since)
            ),
            Fact(pen.gettext("Software"), f"baozhang {__version__}"),
            Fact(pen.gettext("SHA-256 of the figures"), fingerprint(order)),
        ),
    )
