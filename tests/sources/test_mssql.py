"""A SQL Server as a source, against a server that answers as its documentation says."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from baozhang.books.taking import take_proof
from baozhang.errors import SourceBusyError, SourceUnreadableError, UsageError
from baozhang.sources.base import Source
from baozhang.sources.mssql import Drop, MssqlSource
from baozhang.sources.mssql_session import HINT_TEMPLATES, Login
from baozhang.sources.servers import Server
from tests.contracts.source_contract import SourceContract, pour
from tests.sources.sql_server import Database, Instance, Table, refused

DATABASE = "UFDATA_006_2026"
LOGIN = Login(Server("baozhang_read", host="t3.example"), lambda: "right")
N, M, T = "int", "money", "nvarchar"


def ledger() -> Database:
    lines = [
        (2026, 3, "记", 1, 1, "2026-03-05 00:00:00", "100201", Decimal("120.5500"), Decimal(0)),
        (2026, 3, "记", 1, 2, "2026-03-05 00:00:00", "5001", Decimal(0), Decimal("120.5500")),
        (2026, 3, "记", 2, 1, "2026-03-06 00:00:00", "5602", Decimal("7.0000"), Decimal(0)),
        (2026, 3, "记", 2, 2, "2026-03-06 00:00:00", "100201", Decimal(0), Decimal("7.0000")),
    ]
    rows = [(*line[:6], "摘要", line[6], None, None, *line[7:], 1, 0) for line in lines]
    vouchers = Table(
        [
            *(("iyear", N), ("iperiod", N), ("csign", T), ("ino_id", N), ("inid", N)),
            *(("dbill_date", T), ("cdigest", T), ("ccode", T), ("ccus_id", T), ("csup_id", T)),
            *(("md", M), ("mc", M), ("ibook", N), ("iflag", N)),
        ],
        rows,
    )
    chart = Table(
        [("ccode", T), ("ccode_name", T), ("cclass", T), ("bproperty", N), ("bend", N)],
        [
            (code, "名称", "资产", 1, int(code != "1002"))
            for code in ("1002", "100201", "5001", "5602")
        ],
    )
    return Database({"GL_accvouch": vouchers, "code": chart})


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    (tmp_path / "drop").mkdir()
    return tmp_path / "drop"


@pytest.fixture
def instance(drop: Path) -> Instance:
    return Instance(drop, {DATABASE: ledger()})


@pytest.fixture
def make(instance: Instance, drop: Path, tmp_path: Path) -> Callable[..., MssqlSource]:
    def made(database: str = DATABASE, login: Login = LOGIN) -> MssqlSource:
        return MssqlSource(
            login,
            database,
            drop=Drop(r"D:\baozhang", drop),
            profile="yonyou_t3",
            scratch=tmp_path / "scratch",
            connecting=instance.connect,
        )

    return made


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


def said(instance: Instance) -> list[str]:
    return [statement.partition(" ")[0] for statement, _ in instance.said]


def test_the_backup_leaves_the_agencys_own_chain_alone_and_is_read_back(
    make: Callable[..., MssqlSource], instance: Instance
) -> None:
    with make().freeze():
        pass
    statements = [statement for statement, _ in instance.said]
    (backup,) = (number for number, text in enumerate(statements) if text.startswith("BACKUP"))
    assert "COPY_ONLY, CHECKSUM" in statements[backup]
    assert statements[backup + 1].startswith("RESTORE VERIFYONLY")


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
    instance.databases["baozhang_restore_000000000000"] = Database()
    with make().restored_books(restored):
        assert "baozhang_restore_000000000000" not in instance.databases


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


def test_values_never_stand_in_a_statement(
    make: Callable[..., MssqlSource], instance: Instance, restored: Path
) -> None:
    with make().restored_books(restored) as books:
        list(books)
    sent = [text for text, _ in instance.said if "MODIFY" not in text]
    assert not [text for text in sent if DATABASE in text or "D:\\" in text]


def test_a_database_is_replaced_only_when_asked(
    make: Callable[..., MssqlSource], restored: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError):
        make().publish(restored, tmp_path / DATABASE)


@pytest.fixture(autouse=True)
def everything_is_closed(instance: Instance) -> Iterator[None]:
    yield
    assert not [name for name in instance.databases if name.startswith("baozhang_restore_")]
