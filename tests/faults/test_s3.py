"""A network that goes wrong at random, while a backup is written to S3 and while one is restored.

Each round draws a schedule from the seed: which requests are struck, and how.  Only rounds in which
a fault fired count.  Afterwards: what was there before restores byte for byte; the new snapshot is
there or it is not; the run said which; and the next run needs no person.
"""

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from baozhang.errors import BaozhangError
from baozhang.sources.tree import TreeSource
from baozhang.vault.reader import restore
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.stores.s3 import S3Store
from baozhang.vault.stores.s3_opening import open_store
from baozhang.vault.stores.s3_patience import Patience
from baozhang.vault.vault import Vault, create_vault, open_vault
from baozhang.vault.verify import verify
from baozhang.vault.writer import back_up
from tests.crash.job import AT, KEY, RECOVERY
from tests.faults.conftest import Publish
from tests.faults.sizes import SEED, is_small
from tests.vault.stores.conftest import ANYBODY, rgw  # noqa: F401 - a fixture
from tests.vault.stores.fake_s3 import Fake, serving
from tests.vault.stores.fault_proxy import Fault, Plan, Proxy, Request, between
from tests.vault.stores.rgw import OWNER, Rgw
from tests.vault.test_round_trip import facts

ROUNDS = {"backup": (45, 1_500), "restore": (15, 500), "locked": (4, 60)}
"""How many rounds of each in which a fault fired: (small, full)."""
TRIES = 4
SILENCE = 0.2  # seconds after which a read is given up
ANY: tuple[Fault, ...] = ("503", "500", "429", "reset", "lost acknowledgement", "timeout")
OF_A_READ: tuple[Fault, ...] = (*ANY, "partial read", "wrong body")
OF_A_LISTING: tuple[Fault, ...] = (*ANY, "partial read", "page instead", "stale listing",
                                   "empty listing")  # fmt: skip
OF_A_WRITE: tuple[Fault, ...] = (*ANY, "cut upload")
RATES = (0.02, 0.1, 0.3, 0.9)  # of the requests, from a bad day to none that gets through


def rounds(suite: str) -> int:
    small, full = ROUNDS[suite]
    return small if is_small() else full


def schedule(rng: random.Random) -> Plan:
    """Return a plan that strikes at random, with every fault that the request can have."""
    rate = rng.choice(RATES)

    def plan(request: Request) -> Fault | None:
        if rng.random() >= rate:
            return None
        kinds = OF_A_LISTING if request.lists else OF_A_READ if request.reads else OF_A_WRITE
        fault = rng.choice(kinds)
        if fault == "timeout" and rng.random() < 0.8:  # each costs its silence
            return "reset"
        return fault

    return plan


class Ground:
    """A service with a vault, the trees that are backed up, and the proxy in front of it."""

    def __init__(self, fake: Fake, proxy: Proxy, place: Path) -> None:
        self.fake, self.proxy, self.place = fake, proxy, place
        self.objects = dict(fake.objects)
        url = f"s3+generic://ledgers/vault?endpoint={proxy.endpoint}"
        patience = Patience(
            tries=TRIES, pause=lambda _: None, read=SILENCE, rng=random.Random(SEED)
        )
        self.bucket = open_store(url, credentials=ANYBODY, patience=patience).bucket

    def store(self) -> S3Store:
        """Return a store that has seen nothing yet, as of a new process."""
        return S3Store(self.bucket)

    def there(self) -> Vault:
        """Open the vault from what the service holds, past network and store."""
        held = MemoryStore()
        for key, (data, _) in self.fake.objects.items():
            held.put(ObjectName(key.removeprefix("vault/")), data)
        return open_vault(held, KEY)

    def back_up(self, tree: str) -> None:
        self.back_up_to(open_vault(self.store(), KEY), tree)

    def back_up_to(self, vault: Vault, tree: str) -> None:
        with TreeSource(self.place / tree).freeze() as frozen:
            side = vault.client("c001", create=True)
            back_up(side, frozen, set_name="main", at=AT)

    def as_before(self) -> None:
        """Bring the service back to the one snapshot of the tree `before`."""
        self.proxy.plan = lambda _: None
        with self.fake.lock:
            self.fake.objects = dict(self.objects)
            self.fake.uploads.clear()

    def struck(self, plan: Plan, work: Callable[[], object]) -> BaozhangError | None:
        """Do the work under a plan; return how it failed, if it did."""
        self.proxy.fired = Counter()
        self.proxy.plan = plan
        try:
            work()
        except BaozhangError as error:
            return error
        finally:
            self.proxy.plan = lambda _: None
        return None


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    place = tmp_path_factory.mktemp("network")
    for number, name in enumerate(("before", "tree")):
        rng = random.Random(number)
        (place / name).mkdir()
        (place / name / "journal.csv").write_bytes(b"1,rent,100\n" * 2_000)
        (place / name / "new.csv").write_bytes(b"%d,rent\n" % number)
        (place / name / "invoice.pdf").write_bytes(b"%PDF" + rng.randbytes(100_000))
    with serving(Fake()) as fake, between(fake.endpoint) as proxy:
        made = Ground(fake, proxy, place)
        create_vault(made.store(), [KEY, RECOVERY], at=AT)
        made.back_up("before")
        made.objects = dict(fake.objects)
        yield made


