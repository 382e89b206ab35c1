"""A disk that fills up: said as such, nothing lost, and done with once there is room.

Everywhere a limit on the size of files plays the full disk (first a short write, then an error);
where this machine lets us mount, real small disks do, in sizes from too small to large enough.
"""

import os
import random
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from baozhang.errors import StoreFullError, UsageError
from baozhang.sources.tree import TreeSource
from baozhang.vault.client import ClientVault
from baozhang.vault.reader import restore
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import create_vault
from baozhang.vault.writer import back_up
from tests.crash import job
from tests.crash.conftest import Fresh
from tests.crash.dying import in_child
from tests.crash.oracle import assert_old_or_new, assert_sound
from tests.vault.test_round_trip import facts

KIB = 1024


def full(work: Callable[[], object]) -> bool:
    """Do it; tell whether the disk was full."""
    try:
        work()
    except StoreFullError:
        return True
    return False


@contextmanager
def small_disk(place: Path, kib: int) -> Iterator[Callable[[int], object]]:
    """Mount a disk of this size; yield what makes it larger."""
    place.mkdir(exist_ok=True)

    def mount(*options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", place], check=True)

    mount("-o", f"size={kib}k")
    try:
        yield lambda more: mount("-o", f"remount,size={more}k")
    finally:
        subprocess.run(["umount", place], check=True)


def can_mount() -> bool:
    """Tell whether this machine lets us mount."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        return False
    tried = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
        capture_output=True,
        check=False,
    )
    return tried.returncode == 0


@pytest.mark.parametrize("limit", [100, 300, 2_000, 40_960, 150_000])
def test_a_backup_that_meets_a_limit_leaves_the_vault_as_it_was(fresh: Fresh, limit: int) -> None:
    place = fresh()

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        assert full(lambda: job.back_up_tree(place))

    assert in_child(limited) == 0
    assert [path.name for path in (place / "vault" / ".tmp").iterdir()] == []
    assert_old_or_new(place)


@pytest.mark.parametrize("limit", [0, 10, 100_000])
def test_a_restore_that_meets_a_limit_leaves_nothing(fresh: Fresh, limit: int) -> None:
    place = fresh()

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        assert full(lambda: job.restore_latest(place))

    before = sorted(path.name for path in place.iterdir())
    assert in_child(limited) == 0
    assert sorted(path.name for path in place.iterdir()) == before


SIZES = range(240, 640, 32)  # KiB
needs_mount = pytest.mark.skipif(not can_mount(), reason="only root may mount a small disk")


@needs_mount
def test_a_vault_s_disk_fills_up_anywhere(fresh: Fresh) -> None:
    outcomes = set()
    for kib in SIZES:
        place = fresh()
        (place / "vault").rename(place / "aside")
        with small_disk(place / "vault", kib) as enlarge:
            shutil.copytree(place / "aside", place / "vault", dirs_exist_ok=True)
            outcomes.add(full(lambda place=place: job.back_up_tree(place)))
            assert_gives_back_old(place)
            enlarge(8 * KIB)
            assert_old_or_new(place)
    assert outcomes == {True, False}


def assert_gives_back_old(place: Path) -> None:
    vault = job.opened(place)
    side = vault.client("c001")
    restore(side, side.snapshots()[0], place / "again")
    assert facts(place / "again") == facts(place / "before")
    shutil.rmtree(place / "again")
    assert_sound(vault)


def many_small_files(root: Path) -> ClientVault:
    """Back up files that take far more room on a disk than they have bytes."""
    rng = random.Random(3)
    root.mkdir()
    for number in range(100):
        (root / str(number)).write_bytes(rng.randbytes(100))
    side = create_vault(MemoryStore(), [job.KEY], at=job.AT).client("c001", create=True)
    with TreeSource(root).freeze() as frozen:
        back_up(side, frozen, set_name="main", at=job.AT)
    return side


@needs_mount
def test_a_target_s_disk_fills_up_anywhere(tmp_path: Path) -> None:
    """No sum of sizes tells beforehand: a file of 100 bytes takes a page."""
    side, outcomes = many_small_files(tmp_path / "tree"), set()
    for kib in range(32, 640, 64):
        with small_disk(tmp_path / "disk", kib):
            out = tmp_path / "disk" / "out"
            failed = full(lambda out=out: restore(side, side.find("latest"), out))
            assert sorted(path.name for path in out.parent.iterdir()) == [] if failed else ["out"]
            assert failed or facts(out) == facts(tmp_path / "tree")
            outcomes.add(failed)
    assert outcomes == {True, False}


@needs_mount
def test_a_mounted_disk_is_no_target_by_itself(tmp_path: Path) -> None:
    side = many_small_files(tmp_path / "tree")
    with small_disk(tmp_path / "disk", 2 * KIB):
        with pytest.raises(UsageError):
            restore(side, side.find("latest"), tmp_path / "disk")
        restore(side, side.find("latest"), tmp_path / "disk" / "out")
        assert facts(tmp_path / "disk" / "out") == facts(tmp_path / "tree")
