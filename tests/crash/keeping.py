"""The jobs that keep a vault for years: keys that are rotated, old snapshots that go.

Beside the places of `job.py`: the vault may open with `NEW` as well as with `KEY`, and what is
marked to go has been marked for longer than any grace.
"""

import os
import time
from datetime import timedelta
from pathlib import Path

from baozhang.errors import UsageError, WrongKeyError
from baozhang.keys.slots import Secret
from baozhang.vault.prune import mark, plan_prune, sweep
from baozhang.vault.retention import Rule
from baozhang.vault.rotation import finish_master, rotate_client, rotate_master, rotate_slot
from baozhang.vault.stores.choosing import store_at
from baozhang.vault.vault import Vault, open_vault
from tests.crash import job
from tests.crash.oracle import assert_gives_back, assert_nothing_leaks, assert_sound

NEW = Secret("keyfile", bytes(range(2, 34)))
NEWEST = Rule(last=1, daily=0, weekly=0, monthly=0, yearly=0)
NOW = job.AT + timedelta(days=60)
LONG_AGO = 40 * 86_400  # seconds
LATER = NOW + timedelta(seconds=LONG_AGO)


def opened_with(place: Path, secret: Secret) -> Vault | None:
    """Open the vault, if the secret does."""
    try:
        return open_vault(store_at(str(place / "vault")), secret)
    except WrongKeyError:
        return None


def opened_by_any(place: Path) -> Vault:
    """Open the vault with the old key or the new one."""
    vault = opened_with(place, job.KEY) or opened_with(place, NEW)
    assert vault, "neither key opens the vault"
    return vault


def rotate_client_key(place: Path) -> None:
    """Give the client a key of the next epoch."""
    rotate_client(job.opened(place), "c001")


def after_rotating_a_client_s_key(place: Path, status: int | None = None) -> None:
    """Everything opens, with the old epoch or the new one."""
    assert_nothing_leaks(place)
    vault = job.opened(place)
    assert vault.client("c001").epoch == 2 if status == 0 else vault.client("c001").epoch in (1, 2)
    job.back_up_tree(place)
    assert_gives_back(vault, place, "c001", ["before", "tree"])
    assert_sound(vault)


def rotate_key(place: Path) -> None:
    """Put a new key file in the place of the old one."""
    rotate_slot(opened_by_any(place), job.KEY, NEW, at=job.AT)


def after_rotating_a_key(place: Path, status: int | None = None) -> None:
    """One of the keys opens all of it; run again, the new one alone does."""
    assert_nothing_leaks(place)
    assert_gives_back(opened_by_any(place), place, "c001", ["before"])
    assert status != 0 or opened_with(place, job.KEY) is None
    rotate_key(place)
    _assert_new_alone_opens(place)


def _assert_new_alone_opens(place: Path) -> None:
    vault = opened_with(place, NEW)
    assert vault
    assert opened_with(place, job.KEY) is None
    assert_gives_back(vault, place, "c001", ["before"])
    assert_sound(vault)


def rotate_master_key(place: Path) -> None:
    """Give the vault another master; where that was begun already, end it."""
    begun = opened_with(place, NEW)
    if begun is None:
        rotate_master(job.opened(place), [NEW], at=job.AT)
    else:
        finish_master(begun)


def after_rotating_the_master(place: Path, status: int | None = None) -> None:
    """As after the rotation of a key."""
    assert_nothing_leaks(place)
    assert_gives_back(opened_by_any(place), place, "c001", ["before"])
    assert status != 0 or opened_with(place, job.KEY) is None
    rotate_master_key(place)
    _assert_new_alone_opens(place)


def grow_old(place: Path) -> None:
    """Add a snapshot, and let all of it be old."""
    job.back_up_tree(place)
    _age(place)


def _age(place: Path) -> None:
    then = time.time() - LONG_AGO
    for path in (place / "vault").rglob("*"):
        os.utime(path, (then, then))


def mark_old(place: Path) -> None:
    """Mark what the newest day does not need."""
    vault = job.opened(place)
    oldest = vault.client("c001").snapshots()[0].id
    try:
        plan = plan_prune(vault, "c001", NEWEST, now=NOW, forget=[oldest])
    except UsageError:  # it was marked already, and the newest stays
        return
    mark(plan, now=NOW)


def mark_and_wait(place: Path) -> None:
    """Mark, and let the grace pass."""
    grow_old(place)
    mark_old(place)
    _age(place)


def sweep_old(place: Path) -> None:
    """Delete what was marked."""
    sweep(job.opened(place), "c001", now=LATER)


def after_marking(place: Path, status: int | None = None) -> None:
    """What was marked is gone from the list, or is not; the newest stays, and all else does."""
    assert_nothing_leaks(place)
    vault = job.opened(place)
    left = len(vault.client("c001").snapshots("main"))
    assert left == 1 if status == 0 else left in (1, 2)
    _assert_newest(vault, place, left)
    mark_old(place)
    _assert_newest(vault, place, 1)


def after_sweeping(place: Path, status: int | None = None) -> None:
    """The newest stays, whole; run again, what was marked is gone."""
    assert_nothing_leaks(place)
    vault = job.opened(place)
    _assert_newest(vault, place, 1)
    again = sweep(vault, "c001", now=LATER)
    assert not again.deleted or status != 0
    _assert_newest(vault, place, 1)
    assert not sweep(vault, "c001", now=LATER).deleted


def _assert_newest(vault: Vault, place: Path, left: int) -> None:
    assert_gives_back(vault, place, "c001", ["before", "tree"][-left:])
    assert_sound(vault)
    job.back_up_tree(place, client="c003")
    assert_gives_back(vault, place, "c001", ["before", "tree"][-left:])
