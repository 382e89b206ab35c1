"""Invented companies have valid credit codes, of a place that does not exist."""

from hypothesis import given
from hypothesis import strategies as st

from baozhang.samples.identity import (
    credit_code,
    invoice_number,
    organisation_check,
    parties,
    staff,
)
from baozhang.samples.seeds import rng_for
from baozhang.settings.credit_code import checked, well_formed


def test_the_organisation_check_is_the_standards_own_example() -> None:
    assert organisation_check("D2143569") == "X"  # GB 11714-1997, appendix


@given(st.integers(0, 999_999))
def test_every_credit_code_passes_both_checks(number: int) -> None:
    code = credit_code(number)
    assert well_formed(code)
    assert checked(code)
    assert organisation_check(code[8:16]) == code[16]


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8))
def test_the_organisation_check_makes_the_weighted_sum_divisible_by_eleven(body: str) -> None:
    weighted = sum(int(c, 36) * w for c, w in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    check = organisation_check(body)
    assert (weighted + (10 if check == "X" else int(check))) % 11 == 0


@given(st.integers(0, 999_999))
def test_every_credit_code_lies_in_no_place(number: int) -> None:
    assert credit_code(number)[2:8] == "990000"


@given(st.integers(2025, 2099), st.integers(1, 999_999), st.integers(1, 999_999_999))
def test_an_invoice_number_has_twenty_digits_and_no_region(
    year: int, client: int, serial: int
) -> None:
    number = invoice_number(year, client, serial)
    assert len(number) == 20
    assert number.isdigit()
    assert number[2:4] == "99"


@given(st.integers())
def test_the_three_people_of_a_client_are_three(seed: int) -> None:
    assert len(set(staff(rng_for(seed)))) == 3


@given(st.integers())
def test_no_two_partners_of_a_client_share_a_name(seed: int) -> None:
    names = [party.name for party in parties(rng_for(seed), "K", ("goods", "services"), 8, 1)]
    assert len(set(names)) == 8
