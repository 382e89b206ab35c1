"""A site whose bots are a server on this machine, looked at by a clock that tests move."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from baozhang.catalog.alerts import AlertBook
from baozhang.catalog.model import Duty, Finding, KnownAlert, Letter, Outcome, Run, Status
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.watch import Watched, watch
from tests.notify.server import DINGTALK_SECRET, FEISHU_SECRET, Messenger

ALERTS = """
alerts:
  channels:
    duty: {kind: wecom, url: "file:keys/wecom", classes: [morning, notice, urgent]}
    boss: {kind: dingtalk, url: "file:keys/dingtalk", secret: "file:keys/dingtalk.secret",
           classes: [urgent], language: en}
  acknowledge_within: 30min
  steps: [operator, manager]
  heartbeat: "file:keys/heartbeat"
"""
STARTED = datetime(2026, 7, 31, 13, 0, tzinfo=UTC)  # 21:00 in Shanghai, before the night's slot


def with_bots(home: Path, bots: Messenger) -> None:
    """Give a site two bots and a heartbeat."""
    with (home / "agency.yaml").open("a", encoding="utf-8") as file:
        file.write(ALERTS)
    secret(home, "wecom", bots.address("wecom"))
    secret(home, "dingtalk", bots.address("dingtalk"))
    secret(home, "dingtalk.secret", DINGTALK_SECRET)
    secret(home, "feishu.secret", FEISHU_SECRET)
    secret(home, "heartbeat", bots.address("/ping"))


def secret(home: Path, name: str, content: str) -> None:
    """Write a secret as a person would: a line in a file of mode 0600."""
    path = home / "keys" / name
    path.write_text(f"{content}\n", "utf-8")
    path.chmod(0o600)


@dataclass
class Office:
    """A site and the time there."""

    home: Path
    bots: Messenger
    now: datetime = STARTED
    waited: list[float] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += timedelta(seconds=seconds)

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    @contextmanager
    def open(self) -> Iterator[Site]:
        with open_site(self.home, clock=self.clock) as site:
            yield site

    def watch(self) -> Watched:
        with self.open() as site:
            return watch(site, wait=self.wait)

    def alerts(self) -> tuple[KnownAlert, ...]:
        with self.open() as site:
            return AlertBook(site.catalog).all()

    def only(self) -> KnownAlert:
        (known,) = self.alerts()
        return known

    def ran(
        self,
        duty: Duty = "backup",
        *,
        run: str = "r1",
        findings: tuple[Finding, ...] = (),
        **statuses: Status,
    ) -> None:
        """Write down a run's outcomes, by client, as its tasks would."""
        part = "*" if duty == "validation" else "main"
        with self.open() as site:
            site.catalog.begin(Run(run, duty, self.now.date()))
            for client, status in statuses.items():
                site.catalog.append(
                    Outcome(
                        run=run,
                        duty=duty,
                        client=client,
                        set=part,
                        status=status,
                        started=self.now,
                        ended=self.now,
                        snapshot="main-000001-00000000" if status == "ok" else "",
                        findings=findings if status != "ok" else (),
                    )
                )

    def wrote(self, kind: str, period: str) -> None:
        """Write down that a letter went out."""
        with self.open() as site, site.catalog.transaction():
            number = site.catalog.next_letter(kind)
            name = f"<{kind}{number}@example.cn>"
            roles = ("manager",)
            site.catalog.record_letter(
                Letter(kind, number, period, roles, name, "0" * 64, self.now)
            )

    def mails(self) -> list[EmailMessage]:
        """Return the letters in the outbox, in order of their names."""
        with self.open() as site:
            files = sorted(site.outbox.folder.glob("*-alert-*.eml"))
        return [_parsed(file) for file in files]


def _parsed(file: Path) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage) -> str:
    """Return a letter's plain text."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
