"""Cuts depend on content alone, and never move between releases."""

import hashlib
import io
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.vault.chunker import BLOCK, PACKED_ALREADY, SQLITE, TABLES, TEXT, cut, grouping


def lengths(data: bytes) -> list[int]:
    return [len(extent) for extent in cut(io.BytesIO(data), len(data))]


class Dribble(io.RawIOBase):
    """A stream that returns few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        super().__init__()
        self._data, self._step = io.BytesIO(data), step

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._data.readinto(buffer[: self._step])


def test_a_small_file_is_one_extent() -> None:
    assert lengths(b"x" * 512 * 1024) == [512 * 1024]
    assert lengths(b"") == []


def test_a_database_is_cut_at_fixed_places() -> None:
    data = SQLITE + random.Random(1).randbytes(20 * 2**20)
    assert set(lengths(data)[:-1]) == {BLOCK}
    assert sum(lengths(data)) == len(data)


def test_the_cuts_of_this_release_are_the_cuts_of_every_release() -> None:
    """Golden: another cutter, or other settings, would store every large file anew."""
    data = random.Random(20260731).randbytes(24 * 2**20)
    found = lengths(data)
    text = ",".join(map(str, found))
    assert len(found) == GOLDEN_COUNT
    assert hashlib.sha256(text.encode()).hexdigest() == GOLDEN_SHA256


GOLDEN_COUNT = 169
GOLDEN_SHA256 = "eb4e2dff790319aad9e68b8285afb5996d4220ef50a501d8ed4fa50bd81644fd"


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99), step=st.integers(50_000, 9_000_000))
def test_cuts_do_not_depend_on_how_much_a_read_returns(seed: int, step: int) -> None:
    data = random.Random(seed).randbytes(17_000_000)
    assert [len(e) for e in cut(Dribble(data, step), len(data))] == lengths(data)  # type: ignore[arg-type]


def test_bytes_put_in_move_only_the_cuts_around_them() -> None:
    data = random.Random(5).randbytes(20_000_000)
    before = {bytes(e) for e in cut(io.BytesIO(data), len(data))}
    changed = data[:9_000_000] + b"a new line\n" + data[9_000_000:]
    after = [bytes(e) for e in cut(io.BytesIO(changed), len(changed))]
    assert sum(extent not in before for extent in after) <= 2


def test_no_byte_beyond_the_limit_is_read() -> None:
    data = random.Random(3).randbytes(3_000_000)
    assert b"".join(bytes(e) for e in cut(io.BytesIO(data), 2_000_000)) == data[:2_000_000]


def test_groupings_follow_the_first_bytes() -> None:
    assert grouping(SQLITE + b"...", 3) == TABLES
    assert grouping(b"PK\x03\x04xlsx", 8) == PACKED_ALREADY
    assert grouping("凭证号,金额".encode("gb18030"), 11) == TEXT
