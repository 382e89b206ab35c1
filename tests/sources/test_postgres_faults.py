"""What goes wrong with a PostgreSQL server: each fault is named, and no backup is short."""

import os
import signal
import stat
import threading
from pathlib import Path

import psycopg
import pytest

from baozhang.errors import (
    BaozhangError,
    LedgerFormatError,
    SourceBusyError,
    SourceUnreadableError,
    UsageError,
)
from baozhang.sources.postgres import PostgresSource
from baozhang.sources.postgres_instant import held
from baozhang.sources.postgres_session import login_of
from baozhang.sources.postgres_tables import PostgresTables
from baozhang.sources.servers import Server
from tests.contracts.source_contract import pour, read_all
from tests.faults.disks import in_memory, why_no_mounts
from tests.servers.postgres import (
    PASSWORD,
    PROGRAMS,
    READER,
    READER_PASSWORD,
    Cluster,
    another_server,
    free_port,
    ledger,
    source_of,
    the_server,
)

pytestmark = pytest.mark.server

REAL = PROGRAMS


@pytest.fixture
def database() -> str:
    return ledger(the_server())


def refused(source: PostgresSource) -> BaozhangError:
    """Return what freezing says; it must name the server and a remedy, and no secret."""
    with pytest.raises(BaozhangError) as caught, source.freeze():
        pass
    error = caught.value
    assert error.hint.endswith(".")
    assert PASSWORD not in f"{error}{error!r}{error.facts}"
    return error


def reader_of(database: str, scratch: Path, password: str = READER_PASSWORD) -> PostgresSource:
    login = the_server().login(READER)
    return PostgresSource(login, database, scratch=scratch, password=lambda: password)


# --- not let in ---------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "no.such.host.invalid"])
def test_a_server_that_does_not_answer_may_do_so_later(host: str, tmp_path: Path) -> None:
    server = Server("postgres", host, free_port(), tls="off")
    error = refused(PostgresSource(server, "ledger", scratch=tmp_path))
    assert (type(error), error.facts["server"]) == (SourceBusyError, server.shown)


def test_a_wrong_password_is_not_tried_again(database: str, tmp_path: Path) -> None:
    error = refused(reader_of(database, tmp_path, "wrong"))
    assert (type(error), error.template) == (
        SourceUnreadableError,
        "the server {server} does not let {user} in",
    )


def test_a_missing_database_is_told_from_a_missing_right(tmp_path: Path) -> None:
    error = refused(reader_of("没有", tmp_path))
    assert error.template == "the server {server} has no database {database}"


def test_a_database_that_one_may_not_enter_is_named(database: str, tmp_path: Path) -> None:
    the_server().run("postgres", f"REVOKE CONNECT ON DATABASE {database} FROM PUBLIC")
    error = refused(reader_of(database, tmp_path))
    assert error.template == "the server {server} does not let {user} into database {database}"


def test_a_password_of_two_lines_is_refused(database: str, tmp_path: Path) -> None:
    assert type(refused(reader_of(database, tmp_path, "a\nb"))) is UsageError


def test_a_server_without_a_certificate_is_not_trusted(database: str, tmp_path: Path) -> None:
    server = Server("postgres", "127.0.0.1", the_server().port)
    source = PostgresSource(server, database, scratch=tmp_path, password=lambda: PASSWORD)
    assert isinstance(refused(source), SourceUnreadableError)


# --- not allowed to read everything -------------------------------------------------------------


def test_a_table_that_may_not_be_read_is_named_and_none_is_left_out(
    database: str, tmp_path: Path
) -> None:
    error = refused(reader_of(database, tmp_path))
    assert (error.facts["table"], error.facts["count"]) == ('"归档"."凭证/附件 ""甲""."', 6)


def test_a_sequence_that_may_not_be_read_is_named(database: str, tmp_path: Path) -> None:
    the_server().run(
        database,
        f"GRANT USAGE ON SCHEMA 归档 TO {READER}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public, 归档 TO {READER}",
        f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA public, 归档 TO {READER}",
        f"REVOKE SELECT ON SEQUENCE 单号 FROM {READER}",
    )
    error = refused(reader_of(database, tmp_path))
    assert (error.facts["table"], error.facts["count"]) == ('public."单号"', 1)


def readable(database: str) -> None:
    """Grant all that a dump of tables and sequences needs."""
    the_server().run(
        database,
        f"GRANT USAGE ON SCHEMA 归档 TO {READER}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public, 归档 TO {READER}",
        f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA public, 归档 TO {READER}",
    )


