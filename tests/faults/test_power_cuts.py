"""The power goes: whatever was acknowledged is there again, whatever was not is old or new.

A kill proves nothing of this, for the system's cache outlives the process.  Here the file system
itself is shut down at a random instant, with everything dropped that its journal had not brought to
the disk; then it is mounted again.  The control shows that this loses what nobody flushed.
"""

import os
import random
import select
import shutil
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.errors import BaozhangError, StoreUnreachableError
from baozhang.sources.tree import TreeSource
from baozhang.vault.mirror import copy_to_mirror
from baozhang.vault.reader import restore
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.stores.choosing import new_store_at, store_at
from baozhang.vault.stores.local import LocalStore
from baozhang.vault.vault import create_vault, open_vault
from baozhang.vault.writer import back_up
from tests.crash.dying import ended, started
from tests.crash.job import AT, KEY
from tests.crash.oracle import MARKER, assert_nothing_leaks, assert_sound
from tests.faults.disks import MAKERS, Disk, mounted, why_no_cuts
from tests.faults.publishing import Publish, not_run
from tests.faults.sizes import SEED, size
from tests.vault.test_round_trip import facts

pytestmark = pytest.mark.server  # mounts: not with `make test-fast`
PARTS = 2
LONGEST = 0.5  # seconds until the power goes; a backup takes about a tenth
DEAD = {0, 1, 3}  # exit statuses of one whose disk died under it: it may even not have noticed


