"""A disk that answers with an error: at every call, of every job, in turn.

strace lets the n-th call of a kind fail with EIO, for n = 1, 2, 3 … until none is left to fail.
What a failed fsync leaves of a file is nobody's to know (Rebello et al., USENIX ATC 2020): the file
is thrown away, never flushed again.
"""

import re
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from tests.crash.conftest import Fresh
from tests.crash.dying import RAW, Traced, strace_works, traced
from tests.crash.jobs import JOBS
from tests.faults.publishing import Publish, not_run
from tests.faults.sizes import is_small

CALLS = (
    "write,pwrite64,fsync,fdatasync,read,pread64,preadv,openat,rename,renameat,renameat2,"
    "mkdir,mkdirat,link,linkat,unlink,unlinkat,getdents64,newfstatat,statx,close"
)
MANY = {"getdents64", "newfstatat", "statx", "close"}
"""Calls of which a listing makes hundreds; `make test` fails every seventh of these."""
CALL = re.compile(r"^\d+ +(\w+)\(", re.MULTILINE)
FAILED_SYNC = re.compile(r"^\d+ +fsync\(\d+<(.*)>\) += -1 EIO .*\(INJECTED\)$", re.MULTILINE)
ENDS = {0, 1, 3, RAW}  # 0: that call's failure cost nothing; 1: a part; 3: something outside


@pytest.mark.parametrize("name", JOBS)
def test_a_job_whose_every_call_fails_in_turn_ends_cleanly(
    fresh: Fresh, tmp_path: Path, publish: Publish, name: str
) -> None:
    if not strace_works():
        not_run("strace is not here, or may not trace; `make setup` as root installs it")
    job, log, failures = JOBS[name], tmp_path / "log", {}
    seen = traced(partial(job.work, fresh(job)), log, trace=CALLS)
    assert seen.status == 0
    for call in sorted(set(CALL.findall(seen.log))):
        failures[call], step = 0, stride(call)
        for number in count(1, step):
            place = fresh(job)
            inject = f"{call}:error=EIO:when={number}"
            ran = traced(partial(job.work, place), log, trace=f"{call},fsync,rename", inject=inject)
            if "(INJECTED)" not in ran.log:
                break
            assert ran.status in ENDS, (call, number, ran.log)
            assert ran.status != RAW or call == "close"  # which no disk of ours fails at
            assert_no_second_flush(ran)
            job.check(place, ran.status)
            failures[call] += 1
    assert {"read", "openat"} <= set(failures)
    assert {"rename", "unlink"} & set(failures)
    publish("failing call", sum(failures.values()), calls=failures)


def stride(call: str) -> int:
    """Return which calls of a kind are to fail: each, or each so many-th."""
    return 7 if call in MANY and is_small() else 1


def assert_no_second_flush(ran: Traced) -> None:
    """A file whose flush failed is neither flushed again nor given its name."""
    for found in FAILED_SYNC.finditer(ran.log):
        after = ran.log[found.end() :]
        assert "/.tmp/" not in found[1] or found[1] not in after, ran.log
        assert ran.status != 0
