"""A PostgreSQL database as a source: the contract, one instant, equal nights, nothing left."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from baozhang.books.coding import decode_proof
from baozhang.books.compare import compare
from baozhang.books.proof import Proof
from baozhang.books.proving import prove_books, recipe
from baozhang.books.taking import take_proof
from baozhang.errors import SourceUnreadableError
from baozhang.keys.slots import new_secret
from baozhang.sources.base import Frozen, Item, Source
from baozhang.sources.postgres import PostgresSource
from baozhang.vault.client import ClientVault
from baozhang.vault.model import BackupReceipt
from baozhang.vault.reader import restore
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import create_vault
from baozhang.vault.writer import Proving, back_up
from tests.contracts.source_contract import SourceContract, pour, read_all
from tests.servers.postgres import (
    PASSWORD,
    another_server,
    ledger,
    post,
    source_of,
    the_server,
)

pytestmark = pytest.mark.server

AT = datetime(2126, 7, 31, 14, 0, tzinfo=UTC)


class TestPostgresSource(SourceContract):
    """The ledger lies on one server and is restored to another, under the same name."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Source:
        for server in (the_server(), another_server()):
            for name in ("target", "target.replaced-1"):
                server.run("postgres", f'DROP DATABASE IF EXISTS "{name}"')
        ledger(the_server(), "target")
        scratch = tmp_path / "scratch"
        return source_of(the_server(), "target", scratch, restore_to=another_server())

    @pytest.fixture
    def missing(self, tmp_path: Path) -> Source:
        return source_of(the_server(), "没有", tmp_path / "scratch")

    @pytest.fixture
    def source_at(self, tmp_path: Path) -> Callable[[Path], Source]:
        return lambda target: source_of(another_server(), target.name, tmp_path / "scratch")

    def test_what_is_replaced_is_kept_where_the_answer_says(
        self, source: Source, tmp_path: Path, restored: Path
    ) -> None:
        source.publish(restored, Path("target"))
        kept = source.publish(restored, Path("target"), replace=True)
        assert kept == Path("target.replaced-1")
        assert {"target", "target.replaced-1"} <= another_server().databases()


@pytest.fixture
def database() -> str:
    return ledger(the_server())


@pytest.fixture
def source(database: str, tmp_path: Path) -> PostgresSource:
    return source_of(the_server(), database, tmp_path / "scratch")


@pytest.fixture
def side() -> ClientVault:
    vault = create_vault(MemoryStore(), [new_secret("keyfile")], at=AT)
    return vault.client("c001", create=True)


def proof_of(frozen: Frozen) -> Proof:
    (reader,) = frozen.ledgers()
    return take_proof(reader)


def back_up_proven(side: ClientVault, source: Source) -> BackupReceipt:
    with source.freeze() as frozen:
        return back_up(
            side,
            frozen,
            set_name="main",
            at=AT,
            proving=Proving(recipe(["yonyou_t3"]), lambda: prove_books(frozen.ledgers())),
        )


def restored_differs(side: ClientVault, source: Source, folder: Path) -> list[object]:
    """Restore the newest backup point, load it, and hold its book against its proof."""
    snapshot = side.find("latest")
    restore(side, snapshot, folder)
    (expected,) = side.proofs(snapshot).values()
    with source.restored_books(folder) as (reader,):
        found = compare(decode_proof(expected), take_proof(reader))
    return [each for each in found if each.severity != "info"]  # inherited


@contextmanager
def posting(database: str) -> Iterator[list[int]]:
    """Post balanced vouchers beside the test, one commit each, as fast as the server goes."""
    done, stop = [0], threading.Event()

    def work() -> None:
        with the_server().connected(database) as connection:
            while not stop.is_set():
                post(connection, done[0] + 1, fen=done[0] % 977 + 1)
                if done[0] % 5 == 0:
                    connection.execute(
                        "UPDATE \"GL_accvouch\" SET cdigest = '改' WHERE ino_id = %s", (done[0],)
                    )
                done[0] += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        while not done[0] and thread.is_alive():
            pass
        yield done
    finally:
        stop.set()
        thread.join()


# --- one instant --------------------------------------------------------------------------------


def test_what_is_backed_up_under_write_load_is_restored_and_proven_equal(
    database: str, source: PostgresSource, side: ClientVault, tmp_path: Path
) -> None:
    with posting(database) as done:
        before = done[0]
        back_up_proven(side, source)
        assert done[0] > before  # the writer did write meanwhile
    assert restored_differs(side, source, tmp_path / "restored") == []


