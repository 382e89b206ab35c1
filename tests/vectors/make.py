"""How `format-v1/` was made: python -m tests.vectors.make FOLDER.

A vault's salts are random, so making it again gives other bytes; the committed ones stay.
"""

import hashlib
import json
import os
import random
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from baozhang.keys.slots import Secret, encode_key_file, passphrase, recovery_code
from baozhang.sources.tree import TreeSource
from baozhang.vault.client import ClientVault
from baozhang.vault.names import Namespace
from baozhang.vault.stores.choosing import new_store_at
from baozhang.vault.vault import Vault, create_vault
from baozhang.vault.writer import Proving, back_up

KEY = Secret("keyfile", hashlib.sha256(b"format 1, key file").digest())
RECOVERY = Secret("recovery", hashlib.sha256(b"format 1, recovery").digest())
PASSPHRASE = "format 1: 口令"
AT = datetime(2026, 7, 31, 14, 0, tzinfo=UTC)
TIME_NS = 1_700_000_000_123_456_789
PROOF = b'{"book":"made for a test","version":1}'


def files(root: Path) -> None:
    """Fill a folder with each kind of item, of content and of name."""
    rng = random.Random(1)
    (root / "books" / "sealed").mkdir(parents=True)
    (root / "books" / "ledger.db").write_bytes(
        b"SQLite format 3\0" + b"".join(b"%08d" % (n // 5000) * 8 for n in range(11_000))
    )
    (root / "books" / "journal.csv").write_bytes(
        b"".join(b"%d,2026-07,rent\n" % (n // 300) for n in range(36_000))
    )
    (root / "books" / "凭证 记-12.txt").write_text("借:管理费用 100.00\n贷:银行存款 100.00\n")
    (root / "books" / "sealed" / "closed.txt").write_bytes(b"2025\n")
    (root / "invoice.pdf").write_bytes(b"%PDF" + rng.randbytes(2_000))
    (root / "empty").write_bytes(b"")
    (root / "tool").write_bytes(b"#!/bin/sh\n")
    (root / "tool").chmod(0o4755)
    for name in (b"\xff\xfe", b"a\nb", b"n" * 255, b"books-old"):
        with open(os.path.join(os.fsencode(root), name), "wb") as file:
            file.write(name)
    (root / "link").symlink_to("books/journal.csv")
    (root / "dangling").symlink_to("../nowhere")
    (root / "books" / "journal.csv").chmod(0o640)
    (root / "books" / "sealed").chmod(0o550)


def settle(root: Path) -> None:
    """Give everything one time, and two files odd ones."""
    for path in sorted(root.rglob("*"), reverse=True):
        os.utime(path, ns=(TIME_NS, TIME_NS), follow_symlinks=False)
    os.utime(root / "invoice.pdf", ns=(-1_000_000_001, -1_000_000_001))
    os.utime(root / "empty", ns=(4_102_444_800_000_000_007,) * 2)
    os.utime(root, ns=(TIME_NS, TIME_NS))


def described(root: Path) -> list[list[object]]:
    """Describe a folder: path in hex, kind, mode, mtime_ns, size, SHA-256 of content or target."""
    found, base = [], os.fsencode(root)
    for folder, folders, names in os.walk(base):
        for name in (*folders, *names, *([b""] if folder == base else [])):
            path = os.path.join(folder, name) if name else base
            status, kind = os.lstat(path), "file"
            if os.path.islink(path):
                kind, content = "symlink", os.readlink(path)
            elif os.path.isdir(path):
                kind, content = "dir", b""
            else:
                content = Path(os.fsdecode(path)).read_bytes()
            shown = os.path.relpath(path, base).hex() if name else ""
            facts = (kind, status.st_mode & 0o7777, status.st_mtime_ns, len(content))
            found.append([shown, *facts, hashlib.sha256(content).hexdigest()])
    return sorted(found)


class _Maker:
    def __init__(self, vault: Vault, root: Path) -> None:
        self._vault, self._root = vault, root
        self._days = 0
        self.snapshots: list[dict[str, object]] = []
        self.trees: list[list[list[object]]] = []

    def back_up(
        self,
        client: str,
        set_name: str = "main",
        change: Callable[[Path], object] | None = None,
        **options: object,
    ) -> ClientVault:
        if change:
            change(self._root)
            settle(self._root)
        side, at = self._vault.client(client, create=True), AT + timedelta(days=self._days)
        with TreeSource(self._root).freeze() as frozen:
            receipt = back_up(side, frozen, set_name=set_name, at=at, **options)  # type: ignore[arg-type]
        self._days += 1
        one, tree = receipt.snapshot, described(self._root)
        if tree not in self.trees:
            self.trees.append(tree)
        self.snapshots.append(
            {
                "client": client,
                "set": set_name,
                "id": one.id,
                "at": one.at.isoformat(),
                "same": receipt.unchanged,
                "proofs": {n: p.decode() for n, p in side.proofs(one).items()},
                "tree": self.trees.index(tree),
            }
        )
        return side


def _later(root: Path) -> None:
    """A day's change: a line more, a page changed, a file gone, a file new."""
    with (root / "books" / "journal.csv").open("ab") as file:
        file.write(b"90000,2026-07,rent,1\n")
    with (root / "books" / "ledger.db").open("r+b") as file:
        file.seek(300_000)
        file.write(b"changed")
    (root / "a\nb").unlink()
    (root / "new.csv").write_bytes(b"1,2\n")


def main(place: Path) -> None:
    """Make the vault, its key and what it must give back, in a folder that is not there yet."""
    place.mkdir(parents=True)
    secrets = [KEY, RECOVERY, passphrase(PASSPHRASE)]
    vault = create_vault(new_store_at(str(place / "vault")), secrets, at=AT)
    with TemporaryDirectory() as scratch:
        root = Path(scratch) / "tree"
        maker = _Maker(vault, root)
        proving = Proving("made by hand 1", lambda: {"books/账套": PROOF})
        side = maker.back_up("c001", change=files, proving=proving)
        maker.back_up("c001", proving=proving)
        maker.back_up("c001", change=_later, proving=proving)
        maker.back_up("c001", "invoices")
        vault._make_client_key(Namespace(side.space.client), "c001")
        maker.back_up("c001", change=lambda r: (r / "after.txt").write_bytes(b"under either key"))
        maker.back_up("c002", change=lambda r: (r / "books" / "journal.csv").unlink())
        (root / "books" / "sealed").chmod(0o700)
    (place / "vault" / ".tmp").rmdir()
    (place / "key").write_bytes(encode_key_file(KEY))
    value = {
        "recovery_code": recovery_code(RECOVERY),
        "passphrase": PASSPHRASE,
        "snapshots": maker.snapshots,
        "trees": maker.trees,
    }
    (place / "expected.json").write_text(json.dumps(value, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
