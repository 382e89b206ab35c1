"""A PostgreSQL dump put back: by us, by stock tools alone, by logins that may do just that."""

import json
import os
import re
import subprocess
from pathlib import Path

import psycopg
import pytest

from baozhang.books.compare import compare
from baozhang.books.taking import take_proof
from baozhang.errors import SourceBusyError, SourceUnreadableError, UsageError
from baozhang.sources.postgres import PostgresSource
from tests.contracts.source_contract import pour, read_all
from tests.servers.postgres import (
    LEDGER,
    PASSWORD,
    Cluster,
    another_server,
    ledger,
    source_of,
    the_server,
)

pytestmark = pytest.mark.server

GUIDES = Path(__file__).parents[2] / "docs" / "guides"


@pytest.fixture
def database() -> str:
    return ledger(the_server())


@pytest.fixture
def source(database: str, tmp_path: Path) -> PostgresSource:
    scratch = tmp_path / "scratch"
    return source_of(the_server(), database, scratch, restore_to=another_server())


@pytest.fixture
def restored(source: PostgresSource, tmp_path: Path) -> Path:
    with source.freeze() as frozen:
        return pour(frozen, tmp_path / "restored")


# --- everything survives ------------------------------------------------------------------------

QUESTIONS = {
    "rows": 'SELECT count(*), sum(md), sum(mc), min(md5(g::text)) FROM "GL_accvouch" g',
    "bytes": 'SELECT 内容, 类别, 大小 FROM 归档."凭证/附件 ""甲""." ORDER BY 编号',
    "a view": "SELECT * FROM 余额 ORDER BY 1",
    "a materialized view": "SELECT * FROM 汇总 ORDER BY 1",
    "a sequence": "SELECT nextval('单号')",
    "a large object": "SELECT lo_get(4711)",
    "a comment": "SELECT obj_description('\"GL_accvouch\"'::regclass)",
    "an owner": "SELECT tableowner FROM pg_tables WHERE tablename = 'GL_accsum'",
    "a grant": "SELECT relacl::text FROM pg_class WHERE relname = 'GL_accvouch'",
    "constraints": "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace ORDER BY 1",
    "an encoding": "SELECT pg_encoding_to_char(encoding), datcollate FROM pg_database"
    " WHERE datname = current_database()",
    "a setting": "SHOW search_path",
    "a grant on the database": "SELECT has_database_privilege('账务', current_database(),"
    " 'CREATE'), has_database_privilege('备份', current_database(), 'TEMPORARY')",
}


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A database with all there is on one server, and what was published of it on another."""
    folder = tmp_path_factory.mktemp("twins")
    name = ledger(the_server())
    the_server().run(
        "postgres",
        f"ALTER DATABASE {name} SET search_path = public, 归档, pg_catalog",
        f"GRANT CREATE ON DATABASE {name} TO 账务",
        f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC",
    )
    source = source_of(the_server(), name, folder / "scratch", restore_to=another_server())
    with source.freeze() as frozen:
        restored = pour(frozen, folder / "restored")
    source.publish(restored, Path("恢复的账套"))
    return name, "恢复的账套"


@pytest.mark.parametrize("what", QUESTIONS)
def test_what_was_there_is_there_again(what: str, twins: tuple[str, str]) -> None:
    was = the_server().ask(twins[0], QUESTIONS[what])
    assert was
    assert another_server().ask(twins[1], QUESTIONS[what]) == was


def test_roles_come_back_without_a_password(twins: tuple[str, str]) -> None:
    question = "SELECT rolcanlogin, rolsuper, rolpassword FROM pg_authid WHERE rolname = '备份'"
    assert another_server().ask("postgres", question) == [(True, False, None)]


def test_a_database_of_another_encoding_survives(tmp_path: Path) -> None:
    server = the_server()
    server.run("postgres", "DROP DATABASE IF EXISTS old")
    server.run("postgres", "CREATE DATABASE old ENCODING 'EUC_CN' LOCALE 'C' TEMPLATE template0")
    server.run("old", "CREATE TABLE 科目 (名称 text)", "INSERT INTO 科目 VALUES ('银行存款')")
    source = source_of(server, "old", tmp_path / "scratch", profile=None)
    with source.freeze() as frozen:
        dumped = read_all(frozen)
        restored = pour(frozen, tmp_path / "restored")
    assert any("银行存款".encode("gb2312") in content for content in dumped.values())
    source.publish(restored, Path("old"), replace=True)
    assert server.ask("old", "SELECT 名称 FROM 科目") == [("银行存款",)]


# --- without us ---------------------------------------------------------------------------------


def stock(server: Cluster, *words: str | Path) -> None:
    """Run PostgreSQL's own program with nothing of ours."""
    told = {"PGHOST": str(server.folder), "PGPORT": str(server.port), "PGUSER": "postgres"}
    env = {"PATH": os.environ["PATH"], "PGPASSWORD": PASSWORD, **told}
    subprocess.run([*map(str, words)], env=env, check=True, capture_output=True)


