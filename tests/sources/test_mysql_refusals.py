"""What goes wrong with a database server: named, with what to do, and never silently short."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from baozhang.errors import (
    LedgerFormatError,
    SourceBusyError,
    SourceUnreadableError,
    UnreachableError,
)
from baozhang.sources.base import Trouble
from baozhang.sources.mysql import MysqlSource
from baozhang.sources.mysql_load import PREFIX
from baozhang.sources.mysql_session import Login, session
from baozhang.sources.servers import Server
from tests.contracts.source_contract import pour
from tests.faults.disks import in_memory, why_no_mounts
from tests.servers.mariadb import ROOT, Mariadb, free_port, running, short_folder
from tests.sources.mysql_books import books, source_of, wait_until

pytestmark = pytest.mark.server

LOGIN = """
CREATE USER reader IDENTIFIED BY '只读-secret';
GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON `账套001`.* TO reader;
GRANT SELECT ON mysql.proc TO reader;
"""


@pytest.fixture
def name(mariadb: Mariadb) -> Iterator[str]:
    yield books(mariadb)
    mariadb.sql("DROP USER IF EXISTS reader")


def by(server: Server, scratch: Path, password: str = "只读-secret") -> MysqlSource:
    return MysqlSource(
        server, "账套001", profile="yonyou_t3", scratch=scratch, password=lambda: password, wait=1
    )


def refused(source: MysqlSource) -> UnreachableError:
    with pytest.raises(UnreachableError) as caught, source.freeze():
        pass
    assert caught.value.hint.endswith(".")
    return caught.value


# --- the server and its login --------------------------------------------------------------------


def test_a_server_that_does_not_answer_is_asked_again_later(tmp_path: Path) -> None:
    port = free_port()
    error = refused(by(Server("reader", port=port, tls="off"), tmp_path))
    assert (error.transient, error.facts["server"]) == (True, f"127.0.0.1:{port}")


def test_a_wrong_password_is_told_and_not_shown(
    mariadb: Mariadb, name: str, tmp_path: Path
) -> None:
    mariadb.sql(LOGIN)
    error = refused(by(mariadb.over_network("reader"), tmp_path, "wrong-secret"))
    assert error.template == "{server} refuses the login {user}"
    assert "secret" not in f"{error} {error.facts} {error.__context__}"


def test_a_password_may_be_chinese(mariadb: Mariadb, name: str, tmp_path: Path) -> None:
    mariadb.sql(LOGIN)
    with by(mariadb.over_network("reader"), tmp_path).freeze() as frozen:
        (reader,) = frozen.ledgers()
        assert len(list(reader.lines())) == 6


@pytest.mark.parametrize("right", ["SELECT", "SHOW VIEW", "TRIGGER", "EVENT"])
def test_a_right_that_is_missing_is_named(
    mariadb: Mariadb, name: str, tmp_path: Path, right: str
) -> None:
    mariadb.sql(f"{LOGIN} REVOKE {right} ON `账套001`.* FROM reader")
    error = refused(by(mariadb.over_network("reader"), tmp_path))
    assert (error.facts["rights"], error.facts["user"]) == (right, "reader")


def test_a_login_that_may_not_read_routines_is_refused_though_none_is_seen(
    mariadb: Mariadb, name: str, tmp_path: Path
) -> None:
    mariadb.sql(f"CREATE PROCEDURE p() SELECT 1; {LOGIN}", name)
    mariadb.sql("REVOKE SELECT ON mysql.proc FROM reader")
    assert refused(by(mariadb.over_network("reader"), tmp_path)).facts["rights"] == (
        "SELECT ON mysql.proc"
    )


def test_rights_over_single_tables_are_not_enough(
    mariadb: Mariadb, name: str, tmp_path: Path
) -> None:
    mariadb.sql(
        f"{LOGIN} REVOKE SELECT ON `账套001`.* FROM reader;GRANT SELECT ON `账套001`.code TO reader"
    )
    assert refused(by(mariadb.over_network("reader"), tmp_path)).facts["rights"] == "SELECT"


def test_rights_may_be_given_by_a_pattern(mariadb: Mariadb, name: str, tmp_path: Path) -> None:
    mariadb.sql(
        r"CREATE USER reader IDENTIFIED BY '只读-secret'; GRANT SELECT ON mysql.proc TO reader;"
        r"GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON `账套00_`.* TO reader"
    )
    with by(mariadb.over_network("reader"), tmp_path).freeze() as frozen:
        assert list(frozen.items())


def test_a_server_without_a_certificate_is_not_spoken_to_when_one_is_asked_for(
    mariadb: Mariadb, name: str, tmp_path: Path
) -> None:
    error = refused(by(Server("reader", port=mariadb.port), tmp_path))
    assert error.template == "the server {server} cannot prove who it is"


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1 that vouches for itself; return it and its key."""
    made, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"]
    command += ["ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=test", "-days", "2"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(made)]
    subprocess.run(command, check=True, capture_output=True)
    if ROOT:
        shutil.chown(key, "nobody")
    return made, key