def test_every_instant_beside_a_writer_balances(database: str, source: PostgresSource) -> None:
    seen = set()
    with posting(database):
        for _ in range(4):
            with source.freeze() as frozen:
                proof = proof_of(frozen)
                seen.add(proof.line_count)
                assert not {each.law for each in proof.violations} & {"L1", "L2", "L3"}
    assert len(seen) > 1


def test_dump_and_proof_show_the_same_lines(database: str, source: PostgresSource) -> None:
    with posting(database), source.freeze() as frozen:
        dumped = read_all(frozen)[b"public.GL_accvouch.dat"].splitlines()
        assert proof_of(frozen).line_count == len(dumped) - 3  # which end the data


def test_a_voucher_posted_after_the_freeze_is_in_neither(
    database: str, source: PostgresSource
) -> None:
    with source.freeze() as frozen:
        with the_server().connected(database) as connection:
            post(connection, 999)
        assert proof_of(frozen).line_count == 240


def test_a_voucher_committed_while_the_locks_were_waited_for_is_in_it(
    database: str, source: PostgresSource
) -> None:
    """The snapshot is taken after the locks: what TRUNCATE left is not seen as nothing."""
    server = the_server()
    with server.connected(database) as owner:
        owner.execute("BEGIN")
        owner.execute("LOCK TABLE code IN ACCESS EXCLUSIVE MODE")
        found: list[int] = []

        def freeze() -> None:
            with source.freeze() as frozen:
                found.append(proof_of(frozen).line_count)

        thread = threading.Thread(target=freeze)
        thread.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while server.ask(database, waiting) == [(0,)]:
            pass
        owner.execute('ALTER TABLE "GL_accvouch" ALTER COLUMN cbill TYPE text USING cbill || 1')
        owner.execute("COMMIT")
        thread.join()
    assert found == [240]


def test_without_a_profile_there_are_no_books(database: str, tmp_path: Path) -> None:
    source = source_of(the_server(), database, tmp_path, profile=None)
    with source.freeze() as frozen, source.restored_books(tmp_path) as books:
        assert (list(frozen.ledgers()), list(books)) == ([], [])


def test_a_table_of_the_database_says_whose_book_it_is(
    database: str, source: PostgresSource, side: ClientVault, tmp_path: Path
) -> None:
    table = 'CREATE TABLE "UA_Account" ("cAcc_Id" text, "cUnitTaxNo" text)'
    row = """INSERT INTO "UA_Account" VALUES ('001', '91330106MA2CF1L35X')"""
    the_server().run(database, f"{table}; {row}")
    with source.freeze() as frozen:
        assert proof_of(frozen).book.owner == "91330106MA2CF1L35X"
    back_up_proven(side, source)
    assert restored_differs(side, source, tmp_path / "restored") == []


def test_each_schema_with_vouchers_is_a_book(database: str, source: PostgresSource) -> None:
    the_server().run(
        database,
        "CREATE SCHEMA ufdata_002",
        'CREATE TABLE ufdata_002.gl_accvouch AS SELECT * FROM public."GL_accvouch" LIMIT 2',
        "CREATE TABLE ufdata_002.code AS SELECT * FROM public.code",
    )
    with source.freeze() as frozen:
        books = {reader.book.name: len(list(reader.lines())) for reader in frozen.ledgers()}
    assert books == {database: 240, f"{database}/ufdata_002": 2}


def test_readers_may_take_turns(source: PostgresSource) -> None:
    with source.freeze() as frozen:
        (reader,) = frozen.ledgers()
        lines, balances = reader.lines(), reader.balances()
        first = next(lines), next(balances)
        assert (first[0].number, first[1].account) == ("1", "1002")
        assert len(list(lines)) == 239


def test_a_reader_that_stops_in_the_middle_spoils_nothing(source: PostgresSource) -> None:
    with source.freeze() as frozen:
        (reader,) = frozen.ledgers()
        lines = reader.lines()
        next(lines)
        del lines
        assert len(list(reader.lines())) == 240


# --- equal databases, equal items ---------------------------------------------------------------


def files(source: PostgresSource) -> dict[bytes, Item]:
    with source.freeze() as frozen:
        return {item.path: item for item in frozen.items()}


def changed(before: dict[bytes, Item], after: dict[bytes, Item]) -> set[bytes]:
    return {path for path in before | after if before.get(path) != after.get(path)}


def test_a_changed_cent_changes_its_own_table_alone(database: str, source: PostgresSource) -> None:
    before = files(source)
    the_server().run(database, "UPDATE \"GL_accsum\" SET md = md + 0.01 WHERE ccode = '1002'")
    assert changed(before, files(source)) == {b"public.GL_accsum.dat"}


