"""The credit code's check character, against codes that registers publish."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.settings.credit_code import ALPHABET, check_character, checked, well_formed

PUBLISHED = ("9144030071526726XG", "91330100799655058B", "914403001922038216")


@pytest.mark.parametrize("code", PUBLISHED)
def test_a_published_code_fits(code: str) -> None:
    assert well_formed(code)
    assert checked(code)


@settings(max_examples=60)
@given(
    first=st.text(ALPHABET, min_size=17, max_size=17),
    place=st.integers(0, 16),
    other=st.sampled_from(ALPHABET),
)
def test_any_one_changed_character_is_found(first: str, place: int, other: str) -> None:
    code = first + check_character(first)
    changed = code[:place] + other + code[place + 1 :]
    assert checked(changed) == (changed == code)


@settings(max_examples=60)
@given(first=st.text(ALPHABET, min_size=17, max_size=17), place=st.integers(0, 15))
def test_two_neighbours_that_change_places_are_found(first: str, place: int) -> None:
    code = first + check_character(first)
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert checked(swapped) == (swapped == code)


@pytest.mark.parametrize(
    "code", ["", "91330100799655058", "9133010079965505IB", PUBLISHED[0] + "\n"]
)
def test_what_is_no_code_is_not_well_formed(code: str) -> None:
    assert not well_formed(code)
