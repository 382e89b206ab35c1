"""A process that is killed anywhere on its way: the vault is as before or as after, never between.

The method is SQLite's: the n-th call is made fatal for n = 1, 2, 3 … until the job gets through.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from baozhang.errors import StoreUnreachableError, UsageError
from baozhang.vault.stores.local import LocalStore
from baozhang.vault.vault import open_vault
from tests.crash import job
from tests.crash.conftest import Fresh
from tests.crash.dying import killed_at, killed_by_strace, strace_works
from tests.crash.oracle import assert_gives_back, assert_old_or_new, assert_sound
from tests.vault.test_round_trip import facts

MOMENTS = pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
STORING = pytest.mark.parametrize("call", ["write", "fsync", "rename", "mkdir"])


def sweep(fresh: Fresh, call: str, *, after: bool, name: str, check: Callable[[Path], None]) -> int:
    """Kill a job at its every call and check what is left; return how many kills that took."""
    kills = 0
    while True:
        place = fresh()
        work = partial(job.JOBS[name], place)
        if not killed_at(call, kills + 1, after=after, work=work):
            check(place)
            return kills
        kills += 1
        check(place)


@MOMENTS
@STORING
def test_a_backup_killed_at_any_call(fresh: Fresh, call: str, after: bool) -> None:
    kills = sweep(fresh, call, after=after, name="back_up_tree", check=assert_old_or_new)
    assert kills >= {"write": 4, "fsync": 8, "rename": 4, "mkdir": 1}[call]


@MOMENTS
@STORING
def test_a_client_s_first_backup_killed_at_any_call(fresh: Fresh, call: str, after: bool) -> None:
    def check(place: Path) -> None:
        job.back_up_first(place)
        vault = job.opened(place)
        count = len(vault.client("c002").snapshots())
        assert_gives_back(vault, place, "c002", ["tree"] * count)
        assert_gives_back(vault, place, "c001", ["before"])
        assert_sound(vault)

    kills = sweep(fresh, call, after=after, name="back_up_first", check=check)
    assert kills >= {"write": 5, "fsync": 10, "rename": 5, "mkdir": 5}[call]


@MOMENTS
@STORING
def test_a_mirror_killed_at_any_call_is_an_older_vault(
    fresh: Fresh, call: str, after: bool
) -> None:
    def newer() -> Path:
        place = fresh()
        job.back_up_tree(place)
        return place

    def check(place: Path) -> None:
        mirror = job.opened(place, "mirror")
        done = len(mirror.client("c001").snapshots()) - 1
        assert_gives_back(mirror, place, "c001", ["before", *["tree"] * done])
        assert_sound(mirror)
        job.mirror(place)
        assert_gives_back(mirror, place, "c001", ["before", "tree"])

    kills = sweep(newer, call, after=after, name="mirror", check=check)
    assert kills >= {"write": 4, "fsync": 8, "rename": 4, "mkdir": 1}[call]


@MOMENTS
@STORING
def test_a_vault_whose_making_is_killed_at_any_call(fresh: Fresh, call: str, after: bool) -> None:
    """It is a vault or it is none, and then it can be made, with the same key."""

    def check(place: Path) -> None:
        try:
            vault = open_vault(LocalStore(place / "new"), job.KEY)
        except (UsageError, StoreUnreachableError):
            job.make(place)
            vault = open_vault(LocalStore(place / "new"), job.KEY)
        assert_sound(vault)

    kills = sweep(fresh, call, after=after, name="make", check=check)
    assert kills >= {"write": 3, "fsync": 6, "rename": 3, "mkdir": 3}[call]


@MOMENTS
@pytest.mark.parametrize("call", ["pwrite", "mkdir", "fchmod", "symlink", "utime", "rename"])
def test_a_restore_killed_at_any_call_leaves_all_or_no_target(
    fresh: Fresh, call: str, after: bool
) -> None:
    def check(place: Path) -> None:
        if not (place / "out").exists():
            job.restore_latest(place)
        assert facts(place / "out") == facts(place / "before")

    kills = sweep(fresh, call, after=after, name="restore_latest", check=check)
    assert kills >= 1


def test_a_backup_killed_at_any_system_call(fresh: Fresh) -> None:
    """The same from outside the process, which cannot know better."""
    if not strace_works():
        pytest.skip("strace is not here, or may not trace: run `make setup` as root")
    for call in ("fsync", "rename", "write"):
        kills = 0
        while killed_by_strace(call, kills + 1, job="back_up_tree", place=(place := fresh())):
            assert_old_or_new(place)
            kills += 1
        assert_old_or_new(place)
        assert kills >= 3
