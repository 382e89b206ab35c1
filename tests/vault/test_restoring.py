"""Restoring where it is hard: without root, beside others, into odd places, from odd manifests."""

import os
import stat
import threading
from array import array
from dataclasses import replace
from pathlib import Path

import pytest

from baozhang.errors import BaozhangError, CorruptObjectError, UnreachableError, UsageError
from baozhang.sources.tree import TreeSource
from baozhang.vault.client import ClientVault
from baozhang.vault.commit import encode_commit
from baozhang.vault.model import BackupReceipt
from baozhang.vault.names import hash_of
from baozhang.vault.reader import restore
from baozhang.vault.sealing import Kind
from baozhang.vault.snapshot import Manifest, encode_full
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.vault import Vault
from baozhang.vault.verify import verify
from baozhang.vault.writer import back_up
from tests.vault.conftest import AT, BackUp
from tests.vault.test_round_trip import facts
from tests.vault.unprivileged import common_folder, unprivileged


def test_folders_and_files_that_nobody_may_write_come_back_without_root(side: ClientVault) -> None:
    def work() -> None:
        root = place / "tree"
        (root / "shut" / "deeper").mkdir(parents=True)
        (root / "shut" / "deeper" / "big").write_bytes(os.urandom(700_000))
        (root / "shut" / "read-only").write_bytes(b"1")
        (root / "shut" / "link").symlink_to("read-only")
        (root / "shut" / "read-only").chmod(0o400)
        for folder in (root / "shut" / "deeper", root / "shut", root):
            folder.chmod(0o500)
            os.utime(folder, ns=(1_700_000_000_000_000_001,) * 2)
        with TreeSource(root).freeze() as frozen:
            receipt = back_up(side, frozen, set_name="main", at=AT)
        restore(side, receipt.snapshot, place / "out")
        assert facts(place / "out") == facts(root)

    with common_folder() as place:
        unprivileged(work)


def test_what_root_alone_could_read_comes_back_for_another_user(
    side: ClientVault, back: BackUp, tmp_path: Path
) -> None:
    """Modes come back, owners cannot; nothing is left out because of either."""
    root = tmp_path / "tree0"
    (root / "secret").mkdir(parents=True)
    (root / "secret" / "none").write_bytes(b"1")
    (root / "link").symlink_to("secret")
    for path, mode in ((root / "secret" / "none", 0o000), (root / "secret", 0o100)):
        path.chmod(mode)
    snapshot = back(root).snapshot if os.geteuid() == 0 else back().snapshot

    def work() -> None:
        restore(side, snapshot, place / "out")
        if (place / "out" / "secret").exists():
            assert stat.S_IMODE((place / "out" / "secret" / "none").stat().st_mode) == 0
            assert stat.S_IMODE((place / "out" / "secret").stat().st_mode) == 0o100

    with common_folder() as place:
        unprivileged(work)
    (root / "secret").chmod(0o700)


def test_a_target_that_may_not_be_written_is_said_and_nothing_is_left(
    side: ClientVault, back: BackUp
) -> None:
    snapshot = back().snapshot

    def work() -> None:
        (place / "shut").mkdir(mode=0o500)
        (place / "locked").mkdir(mode=0o000)
        for target in ("shut/out", "shut/new/out", "locked", "locked/out"):
            with pytest.raises(UnreachableError):
                restore(side, snapshot, place / target)
        assert os.listdir(place / "shut") == []

    with common_folder() as place:
        unprivileged(work)


def test_one_path_is_restored_from_below_folders_that_nobody_may_write(
    side: ClientVault,
) -> None:
    def work() -> None:
        root = place / "tree"
        (root / "a" / "b").mkdir(parents=True)
        (root / "a" / "b" / "\n").write_bytes(b"odd")
        (root / "a" / "c").write_bytes(b"not wanted")
        for folder in (root / "a" / "b", root / "a"):
            folder.chmod(0o500)
        with TreeSource(root).freeze() as frozen:
            receipt = back_up(side, frozen, set_name="main", at=AT)
        restore(side, receipt.snapshot, place / "out", path=b"a/b/\n")
        assert set(facts(place / "out")) == {b".", b"a", b"a/b", b"a/b/\n"}
        assert stat.S_IMODE((place / "out" / "a").stat().st_mode) == 0o500

    with common_folder() as place:
        unprivileged(work)


