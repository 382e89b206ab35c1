"""A restored database put where it is used: whole, and what it replaces stays whole beside it."""

from pathlib import Path

import pytest

from baozhang.errors import SourceUnreadableError, UsageError
from baozhang.sources.mysql import MysqlSource
from tests.contracts.source_contract import pour
from tests.servers.mariadb import Mariadb
from tests.sources.mysql_books import books, source_of, voucher

pytestmark = pytest.mark.server

OLD = """
CREATE DATABASE target CHARACTER SET latin1; USE target;
CREATE TABLE old_table (a INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO old_table VALUES (7);
CREATE TABLE code (a INT PRIMARY KEY, b INT, FOREIGN KEY (b) REFERENCES old_table (a));
CREATE SEQUENCE old_sequence;
CREATE FUNCTION old_function() RETURNS INT DETERMINISTIC RETURN 1;
CREATE VIEW old_view AS SELECT a FROM old_table;
CREATE TRIGGER old_trigger BEFORE INSERT ON old_table FOR EACH ROW SET NEW.a = NEW.a + 1;
CREATE EVENT old_event ON SCHEDULE EVERY 1 DAY DO DELETE FROM old_table;
"""


@pytest.fixture
def source(mariadb: Mariadb, tmp_path: Path) -> MysqlSource:
    name = books(mariadb)
    mariadb.sql(
        "CREATE TRIGGER t BEFORE INSERT ON code FOR EACH ROW SET NEW.cclass = '资产';"
        "CREATE VIEW v AS SELECT ccode FROM code;"
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM code;",
        name,
    )
    return source_of(mariadb, name, tmp_path / "scratch")


@pytest.fixture
def restored(source: MysqlSource, tmp_path: Path) -> Path:
    with source.freeze() as frozen:
        return pour(frozen, tmp_path / "restored")


def lines(mariadb: Mariadb, name: str) -> int:
    return int(mariadb.sql("SELECT COUNT(*) FROM GL_accvouch", name))


def test_a_database_is_replaced_and_the_old_one_works_on_beside_it(
    mariadb: Mariadb, source: MysqlSource, restored: Path
) -> None:
    mariadb.sql(OLD)
    aside = source.publish(restored, Path("/anywhere/target"), replace=True)
    assert aside == Path("/anywhere/target_replaced_1")
    assert lines(mariadb, "target") == 6
    mariadb.sql("INSERT INTO old_table VALUES (8)", aside.name)
    rows = mariadb.sql("SELECT a, old_function(), NEXTVAL(old_sequence) FROM old_view", aside.name)
    assert rows.split() == ["7", "1", "1", "9", "1", "2"]
    assert "REFERENCES `old_table`" in mariadb.sql("SHOW CREATE TABLE code", aside.name)


def test_nothing_of_the_old_database_is_left_in_the_new_one(
    mariadb: Mariadb, source: MysqlSource, restored: Path
) -> None:
    mariadb.sql(OLD)
    source.publish(restored, Path("target"), replace=True)
    assert mariadb.sql("SHOW FULL TABLES", "target").split() == [
        *("GL_accvouch", "BASE", "TABLE", "code", "BASE", "TABLE", "v", "VIEW"),
    ]
    made = mariadb.sql(
        "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'target'"
        " UNION SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'target'"
        " UNION SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA ="
        " 'target' UNION SELECT DEFAULT_CHARACTER_SET_NAME FROM information_schema.SCHEMATA"
        " WHERE SCHEMA_NAME = 'target'"
    )
    assert made.split() == ["e", "t", "gbk"]


def test_events_of_the_replaced_database_are_switched_off(
    mariadb: Mariadb, source: MysqlSource, restored: Path
) -> None:
    mariadb.sql(OLD)
    source.publish(restored, Path("target"), replace=True)
    states = mariadb.sql(
        "SELECT EVENT_SCHEMA, STATUS FROM information_schema.EVENTS"
        " WHERE EVENT_SCHEMA LIKE 'target%' ORDER BY 1"
    )
    assert states.split() == ["target", "ENABLED", "target_replaced_1", "DISABLED"]


def test_every_replaced_database_gets_a_name_of_its_own(
    mariadb: Mariadb, source: MysqlSource, restored: Path
) -> None:
    source.publish(restored, Path("target"))
    first = source.publish(restored, Path("target"), replace=True)
    second = source.publish(restored, Path("target"), replace=True)
    assert [first, second] == [Path("target_replaced_1"), Path("target_replaced_2")]


def test_a_database_with_nothing_in_it_is_nothing_in_the_way(
    mariadb: Mariadb, source: MysqlSource, restored: Path
) -> None:
    mariadb.sql("CREATE DATABASE target")
    assert source.publish(restored, Path("target")) is None
    assert lines(mariadb, "target") == 6


def test_a_database_that_could_not_be_backed_up_can_be_replaced(
    mariadb: Mariadb, source: MysqlSource, restored: Path
) -> None:
    mariadb.sql("CREATE DATABASE target; CREATE TABLE target.a (a INT) ENGINE=MyISAM")
    aside = source.publish(restored, Path("target"), replace=True)
    assert aside is not None
    assert mariadb.sql("SHOW TABLES", aside.name) == "a\n"


@pytest.mark.parametrize("file", ["data/code.sql", "programs.sql", "counters.sql", "events.sql"])
def test_a_dump_without_one_of_its_files_replaces_nothing(
    mariadb: Mariadb, source: MysqlSource, restored: Path, file: str
) -> None:
    mariadb.sql(OLD)
    (restored / file).unlink()
    with pytest.raises(SourceUnreadableError) as caught:
        source.publish(restored, Path("target"), replace=True)
    assert caught.value.facts["path"] == str(restored / file)
    assert mariadb.sql("SELECT a FROM old_view", "target") == "7\n"
    assert mariadb.databases() == {"账套001", "target"}


@pytest.mark.parametrize("cut", [1, 30, 200])
def test_a_dump_whose_file_is_cut_short_is_not_loaded(
    mariadb: Mariadb, source: MysqlSource, restored: Path, cut: int
) -> None:
    path = restored / "data" / "GL_accvouch.sql"
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(SourceUnreadableError) as caught, source.restored_books(restored):
        pass
    assert (caught.value.template, caught.value.hint[-1]) == ("{path} is cut short", ".")


def test_programs_that_cannot_be_made_replace_nothing(
    mariadb: Mariadb, source: MysqlSource, restored: Path
) -> None:
    mariadb.sql(OLD)
    path = restored / "programs.sql"
    path.write_bytes(path.read_bytes().replace(b"`ccode`", b"`other`"))
    with pytest.raises(SourceUnreadableError):
        source.publish(restored, Path("target"), replace=True)
    assert mariadb.sql("SELECT a FROM old_view", "target") == "7\n"


@pytest.mark.parametrize("name", ["x" * 65, " x"])
def test_a_name_that_no_database_can_have_is_refused(
    source: MysqlSource, restored: Path, name: str
) -> None:
    with pytest.raises(UsageError):
        source.publish(restored, Path(name))


def test_writers_of_other_databases_are_not_touched(
    mariadb: Mariadb, source: MysqlSource, restored: Path
) -> None:
    source.publish(restored, Path("target"))
    mariadb.sql(voucher(50), "账套001")
    assert (lines(mariadb, "账套001"), lines(mariadb, "target")) == (8, 6)