def restored(vault: Vault, place: Path) -> list[object]:
    """Return what each snapshot gives back."""
    side, found = vault.client("c001"), []
    for snapshot in side.snapshots("main"):
        restore(side, snapshot, place / "again")
        found.append(facts(place / "again"))
        shutil.rmtree(place / "again")
    return found


def alike(found: list[object], wanted: list[object]) -> bool:
    """Tell whether these are the same trees; those of a fork have no order."""
    return sorted(map(repr, found)) == sorted(map(repr, wanted))


def test_a_backup_under_a_random_schedule_is_there_or_not_and_says_which(
    ground: Ground, publish: Publish
) -> None:
    before, tree = facts(ground.place / "before"), facts(ground.place / "tree")
    counted, fired, failed = 0, Counter[str](), 0
    for number in range(10 * rounds("backup")):
        if counted == rounds("backup"):
            break
        ground.as_before()
        plan = schedule(random.Random(f"{SEED} backup {number}"))
        error = ground.struck(plan, lambda: ground.back_up("tree"))
        struck = ground.proxy.fired
        if not struck:
            continue
        counted, fired, failed = counted + 1, fired + struck, failed + (error is not None)
        vault = ground.there()
        found = restored(vault, ground.place)
        done = len(found) - 1
        assert done == 1 if error is None else done in (0, 1), (number, error)
        assert alike(found, [before, *[tree] * done]), number
        assert {one.kind for one in verify(vault, every_byte=True).damaged} <= {"forked"}
        ground.back_up("tree")
        vault = ground.there()
        assert alike(restored(vault, ground.place), [before, *[tree] * (done + 1)]), number
        assert verify(vault, every_byte=True).damaged == (), number
    assert counted == rounds("backup")
    assert set(OF_A_READ + OF_A_LISTING + OF_A_WRITE) - set(fired) == set()
    assert 0 < failed < counted
    publish("network", counted, faults=sum(fired.values()), by_kind=dict(fired), failed=failed)


def test_a_restore_under_a_random_schedule_is_right_or_is_none(
    ground: Ground, publish: Publish, tmp_path: Path
) -> None:
    before, counted, failed = facts(ground.place / "before"), 0, 0
    out = tmp_path / "out"

    def run() -> None:
        side = open_vault(ground.store(), KEY).client("c001")
        restore(side, side.find("latest"), out)

    for number in range(10 * rounds("restore")):
        if counted == rounds("restore"):
            break
        ground.as_before()
        shutil.rmtree(out, ignore_errors=True)
        error = ground.struck(schedule(random.Random(f"{SEED} restore {number}")), run)
        if not ground.proxy.fired:
            continue
        counted, failed = counted + 1, failed + (error is not None)
        assert out.exists() is (error is None), (number, error)
        if error is not None:
            run()
        assert facts(out) == before, number
    assert counted == rounds("restore")
    assert 0 < failed < counted
    publish("network", counted, failed=failed)


@pytest.mark.server
def test_the_same_holds_on_ceph_under_locks(
    rgw: Rgw,  # noqa: F811
    ground: Ground,
    publish: Publish,
) -> None:
    """Listings are of versions there, and a put whose answer was lost leaves two of them."""
    before, tree = facts(ground.place / "before"), facts(ground.place / "tree")
    counted, fired = 0, Counter[str]()
    with between(rgw.endpoint) as proxy:
        patience = Patience(tries=TRIES, pause=lambda _: None, read=2.0, rng=random.Random(SEED))
        for number in range(10 * rounds("locked")):
            if counted == rounds("locked"):
                break
            name = rgw.bucket(lock=True)
            sound = rgw.opened(name, lock="governance:1d")
            ground.back_up_to(create_vault(sound, [KEY, RECOVERY], at=AT), "before")
            url = f"s3+ceph://{name}/vault?endpoint={proxy.endpoint}&lock=governance:1d"
            struck = open_store(url, credentials=OWNER, patience=patience)
            proxy.fired, proxy.plan = Counter(), schedule(random.Random(f"{SEED} locked {number}"))
            error = None
            try:
                ground.back_up_to(open_vault(struck, KEY), "tree")
            except BaozhangError as raised:
                error = raised
            if not proxy.fired:
                continue
            counted, fired = counted + 1, fired + proxy.fired
            vault = open_vault(rgw.opened(name, lock="governance:1d"), KEY)
            found = restored(vault, ground.place)
            done = len(found) - 1
            assert done == 1 if error is None else done in (0, 1), (number, error)
            assert alike(found, [before, *[tree] * done]), number
            ground.back_up_to(open_vault(rgw.opened(name, lock="governance:1d"), KEY), "tree")
            vault = open_vault(rgw.opened(name, lock="governance:1d"), KEY)
            assert alike(restored(vault, ground.place), [before, *[tree] * (done + 1)]), number
            assert verify(vault, every_byte=True).damaged == (), number
    assert counted == rounds("locked")
    publish("network", counted, faults=sum(fired.values()), by_kind=dict(fired))
