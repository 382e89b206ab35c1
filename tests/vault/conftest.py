"""A vault with one client, over a store in memory, and a small tree to put in it."""

import os
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baozhang.keys.slots import Secret, new_secret
from baozhang.sources.tree import TreeSource
from baozhang.vault.client import ClientVault
from baozhang.vault.model import BackupReceipt
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import Vault, create_vault
from baozhang.vault.writer import back_up

AT = datetime(2126, 7, 31, 14, 0, tzinfo=UTC)
"""An instant after every file's time, so that nothing counts as just written."""

BackUp = Callable[..., BackupReceipt]


@pytest.fixture
def secret() -> Secret:
    return new_secret("keyfile")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def vault(store: MemoryStore, secret: Secret) -> Vault:
    return create_vault(store, [secret], at=AT)


@pytest.fixture
def side(vault: Vault) -> ClientVault:
    return vault.client("c001", create=True)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Small and large files of each grouping, a folder, a link, an empty file."""
    rng = random.Random(7)
    root = tmp_path / "tree"
    (root / "books").mkdir(parents=True)
    (root / "books" / "journal.csv").write_bytes(
        b"".join(b"%d,%d,rent\n" % (n, rng.randrange(10**6)) for n in range(90_000))
    )
    (root / "books" / "small.csv").write_bytes(b"1,2,3\n")
    (root / "books" / "ledger.db").write_bytes(b"SQLite format 3\0" + rng.randbytes(900_000))
    for number in range(12):
        (root / f"{number}.pdf").write_bytes(b"%PDF" + rng.randbytes(9_000))
    (root / "empty").write_bytes(b"")
    (root / "link").symlink_to("books/small.csv")
    (root / "books" / "small.csv").chmod(0o640)
    for path in (root / "books", root):
        os.utime(path, ns=(1_700_000_000_123_456_789,) * 2)
    return root


@pytest.fixture
def back(side: ClientVault, tree: Path) -> BackUp:
    """Back the tree up; each call a day later."""
    days = iter(range(1000))

    def run(path: Path = tree, **options: object) -> BackupReceipt:
        at = AT + timedelta(days=next(days))
        with TreeSource(path).freeze() as frozen:
            return back_up(side, frozen, set_name="main", at=at, **options)  # type: ignore[arg-type]

    return run
