"""What a network does between a store and its service; each test sees that its fault fired."""

from collections import Counter
from collections.abc import Callable

import pytest

from baozhang.errors import (
    CorruptObjectError,
    ObjectMissingError,
    StoreFullError,
    StoreUnreachableError,
    UsageError,
)
from baozhang.vault.names import hash_of
from baozhang.vault.stores.base import ObjectName, Span
from baozhang.vault.stores.s3 import S3Store
from baozhang.vault.stores.s3_opening import open_store
from tests.vault.stores.conftest import ANYBODY, TRIES, patience
from tests.vault.stores.fake_s3 import Fake, Rules, serving
from tests.vault.stores.fault_proxy import Fault, Proxy, Request, always, between, once

DATA = bytes(range(256)) * 40
PACK = ObjectName(f"c/{'0a' * 16}/packs/{hash_of(DATA)[:2]}/{hash_of(DATA)}")
PASSING: tuple[Fault, ...] = ("503", "500", "429", "timeout", "reset")


def reads(request: Request) -> bool:
    return request.reads


def lists(request: Request) -> bool:
    return request.lists


def writes(request: Request) -> bool:
    return request.writes


@pytest.mark.parametrize("fault", PASSING)
def test_a_put_survives_what_passes(far: S3Store, proxy: Proxy, fake: Fake, fault: Fault) -> None:
    proxy.plan = once(fault, writes, times=2)
    far.put(PACK, DATA)
    assert proxy.fired == Counter({fault: 2})
    assert fake.objects[f"vault/{PACK}"][0] == DATA


@pytest.mark.parametrize("fault", [*PASSING, "partial read"])
def test_a_get_survives_what_passes(far: S3Store, proxy: Proxy, fault: Fault) -> None:
    far.put(PACK, DATA)
    proxy.plan = once(fault, reads, times=2)
    assert far.get(PACK) == DATA
    assert proxy.fired == Counter({fault: 2})


@pytest.mark.parametrize("fault", [*PASSING, "partial read"])
def test_a_ranged_get_survives_what_passes(far: S3Store, proxy: Proxy, fault: Fault) -> None:
    far.put(PACK, DATA)
    proxy.plan = once(fault, reads)
    assert far.get(PACK, Span(100, 1000)) == DATA[100:1100]
    assert proxy.fired == Counter({fault: 1})


def test_an_answer_of_another_range_is_not_taken_for_the_one_asked_for(
    far: S3Store, proxy: Proxy
) -> None:
    far.put(PACK, DATA)
    proxy.plan = once("range ignored", reads)
    assert far.get(PACK, Span(100, len(DATA) - 100)) == DATA[100:]
    assert proxy.fired == Counter({"range ignored": 1})


@pytest.mark.parametrize("fault", [*PASSING, "partial read", "page instead"])
def test_a_listing_survives_what_passes(far: S3Store, proxy: Proxy, fault: Fault) -> None:
    far.put(PACK, DATA)
    proxy.plan = once(fault, lists, times=2)
    assert [info.name for info in far.list()] == [PACK]
    assert proxy.fired == Counter({fault: 2})


@pytest.mark.parametrize("fault", [*PASSING, "page instead", "partial read"])
def test_a_listing_that_fails_for_good_is_never_an_empty_one(
    far: S3Store, proxy: Proxy, fault: Fault
) -> None:
    far.put(PACK, DATA)
    proxy.plan = always(fault, lists)
    with pytest.raises(StoreUnreachableError):
        list(far.list())
    assert proxy.fired == Counter({fault: TRIES})


@pytest.mark.parametrize("fault", [*PASSING, "lost acknowledgement"])
def test_what_does_not_pass_is_given_up_after_a_bounded_number_of_tries(
    far: S3Store, proxy: Proxy, pauses: list[float], fault: Fault
) -> None:
    proxy.plan = always(fault)
    with pytest.raises(StoreUnreachableError) as caught:
        far.put(PACK, DATA)
    assert proxy.fired == Counter({fault: TRIES})
    assert len(pauses) == TRIES - 1
    assert caught.value.transient


def test_pauses_grow_and_are_drawn_at_random(
    far: S3Store, proxy: Proxy, pauses: list[float]
) -> None:
    proxy.plan = always("503")
    for _ in range(20):
        with pytest.raises(StoreUnreachableError):
            far.get(PACK)
    assert proxy.fired["503"] == 20 * TRIES
    rounds = [pauses[n :: TRIES - 1] for n in range(TRIES - 1)]
    longest = [max(one) for one in rounds]
    assert longest == sorted(longest)
    assert all(0 <= pause <= 0.5 * 2**n for n, one in enumerate(rounds, 1) for pause in one)
    assert len(set(pauses)) == len(pauses)


