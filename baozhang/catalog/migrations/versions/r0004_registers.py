"""The registers with their history, part of the journal: entries."""

import sqlalchemy as sa
from alembic import op

from baozhang.catalog.migrations.append_only import append_only

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "entries",
        sa.Column("position", POSITION, primary_key=True),
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.UniqueConstraint("register", "id", "version", name="uq_entries"),
    )
    append_only("entries", ("register", "id", "version"))