def test_the_guides_three_commands_restore_a_dump(database: str, restored: Path) -> None:
    server = another_server()
    text = (GUIDES / "postgresql.md").read_text("utf-8")
    section = text.partition("## Restore without us")[2]
    commands = re.findall(r"```\n(.*?)```", section, re.DOTALL)[0].splitlines()
    for command in commands:
        words = command.partition("#")[0].replace("NEW_NAME", f"stock_{database}").split()
        stock(server, *(word.replace("FOLDER", str(restored)) for word in words))
    question = QUESTIONS["rows"]
    assert server.ask(f"stock_{database}", question) == the_server().ask(database, question)


def test_schema_sql_alone_makes_the_structure(restored: Path) -> None:
    server = another_server()
    server.run("postgres", "DROP DATABASE IF EXISTS structure", "CREATE DATABASE structure")
    stock(server, "psql", "-d", "postgres", "-f", restored / "roles.sql")
    told = ("-v", "ON_ERROR_STOP=1", "-d", "structure", "-f", restored / "schema.sql")
    stock(server, "psql", "-X", *told)
    assert server.ask("structure", 'SELECT count(*) FROM "GL_accvouch"') == [(0,)]


def test_roles_sql_may_run_where_the_roles_are(restored: Path) -> None:
    roles = "SELECT rolname FROM pg_roles ORDER BY rolname"
    found = []
    for _ in range(2):
        told = ("-v", "ON_ERROR_STOP=1", "-d", "postgres", "-f", restored / "roles.sql")
        stock(another_server(), "psql", "-X", *told)
        found.append(another_server().ask("postgres", roles))
    assert found[0] == found[1]


# --- the guide's logins -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def office() -> Cluster:
    """A server on which an administrator ran what the guide says, and nothing else."""
    cluster = another_server()
    cluster.run("postgres", "CREATE DATABASE ledger")
    cluster.run("ledger", *LEDGER)
    for block in sql_blocks("postgresql.md"):
        cluster.run("ledger", block)
    return cluster


def sql_blocks(guide: str) -> list[str]:
    return re.findall(r"```sql\n(.*?)```", (GUIDES / guide).read_text("utf-8"), re.DOTALL)


@pytest.fixture
def modest(office: Cluster, tmp_path: Path) -> PostgresSource:
    return PostgresSource(
        office.login("baozhang_read", tcp=True),
        "ledger",
        profile="yonyou_t3",
        scratch=tmp_path / "scratch",
        password=lambda: "choose a password",
        restore_to=office.login("baozhang_restore", tcp=True),
        restore_password=lambda: "choose another password",
    )


def test_both_guides_grant_the_same() -> None:
    assert sql_blocks("postgresql.md") == sql_blocks("postgresql.zh-CN.md")


def test_the_guides_logins_back_up_and_prove_a_restore(
    modest: PostgresSource, tmp_path: Path
) -> None:
    with modest.freeze() as frozen:
        (reader,) = frozen.ledgers()
        expected = take_proof(reader)
        restored = pour(frozen, tmp_path / "restored")
    with modest.restored_books(restored) as (reader,):
        assert (expected.line_count, compare(expected, take_proof(reader))) == (240, ())


def test_the_guides_reading_login_can_write_nothing(office: Cluster) -> None:
    with office.connected("ledger", "baozhang_read", "choose a password") as reader:
        reader.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("DELETE FROM code")


