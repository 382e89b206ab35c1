"""Each profile against a service that refuses what its provider refuses."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from baozhang.errors import CorruptObjectError, StoreUnreachableError, UsageError
from baozhang.vault.stores.base import ObjectName, Store
from baozhang.vault.stores.s3 import S3Store
from baozhang.vault.stores.s3_opening import open_store
from tests.contracts.store_contract import StoreContract
from tests.vault.stores.conftest import ANYBODY, patience
from tests.vault.stores.fake_s3 import COS, OSS, OSS_WORM, PLAIN, Fake, Rules, serving

NAME = ObjectName("c/0a/packs/9f/9f3c")
Serve = Callable[..., tuple[S3Store, Fake]]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Return a store of a profile, and the service behind it under a name of its own."""
    real = socket.getaddrinfo

    def here(host: str, *more: object, **named: object) -> object:
        return real("127.0.0.1" if str(host).endswith(".test") else host, *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", here)
    with ExitStack() as services:

        def start(profile: str, rules: Rules, more: str = "") -> tuple[S3Store, Fake]:
            fake = services.enter_context(serving(Fake(rules)))
            endpoint = f"http://{profile}.test:{fake.port}"
            url = f"s3+{profile}://ledgers/vault?endpoint={endpoint}{more}"
            return open_store(url, credentials=ANYBODY, patience=patience()), fake

        yield start


class TestOss(StoreContract):
    @pytest.fixture
    def store(self, serve: Serve) -> Store:
        return serve("oss", OSS)[0]


class TestCos(StoreContract):
    @pytest.fixture
    def store(self, serve: Serve) -> Store:
        return serve("cos", COS)[0]


@pytest.mark.parametrize(("profile", "rules"), [("oss", OSS), ("cos", COS)])
def test_a_second_creation_is_refused_in_the_providers_own_words(
    serve: Serve, profile: str, rules: Rules
) -> None:
    store, fake = serve(profile, rules)
    store.put(NAME, b"sealed")
    store.put(NAME, b"sealed")
    with pytest.raises(CorruptObjectError):
        store.put(NAME, b"other")
    assert fake.objects[f"vault/{NAME}"][0] == b"sealed"


@pytest.mark.parametrize(("profile", "rules"), [("oss", OSS), ("cos", COS)])
def test_an_upload_in_parts_creates_exclusively_too(
    serve: Serve, profile: str, rules: Rules
) -> None:
    store, fake = serve(profile, rules)
    store = S3Store(store.bucket, part=4)
    store.put(NAME, b"sealed bytes")
    with pytest.raises(CorruptObjectError):
        store.put(NAME, b"other bytes!")
    assert fake.objects[f"vault/{NAME}"][0] == b"sealed bytes"


def test_a_batched_delete_carries_the_md5_that_cos_asks_for(serve: Serve) -> None:
    store, fake = serve("cos", COS)
    for number in range(3):
        store.put(ObjectName(f"probe/{number}"), b"-")
    keys = [(key, "") for key in fake.objects]
    assert store.bucket.tried(lambda: store.bucket.delete_many(keys)) == []
    assert fake.objects == {}


def test_a_profile_that_does_not_fit_is_refused_with_what_to_do(serve: Serve) -> None:
    store, _ = serve("aws", OSS)
    with pytest.raises(UsageError) as caught:
        store.put(NAME, b"sealed")
    assert "baozhang vault probe" in caught.value.hint


def test_path_style_is_used_where_there_is_no_name_for_the_bucket(serve: Serve) -> None:
    store, fake = serve("ceph", PLAIN)
    store.put(NAME, b"sealed")
    assert fake.objects[f"vault/{NAME}"][0] == b"sealed"


def test_what_a_locked_bucket_holds_cannot_be_deleted(serve: Serve) -> None:
    store, fake = serve("oss", OSS_WORM, "&lock=bucket")
    store.put(NAME, b"sealed")
    with pytest.raises(UsageError):
        store.delete(NAME)
    assert fake.objects[f"vault/{NAME}"][0] == b"sealed"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of this machine's own, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    text = made.public_bytes(Encoding.PEM) + key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(text)
    return path


@pytest.fixture
def over_tls(certificate: Path) -> Iterator[Fake]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(Fake(tls=context)) as fake:
        yield fake


def test_over_tls_nothing_is_sent_in_a_coding_of_aws_alone(
    over_tls: Fake, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    url = f"s3+generic://ledgers/vault?endpoint={over_tls.endpoint}"
    store = open_store(url, credentials=ANYBODY, patience=patience())
    store.put(NAME, b"sealed")
    large = S3Store(store.bucket, part=4)
    large.put(ObjectName("config"), b"head of the vault")
    assert store.get(NAME) == b"sealed"
    assert over_tls.objects["vault/config"][0] == b"head of the vault"


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(over_tls: Fake) -> None:
    url = f"s3+generic://ledgers/vault?endpoint={over_tls.endpoint}"
    store = open_store(url, credentials=ANYBODY, patience=patience())
    with pytest.raises(StoreUnreachableError) as caught:
        store.put(NAME, b"sealed")
    assert "AWS_CA_BUNDLE" in caught.value.hint
    assert over_tls.requests == []
