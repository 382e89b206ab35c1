"""A live SQLite database as a source: the contract, one instant, and no harm to its owner."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from baozhang.errors import SourceBusyError, SourceUnreadableError, UsageError
from baozhang.sources.base import Item, Source
from baozhang.sources.sqlite import SqliteSource
from tests.contracts.source_contract import SourceContract, pour
from tests.sources.ledgers import add_voucher, book

JOURNALS = pytest.mark.parametrize("journal", ["DELETE", "WAL"])


class TestSqliteSource(SourceContract):
    @pytest.fixture
    def source(self, tmp_path: Path) -> Source:
        (tmp_path / "live").mkdir()
        book(tmp_path / "live" / "book.db", 3)
        return source_of(tmp_path / "live" / "book.db")

    @pytest.fixture
    def missing(self, tmp_path: Path) -> Source:
        return source_of(tmp_path / "nowhere.db")

    @pytest.fixture
    def source_at(self) -> Callable[[Path], Source]:
        return lambda target: source_of(target, name="book.db")


class TestSqliteSourceInWalMode(TestSqliteSource):
    @pytest.fixture
    def source(self, tmp_path: Path) -> Source:
        (tmp_path / "live").mkdir()
        book(tmp_path / "live" / "book.db", 3, journal="WAL")
        return source_of(tmp_path / "live" / "book.db")


def source_of(path: Path, *, name: str | None = None, wait: float = 10) -> SqliteSource:
    scratch = path.parent / "scratch"
    return SqliteSource(path, name=name, profile="yonyou_t3", scratch=scratch, wait=wait)


@contextmanager
def program(path: Path, mode: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the foreign program beside the test until the `with` ends."""
    command = [sys.executable, "-m", "tests.sources.writer", str(path), mode]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.communicate()


def image(source: Source) -> tuple[Item, bytes]:
    with source.freeze() as frozen:
        (item,) = frozen.items()
        with frozen.open(item) as stream:
            return item, stream.read()


