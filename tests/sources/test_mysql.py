"""A live MariaDB database as a source: the contract, one instant under writers, and its books."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baozhang.books.coding import decode_proof
from baozhang.books.proof import Proof
from baozhang.books.proving import prove_books
from baozhang.books.taking import take_proof
from baozhang.errors import SourceBusyError
from baozhang.keys.slots import new_secret
from baozhang.sources.base import Frozen, Source
from baozhang.sources.mysql import MysqlSource
from baozhang.sources.mysql_load import PREFIX
from baozhang.vault.model import BackupReceipt
from baozhang.vault.reader import restore
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import create_vault
from baozhang.vault.writer import Proving, back_up
from tests.contracts.source_contract import SourceContract, pour, read_all
from tests.servers.mariadb import Mariadb
from tests.sources.mysql_books import books, source_of, voucher, wait_until, writing

pytestmark = pytest.mark.server
AT = datetime(2126, 7, 31, 14, 0, tzinfo=UTC)


class TestMysqlSource(SourceContract):
    @pytest.fixture
    def source(self, mariadb: Mariadb, tmp_path: Path) -> Source:
        return source_of(mariadb, books(mariadb), tmp_path / "scratch")

    @pytest.fixture
    def missing(self, mariadb: Mariadb, tmp_path: Path) -> Source:
        return source_of(mariadb, "nowhere", tmp_path / "scratch")

    @pytest.fixture
    def source_at(self, mariadb: Mariadb, tmp_path: Path) -> Callable[[Path], Source]:
        return lambda target: source_of(mariadb, target.name, tmp_path / "scratch")

    def test_what_is_replaced_is_kept_where_the_answer_says(
        self, source: Source, tmp_path: Path, restored: Path, mariadb: Mariadb
    ) -> None:
        target = restored.with_name("target")
        source.publish(restored, target)
        kept = source.publish(restored, target, replace=True)
        assert kept is not None
        assert kept.name in mariadb.databases()


@pytest.fixture
def source(mariadb: Mariadb, tmp_path: Path) -> MysqlSource:
    return source_of(mariadb, books(mariadb, vouchers=40), tmp_path / "scratch")


def proof_of(frozen: Frozen) -> Proof:
    (reader,) = frozen.ledgers()
    return take_proof(reader)


def restored_proof(source: MysqlSource, restored: Path) -> Proof:
    with source.restored_books(restored) as readers:
        (reader,) = readers
        return take_proof(reader)


def totals(proof: Proof) -> tuple[int, int]:
    return sum(t.debit for t in proof.totals), sum(t.credit for t in proof.totals)


# --- one instant ---------------------------------------------------------------------------------


def test_a_book_backed_up_under_write_load_is_restored_and_proven_equal(
    mariadb: Mariadb, source: MysqlSource, tmp_path: Path
) -> None:
    vault = create_vault(MemoryStore(), [new_secret("keyfile")], at=AT)
    side = vault.client("c001", create=True)
    taken: list[dict[str, bytes]] = []
    receipts: list[BackupReceipt] = []
    with writing(mariadb, "账套001") as committed:
        for night in range(4):
            before = committed()
            wait_until(lambda: committed() > before + 20)  # noqa: B023 - called at once
            with source.freeze() as frozen:

                def take(frozen: Frozen = frozen) -> dict[str, bytes]:
                    taken.append(prove_books(frozen.ledgers()))
                    return taken[-1]

                at = AT + timedelta(days=night)
                proving = Proving("one", take)
                receipts.append(back_up(side, frozen, set_name="main", at=at, proving=proving))
    for night, receipt in enumerate(receipts):
        restore(side, receipt.snapshot, folder := tmp_path / f"restored{night}")
        proof = restored_proof(source, folder)
        source_proof = decode_proof(taken[night]["账套001"])
        debit, credit = totals(proof)
        assert (proof, debit - credit) == (source_proof, 0)
    assert len({proofs["账套001"] for proofs in taken}) == 4


def test_files_and_proof_show_the_same_instant_whatever_is_committed_between(
    mariadb: Mariadb, source: MysqlSource, tmp_path: Path
) -> None:
    with source.freeze() as frozen:
        mariadb.sql(voucher(900) + "DELETE FROM code;", "账套001")
        restored = pour(frozen, tmp_path / "restored")
        proof = proof_of(frozen)
    assert proof == restored_proof(source, restored)


def test_the_instant_holds_on_a_server_that_reads_what_was_committed_last(
    mariadb: Mariadb, source: MysqlSource, tmp_path: Path
) -> None:
    mariadb.sql("SET GLOBAL TRANSACTION ISOLATION LEVEL READ COMMITTED")
    try:
        with source.freeze() as frozen:
            before = proof_of(frozen)
            mariadb.sql(voucher(900), "账套001")
            assert proof_of(frozen) == before
    finally:
        mariadb.sql("SET GLOBAL TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def test_a_backup_keeps_nobody_from_changing_a_table(mariadb: Mariadb, source: MysqlSource) -> None:
    with source.freeze():
        mariadb.sql("SET lock_wait_timeout = 1; ALTER TABLE code ADD n INT", "账套001")
        assert mariadb.sql("SHOW COLUMNS FROM code LIKE 'n'", "账套001")


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE GL_accvouch MODIFY iyear BIGINT",
        "DROP TABLE GL_accvouch",
        "TRUNCATE TABLE GL_accvouch",
        "DROP TABLE GL_accvouch; CREATE TABLE GL_accvouch LIKE code",
    ],
)
def test_a_table_that_is_changed_before_its_proof_makes_the_backup_a_transient_failure(
    mariadb: Mariadb, source: MysqlSource, change: str
) -> None:
    with source.freeze() as frozen:
        mariadb.sql(change, "账套001")
        with pytest.raises(SourceBusyError) as caught:
            proof_of(frozen)
    assert caught.value.facts["database"] == "账套001"


def test_a_column_that_is_added_meanwhile_is_not_of_this_instant(
    mariadb: Mariadb, source: MysqlSource, tmp_path: Path
) -> None:
    with source.freeze() as frozen:
        mariadb.sql("ALTER TABLE GL_accvouch ADD n INT DEFAULT 5, ALGORITHM=INSTANT", "账套001")
        restored = pour(frozen, tmp_path / "restored")
        proof = proof_of(frozen)
    assert proof == restored_proof(source, restored)


def test_a_table_of_the_database_says_whose_book_it_is(
    mariadb: Mariadb, source: MysqlSource, tmp_path: Path
) -> None:
    table = "CREATE TABLE UA_Account (cAcc_Id VARCHAR(3), cUnitTaxNo VARCHAR(20)) ENGINE=InnoDB;"
    mariadb.sql(f"{table} INSERT INTO UA_Account VALUES ('001', '91330106MA2CF1L35X')", "账套001")
    with source.freeze() as frozen:
        restored = pour(frozen, tmp_path / "restored")
        proof = proof_of(frozen)
    assert proof.book.owner == "91330106MA2CF1L35X"
    assert proof == restored_proof(source, restored)


def test_a_server_setting_of_few_rows_cuts_nothing(mariadb: Mariadb, source: MysqlSource) -> None:
    mariadb.sql("SET GLOBAL sql_select_limit = 3")
    try:
        with source.freeze() as frozen:
            assert len(list(next(iter(frozen.ledgers())).lines())) == 80
    finally:
        mariadb.sql("SET GLOBAL sql_select_limit = DEFAULT")


# --- the next night ------------------------------------------------------------------------------


def test_a_table_that_did_not_change_is_the_same_item_the_next_night(
    mariadb: Mariadb, source: MysqlSource
) -> None:
    with source.freeze() as frozen:
        first = set(frozen.items())
    mariadb.sql(voucher(900), "账套001")
    with source.freeze() as frozen:
        changed = {item.path for item in set(frozen.items()) - first}
    assert changed == {b"counters.sql", b"data/GL_accvouch.sql"}


def test_a_row_in_the_middle_moves_no_statement_behind_it(
    mariadb: Mariadb, source: MysqlSource
) -> None:
    mariadb.sql(
        "INSERT INTO GL_accvouch (ino_id, cdigest) SELECT seq, MD5(seq) FROM seq_1000_to_40000;"
        "UPDATE GL_accvouch SET i_id = i_id + 1000000 WHERE ino_id > 20000",
        "账套001",
    )
    with source.freeze() as frozen:
        first = read_all(frozen)[b"data/GL_accvouch.sql"].split(b"\n;\n")
    mariadb.sql("INSERT INTO GL_accvouch (i_id, ino_id) VALUES (900000, 1)", "账套001")
    with source.freeze() as frozen:
        second = read_all(frozen)[b"data/GL_accvouch.sql"].split(b"\n;\n")
    assert len(first) > 20
    assert len(set(second) - set(first)) <= 2


def test_a_second_night_without_a_change_stores_nothing(
    source: MysqlSource, tmp_path: Path
) -> None:
    vault = create_vault(MemoryStore(), [new_secret("keyfile")], at=AT)
    side = vault.client("c001", create=True)
    with source.freeze() as frozen:
        back_up(side, frozen, set_name="main", at=AT)
    with source.freeze() as frozen:
        assert back_up(side, frozen, set_name="main", at=AT + timedelta(days=1)).unchanged


# --- scratch -------------------------------------------------------------------------------------


def test_the_dump_and_the_scratch_database_are_gone_afterwards(
    mariadb: Mariadb, source: MysqlSource, tmp_path: Path
) -> None:
    with source.freeze() as frozen:
        restored = pour(frozen, tmp_path / "restored")
    with source.restored_books(restored):
        assert len(mariadb.databases()) == 2
    assert (mariadb.databases(), os.listdir(tmp_path / "scratch")) == ({"账套001"}, [])


def test_the_scratch_database_goes_when_its_reader_fails(
    mariadb: Mariadb, source: MysqlSource, tmp_path: Path
) -> None:
    with source.freeze() as frozen:
        restored = pour(frozen, tmp_path / "restored")
    with pytest.raises(ValueError, match="mine"), source.restored_books(restored):
        raise ValueError("mine")
    assert mariadb.databases() == {"账套001"}


KILLED = """
import os, sys
from pathlib import Path
from baozhang.sources.mysql import MysqlSource
from baozhang.sources.servers import Server
server, restored, scratch = Server("root", socket=Path(sys.argv[1])), Path(sys.argv[2]), sys.argv[3]
with MysqlSource(server, "b", scratch=Path(scratch)).restored_books(restored):
    os._exit(9)
