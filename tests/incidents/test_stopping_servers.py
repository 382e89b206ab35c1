"""Databases stopped on real servers, cut over while they are stopped, and put back exactly."""

from pathlib import Path

import psycopg
import pytest

from baozhang.incidents.cutover import cut_over, in_use
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.model import CutOverAll
from baozhang.incidents.quarantine import bring_back
from baozhang.incidents.stopping import SourceStop
from baozhang.keys.files import write_private
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.incident_stopping import give_way, lift, service_check, stop
from tests.flows.site import make_site
from tests.incidents.test_cutover import backed_up, opened
from tests.incidents.test_cutover_servers import CLIENT, DELETE, postgres_site, replaced
from tests.servers.mariadb import Mariadb
from tests.servers.mariadb import mariadb as mariadb
from tests.servers.mariadb import mariadb_server as mariadb_server
from tests.servers.mariadb import mariadb_template as mariadb_template
from tests.servers.postgres import (
    READER,
    READER_PASSWORD,
    ledger,
    post,
    the_server,
)
from tests.sources.mysql_books import books

pytestmark = pytest.mark.server


def settings(database: str) -> list[tuple[object, ...]]:
    """Return what is set for a database and nobody in particular."""
    return the_server().ask(
        "postgres",
        "SELECT unnest(setconfig) FROM pg_db_role_setting s JOIN pg_database d"
        f" ON d.oid = s.setdatabase WHERE setrole = 0 AND datname = '{database}' ORDER BY 1",
    )


def the_incident(site: Site) -> Incident:
    (found,) = incidents_of(site).all()
    return found


def stopped(site: Site) -> SourceStop:
    (found,) = stop(site, the_incident(site), actor="run").sources
    return found


def recovered(site: Site) -> bool:
    """Put the first backup point into use; tell whether it is."""
    incident, side = the_incident(site), site.vault("c001", "main").client("c001")
    snapshot = side.snapshots("main")[0]
    bring_back(site, incident, snapshot, actor="run")
    give_way(site, incident, "c001", "main", actor="run")
    done = cut_over(site, incident, snapshot, actor="run")
    incident.keep("cut-over", CutOverAll(sets=(done,)), actor="run")
    return in_use(site, snapshot)


def written(site: Site) -> str:
    (found,) = service_check(site, the_incident(site), actor="run").sources
    assert (found.read, found.books) == (True, 1)
    return found.write


# --- PostgreSQL -----------------------------------------------------------------------------------


