"""The catalog's rows as values: what runs found out, one outcome per client, set and run."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

Duty = Literal["backup", "validation", "restore_test", "acceptance", "evidence"]
"""What a run does; an acceptance is a person's word on a suspicious backup point.  Evidence is what
an incident stored of a source as it was found: no night's backup, and never clean by itself."""
Status = Literal["ok", "partial", "failed", "inconclusive"]
"""`inconclusive`: the check could not be run to its end; never shown as a pass."""

AlertClass = Literal["morning", "notice", "urgent"]
AlertStage = Literal["again", "told", "carried", "refused", "acknowledged", "mended", "closed"]
"""`told` a step's people by mail; `carried` or `refused` by a bot; `closed`: its mending was told.
"""

Change = Literal["put", "ended"]
"""What became of a row of a register: it was entered or changed, or it ended."""

CopyEnd = Literal["removed", "gone", "never"]
"""How a decrypted copy ended: removed by us, gone when we looked, never made."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a person should look at, as a translatable sentence (see `baozhang.words`)."""

    template: str
    facts: tuple[tuple[str, str | int], ...] = ()
    hint: str = ""
    severity: Literal["critical", "warning", "info"] = "critical"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one set of one client fared in one run of one duty."""

    run: str  # id shared by all outcomes of one run, e.g. "backup-2026-07-31-8f3a"
    duty: Duty
    client: str
    set: str
    status: Status
    started: datetime  # UTC
    ended: datetime
    snapshot: str = ""  # snapshot id, empty when none came to be
    findings: tuple[Finding, ...] = ()
    figures: tuple[tuple[str, int], ...] = ()
    """Whole numbers by name: files, bytes, bytes_added, lines, vouchers, debit_minor, ..."""

    @property
    def seconds(self) -> float:
        """Duration of the work."""
        return (self.ended - self.started).total_seconds()


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one duty over many clients: what a letter reports."""

    id: str
    duty: Duty
    day: date  # business day, Asia/Shanghai
    outcomes: tuple[Outcome, ...] = field(default=())

    @property
    def troubled(self) -> tuple[Outcome, ...]:
        """The outcomes that are not `ok`."""
        return tuple(outcome for outcome in self.outcomes if outcome.status != "ok")


class SnapshotLike(Protocol):
    """What the catalog needs to know of a snapshot; `baozhang.vault.model.Snapshot` has it all.

    Named here because catalog and vault stand side by side and do not import each other.
    """

    @property
    def id(self) -> str:
        """Unique within the client."""
        ...

    @property
    def client(self) -> str:
        """Id of the client."""
        ...

    @property
    def set(self) -> str:
        """What one policy protects as one thing."""
        ...

    @property
    def sequence(self) -> int:
        """From 1 within its set; the newest is the highest."""
        ...

    @property
    def at(self) -> datetime:
        """The instant the source was frozen, UTC."""
        ...

    @property
    def files(self) -> int:
        """How many files it holds."""
        ...

    @property
    def size(self) -> int:
        """Bytes of content."""
        ...

    @property
    def added(self) -> int:
        """Bytes it added to the store."""
        ...

    @property
    def partial(self) -> bool:
        """True if something of the source could not be read."""
        ...

    @property
    def books(self) -> tuple[str, ...]:
        """Names of the books whose proofs it holds."""
        ...


@dataclass(frozen=True, slots=True)
class KnownSnapshot:
    """A snapshot as the catalog remembers it; the vault's word is the one that counts."""

    id: str
    client: str
    set: str
    sequence: int
    at: datetime  # UTC
    files: int
    size: int  # bytes of content
    added: int  # bytes added to the store
    partial: bool
    books: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """The last verification of a client's objects."""

    client: str
    at: datetime  # UTC
    objects: int
    bytes: int
    damaged: int  # objects missing or not what was stored


