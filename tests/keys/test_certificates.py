"""A certificate holds as it was issued, and with no change at all."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baozhang.errors import UsageError
from baozhang.keys.certificates import (
    DOMAIN,
    fingerprint,
    new_signing,
    public_pem,
    read_certificate,
    read_public,
    read_signing,
    sign_certificate,
)

SIGNING, PEM = new_signing()
ISSUED = sign_certificate({"client": "c001", "keys": ["a", "b"], "until": None}, SIGNING)


def test_a_certificate_says_what_was_signed() -> None:
    told = read_certificate(ISSUED, SIGNING.public_key)
    assert (told["client"], told["keys"], told["until"]) == ("c001", ["a", "b"], None)


def test_a_certificate_may_be_laid_out_anew() -> None:
    pretty = json.dumps(json.loads(ISSUED), indent=2).encode()
    assert read_certificate(pretty, SIGNING.public_key)["client"] == "c001"


@given(st.integers(0, len(ISSUED) - 2), st.integers(1, 255))
def test_every_flipped_byte_is_noticed(at: int, mask: int) -> None:
    altered = bytearray(ISSUED)
    altered[at] ^= mask
    with pytest.raises(UsageError):
        read_certificate(bytes(altered), SIGNING.public_key)


def test_another_s_signature_is_refused_when_the_key_is_known() -> None:
    other, _ = new_signing()
    forged = sign_certificate({"client": "c001"}, other)
    with pytest.raises(UsageError):
        read_certificate(forged, SIGNING.public_key)
    assert read_certificate(forged, None)["public_key"] == other.public_key.hex()


def test_a_signature_of_other_things_does_not_pass() -> None:
    """The audit log's key may sign both; neither signature passes for the other."""
    fields = {"client": "c001", "public_key": SIGNING.public_key.hex()}
    plain = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    signature = SIGNING.sign(plain).hex()
    with pytest.raises(UsageError):
        read_certificate(json.dumps({**fields, "signature": signature}).encode(), None)
    assert DOMAIN


def test_keys_survive_their_files() -> None:
    again = read_signing(PEM)
    assert again.public_key == SIGNING.public_key == read_public(public_pem(SIGNING))
    assert len(fingerprint(SIGNING.public_key)) == 64


@pytest.mark.parametrize("rubbish", [b"", b"x", b"-----BEGIN PRIVATE KEY-----\nAA\n", b"\xff"])
def test_rubbish_is_no_key_and_no_certificate(rubbish: bytes) -> None:
    for read in (read_signing, read_public, lambda data: read_certificate(data, None)):
        with pytest.raises(UsageError):
            read(rubbish)


@given(st.binary(max_size=200))
def test_rubbish_never_passes_for_a_certificate(data: bytes) -> None:
    with pytest.raises(UsageError):
        read_certificate(data, None)