def test_a_large_object_that_may_not_be_read_is_named(database: str, tmp_path: Path) -> None:
    readable(database)
    error = refused(reader_of(database, tmp_path))
    assert error.template == "pg_dump failed on database {database} on {server}: {reason}"
    assert "4711" in str(error.facts["reason"])


def test_rows_that_a_policy_hides_are_not_silently_missing(database: str, tmp_path: Path) -> None:
    readable(database)
    the_server().run(
        database,
        "ALTER TABLE code ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY own ON code USING (ccode = '1001')",
    )
    assert refused(reader_of(database, tmp_path)).facts["table"] == "public.code"


# --- locks --------------------------------------------------------------------------------------


def test_a_table_that_is_being_changed_makes_the_source_busy(database: str, tmp_path: Path) -> None:
    with the_server().connected(database) as owner:
        owner.execute('BEGIN; TRUNCATE "GL_accsum"')
        error = refused(source_of(the_server(), database, tmp_path, wait=0.1))
    assert type(error) is SourceBusyError
    assert (
        error.template == "a table of database {database} on {server} is locked by another program"
    )


def test_a_table_can_be_neither_dropped_nor_emptied_while_it_is_held(
    database: str, tmp_path: Path
) -> None:
    with source_of(the_server(), database, tmp_path).freeze() as frozen:
        with the_server().connected(database) as owner:
            owner.execute("SET lock_timeout = '50ms'")
            for wanted in ("TRUNCATE", "DROP TABLE"):
                with pytest.raises(Exception, match="lock timeout"):
                    owner.execute(f'{wanted} "GL_accsum"'.encode())
        (reader,) = frozen.ledgers()
        assert len(list(reader.balances())) == 6


def test_a_proof_does_not_wait_for_ever_behind_somebody_who_waits_for_us(
    database: str, tmp_path: Path
) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    with source_of(the_server(), database, tmp_path, wait=0.3).freeze() as frozen:
        drop = threading.Thread(target=the_server().run, args=(database, 'DROP TABLE "GL_accsum"'))
        drop.start()
        while the_server().ask(database, waiting) == [(0,)]:
            pass
        (reader,) = frozen.ledgers()
        with pytest.raises(SourceBusyError) as caught:
            list(reader.balances())
    drop.join()
    assert "is locked by another program" in caught.value.template


def test_a_table_about_to_be_dropped_in_the_middle_of_the_dump_makes_the_source_busy(
    database: str, tmp_path: Path, slow_dump: Path
) -> None:
    source = PostgresSource(
        the_server().login(),
        database,
        scratch=tmp_path / "scratch",
        password=lambda: PASSWORD,
        wait=0.5,
        programs=slow_dump,
    )

    def drop() -> None:
        while not (slow_dump / "begun").exists():
            pass
        with the_server().connected(database) as owner:
            owner.execute('DROP TABLE "GL_accsum"')

    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    dropper = threading.Thread(target=drop)
    dropper.start()

    def go_on() -> None:
        while the_server().ask(database, waiting) == [(0,)]:
            pass
        (slow_dump / "go").touch()

    opener = threading.Thread(target=go_on)
    opener.start()
    error = refused(source)
    dropper.join()
    opener.join()
    assert type(error) is SourceBusyError


@pytest.fixture
def slow_dump(tmp_path: Path) -> Path:
    """A `pg_dump` that waits for a word before it begins; all else is the real one."""
    folder = tmp_path / "programs"
    folder.mkdir()
    script(
        folder / "pg_dump",
        f'case "$1" in --version) exec {REAL}/pg_dump --version;; esac\n'
        f"touch {folder}/begun\n"
        f"while [ ! -e {folder}/go ]; do :; done\n"
        f'exec {REAL}/pg_dump "$@"\n',
    )
    for name in ("pg_restore", "psql"):
        (folder / name).symlink_to(REAL / name)
    return folder


