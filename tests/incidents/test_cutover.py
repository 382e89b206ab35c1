"""Cut-over on a real tiny site: in use whole or not at all, wherever a run is killed."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from baozhang.books.proving import prove_books
from baozhang.errors import SourceUnreadableError, UsageError
from baozhang.incidents.custody import history, open_copy
from baozhang.incidents.cutover import cut_over, how_of, in_use
from baozhang.incidents.incidents import Incident, Incidents
from baozhang.incidents.model import CutOver
from baozhang.incidents.quarantine import bring_back, copies_of, destroy_all, place_of
from baozhang.site import Site
from baozhang.vault.model import Snapshot
from baozhang.vault.writer import Proving, back_up
from baozhang.wiring import open_site
from tests.flows.site import CLIENT, ledger, make_site
from tests.incidents.dying import killed_at, killed_before_rename

GOOD, BAD = ledger("100,00", "250,50").encode(), ledger("100,00").encode()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_site(tmp_path / "site", "c001")


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    with open_site(home) as opened:
        yield opened


def live(home: Path) -> Path:
    return home / "books" / "c001" / "FEC2026.txt"


def backed_up(site: Site) -> Snapshot:
    side = site.vault("c001", "main").client("c001", create=True)
    with site.source("c001", "main").freeze() as frozen:
        proving = Proving("r", lambda: prove_books(frozen.ledgers()))
        receipt = back_up(side, frozen, set_name="main", at=site.clock(), proving=proving)
    return receipt.snapshot


def opened(site: Site) -> Incident:
    folder = site.home / "state" / "incidents"
    return Incidents(folder, site.clock).open(
        "damaged", [("c001", "main")], noticed_by="zhang", discovered=site.clock()
    )[0]


@pytest.fixture
def hit(site: Site, home: Path) -> tuple[Incident, Snapshot]:
    """An incident: a voucher is gone, and the backup point of before."""
    snapshot = backed_up(site)
    live(home).write_bytes(BAD)
    return opened(site), snapshot


def recovered(home: Path) -> CutOver:
    """Do it all, in a site of its own: what a run does, and does again."""
    with open_site(home) as site:
        (incident,) = Incidents(home / "state" / "incidents", site.clock).all()
        side = site.vault("c001", "main").client("c001")
        snapshot = side.snapshots("main")[0]
        bring_back(site, incident, snapshot, actor="run")
        done = cut_over(site, incident, snapshot, actor="run")
        destroy_all(site, incident, actor="run")
        return done


# --- the way it should go -------------------------------------------------------------------------


def test_what_was_backed_up_is_in_use_and_what_was_there_lies_beside_it(
    site: Site, home: Path, hit: tuple[Incident, Snapshot]
) -> None:
    bring_back(site, *hit, actor="run")
    done = cut_over(site, *hit, actor="run")
    assert (done.how, done.kept, done.checked) == ("atomic", True, True)
    assert live(home).read_bytes() == GOOD
    assert (home / "books" / "c001.replaced-1" / "FEC2026.txt").read_bytes() == BAD


def test_doing_it_again_touches_nothing(
    site: Site, home: Path, hit: tuple[Incident, Snapshot]
) -> None:
    bring_back(site, *hit, actor="run")
    first = cut_over(site, *hit, actor="run")
    bring_back(site, *hit, actor="run")
    assert cut_over(site, *hit, actor="run") == first
    assert not (home / "books" / "c001.replaced-2").exists()


def test_where_nothing_was_left_there_is_nothing_to_keep(site: Site, home: Path) -> None:
    snapshot = backed_up(site)
    shutil.rmtree(home / "books" / "c001")
    incident = opened(site)
    bring_back(site, incident, snapshot, actor="run")
    done = cut_over(site, incident, snapshot, actor="run")
    assert (done.kept, done.checked) == (False, True)


def test_quarantine_is_private_and_in_custody(site: Site, hit: tuple[Incident, Snapshot]) -> None:
    there = bring_back(site, *hit, actor="run")
    place = place_of(site, hit[0], "c001", "main")
    assert [p.stat().st_mode & 0o777 for p in (place, place.parent, place.parent.parent)] == [
        0o700
    ] * 3
    assert [each.copy.id for each in copies_of(site, hit[0])] == [there.copy]


def test_working_copies_are_destroyed_with_a_proof(
    site: Site, hit: tuple[Incident, Snapshot]
) -> None:
    bring_back(site, *hit, actor="run")
    (end,) = destroy_all(site, hit[0], actor="run")
    assert (end.how, end.files) == ("removed", 1)
    assert not place_of(site, hit[0], "c001", "main").parent.exists()
    assert destroy_all(site, hit[0], actor="run") == ()


def test_what_was_destroyed_is_brought_back_again_when_it_is_asked_for(
    site: Site, home: Path, hit: tuple[Incident, Snapshot]
) -> None:
    bring_back(site, *hit, actor="run")
    destroy_all(site, hit[0], actor="run")
    there = bring_back(site, *hit, actor="run")
    assert (there.path / "books" / "FEC2026.txt").read_bytes() == GOOD


def test_what_a_killed_restore_left_behind_is_destroyed_with_a_proof(
    site: Site, hit: tuple[Incident, Snapshot]
) -> None:
    incident, snapshot = hit
    place = place_of(site, incident, "c001", "main")
    open_copy(
        site,
        place,
        client="c001",
        set_name="main",
        snapshot=snapshot.id,
        reason=incident.id,
        opener="run",
    )
    (place / ".restoring-x").mkdir(parents=True)
    (place / ".restoring-x" / "half").write_bytes(b"12345")
    bring_back(site, incident, snapshot, actor="run")
    assert os.listdir(place) == ["restored"]
    (end,) = [known.end for known in history(site) if known.end]
    assert (end.how, end.files, end.bytes) == ("removed", 1, 5)


def test_another_backup_point_in_quarantine_is_not_put_into_use(
    site: Site, home: Path, hit: tuple[Incident, Snapshot]
) -> None:
    incident, snapshot = hit
    bring_back(site, incident, backed_up(site), actor="run")
    with pytest.raises(UsageError, match="used up"):
        cut_over(site, incident, snapshot, actor="run")
    assert live(home).read_bytes() == BAD


def test_going_back_to_an_earlier_choice_brings_that_one_back(
    site: Site, home: Path, hit: tuple[Incident, Snapshot]
) -> None:
    incident, snapshot = hit
    bring_back(site, incident, snapshot, actor="run")
    bring_back(site, incident, backed_up(site), actor="run")
    there = bring_back(site, incident, snapshot, actor="run")
    assert (there.path / "books" / "FEC2026.txt").read_bytes() == GOOD


def test_what_was_put_into_use_is_not_brought_back_again(
    site: Site, hit: tuple[Incident, Snapshot]
) -> None:
    bring_back(site, *hit, actor="run")
    cut_over(site, *hit, actor="run")
    destroy_all(site, hit[0], actor="run")
    there = bring_back(site, *hit, actor="run")
    assert not there.path.exists()
    assert copies_of(site, hit[0]) == ()


# --- what is compared -----------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["content", "more", "less", "kind"])
def test_what_is_in_use_is_held_against_every_file(site: Site, home: Path, change: str) -> None:
    folder = home / "books" / "c001"
    (folder / "note").write_bytes(b"12345")
    snapshot = backed_up(site)
    assert in_use(site, snapshot)
    if change == "content":
        (folder / "note").write_bytes(b"12346")
    elif change == "more":
        (folder / "other").write_bytes(b"")
    elif change == "less":
        (folder / "note").unlink()
    else:
        (folder / "note").unlink()
        (folder / "note").mkdir()
    assert not in_use(site, snapshot)


def test_a_source_that_is_gone_is_not_in_use(site: Site, home: Path) -> None:
    snapshot = backed_up(site)
    shutil.rmtree(home / "books" / "c001")
    assert not in_use(site, snapshot)


def test_a_copy_that_is_used_up_while_something_else_is_in_use_is_told(
    site: Site, home: Path, hit: tuple[Incident, Snapshot]
) -> None:
    there = bring_back(site, *hit, actor="run")
    shutil.rmtree(there.path / "books")
    with pytest.raises(UsageError, match="used up"):
        cut_over(site, *hit, actor="run")
    assert live(home).read_bytes() == BAD


# --- killed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [False, True])
def test_a_run_killed_at_any_event_is_gone_on_with(tmp_path: Path, before: bool) -> None:
    for number in range(1, 20):
        home = make_site(tmp_path / f"{number}", "c001")
        with open_site(home) as site:
            backed_up(site)
            live(home).write_bytes(BAD)
            opened(site)
        died = killed_at(number, lambda at=home: recovered(at), before=before)  # type: ignore[misc]
        assert live(home).read_bytes() in (GOOD, BAD)
        recovered(home)
        assert live(home).read_bytes() == GOOD
        assert sorted(os.listdir(home / "books")) == ["c001", "c001.replaced-1"]
        with open_site(home) as site:
            assert all(known.end for known in history(site))
        assert list((home / "state" / "quarantine").iterdir()) == []
        if not died:
            return
    pytest.fail("it never came to its end")


def test_a_run_killed_before_any_change_of_names_is_gone_on_with(tmp_path: Path) -> None:
    seen = set()
    for number in range(1, 10):
        home = make_site(tmp_path / f"{number}", "c001")
        with open_site(home) as site:
            backed_up(site)
            live(home).write_bytes(BAD)
            opened(site)
        died = killed_before_rename(number, lambda at=home: recovered(at))  # type: ignore[misc]
        seen.add(live(home).read_bytes())  # at every instant it is one or the other
        done = recovered(home)
        assert (done.kept, done.checked) == (True, True)
        assert live(home).read_bytes() == GOOD
        assert (home / "books" / "c001.replaced-1" / "FEC2026.txt").read_bytes() == BAD
        assert sorted(os.listdir(home / "books")) == ["c001", "c001.replaced-1"]
        if not died:
            assert (number, seen) == (5, {GOOD, BAD})
            return
    pytest.fail("it never came to its end")


def test_what_was_replaced_never_comes_back_as_if_it_were_the_restored_copy(home: Path) -> None:
    """A run died right after the exchange, and people worked on with what it put into use."""
    with open_site(home) as site:
        backed_up(site)
        live(home).write_bytes(BAD)
        opened(site)
    assert killed_before_rename(4, lambda: recovered(home))
    assert live(home).read_bytes() == GOOD
    live(home).write_bytes(GOOD + b"more")
    with pytest.raises(UsageError, match="used up"):
        recovered(home)
    assert live(home).read_bytes() == GOOD + b"more"
    assert (home / "books" / "c001.replaced-1" / "FEC2026.txt").read_bytes() == BAD


def test_the_journal_says_that_nothing_was_missing_meanwhile(
    site: Site, hit: tuple[Incident, Snapshot]
) -> None:
    incident, snapshot = hit
    bring_back(site, incident, snapshot, actor="run")
    cut_over(site, incident, snapshot, actor="run")
    done = incident.journal.done(f"cut-over.c001.main.books.{snapshot.id}")
    assert done is not None
    assert done["at_once"] is True


# --- other sources --------------------------------------------------------------------------------


def database(path: Path, *amounts: int) -> None:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("CREATE TABLE entries (amount INTEGER)")
        made.executemany("INSERT INTO entries VALUES (?)", [(each,) for each in amounts])


@pytest.fixture
def with_database(home: Path) -> Path:
    text = CLIENT.format(client="c001").replace(
        "{name: books, kind: tree, path: books/c001, profile: fec}",
        "{name: books, kind: sqlite, path: books/ledger.db}",
    )
    (home / "clients" / "c001.yaml").write_text(text, "utf-8")
    database(home / "books" / "ledger.db", *range(200))
    return home


def test_a_sqlite_database_is_put_into_use_whole(with_database: Path) -> None:
    target = with_database / "books" / "ledger.db"
    with open_site(with_database) as site:
        snapshot = backed_up(site)
        database(target, 1)
        incident = opened(site)
        bring_back(site, incident, snapshot, actor="run")
        done = cut_over(site, incident, snapshot, actor="run")
    assert (done.kept, done.checked) == (True, True)
    with closing(sqlite3.connect(target)) as made:
        assert made.execute("SELECT count(*) FROM entries").fetchone() == (200,)
    with closing(sqlite3.connect(target.with_name("ledger.db.replaced-1"))) as old:
        assert old.execute("SELECT count(*) FROM entries").fetchone() == (1,)


def test_a_damaged_image_in_quarantine_leaves_what_is_in_use_alone(with_database: Path) -> None:
    target = with_database / "books" / "ledger.db"
    with open_site(with_database) as site:
        snapshot = backed_up(site)
        database(target, 1)
        incident = opened(site)
        there = bring_back(site, incident, snapshot, actor="run")
        image = next(path for path in there.path.rglob("*") if path.is_file())
        image.write_bytes(b"no database" * 100)
        with pytest.raises(SourceUnreadableError):
            cut_over(site, incident, snapshot, actor="run")
    with closing(sqlite3.connect(target)) as made:
        assert made.execute("SELECT count(*) FROM entries").fetchone() == (1,)


def test_a_set_with_a_source_that_needs_people_is_not_put_into_use_in_one_step(
    home: Path,
) -> None:
    text = CLIENT.format(client="c001").replace("kind: tree", "kind: opaque")
    (home / "clients" / "c001.yaml").write_text(text.replace(", profile: fec", ""), "utf-8")
    with open_site(home) as site:
        snapshot = backed_up(site)
        assert how_of(site, "c001", "main") == "assisted"
        with pytest.raises(UsageError):
            cut_over(site, opened(site), snapshot, actor="run")