"""


def test_a_scratch_database_left_by_a_killed_run_is_dropped_by_the_next(
    mariadb: Mariadb, source: MysqlSource, tmp_path: Path
) -> None:
    with source.freeze() as frozen:
        restored = pour(frozen, tmp_path / "restored")
    words = [sys.executable, "-c", KILLED, mariadb.socket, restored, tmp_path / "scratch"]
    assert subprocess.run(words, check=False).returncode == 9
    (left,) = mariadb.databases() - {"账套001"}
    assert left.startswith(PREFIX)
    with source.restored_books(restored):
        assert left not in mariadb.databases()


def test_a_scratch_database_in_use_is_left_alone_by_another_run(
    mariadb: Mariadb, source: MysqlSource, tmp_path: Path
) -> None:
    with source.freeze() as frozen:
        restored = pour(frozen, tmp_path / "restored")
    with source.restored_books(restored), source.restored_books(restored) as readers:
        (reader,) = readers
        assert len(list(reader.lines())) == 80
        assert len(mariadb.databases()) == 3


def test_restored_books_can_be_read_side_by_side(source: MysqlSource, tmp_path: Path) -> None:
    with source.freeze() as frozen:
        restored = pour(frozen, tmp_path / "restored")
    with source.restored_books(restored) as readers:
        (reader,) = readers
        pairs = list(zip(reader.lines(), reader.lines(), strict=True))
    assert len(pairs) == 80


def test_without_a_profile_there_are_no_books(mariadb: Mariadb, tmp_path: Path) -> None:
    source = source_of(mariadb, books(mariadb), tmp_path / "scratch", profile=None)
    with source.freeze() as frozen:
        assert list(frozen.ledgers()) == []