def sums(content: bytes) -> tuple[int, int, int]:
    """Return lines, debit and credit of an image."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(as_rollback(content))
        question = "SELECT count(*), sum(md), sum(mc) FROM GL_accvouch"
        answer: tuple[int, int, int] = connection.execute(question).fetchone()
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return answer


def as_rollback(content: bytes) -> bytes:
    """Return an image that a database in memory can be, which knows no WAL mode."""
    return content[:18] + b"\x01\x01" + content[20:]


# --- one instant of a live database -------------------------------------------------------------


@JOURNALS
def test_every_image_taken_beside_a_writer_balances(tmp_path: Path, journal: str) -> None:
    source = source_of(book(tmp_path / "book.db", 50, journal=journal))
    seen = []
    with program(tmp_path / "book.db", "loop"):
        while len(seen) < 25 or len(set(seen)) < 3:  # the writer did write meanwhile
            seen.append(sums(image(source)[1]))
    assert all(debit == credit and lines % 2 == 0 for lines, debit, credit in seen)


@JOURNALS
def test_the_writer_loses_nothing_to_the_copies(tmp_path: Path, journal: str) -> None:
    path = book(tmp_path / "book.db", 50, journal=journal)
    with program(path, "loop") as process:
        for _ in range(10):
            image(source_of(path))
        last = int(process.communicate()[0])
    assert sums(image(source_of(path))[1])[0] == 2 * last


def test_books_are_read_from_the_same_instant_as_the_image(tmp_path: Path) -> None:
    path = book(tmp_path / "book.db", 50, journal="WAL")
    with program(path, "loop"), source_of(path).freeze() as frozen:
        (item,) = frozen.items()
        (reader,) = frozen.ledgers()
        lines = list(reader.lines())
        with frozen.open(item) as stream:
            assert len(lines) == sums(stream.read())[0]


def test_a_commit_that_is_only_in_the_log_is_in_the_image(tmp_path: Path) -> None:
    path = book(tmp_path / "book.db", 3, journal="WAL")
    with closing(sqlite3.connect(path)) as owner:
        add_voucher(owner, 4)
        owner.commit()
        assert sums(image(source_of(path))[1])[0] == 8


def test_a_commit_left_in_the_log_by_a_killed_program_is_in_the_image(tmp_path: Path) -> None:
    path = book(tmp_path / "book.db", 3, journal="WAL")
    with program(path, "loop") as process:
        process.kill()
    assert path.with_name("book.db-wal").stat().st_size
    before = path.read_bytes()
    _, debit, credit = sums(image(source_of(path))[1])
    assert (debit == credit, path.read_bytes() == before) == (True, True)


def test_what_a_killed_program_had_not_committed_is_not_in_the_image(tmp_path: Path) -> None:
    path = book(tmp_path / "book.db", 200)
    expected = sums(path.read_bytes())
    with program(path, "die"):
        pass
    assert path.with_name("book.db-journal").exists()
    assert sums(image(source_of(path))[1]) == expected


def test_a_writer_that_does_not_let_go_makes_the_source_busy(tmp_path: Path) -> None:
    path = book(tmp_path / "book.db", 3)
    source = source_of(path, wait=0.05)
    with program(path, "hold"), pytest.raises(SourceBusyError), source.freeze():
        pass


def test_a_writer_in_wal_mode_keeps_nobody_from_reading(tmp_path: Path) -> None:
    path = book(tmp_path / "book.db", 3, journal="WAL")
    with program(path, "hold"):
        assert sums(image(source_of(path, wait=0.05))[1])[0] == 6


def test_a_copy_does_not_drop_the_locks_this_process_holds(tmp_path: Path) -> None:
    path = book(tmp_path / "book.db", 3)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM code").fetchone()
        image(source_of(path))
        asked = subprocess.run(
            [sys.executable, "-c", ASK, path], check=False, capture_output=True, text=True
        )
    assert "database is locked" in asked.stderr


ASK = """
import sqlite3, sys
sqlite3.connect(sys.argv[1], timeout=0).execute("BEGIN EXCLUSIVE")
"""


# --- equal databases, equal items ---------------------------------------------------------------


@JOURNALS
def test_one_changed_cent_changes_the_item(tmp_path: Path, journal: str) -> None:
    path = book(tmp_path / "book.db", 3, journal=journal)
    before = image(source_of(path))[0]
    with closing(sqlite3.connect(path)) as owner:
        owner.execute("UPDATE GL_accvouch SET md = md + 1 WHERE ino_id = 3")
        owner.commit()
    os.utime(path, ns=(before.mtime_ns, before.mtime_ns))
    assert image(source_of(path))[0].change != before.change


def test_an_open_database_that_nobody_writes_gives_equal_items(tmp_path: Path) -> None:
    path = book(tmp_path / "book.db", 3, journal="WAL")
    with program(path, "idle"):
        assert image(source_of(path)) == image(source_of(path))


@JOURNALS
def test_a_database_at_rest_and_its_image_are_equal_byte_for_byte(
    tmp_path: Path, journal: str
) -> None:
    path = tmp_path / "book.db"
    book(path, 3, journal=journal)
    with closing(sqlite3.connect(path)) as connection:
        add_voucher(connection, 4)
        connection.execute("CREATE TABLE later (x)")  # a new schema cookie
        connection.commit()
    with source_of(path).freeze() as frozen:
        poured = pour(frozen, tmp_path / "poured")
    assert (poured / "book.db").read_bytes() == path.read_bytes()


def test_pages_keep_their_places(tmp_path: Path) -> None:
    path = book(tmp_path / "book.db", 500)
    with closing(sqlite3.connect(path)) as owner:
        owner.execute("DELETE FROM GL_accvouch WHERE ino_id % 3 = 0")
        owner.commit()
    original, copy = path.read_bytes(), image(source_of(path))[1]
    assert (len(copy), copy[100:]) == (len(original), original[100:])


def test_mode_owner_and_time_are_those_of_the_original(tmp_path: Path) -> None:
    path = book(tmp_path / "book.db", 3)
    path.chmod(0o640)
    os.utime(path, ns=(1, 12345))
    item = image(source_of(path))[0]
    assert (item.path, item.mode, item.mtime_ns) == (b"book.db", 0o640, 12345)


def test_the_time_of_a_filled_log_counts(tmp_path: Path) -> None:
    path = book(tmp_path / "book.db", 3, journal="WAL")
    with closing(sqlite3.connect(path)) as owner:
        add_voucher(owner, 4)
        owner.commit()
        os.utime(path, ns=(1, 1))
        os.utime(path.with_name("book.db-wal"), ns=(2, 2))
        assert image(source_of(path))[0].mtime_ns == 2


def test_the_file_may_have_another_name_in_the_backup(tmp_path: Path) -> None:
    path = book(tmp_path / "book.db", 3)
    assert image(source_of(path, name="account-set.db"))[0].path == b"account-set.db"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b"])
def test_a_name_that_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        source_of(tmp_path / "book.db", name=name)


def test_a_name_that_is_no_text_and_looks_like_a_query_is_a_name(tmp_path: Path) -> None:
    path = book(tmp_path / os.fsdecode(b"b\xff?mode=x#%20.db"), 3)
    item, content = image(source_of(path))
    assert (item.path, sums(content)[0]) == (b"b\xff?mode=x#%20.db", 6)


def test_a_link_to_a_database_is_the_database(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(book(tmp_path / "book.db", 3))
    item, content = image(source_of(tmp_path / "link.db"))
    assert (item.path, item.kind, sums(content)[0]) == (b"link.db", "file", 6)


def test_a_database_without_a_page_is_a_database_without_a_table(tmp_path: Path) -> None:
    (tmp_path / "new.db").touch()
    _, content = image(SqliteSource(tmp_path / "new.db", scratch=tmp_path / "scratch"))
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(content)
        assert connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)


def test_without_a_profile_there_are_no_books(tmp_path: Path) -> None:
    source = SqliteSource(book(tmp_path / "book.db", 3), scratch=tmp_path / "scratch")
    with source.freeze() as frozen:
        assert list(frozen.ledgers()) == []


# --- nothing left behind ------------------------------------------------------------------------


@JOURNALS
def test_neither_folder_nor_database_shows_that_a_copy_was_made(
    tmp_path: Path, journal: str
) -> None:
    (tmp_path / "live").mkdir()
    path = book(tmp_path / "live" / "book.db", 3, journal=journal)
    before = path.read_bytes(), path.stat().st_mtime_ns
    image(SqliteSource(path, scratch=tmp_path / "scratch"))
    assert os.listdir(path.parent) == ["book.db"]
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_the_copy_is_gone_afterwards(tmp_path: Path) -> None:
    image(source_of(book(tmp_path / "book.db", 3)))
    assert os.listdir(tmp_path / "scratch") == []


KILLED = """
import os, sys
from pathlib import Path
from baozhang.sources.sqlite import SqliteSource
with SqliteSource(Path(sys.argv[1]), scratch=Path(sys.argv[2])).freeze():
    os._exit(9)
