"""docs/format.md is enough: a reader written from it alone restores the golden vault.

Nothing of the product is imported, so that the two cannot be wrong together.
"""

import base64
import hashlib
import hmac
import json
import os
import struct
from array import array
from pathlib import Path
from typing import Any

import pytest
import zstandard
from blake3 import blake3
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.vault.golden import EXPECTED, FOLDER, SNAPSHOTS, described, tree_of

WORDS = {1: "pack", 2: "index", 3: "manifest", 4: "commit", 5: "client_key"}
HEADER = struct.Struct("<4sHBBIH32s32s")


def hkdf(key: bytes, info: str, salt: bytes = b"", length: int = 32) -> bytes:
    return HKDF(SHA256(), length, salt, info.encode()).derive(key)


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def columns(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    (length,) = struct.unpack_from("<I", data)
    described_, at, found = json.loads(data[4 : 4 + length]), 4 + length, {}
    for name, code, size in described_["columns"]:
        body = data[at : at + size]
        at += size
        if code == "texts":
            (count,) = struct.unpack_from("<I", body)
            start, texts = 4 + 4 * count, []
            for one in struct.unpack_from(f"<{count}I", body, 4):
                texts.append(body[start : start + one])
                start += one
            found[name] = texts
        else:
            found[name] = body if code == "bytes" else array(code, body)
    assert at == len(data)
    return described_["head"], found


class Part:
    """An opened header: opens the parts of its object."""

    def __init__(self, vault: str, client: str, keys: list[bytes], header: bytes) -> None:
        fields = HEADER.unpack(header)
        magic, suite, kind, flags, epoch, key_length, salt, commitment = fields
        assert (magic, suite, flags, key_length) == (b"BZO1", 1, 0, 0)
        info = f"baozhang/1 object {vault}/{client}/{epoch}/{WORDS[kind]}"
        derived = [hkdf(key, info, salt, 64) for key in keys]
        (key,) = [both[:32] for both in derived if both[32:] == commitment]
        self._header, self._cipher = header, AESGCM(key)

    def open(self, counter: int, codec: int, length: int, sealed: bytes) -> bytes:
        bound = self._header + struct.pack("<IBQ", counter, codec, length)
        plain = self._cipher.decrypt(counter.to_bytes(12, "little"), sealed, bound)
        if codec == 1:
            plain = zstandard.ZstdDecompressor().decompress(plain, max_output_size=length)
        assert len(plain) == length
        return plain


def master_key(root: Path, vault: str, kind: str, secret: bytes) -> bytes:
    for path in (root / "keys").iterdir():
        slot = json.loads(path.read_bytes())
        if (slot["kind"], slot["vault"]) != (kind, vault):
            continue
        salt, kdf, value = bytes.fromhex(slot["salt"]), slot["kdf"], secret
        if kdf["name"] == "argon2id":
            work = {name: kdf[name] for name in ("iterations", "lanes")}
            value = Argon2id(salt=salt, length=32, memory_cost=kdf["memory_kib"], **work).derive(
                secret
            )
        both = hkdf(value, f"baozhang/1 slot {kind} {vault}", salt, 64)
        assert both[32:].hex() == slot["commitment"]
        sealed = bytes.fromhex(slot.pop("sealed"))
        return AESGCM(both[:32]).decrypt(bytes(12), sealed, canonical(slot))
    raise LookupError(kind)


class Reader:
    """One client's part of a vault in a folder."""

    def __init__(self, root: Path, kind: str, secret: bytes, client: str) -> None:
        line, mac, end = (root / "config").read_bytes().split(b"\n")
        head = json.loads(line)
        assert (head["format"], head["must_understand"], end) == (1, [], b"")
        self._root, self._vault, self._id = root, head["vault"], client
        self._master = master_key(root, self._vault, kind, secret)
        own = hkdf(self._master, "baozhang/1 head")
        assert hmac.new(own, line, hashlib.sha256).hexdigest().encode() == mac
        self._client = self._pseudonym("client", client)
        self._keys: list[bytes] = []
        for name in self._names("keys"):
            fields = json.loads(self._object(name, [self._master]))
            assert fields["client"] == client
            self._keys.append(bytes.fromhex(fields["key"]))

    def _pseudonym(self, *words: str) -> str:
        key = hkdf(self._master, "baozhang/1 names")
        return hmac.new(key, "\0".join(words).encode(), hashlib.sha256).digest()[:16].hex()

    def _names(self, folder: str) -> list[str]:
        below = f"c/{self._client}/{folder}"
        return [f"{below}/{name}" for name in sorted(os.listdir(self._root / below))]

    def _object(self, name: str, keys: list[bytes] | None = None) -> bytes:
        data = (self._root / name).read_bytes()
        assert blake3(data).hexdigest() == name[-64:]
        part = Part(self._vault, self._client, keys or self._keys, data[:78])
        codec, length = struct.unpack_from("<BQ", data, 78)
        return part.open(0, codec, length, data[87:])

    def commits(self, set_name: str) -> dict[str, dict[str, Any]]:
        """Return a set's commits by the ids of their snapshots."""
        found = {}
        for name in self._names(f"commit/{self._pseudonym('set', self._id, set_name)}"):
            commit = json.loads(self._object(name))
            assert (commit["set"], f"{commit['sequence']:010d}") == (set_name, name[-75:-65])
            found[f"{set_name}-{commit['sequence']:06d}-{name[-64:-56]}"] = commit
        return found

    def restore(self, manifest: str, target: Path) -> dict[str, str]:
        """Write what a manifest says; return the proofs."""
        head, rows = columns(self._object(manifest))
        if head["kind"] == "same":
            head, rows = columns(self._object(head["base"]))
        packs = [self._pack(digest) for digest in rows["pack"]]
        names = ("piece_pack", "piece_segment", "piece_offset", "piece_length")
        pieces = zip(*(rows[name] for name in names), strict=True)
        folders = []
        for row, path in enumerate(rows["path"]):
            place = os.path.join(os.fsencode(target), path) if path else os.fsencode(target)
            kind = rows["kind"][row]
            mine = [next(pieces) for _ in range(rows["pieces"][row])]
            content = b"".join(packs[p][s][at : at + size] for p, s, at, size in mine)
            if kind == 0:
                assert blake3(content).digest() == rows["digest"][32 * row :][:32]
                Path(os.fsdecode(place)).write_bytes(content)
                os.chmod(place, rows["mode"][row])
            elif kind == 1:
                os.mkdir(place)
                folders.append((place, rows["mode"][row], rows["mtime_ns"][row]))
            else:
                os.symlink(rows["target"][row], place)
            os.utime(place, ns=(rows["mtime_ns"][row],) * 2, follow_symlinks=False)
        for place, mode, time in reversed(folders):
            os.chmod(place, mode)
            os.utime(place, ns=(time, time))
        proofs = zip(rows["proof_name"], rows["proof"], strict=True)
        return {name.decode(): proof.decode() for name, proof in proofs}

    def _pack(self, digest: bytes) -> list[bytes]:
        """Return the segments of a pack."""
        name = digest.hex()
        data = (self._root / f"c/{self._client}/packs/{name[:2]}/{name}").read_bytes()
        part = Part(self._vault, self._client, self._keys, data[:78])
        sealed, plain, magic = struct.unpack("<II4s", data[-12:])
        assert magic == b"BZPK"
        _, table = columns(part.open(0xFFFFFFFF, 0, plain, data[-12 - sealed : -12]))
        segments, at = [], 78
        for number, size in enumerate(table["sealed"]):
            facts = (table["codec"][number], table["plain"][number])
            segments.append(part.open(number, *facts, data[at : at + size]))
            at += size
        return segments


SECRETS = {
    "keyfile": base64.b64decode((FOLDER / "key").read_text().partition(":")[2]),
    "recovery": base64.b32decode(EXPECTED["recovery_code"].replace("-", "")[:52] + "===="),
    "passphrase": EXPECTED["passphrase"].encode(),
}


@pytest.mark.parametrize("number", range(len(SNAPSHOTS)))
def test_a_reader_made_from_the_document_alone_restores_every_snapshot(
    tmp_path: Path, number: int
) -> None:
    expected = SNAPSHOTS[number]
    reader = Reader(FOLDER / "vault", "keyfile", SECRETS["keyfile"], expected["client"])
    commit = reader.commits(expected["set"])[expected["id"]]
    proofs = reader.restore(commit["manifest"], tmp_path / "out")
    assert described(tmp_path / "out") == tree_of(expected)
    assert proofs == expected["proofs"]


@pytest.mark.parametrize("kind", SECRETS)
def test_a_reader_made_from_the_document_alone_opens_it_with_any_secret(kind: str) -> None:
    assert len(Reader(FOLDER / "vault", kind, SECRETS[kind], "c001").commits("main")) == 4


def test_the_document_says_how_a_recovery_code_is_checked() -> None:
    text = EXPECTED["recovery_code"].replace("-", "")
    assert base64.b32encode(blake3(text[:52].encode()).digest())[:4].decode() == text[52:]
