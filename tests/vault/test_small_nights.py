"""A later night costs what changed: pages of a ledger, the tail of a journal, a few rows.

Each short cut is tried with its help taken away, damaged, or another machine's: the snapshot is
the same, only larger.
"""

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from baozhang.sources.tree import TreeSource
from baozhang.vault.chunker import ACCESS, SQL_SERVER, SQL_SERVER_PAGE, is_paged
from baozhang.vault.client import ClientVault
from baozhang.vault.model import BackupReceipt
from baozhang.vault.reader import restore
from baozhang.vault.snapshot import Delta
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.vault import Vault
from baozhang.vault.verify import verify
from baozhang.vault.writer import back_up
from tests.vault.conftest import AT, BackUp
from tests.vault.test_round_trip import facts

PAGE = 4096
BIG = 400 * PAGE
Spoil = Callable[[Path], object]


def pages(count: int, seed: int = 1) -> bytes:
    """A file that begins as a database does, and does not compress: its size can be told."""
    return b"SQLite format 3\0" + random.Random(seed).randbytes(count * PAGE - 16)


def change_pages(path: Path, *numbers: int) -> None:
    with path.open("r+b") as file:
        for number in numbers:
            file.seek(number * PAGE + 100)
            file.write(os.urandom(64))
    os.utime(path)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "folder" / "ledger.db"
    path.parent.mkdir()
    path.write_bytes(pages(400))
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def assert_comes_back(side: ClientVault, receipt: BackupReceipt, tree: Path) -> None:
    out = tree.parent / "out"
    restore(side, receipt.snapshot, out)
    assert facts(out) == facts(tree)
    shutil.rmtree(out)


def test_a_changed_page_costs_a_page(
    side: ClientVault, back: BackUp, ledger: Path, cache: Path
) -> None:
    back(ledger.parent, cache=cache)
    change_pages(ledger, 3, 200, 201)
    receipt = back(ledger.parent, cache=cache)
    assert 3 * PAGE < receipt.bytes_added < 3 * PAGE + 4000
    assert_comes_back(side, receipt, ledger.parent)


def test_many_nights_of_changed_pages_come_back_each_as_it_was(
    vault: Vault, side: ClientVault, back: BackUp, ledger: Path, cache: Path, tmp_path: Path
) -> None:
    rng, kept = random.Random(4), []
    for night in range(12):
        receipt = back(ledger.parent, cache=cache)
        shutil.copytree(ledger.parent, tmp_path / f"night{night}")
        kept.append(receipt.snapshot)
        change_pages(ledger, *(rng.randrange(400) for _ in range(9)))
        with ledger.open("ab") as file:
            file.write(os.urandom(rng.randrange(3 * PAGE)))
        if night == 6:
            os.truncate(ledger, BIG - 5 * PAGE)
    for night, snapshot in enumerate(kept):
        restore(side, snapshot, tmp_path / "out")
        assert facts(tmp_path / "out") == facts(tmp_path / f"night{night}")
        shutil.rmtree(tmp_path / "out")
    assert verify(vault, every_byte=True).damaged == ()


def _flip(cache: Path) -> None:
    (file,) = (path for path in cache.rglob("*") if path.is_file())
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def _truncate(cache: Path) -> None:
    (file,) = (path for path in cache.rglob("*") if path.is_file())
    os.truncate(file, 60)


@pytest.mark.parametrize("spoil", [shutil.rmtree, _flip, _truncate])
def test_a_cache_that_is_lost_or_damaged_costs_space_never_content(
    side: ClientVault, back: BackUp, ledger: Path, cache: Path, spoil: Spoil
) -> None:
    back(ledger.parent, cache=cache)
    change_pages(ledger, 7)
    spoil(cache)
    receipt = back(ledger.parent, cache=cache)
    assert receipt.bytes_added > 10 * PAGE  # a block of pages, not one
    assert_comes_back(side, receipt, ledger.parent)
    change_pages(ledger, 9)
    again = back(ledger.parent, cache=cache)
    assert again.bytes_added < PAGE + 4000  # it was made anew
    assert_comes_back(side, again, ledger.parent)