def test_no_try_begins_after_the_budget_of_time(proxy: Proxy) -> None:
    ticks = iter(range(0, 10_000, 100))
    hurried = patience()
    timed = type(hurried)(
        tries=50, budget=250, pause=lambda _: None, elapsed=lambda: float(next(ticks)), read=0.3
    )
    url = f"s3+generic://ledgers/vault?endpoint={proxy.endpoint}"
    proxy.plan = always("503")
    with pytest.raises(StoreUnreachableError):
        open_store(url, credentials=ANYBODY, patience=timed).get(PACK)
    assert proxy.fired == Counter({"503": 3})


def test_a_put_whose_acknowledgement_is_lost_is_success_and_is_not_sent_again(
    far: S3Store, proxy: Proxy, fake: Fake
) -> None:
    proxy.plan = once("lost acknowledgement", writes)
    far.put(PACK, DATA)
    assert proxy.fired == Counter({"lost acknowledgement": 1})
    assert proxy.passed["PUT"] == 1
    assert fake.objects[f"vault/{PACK}"][0] == DATA


def test_a_put_that_was_cut_in_the_middle_is_sent_again_and_whole(
    far: S3Store, proxy: Proxy, fake: Fake
) -> None:
    proxy.plan = once("cut upload", writes)
    far.put(PACK, DATA)
    assert proxy.fired == Counter({"cut upload": 1})
    assert fake.objects[f"vault/{PACK}"][0] == DATA


def test_bytes_that_changed_on_their_way_back_are_read_again(far: S3Store, proxy: Proxy) -> None:
    far.put(PACK, DATA)
    proxy.plan = once("wrong body", reads)
    assert far.get(PACK) == DATA
    assert proxy.fired == Counter({"wrong body": 1})


def test_bytes_that_are_wrong_each_time_are_handed_on_for_the_caller_to_judge(
    far: S3Store, proxy: Proxy
) -> None:
    far.put(PACK, DATA)
    proxy.plan = always("wrong body", reads)
    assert hash_of(far.get(PACK)) != hash_of(DATA)
    assert proxy.fired == Counter({"wrong body": 2})


def test_a_store_that_keeps_other_bytes_is_caught_by_reading_back(
    far: S3Store, proxy: Proxy
) -> None:
    proxy.plan = always("wrong body", reads)
    with pytest.raises(CorruptObjectError) as caught:
        far.put(PACK, DATA)
    assert caught.value.facts["object"] == PACK
    assert proxy.fired == Counter({"wrong body": 2})


@pytest.mark.parametrize("fault", ["stale listing", "empty listing"])
def test_a_listing_that_lacks_what_was_put_here_is_an_error(
    far: S3Store, proxy: Proxy, fault: Fault
) -> None:
    far.put(PACK, DATA)
    proxy.plan = always(fault, lists)
    with pytest.raises(StoreUnreachableError):
        list(far.list())
    assert proxy.fired[fault] == 1


def test_a_listing_may_lack_what_somebody_else_deleted(far: S3Store, fake: Fake) -> None:
    far.put(PACK, DATA)
    fake.objects.clear()
    assert list(far.list()) == []


def test_an_error_in_the_middle_of_a_long_listing_loses_nothing() -> None:
    with serving(Fake(Rules(page=3))) as fake, between(fake.endpoint) as proxy:
        url = f"s3+generic://ledgers/vault?endpoint={proxy.endpoint}"
        store = open_store(url, credentials=ANYBODY, patience=patience())
        names = [ObjectName(f"keys/{n:02d}") for n in range(10)]
        for name in names:
            store.put(name, b"-")
        proxy.plan = once("503", lambda request: "continuation-token" in request.path, times=2)
        assert [info.name for info in store.list()] == names
        assert proxy.fired == Counter({"503": 2})


def test_an_object_above_one_part_goes_up_in_parts_and_is_read_back(
    far: S3Store, fake: Fake
) -> None:
    store = S3Store(far.bucket, part=4096)
    store.put(PACK, DATA)
    assert fake.objects[f"vault/{PACK}"][0] == DATA
    parts = [line for line in fake.requests if "partNumber" in line]
    assert len(parts) == 3
    assert fake.uploads == {}