@dataclass(frozen=True, slots=True)
class Letter:
    """A numbered letter that went out.  Numbers run per kind from 1, without gaps."""

    kind: str  # "night", "restore-test", ...
    number: int
    period: str  # what it reports on: "2026-07-31", "2026-07"
    roles: tuple[str, ...]  # of the recipients; never their addresses
    message_id: str
    sha256: str  # of the whole message, 64 hexadecimal digits
    at: datetime  # UTC


@dataclass(frozen=True, slots=True)
class AuditAnchor:
    """The audit log's head as it was at an instant, kept away from the log."""

    seq: int
    hash: str
    at: datetime  # UTC


@dataclass(frozen=True, slots=True)
class Alert:
    """One trouble that people are told of, or one morning line.

    Kind and subject say which trouble it is, the period which occurrence of it: an open alert of
    the same kind and subject is the same one.
    """

    id: str  # month, day and four or more hexadecimal digits: "0731-8f3a"
    alert_class: AlertClass
    kind: str  # "outcomes", "damage", "suspicion", "silence", "numbers", "clock", "parked", ...
    subject: str  # what it is about: a duty, a kind of letter, a channel
    period: str  # a run's id, a day, a month
    template: str
    facts: tuple[tuple[str, str | int], ...]
    hint: str
    at: datetime  # UTC


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """What became of an alert, in order."""

    alert: str
    what: AlertStage
    at: datetime  # UTC
    who: str = ""  # a person's id, a channel's name, a role
    step: int = 0  # how far up it had gone, from 1; 0: no steps
    note: str = ""  # a period that it came to hold for as well; why a bot refused


@dataclass(frozen=True, slots=True)
class KnownAlert:
    """An alert with everything that became of it."""

    alert: Alert
    events: tuple[AlertEvent, ...] = ()

    @property
    def state(self) -> Literal["open", "acknowledged", "mended"]:
        """Mended, else acknowledged, else open."""
        stages = {event.what for event in self.events}
        if "mended" in stages:
            return "mended"
        return "acknowledged" if "acknowledged" in stages else "open"

    @property
    def period(self) -> str:
        """The newest period that it holds for."""
        return next((e.note for e in reversed(self.events) if e.what == "again"), self.alert.period)

    def last(self, what: AlertStage) -> AlertEvent | None:
        """Return the newest event of a stage; None when there is none."""
        return next((event for event in reversed(self.events) if event.what == what), None)


@dataclass(frozen=True, slots=True)
class Copy:
    """A decrypted copy (解密副本) of a backup point: who opened it, why, and until when.

    Attributes:
        id: `c-20261122-143005`, in Asia/Shanghai; `-2` and so on for more in one second.
        reason: a few words, or an id; it stands in no letter.
        opener: id of a person or a run.
        place: SHA-256 of the folder's absolute path, 64 hexadecimal digits; paths may name clients.
    """

    id: str
    client: str
    set: str
    snapshot: str
    reason: str
    opener: str
    opened: datetime  # UTC
    due: datetime  # by when it is to be destroyed, UTC
    place: str


@dataclass(frozen=True, slots=True)
class End:
    """What proves that a copy is no more."""

    copy: str
    at: datetime  # UTC; the folder was looked for then, and was not there
    by: str
    how: CopyEnd
    files: int  # that were removed, links and folders not counted
    bytes: int


@dataclass(frozen=True, slots=True)
class KnownCopy:
    """A copy and its end; None: it is still there."""

    copy: Copy
    end: End | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of one row of a register.

    Attributes:
        register: its name, e.g. `risks`.
        id: of the row, unique within the register.
        version: of the row, from 1 without gaps.
        what: entered or changed; or ended, and then `values` are what it ended with.
        by: id of the person or run that wrote it.
        values: by name, in order; what a row does not say is not there.
        hash: SHA-256 over this version and the hash of the one written before it in the register,
            64 hexadecimal digits.
    """

    register: str
    id: str
    version: int
    what: Change
    by: str
    at: datetime  # UTC
    values: tuple[tuple[str, str | int], ...]
    hash: str
