"""Shares of an escrow: enough of them give the secret, everything else says what is wrong."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shamir_mnemonic import generate_mnemonics
from shamir_mnemonic.share import Share as Slip39

from baozhang.errors import UsageError
from baozhang.keys.escrow import Share, combine, has_share, read_share, share_in, split
from baozhang.keys.slots import Secret, new_secret

SECRET = new_secret("escrow")
SHARES = split(SECRET)
OTHERS = split(SECRET)

sizes = st.integers(2, 5).flatmap(lambda n: st.tuples(st.integers(2, n), st.just(n)))


@settings(max_examples=15, deadline=None)
@given(sizes, st.binary(min_size=32, max_size=32))
def test_any_enough_shares_give_the_secret(size: tuple[int, int], value: bytes) -> None:
    needed, count = size
    shares = split(Secret("escrow", value), needed=needed, shares=count)
    every = combinations(reversed(shares), needed)
    assert {combine(chosen).value for chosen in every} == {value}


def test_more_shares_than_needed_do_no_harm() -> None:
    assert combine([*SHARES, SHARES[0]]) == SECRET


@given(st.integers(0, 32), st.sampled_from(["academic", "zero", "xyzzy", ""]))
def test_every_mistyped_word_is_noticed(at: int, word: str) -> None:
    words = SHARES[0].words.split()
    if words[at] != word:
        words[at] = word
        with pytest.raises(UsageError) as caught:
            read_share(" ".join(words))
        assert "mistyped" in str(caught.value)


def test_two_words_in_the_wrong_order_are_noticed() -> None:
    words = SHARES[1].words.split()
    words[7], words[8] = words[8], words[7]
    with pytest.raises(UsageError):
        read_share(" ".join(words) if words[7] != words[8] else "")


def test_case_and_line_breaks_do_not_matter() -> None:
    typed = SHARES[2].words.upper().replace(" ", "\n  ")
    assert read_share(typed) == SHARES[2]


def test_too_few_shares_say_how_many_are_missing() -> None:
    with pytest.raises(UsageError) as caught:
        combine(SHARES[:1])
    assert (caught.value.facts["given"], caught.value.facts["needed"]) == (1, 2)


def test_one_share_given_twice_counts_once() -> None:
    with pytest.raises(UsageError) as caught:
        combine([SHARES[0], SHARES[0]])
    assert caught.value.facts["given"] == 1


def test_shares_of_two_escrows_are_told_apart() -> None:
    with pytest.raises(UsageError) as caught:
        combine([SHARES[0], OTHERS[1]])
    assert (caught.value.facts["first"], caught.value.facts["other"]) == (1, 2)


def forged(share: Share) -> Share:
    """Return a share with other content and a right checksum."""
    made = Slip39.from_mnemonic(share.words)
    return read_share(replace(made, value=bytes(32)).mnemonic())


def test_an_altered_share_with_a_right_checksum_is_noticed() -> None:
    """Somebody who computes the checksum anew cannot give a wrong secret."""
    with pytest.raises(UsageError) as caught:
        combine([SHARES[0], forged(SHARES[1])])
    assert "altered" in str(caught.value)


def test_two_shares_of_one_holder_that_differ_are_noticed() -> None:
    with pytest.raises(UsageError) as caught:
        combine([SHARES[0], forged(SHARES[0]), SHARES[1]])
    assert (caught.value.facts["number"], "altered" in str(caught.value)) == (1, True)


def test_no_share_at_all_is_said() -> None:
    with pytest.raises(UsageError):
        combine([])


@pytest.mark.parametrize(("needed", "shares"), [(1, 1), (1, 3), (3, 2), (2, 17), (0, 0)])
def test_numbers_that_slip39_forbids_are_refused(needed: int, shares: int) -> None:
    with pytest.raises(UsageError):
        split(SECRET, needed=needed, shares=shares)


def test_a_share_of_another_length_is_no_share_of_a_vault() -> None:
    ((words, *_),) = generate_mnemonics(1, [(2, 3)], bytes(16))
    with pytest.raises(UsageError):
        read_share(words)


def test_a_page_without_words_holds_no_share() -> None:
    with pytest.raises(UsageError):
        share_in("保管好 the sheet\nand nothing else\n")


def test_a_page_with_a_mistyped_word_still_counts_as_a_share() -> None:
    assert has_share(SHARES[0].words.replace(SHARES[0].words.split()[5], "xyzzy"))


def test_a_share_never_shows_its_words() -> None:
    assert "words" not in repr(SHARES[0])
