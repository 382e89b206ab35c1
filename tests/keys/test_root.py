"""What a slot locks, in each generation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baozhang.errors import CorruptObjectError
from baozhang.keys.root import first_root, next_root, payload_of, root_of

keys = st.binary(min_size=32, max_size=32)


@given(st.lists(keys, min_size=1, max_size=4))
def test_a_root_survives_its_slot(masters: list[bytes]) -> None:
    root = first_root(masters[0])
    for master in masters[1:]:
        root = next_root(root, master)
    assert root_of(payload_of(root)) == root
    assert root.masters == tuple(reversed(masters))


@given(keys, keys)
def test_names_and_head_outlive_a_master(first: bytes, second: bytes) -> None:
    before, after = first_root(first), next_root(first_root(first), second)
    assert (after.names, after.head) == (before.names, before.head)


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64, 96, 129])
def test_no_other_length_is_a_root(length: int) -> None:
    with pytest.raises(CorruptObjectError):
        root_of(bytes(length))


def test_a_root_never_shows_its_keys() -> None:
    assert bytes(range(32)).hex() not in repr(first_root(bytes(range(32))))
    assert "master" not in repr(first_root(bytes(32)))
