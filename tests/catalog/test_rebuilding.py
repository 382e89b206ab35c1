"""A catalog that was lost comes back from the vaults; the old file is never deleted."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from baozhang.catalog.catalog import Catalog
from baozhang.catalog.rebuilding import AGENCY, JOURNAL_SET, Rebuilt, keep_aside, rebuild
from baozhang.errors import CorruptObjectError, StoreUnreachableError
from baozhang.vault.model import Snapshot
from tests.catalog.values import NIGHT, Shelf, outcome, snapshot


def journal_snapshot(sequence: int) -> Snapshot:
    return snapshot(sequence, client=AGENCY, set_name=JOURNAL_SET)


def ids(catalog: Catalog) -> list[tuple[str, str]]:
    return [(each.client, each.id) for each in catalog.snapshots()]


def as_ids(snapshots: Iterable[Snapshot]) -> list[tuple[str, str]]:
    return [(each.client, each.id) for each in snapshots]


def test_snapshots_and_heads_are_what_the_vault_says(catalog: Catalog) -> None:
    catalog.record_snapshot(snapshot(9, client="gone"))
    held = {"c001": [snapshot(1), snapshot(2)], "c002": [snapshot(1, client="c002")]}
    rebuilt = rebuild(catalog, [Shelf(held)])
    assert rebuilt == Rebuilt(clients=2, snapshots=3, journal="", rows=0)
    assert ids(catalog) == as_ids([*held["c001"], *held["c002"]])
    head = catalog.head("c001", "main")
    assert head is not None
    assert head.id == snapshot(2).id


def test_a_rebuilt_catalog_equals_the_one_that_was_recorded_as_it_came(
    catalog: Catalog, tmp_path: Path
) -> None:
    held = [snapshot(2, fork="a"), replace(snapshot(2, fork="b"), at=NIGHT), snapshot(1)]
    for each in held:
        catalog.record_snapshot(each)
    with Catalog.open(tmp_path / "new.db") as new:
        rebuild(new, [Shelf({"c001": held})])
        assert new.snapshots() == catalog.snapshots()
        assert new.head("c001", "main") == catalog.head("c001", "main")


def test_a_snapshot_that_two_vaults_hold_is_one(catalog: Catalog) -> None:
    shelves = [Shelf({"c001": [snapshot(1)]}), Shelf({"c001": [snapshot(1), snapshot(2)]})]
    assert rebuild(catalog, shelves).snapshots == 2


def test_the_journal_comes_from_its_newest_snapshot(full: Catalog, tmp_path: Path) -> None:
    full.export_journal(tmp_path / "old")
    full.append(outcome("c003"))
    full.export_journal(tmp_path / "new")
    shelf = Shelf(
        {AGENCY: [journal_snapshot(1), journal_snapshot(2)]},
        {journal_snapshot(1).id: tmp_path / "old", journal_snapshot(2).id: tmp_path / "new"},
    )
    with Catalog.open(tmp_path / "lost.db") as lost:
        rebuilt = rebuild(lost, [shelf])
        assert (rebuilt.journal, rebuilt.rows) == (journal_snapshot(2).id, 15)
        assert lost.outcomes() == full.outcomes()


def test_a_damaged_journal_snapshot_gives_way_to_an_older_one(
    full: Catalog, tmp_path: Path
) -> None:
    full.export_journal(tmp_path / "old")
    shelf = Shelf(
        {AGENCY: [journal_snapshot(1), journal_snapshot(2)]},
        {journal_snapshot(1).id: tmp_path / "old"},
    )
    with Catalog.open(tmp_path / "lost.db") as lost:
        assert rebuild(lost, [shelf]).journal == journal_snapshot(1).id


def test_a_journal_whose_every_snapshot_is_damaged_is_said_after_the_rest_is_rebuilt(
    catalog: Catalog,
) -> None:
    shelf = Shelf({AGENCY: [journal_snapshot(1)], "c001": [snapshot(1)]})
    with pytest.raises(CorruptObjectError):
        rebuild(catalog, [shelf])
    assert len(catalog.snapshots("c001")) == 1


def test_what_the_journal_has_stays_when_the_vault_has_less(full: Catalog, tmp_path: Path) -> None:
    full.export_journal(tmp_path / "old")
    full.append(outcome("c003"))
    before = full.outcomes()
    shelf = Shelf({AGENCY: [journal_snapshot(1)]}, {journal_snapshot(1).id: tmp_path / "old"})
    rebuild(full, [shelf])
    assert full.outcomes() == before


class DeadShelf(Shelf):
    """A vault that answers for the first client, and then no more."""

    def snapshots(self, client: str) -> tuple[Snapshot, ...]:
        if client != "c001":
            raise StoreUnreachableError("the store does not answer")
        return super().snapshots(client)


def test_a_vault_that_dies_half_way_leaves_the_catalog_as_it_was(catalog: Catalog) -> None:
    catalog.record_snapshot(snapshot(7))
    with pytest.raises(StoreUnreachableError):
        rebuild(catalog, [DeadShelf({"c001": [snapshot(1)], "c002": []})])
    assert ids(catalog) == as_ids([snapshot(7)])


# --- the old file -------------------------------------------------------------------------------


def test_a_sound_file_is_copied_with_what_its_log_still_holds(full: Catalog) -> None:
    aside = keep_aside(full.path)
    assert aside == full.path.with_name("catalog.db.before-rebuild-1")
    with Catalog.open(aside) as old:
        assert old.outcomes() == full.outcomes() != ()


def test_a_second_rebuild_keeps_the_first_file_too(full: Catalog) -> None:
    first = keep_aside(full.path)
    assert first is not None
    kept = first.read_bytes()
    assert keep_aside(full.path) == full.path.with_name("catalog.db.before-rebuild-2")
    assert first.read_bytes() == kept


def test_a_damaged_file_is_moved_away_so_that_a_new_one_can_be_made(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    path.write_bytes(b"not a database, " * 999)
    aside = keep_aside(path)
    assert aside is not None
    assert aside.read_bytes() == b"not a database, " * 999
    with Catalog.open(path) as new:
        assert new.snapshots() == ()


def test_a_file_damaged_inside_is_moved_away(full: Catalog) -> None:
    full.close()
    with closing(sqlite3.connect(full.path)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with full.path.open("r+b") as raw:
        raw.seek(4096 * 3)
        raw.write(b"\xff" * 4096 * 3)
    keep_aside(full.path)
    assert not full.path.exists()


def test_where_no_catalog_is_nothing_is_kept(tmp_path: Path) -> None:
    assert keep_aside(tmp_path / "catalog.db") is None
    assert list(tmp_path.iterdir()) == []