@pytest.fixture(params=MAKERS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    if why := why_no_cuts(request.param, tmp_path / "probing"):
        not_run(f"no power can be cut on {request.param} here: {why}")
    shutil.rmtree(tmp_path / "probing")
    return Disk(request.param, tmp_path)


def tree(root: Path, number: int) -> None:
    """Make the books of the day of this number: every day the same, wherever they are made."""
    rng = random.Random(number)
    shutil.rmtree(root, ignore_errors=True)
    (root / "books").mkdir(parents=True)
    (root / "books" / "day.csv").write_bytes(b"%d,%b\n" % (number, MARKER) * 300)
    (root / "invoice.pdf").write_bytes(b"%PDF" + rng.randbytes(rng.randrange(120_000)))
    (root / "old.pdf").write_bytes(b"%PDF of every day" * 5_000)
    for path in (*root.rglob("*"), root):
        os.utime(path, ns=(1_700_000_000_000_000_000 + number,) * 2)


def work(vault: Path, mirror: Path, source: Path, first: int, said: int) -> None:
    """Back up and copy, day after day; say each day's number once both are done."""
    number = first
    while True:
        tree(source, number)
        with TreeSource(source).freeze() as frozen:
            side = open_vault(store_at(str(vault)), KEY).client("c001", create=True)
            back_up(side, frozen, set_name="main", at=AT + timedelta(minutes=number))
        copy_to_mirror(side.store, new_store_at(str(mirror)))
        os.write(said, number.to_bytes(4, "big"))
        number += 1


class Site:
    """A vault and its mirror, one of them on a disk whose power goes."""

    def __init__(self, root: Path, disk: Disk, *, vault_dies: bool) -> None:
        self.dying, self.safe = disk.place / "site", root / "safe"
        self.vault, self.mirror = (self.dying, self.safe) if vault_dies else (self.safe, self.dying)
        self.scratch = root / "scratch"
        self.scratch.mkdir(exist_ok=True)
        shutil.rmtree(self.safe, ignore_errors=True)
        self.next = 1
        with mounted(disk):
            shutil.rmtree(self.dying, ignore_errors=True)
            create_vault(new_store_at(str(self.vault)), [KEY], at=AT)
            os.sync()

    def struck(self, disk: Disk, after: float) -> list[int]:
        """Let a process work, and take the disk's power; return the days it acknowledged."""
        reader, writer = os.pipe()
        with mounted(disk):
            child = started(
                lambda: work(self.vault, self.mirror, self.scratch / "books", self.next, writer)
            )
            os.close(writer)
            assert select.select([reader], [], [], 60)[0], "the child acknowledged nothing"
            select.select([], [], [], after)
            disk.cut()
            assert disk.is_dead()
            status = ended(child)  # it cannot go on for ever: its disk is dead
        told = b"".join(_chunks(reader))
        assert status in DEAD - {0}, status
        return [int.from_bytes(told[at : at + 4], "big") for at in range(0, len(told), 4)]

    def judge(self, disk: Disk, acknowledged: list[int]) -> None:
        """Hold what the disk gives back against what was acknowledged."""
        with mounted(disk):
            for place in (self.dying, self.safe):
                vault = open_vault(store_at(str(place)), KEY)
                assert_sound(vault)
                side = vault.client("c001")
                days = {(s.at - AT) // timedelta(minutes=1): s for s in side.snapshots("main")}
                assert set(acknowledged) <= set(days)
                for day in [*acknowledged, max(days)]:
                    restore(side, days[day], self.scratch / "again")
                    tree(self.scratch / "wanted", day)
                    assert facts(self.scratch / "again") == facts(self.scratch / "wanted")
                    shutil.rmtree(self.scratch / "again")
                self.next = max(self.next, max(days) + 1)
            assert_nothing_leaks(disk.place)


def _chunks(reader: int) -> Iterator[bytes]:
    while chunk := os.read(reader, 4096):
        yield chunk
    os.close(reader)


@pytest.mark.parametrize("dying", ["vault", "mirror"])
def test_what_was_acknowledged_survives_a_power_cut(
    disk: Disk, tmp_path: Path, publish: Publish, dying: str, request: pytest.FixtureRequest
) -> None:
    rng = random.Random(f"{SEED} {request.node.name}")
    cuts, acknowledged = size("power cut", parts=len(MAKERS) * PARTS), 0
    for number in range(cuts):
        if number % 10 == 0:
            site = Site(tmp_path, disk, vault_dies=dying == "vault")
        days = site.struck(disk, rng.uniform(0, LONGEST))
        site.judge(disk, days)
        acknowledged += len(days)
    publish("power cut", cuts, acknowledged=acknowledged, dying=dying, disk=request.node.name)


def test_the_cut_loses_what_nobody_flushed(disk: Disk, publish: Publish) -> None:
    """Else the test above would prove nothing."""
    files = 200
    with mounted(disk):
        for number in range(files):
            (disk.place / str(number)).write_bytes(b"acknowledged too early")
        disk.cut()
        assert disk.is_dead()
    with mounted(disk):
        left = [path for path in disk.place.iterdir() if path.is_file() and path.stat().st_size]
    assert left == []
    publish("power cut, control", files)


def test_a_store_that_does_not_flush_is_caught(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The suite above sees the very fault it is there for."""
    site = Site(tmp_path, disk, vault_dies=True)
    for call in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, call, lambda handle: None)
    days = site.struck(disk, 0)
    with pytest.raises((BaozhangError, AssertionError)):
        site.judge(disk, days)


def test_a_flush_that_passes_on_a_dead_disk_is_not_believed(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On xfs a folder's flush passes although what was renamed in it is lost: fs/xfs/xfs_file.c.

    `xfs_dir_fsync` waits for the journal only, and a journal that was given up waits for nothing.
    """
    real = os.fsync

    def cut_first(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            disk.cut()
        real(handle)

    with mounted(disk):
        store = LocalStore(disk.place)
        store.put(ObjectName("config"), b"there")
        monkeypatch.setattr(os, "fsync", cut_first)
        with pytest.raises(StoreUnreachableError):
            store.put(ObjectName("keys"), b"not there")
    with mounted(disk):
        assert [info.name for info in LocalStore(disk.place).list("") if "/" not in info.name] == [
            "config"
        ]
