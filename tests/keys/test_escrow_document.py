"""docs/format.md is enough to join shares: a joiner written from it, with the standard library.

Only the word list is taken from the product's library; it is data that SLIP-39 publishes.
"""

import hashlib
import hmac
from itertools import combinations

import pytest
from shamir_mnemonic.wordlist import WORDLIST

from baozhang.keys.escrow import split
from baozhang.keys.slots import Secret

GENERATOR = (
    0xE0E040, 0x1C1C080, 0x3838100, 0x7070200, 0xE0E0009,
    0x1C0C2412, 0x38086C24, 0x3090FC48, 0x21B1F890, 0x3F3F120,
)  # fmt: skip
VECTOR = (
    (
        "humidity disease academic always aluminum jewelry energy woman receiver strategy amuse "
        "duckling lying evidence network walnut tactics forget hairy rebound impulse brother "
        "survive clothes stadium mailman rival ocean reward venture always armed unwrap"
    ),
    (
        "humidity disease academic agency actress jacket gross physics cylinder solution fake "
        "mortgage benefit public busy prepare sharp friar change work slow purchase ruler again "
        "tricycle involve viral wireless mixture anatomy desert cargo upgrade"
    ),
)
"""SLIP-39's published vector "Basic sharing 2-of-3 (256 bits)"; its passphrase is TREZOR."""


def checked(values: list[int]) -> bool:
    check = 1
    for value in values:
        top = check >> 20
        check = (check & 0xFFFFF) << 10 ^ value
        for bit in range(10):
            check ^= GENERATOR[bit] if top >> bit & 1 else 0
    return check == 1


def times(a: int, b: int) -> int:
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def inverse(a: int) -> int:
    result = 1
    for _ in range(254):
        result = times(result, a)
    return result


def at(x: int, points: dict[int, bytes]) -> bytes:
    """Lagrange's interpolation in GF(256)."""
    value = bytes(32)
    for mine, share in points.items():
        factor = 1
        for other in points:
            if other != mine:
                factor = times(factor, times(x ^ other, inverse(mine ^ other)))
        value = bytes(v ^ times(factor, s) for v, s in zip(value, share, strict=True))
    return value


def joined(mnemonics: list[str], passphrase: bytes = b"") -> bytes:
    points: dict[int, bytes] = {}
    for mnemonic in mnemonics:
        words = [WORDLIST.index(word) for word in mnemonic.split()]
        head = words[0] << 10 | words[1]
        extendable, exponent = head >> 4 & 1, head & 15
        mark = b"shamir_extendable" if extendable else b"shamir"
        assert len(words) == 33
        assert checked([*mark, *words])
        parameters = words[2] << 10 | words[3]
        value = 0
        for word in words[4:-3]:
            value = value << 10 | word
        points[parameters >> 4 & 15] = value.to_bytes(32, "big")
        salt = b"" if extendable else mark + (head >> 5).to_bytes(2, "big")
    sealed, digest = at(255, points), at(254, points)
    assert hmac.new(digest[4:], sealed, "sha256").digest()[:4] == digest[:4]
    left, right = sealed[:16], sealed[16:]
    for step in (3, 2, 1, 0):
        rounds = 2500 << exponent
        mask = hashlib.pbkdf2_hmac("sha256", bytes([step]) + passphrase, salt + right, rounds, 16)
        left, right = right, bytes(a ^ b for a, b in zip(left, mask, strict=True))
    return right + left


def test_the_joiner_gives_what_slip39_publishes() -> None:
    expected = "c938b319067687e990e05e0da0ecce1278f75ff58d9853f19dcaeed5de104aae"
    assert joined(list(VECTOR), b"TREZOR").hex() == expected


@pytest.mark.parametrize(("needed", "count"), [(2, 3), (3, 4)])
def test_the_joiner_joins_the_product_s_shares(needed: int, count: int) -> None:
    secret = Secret("escrow", hashlib.sha256(b"any").digest())
    shares = [share.words for share in split(secret, needed=needed, shares=count)]
    every = combinations(shares, needed)
    assert {joined(list(chosen)) for chosen in every} == {secret.value}