def test_a_server_is_believed_by_its_own_certificate_alone(
    mariadb_template: Path, tmp_path: Path
) -> None:
    with short_folder() as folder:
        ours, key = certificate(folder)
        (folder / "other").mkdir()
        other, _ = certificate(folder / "other")
        with running(mariadb_template, f"--ssl-cert={ours}", f"--ssl-key={key}") as mariadb:
            books(mariadb)
            mariadb.sql(LOGIN)
            with by(Server("reader", port=mariadb.port, ca=ours), tmp_path).freeze() as frozen:
                assert list(frozen.ledgers())
            error = refused(by(Server("reader", port=mariadb.port, ca=other), tmp_path))
            assert error.template == "the server {server} cannot prove who it is"


# --- what is in the database ---------------------------------------------------------------------


def test_a_table_that_knows_no_transaction_is_refused_by_name(
    mariadb: Mariadb, name: str, tmp_path: Path
) -> None:
    mariadb.sql("CREATE TABLE 旧表 (a INT) ENGINE=MyISAM; CREATE TABLE o (a INT) ENGINE=Aria", name)
    error = refused(source_of(mariadb, name, tmp_path))
    assert error.facts["tables"] == "o, 旧表"
    assert "ENGINE=InnoDB" in error.hint


def test_a_profile_that_does_not_fit_names_the_database_and_what_it_lacks(
    mariadb: Mariadb, name: str, tmp_path: Path
) -> None:
    mariadb.sql("ALTER TABLE GL_accvouch DROP cdigest", name)
    with source_of(mariadb, name, tmp_path).freeze() as frozen:
        (reader,) = frozen.ledgers()
        with pytest.raises(LedgerFormatError) as caught:
            list(reader.lines())
    assert str(caught.value.facts["file"]).startswith("账套001 on ")
    assert caught.value.facts["column"] == "cdigest"


@pytest.mark.parametrize("kind", ["LONGBLOB", "LONGTEXT CHARACTER SET gbk", "LONGTEXT", "JSON"])
def test_a_value_that_no_packet_holds_is_told_and_not_left_out(
    mariadb: Mariadb, name: str, tmp_path: Path, kind: str
) -> None:
    value = "JSON_QUOTE(REPEAT('账', 340000))" if kind == "JSON" else "REPEAT('账', 340000)"
    mariadb.sql(f"CREATE TABLE 附件 (a {kind}, b INT); INSERT INTO 附件 VALUES ({value}, 1)", name)
    mariadb.sql("SET GLOBAL max_allowed_packet = 600000")
    try:
        assert refused(source_of(mariadb, name, tmp_path)).facts["table"] == "附件"
    finally:
        mariadb.sql("SET GLOBAL max_allowed_packet = DEFAULT")


def test_what_sql_text_cannot_hold_makes_the_backup_partial(
    mariadb: Mariadb, name: str, tmp_path: Path
) -> None:
    mariadb.sql(
        "CREATE TABLE t (a INT); CREATE VIEW 坏 AS SELECT a FROM t; DROP TABLE t;"
        "CREATE TABLE 史 (a INT) WITH SYSTEM VERSIONING",
        name,
    )
    with source_of(mariadb, name, tmp_path).freeze() as frozen:
        assert frozen.troubles() == (
            Trouble("data/史.sql".encode(), "special", "the history of a versioned table"),
            Trouble(b"programs.sql", "unreadable", "view 坏 refers to what is not there"),
        )


# --- while it is read ----------------------------------------------------------------------------


def fill(mariadb: Mariadb, name: str) -> None:
    """Add a table whose dump takes a while, and one that comes after it."""
    mariadb.sql(
        "CREATE TABLE big (a INT PRIMARY KEY, t VARCHAR(99)) ENGINE=InnoDB;"
        "INSERT INTO big SELECT seq, MD5(seq) FROM seq_1_to_30000;"
        "CREATE TABLE later (a INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO later VALUES (1)",
        name,
    )


