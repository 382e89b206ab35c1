"""A machine that is slow, short of handles, told to stop, or whose disk goes read-only or away."""

import base64
import gc
import os
import random
import resource
import select
import shutil
import signal
import subprocess
import sys
from functools import partial
from math import inf
from pathlib import Path
from time import monotonic

import pytest

from tests.crash.conftest import Fresh, Prepared
from tests.crash.dying import ended, in_child, started, strace_works, traced
from tests.crash.job import KEY
from tests.crash.jobs import JOBS
from tests.faults.disks import Disk, in_memory, mounted, run, why_no_cuts, why_no_mounts
from tests.faults.publishing import Publish, not_run
from tests.faults.sizes import SEED, size

ENDS = {0, 1, 3}
COMMAND = [sys.executable, "-c", "from baozhang.cli import main; main()"]


@pytest.mark.parametrize("name", JOBS)
def test_a_slow_disk_only_takes_longer(
    fresh: Fresh, tmp_path: Path, publish: Publish, name: str
) -> None:
    if not strace_works():
        not_run("strace is not here, or may not trace; `make setup` as root installs it")
    job, calls = JOBS[name], "write,pwrite64,fsync,rename,mkdir,openat"
    place = fresh(job)
    inject = f"{calls}:delay_enter=5000"
    ran = traced(partial(job.work, place), tmp_path / "log", trace=calls, inject=inject)
    assert (ran.status, "(DELAYED)" in ran.log) == (0, True)
    job.check(place, 0)
    publish("slow disk", ran.log.count("(DELAYED)"), job=name)


@pytest.mark.parametrize("name", JOBS)
def test_without_handles_a_job_ends_cleanly(fresh: Fresh, publish: Publish, name: str) -> None:
    """One handle more each time, from none to enough."""
    job, ends = JOBS[name], list[int]()

    def limited(place: Path, more: int) -> object:
        gc.collect()  # what an earlier test left would close its handles in the middle
        lowest = os.dup(0)  # that is free: with a limit there, none can be had
        os.close(lowest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + more, lowest + more))
        return job.work(place)

    while not ends or ends[-1] != 0:
        place = fresh(job)
        ends.append(in_child(partial(limited, place, len(ends))))
        assert ends[-1] in ENDS, len(ends)
        job.check(place, ends[-1])
        assert len(ends) < 64
    publish("too few handles", len(ends) - 1, job=name)


HEEDING = ("/usr/bin/env", "--default-signal=INT")
"""What a shell runs in the background is taught to ignore Ctrl-C, and so would this one be."""


@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGINT], ids=lambda order: order.name)
def test_a_backup_that_is_told_to_stop_leaves_old_or_new(
    fresh: Fresh, publish: Publish, order: signal.Signals
) -> None:
    """The command itself, at random instants; it need not tidy up, and must not claim anything."""
    rng, stopped, wanted = random.Random(f"{SEED} {order}"), 0, size("terminated", parts=4)
    longest = told_to_stop(fresh(), None, order)[1]
    for _ in range(20 * wanted):
        after = rng.uniform(longest / 2, longest)
        status, took = told_to_stop(place := fresh(), after, order)
        assert status == 0 or status in {-order, 130, 128 + order}, status
        JOBS["back_up_tree"].check(place, status if status == 0 else None)
        stopped += status != 0
        if status == 0:  # it was quicker than the run that was measured
            longest = min(longest, took)
        if stopped == wanted:
            break
    assert stopped == wanted
    publish("terminated", stopped, order=order.name)


def told_to_stop(place: Path, after: float | None, order: signal.Signals) -> tuple[int, float]:
    """Run a backup by the command; return its exit status and how long it took."""
    key = place.parent / "key"
    key.write_bytes(b"baozhang-key-1:" + base64.b64encode(KEY.value) + b"\n")
    key.chmod(0o600)
    words = [place / "vault", place / "tree", "--client", "c001", "--key-file", key, "--reread"]
    begun = monotonic()
    with subprocess.Popen(
        [*HEEDING, *COMMAND, "vault", "backup", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        if after is not None:
            select.select([], [], [], after)
            child.send_signal(order)
        said = child.communicate()[1]
    assert after is not None or child.returncode == 0, said
    return child.returncode, monotonic() - begun


@pytest.mark.server  # mounts: not with `make test-fast`
@pytest.mark.parametrize("name", sorted(set(JOBS) - {"restore_latest"}))
def test_a_disk_that_goes_read_only_is_said_to_be(
    prepared: Prepared, tmp_path: Path, publish: Publish, name: str
) -> None:
    """Before the job, and at instants while it works."""
    if why_no_mounts():
        not_run(f"no small disk can be mounted here: {why_no_mounts()}")
    job, rng, struck, longest = JOBS[name], random.Random(f"{SEED} {name}"), 0, inf
    for number in range(8):
        with in_memory(tmp_path / "place", 64 * 1024) as place:
            shutil.copytree(prepared(job), place, symlinks=True, dirs_exist_ok=True)
            if number == 1:
                run("mount", "-o", "remount,ro", place)
            begun = monotonic()
            child = started(partial(job.work, place))
            if number > 1:
                select.select([], [], [], rng.uniform(0, longest))
                while subprocess.run(["mount", "-o", "remount,ro", place], check=False).returncode:
                    pass  # a file is open for writing just now
            status = ended(child)
            longest = longest if status else min(longest, monotonic() - begun)
            assert status in ({0} if number == 0 else {3} if number == 1 else {0, 3})
            run("mount", "-o", "remount,rw", place)
            job.check(place, status)
            struck += status == 3
    publish("read-only disk", struck, job=name)


@pytest.mark.server  # mounts: not with `make test-fast`
def test_a_disk_that_is_taken_away_meanwhile_is_never_half_a_backup(
    fresh: Fresh, tmp_path: Path, publish: Publish
) -> None:
    """Its folder stays, empty, on another disk; nothing that counts may be written there."""
    if why := why_no_cuts("ext4", tmp_path / "probing"):
        not_run(f"no disk can be mounted here: {why}")
    disk, job, rng = Disk("ext4", tmp_path), JOBS["back_up_tree"], random.Random(SEED)
    away, longest = 0, inf
    for number in range(size("terminated")):
        place = fresh()
        (place / "vault").rename(place / "aside")
        (place / "vault").symlink_to(disk.place)
        with mounted(disk):
            shutil.rmtree(disk.place, ignore_errors=True)
            shutil.copytree(place / "aside", disk.place, dirs_exist_ok=True)
            begun = monotonic()
            child = started(partial(job.work, place))
            if number:
                select.select([], [], [], rng.uniform(0, longest))
                run("umount", "--lazy", disk.place)
            status = ended(child)
            longest = longest if status else min(longest, monotonic() - begun)
            if number:
                assert not list(disk.place.glob("c/*/commit/*/*"))
                disk.mount()
            assert status in {0, 2, 3}
            job.check(place, status)
            away += status != 0
    publish("disk taken away", away)
