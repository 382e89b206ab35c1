"""A SQL Server as a source, against a server that answers as its documentation says."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from baozhang.books.taking import take_proof
from baozhang.errors import LedgerFormatError, SourceBusyError, SourceUnreadableError
from baozhang.sources.base import Source
from baozhang.sources.mssql import MssqlSource
from baozhang.sources.mssql_session import HINT_TEMPLATES, Login
from tests.contracts.source_contract import SourceContract, pour
from tests.sources.sql_server import Instance, Table, refused
from tests.sources.t3 import DATABASE, LOGIN, T, assert_closed, ledger, making, refusing


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


class TestContract(SourceContract):
    @pytest.fixture
    def source(self, make: Callable[..., MssqlSource]) -> Source:
        return make()

    @pytest.fixture
    def missing(self, make: Callable[..., MssqlSource]) -> Source:
        return make("nowhere")

    @pytest.fixture
    def source_at(self, make: Callable[..., MssqlSource]) -> Callable[[Path], Source]:
        return lambda target: _Renamed(make(target.name))

    def test_two_freezes_of_an_unchanged_source_give_equal_items(self, source: Source) -> None:
        """Equal but for the time: the server writes a new file for every backup."""
        times = []
        for _ in range(2):
            with source.freeze() as frozen:
                times.append([item._replace(mtime_ns=0) for item in frozen.items()])
        assert times[0] == times[1]

    def test_what_is_replaced_is_kept_where_the_answer_says(
        self, source: Source, tmp_path: Path, restored: Path, instance: Instance
    ) -> None:
        source.publish(restored, restored.with_name("target"))
        with source.freeze() as frozen:
            second = pour(frozen, tmp_path / "place" / "second")
        kept = source.publish(second, restored.with_name("target"), replace=True)
        assert kept is not None
        assert {kept.name, "target"} <= instance.databases.keys()

    def test_what_is_published_is_what_was_backed_up(
        self, source: Source, restored: Path, source_at: Callable[[Path], Source]
    ) -> None:
        """A backup of another database is another file; the book in it is the same."""
        source.publish(restored, restored.with_name("target"))
        roots = []
        for each in (source, source_at(restored.with_name("target"))):
            with each.freeze() as frozen:
                roots += [take_proof(reader).chunks for reader in frozen.ledgers()]
        assert roots[0] == roots[1]


class _Renamed:
    def __init__(self, source: MssqlSource) -> None:
        self.freeze = source.freeze


def test_the_backup_leaves_the_agencys_own_chain_alone_and_is_read_back(
    make: Callable[..., MssqlSource], instance: Instance
) -> None:
    with make().freeze():
        pass
    statements = [statement for statement, _ in instance.said]
    (backup,) = (number for number, text in enumerate(statements) if text.startswith("BACKUP"))
    assert "COPY_ONLY, CHECKSUM" in statements[backup]
    assert [text for text in statements[backup + 1 :] if text.startswith("RESTORE VERIFYONLY")]


def test_a_table_of_the_database_says_whose_book_it_is(
    make: Callable[..., MssqlSource], instance: Instance, tmp_path: Path
) -> None:
    table = Table([("cAcc_Id", T), ("cUnitTaxNo", T)], [("006", "91330106MA2CF1L35X  ")])
    instance.databases[DATABASE].tables["UA_Account"] = table
    with make().freeze() as frozen:
        owners = [reader.book.owner for reader in frozen.ledgers()]
        restored = pour(frozen, tmp_path / "restored")
    with make().restored_books(restored) as books:
        owners += [reader.book.owner for reader in books]
    assert owners == ["91330106MA2CF1L35X"] * 2


@pytest.mark.parametrize("name", ["账套%s", "100%d", "a]b%%"])
def test_a_database_may_be_called_like_a_placeholder(
    make: Callable[..., MssqlSource], instance: Instance, name: str
) -> None:
    instance.databases[name] = instance.databases.pop(DATABASE)
    with make(name).freeze() as frozen:
        assert [item.path.decode() for item in frozen.items()] == [f"{name}.bak"]


def test_the_ledger_is_read_before_and_after_the_backup(
    make: Callable[..., MssqlSource], instance: Instance
) -> None:
    with make().freeze():
        pass
    order = [
        "B" if text.startswith("BACKUP") else "R"
        for text, _ in instance.said
        if text.startswith("BACKUP") or "FROM [GL_accvouch]" in text
    ]
    assert order == ["R", "B", "R"]


def test_a_voucher_booked_during_the_backup_makes_it_fail_for_now(
    make: Callable[..., MssqlSource], instance: Instance
) -> None:
    rows = instance.databases[DATABASE].tables["GL_accvouch"].rows

    def book(statement: str) -> None:
        if statement.startswith("BACKUP"):
            rows.append((*rows[0][:4], 3, *rows[0][5:]))

    instance.before = book
    with pytest.raises(SourceBusyError, match="changed while"), make().freeze():
        pass


def test_nothing_is_left_in_the_drop_or_in_scratch(
    make: Callable[..., MssqlSource], drop: Path, tmp_path: Path
) -> None:
    with make().freeze() as frozen:
        list(frozen.items())
    assert list(drop.iterdir()) == []
    assert list((tmp_path / "scratch").glob("freeze-*")) == []


@pytest.fixture
def restored(make: Callable[..., MssqlSource], tmp_path: Path) -> Path:
    with make().freeze() as frozen:
        return pour(frozen, tmp_path / "restored")


def test_backup_files_are_read_by_the_login_that_may_create_databases(
    make: Callable[..., MssqlSource], instance: Instance
) -> None:
    with make().freeze():
        pass
    logins = {text.partition(" ")[0]: (by, where) for by, where, text in instance.sent}
    assert logins["BACKUP"] == ("baozhang_read", DATABASE)
    assert logins["RESTORE"] == ("baozhang_restore", "master")


def test_a_login_that_may_not_create_databases_cannot_read_a_backup_file(
    make: Callable[..., MssqlSource],
) -> None:
    with (
        pytest.raises(SourceUnreadableError, match="lacks a right in master"),
        make(restore_to=None).freeze(),
    ):
        pass


def test_a_table_that_stays_locked_is_waited_for_a_minute(
    make: Callable[..., MssqlSource], instance: Instance
) -> None:
    instance.databases[DATABASE].tables["GL_accvouch"].locked = True
    with pytest.raises(SourceBusyError, match="stayed locked"), make().freeze():
        pass
    assert ("SET LOCK_TIMEOUT 60000", ()) in instance.said


def test_a_session_that_cannot_be_set_up_is_closed(
    make: Callable[..., MssqlSource], instance: Instance
) -> None:
    instance.before = refusing("SET LOCK_TIMEOUT", 20004)
    with pytest.raises(SourceBusyError), make().freeze():
        pass
    assert instance.open == 0


def unfit(instance: Instance) -> None:
    instance.databases[DATABASE].tables["code"].columns[0] = ("ccode2", T)


def strange(instance: Instance) -> None:
    rows = instance.databases[DATABASE].tables["code"].rows
    rows[0] = (*rows[0][:1], frozenset(), *rows[0][2:])


@pytest.mark.parametrize("change", [unfit, strange])
def test_a_book_that_its_profile_does_not_fit_is_backed_up_and_told_of(
    make: Callable[..., MssqlSource],
    instance: Instance,
    tmp_path: Path,
    change: Callable[[Instance], None],
) -> None:
    change(instance)
    with make().freeze() as frozen:
        assert (pour(frozen, tmp_path / "restored") / f"{DATABASE}.bak").stat().st_size
        with pytest.raises(LedgerFormatError):
            list(frozen.ledgers())


def test_a_book_that_is_none_is_backed_up_while_somebody_books(
    make: Callable[..., MssqlSource], instance: Instance
) -> None:
    strange(instance)
    rows = instance.databases[DATABASE].tables["GL_accvouch"].rows

    def book(statement: str) -> None:
        if statement.startswith("BACKUP"):
            rows.append((*rows[0][:4], 3, *rows[0][5:]))

    instance.before = book
    with make().freeze() as frozen:
        assert list(frozen.items())


def test_a_column_that_becomes_what_no_ledger_has_counts_as_a_change(
    make: Callable[..., MssqlSource], instance: Instance
) -> None:
    def before(statement: str) -> None:
        if statement.startswith("BACKUP"):
            instance.databases[DATABASE].tables["GL_accvouch"].rows[0] = (frozenset(),) * 14

    instance.before = before
    with pytest.raises(SourceBusyError, match="changed while"), make().freeze():
        pass


def test_a_wrong_password_says_what_to_do_and_nothing_of_the_driver(
    make: Callable[..., MssqlSource],
) -> None:
    wrong = Login(LOGIN.server, lambda: "wrong")
    with pytest.raises(SourceUnreadableError) as caught, make(login=wrong).freeze():
        pass
    assert caught.value.hint == HINT_TEMPLATES["login"]
    assert "91110000000000001H" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("statement", "number", "kind", "word"),
    [
        ("BACKUP", 262, SourceUnreadableError, "lacks a right"),
        ("BACKUP", 3201, SourceUnreadableError, "cannot read or write the backup file"),
        ("BACKUP", 112, SourceUnreadableError, "disk of t3.example is full"),
        ("BACKUP", 3043, SourceUnreadableError, "damaged"),
        ("BACKUP", 3023, SourceBusyError, "in use"),
        (
            "RESTORE VERIFY",
            3256,
            SourceUnreadableError,
            "backup file of UFDATA_006_2026 is damaged",
        ),
        ("SELECT c.TABLE", 20004, SourceBusyError, "was lost"),
        ("SELECT [", 208, SourceBusyError, "changed or dropped"),
        ("SELECT [", 1222, SourceBusyError, "locked"),
        ("BACKUP", 99999, SourceUnreadableError, "error 99999"),
    ],
)
def test_what_the_server_refuses_is_said_in_words(
    make: Callable[..., MssqlSource],
    instance: Instance,
    statement: str,
    number: int,
    kind: type[Exception],
    word: str,
) -> None:
    def refuse(text: str) -> None:
        if text.startswith(statement):
            raise refused(number)

    instance.before = refuse
    with pytest.raises(kind, match=word), make().freeze():
        pass


def test_a_database_that_is_offline_is_named_so(
    make: Callable[..., MssqlSource], instance: Instance
) -> None:
    instance.databases[DATABASE].state = "SUSPECT"
    with pytest.raises(SourceUnreadableError, match="SUSPECT"), make().freeze():
        pass


def test_a_drop_that_is_not_the_same_folder_is_noticed(
    make: Callable[..., MssqlSource], instance: Instance, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    instance.folder = tmp_path / "elsewhere"
    with pytest.raises(SourceUnreadableError, match="it is not in"), make().freeze():
        pass


def test_a_statement_holds_names_in_brackets_and_no_value(
    make: Callable[..., MssqlSource], instance: Instance, restored: Path
) -> None:
    with make().restored_books(restored) as books:
        list(books)
    sent = [text.replace(f"[{DATABASE}]", "") for text, _ in instance.said]
    assert not [text for text in sent if DATABASE in text or "D:\\" in text]


@pytest.fixture(autouse=True)
def everything_is_closed(instance: Instance) -> Iterator[None]:
    yield
    assert_closed(instance)
