"""Two processes on one vault at the same time: both are kept, whoever comes first."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from baozhang.errors import UsageError
from baozhang.vault.verify import verify
from tests.crash import job
from tests.crash.conftest import Fresh, small_tree
from tests.crash.dying import ended, started
from tests.crash.oracle import assert_gives_back, assert_sound
from tests.faults.publishing import Publish
from tests.faults.sizes import size

ROUNDS = size("two at once", parts=2)


def at_once(*works: Callable[[], object]) -> list[int]:
    """Run each in a process of its own, let go together; return their exit statuses."""
    reader, writer = os.pipe()

    def waiting(work: Callable[[], object]) -> None:
        os.close(writer)
        os.read(reader, 1)  # returns when nobody holds the other end any more
        work()

    children = [started(partial(waiting, work)) for work in works]
    os.close(writer)
    os.close(reader)
    return [ended(child) for child in children]


@pytest.mark.parametrize("client", ["c001", "c002"])
def test_two_backups_of_one_client_are_both_kept(
    fresh: Fresh, publish: Publish, client: str
) -> None:
    """Of a client that is there, and of one that both of them make."""
    for _ in range(ROUNDS):
        place = fresh()
        small_tree(place / "other", 3)
        back_up = partial(job.back_up_tree, place, client=client)
        assert at_once(back_up, partial(back_up, tree="other")) == [0, 0]
        vault = job.opened(place)
        assert {d.kind for d in verify(vault, every_byte=True).damaged} <= {"forked"}
        back_up()
        assert_sound(vault)
        side, old = vault.client(client), ["before"] if client == "c001" else []
        files = [side.manifest(snapshot).digests for snapshot in side.snapshots()]
        assert len(files) == len(old) + 3
        trees = ["tree", "other"] if files[-3] == files[-1] else ["other", "tree"]
        assert_gives_back(vault, place, client, [*old, *trees, "tree"])
    publish("two at once", ROUNDS, client=client)


def test_two_who_make_one_vault_with_one_key_end_with_one_that_it_opens(tmp_path: Path) -> None:
    """One of them is told so, or both are; the slots of the other are nobody's."""

    def make() -> None:
        try:
            job.make(place)
        except UsageError:
            return
        job.opened(place, "new")

    for number in range(ROUNDS):
        place = tmp_path / str(number)
        assert at_once(make, make) == [0, 0]
        assert_sound(job.opened(place, "new"))
