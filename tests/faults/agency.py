"""A vault of several clients in memory, and what it must give back: the ground of every damage.

What damage *does* is found out by restoring, never by asking the verifier whom it judges.
"""

import random
import shutil
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from stat import S_ISLNK
from typing import Any

from baozhang.errors import BaozhangError
from baozhang.keys.slots import new_secret
from baozhang.sources.tree import TreeSource
from baozhang.vault.model import Snapshot
from baozhang.vault.reader import restore
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import Vault, create_vault
from baozhang.vault.writer import back_up
from tests.vault.conftest import AT
from tests.vault.test_round_trip import facts

Facts = dict[bytes, tuple[Any, ...]]
CLIENTS = ("c001", "c002", "c003")


@dataclass
class Agency:
    """A vault, its store, and the tree of every snapshot."""

    vault: Vault
    store: MemoryStore
    prefixes: dict[str, str] = field(default_factory=dict)  # of object names: client
    trees: dict[str, dict[str, Facts]] = field(default_factory=dict)  # client: snapshot id: tree
    snapshots: dict[str, list[Snapshot]] = field(default_factory=dict)  # client: acknowledged
    added: dict[str, Snapshot] = field(default_factory=dict)  # object: whose backup wrote it

    def client_of(self, name: str) -> str | None:
        """Return the client below whose folder an object lies."""
        return next((c for prefix, c in self.prefixes.items() if name.startswith(prefix)), None)


def made(folder: Path, seed: int) -> Agency:
    """Back up three clients on three days; the first has two sets, and days without a change."""
    store, secrets = MemoryStore(), [new_secret("keyfile"), new_secret("recovery")]
    agency = Agency(create_vault(store, secrets, at=AT), store)
    rng = random.Random(seed)
    for number, client in enumerate(CLIENTS):
        root = folder / f"{seed}" / client
        _first_day(root, rng, large=number == 0)
        for day in range(3):
            _back_up(agency, client, root, "main", day)
            if number == 0:
                _back_up(agency, client, root / "books", "books", day)
            if day == 0:
                _next_day(root, rng)
        shutil.rmtree(root)
    return agency


def _first_day(root: Path, rng: random.Random, *, large: bool) -> None:
    (root / "books").mkdir(parents=True)
    for year in range(2):
        rows = (b"%d,%d,rent\n" % (n, rng.randrange(10**6)) for n in range(3_000))
        (root / "books" / f"{year}.csv").write_bytes(b"".join(rows))
    for number in range(7 if large else 3):  # more than a segment holds
        size = 300_000 if large else 40_000
        (root / f"{number}.pdf").write_bytes(b"%PDF" + rng.randbytes(size))
    (root / "empty").write_bytes(b"")
    (root / "link").symlink_to("books")


def _next_day(root: Path, rng: random.Random) -> None:
    with (root / "books" / "1.csv").open("ab") as file:
        file.write(b"one,more,line\n" * 50)
    (root / "0.pdf").write_bytes(b"%PDF" + rng.randbytes(50_000))
    (root / "2.pdf").unlink()


def _back_up(agency: Agency, client: str, root: Path, set_name: str, day: int) -> None:
    before = set(agency.store.objects)
    side = agency.vault.client(client, create=True)
    with TreeSource(root).freeze() as frozen:
        done = back_up(side, frozen, set_name=set_name, at=AT + timedelta(days=day)).snapshot
    agency.prefixes[side.space.prefix] = client
    agency.trees.setdefault(client, {})[done.id] = facts(root)
    agency.snapshots.setdefault(client, []).append(done)
    agency.added |= dict.fromkeys(set(agency.store.objects) - before, done)


@dataclass(frozen=True)
class Loss:
    """What cannot be brought back of one client."""

    snapshots: tuple[str, ...]
    files: tuple[bytes, ...]  # where part of a snapshot can


def lost(agency: Agency, client: str, out: Path) -> Loss:
    """Try to restore every snapshot of a client, and every file of one that does not come back.

    What does come back must be what was backed up.  Of a snapshot of which nobody can tell what it
    holds, no files are named.
    """
    snapshots, files = [], set[bytes]()
    for snapshot in agency.snapshots[client]:
        if comes_back(agency, snapshot, out):
            continue
        snapshots.append(snapshot.id)
        if _listable(agency, client, snapshot):
            tree = agency.trees[client][snapshot.id]
            paths = [p for p, (mode, _, content) in tree.items() if content and not S_ISLNK(mode)]
            files |= {path for path in paths if not comes_back(agency, snapshot, out, path)}
    return Loss(tuple(sorted(snapshots)), tuple(sorted(files)))


def _listable(agency: Agency, client: str, snapshot: Snapshot) -> bool:
    """Tell whether it can at least be told what the snapshot holds."""
    try:
        agency.vault.client(client).manifest(snapshot)
    except BaozhangError:
        return False
    return True


def comes_back(agency: Agency, snapshot: Snapshot, out: Path, path: bytes = b"") -> bool:
    """Restore a snapshot, or a path of it; tell whether that went; what came must be right."""
    tree = agency.trees[snapshot.client][snapshot.id]
    try:
        restore(agency.vault.client(snapshot.client), snapshot, out, path=path)
    except BaozhangError:
        assert not out.exists()
        return False
    found = facts(out)
    assert found[path] == tree[path] if path else found == tree
    shutil.rmtree(out)
    return True
