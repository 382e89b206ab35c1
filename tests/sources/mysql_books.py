"""Books in a MariaDB database for the tests of its source."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from baozhang.sources.mysql import MysqlSource
from baozhang.sources.mysql_session import Login, session
from tests.servers.mariadb import Mariadb

BOOKS = """
CREATE DATABASE `{name}` CHARACTER SET gbk COLLATE gbk_chinese_ci;
USE `{name}`;
CREATE TABLE code (
    ccode VARCHAR(40) NOT NULL PRIMARY KEY, ccode_name VARCHAR(60), cclass VARCHAR(20),
    bproperty TINYINT, bend BIT(1)
) ENGINE=InnoDB;
INSERT INTO code VALUES ('1001', '库存现金', '资产', 1, b'1'),
    ('6001', '主营业务收入', '损益', 0, b'1');
CREATE TABLE GL_accvouch (
    i_id INT AUTO_INCREMENT PRIMARY KEY, iyear SMALLINT, iperiod TINYINT, csign VARCHAR(8),
    ino_id INT, inid INT, dbill_date DATETIME, cdigest VARCHAR(120), ccode VARCHAR(40),
    ccus_id VARCHAR(20), csup_id VARCHAR(20), md DECIMAL(19,4), mc DECIMAL(19,4), ibook TINYINT,
    iflag TINYINT, 备注 TEXT CHARACTER SET utf8mb4, KEY (iyear, iperiod, ino_id)
) ENGINE=InnoDB;
"""


def books(mariadb: Mariadb, name: str = "账套001", vouchers: int = 3) -> str:
    """Make a database with balanced vouchers in the layout of the profile `yonyou_t3`."""
    script = BOOKS.format(name=name)
    mariadb.sql(script + "".join(voucher(number) for number in range(1, vouchers + 1)))
    return name


def voucher(number: int) -> str:
    """Return the statement of one balanced voucher of two lines."""
    head = f"2026, 3, '记', {number}"
    return (
        "INSERT INTO GL_accvouch (iyear, iperiod, csign, ino_id, inid, dbill_date, cdigest, ccode,"
        " ccus_id, csup_id, md, mc, ibook, iflag, 备注) VALUES"
        f" ({head}, 1, '2026-03-31', '收货款', '1001', '', NULL, {number}, 0, 1, 0, '😀'),"
        f" ({head}, 2, '2026-03-31', '收货款', '6001', '', NULL, 0, {number}, 1, 0, NULL);\n"
    )


def source_of(
    mariadb: Mariadb, name: str, scratch: Path, *, profile: str | None = "yonyou_t3"
) -> MysqlSource:
    """Return the source of a database, read and restored by root."""
    return MysqlSource(mariadb.server(), name, profile=profile, scratch=scratch, wait=5)


@contextmanager
def writing(mariadb: Mariadb, name: str) -> Iterator[Callable[[], int]]:
    """Commit balanced vouchers, and change old ones, as fast as it goes, until the `with` ends.

    Yields what tells how many have been committed so far.
    """
    stop, done = threading.Event(), [0]

    def write() -> None:
        with session(Login(mariadb.server(), None), name) as own:
            number = 1_000
            while not stop.is_set():
                number += 1
                own.execute("START TRANSACTION")
                own.execute(voucher(number))
                own.execute("UPDATE GL_accvouch SET md = md + 1 WHERE ino_id = 1 AND inid = 1")
                own.execute("UPDATE GL_accvouch SET mc = mc + 1 WHERE ino_id = 1 AND inid = 2")
                own.execute("COMMIT")
                done[0] += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield lambda: done[0]
    finally:
        stop.set()
        thread.join()


def wait_until(done: Callable[[], bool]) -> None:
    """Wait for another thread."""
    until = time.monotonic() + 60
    while not done():
        assert time.monotonic() < until
        time.sleep(0.001)
