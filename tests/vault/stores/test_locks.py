"""Object Lock on Ceph's gateway: what was put cannot be lost, and what hides it is seen through."""

from datetime import UTC, datetime, timedelta

import pytest

from baozhang.errors import UsageError
from baozhang.vault.names import hash_of
from baozhang.vault.stores.base import LockingStore, ObjectInfo, ObjectName, Span
from baozhang.vault.stores.rolling import KEY_DAYS
from baozhang.vault.stores.s3_locked import LockedS3Store
from tests.vault.stores.rgw import Rgw

pytestmark = pytest.mark.server

DATA = b"sealed bytes of a pack"
SPACE = f"c/{'0a' * 16}"
PACK = ObjectName(f"{SPACE}/packs/{hash_of(DATA)[:2]}/{hash_of(DATA)}")
KEY = ObjectName(f"{SPACE}/keys/000001-{hash_of(DATA)}")
HEAD = ObjectName("config")


@pytest.fixture
def bucket(rgw: Rgw) -> str:
    return rgw.bucket(lock=True)


@pytest.fixture
def store(rgw: Rgw, bucket: str) -> LockedS3Store:
    """Locks content for a year, by compliance."""
    opened = rgw.opened(bucket, lock="compliance:365d")
    assert isinstance(opened, LockedS3Store)
    return opened


def hours_from_now(instant: datetime | None) -> float:
    assert instant is not None
    return (instant - datetime.now(UTC)) / timedelta(hours=1)


def test_a_store_with_a_lock_is_a_locking_store(store: LockedS3Store) -> None:
    assert isinstance(store, LockingStore)


def test_a_store_without_one_is_none(rgw: Rgw) -> None:
    assert not isinstance(rgw.store(), LockingStore)


def test_content_is_locked_for_as_long_as_the_url_says(store: LockedS3Store) -> None:
    store.put(PACK, DATA)
    assert hours_from_now(store.lock_until(PACK)) == pytest.approx(365 * 24, abs=0.5)


def test_a_key_is_locked_for_ninety_days_at_most(store: LockedS3Store) -> None:
    store.put(KEY, DATA)
    assert hours_from_now(store.lock_until(KEY)) == pytest.approx(KEY_DAYS * 24, abs=0.5)


def test_an_upload_in_parts_is_locked_as_well(store: LockedS3Store) -> None:
    large = LockedS3Store(store.bucket, part=5 * 2**20)
    data = bytes(6 * 2**20)
    name = ObjectName(f"{SPACE}/packs/{hash_of(data)[:2]}/{hash_of(data)}")
    large.put(name, data)
    assert hours_from_now(large.lock_until(name)) == pytest.approx(365 * 24, abs=0.5)


def test_what_is_locked_cannot_be_deleted(store: LockedS3Store) -> None:
    store.put(PACK, DATA)
    with pytest.raises(UsageError):
        store.delete(PACK)
    assert store.get(PACK) == DATA


def test_a_lock_is_extended_and_never_shortened(store: LockedS3Store) -> None:
    store.put(PACK, DATA)
    now = datetime.now(UTC)
    store.extend_lock(PACK, now + timedelta(days=400))
    store.extend_lock(PACK, now + timedelta(days=10))
    assert hours_from_now(store.lock_until(PACK)) == pytest.approx(400 * 24, abs=0.5)


def test_a_legal_hold_keeps_what_no_lock_keeps(rgw: Rgw, bucket: str) -> None:
    store = rgw.opened(bucket, lock="bucket")
    assert isinstance(store, LockedS3Store)
    store.put(PACK, DATA)
    store.legal_hold(PACK, on=True)
    with pytest.raises(UsageError):
        store.delete(PACK)
    store.legal_hold(PACK, on=False)
    store.delete(PACK)
    assert list(store.list()) == []


def hidden(rgw: Rgw, bucket: str, name: ObjectName, how: str) -> LockedS3Store:
    """Hide an object as whoever may put and delete could; return a store that just opened it."""
    key = f"vault/{name}"
    if how in ("newer version", "both"):
        rgw.owner.put_object(Bucket=bucket, Key=key, Body=b"other bytes")
    if how in ("delete marker", "both"):
        rgw.owner.delete_object(Bucket=bucket, Key=key)
    opened = rgw.opened(bucket, lock="compliance:365d")
    assert isinstance(opened, LockedS3Store)
    return opened


@pytest.mark.parametrize("how", ["delete marker", "newer version", "both"])
@pytest.mark.parametrize("name", [PACK, HEAD])
def test_what_hides_an_object_is_seen_through(
    rgw: Rgw, bucket: str, store: LockedS3Store, how: str, name: ObjectName
) -> None:
    store.put(name, DATA)
    found = hidden(rgw, bucket, name, how)
    assert list(found.list()) == [ObjectInfo(name, len(DATA))]
    assert found.get(name) == DATA
    assert found.get(name, Span(7, 5)) == DATA[7:12]
    assert found.size(name) == len(DATA)


def test_a_wrong_version_that_came_first_is_passed_over(
    rgw: Rgw, bucket: str, store: LockedS3Store
) -> None:
    rgw.owner.put_object(Bucket=bucket, Key=f"vault/{PACK}", Body=b"came first")
    store.put(PACK, DATA)
    found = hidden(rgw, bucket, PACK, "both")
    assert found.get(PACK) == DATA
    assert found.get(PACK, Span(0, 6)) == b"sealed"


def test_the_versions_of_a_name_are_told_oldest_first(
    rgw: Rgw, bucket: str, store: LockedS3Store
) -> None:
    store.put(PACK, DATA)
    found = hidden(rgw, bucket, PACK, "both").versions(PACK)
    assert [(one.size, one.marker) for one in found] == [
        (len(DATA), False),
        (len(b"other bytes"), False),
        (0, True),
    ]


def test_a_bucket_that_was_not_made_for_locks_is_refused(rgw: Rgw) -> None:
    opened = rgw.opened(rgw.bucket(), lock="compliance:1d")
    with pytest.raises(UsageError) as caught:
        opened.prepare()
    assert "Object Lock" in str(caught.value)


def test_a_bucket_may_lock_by_its_own_rule(rgw: Rgw, bucket: str) -> None:
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 7}}
    rgw.owner.put_object_lock_configuration(
        Bucket=bucket,
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule},
    )
    store = rgw.opened(bucket, lock="bucket")
    assert isinstance(store, LockedS3Store)
    store.put(PACK, DATA)
    assert hours_from_now(store.lock_until(PACK)) == pytest.approx(7 * 24, abs=0.5)
