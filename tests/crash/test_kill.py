"""A process that is killed anywhere on its way: the vault is as before or as after, never between.

The method is SQLite's: the n-th call is made fatal for n = 1, 2, 3 … until the job gets through.
Kills at every system call, from outside the process, are in `tests/faults/test_kills.py`.
"""

from functools import partial

import pytest

from tests.crash.conftest import Fresh
from tests.crash.dying import killed_at
from tests.crash.jobs import JOBS
from tests.faults.publishing import Publish

STORING = {"write", "fsync", "rename", "mkdir"}
CALLS = {
    "back_up_tree": STORING,
    "back_up_first": STORING,
    "mirror": STORING,
    "make": STORING,
    "restore_latest": {"pwrite", "mkdir", "fchmod", "symlink", "utime", "rename"},
}
LEAST = {"write": 3, "fsync": 6, "rename": 3, "mkdir": 1}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("name", "call"), [(name, call) for name in CALLS for call in sorted(CALLS[name])]
)
def test_a_job_killed_at_any_call_leaves_old_or_new(
    fresh: Fresh, publish: Publish, name: str, call: str, after: bool
) -> None:
    job, kills = JOBS[name], 0
    while killed_at(call, kills + 1, after=after, work=partial(job.work, place := fresh(job))):
        job.check(place, None)
        kills += 1
    job.check(place, 0)
    assert kills >= (LEAST.get(call, 1) if name != "restore_latest" else 1)
    publish("kill before and after every call", kills, job=name, call=call)
