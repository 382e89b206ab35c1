"""The store contract, held on every kind of S3 service that can be had."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import boto3
import pytest
from moto.server import ThreadedMotoServer

from baozhang.errors import CorruptObjectError
from baozhang.vault.stores.base import ObjectName, Store
from baozhang.vault.stores.s3 import S3Store
from baozhang.vault.stores.s3_opening import open_store
from tests.contracts.store_contract import StoreContract
from tests.vault.stores.conftest import ANYBODY, patience
from tests.vault.stores.fake_s3 import Fake
from tests.vault.stores.rgw import Rgw

NUMBERS = count(1)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def aws_store(endpoint: str) -> S3Store:
    """Return a store in a new bucket: the profile `aws` creates with If-None-Match."""
    bucket = f"ledgers-{next(NUMBERS)}"
    session = boto3.Session(ANYBODY.key, ANYBODY.secret)
    client = session.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    client.create_bucket(Bucket=bucket)
    url = f"s3://{bucket}?endpoint={endpoint}&region=us-east-1"
    return open_store(url, credentials=ANYBODY, patience=patience())


class TestStrictService(StoreContract):
    @pytest.fixture
    def store(self, fake: Fake) -> Store:
        url = f"s3+generic://ledgers/vault?endpoint={fake.endpoint}"
        return open_store(url, credentials=ANYBODY, patience=patience())


class TestMoto(StoreContract):
    @pytest.fixture
    def store(self, moto: str) -> Store:
        return aws_store(moto)


@pytest.mark.server
class TestCeph(StoreContract):
    @pytest.fixture
    def store(self, rgw: Rgw) -> Store:
        return rgw.store()


@pytest.mark.server
class TestCephUnderLock(StoreContract):
    """In a bucket with versions and no rule of its own: what is put can be deleted again."""

    @pytest.fixture
    def store(self, rgw: Rgw) -> Store:
        return rgw.store(lock="bucket")


def test_a_second_creation_is_refused_with_412_and_is_success_where_the_bytes_are_equal(
    moto: str,
) -> None:
    store, codes = aws_store(moto), []
    name = ObjectName("c/0a/packs/9f/9f3c")
    store.put(name, b"sealed")
    events = store.bucket._client.meta.events
    events.register(
        "after-call.s3.PutObject",
        lambda http_response, **_: codes.append(http_response.status_code),
    )
    store.put(name, b"sealed")
    assert codes == [412]


def test_a_second_creation_with_other_bytes_is_damage_and_changes_nothing(moto: str) -> None:
    store = aws_store(moto)
    name = ObjectName("c/0a/packs/9f/9f3c")
    store.put(name, b"sealed")
    with pytest.raises(CorruptObjectError) as caught:
        store.put(name, b"other")
    assert caught.value.facts["object"] == name
    assert store.get(name) == b"sealed"


def test_of_two_writers_of_one_name_one_creates_and_both_succeed(moto: str) -> None:
    store, codes = aws_store(moto), []
    events = store.bucket._client.meta.events
    events.register(
        "after-call.s3.PutObject",
        lambda http_response, **_: codes.append(http_response.status_code),
    )
    name = ObjectName("c/0a/packs/9f/9f3c")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: store.put(name, b"sealed"), range(8)))
    assert sorted(codes) == [200] + [412] * 7


def test_a_provider_that_verifies_checksums_is_believed_where_the_url_says_so(moto: str) -> None:
    store = aws_store(moto)
    asked: list[str] = []
    store = open_store(
        f"{store.url}&readback=checksum&region=us-east-1", credentials=ANYBODY, patience=patience()
    )
    store.bucket._client.meta.events.register(
        "before-call.s3", lambda model, **_: asked.append(model.name)
    )
    store.put(ObjectName("config"), b"head")
    assert asked == ["PutObject", "HeadObject"]


def test_a_second_creation_below_somebodys_newer_version_is_success(moto: str) -> None:
    """412, and what lies on top is not ours: the version below it is."""
    bucket = f"ledgers-{next(NUMBERS)}"
    session = boto3.Session(ANYBODY.key, ANYBODY.secret)
    client = session.client("s3", endpoint_url=moto, region_name="us-east-1")
    client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    url = f"s3://{bucket}?endpoint={moto}&region=us-east-1&lock=compliance:1d"
    store = open_store(url, credentials=ANYBODY, patience=patience())
    name = ObjectName("c/0a/packs/9f/9f3c")
    store.put(name, b"sealed")
    client.put_object(Bucket=bucket, Key=name, Body=b"other")
    store.put(name, b"sealed")
    with pytest.raises(CorruptObjectError):
        store.put(name, b"a third")
