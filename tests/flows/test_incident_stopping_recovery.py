"""A recovery of what is stopped: cut over, checked, and written to again, by whatever user."""

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from baozhang.incidents.cutover import cut_over
from baozhang.incidents.incidents import Incident
from baozhang.incidents.model import CutOverAll
from baozhang.incidents.quarantine import bring_back
from baozhang.site import Site
from baozhang.vault.writer import back_up
from baozhang.wiring import open_site
from tasks.incident_stopping import (
    ServiceError,
    give_way,
    lift,
    service_check,
    stop,
)
from tests.flows.site import CLIENT, ledger, make_site
from tests.flows.stopping import books, kinds, modes, opened
from tests.flows.stopping import incident as incident
from tests.flows.stopping import site as site
from tests.vault.unprivileged import NOBODY, common_folder, unprivileged


def recover(site: Site, incident: Incident) -> None:
    """Bring the first backup point back and put it into use."""
    side = site.vault("c001", "main").client("c001")
    snapshot = side.snapshots("main")[0]
    bring_back(site, incident, snapshot, actor="run")
    give_way(site, incident, "c001", "main", actor="run")
    done = cut_over(site, incident, snapshot, actor="run")
    incident.keep("cut-over", CutOverAll(sets=(done,)), actor="run")


def test_the_check_says_what_was_tried_of_a_folder(site: Site, incident: Incident) -> None:
    stop(site, incident, actor="run")
    recover(site, incident)
    (found,) = service_check(site, incident, actor="run").sources
    assert (found.read, found.books, found.write) == (True, 1, "")


def test_what_was_put_into_use_and_cannot_be_read_is_told(
    site: Site, home: Path, incident: Incident
) -> None:
    stop(site, incident, actor="run")
    recover(site, incident)
    (books(home) / "FEC2026.txt").write_text("no ledger")
    with pytest.raises(ServiceError, match="c001/main"):
        service_check(site, incident, actor="run")
    assert "service.checked" in kinds(incident)


def test_what_was_not_put_into_use_and_cannot_be_read_ends_nothing(
    site: Site, home: Path, incident: Incident
) -> None:
    stop(site, incident, actor="run")
    shutil.rmtree(books(home))
    (found,) = service_check(site, incident, actor="run").sources
    assert (found.read, found.why) == (False, "SourceGoneError")


def test_what_is_in_use_and_what_lies_beside_it_have_the_permissions_they_had(
    site: Site, home: Path, incident: Incident
) -> None:
    known = modes(home)
    stop(site, incident, actor="run")
    recover(site, incident)
    lift(site, incident, actor="run")
    now = modes(home)
    beside = {n.replace(".replaced-1", ""): m for n, m in now.items() if ".replaced-1" in n}
    assert {n: m for n, m in now.items() if ".replaced-1" not in n} == known
    assert beside == {n: m for n, m in known.items() if "c001" in n}


def test_without_giving_way_the_replaced_folder_gets_its_permissions_back_beside(
    site: Site, home: Path, incident: Incident
) -> None:
    stop(site, incident, actor="run")
    snapshot = site.vault("c001", "main").client("c001").snapshots("main")[0]
    books(home).rename(home / "books" / "c001.replaced-1")
    books(home).mkdir()
    lift(site, incident, actor="run")
    assert modes(home)["books/c001.replaced-1/FEC2026.txt"] & 0o222
    assert snapshot


SQLITE = """\
id: c001
name: 示例商贸有限公司
lead: zhang
sets:
  main:
    sources:
      - {name: books, kind: sqlite, path: books/c001/books.db}
"""


def sqlite_site(home: Path, *, wal: bool) -> Path:
    """Make a site whose client's books are a SQLite database, and back it up."""
    make_site(home, "c001")
    (home / "clients" / "c001.yaml").write_text(SQLITE, "utf-8")
    with closing(sqlite3.connect(books(home) / "books.db")) as file:
        file.execute(f"PRAGMA journal_mode={'WAL' if wal else 'DELETE'}")
        file.execute("CREATE TABLE voucher (number)")
        file.execute("INSERT INTO voucher VALUES (1)")
        file.commit()
    return home


def vouchers(home: Path) -> int:
    with closing(sqlite3.connect(books(home) / "books.db")) as file:
        return int(file.execute("SELECT count(*) FROM voucher").fetchone()[0])


def lose(home: Path) -> None:
    with closing(sqlite3.connect(books(home) / "books.db")) as file:
        file.execute("DELETE FROM voucher")
        file.commit()


