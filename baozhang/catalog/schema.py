"""The catalog's tables, in two halves.

    derived (rebuilt from vaults)          journal (only appended to)
    ─────────────────────────────          ──────────────────────────────────────────
    snapshots ◄── heads                    runs    outcomes ◄── findings
    verified                               letters    anchors
                                           alerts ◄── alert_events
                                           custody ◄── custody_ends    entries

Journal rows are known by a natural key, so that what is replayed stays one row; `position` is the
order of writing and is never exported.  Triggers in the database itself refuse to change or to
delete a row of the journal (`migrations/`).

Changing a table here needs a migration beside it; a test compares the two.
"""

from datetime import UTC, date, datetime
from typing import Annotated, Literal, get_args

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Dialect,
    Enum,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from baozhang.catalog.model import AlertClass, AlertStage, Change, CopyEnd, Duty, Status

REVISION = "0004"
"""The newest migration; a catalog that stands there is opened without asking Alembic."""

Severity = Literal["critical", "warning", "info"]
Pairs = list[list[str | int]]
"""Names with their values, in order, as JSON keeps them."""
Words = list[str]
Position = Annotated[int, "position"]
"""The order in which rows of the journal were written, given by the database."""


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite keeps no time zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _: Dialect) -> datetime | None:
        """Return the value in UTC; one without a time zone is our bug."""
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant must be aware")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, _: Dialect) -> datetime | None:
        """Return the value aware, in UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _word(values: tuple[str, ...]) -> Enum:
    # Text, checked on our side: a new word must not need a migration of a table that is append-only
    return Enum(*values, native_enum=False, length=20)


class Row(DeclarativeBase):
    """What all tables share: how Python's types are kept."""

    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own way
        datetime: Instant,
        date: Date,
        int: BigInteger,
        Position: BigInteger().with_variant(Integer, "sqlite"),  # SQLite numbers only INTEGER
        str: Text,
        Duty: _word(get_args(Duty)),
        Status: _word(get_args(Status)),
        Severity: _word(get_args(Severity)),
        AlertClass: _word(get_args(AlertClass)),
        AlertStage: _word(get_args(AlertStage)),
        CopyEnd: _word(get_args(CopyEnd)),
        Change: _word(get_args(Change)),
        Pairs: JSON,
        Words: JSON,
    }


# --- derived -----------------------------------------------------------------------------------


class SnapshotRow(Row):
    """One committed snapshot of one set."""

    __tablename__ = "snapshots"
    __table_args__ = (Index("ix_snapshots_sequence", "client", "set", "sequence"),)

    client: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    set: Mapped[str]
    sequence: Mapped[int]
    at: Mapped[datetime]
    files: Mapped[int]
    size: Mapped[int]
    added: Mapped[int]
    partial: Mapped[bool]
    books: Mapped[Words]


class HeadRow(Row):
    """The newest snapshot of each set."""

    __tablename__ = "heads"
    __table_args__ = (
        ForeignKeyConstraint(
            ["client", "snapshot"], ["snapshots.client", "snapshots.id"], name="fk_heads_snapshot"
        ),
    )

    client: Mapped[str] = mapped_column(primary_key=True)
    set: Mapped[str] = mapped_column(primary_key=True)
    snapshot: Mapped[str]


class VerifiedRow(Row):
    """A client's last verification."""

    __tablename__ = "verified"

    client: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    objects: Mapped[int]
    bytes: Mapped[int]
    damaged: Mapped[int]


# --- journal -----------------------------------------------------------------------------------


class RunRow(Row):
    """A run of a duty, recorded when it begins."""

    __tablename__ = "runs"
    __table_args__ = (UniqueConstraint("run", name="uq_runs"),)

    position: Mapped[Position] = mapped_column(primary_key=True)
    run: Mapped[str]
    duty: Mapped[Duty]
    day: Mapped[date]


class OutcomeRow(Row):
    """How one set fared in one run."""

    __tablename__ = "outcomes"
    __table_args__ = (
        UniqueConstraint("run", "client", "set", name="uq_outcomes"),
        Index("ix_outcomes_last", "client", "set", "duty", "started"),
        Index("ix_outcomes_started", "started"),
    )

    position: Mapped[Position] = mapped_column(primary_key=True)
    run: Mapped[str]
    duty: Mapped[Duty]
    client: Mapped[str]
    set: Mapped[str]
    status: Mapped[Status]
    started: Mapped[datetime]
    ended: Mapped[datetime]
    snapshot: Mapped[str]
    figures: Mapped[Pairs]
    findings: Mapped[list["FindingRow"]] = relationship(order_by="FindingRow.number")


