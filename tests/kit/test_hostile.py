"""Whoever holds a key may have written anything: no restore leaves its folder."""

import json
import struct
from array import array
from pathlib import Path

import pytest
from blake3 import blake3

from baozhang.keys.slots import encode_key_file, new_secret
from baozhang.vault.sealing import Kind
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.stores.choosing import new_store_at
from baozhang.vault.vault import create_vault
from tests.kit.conftest import AT
from tests.kit.running import kit, report_of

FILE, FOLDER, LINK = 0, 1, 2
Row = tuple[bytes, int, bytes]  # path, kind, target


def manifest(rows: list[Row]) -> bytes:
    """Return a full manifest of folders, links and empty files; `wrong` is not what it says."""

    def texts(values: list[bytes]) -> bytes:
        lengths = array("I", map(len, values)).tobytes()
        return struct.pack("<I", len(values)) + lengths + b"".join(values)

    digests = [blake3(b"x" if path == b"wrong" else b"").digest() for path, _, _ in rows]
    bodies = {
        "path": ("texts", texts([path for path, _, _ in rows])),
        "target": ("texts", texts([target for _, _, target in rows])),
        "kind": ("bytes", bytes(kind for _, kind, _ in rows)),
        "mode": ("I", array("I", [0o700] * len(rows)).tobytes()),
        "mtime_ns": ("q", bytes(8 * len(rows))),
        "size": ("Q", bytes(8 * len(rows))),
        "digest": ("bytes", b"".join(digests)),
        "pieces": ("I", bytes(4 * len(rows))),
        "pack": ("texts", texts([])),
        **{f"piece_{word}": ("I", b"") for word in ("pack", "segment", "offset", "length")},
    }
    head = {
        "columns": [[name, code, len(body)] for name, (code, body) in bodies.items()],
        "head": {"format": 1, "kind": "full", "recipe": "by hand"},
    }
    text = json.dumps(head).encode()
    return struct.pack("<I", len(text)) + text + b"".join(body for _, body in bodies.values())


def restored(place: Path, rows: list[Row]) -> tuple[int, str]:
    """Seal rows as a snapshot, restore it to `place/in/out`; return status and report."""
    secret = new_secret("keyfile")
    (place / "key").write_bytes(encode_key_file(secret))
    vault = create_vault(new_store_at(str(place / "vault")), [secret], at=AT)
    side = vault.client("c001", create=True)
    folder = side.set_pseudonym("main")
    sealed = side.seal(Kind.MANIFEST, manifest(rows))
    name = f"c/{side.space.client}/snap/{folder}/0000000001-{blake3(sealed).hexdigest()}"
    side.store.put(ObjectName(name), sealed)
    fields = {"format": 1, "client": "c001", "set": "main", "sequence": 1, "previous": []}
    fields |= {"manifest": name, "at": AT.isoformat(), "files": 1, "size": 0, "partial": False}
    commit = side.seal(Kind.COMMIT, json.dumps(fields).encode())
    name = f"c/{side.space.client}/commit/{folder}/0000000001-{blake3(commit).hexdigest()}"
    side.store.put(ObjectName(name), commit)
    (place / "in").mkdir()
    words = ("--vault", place / "vault", "--key-file", place / "key", "--to", place / "in" / "out")
    done = kit("restore", "c001", *words)
    assert "Traceback" not in done.stderr
    return done.returncode, report_of(place / "in" / "out")


def written(place: Path) -> list[str]:
    found = [path.relative_to(place).as_posix() for path in (place / "in").rglob("*")]
    return sorted(name for name in found if "_RESTORE_REPORT" not in name)


def test_a_manifest_made_by_hand_is_restored(tmp_path: Path) -> None:
    rows = [(b"", FOLDER, b""), (b"a", FILE, b""), (b"b", FOLDER, b""), (b"b/c", FILE, b"")]
    status, report = restored(tmp_path, rows)
    assert (status, "complete" in report) == (0, True)
    assert written(tmp_path) == ["in/out", "in/out/a", "in/out/b", "in/out/b/c"]


@pytest.mark.parametrize(
    "path",
    [b"../x", b"..", b"b/../../x", b"b/..", b"/x", b"b//x", b"./x", b"b/./x", b"x\0y", b"b/"],
    ids=repr,
)
@pytest.mark.parametrize("kind", [FILE, FOLDER, LINK])
def test_an_unsafe_path_is_refused_and_named(tmp_path: Path, path: bytes, kind: int) -> None:
    rows = [(b"", FOLDER, b""), (b"b", FOLDER, b""), (path, kind, b"/etc"), (b"good", FILE, b"")]
    status, report = restored(tmp_path, rows)
    assert (status, "unsafe path" in report or "not restored: b" in report) == (1, True)
    assert written(tmp_path) == ["in/out", "in/out/b", "in/out/good"]


def test_content_that_is_not_what_its_hash_says_is_not_left_behind(tmp_path: Path) -> None:
    status, report = restored(tmp_path, [(b"", FOLDER, b""), (b"wrong", FILE, b"")])
    assert (status, written(tmp_path)) == (1, ["in/out"])
    assert "wrong: 内容不符 its hash differs" in report


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    rows = [(b"", FOLDER, b""), (b"b", LINK, bytes(outside)), (b"b/x", FILE, b"")]
    status, _ = restored(tmp_path, rows)
    assert (status, list(outside.iterdir())) == (1, [])
    assert written(tmp_path) == ["in/out", "in/out/b"]


def test_a_name_that_comes_twice_is_kept_twice(tmp_path: Path) -> None:
    rows = [(b"", FOLDER, b""), (b"a", FILE, b""), (b"a", FILE, b"")]
    status, report = restored(tmp_path, rows)
    assert (status, written(tmp_path)) == (0, ["in/out", "in/out/2~a", "in/out/a"])
    assert "renamed: a -> 2~a" in report
