"""What damage does not do: stop the next backup, take other snapshots along, pass unnoticed."""

import os
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from baozhang.errors import CorruptObjectError
from baozhang.sources.base import Frozen
from baozhang.sources.tree import TreeSource
from baozhang.vault.client import ClientVault
from baozhang.vault.commit import decode_commit, encode_commit
from baozhang.vault.reader import restore
from baozhang.vault.sealing import Kind
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import Vault
from baozhang.vault.verify import verify
from baozhang.vault.writer import back_up
from tests.vault.conftest import AT, BackUp
from tests.vault.test_round_trip import facts
from tests.vault.test_verify import flip, objects


def test_a_damaged_index_costs_space_and_not_the_next_backup(
    back: BackUp, store: MemoryStore, tree: Path
) -> None:
    back()
    flip(store, objects(store, "/index/")[0], 100, 0)
    (tree / "new.pdf").write_bytes(b"%PDF new")
    assert back().snapshot.sequence == 2


@pytest.mark.parametrize("kind", ["/snap/", "/commit/"])
def test_the_newest_snapshot_s_damage_does_not_stop_the_next_backup(
    back: BackUp, side: ClientVault, store: MemoryStore, tree: Path, tmp_path: Path, kind: str
) -> None:
    back()
    (tree / "new.pdf").write_bytes(b"%PDF new")
    back()
    flip(store, objects(store, kind)[-1], 100, 0)
    third = back().snapshot
    restore(side, third, tmp_path / "out")
    assert (third.sequence, facts(tmp_path / "out")) == (3, facts(tree))


@pytest.mark.parametrize("kind", ["/snap/", "/commit/"])
def test_what_is_taken_from_a_mirror_afterwards_fits_in_its_old_place(
    vault: Vault, back: BackUp, store: MemoryStore, tree: Path, kind: str
) -> None:
    back()
    (tree / "new.pdf").write_bytes(b"%PDF new")
    back()
    name = objects(store, kind)[-1]
    sound = store.objects[name]
    flip(store, name, 100, 0)
    back()
    store.objects[name] = sound
    assert verify(vault, every_byte=True).damaged == ()


@pytest.mark.parametrize("changed", [False, True])
def test_what_lay_in_a_lost_pack_is_stored_again_by_the_next_backup(
    back: BackUp, side: ClientVault, store: MemoryStore, tree: Path, tmp_path: Path, changed: bool
) -> None:
    """Though no file changed, or only one that takes no new extent."""
    back()
    for name in objects(store, "/packs/"):
        del store.objects[name]
    if changed:
        (tree / "copy.pdf").write_bytes((tree / "1.pdf").read_bytes())
    receipt = back()
    restore(side, receipt.snapshot, tmp_path / "out")
    assert facts(tmp_path / "out") == facts(tree)


def test_a_damaged_commit_takes_no_other_snapshot_with_it(
    back: BackUp, side: ClientVault, store: MemoryStore, tmp_path: Path, tree: Path
) -> None:
    snapshots = [back().snapshot for _ in range(3)]
    bad = objects(store, "/commit/")[1]
    flip(store, bad, 100, 0)
    assert side.snapshots() == (snapshots[0], snapshots[2])
    assert side.unreadable() == (bad,)
    restore(side, side.find("latest"), tmp_path / "out")
    assert facts(tmp_path / "out") == facts(tree)


def test_latest_never_passes_over_a_snapshot_that_cannot_be_read(
    back: BackUp, side: ClientVault, store: MemoryStore
) -> None:
    first = back().snapshot
    back()
    bad = objects(store, "/commit/")[1]
    flip(store, bad, 100, 0)
    for as_of in (None, AT + timedelta(days=9)):
        with pytest.raises(CorruptObjectError) as caught:
            side.find("latest", as_of=as_of)
        assert caught.value.facts["object"] == bad
    assert side.find(first.id) == first


def test_an_earlier_time_is_found_where_a_later_snapshot_is_damaged(
    back: BackUp, side: ClientVault, store: MemoryStore
) -> None:
    first, _, _ = (back().snapshot for _ in range(3))
    flip(store, objects(store, "/commit/")[2], 100, 0)
    assert side.find("latest", as_of=AT + timedelta(hours=1)) == first


@pytest.mark.parametrize("kind", ["/snap/", "/commit/"])
def test_one_sound_object_never_passes_for_another_of_its_kind(
    back: BackUp, side: ClientVault, store: MemoryStore, tree: Path, tmp_path: Path, kind: str
) -> None:
    """Both open under the client's key; only the hash in the name tells them apart."""
    first = back().snapshot
    (tree / "0.pdf").write_bytes(b"%PDF of another day")
    back()
    one, other = objects(store, kind)
    store.objects[one] = store.objects[other]
    with pytest.raises(CorruptObjectError):
        restore(side, first, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_commit_moved_to_another_set_is_not_that_set_s(
    back: BackUp, side: ClientVault, store: MemoryStore
) -> None:
    back()
    name = objects(store, "/commit/")[0]
    moved = name.replace(side.set_pseudonym("main"), side.set_pseudonym("invoices"))
    store.objects[ObjectName(moved)] = store.objects[name]
    assert side.snapshots("invoices") == ()
    assert side.unreadable() == (moved,)


def test_a_fact_that_a_later_release_adds_to_a_commit_is_passed_over(
    back: BackUp, side: ClientVault, store: MemoryStore
) -> None:
    back()
    plain = side.read(Kind.COMMIT, objects(store, "/commit/")[0])
    later = plain[:-1] + b',"weather":"fine"}'
    assert encode_commit(decode_commit(later)) == plain


class _BadSector:
    """A real tree on a disk that cannot read one of its files to the end."""

    def __init__(self, inner: Frozen, path: bytes) -> None:
        self._inner, self._path = inner, path

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    @contextmanager
    def open(self, item: object) -> BinaryIO:  # type: ignore[misc]
        with self._inner.open(item) as stream:  # type: ignore[arg-type]
            yield _Unreadable() if getattr(item, "path", b"") == self._path else stream


class _Unreadable:
    def readinto(self, _: memoryview) -> int:
        raise OSError(5, os.strerror(5))


def test_a_file_that_the_disk_cannot_read_costs_itself_alone(side: ClientVault, tree: Path) -> None:
    with TreeSource(tree).freeze() as frozen:
        source = _BadSector(frozen, b"3.pdf")
        receipt = back_up(side, source, set_name="main", at=AT)  # type: ignore[arg-type]
    assert [(t.path, t.reason) for t in receipt.troubles] == [(b"3.pdf", "unreadable")]
    assert receipt.snapshot.partial
    assert receipt.snapshot.files == 15


def test_a_time_beyond_what_the_format_holds_is_brought_to_its_end(
    back: BackUp, side: ClientVault, tmp_path: Path
) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "a").write_bytes(b"1")
    os.utime(tmp_path / "far" / "a", (2**33 + 2**32, 2**33 + 2**32))  # in the year 2378
    far = (tmp_path / "far" / "a").stat().st_mtime_ns  # not every file system reaches that far
    receipt = back(tmp_path / "far")
    restore(side, receipt.snapshot, tmp_path / "out")
    assert (tmp_path / "out" / "a").stat().st_mtime_ns == min(far, 2**63 - 1)
