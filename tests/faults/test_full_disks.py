"""A disk that fills up, page by page more room: said as such, nothing lost, over with more room.

Everything lies on a disk in memory with so many KiB free, in steps of 4.  Such a disk first writes
less than it was asked to, and refuses the rest: both must have happened.
"""

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from baozhang.errors import UsageError
from baozhang.sources.tree import TreeSource
from baozhang.vault.client import ClientVault
from baozhang.vault.reader import restore
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import create_vault
from baozhang.vault.writer import back_up
from tests.crash import job as jobs
from tests.crash.conftest import Prepared
from tests.crash.dying import ended, in_child, started
from tests.crash.jobs import JOBS, Job
from tests.crash.oracle import assert_sound
from tests.faults.disks import in_memory, resize, why_no_mounts
from tests.faults.publishing import Publish, not_run
from tests.faults.sizes import SEED, size
from tests.vault.test_round_trip import facts

pytestmark = pytest.mark.server  # mounts: not with `make test-fast`
LARGE, STEP, OUTSIDE = 64 * 1024, 4, 3  # KiB; exit status
FILLING = ("back_up_tree", "back_up_first", "mirror", "restore_latest", "make")
SHARES = {"back_up_tree": 0.4, "back_up_first": 0.45, "mirror": 0.08, "restore_latest": 0.05}
"""Of all sizes; the rest falls to what is not named.  Some jobs have few steps to fail at."""


@contextmanager
def disk(template: Path, place: Path, rng: random.Random | None) -> Iterator[Path]:
    """Copy a template to a disk in memory; with `rng`, let there be more to back up."""
    with in_memory(place, LARGE):
        shutil.copytree(template, place, symlinks=True, dirs_exist_ok=True)
        if rng:
            (place / "tree" / "more.pdf").write_bytes(
                b"%PDF" + rng.randbytes(rng.randrange(400_000))
            )
        yield place


def used(place: Path) -> int:
    found = os.statvfs(place)
    return (found.f_blocks - found.f_bfree) * found.f_frsize // 1024


def short_writes(work: object, said: int) -> object:
    """Do the work; say a byte for each write that took less than it was given."""
    real = os.write

    def write(handle: int, data: bytes) -> int:
        taken = real(handle, data)
        if taken < len(data):
            real(said, b"s")
        return taken

    os.write = write
    return work()


def steps(each: Job, template: Path, place: Path, rng: random.Random | None) -> range:
    """Return the KiB free at which the job may fail, and a few at which it may not."""
    with disk(template, place, rng):
        before = used(place)
        assert ended(started(partial(each.work, place))) == 0
        return range(0, used(place) - before + 64, STEP)


@pytest.mark.parametrize("name", FILLING)
def test_a_disk_that_fills_up_anywhere(
    prepared: Prepared, tmp_path: Path, publish: Publish, name: str
) -> None:
    if why_no_mounts():
        not_run(f"no small disk can be mounted here: {why_no_mounts()}")
    each, place = JOBS[name], tmp_path / "place"
    wanted = round(size("full disk") * SHARES.get(name, 1 - sum(SHARES.values())))
    rng, source = random.Random(f"{SEED} {name}"), prepared(each)
    full, short, done, more = 0, 0, 0, None
    while done < wanted:
        sweep = steps(each, source, place, more and random.Random(more))
        chosen = rng.sample(sweep, min(len(sweep), wanted - done))
        for free in sorted({0, *chosen, sweep[-1]}):
            with disk(source, place, more and random.Random(more)):
                status, shorts = struck(each, place, free, tmp_path)
            full, short, done = full + (status == OUTSIDE), short + shorts, done + 1
            assert status == 0 or free != sweep[-1]
        if name not in {"back_up_tree", "back_up_first"}:
            break
        more = rng.randrange(2**32)
    assert full
    assert short or name not in {"back_up_tree", "back_up_first"}
    publish("full disk", done, job=name, full=full, short_writes=short)


def struck(each: Job, place: Path, free: int, outside: Path) -> tuple[int, int]:
    """Let a job run with so many KiB free; return its exit status and the short writes seen."""
    resize(place, used(place) + free)
    reader, writer = os.pipe()
    status = ended(started(partial(short_writes, partial(each.work, place), writer)))
    os.close(writer)
    shorts = len(os.read(reader, 4096))
    os.close(reader)
    assert status in {0, OUTSIDE}
    assert not [path for store in place.glob("*/.tmp") for path in store.iterdir()]
    side = jobs.opened(place).client("c001")
    restore(side, side.snapshots()[0], outside / "again")  # while the disk is full
    assert facts(outside / "again") == facts(place / "before")
    shutil.rmtree(outside / "again")
    assert_sound(jobs.opened(place))
    resize(place, LARGE)
    each.check(place, status)
    return status, shorts


def many_small_files(root: Path) -> ClientVault:
    """Back up files that take far more room on a disk than they have bytes."""
    rng = random.Random(3)
    root.mkdir()
    for number in range(100):
        (root / str(number)).write_bytes(rng.randbytes(100))
    side = create_vault(MemoryStore(), [jobs.KEY], at=jobs.AT).client("c001", create=True)
    with TreeSource(root).freeze() as frozen:
        back_up(side, frozen, set_name="main", at=jobs.AT)
    return side


def test_a_target_s_disk_fills_up_anywhere(tmp_path: Path) -> None:
    """No sum of sizes tells beforehand: a file of 100 bytes takes a page."""
    if why_no_mounts():
        not_run(f"no small disk can be mounted here: {why_no_mounts()}")
    side, outcomes = many_small_files(tmp_path / "tree"), set()
    for kib in range(32, 640, 64):
        with in_memory(tmp_path / "disk", kib) as place:
            out = place / "out"
            status = in_child(partial(restore, side, side.find("latest"), out))
            assert sorted(path.name for path in place.iterdir()) == ([] if status else ["out"])
            assert status or facts(out) == facts(tmp_path / "tree")
            outcomes.add(status)
    assert outcomes == {0, OUTSIDE}


def test_a_mounted_disk_is_no_target_by_itself(tmp_path: Path) -> None:
    if why_no_mounts():
        not_run(f"no small disk can be mounted here: {why_no_mounts()}")
    side = many_small_files(tmp_path / "tree")
    with in_memory(tmp_path / "disk", 2048) as place:
        with pytest.raises(UsageError):
            restore(side, side.find("latest"), place)
        restore(side, side.find("latest"), place / "out")
        assert facts(place / "out") == facts(tmp_path / "tree")