class FindingRow(Row):
    """One thing to look at in an outcome."""

    __tablename__ = "findings"
    __table_args__ = (
        UniqueConstraint("run", "client", "set", "number", name="uq_findings"),
        ForeignKeyConstraint(
            ["run", "client", "set"],
            ["outcomes.run", "outcomes.client", "outcomes.set"],
            name="fk_findings_outcome",
        ),
    )

    position: Mapped[Position] = mapped_column(primary_key=True)
    run: Mapped[str]
    client: Mapped[str]
    set: Mapped[str]
    number: Mapped[int]  # within the outcome, from 1
    severity: Mapped[Severity]
    template: Mapped[str]
    facts: Mapped[Pairs]
    hint: Mapped[str]


class LetterRow(Row):
    """A letter that went out."""

    __tablename__ = "letters"
    __table_args__ = (UniqueConstraint("kind", "number", name="uq_letters"),)

    position: Mapped[Position] = mapped_column(primary_key=True)
    kind: Mapped[str]
    number: Mapped[int]
    period: Mapped[str]
    roles: Mapped[Words]
    message_id: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class AnchorRow(Row):
    """The audit log's head at an instant."""

    __tablename__ = "anchors"
    __table_args__ = (UniqueConstraint("seq", "hash", name="uq_anchors"),)

    position: Mapped[Position] = mapped_column(primary_key=True)
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class AlertRow(Row):
    """A trouble that people are told of, or a morning line."""

    __tablename__ = "alerts"
    __table_args__ = (UniqueConstraint("id", name="uq_alerts"),)

    position: Mapped[Position] = mapped_column(primary_key=True)
    id: Mapped[str]
    alert_class: Mapped[AlertClass]
    kind: Mapped[str]
    subject: Mapped[str]
    period: Mapped[str]
    template: Mapped[str]
    facts: Mapped[Pairs]
    hint: Mapped[str]
    at: Mapped[datetime]
    events: Mapped[list["AlertEventRow"]] = relationship(order_by="AlertEventRow.number")


class AlertEventRow(Row):
    """What became of an alert."""

    __tablename__ = "alert_events"
    __table_args__ = (
        UniqueConstraint("alert", "number", name="uq_alert_events"),
        ForeignKeyConstraint(["alert"], ["alerts.id"], name="fk_alert_events_alert"),
    )

    position: Mapped[Position] = mapped_column(primary_key=True)
    alert: Mapped[str]
    number: Mapped[int]  # within the alert, from 1
    what: Mapped[AlertStage]
    at: Mapped[datetime]
    who: Mapped[str]
    step: Mapped[int]
    note: Mapped[str]


class CustodyRow(Row):
    """A decrypted copy that was made."""

    __tablename__ = "custody"
    __table_args__ = (UniqueConstraint("id", name="uq_custody"),)

    position: Mapped[Position] = mapped_column(primary_key=True)
    id: Mapped[str]
    client: Mapped[str]
    set: Mapped[str]
    snapshot: Mapped[str]
    reason: Mapped[str]
    opener: Mapped[str]
    opened: Mapped[datetime]
    due: Mapped[datetime]
    place: Mapped[str]


class CustodyEndRow(Row):
    """What became of a decrypted copy."""

    __tablename__ = "custody_ends"
    __table_args__ = (
        UniqueConstraint("copy", name="uq_custody_ends"),
        ForeignKeyConstraint(["copy"], ["custody.id"], name="fk_custody_ends_copy"),
    )

    position: Mapped[Position] = mapped_column(primary_key=True)
    copy: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]
    how: Mapped[CopyEnd]
    files: Mapped[int]
    bytes: Mapped[int]


class EntryRow(Row):
    """One version of one row of a register."""

    __tablename__ = "entries"
    __table_args__ = (UniqueConstraint("register", "id", "version", name="uq_entries"),)

    position: Mapped[Position] = mapped_column(primary_key=True)
    register: Mapped[str]
    id: Mapped[str]
    version: Mapped[int]  # of this row, from 1
    what: Mapped[Change]
    by: Mapped[str]
    at: Mapped[datetime]
    values: Mapped[Pairs]
    hash: Mapped[str]


DERIVED: tuple[type[Row], ...] = (SnapshotRow, HeadRow, VerifiedRow)
JOURNAL: tuple[type[Row], ...] = (
    RunRow,
    OutcomeRow,
    FindingRow,
    LetterRow,
    AnchorRow,
    AlertRow,
    AlertEventRow,
    CustodyRow,
    CustodyEndRow,
    EntryRow,
)
"""In an order in which rows can be put back."""
ADDED_LATER: tuple[frozenset[str], ...] = (
    frozenset({AlertRow.__tablename__, AlertEventRow.__tablename__}),
    frozenset({CustodyRow.__tablename__, CustodyEndRow.__tablename__}),
    frozenset({EntryRow.__tablename__}),
)
"""Tables that journals of earlier releases do not have, together those of one release."""
