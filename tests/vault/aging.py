"""A vault whose years pass in a test: contents in memory, a store whose clock is set by hand."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from blake3 import blake3

from baozhang.books.model import LedgerReader
from baozhang.keys.slots import Secret, new_secret
from baozhang.sources.base import Item, Trouble
from baozhang.vault.client import ClientVault
from baozhang.vault.model import BackupReceipt, Snapshot
from baozhang.vault.packs import PackReader
from baozhang.vault.prune import Plan, SweepReceipt, mark, plan_prune, sweep
from baozhang.vault.reader import restore
from baozhang.vault.retention import Rule
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import create_vault, open_vault
from baozhang.vault.writer import back_up

BEGIN = datetime(2026, 1, 1, 14, 0, tzinfo=UTC)
CLIENT = "c001"
NEWEST = Rule(last=1, daily=0, weekly=0, monthly=0, yearly=0)
"""Keeps the newest day alone."""

Contents = Mapping[bytes, bytes]


class InMemory:
    """A frozen source that is a dictionary of files."""

    def __init__(self, files: Contents) -> None:
        self._files = files

    def items(self) -> Iterator[Item]:
        yield Item(b"", "dir", 0o755, 0)
        for path, data in sorted(self._files.items()):
            changed = int.from_bytes(blake3(data).digest()[:6], "big")
            yield Item(path, "file", 0o644, changed, size=len(data), change=(changed, 1))

    def open(self, item: Item) -> AbstractContextManager[BinaryIO]:
        return BytesIO(self._files[item.path])

    def unchanged(self, item: Item) -> bool:
        return True

    def again(self, item: Item) -> Item | None:
        return item

    def ledgers(self) -> Iterator[LedgerReader]:
        yield from ()

    def confirm(self) -> None:
        pass

    def troubles(self) -> tuple[Trouble, ...]:
        return ()


class Aging:
    """One client's vault, and the days that pass."""

    def __init__(self, store: MemoryStore | None = None, secret: Secret | None = None) -> None:
        self.store = store or MemoryStore()
        self.secret = secret or new_secret("keyfile")
        self.now = BEGIN
        create_vault(self.store, [self.secret], at=BEGIN).client(CLIENT, create=True)
        self.vault = open_vault(self.store, self.secret)

    @property
    def side(self) -> ClientVault:
        """The client's part, opened anew."""
        return self.vault.client(CLIENT)

    def later(self, days: float = 1) -> None:
        """Let days pass, here and at the store."""
        self.now += timedelta(days=days)
        self.store.now += days * 86_400

    def back_up(self, files: Contents, *, at: datetime | None = None) -> BackupReceipt:
        """Back up what the client has now."""
        frozen = InMemory(files)
        return back_up(self.side, frozen, set_name="main", at=at or self.now)

    def plan(self, rule: Rule = NEWEST, **more: object) -> Plan:
        """Return what would go now."""
        return plan_prune(self.vault, CLIENT, rule, now=self.now, **more)  # type: ignore[arg-type]

    def mark(self, rule: Rule = NEWEST, **more: object) -> Plan:
        """Mark what would go."""
        plan = self.plan(rule, **more)
        mark(plan, now=self.now)
        return plan

    def sweep(self, **more: object) -> SweepReceipt:
        """Delete what was marked long enough ago."""
        return sweep(self.vault, CLIENT, now=self.now, **more)  # type: ignore[arg-type]

    def restored(self, snapshot: Snapshot) -> dict[bytes, bytes]:
        """Return what comes back of a snapshot."""
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch) / "out"
            restore(self.side, snapshot, out)
            return {
                str(path.relative_to(out)).encode(): path.read_bytes()
                for path in out.rglob("*")
                if path.is_file()
            }

    def read(self, snapshot: Snapshot) -> dict[bytes, bytes]:
        """Return what `restored` does, without a disk: for a model that asks it very often."""
        side = self.side
        packs, manifest = PackReader(side), side.manifest(snapshot)
        plain = cache(lambda pack, number: packs.segment(*side.moves.place(pack, number)))
        found = {}
        for row in manifest.rows():
            if row.item.kind == "file":
                found[row.item.path] = b"".join(
                    plain(manifest.packs[pack], number)[offset : offset + length]
                    for pack, number, offset, length in row.pieces
                )
        return found
