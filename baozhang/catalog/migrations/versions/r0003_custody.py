"""The custody register, part of the journal: custody, custody_ends."""

import sqlalchemy as sa
from alembic import op

from baozhang.catalog.migrations.append_only import append_only

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "custody",
        sa.Column("position", POSITION, primary_key=True),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("set", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opener", sa.Text(), nullable=False),
        sa.Column("opened", INSTANT, nullable=False),
        sa.Column("due", INSTANT, nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.UniqueConstraint("id", name="uq_custody"),
    )
    op.create_table(
        "custody_ends",
        sa.Column("position", POSITION, primary_key=True),
        sa.Column("copy", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("how", sa.String(20), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("copy", name="uq_custody_ends"),
        sa.ForeignKeyConstraint(["copy"], ["custody.id"], name="fk_custody_ends_copy"),
    )
    append_only("custody", ("id",))
    append_only("custody_ends", ("copy",))
