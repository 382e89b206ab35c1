"""A mirror holds what has come back from its far side, and says what it still lacks."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Lock

import pytest

from baozhang.errors import CorruptObjectError, StoreFullError, StoreUnreachableError, UsageError
from baozhang.keys.slots import Secret
from baozhang.sources.tree import TreeSource
from baozhang.vault.mirror import Lag, MirrorReceipt, catch_up
from baozhang.vault.names import hash_in
from baozhang.vault.reader import restore
from baozhang.vault.stores.base import ObjectName, Span
from baozhang.vault.stores.local import LocalStore
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import Vault, open_vault
from baozhang.vault.verify import verify
from baozhang.vault.writer import back_up
from tests.vault.conftest import AT
from tests.vault.test_round_trip import facts

CLIENTS = ("c001", "c002", "c003")


class CutStore(MemoryStore):
    """Fails every call from one on, before or after it had its effect."""

    def __init__(self, objects: dict[ObjectName, bytes], calls: int, *, late: bool = False) -> None:
        super().__init__()
        self.objects, self.left, self.late, self.fired = objects, calls, late, False
        self.lock = Lock()

    def _count(self) -> None:
        with self.lock:
            if self.left <= 0:
                self.fired = True
                raise StoreUnreachableError("cut off")
            self.left -= 1

    def put(self, name: ObjectName, data: bytes | bytearray | memoryview, /) -> None:
        if self.late:
            super().put(name, data)
        self._count()
        super().put(name, data)

    def get(self, name: ObjectName, span: Span | None = None, /) -> bytes:
        if name != "config":
            self._count()
        return super().get(name, span)


def night(vault: Vault, tree: Path, days: int = 0) -> None:
    """Back the tree up for each client."""
    for client in CLIENTS:
        with TreeSource(tree).freeze() as frozen:
            side = vault.client(client, create=True)
            back_up(side, frozen, set_name="main", at=AT + timedelta(days=days))


@pytest.fixture
def busy(vault: Vault, tree: Path) -> Vault:
    """A vault after one night of three clients."""
    night(vault, tree)
    return vault


def mirrored(vault: Vault) -> MemoryStore:
    mirror = MemoryStore()
    assert catch_up(vault.store, mirror, opened=vault).complete
    return mirror


def assert_older(mirror: MemoryStore, secret: Secret, counts: set[int]) -> None:
    opened = open_vault(mirror, secret)
    assert verify(opened, every_byte=True).damaged == ()
    assert {len(opened.client(name).snapshots()) for name in opened.clients()} <= counts


@pytest.mark.parametrize("workers", [1, 3])
def test_a_copy_that_is_whole_says_so(busy: Vault, store: MemoryStore, workers: int) -> None:
    mirror = MemoryStore()
    receipt = catch_up(store, mirror, opened=busy, workers=workers)
    assert receipt.complete
    assert receipt.objects == len(store.objects)
    assert receipt.bytes == sum(map(len, store.objects.values()))
    assert mirror.objects == store.objects


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("late", [False, True])
def test_a_mirror_cut_at_any_call_is_an_older_vault_and_goes_on_where_it_was(
    busy: Vault, store: MemoryStore, secret: Secret, tree: Path, workers: int, late: bool
) -> None:
    before = mirrored(busy)
    (tree / "new.pdf").write_bytes(b"%PDF new")
    night(busy, tree, 1)
    calls = 0
    while True:
        cut = CutStore(dict(before.objects), calls, late=late)
        receipt = catch_up(store, cut, opened=busy, workers=workers)
        reached = MemoryStore()
        reached.objects = dict(cut.objects)
        assert_older(reached, secret, {1, 2})
        again = catch_up(store, reached, opened=busy, workers=workers)
        assert again.complete
        assert reached.objects == store.objects
        if receipt.complete:
            break
        assert cut.fired
        assert receipt.stopped == "unreachable"
        assert isinstance(receipt.error, StoreUnreachableError)
        assert receipt.lag.objects >= 1
        assert receipt.objects + receipt.lag.objects == 4 * len(CLIENTS)
        calls += 1
    assert calls == 8 * len(CLIENTS)  # four objects each, sent and read back


def test_what_is_there_is_not_sent_again(busy: Vault, store: MemoryStore) -> None:
    mirror = mirrored(busy)
    mirror.put = None  # type: ignore[method-assign, assignment]
    assert catch_up(store, mirror, opened=busy) == MirrorReceipt(mirror.url, 0, 0)


def test_what_was_sent_and_never_read_back_is_read_before_its_commit_follows(
    busy: Vault, store: MemoryStore, tree: Path
) -> None:
    mirror = mirrored(busy)
    (tree / "new.pdf").write_bytes(b"%PDF new")
    night(busy, tree, 1)
    cut = CutStore(mirror.objects, 1)  # the first pack arrives, and is not read back
    assert not catch_up(store, cut, opened=busy).complete
    assert cut.fired
    again = catch_up(store, mirror, opened=busy)
    assert again.confirmed == 1
    assert again.objects == 4 * len(CLIENTS) - 1


def test_what_arrived_torn_before_a_cut_is_sent_again(
    busy: Vault, store: MemoryStore, tree: Path
) -> None:
    mirror = mirrored(busy)
    before = set(mirror.objects)
    (tree / "new.pdf").write_bytes(b"%PDF new")
    night(busy, tree, 1)
    catch_up(store, CutStore(mirror.objects, 1), opened=busy)
    (torn,) = set(mirror.objects) - before
    mirror.objects[torn] = bytes(len(mirror.objects[torn]))
    assert catch_up(store, mirror, opened=busy).complete
    assert mirror.objects == store.objects


@pytest.mark.parametrize("workers", [1, 3])
def test_a_first_copy_cut_at_any_call_leaves_a_vault_or_none(
    busy: Vault, store: MemoryStore, secret: Secret, workers: int
) -> None:
    for calls in range(2 * len(store.objects)):
        cut = CutStore({}, calls)
        receipt = catch_up(store, cut, opened=busy, workers=workers)
        if receipt.complete:
            break
        reached = MemoryStore()
        reached.objects = dict(cut.objects)
        if ObjectName("config") in reached.objects:
            assert_older(reached, secret, {0, 1})
    assert receipt.complete
    assert calls == 2 * len(store.objects) - 1  # the head is looked at once without being counted


class ForgetfulStore(MemoryStore):
    """Keeps other bytes than it was given of one kind of object, `times` times."""

    def __init__(self, kind: str, times: int) -> None:
        super().__init__()
        self.kind, self.times, self.fired = kind, times, 0

    def put(self, name: ObjectName, data: bytes | bytearray | memoryview, /) -> None:
        if f"/{self.kind}/" in name and self.fired < self.times:
            self.fired += 1
            data = bytes(len(data))
        super().put(name, data)


@pytest.mark.parametrize("kind", ["packs", "index", "snap", "commit"])
def test_an_object_that_did_not_arrive_whole_holds_back_its_client_alone(
    busy: Vault, store: MemoryStore, kind: str
) -> None:
    mirror = ForgetfulStore(kind, 1)
    receipt = catch_up(store, mirror, opened=busy)
    assert mirror.fired == 1
    assert isinstance(receipt.error, CorruptObjectError)
    assert (receipt.stopped, receipt.complete) == ("damaged", False)
    assert (receipt.lag.clients, receipt.lag.snapshots) == (1, 1)
    assert sum("/commit/" in name for name in mirror.objects) == 2 + (kind == "commit")


def test_what_is_left_over_is_counted(busy: Vault, store: MemoryStore) -> None:
    class Full(MemoryStore):
        def put(self, name: ObjectName, data: bytes | bytearray | memoryview, /) -> None:
            if name.startswith("c/"):
                raise StoreFullError("full")
            super().put(name, data)

    receipt = catch_up(store, Full(), opened=busy)
    left = {name: data for name, data in store.objects.items() if name.startswith("c/")}
    sizes = sum(map(len, left.values()))
    assert receipt.lag == Lag(len(left), sizes, snapshots=3, clients=3)


def test_a_mirror_that_was_cut_off_is_asked_nothing_more(busy: Vault, store: MemoryStore) -> None:
    class Counting(MemoryStore):
        asked = 0

        def put(self, name: ObjectName, data: bytes | bytearray | memoryview, /) -> None:
            Counting.asked += 1
            raise StoreUnreachableError("cut off")

    assert not catch_up(store, Counting(), opened=busy).complete
    assert Counting.asked == 1


def test_a_mirror_that_does_not_answer_at_all_is_an_error(vault: Vault) -> None:
    class Gone(MemoryStore):
        def get(self, name: ObjectName, span: Span | None = None, /) -> bytes:
            raise StoreUnreachableError("gone")

    with pytest.raises(StoreUnreachableError):
        catch_up(vault.store, Gone(), opened=vault)


def test_two_mirrors_hold_the_same(busy: Vault, store: MemoryStore, secret: Secret) -> None:
    first, second = mirrored(busy), mirrored(busy)
    assert first.objects == second.objects == store.objects


def test_one_mirror_that_is_cut_does_not_hinder_the_other(busy: Vault, store: MemoryStore) -> None:
    assert not catch_up(store, CutStore({}, 3), opened=busy).complete
    assert mirrored(busy).objects == store.objects


def test_a_mirror_on_a_disk_restores(
    busy: Vault, secret: Secret, tree: Path, tmp_path: Path
) -> None:
    disk = LocalStore(tmp_path / "disk")
    disk.prepare()
    assert catch_up(busy.store, disk, opened=busy, workers=3).complete
    side = open_vault(disk, secret).client("c002")
    restore(side, side.find("latest"), tmp_path / "out")
    assert facts(tmp_path / "out") == facts(tree)


def test_a_disk_is_asked_for_the_bytes_themselves_not_for_what_is_remembered_of_them(
    busy: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten = []
    fadvise: Callable[[int, int, int, int], None] = os.posix_fadvise

    def noted(handle: int, at: int, length: int, advice: int) -> None:
        forgotten.append((os.readlink(f"/proc/self/fd/{handle}"), advice))
        fadvise(handle, at, length, advice)

    monkeypatch.setattr(os, "posix_fadvise", noted)
    disk = LocalStore(tmp_path / "disk")
    disk.prepare()
    receipt = catch_up(busy.store, disk, opened=busy)
    assert len(forgotten) == receipt.objects
    assert {advice for _, advice in forgotten} == {os.POSIX_FADV_DONTNEED}
    assert all(path.startswith(disk.url) for path, _ in forgotten)


def test_the_keys_of_a_shredded_client_never_come_back_to_a_mirror(
    busy: Vault, store: MemoryStore
) -> None:
    space = busy.client("c002").space
    mirror = MemoryStore()
    mirror.put(space.tombstone(b"x"), b"x")
    catch_up(store, mirror, opened=busy)
    keys = [name for name in mirror.objects if name.startswith(f"{space.prefix}keys/")]
    assert keys == []
    assert any(
        name.startswith(f"{busy.client('c001').space.prefix}keys/") for name in mirror.objects
    )


def test_content_is_there_before_what_names_it_and_commits_come_last_in_their_order(
    busy: Vault, store: MemoryStore, tree: Path
) -> None:
    (tree / "new.pdf").write_bytes(b"%PDF new")
    night(busy, tree, 1)
    order: list[ObjectName] = []

    class Noting(MemoryStore):
        def put(self, name: ObjectName, data: bytes | bytearray | memoryview, /) -> None:
            order.append(name)
            super().put(name, data)

    space = busy.client("c001").space
    store.put(space.moves(b"m"), b"m")
    store.put(space.mark(1, b"k"), b"k")
    catch_up(store, Noting(), workers=3)
    for client in CLIENTS:
        prefix = busy.client(client).space.prefix
        kinds = [name.split("/")[2] for name in order if name.startswith(prefix)]
        named = next(at for at, kind in enumerate(kinds) if kind == "snap")
        assert set(kinds[:named]) == {"keys", "packs", "index"}
        assert kinds[-2:] == ["commit", "commit"]
    of_first = [name.split("/")[2] for name in order if name.startswith(space.prefix)]
    assert of_first[-6:] == ["snap", "snap", "moves", "marks", "commit", "commit"]


def test_memory_stays_bounded_by_the_hands_not_by_the_vault(
    vault: Vault, store: MemoryStore
) -> None:
    """Never more objects on their way than there are hands."""
    space = vault.client("c001", create=True).space
    for number in range(60):
        data = b"%d" % number
        store.objects[space.index(data)] = data
    held: list[int] = []
    lock = Lock()

    class Counting(MemoryStore):
        on_the_way = 0

        def get(self, name: ObjectName, span: Span | None = None, /) -> bytes:
            with lock:
                Counting.on_the_way += 1
                held.append(Counting.on_the_way)
            return super().get(name, span)

    class Arriving(MemoryStore):
        def put(self, name: ObjectName, data: bytes | bytearray | memoryview, /) -> None:
            with lock:
                Counting.on_the_way -= 1
            super().put(name, data)

    source = Counting()
    source.objects = store.objects
    assert catch_up(source, Arriving(), workers=3).complete
    assert max(held) <= 4  # the head was asked for once more, to compare it
    assert len(held) > 60


def test_a_listing_that_names_what_has_just_gone_leaves_that_client_for_the_next_time(
    busy: Vault, store: MemoryStore
) -> None:
    ghost = next(name for name in store.objects if "/packs/" in name)

    class Sweeping(MemoryStore):
        def get(self, name: ObjectName, span: Span | None = None, /) -> bytes:
            self.objects.pop(ghost, None)
            return super().get(name, span)

    source = Sweeping()
    source.objects = dict(store.objects)
    receipt = catch_up(source, MemoryStore())
    assert not receipt.complete
    assert receipt.lag.clients == 1
    assert hash_in(ghost) in str(receipt.error)


def test_an_unknown_vault_is_not_copied_over_another(busy: Vault, secret: Secret) -> None:
    other = MemoryStore()
    other.put(ObjectName("config"), b"another vault's head")
    with pytest.raises(UsageError):
        catch_up(busy.store, other, opened=busy)
    assert list(other.objects) == ["config"]


def test_listings_of_a_mirror_are_taken_by_size_too(busy: Vault, store: MemoryStore) -> None:
    mirror = mirrored(busy)
    name = next(name for name in mirror.objects if "/packs/" in name)
    mirror.objects[name] = mirror.objects[name][:-1]
    receipt = catch_up(store, mirror, opened=busy)
    assert receipt.objects == 1
    assert mirror.objects == store.objects


def test_progress_ends_at_the_whole(busy: Vault, store: MemoryStore) -> None:
    told = []
    catch_up(store, MemoryStore(), report=lambda now: told.append((now.done, now.total)))
    whole = sum(map(len, store.objects.values()))
    assert told[-1] == (whole, whole)


def test_a_fault_of_our_own_is_not_swallowed(busy: Vault, store: MemoryStore) -> None:
    class Buggy(MemoryStore):
        def put(self, name: ObjectName, data: bytes | bytearray | memoryview, /) -> None:
            if "/snap/" in name:
                raise ZeroDivisionError
            super().put(name, data)

    with pytest.raises(ZeroDivisionError):
        catch_up(store, Buggy(), opened=busy, workers=2)
