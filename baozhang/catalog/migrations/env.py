"""Run by Alembic: bring the connection it is given up to date.

There is no alembic.ini and no offline mode: `baozhang.catalog.upgrading` hands over a connection
that already holds the write lock, so two processes that open a new catalog make it once.
"""

from alembic import context

from baozhang.catalog.schema import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=True,  # SQLite changes a table by making it anew
)
context.run_migrations()
