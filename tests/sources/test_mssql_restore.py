"""What is restored on a SQL Server: checked, read, published, and gone when nobody needs it."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baozhang.books.taking import take_proof
from baozhang.errors import SourceBusyError, SourceUnreadableError, UsageError
from baozhang.sources.mssql import MssqlSource
from tests.contracts.source_contract import pour
from tests.sources.sql_server import Database, Instance, refused
from tests.sources.t3 import DATABASE, LOGIN, assert_closed, ledger, making, refusing

LEFT = "baozhang_restore_000000000000"
LEFT_READY = "baozhang_publish_000000000000"


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    (tmp_path / "drop").mkdir()
    return tmp_path / "drop"


@pytest.fixture
def instance(drop: Path) -> Instance:
    return Instance(drop, {DATABASE: ledger()})


@pytest.fixture
def make(instance: Instance, drop: Path, tmp_path: Path) -> Callable[..., MssqlSource]:
    return making(instance, drop, tmp_path)


@pytest.fixture
def restored(make: Callable[..., MssqlSource], tmp_path: Path) -> Path:
    with make().freeze() as frozen:
        return pour(frozen, tmp_path / "restored")


@pytest.fixture(autouse=True)
def everything_is_closed(instance: Instance) -> Iterator[None]:
    yield
    assert_closed(instance)


def said(instance: Instance) -> list[str]:
    return [statement.partition(" ")[0] for statement, _ in instance.said]


def test_a_restored_book_is_read_from_a_checked_scratch_database_that_goes(
    make: Callable[..., MssqlSource], instance: Instance, restored: Path
) -> None:
    with make().freeze() as frozen:
        (expected,) = (take_proof(reader) for reader in frozen.ledgers())
    with make().restored_books(restored) as books:
        (found,) = (take_proof(reader) for reader in books)
    assert found == expected
    assert any(text.startswith("DBCC CHECKDB") for text, _ in instance.said)
    assert set(instance.databases) == {DATABASE}


def test_a_database_that_fails_its_check_is_not_read_and_goes(
    make: Callable[..., MssqlSource], instance: Instance, tmp_path: Path
) -> None:
    instance.databases[DATABASE].damaged = True
    with make().freeze() as frozen:
        image = pour(frozen, tmp_path / "restored")
    with (
        pytest.raises(SourceUnreadableError, match="check failed"),
        make().restored_books(image),
    ):
        pass
    assert set(instance.databases) == {DATABASE}


def test_what_a_killed_restore_test_left_on_the_server_is_dropped(
    make: Callable[..., MssqlSource], instance: Instance, restored: Path
) -> None:
    instance.databases[LEFT] = Database()
    with make().restored_books(restored):
        assert LEFT not in instance.databases


def test_a_database_whose_restore_was_killed_is_dropped_too(
    make: Callable[..., MssqlSource], instance: Instance, restored: Path
) -> None:
    instance.databases[LEFT] = Database(state="RESTORING")
    with make().restored_books(restored):
        assert LEFT not in instance.databases


def test_a_restore_test_that_runs_is_left_alone_by_the_next_one(
    make: Callable[..., MssqlSource], restored: Path
) -> None:
    with make().restored_books(restored) as first:
        with make().restored_books(restored):
            pass
        assert [len(list(reader.lines())) for reader in first] == [4]


def test_a_database_of_somebody_else_is_never_swept(
    make: Callable[..., MssqlSource], instance: Instance, restored: Path
) -> None:
    instance.databases["baozhang_restore_by_hand"] = Database()
    with make().restored_books(restored):
        pass
    assert instance.databases.pop("baozhang_restore_by_hand")


def test_a_leftover_that_cannot_be_dropped_is_told_of(
    make: Callable[..., MssqlSource], instance: Instance, restored: Path
) -> None:
    instance.databases[LEFT] = Database()
    instance.before = refusing("DROP", 15151)
    with (
        pytest.raises(SourceUnreadableError, match=f"{LEFT} on t3.example cannot be dropped"),
        make().restored_books(restored),
    ):
        pass
    del instance.databases[LEFT]


def test_a_scratch_database_that_stays_is_told_of(
    make: Callable[..., MssqlSource], instance: Instance, restored: Path
) -> None:
    with (
        pytest.raises(SourceUnreadableError, match="cannot be dropped"),
        make().restored_books(restored),
    ):
        instance.before = refusing("DROP", 15151)
    instance.databases = {DATABASE: instance.databases[DATABASE]}


def test_the_lock_of_a_leftover_is_let_go(
    make: Callable[..., MssqlSource], instance: Instance, restored: Path
) -> None:
    instance.databases[LEFT] = Database()
    with make().restored_books(restored):
        assert LEFT not in instance.locks


@pytest.mark.parametrize(("days", "stays"), [(0, True), (2, False)])
def test_a_backup_file_that_a_killed_run_left_goes_after_a_day(
    make: Callable[..., MssqlSource], drop: Path, days: int, *, stays: bool
) -> None:
    left = aged(drop / "baozhang-0123456789abcdef.bak", days)
    with make().freeze():
        pass
    assert left.exists() == stays


def test_a_restore_test_removes_old_backup_files_too(
    make: Callable[..., MssqlSource], drop: Path, restored: Path
) -> None:
    left = aged(drop / "baozhang-0123456789abcdef.bak", 2)
    with make().restored_books(restored):
        assert not left.exists()


def test_an_old_backup_file_of_somebody_else_stays(
    make: Callable[..., MssqlSource], drop: Path
) -> None:
    theirs = aged(drop / "baozhang-by-hand.bak", 400)
    with make().freeze():
        pass
    assert theirs.exists()


def test_an_old_backup_file_that_cannot_be_removed_is_told_of(
    make: Callable[..., MssqlSource], drop: Path
) -> None:
    left = drop / "baozhang-0123456789abcdef.bak"
    left.mkdir()
    aged(left, 2)
    with pytest.raises(SourceUnreadableError, match="cannot be removed"), make().freeze():
        pass


def aged(place: Path, days: int) -> Path:
    if not place.exists():
        place.write_bytes(b"TAPE")
    moment = (datetime.now(UTC) - timedelta(days=days)).timestamp()
    os.utime(place, (moment, moment))
    return place


def test_without_a_profile_a_backup_is_restored_and_checked_all_the_same(
    make: Callable[..., MssqlSource], instance: Instance, restored: Path
) -> None:
    instance.said.clear()
    with make(profile=None).restored_books(restored) as books:
        assert list(books) == []
    assert {"RESTORE", "DBCC"} <= set(said(instance))


def test_without_a_profile_damage_is_noticed(
    make: Callable[..., MssqlSource], instance: Instance, tmp_path: Path
) -> None:
    instance.databases[DATABASE].damaged = True
    with make(profile=None).freeze() as frozen:
        image = pour(frozen, tmp_path / "restored")
    with (
        pytest.raises(SourceUnreadableError, match="check failed"),
        make(profile=None).restored_books(image),
    ):
        pass


def test_a_login_that_is_shown_no_folder_of_the_server_lacks_a_right(
    make: Callable[..., MssqlSource], restored: Path
) -> None:
    with (
        pytest.raises(SourceUnreadableError, match="baozhang_read lacks a right"),
        make(restore_to=LOGIN).restored_books(restored),
    ):
        pass


def renames(instance: Instance, *numbers: int) -> None:
    """Refuse the renames that come at these places, counted from 1, as in use."""
    seen: list[str] = []

    def before(statement: str) -> None:
        if "MODIFY NAME" in statement:
            seen.append(statement)
            if len(seen) in numbers:
                raise refused(5030)

    instance.before = before


@pytest.mark.parametrize("refusal", [1, 2])
def test_a_database_keeps_its_name_when_a_rename_is_refused(
    make: Callable[..., MssqlSource],
    instance: Instance,
    restored: Path,
    tmp_path: Path,
    refusal: int,
) -> None:
    before = instance.databases[DATABASE]
    renames(instance, refusal)
    with pytest.raises(SourceBusyError, match=r"is in use"):
        make().publish(restored, tmp_path / DATABASE, replace=True)
    assert instance.databases == {DATABASE: before}
    assert not before.single


def test_a_database_that_cannot_be_renamed_back_is_told_of_by_both_names(
    make: Callable[..., MssqlSource], instance: Instance, restored: Path, tmp_path: Path
) -> None:
    renames(instance, 2, 3)
    with pytest.raises(
        SourceUnreadableError, match=f"{DATABASE} on .* is called {DATABASE}_before"
    ):
        make().publish(restored, tmp_path / DATABASE, replace=True)


def test_what_is_published_is_open_to_everybody_and_so_is_what_it_replaced(
    make: Callable[..., MssqlSource], instance: Instance, restored: Path, tmp_path: Path
) -> None:
    make().publish(restored, tmp_path / DATABASE, replace=True)
    assert len(instance.databases) == 2
    assert not any(database.single for database in instance.databases.values())


def test_what_is_being_published_is_left_alone_by_a_restore_test(
    make: Callable[..., MssqlSource], instance: Instance, restored: Path, tmp_path: Path
) -> None:
    tested: list[str] = []

    def before(statement: str) -> None:
        if "MODIFY NAME" in statement and not tested:
            tested.append(statement)
            with make().restored_books(restored):
                pass

    instance.before = before
    make().publish(restored, tmp_path / "another")
    assert tested
    assert set(instance.databases) == {DATABASE, "another"}


@pytest.mark.parametrize("state", ["ONLINE", "RESTORING"])
def test_what_a_killed_publish_left_is_dropped_by_the_next(
    make: Callable[..., MssqlSource],
    instance: Instance,
    restored: Path,
    tmp_path: Path,
    state: str,
) -> None:
    instance.databases[LEFT_READY] = Database(state=state)
    make().publish(restored, tmp_path / "another")
    assert set(instance.databases) == {DATABASE, "another"}


def test_what_a_killed_publish_left_is_dropped_by_a_restore_test_too(
    make: Callable[..., MssqlSource], instance: Instance, restored: Path
) -> None:
    instance.databases[LEFT_READY] = Database()
    with make().restored_books(restored):
        assert LEFT_READY not in instance.databases


def test_a_leftover_that_cannot_be_dropped_keeps_no_books_from_coming_back(
    make: Callable[..., MssqlSource], instance: Instance, restored: Path, tmp_path: Path
) -> None:
    instance.databases[LEFT_READY] = Database()
    instance.before = refusing("DROP", 15151)
    make().publish(restored, tmp_path / "another")
    assert set(instance.databases) == {DATABASE, "another", LEFT_READY}
    del instance.databases[LEFT_READY]


def test_what_is_made_to_be_published_goes_when_a_person_stops_it(
    make: Callable[..., MssqlSource], instance: Instance, restored: Path, tmp_path: Path
) -> None:
    def before(statement: str) -> None:
        if statement.startswith("DBCC"):
            raise KeyboardInterrupt

    instance.before = before
    with pytest.raises(KeyboardInterrupt):
        make().publish(restored, tmp_path / "another")
    assert set(instance.databases) == {DATABASE}


@pytest.mark.parametrize("number", [2533, 8928, 211, 99999])
def test_whatever_a_check_finds_is_damage_of_what_was_restored(
    make: Callable[..., MssqlSource], instance: Instance, restored: Path, number: int
) -> None:
    instance.before = refusing("DBCC", number)
    with (
        pytest.raises(SourceUnreadableError, match=f"restored of {DATABASE} is damaged"),
        make().restored_books(restored),
    ):
        pass


@pytest.mark.parametrize(("number", "word"), [(262, "lacks a right"), (20004, "was lost")])
def test_a_check_that_could_not_be_made_is_no_damage(
    make: Callable[..., MssqlSource], instance: Instance, restored: Path, number: int, word: str
) -> None:
    instance.before = refusing("DBCC", number)
    with (
        pytest.raises((SourceUnreadableError, SourceBusyError), match=word),
        make().restored_books(restored),
    ):
        pass


def test_a_backup_file_that_is_none_is_damaged_whatever_the_folders_rights(
    make: Callable[..., MssqlSource], restored: Path
) -> None:
    (restored / f"{DATABASE}.bak").write_bytes(b"\x99" * 5000)
    with (
        pytest.raises(SourceUnreadableError, match=f"file of {DATABASE} is damaged"),
        make().restored_books(restored),
    ):
        pass


def test_a_database_is_replaced_only_when_asked(
    make: Callable[..., MssqlSource], restored: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError):
        make().publish(restored, tmp_path / DATABASE)


def test_a_damaged_backup_is_not_published(
    make: Callable[..., MssqlSource], instance: Instance, tmp_path: Path
) -> None:
    instance.databases[DATABASE].damaged = True
    with make().freeze() as frozen:
        image = pour(frozen, tmp_path / "restored")
    with pytest.raises(SourceUnreadableError, match="is damaged"):
        make().publish(image, tmp_path / "another")
    assert set(instance.databases) == {DATABASE}