def test_a_cache_of_another_host_is_passed_over(
    side: ClientVault, back: BackUp, ledger: Path, cache: Path, tmp_path: Path
) -> None:
    """Both hosts back one set up in turns: each finds marks that are not of the last snapshot."""
    other = tmp_path / "other"
    back(ledger.parent, cache=cache)
    shutil.copytree(cache, other)
    change_pages(ledger, 3)
    back(ledger.parent, cache=cache)
    change_pages(ledger, 3, 5)
    receipt = back(ledger.parent, cache=other)
    assert receipt.bytes_added > 10 * PAGE
    assert_comes_back(side, receipt, ledger.parent)


def test_a_cache_of_another_client_does_not_open(
    vault: Vault, back: BackUp, ledger: Path, cache: Path
) -> None:
    back(ledger.parent, cache=cache)
    other = vault.client("c002", create=True)
    with TreeSource(ledger.parent).freeze() as frozen:
        back_up(other, frozen, set_name="main", at=AT, cache=cache)
    mine, its = (path for path in sorted(cache.rglob("*")) if path.is_file())
    its.write_bytes(mine.read_bytes())
    mine.write_bytes(b"")
    change_pages(ledger, 1)
    with TreeSource(ledger.parent).freeze() as frozen:
        receipt = back_up(other, frozen, set_name="main", at=AT, cache=cache)
    assert receipt.bytes_added > 10 * PAGE
    assert_comes_back(other, receipt, ledger.parent)


def test_a_cache_that_cannot_be_written_is_done_without(
    side: ClientVault, back: BackUp, ledger: Path, cache: Path
) -> None:
    cache.write_bytes(b"in the way")
    assert_comes_back(side, back(ledger.parent, cache=cache), ledger.parent)


def test_nothing_of_a_ledger_lies_in_the_cache(back: BackUp, ledger: Path, cache: Path) -> None:
    back(ledger.parent, cache=cache)
    (file,) = (path for path in cache.rglob("*") if path.is_file())
    assert b"ledger" not in file.read_bytes()
    assert b"SQLite" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


def test_a_real_database_costs_its_changed_pages(
    side: ClientVault, back: BackUp, cache: Path, tmp_path: Path
) -> None:
    tree = tmp_path / "folder"
    tree.mkdir()
    with sqlite3.connect(tree / "book.db") as book:
        book.execute("create table line (id integer primary key, text blob)")
        book.executemany(
            "insert into line values (?, randomblob(300))", ((n,) for n in range(9000))
        )
    book.close()
    first = back(tree, cache=cache)
    with sqlite3.connect(tree / "book.db") as book:
        book.execute("update line set text = randomblob(300) where id in (5, 4000, 8000)")
    book.close()
    receipt = back(tree, cache=cache)
    assert receipt.bytes_added < first.bytes_added / 50
    assert_comes_back(side, receipt, tree)


def test_the_tail_of_a_grown_file_is_all_that_is_stored(
    side: ClientVault, back: BackUp, tmp_path: Path
) -> None:
    tree = tmp_path / "folder"
    tree.mkdir()
    for name, size in (("small.csv", 9_000), ("large.csv", 3_000_000)):
        (tree / name).write_bytes(random.Random(size).randbytes(size))
    back(tree)
    for name in ("small.csv", "large.csv"):
        with (tree / name).open("ab") as file:
            file.write(os.urandom(500))
    receipt = back(tree)
    assert 1000 < receipt.bytes_added < 4000
    assert_comes_back(side, receipt, tree)


def test_a_grown_file_whose_beginning_changed_is_stored_as_it_is(
    side: ClientVault, back: BackUp, tmp_path: Path
) -> None:
    tree = tmp_path / "folder"
    tree.mkdir()
    data = random.Random(1).randbytes(9_000_000)
    (tree / "large.csv").write_bytes(data)
    back(tree)
    (tree / "large.csv").write_bytes(data[:100] + b"?" + data[101:] + b"tail")
    receipt = back(tree)
    assert receipt.bytes_added < 2_000_000
    assert_comes_back(side, receipt, tree)


