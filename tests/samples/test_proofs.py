"""The product's own proof finds nothing in a sample, and finds in a damaged one what was told."""

from pathlib import Path

import pytest

from baozhang.books.profiles import load_profile
from baozhang.books.proof import Proof
from baozhang.books.reading import open_books
from baozhang.books.taking import take_proof
from baozhang.samples.agency import next_day
from baozhang.samples.damage import drop_voucher, duplicate_line, tamper_amount
from baozhang.samples.seeds import rng_for

BOOKS = {"c001": "cn_csv", "c002": "yonyou_t3", "c003": "cn_csv", "c004": "fec"}


def proof(folder: Path, client: str) -> Proof:
    (reader,) = open_books(load_profile(BOOKS[client]), folder / client)
    return take_proof(reader, standard="other" if BOOKS[client] == "fec" else "sbe")


@pytest.mark.parametrize("client", BOOKS)
def test_a_sample_breaks_no_law(agency: Path, client: str) -> None:
    assert proof(agency, client).violations == ()


def test_a_sample_breaks_no_law_on_a_later_day(copy: Path) -> None:
    for day in (1, 2, 3):
        next_day(copy, day)
    assert [proof(copy, client).violations for client in BOOKS] == [()] * 4


@pytest.mark.parametrize("client", BOOKS)
def test_a_tampered_amount_is_found_at_the_voucher_told(copy: Path, client: str) -> None:
    done = tamper_amount(copy / client, BOOKS[client], rng=rng_for(1))
    found = [(v.period, v.voucher) for v in proof(copy, client).violations if v.law == "L1"]
    assert found == [(done.period, done.voucher)]


@pytest.mark.parametrize("client", ["c001", "c002"])
def test_a_dropped_voucher_is_found_as_a_number_gap(copy: Path, client: str) -> None:
    done = drop_voucher(copy / client, BOOKS[client], rng=rng_for(1))
    assert ("L3", done.period) in {(v.law, v.period) for v in proof(copy, client).violations}


@pytest.mark.parametrize("client", ["c001", "c002"])
def test_a_duplicated_line_is_found_at_the_voucher_told(copy: Path, client: str) -> None:
    done = duplicate_line(copy / client, BOOKS[client], rng=rng_for(1))
    assert ("L1", done.voucher) in {(v.law, v.voucher) for v in proof(copy, client).violations}
