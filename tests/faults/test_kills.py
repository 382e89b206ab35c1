"""SIGKILL: at every system call of every job, and at instants chosen at random.

From outside the process, which cannot know better: strace kills whichever thread enters the call
for the n-th time, for n = 1, 2, 3 … until the job gets through.
"""

import os
import random
import re
import select
import signal
from functools import partial
from pathlib import Path
from time import monotonic

import pytest

from tests.crash.conftest import Fresh
from tests.crash.dying import ended, started, strace_works, traced
from tests.crash.jobs import JOBS
from tests.faults.publishing import Publish, not_run
from tests.faults.sizes import SEED, size

CHANGING = (
    "write,pwrite64,writev,fsync,fdatasync,sync_file_range,ftruncate,fallocate,copy_file_range,"
    "rename,renameat,renameat2,mkdir,mkdirat,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,"
    "chmod,fchmod,fchmodat,fchown,fchownat,utimensat"
)
"""Every call by which a process of ours can change what a disk holds, but opening."""
NEEDED = {"restore_latest": {"mkdir", "pwrite64", "rename"}, "sweep_old": {"unlink"}}
CALL = re.compile(r"^\d+ +(\w+)\(", re.MULTILINE)


@pytest.mark.parametrize("name", JOBS)
def test_a_job_killed_at_any_system_call_leaves_old_or_new(
    fresh: Fresh, tmp_path: Path, publish: Publish, name: str
) -> None:
    if not strace_works():
        not_run("strace is not here, or may not trace; `make setup` as root installs it")
    job, log, kills = JOBS[name], tmp_path / "log", {}
    calls = f"{CHANGING},openat"
    seen = traced(partial(job.work, fresh(job)), log, trace=calls)
    assert seen.status == 0
    for call in sorted(set(CALL.findall(seen.log))):
        kills[call] = 0
        while True:
            place = fresh(job)
            inject = f"{call}:signal=SIGKILL:when={kills[call] + 1}"
            ran = traced(partial(job.work, place), log, trace=call, inject=inject)
            fired = "killed by SIGKILL" in ran.log
            assert ran.status == (-signal.SIGKILL if fired else 0)
            job.check(place, None if fired else 0)
            if not fired:
                break
            kills[call] += 1
    assert NEEDED.get(name, {"write", "fsync", "rename"}) <= set(kills)
    publish("kill at every system call", sum(kills.values()), calls=kills)


SHARES = [f"{name}-{part}" for name in JOBS for part in range(2)]


@pytest.mark.parametrize("share", SHARES)
def test_a_job_killed_at_any_instant_leaves_old_or_new(
    fresh: Fresh, publish: Publish, share: str
) -> None:
    """Those that got through before the blow are judged too, and not counted."""
    job, rng = JOBS[share.partition("-")[0]], random.Random(f"{SEED} {share}")
    place, begun = fresh(job), monotonic()
    assert ended(started(partial(job.work, place))) == 0
    longest = monotonic() - begun
    kills, wanted, tries = 0, size("kill at random", parts=len(SHARES)), 0
    while kills < wanted:
        place = fresh(job)
        child = started(partial(job.work, place))
        select.select([], [], [], rng.uniform(0, longest))
        os.kill(child, signal.SIGKILL)  # of one that has ended it is a zombie: nothing happens
        status = ended(child)
        assert status in (0, -signal.SIGKILL)
        job.check(place, None if status else 0)
        kills += status != 0
        longest *= 1 if status else 0.7  # the first run may have been a slow one
        tries += 1
        assert tries < 20 * wanted, "hardly any kill came in time"
    publish("kill at random", kills, jobs=str(job))
