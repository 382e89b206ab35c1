"""The dump: no bit is lost, and the stock client makes the database again without us."""

import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pytest

from baozhang.sources.mysql import MysqlSource
from baozhang.sources.mysql_dump import file_names
from baozhang.sources.mysql_session import Login, session
from baozhang.sources.mysql_tables import MysqlTables
from tests.contracts.source_contract import pour, read_all
from tests.servers.mariadb import Mariadb
from tests.sources.mysql_books import books, source_of

pytestmark = pytest.mark.server

EVERYTHING = r"""
CREATE DATABASE `一切` CHARACTER SET gbk COLLATE gbk_chinese_ci; USE `一切`;
SET sql_mode = 'ALLOW_INVALID_DATES', innodb_strict_mode = 0;
CREATE TABLE `凭证/明细` (
    id INT AUTO_INCREMENT PRIMARY KEY, `摘要` VARCHAR(100), t TEXT CHARACTER SET utf8mb4,
    l VARCHAR(20) CHARACTER SET latin1, b VARBINARY(300), f FLOAT, d DOUBLE, m DECIMAL(30,10),
    bits BIT(9), dt DATETIME(6), dz DATE, ti TIME(3), y YEAR, e ENUM('借','贷'), s SET('a','b'),
    j JSON, u UUID, i6 INET6, g INT AS (zf * 2) STORED, v INT AS (zf + 1) VIRTUAL,
    ts TIMESTAMP NULL, bl LONGBLOB, p POINT, zf INT(6) ZEROFILL, big BIGINT UNSIGNED,
    hidden INT INVISIBLE DEFAULT 7
) ENGINE=InnoDB COMMENT 'a AUTO_INCREMENT=5 ;; b';
INSERT INTO `凭证/明细`
    (`摘要`, t, l, b, f, d, m, bits, dt, dz, ti, y, e, s, j, u, i6, ts, bl, p, zf, big) VALUES
('付“办公”\'用品', '多行\n\r\t\0x\Z\\ ;\n;\n😀', 'é€', x'00ff0a0d275c', 0.1, 1/3e0,
 123456789012345678.0123456789, b'101010101', '2026-03-31 23:59:59.123456', '0000-00-00',
 '-838:59:58.001', 0, '借', 'a,b', '{"a": "x\\n"}', UUID(), '::1', '2026-03-31 00:00:00',
 REPEAT('z', 70000), POINT(1, 2), 12, 18446744073709551615),
(NULL, '', '', x'', 16777217e0, 1e-300, -0.0000000001, NULL, NULL, NULL, NULL, 1999, '', '', NULL,
 NULL, NULL, NULL, '', NULL, NULL, 0),
('', 'a ', 'a', NULL, 3.4e38, 1.7976931348623157e308, 0, b'0', '0000-00-00 00:00:00',
 '2026-02-31', '00:00:00', 2155, NULL, NULL, 'null', NULL, NULL, '2038-01-19 03:14:07', NULL, NULL,
 0, NULL);
INSERT INTO `凭证/明细` (id, `摘要`) VALUES (-5, _gbk 0xAAA1), (100, NULL);
INSERT INTO `凭证/明细` (id) VALUES (0);
UPDATE `凭证/明细` SET id = 0 WHERE id = 101;
DELETE FROM `凭证/明细` WHERE id = 100;
CREATE TABLE nokey (a VARCHAR(2000) CHARACTER SET utf8mb4, b INT);
INSERT INTO nokey VALUES ('x', 1), (NULL, 2), ('X', 1), ('x ', 1), ('x', 1);
CREATE TABLE `分区` (a INT AUTO_INCREMENT PRIMARY KEY)
    PARTITION BY HASH (a) PARTITIONS 3;
INSERT INTO `分区` VALUES (7);
CREATE TABLE wide ({wide}) ROW_FORMAT=COMPACT;
CREATE TABLE child (pid INT, FOREIGN KEY (pid) REFERENCES `凭证/明细` (id));
INSERT INTO child VALUES (1);
CREATE TABLE `empty` (a INT PRIMARY KEY CHECK (a > 0));
CREATE SEQUENCE `序号` START WITH 5 NOCACHE; DO NEXTVAL(`序号`);
CREATE VIEW `z视图` AS SELECT id, `摘要` FROM `凭证/明细` WHERE t <> '中;\n;;' OR fn(1) = 2;
CREATE VIEW `a视图` AS SELECT id FROM `z视图`;
"""
WIDE = ", ".join(f"c{number} VARCHAR(200) CHARACTER SET latin1" for number in range(100))
PROGRAMS = r"""
DELIMITER $$
CREATE FUNCTION fn(x INT) RETURNS INT DETERMINISTIC RETURN x + 1$$
CREATE PROCEDURE `过程`(x INT) BEGIN /* 注释 */
    -- 一行
    SELECT '；;;', x;
    SELECT '甲
;;
乙';
END$$
SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'$$
CREATE PROCEDURE "ansi"() SELECT 'a\' AS "b"$$
SET sql_mode = ''$$
CREATE TRIGGER tr BEFORE INSERT ON nokey FOR EACH ROW SET NEW.b = fn(NEW.b)$$
CREATE TRIGGER first BEFORE INSERT ON nokey FOR EACH ROW PRECEDES tr SET NEW.b = NEW.b * 2$$
CREATE EVENT ev ON SCHEDULE EVERY 1 DAY STARTS '2027-01-01 00:00:00' DO DELETE FROM nokey$$
DELIMITER ;
"""