def test_a_new_session_of_a_stopped_database_writes_nothing(tmp_path: Path) -> None:
    place = postgres_site(tmp_path / "site")
    with open_site(place.home) as site:
        assert stopped(site).state == "read-only"
    with (
        the_server().connected(place.database) as connection,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        connection.execute(DELETE)


def test_the_sessions_that_were_there_are_ended(tmp_path: Path) -> None:
    place = postgres_site(tmp_path / "site")
    with the_server().connected(place.database) as connection, open_site(place.home) as site:
        found = stopped(site)
        assert (found.ended, found.going_on) == (1, 0)
        with pytest.raises(psycopg.OperationalError):
            post(connection, 900)


def test_a_stopped_database_can_be_backed_up_recovered_and_written_to_again(
    tmp_path: Path,
) -> None:
    place = postgres_site(tmp_path / "site")
    with open_site(place.home) as site:
        stopped(site)
        backed_up(site)  # the safety copy
        assert written(site) == "read-only"
        assert recovered(site)
        assert written(site) == "written"
        lift(site, the_incident(site), actor="run")
    (beside,) = replaced(the_server().databases(), place.database, ".replaced-")
    assert settings(place.database) == settings(beside) == []
    with the_server().connected(place.database) as connection:
        post(connection, 900)


def test_lifting_without_a_cut_over_lets_sessions_write_again(tmp_path: Path) -> None:
    place = postgres_site(tmp_path / "site")
    with open_site(place.home) as site:
        stopped(site)
        lift(site, the_incident(site), actor="run")
        assert written(site) == "written"
    assert settings(place.database) == []


@pytest.mark.parametrize("value", ["on", "off"])
def test_what_was_set_before_is_set_again_and_all_else_stays(tmp_path: Path, value: str) -> None:
    place = postgres_site(tmp_path / "site")
    for each in (f"default_transaction_read_only = {value}", "work_mem = '5MB'"):
        the_server().run("postgres", f'ALTER DATABASE "{place.database}" SET {each}')
    before = settings(place.database)
    with open_site(place.home) as site:
        stopped(site)
        lift(site, the_incident(site), actor="run")
    assert settings(place.database) == before


def test_what_an_administrator_changed_since_is_left_alone(tmp_path: Path) -> None:
    place = postgres_site(tmp_path / "site")
    with open_site(place.home) as site:
        stopped(site)
        the_server().run(
            "postgres", f'ALTER DATABASE "{place.database}" RESET default_transaction_read_only'
        )
        lift(site, the_incident(site), actor="run")
        (event,) = (e for e in the_incident(site).journal.events() if e.kind == "stop.lifted")
    assert (event.facts["database"], settings(place.database)) == (False, [])


def test_a_login_that_only_reads_stops_nothing_and_people_must(tmp_path: Path) -> None:
    home = make_site(tmp_path / "site")
    server, database = the_server(), ledger(the_server())
    line = f"user: {READER}, port: {server.port}, socket: {server.folder}"
    with (home / "agency.yaml").open("a", encoding="utf-8") as file:
        file.write(f'servers:\n  there: {{{line}, password: "file:keys/server"}}\n')
    write_private(home / "keys" / "server", READER_PASSWORD.encode())
    text = CLIENT.format(kind="postgres", database=database, more="")
    (home / "clients" / "c001.yaml").write_text(text, "utf-8")
    with open_site(home) as site:
        opened(site)
        found = stopped(site)
        assert (found.state, found.why) == ("people", "SourceUnreadableError")
        lift(site, the_incident(site), actor="run")
    assert settings(database) == []


def test_a_database_that_only_this_login_may_not_write_to_is_not_called_read_only(
    tmp_path: Path,
) -> None:
    place = postgres_site(tmp_path / "site")
    path = place.home / "agency.yaml"
    path.write_text(path.read_text("utf-8").replace("user: postgres", f"user: {READER}"), "utf-8")
    write_private(place.home / "keys" / "reader", READER_PASSWORD.encode())
    path.write_text(path.read_text("utf-8").replace("keys/server", "keys/reader"), "utf-8")
    with open_site(place.home) as site:
        (found,) = service_check(site, the_incident(site), actor="run").sources
    assert found.write == "forbidden"


# --- MariaDB --------------------------------------------------------------------------------------


def mariadb_site(home: Path, server: Mariadb) -> str:
    """Make a site whose client's books lie on the server; return their database."""
    make_site(home)
    database = books(server)
    with (home / "agency.yaml").open("a", encoding="utf-8") as file:
        file.write(f"servers:\n  there: {{user: root, socket: {server.socket}}}\n")
    text = CLIENT.format(kind="mysql", database=database, more="")
    (home / "clients" / "c001.yaml").write_text(text, "utf-8")
    with open_site(home) as site:
        backed_up(site)
        opened(site)
    return database


def test_mariadb_is_stopped_by_people_and_recovers_meanwhile(
    tmp_path: Path, mariadb: Mariadb
) -> None:
    home = tmp_path / "site"
    database = mariadb_site(home, mariadb)
    mariadb.sql("DELETE FROM GL_accvouch LIMIT 1", database)
    with open_site(home) as site:
        found = stopped(site)
        assert (found.state, found.why) == ("people", "")
        assert recovered(site)
        assert written(site) == "written"
        lift(site, the_incident(site), actor="run")


def test_trying_a_write_changes_nothing(tmp_path: Path, mariadb: Mariadb) -> None:
    home = tmp_path / "site"
    database = mariadb_site(home, mariadb)
    before = mariadb.sql("CHECKSUM TABLE GL_accvouch", database)
    with open_site(home) as site:
        assert written(site) == "written"
    assert mariadb.sql("CHECKSUM TABLE GL_accvouch", database) == before
