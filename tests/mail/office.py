"""A mail server in this process that answers as it is told, and a postman with his own clock."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from baozhang.mail.delivery import Postman
from baozhang.mail.message import Correspondent, Urgency
from baozhang.mail.outbox import Outbox
from baozhang.mail.smtp import Account
from baozhang.mail.throttle import Limits
from baozhang.policies.pace import Window
from tests.mail.test_message import message
from tests.servers.postgres import free_port

NOON = datetime(2026, 8, 1, 4, 0, tzinfo=UTC)
WANG = Correspondent("王总", "wang@agency.example")
ZHANG = Correspondent("张三", "zhang@agency.example")
LI = Correspondent("", "li@agency.example")


@dataclass
class Office:
    """What the server is told to answer, and what it was handed."""

    port: int
    mail: list[str] = field(default_factory=list)  # answers to the next MAIL commands
    to: dict[str, str] = field(default_factory=dict)  # answer by recipient
    data: list[str] = field(default_factory=list)  # answers to the next letters
    taken: list[tuple[tuple[str, ...], bytes]] = field(default_factory=list)
    on_data: Callable[[], None] = lambda: None
    sessions: int = 0
    resets: int = 0
    slow: float = 0.0  # seconds before a letter is answered
    hang_up: int = 0  # how many of the next letters end the conversation without an answer

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, host: str, told: list[str]
    ) -> list[str]:
        self.sessions += 1
        session.host_name = host
        return told

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, sender: str, options: list[str]
    ) -> str:
        answer = self.mail.pop(0) if self.mail else "250 OK"
        if answer.startswith("2"):
            envelope.mail_from = sender
        return answer

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.to.get(address, "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_RSET(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.resets += 1
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        await asyncio.sleep(self.slow)
        if self.hang_up:
            self.hang_up -= 1
            assert server.transport is not None
            server.transport.abort()
            return "250 nobody hears this"
        answer = self.data.pop(0) if self.data else "250 OK"
        if answer.startswith("2"):
            assert isinstance(envelope.content, bytes)
            self.taken.append((tuple(envelope.rcpt_tos), envelope.content))
        self.on_data()
        return answer

    @property
    def readers(self) -> list[tuple[str, ...]]:
        """Who got a letter, letter by letter, without their domain."""
        return [tuple(who.partition("@")[0] for who in whom) for whom, _ in self.taken]

    def account(self, *, timeout: float = 5) -> Account:
        return Account("127.0.0.1", "off", self.port, timeout=timeout)


@contextmanager
def opened(office: Office) -> Iterator[Office]:
    """Let the server answer at its port."""
    controller = Controller(office, hostname="127.0.0.1", port=office.port)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()


@contextmanager
def open_office() -> Iterator[Office]:
    """Yield a server at a port of its own."""
    with opened(Office(free_port())) as office:
        yield office


class Watch:
    """A clock that moves when it is told to, or when somebody waits."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now
        self.waited = 0.0

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, span: timedelta) -> None:
        self.now += span

    def wait(self, seconds: float) -> None:
        self.waited += seconds
        self.now += timedelta(seconds=seconds)


def postman(
    outbox: Outbox,
    account: Account,
    watch: Watch,
    *,
    per_minute: int = 1000,
    per_day: int = 10_000,
    quiet: Window | None = None,
) -> Postman:
    return Postman(
        outbox,
        account,
        Limits(per_minute, per_day),
        quiet=quiet,
        clock=watch,
        jitter=lambda: 0.5,
        pause=watch.wait,
    )


def letter(
    number: int = 1,
    *to: Correspondent,
    when: Urgency = "immediate",
    at: datetime = NOON,
    kind: str = "night",
) -> EmailMessage:
    """Return a letter, to 王总 alone if nobody is named."""
    return message(number=number, kind=kind, recipients=to or (WANG,), when=when, at=at)


def put(outbox: Outbox, letters: Sequence[EmailMessage]) -> list[Path]:
    return [outbox.put(each) for each in letters]