@contextmanager
def while_it_is_dumped(mariadb: Mariadb, act: Callable[[], object]) -> Iterator[None]:
    """Act in another thread as soon as the big table is being read."""
    question = (
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%FROM `big` %'"
        " AND ID <> CONNECTION_ID()"
    )

    def wait_and_act() -> None:
        with session(Login(mariadb.server(), None)) as own:
            wait_until(lambda: own.execute(question) == [("1",)])
            act()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE later",
        "ALTER TABLE later ADD b INT",
        "TRUNCATE TABLE later",
        "RENAME TABLE later TO sooner",
        "DROP TABLE code",
        "CREATE TABLE new (a INT PRIMARY KEY) ENGINE=InnoDB",
        "CREATE VIEW v AS SELECT 1",
    ],
)
def test_tables_that_change_while_they_are_dumped_make_it_a_transient_failure(
    mariadb: Mariadb, name: str, tmp_path: Path, change: str
) -> None:
    fill(mariadb, name)
    with while_it_is_dumped(mariadb, lambda: mariadb.sql(change, name)):
        error = refused(source_of(mariadb, name, tmp_path))
    assert (error.transient, error.facts["database"]) == (True, name)


def test_a_server_that_is_killed_while_it_is_dumped_makes_it_a_transient_failure(
    mariadb_template: Path, tmp_path: Path
) -> None:
    with running(mariadb_template) as mariadb:
        fill(mariadb, books(mariadb))
        with while_it_is_dumped(mariadb, mariadb.kill):
            error = refused(source_of(mariadb, "账套001", tmp_path / "scratch"))
    assert (error.transient, list((tmp_path / "scratch").iterdir())) == (True, [])


def test_a_server_that_is_killed_before_the_proof_makes_it_a_transient_failure(
    mariadb_template: Path, tmp_path: Path
) -> None:
    with running(mariadb_template) as mariadb:
        source = source_of(mariadb, books(mariadb), tmp_path)
        with source.freeze() as frozen:
            mariadb.kill()
            (reader,) = frozen.ledgers()
            with pytest.raises(SourceBusyError):
                list(reader.lines())


def test_a_table_that_stays_locked_is_tried_again_later(
    mariadb: Mariadb, name: str, tmp_path: Path
) -> None:
    command = [*mariadb.client(name), "--unbuffered"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdin.write(b"LOCK TABLES code WRITE; SELECT 'locked';\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == b"locked\n"
        error = refused(MysqlSource(mariadb.server(), name, scratch=tmp_path, wait=1))
        holder.stdin.close()
    assert error.template == "a table of {database} on {server} stayed locked"


def test_a_full_scratch_disk_is_named(mariadb: Mariadb, name: str, tmp_path: Path) -> None:
    assert not why_no_mounts()
    fill(mariadb, name)
    with in_memory(tmp_path / "small", 1024) as small:
        error = refused(source_of(mariadb, name, small / "scratch"))
    assert error.template == "{path} cannot take the dump: {reason}"
    assert error.facts["path"] == str(small / "scratch")


# --- where it is restored ------------------------------------------------------------------------


def test_a_login_that_may_not_make_databases_is_told_what_it_lacks(
    mariadb: Mariadb, name: str, tmp_path: Path
) -> None:
    mariadb.sql(LOGIN)
    source = by(mariadb.over_network("reader"), tmp_path / "scratch")
    with source.freeze() as frozen:
        restored = pour(frozen, tmp_path / "restored")
    with pytest.raises(SourceUnreadableError) as caught, source.restored_books(restored):
        pass
    assert caught.value.template == "{user} lacks a right in {database} on {server}"


def test_books_can_be_restored_to_another_server(
    mariadb: Mariadb, mariadb_template: Path, name: str, tmp_path: Path
) -> None:
    with running(mariadb_template) as other:
        source = MysqlSource(
            mariadb.server(),
            name,
            profile="yonyou_t3",
            scratch=tmp_path / "scratch",
            restore_to=other.server(),
        )
        with source.freeze() as frozen:
            restored = pour(frozen, tmp_path / "restored")
        with source.restored_books(restored) as readers:
            assert [reader.book.name for reader in readers] == [name]
            assert [each[: len(PREFIX)] for each in other.databases()] == [PREFIX]
        source.publish(restored, Path("target"))
        assert (mariadb.databases(), other.databases()) == ({name}, {"target"})