"""


def test_a_copy_left_by_a_killed_run_is_removed_by_the_next(tmp_path: Path) -> None:
    path, scratch = book(tmp_path / "book.db", 3), tmp_path / "scratch"
    killed = subprocess.run([sys.executable, "-c", KILLED, path, scratch], check=False)
    assert (killed.returncode, len(os.listdir(scratch))) == (9, 1)
    image(source_of(path))
    assert os.listdir(scratch) == []


def test_a_copy_that_is_in_use_is_not_removed_by_another_run(tmp_path: Path) -> None:
    source = source_of(book(tmp_path / "book.db", 3))
    with source.freeze() as frozen:
        image(source)
        (item,) = frozen.items()
        with frozen.open(item) as stream:
            assert len(stream.read()) == item.size


def test_nobody_else_may_read_the_copy(tmp_path: Path) -> None:
    with source_of(book(tmp_path / "book.db", 3)).freeze():
        (folder,) = (tmp_path / "scratch").iterdir()
        assert (folder.stat().st_mode & 0o777, (folder / "book.db").stat().st_mode & 0o777) == (
            0o700,
            0o600,
        )


# --- not a database, or no longer ---------------------------------------------------------------


def refused(path: Path) -> SourceUnreadableError:
    with pytest.raises(SourceUnreadableError) as caught, source_of(path).freeze():
        pass
    return caught.value


def test_another_file_is_not_a_database(tmp_path: Path) -> None:
    (tmp_path / "book.db").write_bytes(b"x" * 5000)
    error = refused(tmp_path / "book.db")
    assert (error.template, error.facts["path"]) == (
        "{path} is damaged, or not an SQLite database",
        str(tmp_path / "book.db"),
    )


def test_a_folder_is_not_a_database(tmp_path: Path) -> None:
    assert refused(tmp_path).template == "{path} is not a file"


def test_a_damaged_page_is_found_before_it_is_stored(tmp_path: Path) -> None:
    path = book(tmp_path / "book.db", 500)
    content = bytearray(path.read_bytes())
    content[4096 * 2 : 4096 * 2 + 200] = b"\xee" * 200
    path.write_bytes(content)
    assert refused(path).template == "{path} is damaged, or not an SQLite database"


def test_a_database_cut_short_is_found_before_it_is_stored(tmp_path: Path) -> None:
    path = book(tmp_path / "book.db", 500)
    os.truncate(path, path.stat().st_size // 2)
    assert refused(path).template == "{path} is damaged, or not an SQLite database"


def test_functions_and_orders_that_only_its_program_knows_do_not_make_it_damaged(
    tmp_path: Path,
) -> None:
    path = tmp_path / "book.db"
    with closing(sqlite3.connect(path)) as owner:
        owner.create_function("fine", 1, lambda value: 1, deterministic=True)
        owner.create_collation("own", lambda a, b: (a > b) - (a < b))
        owner.execute("CREATE TABLE t (a CHECK (fine(a)), b COLLATE own PRIMARY KEY) WITHOUT ROWID")
        owner.executemany("INSERT INTO t VALUES (?, ?)", [(1, "x"), (2, "y")])
        owner.commit()
    item, _ = image(SqliteSource(path, scratch=tmp_path / "scratch"))
    assert item.size == path.stat().st_size


def test_a_row_that_breaks_a_constraint_of_its_table_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    with closing(sqlite3.connect(path)) as owner:
        owner.execute("CREATE TABLE t (a CHECK (a > 0))")
        owner.execute("PRAGMA ignore_check_constraints=ON")
        owner.execute("INSERT INTO t VALUES (-1)")
        owner.commit()
    item, _ = image(SqliteSource(path, scratch=tmp_path / "scratch"))
    assert item.size == path.stat().st_size


# --- putting a database back --------------------------------------------------------------------


@pytest.fixture
def restored(tmp_path: Path) -> Path:
    (tmp_path / "old").mkdir()
    with source_of(book(tmp_path / "old" / "book.db", 3, journal="WAL")).freeze() as frozen:
        return pour(frozen, tmp_path / "restored")


def lines(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        answer: tuple[int] = connection.execute("SELECT count(*) FROM GL_accvouch").fetchone()
    return answer[0]


@JOURNALS
def test_a_database_is_replaced_and_the_old_one_kept(
    tmp_path: Path, restored: Path, journal: str
) -> None:
    target = book(tmp_path / "book.db", 9, journal=journal)
    aside = source_of(target).publish(restored, target, replace=True)
    assert aside == tmp_path / "book.db.replaced-1"
    assert (lines(target), lines(aside)) == (6, 18)


def test_a_commit_left_in_a_log_is_kept_and_does_not_spoil_the_new_database(
    tmp_path: Path, restored: Path
) -> None:
    target = book(tmp_path / "book.db", 9, journal="WAL")
    with program(target, "loop") as process:
        process.kill()
    assert target.with_name("book.db-wal").stat().st_size
    aside = source_of(target).publish(restored, target, replace=True)
    assert aside is not None
    assert (lines(target), lines(aside) > 18) == (6, True)


def test_a_damaged_database_is_replaced_and_its_leftovers_kept_beside_it(
    tmp_path: Path, restored: Path
) -> None:
    target = tmp_path / "book.db"
    target.write_bytes(b"ransomed" * 1000)
    for ending in ("-wal", "-shm", "-journal"):
        target.with_name(target.name + ending).write_bytes(b"stale")
    aside = source_of(target).publish(restored, target, replace=True)
    assert aside is not None
    assert (lines(target), aside.read_bytes()[:8]) == (6, b"ransomed")
    assert aside.with_name(aside.name + "-wal").read_bytes() == b"stale"


def test_leftovers_of_a_database_that_is_gone_do_not_spoil_the_new_one(
    tmp_path: Path, restored: Path
) -> None:
    target = tmp_path / "book.db"
    for ending in ("-wal", "-journal"):
        target.with_name(target.name + ending).write_bytes(b"stale")
    source_of(target).publish(restored, target)
    assert (lines(target), (tmp_path / "book.db.replaced-1-wal").read_bytes()) == (6, b"stale")


@pytest.mark.parametrize(
    ("journal", "mode"), [("DELETE", "hold"), ("DELETE", "read"), ("WAL", "hold"), ("WAL", "idle")]
)
def test_a_database_in_use_is_not_replaced(
    tmp_path: Path, restored: Path, journal: str, mode: str
) -> None:
    target = book(tmp_path / "book.db", 9, journal=journal)
    with program(target, mode), pytest.raises(SourceBusyError):
        source_of(target, wait=0.05).publish(restored, target, replace=True)
    assert lines(target) == 18


def test_a_damaged_image_replaces_nothing(tmp_path: Path, restored: Path) -> None:
    target = book(tmp_path / "book.db", 9)
    content = bytearray((restored / "book.db").read_bytes())
    content[4096 * 2 : 4096 * 2 + 200] = b"\xee" * 200
    (restored / "book.db").write_bytes(content)
    with pytest.raises(SourceUnreadableError):
        source_of(target).publish(restored, target, replace=True)
    assert lines(target) == 18


def test_a_folder_takes_the_database_under_its_name(tmp_path: Path, restored: Path) -> None:
    (tmp_path / "target").mkdir()
    source_of(tmp_path / "live.db", name="book.db").publish(restored, tmp_path / "target")
    assert lines(tmp_path / "target" / "book.db") == 6


def test_mode_and_time_come_back(tmp_path: Path, restored: Path) -> None:
    (restored / "book.db").chmod(0o640)
    os.utime(restored / "book.db", ns=(1, 12345))
    source_of(tmp_path / "book.db").publish(restored, tmp_path / "book.db")
    status = (tmp_path / "book.db").stat()
    assert (status.st_mode & 0o777, status.st_mtime_ns) == (0o640, 12345)