def test_the_guides_restoring_login_sees_no_ledger(office: Cluster) -> None:
    with (
        office.connected("ledger", "baozhang_restore", "choose another password") as reader,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        reader.execute("SELECT * FROM code")


def test_the_guides_grants_cover_tables_made_later(office: Cluster, modest: PostgresSource) -> None:
    office.run("ledger", "CREATE TABLE later AS SELECT 1 AS a")
    with modest.freeze() as frozen:
        assert b"public.later.dat" in read_all(frozen)


def test_a_login_that_may_not_give_owners_publishes_nothing(
    office: Cluster, modest: PostgresSource, tmp_path: Path
) -> None:
    with modest.freeze() as frozen:
        restored = pour(frozen, tmp_path / "restored")
    before = office.databases()
    with pytest.raises(UsageError) as caught:
        modest.publish(restored, Path("new"))
    assert (caught.value.facts["user"], office.databases()) == ("baozhang_restore", before)


# --- publishing ---------------------------------------------------------------------------------


def test_a_database_in_use_is_not_replaced(source: PostgresSource, restored: Path) -> None:
    source.publish(restored, Path("in_use"))
    with another_server().connected("in_use") as program:
        before = another_server().databases()
        with pytest.raises(SourceBusyError) as caught:
            source.publish(restored, Path("in_use"), replace=True)
        assert program.execute('SELECT count(*) FROM "GL_accvouch"').fetchone() == (240,)
    assert caught.value.facts["database"] == "in_use"
    assert another_server().databases() == before


def test_a_damaged_dump_replaces_nothing(source: PostgresSource, restored: Path) -> None:
    source.publish(restored, Path("whole"))
    (restored / "public.GL_accvouch.dat").write_bytes(b"nonsense\n\\.\n")
    before = another_server().databases()
    with pytest.raises(SourceUnreadableError):
        source.publish(restored, Path("whole"), replace=True)
    assert another_server().databases() == before


def test_a_dump_that_lacks_a_tables_file_is_refused(source: PostgresSource, restored: Path) -> None:
    (restored / "public.code.dat").unlink()
    with pytest.raises(SourceUnreadableError), source.restored_books(restored):
        pass


@pytest.mark.parametrize("lost", ["toc.dat", "database.json"])
def test_a_folder_without_a_dump_is_refused(
    source: PostgresSource, restored: Path, lost: str
) -> None:
    (restored / lost).unlink()
    with pytest.raises(SourceUnreadableError) as caught:
        source.publish(restored, Path("never"))
    assert caught.value.template == "the restored folder holds no dump of a PostgreSQL database"


def test_a_description_by_a_newer_release_is_refused(
    source: PostgresSource, restored: Path
) -> None:
    value = json.loads((restored / "database.json").read_text("utf-8"))
    (restored / "database.json").write_text(json.dumps(value | {"version": 2}), "utf-8")
    with pytest.raises(SourceUnreadableError):
        source.publish(restored, Path("never"))


def test_a_name_that_the_server_would_cut_short_is_refused(
    source: PostgresSource, restored: Path
) -> None:
    with pytest.raises(UsageError):
        source.publish(restored, Path("账" * 22))


def test_the_longest_name_is_moved_aside_under_one_that_fits(
    source: PostgresSource, restored: Path
) -> None:
    name = "账" * 21
    source.publish(restored, Path(name))
    aside = source.publish(restored, Path(name), replace=True)
    assert aside == Path("账" * 17 + ".replaced-1")
    assert {name, aside.name} <= another_server().databases()


def test_a_database_that_is_not_its_profiles_is_not_published(
    source: PostgresSource, database: str, restored: Path, tmp_path: Path
) -> None:
    the_server().run(database, 'DROP VIEW 余额 CASCADE; DROP TABLE "GL_accvouch"')
    bytes_alone = source_of(the_server(), database, tmp_path / "scratch", profile=None)
    with bytes_alone.freeze() as frozen:
        other = pour(frozen, tmp_path / "other")
    with pytest.raises(Exception, match="has no table GL_accvouch"):
        source.publish(other, Path("not_its_own"))
    assert "not_its_own" not in another_server().databases()
