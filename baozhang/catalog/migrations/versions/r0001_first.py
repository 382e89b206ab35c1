"""The first catalog: snapshots, heads, verified | runs, outcomes, findings, letters, anchors."""

import sqlalchemy as sa
from alembic import op

from baozhang.catalog.migrations.append_only import append_only

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEYS = {
    "runs": ("run",),
    "outcomes": ("run", "client", "set"),
    "findings": ("run", "client", "set", "number"),
    "letters": ("kind", "number"),
    "anchors": ("seq", "hash"),
}
INSTANT = sa.DateTime(timezone=True)
POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _derived()
    _runs()
    _outcomes()
    _findings()
    _letters()
    for table, key in KEYS.items():
        append_only(table, key)


def _derived() -> None:
    op.create_table(
        "snapshots",
        sa.Column("client", sa.Text(), primary_key=True),
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("set", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("partial", sa.Boolean(), nullable=False),
        sa.Column("books", sa.JSON(), nullable=False),
    )
    op.create_index("ix_snapshots_sequence", "snapshots", ["client", "set", "sequence"])
    op.create_table(
        "heads",
        sa.Column("client", sa.Text(), primary_key=True),
        sa.Column("set", sa.Text(), primary_key=True),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client", "snapshot"], ["snapshots.client", "snapshots.id"], name="fk_heads_snapshot"
        ),
    )
    op.create_table(
        "verified",
        sa.Column("client", sa.Text(), primary_key=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("objects", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("damaged", sa.BigInteger(), nullable=False),
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("position", POSITION, primary_key=True),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("duty", sa.String(20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.UniqueConstraint("run", name="uq_runs"),
    )


def _outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("position", POSITION, primary_key=True),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("duty", sa.String(20), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("set", sa.Text(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("started", INSTANT, nullable=False),
        sa.Column("ended", INSTANT, nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.UniqueConstraint("run", "client", "set", name="uq_outcomes"),
    )
    op.create_index("ix_outcomes_last", "outcomes", ["client", "set", "duty", "started"])
    op.create_index("ix_outcomes_started", "outcomes", ["started"])


def _findings() -> None:
    op.create_table(
        "findings",
        sa.Column("position", POSITION, primary_key=True),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("set", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.UniqueConstraint("run", "client", "set", "number", name="uq_findings"),
        sa.ForeignKeyConstraint(
            ["run", "client", "set"],
            ["outcomes.run", "outcomes.client", "outcomes.set"],
            name="fk_findings_outcome",
        ),
    )


def _letters() -> None:
    op.create_table(
        "letters",
        sa.Column("position", POSITION, primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.UniqueConstraint("kind", "number", name="uq_letters"),
    )
    op.create_table(
        "anchors",
        sa.Column("position", POSITION, primary_key=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.UniqueConstraint("seq", "hash", name="uq_anchors"),
    )
