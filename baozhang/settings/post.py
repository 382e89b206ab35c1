"""How a site speaks to people: letters by mail, short messages to group bots, an outside heartbeat.

Addresses of bots and of the heartbeat are secrets, for whoever knows one can write in the
agency's name: they are references like a password.
"""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from baozhang.settings.part import Part, Text
from baozhang.settings.values import Email, Hours, Id, Language, PathText, Role, Secret, Span

LetterKind = Literal[
    "night",
    "validation",
    "restore-test",
    "monthly",
    "client-statement",
    "certificate",
    "alert",
    "digest",
    "stop-order",
    "notice",
    "recovery",
    "recovery-legal",
    "one-page",
    "public-statement",
    "rekey-list",
    "review",
    "actions",
    "drill",
    "audit",
    "attestation",
    "governance",
    "risk",
    "cost",
    "satisfaction",
    "survey",
]
LetterClass = Literal["immediate", "digest"]
"""Immediate: on its way at once; digest: one letter a day holds them all. Trouble is immediate."""
AlertClass = Literal["morning", "notice", "urgent"]
"""The morning line; what is worth knowing; what wants an acknowledgement."""
ChannelKind = Literal["wecom", "dingtalk", "feishu"]


class MailServer(Part):
    """The SMTP server that takes the letters (发件服务器)."""

    host: Text
    port: int | None = Field(None, ge=1, le=65535, description="None: 465, with starttls 587.")
    tls: Literal["implicit", "starttls", "off"] = Field(
        "implicit", description="off: only on this machine."
    )
    user: Text | None = Field(None, description="None: no AUTH.")
    password: Secret | None = Field(None, description="file:/path or env:NAME.")
    ca: PathText | None = Field(None, description="Certificates to verify by; none: the system's.")
    per_minute: int = Field(20, ge=1, description="Messages a minute; providers block who hurries.")
    per_day: int = Field(1000, ge=1, description="Messages a day (Asia/Shanghai).")


class LetterRule(Part):
    """Who reads one kind of letter, and how soon."""

    to: Annotated[tuple[Role, ...], Field(min_length=1)] | None = Field(
        None, description="None: as docs/reports.md says."
    )
    when: LetterClass | None = Field(None, description="None: as docs/reports.md says.")
    pdf: bool | None = Field(None, description="With a PDF; none: as docs/reports.md says.")


class Mail(Part):
    """Letters: who sends them, where they wait, who takes them."""

    sender: Email
    outbox: PathText = Field("state/outbox", description="Letters are laid here as .eml files.")
    server: MailServer | None = Field(None, description="None: letters stay in the outbox.")
    letters: dict[LetterKind, LetterRule] = Field({}, description="Where it differs from usual.")
    quiet: Hours | None = Field(
        None, description="Hours in which only trouble is sent, Asia/Shanghai; none: never quiet."
    )


class Channel(Part):
    """One group bot (群机器人)."""

    kind: ChannelKind
    url: Secret = Field(description="Reference to the bot's webhook address, itself a secret.")
    secret: Secret | None = Field(None, description="To sign with (DingTalk, Feishu: 加签).")
    classes: Annotated[tuple[AlertClass, ...], Field(min_length=1)] = ("morning", "urgent")
    language: Language | None = Field(None, description="None: the agency's.")


class Alerts(Part):
    """Short messages, acknowledgements and silence (提醒与告警)."""

    channels: dict[Id, Channel] = Field({}, description="Group bots; none: mail alone.")
    acknowledge_within: Span = Field(
        timedelta(minutes=30),
        description="An urgent alert that nobody acknowledges in this span goes one step up.",
        json_schema_extra={"default": "30min"},
    )
    steps: Annotated[tuple[Role, ...], Field(min_length=1)] = Field(
        ("on_call", "operator", "manager"), description="Who is told, one step after the other."
    )
    heartbeat: Secret | None = Field(
        None, description="Reference to an address that is asked (HTTP GET) while all is well."
    )


class Contact(Part):
    """Who reads letters on the client's side."""

    name: Text
    email: Email
    language: Language | None = Field(None, description="Of letters to them; else the agency's.")