@pytest.fixture
def everything(mariadb: Mariadb, tmp_path: Path) -> MysqlSource:
    head, views = EVERYTHING.replace("{wide}", WIDE).split("CREATE VIEW", 1)
    mariadb.sql(head + PROGRAMS + "CREATE VIEW" + views)
    return source_of(mariadb, "一切", tmp_path / "scratch", profile=None)


def dump(source: MysqlSource, folder: Path) -> dict[str, bytes]:
    """Pour a dump into a folder, and return its files."""
    with source.freeze() as frozen:
        assert frozen.troubles() == ()
        pour(frozen, folder)
        return {path.decode(): content for path, content in read_all(frozen).items()}


def restore_without_us(mariadb: Mariadb, folder: Path, name: str) -> None:
    """Do what the guide says: the files in order, by the stock client."""
    mariadb.sql(f"CREATE DATABASE `{name}`")
    files = [folder / "tables.sql", *sorted((folder / "data").iterdir())]
    files += [folder / f"{rest}.sql" for rest in ("counters", "programs", "events")]
    whole = b"".join(file.read_bytes() for file in files)
    ran = subprocess.run(mariadb.client(name), input=whole, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()


def checksums(mariadb: Mariadb, name: str) -> list[str]:
    tables = ("`凭证/明细`", "nokey", "child", "`empty`")
    return [mariadb.sql(f"CHECKSUM TABLE {table} EXTENDED", name).split()[-1] for table in tables]


def test_the_stock_client_makes_the_same_rows_without_us(
    mariadb: Mariadb, everything: MysqlSource, tmp_path: Path
) -> None:
    dump(everything, tmp_path / "dump")
    restore_without_us(mariadb, tmp_path / "dump", "副本")
    assert checksums(mariadb, "副本") == checksums(mariadb, "一切")


def test_what_the_stock_client_made_is_dumped_byte_for_byte_the_same(
    mariadb: Mariadb, everything: MysqlSource, tmp_path: Path
) -> None:
    first = dump(everything, tmp_path / "dump")
    restore_without_us(mariadb, tmp_path / "dump", "副本")
    again = source_of(mariadb, "副本", tmp_path / "scratch", profile=None)
    assert dump(again, tmp_path / "again") == first


def test_what_is_published_is_dumped_byte_for_byte_the_same(
    mariadb: Mariadb, everything: MysqlSource, tmp_path: Path
) -> None:
    first = dump(everything, tmp_path / "dump")
    everything.publish(tmp_path / "dump", Path("副本"))
    assert checksums(mariadb, "副本") == checksums(mariadb, "一切")
    again = source_of(mariadb, "副本", tmp_path / "scratch", profile=None)
    assert dump(again, tmp_path / "again") == first


def test_a_dump_tells_neither_its_database_nor_its_server_nor_its_day(
    everything: MysqlSource, tmp_path: Path
) -> None:
    files = dump(everything, tmp_path / "dump")
    assert not any("一切".encode() in content or b"10.11" in content for content in files.values())
    assert files["tables.sql"].count(b" AUTO_INCREMENT=") == 1  # in a comment
    assert b"AUTO_INCREMENT = 8\n" in files["counters.sql"]


def test_the_next_number_of_a_table_comes_back(
    mariadb: Mariadb, everything: MysqlSource, tmp_path: Path
) -> None:
    dump(everything, tmp_path / "dump")
    everything.publish(tmp_path / "dump", Path("副本"))
    mariadb.sql("INSERT INTO `凭证/明细` (t) VALUES ('next')", "副本")
    assert mariadb.sql("SELECT id FROM `凭证/明细` WHERE t = 'next'", "副本") == "102\n"
    assert mariadb.sql("SELECT NEXTVAL(`序号`)", "副本") == mariadb.sql(
        "SELECT NEXTVAL(`序号`)", "一切"
    )


def test_a_text_that_unicode_does_not_have_is_written_by_its_bytes(
    everything: MysqlSource, tmp_path: Path
) -> None:
    rows = dump(everything, tmp_path / "dump")["data/凭证%2F明细.sql"]
    assert b"(-5,_gbk 0xAAA1," in rows
    assert "付“办公”\\'用品".encode() in rows


def test_programs_work_in_the_copy_as_they_did(
    mariadb: Mariadb, everything: MysqlSource, tmp_path: Path
) -> None:
    dump(everything, tmp_path / "dump")
    everything.publish(tmp_path / "dump", Path("副本"))
    script = "INSERT INTO nokey VALUES ('order', 5); SELECT b FROM nokey WHERE a = 'order';"
    script += "CALL `过程`(3); CALL ansi(); SELECT COUNT(*) FROM `a视图`"
    ours, theirs = mariadb.sql(script, "副本"), mariadb.sql(script, "一切")
    assert ours == theirs
    assert ours.splitlines() == ["11", "；;;\t3", "甲\\n;;\\n乙", "a\\\\", "5"]


def test_every_table_has_a_file_of_its_own_name(everything: MysqlSource, tmp_path: Path) -> None:
    files = dump(everything, tmp_path / "dump")
    assert sorted(name for name in files if name.startswith("data/")) == [
        "data/child.sql",
        "data/empty.sql",
        "data/nokey.sql",
        "data/wide.sql",
        "data/凭证%2F明细.sql",
        "data/分区.sql",
    ]


def test_names_that_no_file_can_have_are_written_otherwise_and_never_meet() -> None:
    names = ["a", "A", "a%41", "..", "x/y", "凭证.表", "a~b"]
    files = file_names(names)
    assert files[2:] == ["a%2541.sql", "%2E%2E.sql", "x%2Fy.sql", "凭证%2E表.sql", "a%7Eb.sql"]
    assert len({file.casefold() for file in files}) == len(names)


def test_rows_come_by_primary_key_whatever_index_the_server_would_take(
    mariadb: Mariadb, tmp_path: Path
) -> None:
    source = source_of(mariadb, books(mariadb), tmp_path / "scratch")
    mariadb.sql(
        "CREATE TABLE k (a INT PRIMARY KEY, b INT, KEY (b)) ENGINE=InnoDB;"
        "INSERT INTO k VALUES (1, 9), (2, 8), (3, 7)",
        "账套001",
    )
    assert b"(1,9)\n,(2,8)\n,(3,7)\n;" in dump(source, tmp_path / "dump")["data/k.sql"]


def test_no_statement_is_larger_than_a_small_server_takes(mariadb: Mariadb, tmp_path: Path) -> None:
    source = source_of(mariadb, books(mariadb), tmp_path / "scratch")
    mariadb.sql(
        "CREATE TABLE k (a INT PRIMARY KEY, b TEXT) ENGINE=InnoDB;"
        "INSERT INTO k SELECT seq, REPEAT('z', 60000) FROM seq_1_to_40",
        "账套001",
    )
    statements = dump(source, tmp_path / "dump")["data/k.sql"].split(b"\n;\n")
    assert max(map(len, statements)) < 600_000


def test_what_the_server_computes_is_not_written(everything: MysqlSource, tmp_path: Path) -> None:
    rows = dump(everything, tmp_path / "dump")["data/凭证%2F明细.sql"]
    (into, *_) = [line for line in rows.split(b"\n") if line.startswith(b"INSERT")]
    assert b"`zf`" in into
    assert b"`hidden`" in into
    assert b"`g`" not in into
    assert b"`v`" not in into


# --- what proofs are taken of --------------------------------------------------------------------


@pytest.fixture
def tables(mariadb: Mariadb, everything: MysqlSource) -> Iterator[MysqlTables]:
    with session(Login(mariadb.server(), None), "一切") as own:
        own.hold()
        yield MysqlTables(own, partial(nullcontext, own))


def test_every_cell_is_read_as_exact_text(tables: MysqlTables) -> None:
    names = tables.columns("凭证/明细")
    rows = {row[0]: dict(zip(names, row, strict=True)) for row in tables.rows("凭证/明细", ["id"])}
    first, second, third = rows["1"], rows["2"], rows["3"]
    assert first["t"] == "多行\n\r\t\0x\x1a\\ ;\n;\n😀"
    assert first["摘要"] == "付“办公”'用品"
    assert (first["b"], first["bits"], first["zf"]) == ("00ff0a0d275c", "341", "000012")
    assert (first["m"], first["big"]) == ("123456789012345678.0123456789", "18446744073709551615")
    assert (first["dt"], first["dz"]) == ("2026-03-31 23:59:59.123456", "0000-00-00")
    assert first["ts"] == "2026-03-31 08:00:00"  # the test wrote it in UTC
    assert (second["摘要"], second["t"], second["b"]) == (None, "", "")
    assert (second["f"], second["d"]) == ("16777216", "0." + "0" * 299 + "1")
    assert third["dz"] == "2026-02-31"
    assert (third["摘要"], third["t"], third["l"]) == ("", "a ", "a")


def test_rows_are_ordered_by_bytes_whatever_their_collation(tables: MysqlTables) -> None:
    assert list(map(list, tables.rows("nokey", ["a"]))) == [
        *([None, "2"], ["X", "1"], ["x", "1"], ["x", "1"], ["x ", "1"]),
    ]


def test_a_table_that_is_not_there_has_no_columns(tables: MysqlTables) -> None:
    assert tables.columns("nowhere") == ()


def test_a_view_is_a_table_to_a_profile(tables: MysqlTables) -> None:
    assert tables.columns("z视图") == ("id", "摘要")


def test_two_tables_cannot_be_streamed_at_once_over_one_instant(tables: MysqlTables) -> None:
    rows = tables.rows("nokey", ["a"])
    next(rows)
    with pytest.raises(RuntimeError):
        next(tables.rows("child", []))
