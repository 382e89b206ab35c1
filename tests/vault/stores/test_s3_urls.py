"""What S3 URLs mean, and what must not stand in them."""

import subprocess
import sys

import pytest

from baozhang.errors import UsageError
from baozhang.vault.stores.choosing import store_at
from baozhang.vault.stores.s3_profiles import PROFILES
from baozhang.vault.stores.s3_url import Lock, place_of

CEPH = "s3+ceph://ledgers/a/b?endpoint=https://rgw.example:8443"


def test_a_url_says_profile_bucket_folder_and_endpoint() -> None:
    place = place_of(f"{CEPH}&region=default")
    assert (place.profile.name, place.bucket, place.folder) == ("ceph", "ledgers", "a/b")
    assert (place.endpoint, place.region) == ("https://rgw.example:8443", "default")


def test_plain_s3_is_aws_and_needs_no_endpoint() -> None:
    place = place_of("s3://ledgers")
    assert (place.profile.name, place.endpoint, place.folder) == ("aws", "", "")


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("s3+oss://ledgers?region=cn-hangzhou", "https://s3.oss-cn-hangzhou.aliyuncs.com"),
        ("s3+cos://ledgers-125?region=ap-beijing", "https://cos.ap-beijing.myqcloud.com"),
    ],
)
def test_a_providers_endpoint_is_made_of_its_region(url: str, endpoint: str) -> None:
    assert place_of(url).endpoint == endpoint


@pytest.mark.parametrize(
    ("text", "lock"),
    [
        ("compliance:90d", Lock("COMPLIANCE", 90)),
        ("governance:7d", Lock("GOVERNANCE", 7)),
        ("bucket", Lock()),
    ],
)
def test_a_lock_is_mode_and_days(text: str, lock: Lock) -> None:
    assert place_of(f"{CEPH}&lock={text}").lock == lock


def test_one_folder_spelled_two_ways_is_one_place() -> None:
    other = "s3+ceph://ledgers/a/b/?lock=bucket&endpoint=https://rgw.example:8443/"
    assert place_of(CEPH).url == place_of(other).url


def test_a_places_url_means_the_place() -> None:
    assert place_of(place_of(CEPH).url) == place_of(CEPH)


@pytest.mark.parametrize(
    "url",
    [
        "s3+ceph://key:hush@ledgers/a?endpoint=https://rgw.example",
        "s3+ceph://hush@ledgers/a?endpoint=https://rgw.example",
        "s3+ceph://ledgers/a?endpoint=https://key:hush@rgw.example",
        "s3+ceph://ledgers/a?endpoint=https://rgw.example&secret=hush",
        "s3://ledgers/a?aws_secret_access_key=hush",
    ],
)
def test_a_secret_in_a_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        store_at(url)
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(caught.value.facts)


@pytest.mark.parametrize(
    "url",
    [
        "s3+minio://ledgers?endpoint=https://x",
        "s3+ceph://ledgers",
        "s3+oss://ledgers",
        "s3://",
        "s3://Ledgers",
        "s3://ledgers/a//b",
        "s3://ledgers/../b",
        "s3://ledgers?lock=90d",
        "s3://ledgers?lock=compliance:0d",
        "s3+cos://ledgers?region=x&lock=compliance:9d",
        "s3+oss://ledgers?region=x&lock=compliance:9d",
        "s3+generic://ledgers?endpoint=https://x&lock=bucket",
        "s3+ceph://ledgers?endpoint=rgw.example",
        "s3+ceph://ledgers?endpoint=https://x&readback=checksum",
        "s3://ledgers#part",
    ],
)
def test_what_is_not_understood_is_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        place_of(url)
    assert caught.value.hint


def test_every_profile_can_be_named_in_a_url() -> None:
    for name in PROFILES:
        assert place_of(f"s3+{name}://ledgers?endpoint=https://x").profile.name == name


def test_a_credentials_profile_that_is_not_there_is_said_to_be_missing() -> None:
    with pytest.raises(UsageError) as caught:
        store_at("s3://ledgers?credentials=nobody")
    assert "credentials=NAME" in caught.value.hint


def test_no_credentials_at_all_is_said_at_once() -> None:
    store = store_at("s3+generic://ledgers?endpoint=http://127.0.0.1:9")
    with pytest.raises(UsageError) as caught:
        list(store.list())
    assert "AWS_ACCESS_KEY_ID" in caught.value.hint


def test_a_folders_vault_never_loads_what_speaks_s3() -> None:
    code = "import sys, baozhang.cli.vault; print('boto3' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
