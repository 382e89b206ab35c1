"""Alembic's folder: one revision per change of `baozhang.catalog.schema`."""
