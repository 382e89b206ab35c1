"""Seals bind every byte to its place; nothing opens anywhere else."""

import os
from array import array
from contextlib import suppress
from dataclasses import replace

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.errors import CorruptObjectError
from baozhang.vault.columns import decode_columns, encode_columns
from baozhang.vault.pack import PackBuilder, parse_pack
from baozhang.vault.sealing import (
    HEADER,
    Codec,
    Kind,
    Place,
    new_seal,
    open_object,
    open_seal,
    pack,
    seal_object,
    unpack,
)

KEY = bytes(range(32))
PLACE = Place("ab" * 16, "cd" * 16, 1, Kind.MANIFEST)


@pytest.mark.parametrize(
    "other",
    [
        replace(PLACE, vault="00" * 16),
        replace(PLACE, client="00" * 16),
        replace(PLACE, epoch=2),
        replace(PLACE, kind=Kind.COMMIT),
    ],
)
def test_an_object_opens_only_where_it_belongs(other: Place) -> None:
    sealed = seal_object(b"content", KEY, PLACE)
    assert open_object(sealed, (KEY,), PLACE) == b"content"
    with pytest.raises(CorruptObjectError):
        open_object(sealed, (KEY,), other)


def test_an_object_opens_with_its_own_key_alone() -> None:
    with pytest.raises(CorruptObjectError):
        open_object(seal_object(b"content", KEY, PLACE), (bytes(32),), PLACE)


def test_every_bit_of_a_sealed_object_matters() -> None:
    sealed = seal_object(b"some content", KEY, PLACE)
    for at in range(len(sealed)):
        for bit in range(8):
            altered = bytearray(sealed)
            altered[at] ^= 1 << bit
            with pytest.raises((CorruptObjectError, Exception)) as caught:
                open_object(bytes(altered), (KEY,), PLACE)
            assert type(caught.value).__module__ == "baozhang.errors"


@pytest.mark.parametrize("change", ["counter", "codec", "length"])
def test_a_part_is_bound_to_counter_codec_and_length(change: str) -> None:
    seal = new_seal(KEY, PLACE)
    part = seal.close(3, Codec.RAW, 4, b"part")
    assert seal.open(3, Codec.RAW, 4, part) == b"part"
    asked = {"counter": (4, 0, 4), "codec": (3, 1, 4), "length": (3, 0, 5)}[change]
    with pytest.raises(CorruptObjectError) as caught:
        seal.open(*asked, part)
    assert "altered" in str(caught.value)


def test_the_same_plaintext_never_seals_alike() -> None:
    sealed = {seal_object(b"same", KEY, PLACE) for _ in range(1000)}
    salts = {data[: HEADER.size] for data in sealed}
    assert len(sealed) == len(salts) == 1000


def test_two_processes_after_a_fork_use_other_salts() -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, new_seal(KEY, PLACE).header)
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 200) != new_seal(KEY, PLACE).header


def test_a_reopened_seal_opens_what_the_first_closed() -> None:
    seal = new_seal(KEY, PLACE)
    part = seal.close(0, Codec.RAW, 1, b"x")
    assert open_seal(seal.header, (KEY,), PLACE).open(0, Codec.RAW, 1, part) == b"x"


@given(st.binary(max_size=5000))
def test_packing_gives_back_what_it_was_given(data: bytes) -> None:
    codec, packed = pack(data, level=3)
    assert unpack(packed, codec, len(data)) == data


def test_a_compression_bomb_is_stopped_at_its_declared_length() -> None:
    codec, packed = pack(bytes(10_000_000), level=3)
    assert codec is Codec.ZSTD
    with pytest.raises(CorruptObjectError):
        unpack(packed, codec, 1000)


@pytest.mark.parametrize("length", [0, 1000])
def test_a_frame_that_claims_a_terabyte_is_refused_before_it_is_opened(length: int) -> None:
    """zstandard would take the frame's word for it, whatever limit it is given."""
    frame = bytes.fromhex("28b52ffde0") + (2**40).to_bytes(8, "little") + b"\x01\0\0"
    with pytest.raises(CorruptObjectError):
        unpack(frame, Codec.ZSTD, length)


def test_a_frame_that_claims_nothing_is_stopped_at_the_declared_length() -> None:
    bomb = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(10_000_000))
    for length in (0, 1000):
        with pytest.raises(CorruptObjectError):
            unpack(bomb, Codec.ZSTD, length)


@given(
    numbers=st.lists(st.integers(0, 2**64 - 1)),
    texts=st.lists(st.binary(max_size=300)),
    blob=st.binary(),
)
def test_columns_come_back(numbers: list[int], texts: list[bytes], blob: bytes) -> None:
    columns = {"n": array("Q", numbers), "t": texts, "b": blob}
    head, back = decode_columns(encode_columns({"format": 1}, columns))
    assert head == {"format": 1}
    assert {name: list(column) for name, column in back.items()} == {
        name: list(column) for name, column in columns.items()
    }


@given(st.data())
@settings(max_examples=300)
def test_columns_that_are_cut_or_changed_never_crash(data: st.DataObject) -> None:
    good = bytearray(encode_columns({"f": 1}, {"t": [b"a", b"bc"], "n": array("I", [1, 2])}))
    at = data.draw(st.integers(0, len(good) - 1))
    good[at] = data.draw(st.integers(0, 255))
    cut = bytes(good[: data.draw(st.integers(0, len(good)))])
    columns: object = {}
    with suppress(CorruptObjectError):  # any other error is a crash
        _, columns = decode_columns(cut)
    assert isinstance(columns, dict)


def test_a_pack_gives_back_its_segments() -> None:
    place = replace(PLACE, kind=Kind.PACK)
    builder = PackBuilder(KEY, place)
    plains = [os.urandom(n) for n in (1, 1000, 70_000)]
    for plain in plains:
        builder.add(Codec.RAW, plain, len(plain))
    data = bytes(builder.finish())
    table = parse_pack(data, open_seal(data, (KEY,), place))
    assert [table.open(s, data[s.offset : s.offset + s.length]) for s in table.segments] == plains
