"""What every store must do, whoever wrote it.

Subclass, provide the `store` fixture, inherit the tests.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from baozhang.errors import CorruptObjectError, ObjectMissingError
from baozhang.vault.stores.base import ObjectInfo, ObjectName, Span, Store

PACK = ObjectName("c/0a/packs/9f/9f3c")


class StoreContract:
    @pytest.fixture
    def store(self) -> Store:
        raise NotImplementedError("a concrete store provides this fixture")

    def test_an_object_comes_back_as_it_was_put(self, store: Store) -> None:
        store.put(PACK, b"sealed")
        assert store.get(PACK) == b"sealed"

    @pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
    def test_any_kind_of_bytes_can_be_put(self, store: Store, kind: type) -> None:
        store.put(PACK, kind(b"sealed"))
        assert store.get(PACK) == b"sealed"

    def test_putting_twice_is_putting_once(self, store: Store) -> None:
        store.put(PACK, b"sealed")
        store.put(PACK, b"sealed")
        assert list(store.list()) == [ObjectInfo(PACK, 6)]

    def test_a_span_is_exactly_what_was_asked_for(self, store: Store) -> None:
        store.put(PACK, b"sealed")
        assert store.get(PACK, Span(2, 3)) == b"ale"

    def test_a_span_past_the_end_is_corruption_not_a_short_read(self, store: Store) -> None:
        store.put(PACK, b"sealed")
        with pytest.raises(CorruptObjectError) as caught:
            store.get(PACK, Span(offset=4, length=3))
        assert caught.value.facts["object"] == PACK

    def test_a_missing_object_is_said_to_be_missing(self, store: Store) -> None:
        store.put(ObjectName("config"), b"head")
        with pytest.raises(ObjectMissingError):
            store.get(PACK)
        with pytest.raises(ObjectMissingError):
            store.size(PACK)

    def test_the_size_is_the_length_in_bytes(self, store: Store) -> None:
        store.put(PACK, bytes(70_000))
        assert store.size(PACK) == 70_000

    def test_an_empty_object_is_an_object(self, store: Store) -> None:
        store.put(PACK, b"")
        assert (store.get(PACK), store.size(PACK)) == (b"", 0)
        assert list(store.list()) == [ObjectInfo(PACK, 0)]

    def test_an_empty_span_of_what_is_there_is_empty(self, store: Store) -> None:
        store.put(PACK, b"sealed")
        assert store.get(PACK, Span(2, 0)) == b""

    def test_the_age_is_told_by_the_store_and_is_never_negative(self, store: Store) -> None:
        store.put(PACK, b"sealed")
        assert 0 <= store.age(PACK) < 3600

    def test_the_age_of_what_is_missing_is_missing(self, store: Store) -> None:
        store.put(ObjectName("config"), b"head")
        with pytest.raises(ObjectMissingError):
            store.age(PACK)

    def test_a_name_that_begins_like_another_is_another(self, store: Store) -> None:
        for name in ("keys/a", "keys/ab", "keys/a/b"):
            store.put(ObjectName(name + "-"), name.encode())
        store.delete(ObjectName("keys/a-"))
        assert [info.name for info in store.list("keys/a")] == ["keys/a/b-", "keys/ab-"]
        with pytest.raises(ObjectMissingError):
            store.get(ObjectName("keys/a-"))

    def test_a_listing_is_sorted_and_holds_only_the_prefix(self, store: Store) -> None:
        for name in ("keys/b", "c/1/x", "keys/a", "config"):
            store.put(ObjectName(name), b"-")
        assert [info.name for info in store.list("keys/")] == ["keys/a", "keys/b"]
        assert [info.name for info in store.list()] == ["c/1/x", "config", "keys/a", "keys/b"]

    def test_deleting_nothing_is_no_error(self, store: Store) -> None:
        store.put(ObjectName("config"), b"head")
        store.delete(PACK)
        assert [info.name for info in store.list()] == ["config"]

    def test_what_is_deleted_is_gone(self, store: Store) -> None:
        store.put(PACK, b"sealed")
        store.delete(PACK)
        assert list(store.list()) == []

    def test_many_threads_may_put_and_get_at_once(self, store: Store) -> None:
        names = [ObjectName(f"c/0a/packs/{n:02x}/{n:04x}") for n in range(64)]
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda name: store.put(name, name.encode()), names))
            found = list(threads.map(store.get, names))
        assert found == [name.encode() for name in names]
