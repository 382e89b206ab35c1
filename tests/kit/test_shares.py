"""Shares by SLIP-0039, put together without the library that made them."""

import itertools
import random

import pytest
import shamir_mnemonic
from hypothesis import given, settings
from hypothesis import strategies as st
from shamir_mnemonic.wordlist import WORDLIST

from tests.kit.running import loaded

SLIP39 = loaded("slip39")
SECRET = bytes(range(32))


def shares(needed: int, made: int, *, extendable: bool = True, exponent: int = 0) -> list[str]:
    return shamir_mnemonic.generate_mnemonics(
        1, [(needed, made)], SECRET, extendable=extendable, iteration_exponent=exponent
    )[0]


def test_its_word_list_is_the_official_one() -> None:
    fours = [g[:2] + g[n : n + 2] for g in SLIP39.WORDS.split() for n in range(2, len(g), 2)]
    assert fours == [word[:4] for word in WORDLIST]


@pytest.mark.parametrize("extendable", [True, False])
@pytest.mark.parametrize(("needed", "made"), [(1, 1), (2, 3), (3, 5)])
def test_every_choice_of_enough_shares_gives_the_secret(
    needed: int, made: int, *, extendable: bool
) -> None:
    texts = shares(needed, made, extendable=extendable)
    found = {SLIP39.escrow_secret(list(some)) for some in itertools.combinations(texts, needed)}
    assert found == {SECRET}


def test_more_shares_than_are_needed_do_no_harm() -> None:
    assert SLIP39.escrow_secret(shares(2, 3)) == SECRET


def test_the_first_four_letters_of_each_word_are_enough() -> None:
    texts = [" ".join(word[:4].upper() for word in text.split()) for text in shares(2, 3)[:2]]
    assert SLIP39.escrow_secret(texts) == SECRET


def test_numbered_words_over_several_lines_are_understood() -> None:
    texts = ["\n".join(f"{n}. {w}" for n, w in enumerate(t.split(), 1)) for t in shares(2, 3)[1:]]
    assert SLIP39.escrow_secret(texts) == SECRET


def test_one_share_of_two_is_too_few() -> None:
    with pytest.raises(ValueError, match="1 of 2"):
        SLIP39.escrow_secret(shares(2, 3)[:1])


def test_one_share_given_twice_is_too_few() -> None:
    with pytest.raises(ValueError, match="1 of 2"):
        SLIP39.escrow_secret([shares(2, 3)[0]] * 2)


def test_shares_of_two_makings_are_refused() -> None:
    with pytest.raises(ValueError, match="different sets"):
        SLIP39.escrow_secret([shares(2, 3)[0], shares(2, 3)[1]])


def test_a_word_that_is_not_on_the_list_is_named_by_its_place() -> None:
    words = shares(2, 3)[0].split()
    with pytest.raises(ValueError, match="number \\[5\\]"):
        SLIP39.share_value(" ".join([*words[:4], "baozhang", *words[5:]]))


@settings(max_examples=60)
@given(st.randoms(use_true_random=False))
def test_one_wrong_word_is_always_noticed(rng: random.Random) -> None:
    words = shares(2, 3)[0].split()
    place = rng.randrange(len(words))
    words[place] = rng.choice([word for word in WORDLIST if word != words[place]])
    with pytest.raises(ValueError, match="wrong"):
        SLIP39.share_value(" ".join(words))
