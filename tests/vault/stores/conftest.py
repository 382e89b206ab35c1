"""Services to hold stores against: our own strict one, Ceph's gateway, and moto."""

import os
import random
from collections.abc import Callable, Iterator

import pytest

from baozhang.vault.stores.s3 import S3Store
from baozhang.vault.stores.s3_bucket import Credentials
from baozhang.vault.stores.s3_opening import open_store
from baozhang.vault.stores.s3_patience import Patience
from tests.vault.stores.fake_s3 import Fake, serving
from tests.vault.stores.fault_proxy import Proxy, between
from tests.vault.stores.rgw import Rgw, running

ANYBODY = Credentials("anybody", "anybody-secret")
TRIES = 4
Opened = Callable[..., S3Store]


def patience(pauses: list[float] | None = None, *, read: float = 5.0) -> Patience:
    """Return patience that waits for nothing, and writes down what it would have waited."""
    noted = pauses if pauses is not None else []
    return Patience(tries=TRIES, pause=noted.append, connect=2.0, read=read, rng=random.Random(7))


@pytest.fixture(autouse=True)
def _no_credentials_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")


@pytest.fixture
def fake() -> Iterator[Fake]:
    with serving(Fake()) as service:
        yield service


@pytest.fixture
def proxy(fake: Fake) -> Iterator[Proxy]:
    with between(fake.endpoint) as standing:
        yield standing


@pytest.fixture
def far(proxy: Proxy, pauses: list[float]) -> S3Store:
    """A store behind the proxy; its reads give up after a third of a second."""
    url = f"s3+generic://ledgers/vault?endpoint={proxy.endpoint}"
    return open_store(url, credentials=ANYBODY, patience=patience(pauses, read=0.3))


@pytest.fixture
def pauses() -> list[float]:
    """What the store waited between its tries, in seconds."""
    return []


@pytest.fixture(scope="session")
def rgw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rgw]:
    with running(tmp_path_factory.mktemp("rgw")) as gateway:
        yield gateway
