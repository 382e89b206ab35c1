"""A limit on the size of files plays the full disk: first a short write, then an error.

Real small disks are in `tests/faults/test_full_disks.py`.
"""

import resource
import signal
from collections.abc import Callable

import pytest

from baozhang.errors import StoreFullError
from tests.crash import job
from tests.crash.conftest import Fresh
from tests.crash.dying import in_child
from tests.crash.oracle import after_backup


def full(work: Callable[[], object]) -> bool:
    """Do it; tell whether the disk was full."""
    try:
        work()
    except StoreFullError:
        return True
    return False


def limited(limit: int, work: Callable[[], object]) -> int:
    """Run `work` in a child whose files may not grow beyond `limit`; return its exit status."""

    def child() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        assert full(work)

    return in_child(child)


@pytest.mark.parametrize("limit", [100, 300, 2_000, 40_960, 150_000])
def test_a_backup_that_meets_a_limit_leaves_the_vault_as_it_was(fresh: Fresh, limit: int) -> None:
    place = fresh()
    assert limited(limit, lambda: job.back_up_tree(place)) == 0
    assert [path.name for path in (place / "vault" / ".tmp").iterdir()] == []
    after_backup(place)


@pytest.mark.parametrize("limit", [0, 10, 100_000])
def test_a_restore_that_meets_a_limit_leaves_nothing(fresh: Fresh, limit: int) -> None:
    place = fresh()
    before = sorted(path.name for path in place.iterdir())
    assert limited(limit, lambda: job.restore_latest(place)) == 0
    assert sorted(path.name for path in place.iterdir()) == before