def test_a_touched_file_adds_no_content(side: ClientVault, back: BackUp, tree: Path) -> None:
    first = back()
    for path in tree.rglob("*.pdf"):
        os.utime(path, ns=(1, 1))
    receipt = back()
    assert not receipt.unchanged
    assert receipt.bytes_added < first.bytes_added / 100
    restore(side, receipt.snapshot, tree.parent / "out")
    assert facts(tree.parent / "out") == facts(tree)


def test_a_later_manifest_is_a_delta_until_too_much_has_changed(
    side: ClientVault, back: BackUp, tree: Path
) -> None:
    def is_delta(receipt: BackupReceipt) -> bool:
        name = ObjectName(side.commit_of(receipt.snapshot).manifest)
        return isinstance(side.stated(name).content, Delta)

    assert not is_delta(back())
    (tree / "0.pdf").unlink()
    assert is_delta(back())
    for path in tree.rglob("*.pdf"):
        path.write_bytes(b"%PDF" + os.urandom(100))
    receipt = back()
    assert not is_delta(receipt)
    restore(side, receipt.snapshot, tree.parent / "out")
    assert facts(tree.parent / "out") == facts(tree)


def test_a_night_on_which_nearly_all_went_is_told_whole(
    side: ClientVault, back: BackUp, tmp_path: Path
) -> None:
    tree = tmp_path / "folder"
    tree.mkdir()
    for number in range(40):
        (tree / f"{number:02}").write_bytes(b"%d" % number)
    back(tree)
    for number in range(38):
        (tree / f"{number:02}").unlink()
    name = ObjectName(side.commit_of(back(tree).snapshot).manifest)
    assert not isinstance(side.stated(name).content, Delta)


def test_a_forced_reread_heals_what_a_short_cut_got_wrong(
    side: ClientVault, back: BackUp, ledger: Path, cache: Path
) -> None:
    """Every byte is cut and looked up by its content, whatever caches and time stamps say."""
    back(ledger.parent, cache=cache)
    change_pages(ledger, 3)
    back(ledger.parent, cache=cache)
    receipt = back(ledger.parent, cache=cache, reread=True)
    assert receipt.bytes_read == BIG
    assert not receipt.unchanged  # its pieces lie elsewhere now: whole blocks
    assert_comes_back(side, receipt, ledger.parent)
    assert back(ledger.parent, cache=cache, reread=True).unchanged


@pytest.mark.parametrize(
    ("head", "size", "paged"),
    [
        (b"SQLite format 3\0", 5, True),
        (ACCESS[0], 5, True),
        (ACCESS[1], 5, True),
        (SQL_SERVER, 2 * SQL_SERVER_PAGE, True),
        (SQL_SERVER, 2 * SQL_SERVER_PAGE + 1, False),
        (b"TAPE", 8192, False),
        (b"%PDF", 8192, False),
    ],
)
def test_files_of_pages_are_told_by_their_first_bytes(head: bytes, size: int, paged: bool) -> None:
    assert is_paged(head, size) is paged


def test_what_damage_takes_is_left_out_and_named_where_that_is_asked_for(
    vault: Vault, side: ClientVault, back: BackUp, tree: Path, tmp_path: Path
) -> None:
    receipt = back()
    packs = [info.name for info in side.store.list(side.space.prefix) if "/packs/" in info.name]
    data = bytearray(side.store.get(packs[0]))
    data[200] ^= 1
    side.store.put(packs[0], data)
    found = restore(side, receipt.snapshot, tmp_path / "out", keep_going=True)
    hit = {path for one in verify(vault, every_byte=True).damaged for path in one.files}
    assert set(found.lost) == hit
    assert 0 < len(hit) < receipt.snapshot.files
    whole, kept = facts(tree), facts(tmp_path / "out")
    assert whole.keys() - kept.keys() == hit
    assert all(kept[path] == whole[path] for path in kept)
