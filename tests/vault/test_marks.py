"""Marks: what they say together, in whatever order they were written and read."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.errors import CorruptObjectError, NewerFormatError
from baozhang.vault.client import ClientVault
from baozhang.vault.marking import GRACE, put_mark, read_marks
from baozhang.vault.marks import Action, Mark, Marks, all_of, decode_mark, encode_mark
from baozhang.vault.names import Namespace, hash_in
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.stores.memory import MemoryStore
from tests.vault.conftest import AT

SPACE = Namespace("0" * 32)


def a_mark(sequence: int, action: Action, commits: tuple[str, ...] = (), **more: object) -> Mark:
    fields: dict[str, object] = {
        "previous": (),
        "drop": (),
        "seen": (),
        "at": AT.isoformat(),
        "not_before": (AT + GRACE).isoformat(),
        "approved_by": (),
        "reason": "",
    }
    return Mark(action, sequence, commits=commits, **{**fields, **more})  # type: ignore[arg-type]


def named(mark: Mark) -> tuple[ObjectName, Mark]:
    return SPACE.mark(mark.sequence, encode_mark(mark)), mark


texts = st.tuples(st.text(max_size=5))
marks = st.builds(
    a_mark,
    st.integers(1, 5),
    st.sampled_from(["forget", "keep"]),
    st.tuples(st.sampled_from("abc")),
    drop=st.tuples(st.sampled_from("xyz")),
)


@given(marks, texts)
@settings(max_examples=50, deadline=None)
def test_a_mark_is_read_as_it_was_written(mark: Mark, people: tuple[str, ...]) -> None:
    written = a_mark(mark.sequence, mark.action, mark.commits, approved_by=people)
    assert decode_mark(encode_mark(written)) == written


@given(st.lists(marks, max_size=5))
@settings(max_examples=50, deadline=None)
def test_marks_say_the_same_in_whatever_order_they_are_listed(some: list[Mark]) -> None:
    said = {
        (all_of(order).forgotten, all_of(order).dropped) for order in permutations(map(named, some))
    }
    assert len(said) == 1


def test_a_later_mark_undoes_an_earlier_one() -> None:
    said = all_of(
        map(
            named,
            [
                a_mark(1, "forget", ("a", "b"), drop=("x", "y")),
                a_mark(2, "keep", ("a",), drop=("x",)),
            ],
        )
    )
    assert said.forgotten == {"b"}
    assert said.dropped == {"y"}


def test_of_two_marks_of_one_sequence_both_count_and_keeping_wins() -> None:
    said = all_of(
        map(named, [a_mark(1, "keep", ("a",)), a_mark(1, "forget", ("a", "b"), drop=("x",))])
    )
    assert said.forgotten == {"b"}
    assert said.dropped == {"x"}
    assert len(said.heads()) == 2


def test_the_newest_mark_that_drops_an_object_is_the_one_whose_age_counts() -> None:
    first, second = (named(a_mark(n, "forget", drop=("x",))) for n in (1, 2))
    assert all_of([first, second]).since == {"x": second[0]}


def test_a_mark_that_others_name_and_that_is_not_there_is_told() -> None:
    lost = "f" * 64
    assert all_of([named(a_mark(2, "keep", previous=(lost,)))]).gaps() == (lost,)


def test_a_mark_under_another_sequence_than_its_own_is_refused() -> None:
    mark = a_mark(1, "forget")
    with pytest.raises(CorruptObjectError):
        all_of([(SPACE.mark(7, encode_mark(mark)), mark)])


@pytest.mark.parametrize(
    "plain", [b"", b"[]", b"{}", b'{"format":1,"action":"keep","commits":7}', b"\xff"]
)
def test_what_is_no_mark_is_refused(plain: bytes) -> None:
    with pytest.raises((CorruptObjectError, NewerFormatError)):
        decode_mark(plain)


@pytest.mark.parametrize("change", [b'"format":2', b'"format":1,"action":"burn"'])
def test_a_mark_of_a_newer_release_is_refused(change: bytes) -> None:
    plain = encode_mark(a_mark(1, "keep")).replace(b'"action":"keep",', b"")
    plain = plain.replace(b'"format":1', change)
    with pytest.raises(NewerFormatError):
        decode_mark(plain)


def test_what_a_later_release_adds_to_a_mark_is_passed_over() -> None:
    mark = a_mark(1, "keep")
    assert decode_mark(encode_mark(mark).replace(b'{"action"', b'{"aa":1,"action"')) == mark


# --- in a vault ---------------------------------------------------------------------------------


def test_marks_follow_each_other_by_name_and_hash(side: ClientVault) -> None:
    first = put_mark(side, Marks(), "forget", commits=["a"], at=AT)
    second = put_mark(side, read_marks(side), "keep", commits=["a"], at=AT)
    marks = read_marks(side)
    assert list(marks.by_name) == [first, second]
    assert marks.by_name[second].previous == (hash_in(first),)
    assert not marks.forgotten


def test_a_damaged_mark_stops_whoever_would_delete(side: ClientVault, store: MemoryStore) -> None:
    name = put_mark(side, Marks(), "forget", commits=["a"], at=AT)
    store.objects[name] = store.objects[name][:-1] + b"\0"
    with pytest.raises(CorruptObjectError):
        read_marks(side)


def test_a_damaged_mark_stops_no_restore(side: ClientVault, store: MemoryStore) -> None:
    name = put_mark(side, Marks(), "forget", commits=["a"], at=AT)
    store.objects[name] = store.objects[name][:-1] + b"\0"
    assert not side.marks().forgotten


def test_a_lost_mark_that_another_names_is_told(side: ClientVault, store: MemoryStore) -> None:
    first = put_mark(side, Marks(), "forget", commits=["a"], at=AT)
    put_mark(side, read_marks(side), "keep", commits=["a"], at=AT)
    del store.objects[first]
    with pytest.raises(CorruptObjectError) as caught:
        read_marks(side)
    assert caught.value.facts["object"] == hash_in(first)


def test_no_mark_has_a_shorter_grace_than_a_week(side: ClientVault) -> None:
    name = put_mark(side, Marks(), "forget", at=AT, grace=GRACE / 100)
    assert read_marks(side).by_name[name].not_before == (AT + GRACE).isoformat()
