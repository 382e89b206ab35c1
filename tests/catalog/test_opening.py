"""Opening a catalog makes it, upgrades it, or says clearly why not."""

import multiprocessing
import sqlite3
import stat
from contextlib import closing
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from baozhang.catalog import migrations
from baozhang.catalog.catalog import Catalog
from baozhang.catalog.opening import BUSY_MS
from baozhang.catalog.schema import REVISION, FindingRow, Row
from baozhang.errors import (
    BaozhangError,
    CorruptObjectError,
    NewerFormatError,
    StoreFullError,
    UnreachableError,
    UsageError,
)
from tests.catalog.values import letter, outcome


def test_the_migrations_make_the_tables_that_the_models_describe(catalog: Catalog) -> None:
    with create_engine(f"sqlite:///{catalog.path}").connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Row.metadata) == []


def test_the_revision_in_the_schema_is_the_newest_migration() -> None:
    scripts = ScriptDirectory(str(Path(str(migrations.__file__)).parent))
    assert scripts.get_current_head() == REVISION


def test_the_file_is_for_its_owner_only(catalog: Catalog) -> None:
    catalog.append(outcome())
    files = list(catalog.path.parent.glob("catalog.db*"))
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_catalog_that_is_opened_again_knows_what_it_knew(tmp_path: Path) -> None:
    with Catalog.open(tmp_path / "catalog.db") as first:
        first.append(outcome())
    with Catalog.open(tmp_path / "catalog.db") as second:
        assert second.outcomes() == (outcome(),)


def test_a_sqlite_url_names_a_file(tmp_path: Path) -> None:
    with Catalog.open(f"sqlite:///{tmp_path}/by-url.db") as opened:
        assert opened.path == tmp_path / "by-url.db"


@pytest.mark.parametrize("url", ["mysql://host/db", "sqlite://", "://", "no thing://x"])
def test_a_url_of_no_database_that_is_offered_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError):
        Catalog.open(url)


def test_a_catalog_of_a_newer_release_is_refused_by_name(catalog: Catalog) -> None:
    with closing(sqlite3.connect(catalog.path)) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerFormatError) as caught:
        Catalog.open(catalog.path)
    assert caught.value.facts["revision"] == "9999"


def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").write_bytes(b"not a database, " * 999)
    with pytest.raises(CorruptObjectError) as caught:
        Catalog.open(tmp_path / "catalog.db")
    assert caught.value.facts["catalog"] == tmp_path / "catalog.db"


def test_a_catalog_damaged_inside_is_called_damaged(catalog: Catalog) -> None:
    with catalog.transaction():
        for day in range(200):
            catalog.append(outcome(run=f"r{day}"))
    catalog.close()
    with closing(sqlite3.connect(catalog.path)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with catalog.path.open("r+b") as raw:
        raw.seek(4096 * 4)
        raw.write(b"\xff" * 4096 * 30)
    with pytest.raises(CorruptObjectError), Catalog.open(catalog.path) as again:
        again.outcomes()


def test_a_folder_that_cannot_be_made_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UnreachableError):
        Catalog.open(tmp_path / "file" / "catalog.db")


def _append_many(catalog: Catalog) -> None:
    with catalog.transaction():
        for number in range(400):
            catalog.append(outcome(run=f"{number}" * 50))


def test_a_catalog_without_room_says_so(catalog: Catalog) -> None:
    with catalog.writing() as session:
        session.connection().exec_driver_sql("PRAGMA max_page_count = 1")
    with pytest.raises(StoreFullError):
        _append_many(catalog)
    assert catalog.outcomes() == ()


def test_an_error_of_the_block_inside_a_transaction_stays_what_it_is(catalog: Catalog) -> None:
    with pytest.raises(FileNotFoundError), catalog.transaction():
        raise FileNotFoundError


def _open_and_append(path: Path, name: str, together: Barrier) -> None:
    together.wait()
    with Catalog.open(path) as catalog:
        for number in range(10):
            catalog.append(outcome(run=f"{name}-{number}"))


def test_processes_that_open_a_new_catalog_at_once_make_it_once(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(2)
    openers = [
        context.Process(target=_open_and_append, args=(path, f"p{n}", together)) for n in range(2)
    ]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join()
    assert [opener.exitcode for opener in openers] == [0, 0]
    with Catalog.open(path) as catalog:
        assert len(catalog.outcomes()) == 20


TABLES = ["runs", "outcomes", "findings", "letters", "anchors", "alerts", "alert_events"]
CHANGES = {
    "update": "UPDATE {table} SET position = position + 100",
    "delete": "DELETE FROM {table}",
    "replace": "INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("verb", list(CHANGES))
def test_the_database_itself_refuses_to_change_the_journal(
    full: Catalog, table: str, verb: str
) -> None:
    with closing(sqlite3.connect(full.path)) as file:
        before = file.execute(f"SELECT * FROM {table}").fetchall()
        with pytest.raises(sqlite3.IntegrityError, match="only appended to"):
            file.execute(CHANGES[verb].format(table=table))
        assert file.execute(f"SELECT * FROM {table}").fetchall() == before != []


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("foreign_keys", 1),
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("busy_timeout", BUSY_MS),
        ("trusted_schema", 0),
    ],
)
def test_every_connection_is_set_up(catalog: Catalog, pragma: str, value: object) -> None:
    with catalog.reading() as session:
        assert session.connection().exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_a_finding_without_its_outcome_is_refused(catalog: Catalog) -> None:
    stray = FindingRow(
        run="r", client="c", set="s", number=1, severity="info", template="", facts=[], hint=""
    )
    with pytest.raises(BaozhangError, match="FOREIGN KEY"), catalog.writing() as session:
        session.add(stray)


def _fail_after_a_letter(catalog: Catalog) -> None:
    with catalog.transaction():
        catalog.record_letter(letter(catalog.next_letter("night")))
        raise FileNotFoundError


def test_a_letter_in_a_transaction_that_fails_leaves_no_gap(catalog: Catalog) -> None:
    with pytest.raises(FileNotFoundError):
        _fail_after_a_letter(catalog)
    with catalog.transaction():
        assert catalog.next_letter("night") == 1