def script(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


# --- programs -----------------------------------------------------------------------------------


def test_an_older_pg_dump_is_refused_before_anything_is_dumped(
    database: str, tmp_path: Path
) -> None:
    (tmp_path / "programs").mkdir()
    for name in ("pg_dump", "pg_restore", "psql"):
        script(tmp_path / "programs" / name, "echo 'pg_dump (PostgreSQL) 12.22'\n")
    error = refused(
        PostgresSource(
            the_server().login(),
            database,
            scratch=tmp_path / "scratch",
            password=lambda: PASSWORD,
            programs=tmp_path / "programs",
        )
    )
    assert (type(error), error.facts["found"]) == (UsageError, 12)


def test_a_machine_without_pg_dump_says_so(database: str, tmp_path: Path) -> None:
    login = the_server().login()
    source = PostgresSource(
        login, database, scratch=tmp_path, password=lambda: PASSWORD, programs=tmp_path
    )
    assert refused(source).template == "pg_dump, pg_restore and psql are not on this machine"


def test_the_password_is_in_no_command_line_and_no_environment(
    database: str, tmp_path: Path, slow_dump: Path
) -> None:
    script(
        slow_dump / "pg_dump",
        f'case "$1" in --version) echo "pg_dump (PostgreSQL) 99";; esac\n'
        f'echo "$@" >> {tmp_path}/seen; env >> {tmp_path}/seen; exit 1\n',
    )
    login = the_server().login(READER)
    readable(database)
    refused(
        PostgresSource(
            login,
            database,
            scratch=tmp_path / "scratch",
            password=lambda: READER_PASSWORD,
            programs=slow_dump,
        )
    )
    seen = (tmp_path / "seen").read_text()
    assert READER in seen
    assert READER_PASSWORD not in seen


# --- a server that goes -------------------------------------------------------------------------


def large(cluster: Cluster) -> str:
    """Make a database whose one table is larger than the disks of these tests."""
    cluster.run("postgres", "DROP DATABASE IF EXISTS large", "CREATE DATABASE large")
    cluster.run(
        "large",
        "CREATE TABLE \"GL_accvouch\" AS SELECT g AS ino_id, repeat('摘要', 40) AS cdigest"
        " FROM generate_series(1, 100000) g",
    )
    return "large"


def test_a_server_that_dies_in_the_middle_of_a_dump_is_busy_and_nothing_is_short(
    tmp_path: Path, slow_dump: Path
) -> None:
    cluster, dumped = another_server(), tmp_path / "scratch/*/dump/*.dat"
    script(
        slow_dump / "pg_dump",
        'case "$1" in --version) echo "pg_dump (PostgreSQL) 99"; exit;; esac\n'
        f'{REAL}/pg_dump "$@" & dump=$!\n'
        f"until find {dumped} -size +0 2>&1 | grep -q 'dat$'; do :; done\n"
        f"kill -STOP $dump; touch {slow_dump}/begun\n"
        f"while [ ! -e {slow_dump}/go ]; do :; done\n"
        "kill -CONT $dump; wait $dump\n",
    )
    source = PostgresSource(
        cluster.login(),
        large(cluster),
        scratch=tmp_path / "scratch",
        password=lambda: PASSWORD,
        programs=slow_dump,
    )

    def strike() -> None:
        while not (slow_dump / "begun").exists():
            pass
        cluster.stop()
        (slow_dump / "go").touch()

    striker = threading.Thread(target=strike)
    striker.start()
    error = refused(source)
    striker.join()
    cluster.start()
    assert type(error) is SourceBusyError
    assert os.listdir(tmp_path / "scratch") == []


def test_a_connection_ended_by_the_administrator_ends_the_proof_loudly(
    database: str, tmp_path: Path
) -> None:
    server = the_server()
    with source_of(server, database, tmp_path).freeze() as frozen:
        (reader,) = frozen.ledgers()
        assert reader.book.columns
        server.run(
            "postgres",
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            f" WHERE datname = '{database}'",
        )
        with pytest.raises(SourceBusyError):
            list(reader.lines())


def test_a_stopped_pg_dump_that_is_killed_is_an_error(
    database: str, tmp_path: Path, slow_dump: Path
) -> None:
    script(
        slow_dump / "pg_dump",
        'case "$1" in --version) echo "pg_dump (PostgreSQL) 99"; exit;; esac\n'
        f"kill -{int(signal.SIGKILL)} $$\n",
    )
    login = the_server().login()
    source = PostgresSource(
        login, database, scratch=tmp_path / "x", password=lambda: PASSWORD, programs=slow_dump
    )
    assert isinstance(refused(source), SourceUnreadableError)


# --- disks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kib", [1024, 2048, 8192])
def test_a_full_scratch_disk_is_named(kib: int, tmp_path: Path) -> None:
    assert not why_no_mounts()
    with in_memory(tmp_path / "disk", kib) as disk:
        source = source_of(the_server(), large(the_server()), disk / "scratch", profile=None)
        error = refused(source)
        assert isinstance(error, SourceUnreadableError)
        assert str(error.facts["folder"]) == str(disk / "scratch")
        assert os.listdir(disk / "scratch") == []


def test_a_disk_without_room_for_a_folder_is_named(database: str, tmp_path: Path) -> None:
    assert not why_no_mounts()
    with in_memory(tmp_path / "disk", 64) as disk:
        with pytest.raises(OSError, match="space"):
            (disk / "filler").write_bytes(bytes(2**20))
        error = refused(source_of(the_server(), database, disk / "scratch"))
        assert error.facts["path"] == str(disk / "scratch")


# --- not the profile's --------------------------------------------------------------------------


def test_a_database_without_the_profiles_table_is_refused(tmp_path: Path) -> None:
    the_server().run("postgres", "DROP DATABASE IF EXISTS bare", "CREATE DATABASE bare")
    with (
        source_of(the_server(), "bare", tmp_path).freeze() as frozen,
        pytest.raises(LedgerFormatError) as caught,
    ):
        list(next(frozen.ledgers()).lines())
    assert (caught.value.facts["file"], caught.value.facts["table"]) == ("bare", "GL_accvouch")


def test_a_column_that_is_gone_is_named(database: str, tmp_path: Path) -> None:
    the_server().run(database, 'ALTER TABLE "GL_accvouch" RENAME COLUMN cdigest TO 摘要')
    with (
        source_of(the_server(), database, tmp_path).freeze() as frozen,
        pytest.raises(LedgerFormatError) as caught,
    ):
        list(next(frozen.ledgers()).lines())
    assert caught.value.facts["column"] == "cdigest"


def test_a_refused_query_tells_its_code_and_no_cell(database: str, tmp_path: Path) -> None:
    the_server().run(
        database,
        "DROP VIEW 余额 CASCADE",
        'ALTER TABLE "GL_accvouch" RENAME TO moved',
        'CREATE VIEW "GL_accvouch" AS SELECT i_id, iyear, iperiod, csign, ino_id, inid, dbill_date,'
        " cbill, ccheck, ibook, iflag, cdigest, ccode, ccus_id, csup_id, cbill::int AS md, mc"
        " FROM moved",
    )
    with (
        source_of(the_server(), database, tmp_path).freeze() as frozen,
        pytest.raises(SourceUnreadableError) as caught,
    ):
        list(next(frozen.ledgers()).lines())
    assert "22P02" in str(caught.value)
    assert "张三" not in str(caught.value)


@pytest.mark.parametrize("label", ["SQL_ASCII", "UTF8"])
def test_text_that_is_not_in_the_databases_encoding_is_refused(label: str, tmp_path: Path) -> None:
    server = the_server()
    server.run("postgres", "DROP DATABASE IF EXISTS odd")
    server.run("postgres", "CREATE DATABASE odd ENCODING SQL_ASCII LOCALE 'C' TEMPLATE template0")
    with psycopg.connect(server.words("odd"), client_encoding="SQL_ASCII") as connection:
        connection.execute("CREATE TABLE code (ccode text)")
        connection.execute(b"INSERT INTO code VALUES (E'\\xb4\\xe6')")
    relabel = f"UPDATE pg_database SET encoding = pg_char_to_encoding('{label}')"
    server.run("postgres", f"{relabel} WHERE datname = 'odd'")
    with held(login_of(server.login(), lambda: PASSWORD, tmp_path), "odd", wait=1) as instant:
        tables = PostgresTables(instant, "public")
        with pytest.raises(SourceUnreadableError) as caught:
            list(tables.rows("code", ["ccode"]))
    assert "is not in its encoding" in caught.value.template
    assert caught.value.__cause__ is None


def test_a_freeze_after_a_fault_is_whole(database: str, tmp_path: Path) -> None:
    with the_server().connected(database) as owner:
        owner.execute("BEGIN; LOCK TABLE code IN ACCESS EXCLUSIVE MODE")
        refused(source_of(the_server(), database, tmp_path / "scratch", wait=0.1))
    with source_of(the_server(), database, tmp_path / "scratch").freeze() as frozen:
        pour(frozen, tmp_path / "restored")
        assert len(read_all(frozen)[b"public.GL_accvouch.dat"].splitlines()) == 243
