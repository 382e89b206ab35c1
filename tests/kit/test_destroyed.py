"""A client whose keys were destroyed on purpose is said to be so, and is no damage."""

import json
import struct

from blake3 import blake3
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from baozhang.keys.slots import decode_key_file
from baozhang.vault.stores.choosing import store_at
from baozhang.vault.vault import open_vault
from tests.kit.conftest import Place
from tests.kit.running import kit


def bury(place: Place, *, master: bytes) -> None:
    """Write a tombstone as docs/format.md says ("Keys of a client"), and delete the keys."""
    vault = open_vault(
        store_at(str(place.vault)), decode_key_file((place.root / "key").read_bytes())
    )
    space = vault.client("c001").space.client
    info = f"baozhang/1 object {vault.id}/{space}/0/tombstone".encode()
    both = HKDF(SHA256(), 64, b"s" * 32, info).derive(master or vault.root.master)
    header = struct.pack("<4sHBBIH32s32s", b"BZO1", 1, 8, 0, 0, 0, b"s" * 32, both[32:])
    plain = json.dumps({"client": "c001", "format": 1, "reason": "left"}).encode()
    bound = header + struct.pack("<IBQ", 0, 0, len(plain))
    body = AESGCM(both[:32]).encrypt(bytes(12), plain, bound)
    sealed = header + struct.pack("<BQ", 0, len(plain)) + body
    folder = place.vault / "c" / space
    (folder / "shredded").mkdir()
    (folder / "shredded" / blake3(sealed).hexdigest()).write_bytes(sealed)


def test_a_client_with_a_tombstone_is_no_damage_and_is_not_restored(place: Place) -> None:
    bury(place, master=b"")
    done = kit("verify", *place.options)
    assert (done.returncode, done.stderr) == (0, "")
    assert "密钥已销毁 its keys were destroyed" in done.stdout
    assert "no such client" in kit("restore", "c001", *place.options).stderr


def test_a_tombstone_that_is_not_the_vaults_own_destroys_nothing(place: Place) -> None:
    bury(place, master=b"x" * 32)
    done = kit("restore", "c001", "--to", place.root / "out", *place.options)
    assert (done.returncode, (place.root / "out" / "invoice.pdf").exists()) == (1, True)
    assert "shredded" in done.stderr