def lost_sqlite(home: Path, *, wal: bool) -> None:
    """Make the site, back it up, and lose a voucher."""
    sqlite_site(home, wal=wal)
    with open_site(home) as site, site.source("c001", "main").freeze() as frozen:
        side = site.vault("c001", "main").client("c001", create=True)
        back_up(side, frozen, set_name="main", at=site.clock())
    lose(home)


def whole_sqlite(home: Path) -> None:
    lost_sqlite(home, wal=False)
    with open_site(home) as site:
        incident = opened(site)
        (found,) = stop(site, incident, actor="run").sources
        assert (found.state, found.objects) == ("read-only", 1)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            lose(home)
        with site.source("c001", "main").freeze() as frozen:  # the safety copy
            assert [item.kind for item in frozen.items()] == ["dir", "file"]
        assert service_check(site, incident, actor="run").sources[0].write == "read-only"
        recover(site, incident)
        assert service_check(site, incident, actor="run").sources[0].write == "written"
        lift(site, incident, actor="run")
        assert vouchers(home) == 1
        assert stat.S_IMODE((books(home) / "books.db").stat().st_mode) & 0o200


def whole_wal(home: Path) -> None:
    lost_sqlite(home, wal=True)
    with open_site(home) as site:
        incident = opened(site)
        (found,) = stop(site, incident, actor="run").sources
        assert (found.state, found.objects, found.left) == ("people", 0, 1)
        recover(site, incident)
        assert service_check(site, incident, actor="run").sources[0].write == "written"
        lift(site, incident, actor="run")
        assert vouchers(home) == 1


def test_a_sqlite_database_is_stopped_recovered_and_can_be_written_to_again() -> None:
    with common_folder() as folder:
        unprivileged(lambda: whole_sqlite(folder / "site"))


def test_a_sqlite_database_in_wal_mode_is_left_as_it_is_and_people_must_stop() -> None:
    with common_folder() as folder:
        unprivileged(lambda: whole_wal(folder / "site"))


def whole_tree(home: Path) -> None:
    make_site(home, "c001")
    with open_site(home) as site:
        with site.source("c001", "main").freeze() as frozen:
            side = site.vault("c001", "main").client("c001", create=True)
            back_up(side, frozen, set_name="main", at=site.clock())
        good = (books(home) / "FEC2026.txt").read_bytes()
        (books(home) / "FEC2026.txt").write_text(ledger("1,00"))
        known = modes(home)
        incident = opened(site)
        assert stop(site, incident, actor="run").sources[0].state == "read-only"
        with pytest.raises(PermissionError):
            (books(home) / "FEC2026.txt").write_text("")
        with pytest.raises(PermissionError):
            (books(home) / "new").touch()
        recover(site, incident)
        lift(site, incident, actor="run")
        assert (books(home) / "FEC2026.txt").read_bytes() == good
        assert {n: m for n, m in modes(home).items() if "replaced" not in n} == known


def test_a_folder_is_stopped_and_recovered_by_a_user_who_is_not_root() -> None:
    with common_folder() as folder:
        unprivileged(lambda: whole_tree(folder / "site"))


def test_what_belongs_to_somebody_else_is_left_and_said() -> None:
    with common_folder() as folder:
        home = make_site(folder / "site", "c001")
        for place, names, files in os.walk(folder):
            for name in (*names, *files):
                os.chown(Path(place, name), NOBODY, NOBODY)
        os.chown(books(home) / "FEC2026.txt", 0, 0)
        (books(home) / "FEC2026.txt").chmod(0o666)

        def work() -> None:
            with open_site(home) as site:
                (found,) = stop(site, opened(site), actor="run").sources
                assert (found.state, found.objects, found.left) == ("partly", 1, 1)

        unprivileged(work)


def test_a_folder_that_is_gone_is_no_end(site: Site, home: Path, incident: Incident) -> None:
    shutil.rmtree(books(home))
    (found,) = stop(site, incident, actor="run").sources
    assert (found.state, found.why) == ("people", "SourceUnreadableError")
    lift(site, incident, actor="run")
    assert kinds(incident).count("stop.lifted") == 1


def test_inboxes_and_products_are_stopped_by_people_alone(site: Site, home: Path) -> None:
    path = home / "clients" / "c001.yaml"
    path.write_text(
        CLIENT.format(client="c001").replace(
            "kind: tree, path: books/c001, profile: fec", "kind: opaque, path: books/c001"
        ),
        "utf-8",
    )
    before = modes(home)
    with open_site(home) as site:
        (found,) = stop(site, opened(site), actor="run").sources
    assert (found.state, found.why) == ("people", "")
    assert modes(home) == before