def test_two_restores_of_one_target_do_not_destroy_each_other(
    side: ClientVault, back: BackUp, tree: Path, tmp_path: Path
) -> None:
    snapshot, barrier, failed = back().snapshot, threading.Barrier(2), list[BaozhangError]()

    def work() -> None:
        barrier.wait()
        try:
            restore(side, snapshot, tmp_path / "out")
        except BaozhangError as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failed) <= 1
    assert facts(tmp_path / "out") == facts(tree)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "tree"]


def test_a_target_may_have_the_longest_name_there_is(
    side: ClientVault, back: BackUp, tree: Path, tmp_path: Path
) -> None:
    name = "账" * 85  # 255 bytes
    restore(side, back().snapshot, tmp_path / name)
    assert facts(tmp_path / name) == facts(tree)


def test_a_mount_point_is_refused_before_anything_is_written(
    side: ClientVault, back: BackUp, tmp_path: Path
) -> None:
    """The folder is built beside its target, and nothing can be renamed onto a mount point."""
    snapshot = back().snapshot
    with pytest.raises(UsageError) as caught:
        restore(side, snapshot, Path("/proc"), dry_run=True)
    assert "mount point" in caught.value.hint


def rewritten(side: ClientVault, receipt: BackupReceipt, manifest: Manifest) -> ObjectName:
    """Commit another manifest in a snapshot's place, as a broken writer would; return its name."""
    commit, folder = side.commit_of(receipt.snapshot), side.set_pseudonym("main")
    sealed = side.seal(Kind.MANIFEST, encode_full(manifest))
    name = side.space.manifest(folder, 1, sealed)
    side.store.put(name, sealed)
    record = side.seal(Kind.COMMIT, encode_commit(replace(commit, manifest=name)))
    side.store.delete(side.commit_names("main")[0])
    side.store.put(side.space.commit(folder, 1, hash_of(record)), record)
    return name


def test_a_piece_outside_its_segment_is_damage_before_anybody_needs_it(
    vault: Vault, side: ClientVault, back: BackUp, tmp_path: Path
) -> None:
    receipt = back()
    manifest = side.manifest(receipt.snapshot)
    manifest.piece_offsets[-1] += 2**21
    name = rewritten(side, receipt, manifest)
    (damage,) = verify(vault, every_byte=True).damaged
    assert (damage.object, damage.kind) == (name, "damaged")
    assert len(damage.files) == len(damage.snapshots) == 1
    with pytest.raises(CorruptObjectError):
        restore(side, side.find("latest"), tmp_path / "out")


def test_a_file_without_its_pieces_never_comes_back_empty(
    side: ClientVault, back: BackUp, tmp_path: Path
) -> None:
    receipt = back()
    manifest = side.manifest(receipt.snapshot)
    manifest.counts = array("I", bytes(4 * len(manifest)))
    for name in ("piece_packs", "piece_segments", "piece_offsets", "piece_lengths"):
        setattr(manifest, name, array("I"))
    rewritten(side, receipt, manifest)
    with pytest.raises(CorruptObjectError):
        restore(side, side.find("latest"), tmp_path / "out")


@pytest.mark.parametrize("column", ["piece_packs", "kinds"])
def test_a_manifest_that_points_beyond_its_tables_is_refused(
    side: ClientVault, back: BackUp, column: str
) -> None:
    receipt = back()
    manifest = side.manifest(receipt.snapshot)
    manifest.kinds = bytearray(manifest.kinds)
    getattr(manifest, column)[-1] = 250
    rewritten(side, receipt, manifest)
    with pytest.raises(CorruptObjectError):
        side.manifest(side.find("latest"))
