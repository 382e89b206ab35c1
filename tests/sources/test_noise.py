"""Noise is what encryption leaves; compressed kinds say what they are."""

import zipfile
from io import BytesIO
from random import Random

import pytest

from baozhang.sources.noise import DENSE, SAMPLE, is_scrambled

NOISE = Random(7).randbytes(SAMPLE)


@pytest.mark.parametrize("size", [512, 1024, 4096, 10_000, SAMPLE])
def test_random_bytes_are_scrambled(size: int) -> None:
    assert is_scrambled(NOISE[:size])


@pytest.mark.parametrize("seed", range(200))
def test_any_random_bytes_are_scrambled(seed: int) -> None:
    assert is_scrambled(Random(seed).randbytes(512))


def test_a_few_bytes_say_nothing() -> None:
    assert not is_scrambled(NOISE[:511])


def test_a_text_whose_first_page_alone_was_encrypted_is_scrambled() -> None:
    assert is_scrambled(NOISE[:4096] + "合同\r\n".encode() * 5000)


def test_a_film_says_what_it_is_after_four_bytes() -> None:
    assert not is_scrambled(b"\0\0\0\x18ftypmp42" + NOISE[:4096])


def test_a_ledger_is_not_scrambled() -> None:
    rows = "".join(f"2026,03,记,{n},1,2026-03-01,收款 {n},1002,{n}.00,\r\n" for n in range(3000))
    assert not is_scrambled(rows.encode("gb18030")[:SAMPLE])


def test_a_workbook_is_not_scrambled() -> None:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sheet.xml", NOISE)
    assert not is_scrambled(content.getvalue()[:SAMPLE])


@pytest.mark.parametrize("mark", DENSE)
def test_a_kind_that_is_dense_by_nature_is_not_scrambled(mark: bytes) -> None:
    assert not is_scrambled(mark + NOISE[:4096])


def test_text_in_base_64_is_not_scrambled() -> None:
    assert not is_scrambled(
        bytes(
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[b & 63]
            for b in NOISE
        )
    )
