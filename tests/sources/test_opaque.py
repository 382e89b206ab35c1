"""Bytes that are only bytes: what is told of them without their programs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from baozhang.errors import SourceBusyError, SourceUnreadableError
from baozhang.sources.base import LedgerSpec, Source
from baozhang.sources.combined import CombinedSource
from baozhang.sources.ledger_tree import LedgerTreeSource
from baozhang.sources.opaque import OpaqueSource, export_lag
from tests.contracts.source_contract import SourceContract, read_all
from tests.sources.ledgers import fec

JET = b"\x00\x01\x00\x00Standard Jet DB\x00" + bytes(100)
ACE = b"\x00\x01\x00\x00Standard ACE DB\x00" + bytes(100)
TAPE = b"TAPE" + bytes(100)
DAY = 86_400 * 10**9


class TestOpaqueBesideItsExport(SourceContract):
    """The set of a book in bytes and the export that proves it."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Source:
        (tmp_path / "kis").mkdir()
        (tmp_path / "kis" / "book.AIS").write_bytes(JET)
        (tmp_path / "export").mkdir()
        (tmp_path / "export" / "FEC2026.txt").write_text(fec(3))
        export = LedgerTreeSource(tmp_path / "export", ledgers=(LedgerSpec("fec"),))
        return CombinedSource({"kis": OpaqueSource(tmp_path / "kis"), "export": export})

    @pytest.fixture
    def missing(self, tmp_path: Path) -> Source:
        return OpaqueSource(tmp_path / "nowhere")

    @pytest.fixture
    def source_at(self) -> Callable[[Path], Source]:
        return lambda target: CombinedSource(
            {"kis": OpaqueSource(target / "kis"), "export": OpaqueSource(target / "export")}
        )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "books"
    folder.mkdir()
    return folder


def taken(root: Path) -> dict[bytes, bytes]:
    with OpaqueSource(root).freeze() as frozen:
        contents = read_all(frozen)
        frozen.confirm()
        return contents


@pytest.mark.parametrize("name", ["book.AIS", "book.ais", "old.mdb", "new.ACCDB"])
@pytest.mark.parametrize("head", [JET, ACE])
def test_an_access_database_is_taken_when_it_is_closed(root: Path, name: str, head: bytes) -> None:
    (root / name).write_bytes(head)
    assert taken(root) == {name.encode(): head}


@pytest.mark.parametrize("book", ["book.AIS", "book.mdb", "book.accdb"])
@pytest.mark.parametrize("lock", ["book.ldb", "book.LDB", "book.laccdb"])
def test_a_database_that_is_open_is_refused(root: Path, book: str, lock: str) -> None:
    (root / book).write_bytes(JET)
    (root / lock).write_bytes(b"PC-07")
    with pytest.raises(SourceBusyError) as caught:
        taken(root)
    assert caught.value.facts["path"] == book
    assert lock in caught.value.hint.format(**caught.value.facts)


def test_a_database_in_a_folder_below_is_looked_at_too(root: Path) -> None:
    (root / "2026").mkdir()
    (root / "2026" / "book.AIS").write_bytes(JET)
    (root / "2026" / "book.ldb").touch()
    with pytest.raises(SourceBusyError):
        taken(root)


def test_a_lock_file_of_another_book_hinders_nothing(root: Path) -> None:
    (root / "book.AIS").write_bytes(JET)
    (root / "other.ldb").touch()
    assert b"book.AIS" in taken(root)


def test_a_single_file_is_looked_at_like_a_folder(root: Path) -> None:
    (root / "book.AIS").write_bytes(JET)
    (root / "book.ldb").touch()
    with pytest.raises(SourceBusyError):
        taken(root / "book.AIS")


def test_a_database_opened_while_it_is_backed_up_ends_the_backup(root: Path) -> None:
    (root / "book.AIS").write_bytes(JET)
    with OpaqueSource(root).freeze() as frozen:
        list(frozen.items())
        (root / "book.ldb").touch()
        with pytest.raises(SourceBusyError):
            frozen.confirm()


@pytest.mark.parametrize("head", [TAPE, b"MSSQLBAK" + bytes(100)])
def test_a_backup_of_sql_server_is_taken(root: Path, head: bytes) -> None:
    (root / "UFDATA_006_2026.bak").write_bytes(head)
    assert list(taken(root)) == [b"UFDATA_006_2026.bak"]


@pytest.mark.parametrize(
    "name", ["book.AIS", "book.mdb", "book.accdb", "db.bak", "db.BAK", "UFDATA.BA_"]
)
def test_a_file_that_does_not_begin_as_its_kind_is_refused(root: Path, name: str) -> None:
    (root / "UfErpAct.Lst").write_text("[AccInfo]")
    (root / name).write_bytes(b"" if name == "UFDATA.BA_" else b"\x8f\x11encrypted" * 10)
    with pytest.raises(SourceUnreadableError, match="damaged"):
        taken(root)


@pytest.mark.parametrize("index", ["UfErpAct.Lst", "UfErpYer.Lst", "UFERPACT.LST"])
@pytest.mark.parametrize("name", ["UFDATA.BA_", "UFDATA.BAK"])
def test_an_index_and_its_data_are_taken_together(root: Path, index: str, name: str) -> None:
    (root / index).write_text("[AccInfo]")
    (root / name).write_bytes(TAPE)
    assert set(taken(root)) == {index.encode(), name.encode()}


def test_an_index_without_its_data_is_refused(root: Path) -> None:
    (root / "UfErpAct.Lst").write_text("[AccInfo]")
    with pytest.raises(SourceUnreadableError, match="without its UFDATA"):
        taken(root)


def test_data_without_its_index_is_refused(root: Path) -> None:
    (root / "ZT006").mkdir()
    (root / "ZT006" / "UFDATA.BA_").write_bytes(TAPE)
    with pytest.raises(SourceUnreadableError, match="without UfErpAct") as caught:
        taken(root)
    assert caught.value.facts["path"] == "ZT006"


def test_index_and_data_in_different_folders_are_no_pair(root: Path) -> None:
    for folder, name in (("a", "UfErpAct.Lst"), ("b", "UFDATA.BA_")):
        (root / folder).mkdir()
        (root / folder / name).write_bytes(TAPE)
    with pytest.raises(SourceUnreadableError):
        taken(root)


def test_a_file_of_another_kind_is_taken_as_it_is(root: Path) -> None:
    (root / "note.txt").write_bytes(b"")
    assert taken(root) == {b"note.txt": b""}


@pytest.mark.parametrize(
    ("bytes_ns", "export_ns", "days"), [(5, 9, 0), (DAY, 1, 0), (3 * DAY, DAY, 2)]
)
def test_an_export_older_than_its_book_lags_by_days(
    bytes_ns: int, export_ns: int, days: int
) -> None:
    assert export_lag(bytes_ns, export_ns) == days