def test_one_part_that_fails_is_sent_again_and_not_the_whole(
    far: S3Store, proxy: Proxy, fake: Fake
) -> None:
    """At most one other part goes twice: one that shared the connection that was reset."""
    proxy.plan = once("reset", lambda request: "partNumber=2" in request.path)
    S3Store(far.bucket, part=4096).put(PACK, DATA)
    assert proxy.fired == Counter({"reset": 1})
    assert 3 <= proxy.passed["PUT"] <= 4
    assert fake.objects[f"vault/{PACK}"][0] == DATA


def test_an_upload_in_parts_that_fails_leaves_no_object_and_is_aborted(
    far: S3Store, proxy: Proxy, fake: Fake
) -> None:
    proxy.plan = always("503", lambda request: "partNumber=3" in request.path)
    with pytest.raises(StoreUnreachableError):
        S3Store(far.bucket, part=4096).put(PACK, DATA)
    assert proxy.fired == Counter({"503": TRIES})
    assert fake.objects == {}
    assert fake.uploads == {}


def test_an_upload_in_parts_whose_last_acknowledgement_is_lost_is_success(
    far: S3Store, proxy: Proxy, fake: Fake
) -> None:
    proxy.plan = once("lost acknowledgement", lambda r: r.method == "POST" and "uploadId" in r.path)
    S3Store(far.bucket, part=4096).put(PACK, DATA)
    assert proxy.fired == Counter({"lost acknowledgement": 1})
    assert proxy.passed["PUT"] == 3
    assert fake.objects[f"vault/{PACK}"][0] == DATA


def _refusing(fake: Fake, status: int, code: str) -> S3Store:
    url = f"s3+generic://ledgers/vault?endpoint={fake.endpoint}"
    store = open_store(url, credentials=ANYBODY, patience=patience())

    def refuse(http_response: object, parsed: dict[str, object], **_: object) -> None:
        parsed["Error"] = {"Code": code, "Message": "no"}
        http_response.status_code = status  # type: ignore[attr-defined]
        parsed["ResponseMetadata"]["HTTPStatusCode"] = status  # type: ignore[index]

    store.bucket._client.meta.events.register("after-call.s3", refuse)
    return store


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (403, "AccessDenied", UsageError),
        (403, "SignatureDoesNotMatch", UsageError),
        (403, "RequestTimeTooSkewed", UsageError),
        (400, "ExpiredToken", UsageError),
        (301, "PermanentRedirect", UsageError),
        (404, "NoSuchBucket", UsageError),
        (400, "InvalidArgument", UsageError),
        (501, "NotImplemented", UsageError),
        (403, "QuotaExceeded", StoreFullError),
        (507, "InsufficientStorage", StoreFullError),
    ],
)
def test_what_needs_a_person_is_said_at_once_with_what_to_do(
    fake: Fake, status: int, code: str, error: type[Exception]
) -> None:
    store = _refusing(fake, status, code)
    calls: tuple[Callable[[], object], ...] = (
        lambda: store.put(PACK, DATA),
        lambda: store.get(PACK),
        lambda: list(store.list()),
    )
    for call in calls:
        fake.requests.clear()
        with pytest.raises(error) as caught:
            call()
        assert caught.value.hint  # type: ignore[attr-defined]
        assert len(fake.requests) == 1


def test_a_missing_bucket_is_not_a_missing_object(fake: Fake) -> None:
    url = f"s3+generic://other/vault?endpoint={fake.endpoint}"
    store = open_store(url, credentials=ANYBODY, patience=patience())
    for ask in (store.get, store.size, store.age):
        with pytest.raises(UsageError):
            ask(PACK)


def test_a_page_that_is_no_s3_answer_is_not_a_missing_object(far: S3Store, proxy: Proxy) -> None:
    proxy.plan = always("500")
    with pytest.raises(StoreUnreachableError):
        far.size(PACK)
    proxy.plan = lambda _: None
    with pytest.raises(ObjectMissingError):
        far.size(PACK)


def test_no_error_tells_a_credential(far: S3Store, proxy: Proxy) -> None:
    proxy.plan = always("reset")
    with pytest.raises(StoreUnreachableError) as caught:
        far.put(PACK, DATA)
    told = f"{caught.value} {caught.value.facts} {far.bucket.place} {ANYBODY!r}"
    assert ANYBODY.secret not in told
