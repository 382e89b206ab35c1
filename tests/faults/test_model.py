"""Backups, pruning, repacking and rotation in any order, with kills and lies: held against a model.

    backup   forget ─ sweep   unforget   repack   rotate   days pass
       └── any of them in the middle of any other, cut off at any put or delete, or beside a store
           that lists less than it has

The model is a dictionary: what each snapshot held.  Whatever happens, every snapshot that nobody
forgot comes back byte for byte, and one that was forgotten comes back as well until it is swept.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import suppress

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from baozhang.errors import (
    BaozhangError,
    SourceBusyError,
    StoreUnreachableError,
    UsageError,
)
from baozhang.keys.slots import new_secret
from baozhang.vault.names import hash_in
from baozhang.vault.prune import Plan, mark, unforget
from baozhang.vault.repack import repack
from baozhang.vault.retention import Rule
from baozhang.vault.rotation import rotate_client
from baozhang.vault.stores.base import ObjectInfo, ObjectName
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.verify import verify
from tests.faults.conftest import Publish
from tests.faults.sizes import SEED, size
from tests.vault.aging import CLIENT, Aging

SECRET = new_secret("keyfile")
BLOCKS = [random.Random(n).randbytes(1500) for n in range(8)]
"""What files are made of, so that snapshots share extents."""
LARGE = [random.Random(100 + n).randbytes(1_100_000) for n in range(3)]
"""A segment and more of its own each, so that packs become hollow and are taken apart."""
RULES = [Rule(n, 0, 0, 0, 0) for n in (1, 2, 3)]


WORKS = ("backup", "mark", "mark, repack", "week, sweep", "mark, week, sweep", "repack", "rotate")
WORKS += ("unforget", "slow mark")


class KilledError(BaseException):
    """The process is gone; nothing may catch it."""


class Unsteady(MemoryStore):
    """A store at whose n-th change something happens, and that can be made to lie."""

    def __init__(self) -> None:
        super().__init__()
        self.changes = self.deleted = 0
        self.at: int | None = None
        self.happening: Callable[[], None] = lambda: None
        self.hidden: frozenset[ObjectName] = frozenset()
        self.fired = 0

    def put(self, name: ObjectName, data: bytes | bytearray | memoryview, /) -> None:
        self._change()
        super().put(name, data)

    def delete(self, name: ObjectName, /) -> None:
        self._change()
        self.deleted += 1
        super().delete(name)

    def list(self, prefix: str = "", /) -> Iterator[ObjectInfo]:
        return (info for info in super().list(prefix) if info.name not in self.hidden)

    def arm(self, after: int, happening: Callable[[], None]) -> None:
        """Let something happen just before one of the coming changes."""
        self.at, self.happening = self.changes + after, happening

    def disarm(self) -> None:
        self.at = None

    def _change(self) -> None:
        if self.at is not None and self.changes >= self.at:
            self.at = None
            self.fired += 1
            self.happening()
        self.changes += 1


def die() -> None:
    raise KilledError


FIRED: dict[str, int] = {}


class Machine(RuleBasedStateMachine):
    """One client through the years."""

    @initialize()
    def begin(self) -> None:
        self.store = Unsteady()
        self.aging = Aging(self.store, SECRET)
        self.model: dict[str, dict[bytes, bytes]] = {}
        self.may_be_gone: set[str] = set()  # forgotten at some time, and perhaps swept
        self.kept_again: set[str] = set()
        self.attempted: dict[bytes, bytes] = {}
        self.as_read, self.read = (-1, -1), set[str]()
        self.witness: list[str] = []  # what somebody else has seen, where the store lies
        for number in (3, 6, 0, 1, 4):
            self._backup(self._files(number))
            self.aging.later(1)

    # --- what may happen ------------------------------------------------------------------------

    def _backup(self, files: dict[bytes, bytes]) -> None:
        with suppress(SourceBusyError):
            self._took(files)

    def _took(self, files: dict[bytes, bytes]) -> None:
        self.attempted = files
        receipt = self.aging.back_up(files)
        self.model[receipt.snapshot.id] = files

    def _mark_slowly(self, number: int) -> None:
        """People look at the plan, and a backup comes meanwhile."""
        plan = self.aging.plan(RULES[0])
        self._backup(self._files(number))
        self._put(plan)

    def _mark(self, keep: Rule) -> None:
        self._put(self.aging.plan(keep))

    def _put(self, plan: Plan) -> None:
        going = {snapshot.id for snapshot in plan.forget}
        assert going < set(self.model)
        self.may_be_gone |= going
        self.kept_again -= going
        mark(plan, now=self.aging.now)  # of a plan that may be old by now: people approve slowly

    def _sweep(self) -> None:
        self.aging.sweep(known=self.witness)

    def _sweep_later(self) -> None:
        self.aging.later(8)
        self._sweep()

    def _mark_and_sweep(self, number: int) -> None:
        self._mark(RULES[number % 3])
        self._sweep_later()

    def _mark_and_repack(self, number: int) -> None:
        self._mark(RULES[number % 3])
        self._repack(recompress=False)

    def _repack(self, *, recompress: bool) -> None:
        repack(self.aging.vault, CLIENT, now=self.aging.now, recompress=recompress)

    def _rotate(self) -> None:
        rotate_client(self.aging.vault, CLIENT)

    def _unforget(self, which: int) -> None:
        some = sorted(self.may_be_gone - self.kept_again)
        if some:
            one = some[which % len(some)]
            with suppress(UsageError):  # it is swept already
                unforget(self.aging.vault, CLIENT, [one], now=self.aging.now)
                self.kept_again.add(one)

    def _work(self, what: str, number: int) -> Callable[[], None]:
        works: dict[str, Callable[[], None]] = {
            "backup": lambda: self._backup(self._files(number)),
            "mark": lambda: self._mark(RULES[number % 3]),
            "slow mark": lambda: self._mark_slowly(number),
            "mark, repack": lambda: self._mark_and_repack(number),
            "sweep": self._sweep,
            "week, sweep": self._sweep_later,
            "mark, week, sweep": lambda: self._mark_and_sweep(number),
            "repack": lambda: self._repack(recompress=bool(number % 2)),
            "rotate": self._rotate,
            "unforget": lambda: self._unforget(number),
        }
        return works[what]

    def _files(self, number: int) -> dict[bytes, bytes]:
        """Return a few files made of shared blocks; equal numbers give equal files."""
        rng = random.Random(number)
        files = {
            b"f%d" % n: b"".join(rng.choices(BLOCKS, k=rng.randrange(1, 4)))
            for n in range(rng.randrange(1, 4))
        }
        files[b"same"] = BLOCKS[0]
        if number % 3 == 0:
            files |= {b"large%d" % n: LARGE[n] for n in range(number % 2, 3)}
        return files

    # --- the rules ------------------------------------------------------------------------------

    works = st.sampled_from(WORKS)
    numbers = st.integers(0, 11)

    @rule(what=works, number=numbers, days=st.sampled_from([0, 0.1, 1, 8]))
    def work(self, what: str, number: int, days: float) -> None:
        self._work(what, number)()
        self.aging.later(days)

    @rule(what=works, number=numbers, beside=works, other=numbers, after=st.integers(0, 6))
    def work_beside(self, what: str, number: int, beside: str, other: int, after: int) -> None:
        """Something else is done, whole, in the middle of a piece of work."""
        self.store.arm(after, self._work(beside, other))
        with suppress(StoreUnreachableError):  # "run it again"
            self._work(what, number)()
        self.store.disarm()

    @rule(number=numbers, beside=works, other=numbers, after=st.integers(0, 3))
    def backup_beside(self, number: int, beside: str, other: int, after: int) -> None:
        """A backup builds on what is forgotten, or moved, while it runs."""
        self.work_beside("backup", number, beside, other, after)

    @rule(what=works, number=numbers, after=st.integers(0, 8))
    def killed(self, what: str, number: int, after: int) -> None:
        self.store.arm(after, die)
        try:
            self._work(what, number)()
        except KilledError:
            pass
        finally:
            self.store.disarm()
        self._settle()

    @rule(what=st.sampled_from(["mark", "sweep", "repack"]), number=numbers, lie=numbers)
    def beside_a_liar(self, what: str, number: int, lie: int) -> None:
        """The store lists less than it has: everything, or some of it, is hidden."""
        mine = [n for n in self.store.objects if n.startswith("c/") and "/keys/" not in n]
        rng = random.Random(lie)
        hidden = mine if lie % 3 == 0 else rng.sample(mine, rng.randrange(1, len(mine) + 1))
        before = set(self.store.objects)
        self.witness = [hash_in(n) for n in mine if "/commit/" in n or "/marks/" in n]
        self.store.hidden = frozenset(hidden)
        before_marks = set(self.may_be_gone), set(self.kept_again)
        lied_about_commits = any("/commit/" in name for name in hidden)
        try:
            self._work(what, number)()
        except BaozhangError:
            self.may_be_gone, self.kept_again = before_marks
            assert before <= set(self.store.objects)
        else:
            assert not lied_about_commits or before <= set(self.store.objects)
        self.store.hidden, self.witness = frozenset(), []
        self.store.fired += 1

    def _settle(self) -> None:
        """After a kill a snapshot is there or not; what was to be forgotten is, or is not."""
        for snapshot in self.aging.side.snapshots():
            if snapshot.id not in self.model:  # committed, and not acknowledged
                self.model[snapshot.id] = self.attempted

    # --- what holds always ----------------------------------------------------------------------

    @invariant()
    def every_snapshot_that_nobody_forgot_is_listed_and_comes_back(self) -> None:
        if not hasattr(self, "model"):
            return
        listed = {snapshot.id: snapshot for snapshot in self.aging.side.snapshots()}
        assert set(self.model) - self.may_be_gone <= set(listed)
        assert self.kept_again <= set(listed)
        for name in self._unread(set(listed)):
            assert self.aging.read(listed[name]) == self.model[name]

    def _unread(self, listed: set[str]) -> set[str]:
        """Return those to read again: all, once something was deleted or moved."""
        moved = sum("/moves/" in name for name in self.store.objects)
        if (self.store.deleted, moved) != self.as_read:
            self.as_read, self.read = (self.store.deleted, moved), set()
        fresh, self.read = listed - self.read, self.read | listed
        return fresh

    def teardown(self) -> None:
        if not hasattr(self, "model"):
            return
        self.store.disarm()
        FIRED["n"] = FIRED.get("n", 0) + self.store.fired
        damaged = verify(self.aging.vault, every_byte=True).damaged
        assert {one.kind for one in damaged} <= {"forked"}  # two backups at once; the next heals it
        for name in self.may_be_gone - self.kept_again:
            with suppress(UsageError):
                unforget(self.aging.vault, CLIENT, [name], now=self.aging.now)
        for snapshot in self.aging.side.snapshots():
            assert self.aging.restored(snapshot) == self.model[snapshot.id]


def test_whatever_happens_no_snapshot_that_is_kept_loses_a_byte(publish: Publish) -> None:
    schedules = size("prune, backup, rotate")
    FIRED.clear()
    run_state_machine_as_test(
        seed(SEED)(Machine),
        settings=settings(
            max_examples=schedules,
            stateful_step_count=12,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    publish("prune, backup, rotate", FIRED.get("n", 0), schedules=schedules)