def test_a_new_table_changes_no_other_tables_file(database: str, source: PostgresSource) -> None:
    before = files(source)
    the_server().run(database, "CREATE TABLE aaa AS SELECT 1 AS a")
    new = {b"public.aaa.dat", b"schema.sql", b"toc.dat"}
    assert changed(before, files(source)) == new


def test_a_table_made_anew_with_the_same_rows_changes_nothing(
    database: str, source: PostgresSource
) -> None:
    the_server().run(database, "CREATE TABLE aaa AS SELECT 1 AS a")
    before = files(source)
    the_server().run(database, "DROP TABLE aaa", "CREATE TABLE aaa AS SELECT 1 AS a")
    assert changed(before, files(source)) <= {b"toc.dat"}


def test_a_quiet_night_adds_no_content(source: PostgresSource, side: ClientVault) -> None:
    back_up_proven(side, source)
    assert back_up_proven(side, source).unchanged


def test_tables_of_any_name_have_a_file_of_their_own(database: str, source: PostgresSource) -> None:
    names = ("CODE", "a/b", "..", "a.b", "张" * 21, "x" * 63)
    made = [f'CREATE TABLE "{name}" AS SELECT {n} AS n' for n, name in enumerate(names)]
    the_server().run(database, *made)
    with source.freeze() as frozen:
        contents = read_all(frozen)
    assert contents[b"public.code~.dat"] != contents[b"public.CODE.dat"]
    own = [contents[f"public.{name}.dat".encode()] for name in ("a%2Fb", "..", "a.b", "张" * 21)]
    assert own == [b"%d\n\\.\n\n\n" % n for n in (1, 2, 3, 4)]


# --- nothing left behind, nothing shown ---------------------------------------------------------


def test_the_dump_is_gone_afterwards(source: PostgresSource, tmp_path: Path) -> None:
    files(source)
    assert os.listdir(tmp_path / "scratch") == []


def test_nobody_else_may_read_dump_and_password(source: PostgresSource, tmp_path: Path) -> None:
    with source.freeze():
        (folder,) = (tmp_path / "scratch").iterdir()
        (login,) = folder.glob("login-*")
        assert (folder.stat().st_mode & 0o777, login.stat().st_mode & 0o777) == (0o700, 0o600)


def test_the_password_file_is_no_item(source: PostgresSource) -> None:
    with source.freeze() as frozen:
        assert not any(b"geheim" in content for content in read_all(frozen).values())


def test_no_lock_and_no_connection_outlives_the_freeze(
    database: str, source: PostgresSource
) -> None:
    files(source)
    the_server().run("postgres", f'ALTER DATABASE "{database}" RENAME TO "{database}x"')
    assert f"{database}x" in the_server().databases()


RUN = """
import os, sys
from pathlib import Path
from tests.servers.postgres import Server, PostgresSource
server = Server("postgres", port=int(sys.argv[2]), socket=Path(sys.argv[1]))
source = PostgresSource(server, sys.argv[3], profile="yonyou_t3", scratch=Path(sys.argv[4]),
                        password=lambda: os.environ["SECRET"])
with source.restored_books(Path(sys.argv[5])):
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_a_scratch_database_left_by_a_killed_run_is_dropped_by_the_next(
    database: str, source: PostgresSource, tmp_path: Path
) -> None:
    server = the_server()
    with source.freeze() as frozen:
        restored = pour(frozen, tmp_path / "restored")
    words = [server.folder, server.port, database, tmp_path / "scratch", restored]
    with subprocess.Popen(
        [sys.executable, "-c", RUN, *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"SECRET": PASSWORD},
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"ready\n"
        left = {name for name in server.databases() if name.startswith("baozhang_scratch_")}
        with source.restored_books(restored):
            assert left <= server.databases()  # it is in use: another run's stays
        run.kill()
    while server.ask("postgres", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") != [
        (0,)
    ]:
        pass  # until the server noticed
    with source.restored_books(restored):
        assert len(left) == 1
        assert not left & server.databases()


def test_a_restore_that_fails_leaves_no_database(source: PostgresSource, tmp_path: Path) -> None:
    with source.freeze() as frozen:
        restored = pour(frozen, tmp_path / "restored")
    (restored / "public.GL_accvouch.dat").write_bytes(b"nonsense\n\\.\n")
    before = the_server().databases()
    with pytest.raises(SourceUnreadableError), source.restored_books(restored):
        pass
    assert the_server().databases() == before
