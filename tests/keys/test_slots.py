"""Key slots open with their own secret, whole, and with nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baozhang.errors import BaozhangError, CorruptObjectError, UsageError, WrongKeyError
from baozhang.keys.slots import (
    Secret,
    decode_key_file,
    encode_key_file,
    lock,
    new_secret,
    passphrase,
    read_recovery_code,
    recovery_code,
    unlock,
)

MASTER = bytes(range(32))


@pytest.mark.parametrize(
    "secret", [new_secret("keyfile"), new_secret("recovery"), passphrase("马")]
)
def test_a_slot_opens_with_its_secret_alone(secret: Secret) -> None:
    slot = lock(MASTER, secret, vault_id="v")
    assert unlock(slot, secret, vault_id="v") == MASTER
    assert unlock(slot, Secret(secret.kind, secret.value + b"x"), vault_id="v") is None


def test_every_altered_field_is_noticed() -> None:
    secret = new_secret("keyfile")
    slot = lock(MASTER, secret, vault_id="v")
    fields = json.loads(slot)
    for name, value in {
        **{key: "00" * (len(fields[key]) // 2) for key in ("salt", "commitment", "sealed")},
        "vault": "w",
        "format": 9,
    }.items():
        altered = json.dumps({**fields, name: value}, sort_keys=True, separators=(",", ":"))
        try:
            opened = unlock(altered.encode(), secret, vault_id="v")
        except CorruptObjectError:
            continue
        assert opened is None


def test_a_slot_that_asks_for_a_terabyte_is_refused() -> None:
    fields = json.loads(lock(MASTER, new_secret("keyfile"), vault_id="v"))
    fields["kind"] = "passphrase"
    fields["kdf"] = {"name": "argon2id", "memory_kib": 2**30, "iterations": 3, "lanes": 4}
    with pytest.raises(CorruptObjectError) as caught:
        unlock(json.dumps(fields).encode(), passphrase("x"), vault_id="v")
    assert "absurd" in str(caught.value)


WHOLE = json.loads(lock(MASTER, new_secret("keyfile"), vault_id="v"))
ARGON2ID = {"name": "argon2id", "memory_kib": 2**18, "iterations": 3, "lanes": 4}


@pytest.mark.parametrize(
    "change",
    [
        {"kdf": {**ARGON2ID, "memory_kib": "x"}},
        {"kdf": {**ARGON2ID, "iterations": None}},
        {"kdf": {**ARGON2ID, "lanes": 2**20}},
        {"kdf": {**ARGON2ID, "memory_kib": 262144.5}},
        {"kdf": {"name": "argon2id"}},
        {"kdf": "hkdf"},
        {"kind": 1},
        {"vault": None},
        {"salt": 5},
    ],
)
def test_a_slot_of_the_wrong_shape_is_damaged_and_nothing_worse(change: dict[str, object]) -> None:
    slot = json.dumps({**WHOLE, "kind": "passphrase", **change}).encode()
    with pytest.raises(CorruptObjectError):
        unlock(slot, passphrase("x"), vault_id="v")


def test_a_slot_of_another_vault_or_of_a_kind_to_come_is_passed_over() -> None:
    secret = new_secret("keyfile")
    slot = lock(MASTER, secret, vault_id="v")
    assert unlock(slot, secret, vault_id="w") is None
    later = json.dumps({**json.loads(slot), "kind": "kms"}).encode()
    assert unlock(later, secret, vault_id="v") is None


@given(st.binary(max_size=400))
def test_rubbish_is_never_a_slot(data: bytes) -> None:
    with pytest.raises(CorruptObjectError):
        unlock(data, Secret("keyfile", MASTER), vault_id="v")


def test_one_spelling_of_a_passphrase_opens_for_all_keyboards() -> None:
    assert passphrase("e\u0301") == passphrase("\u00e9")


def test_a_recovery_code_survives_paper() -> None:
    secret = new_secret("recovery")
    code = recovery_code(secret)
    assert len(code.split("-")) == 14
    assert read_recovery_code(code.lower().replace("-", " ")) == secret


def test_a_mistyped_recovery_code_is_noticed() -> None:
    code = recovery_code(new_secret("recovery"))
    for at, sign in enumerate(code):
        if sign != "-":
            wrong = code[:at] + ("A" if sign != "A" else "B") + code[at + 1 :]
            with pytest.raises(UsageError):
                read_recovery_code(wrong)


def test_a_key_file_comes_back() -> None:
    secret = new_secret("keyfile")
    assert decode_key_file(encode_key_file(secret)) == secret
    assert decode_key_file(encode_key_file(secret).replace(b"\n", b"\r\n")) == secret


@given(st.binary(max_size=200))
def test_rubbish_is_never_a_key_file(data: bytes) -> None:
    with pytest.raises(WrongKeyError):
        decode_key_file(data)


def test_a_secret_never_shows_itself() -> None:
    secret = new_secret("keyfile")
    assert secret.value.hex() not in repr(secret)
    assert repr(secret.value) not in repr(secret)
    assert issubclass(WrongKeyError, BaozhangError)
