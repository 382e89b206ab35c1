"""Triggers by which SQLite itself refuses to change or to delete a row of the journal."""

from alembic import op


def append_only(table: str, key: tuple[str, ...]) -> None:
    """Make a table one that is only appended to; the names are constants of a migration.

    The third trigger stands in the way of INSERT OR REPLACE, which deletes without asking the
    second.  A trigger's name cannot be bound as a parameter.
    """
    refuse = "BEGIN SELECT RAISE(ABORT, 'the journal is only appended to'); END"
    known = " OR ".join(_same(columns) for columns in (("position",), key))
    op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
    op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
    seen = f"EXISTS (SELECT 1 FROM {table} WHERE {known})"  # noqa: S608 - constants of a migration
    op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {seen} {refuse}")


def _same(key: tuple[str, ...]) -> str:
    return "(" + " AND ".join(f'"{column}" = NEW."{column}"' for column in key) + ")"
