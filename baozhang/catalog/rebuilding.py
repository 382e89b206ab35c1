"""The catalog made again from the vaults, when it is lost or no longer believed.

    keep_aside(path)      the old file, copied or moved, never deleted
    rebuild(...)          snapshots and heads of every client, in one transaction;
                          then the journal, from the agency's own namespace

Snapshots are what the vaults say, nothing else.  The journal only grows: rows that are there stay,
rows that only the vault has are put in.  What was written after the journal's last backup and lost
with the file is in the file that was kept aside, or nowhere.
"""

import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import delete
from sqlalchemy.orm import Session

from baozhang.catalog import rows
from baozhang.catalog.catalog import Catalog
from baozhang.catalog.model import SnapshotLike
from baozhang.catalog.opening import create_private, translated
from baozhang.catalog.schema import HeadRow, SnapshotRow
from baozhang.errors import BaozhangError, CorruptObjectError, ObjectMissingError

AGENCY, JOURNAL_SET = "_agency", "journal"
"""Where the agency keeps what is its own in a vault: a client of this id, and this set."""


class ReadableVault(Protocol):
    """What a rebuild needs of an opened vault: no keys, no handles, only ids and values."""

    def clients(self) -> tuple[str, ...]:
        """Return the ids of all clients in it, the agency's own among them."""
        ...

    def snapshots(self, client: str) -> Sequence[SnapshotLike]:
        """Return every snapshot of every set of a client."""
        ...

    def restore(self, client: str, snapshot: str, target: Path) -> object:
        """Bring back a snapshot, by its id, into a folder that does not exist yet.

        Raises:
            CorruptObjectError, ObjectMissingError: it is damaged.
        """
        ...


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild put into the catalog."""

    clients: int
    snapshots: int
    journal: str  # id of the snapshot the journal came from, empty when no vault has one
    rows: int  # of the journal that were not there before


def keep_aside(path: Path) -> Path | None:
    """Keep the catalog's file under a name of its own before it is rebuilt; None if there is none.

    A sound file is copied, and goes on being the catalog.  A damaged one is moved away, with what
    SQLite keeps beside it, so that the next opening makes a new one.
    """
    if not path.exists():
        return None
    aside = _free_name(path)
    create_private(aside)
    if _copied(path, aside):
        return aside
    for suffix in ("", "-wal", "-shm"):
        if (part := path.with_name(path.name + suffix)).exists():
            part.replace(aside.with_name(aside.name + suffix))
    return aside


def rebuild(catalog: Catalog, vaults: Sequence[ReadableVault]) -> Rebuilt:
    """Fill the catalog from the vaults.  While it runs, the catalog's other writers wait.

    Raises:
        UnreachableError: a vault did not answer; the snapshots are as they were before.
        CorruptObjectError: every snapshot of the journal is damaged; the rest is rebuilt.
    """
    held = [(vault, frozenset(vault.clients())) for vault in vaults]
    clients = sorted({client for _, ids in held for client in ids})
    with catalog.writing() as session:
        session.execute(delete(HeadRow))
        session.execute(delete(SnapshotRow))
        snapshots = 0
        for client in clients:
            holders = [vault for vault, ids in held if client in ids]
            snapshots += _refill(session, client, holders)
    journal, added = _refill_journal(catalog, [vault for vault, ids in held if AGENCY in ids])
    return Rebuilt(len(clients), snapshots, journal, added)


def _refill(session: Session, client: str, vaults: Sequence[ReadableVault]) -> int:
    """Put in one client's snapshots; one that several vaults hold is one."""
    known: dict[str, SnapshotLike] = {}
    for vault in vaults:
        known |= {snapshot.id: snapshot for snapshot in vault.snapshots(client)}
    heads: dict[str, SnapshotLike] = {}
    for snapshot in sorted(known.values(), key=_age):
        heads[snapshot.set] = snapshot
    session.add_all(rows.snapshot_row(snapshot) for snapshot in known.values())
    session.flush()
    session.add_all(
        HeadRow(client=client, set=head.set, snapshot=head.id) for head in heads.values()
    )
    session.flush()
    session.expunge_all()  # a year of a thousand clients must not pile up in memory
    return len(known)


def _age(snapshot: SnapshotLike) -> tuple[int, datetime, str]:
    return snapshot.sequence, snapshot.at, snapshot.id


def _refill_journal(catalog: Catalog, vaults: Sequence[ReadableVault]) -> tuple[str, int]:
    """Import the newest snapshot of the journal that can be read: each holds all of the older."""
    found = [
        (_age(snapshot), snapshot.id, vault)
        for vault in vaults
        for snapshot in vault.snapshots(AGENCY)
        if snapshot.set == JOURNAL_SET
    ]
    damage: BaozhangError | None = None
    for _, snapshot, vault in sorted(found, key=lambda each: each[0], reverse=True):
        try:
            return snapshot, _import_from(catalog, vault, snapshot)
        except (CorruptObjectError, ObjectMissingError) as error:
            damage = damage or error
    if damage is not None:
        raise damage
    return "", 0


def _import_from(catalog: Catalog, vault: ReadableVault, snapshot: str) -> int:
    with tempfile.TemporaryDirectory(dir=catalog.path.parent, prefix="journal-") as scratch:
        target = Path(scratch) / "restored"
        vault.restore(AGENCY, snapshot, target)
        # A source may have put its own name before every path, so the folder is looked for.
        place = next(target.rglob("outcomes.jsonl"), target / "outcomes.jsonl")
        return catalog.import_journal(place.parent)


def _free_name(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.before-rebuild-{number}")).exists():
        number += 1
    return aside


def _copied(path: Path, aside: Path) -> bool:
    """Copy one consistent state of the file; False if it is damaged."""
    try:
        with (
            translated(path),
            closing(sqlite3.connect(path)) as old,
            closing(sqlite3.connect(aside)) as new,
        ):
            if old.execute("PRAGMA quick_check").fetchone() != ("ok",):
                return False
            old.backup(new)
            return True
    except CorruptObjectError:
        return False
