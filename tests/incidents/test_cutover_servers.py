"""Cut-over of databases on real servers: in one step, and a killed run finds where it stands."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from baozhang.incidents.cutover import in_use
from baozhang.keys.files import write_private
from baozhang.wiring import open_site
from tests.flows.site import make_site
from tests.incidents.dying import killed_at
from tests.incidents.test_cutover import backed_up, opened, recovered
from tests.servers.mariadb import Mariadb
from tests.servers.mariadb import mariadb as mariadb
from tests.servers.mariadb import mariadb_server as mariadb_server
from tests.servers.mariadb import mariadb_template as mariadb_template
from tests.servers.postgres import PASSWORD, another_server, ledger, the_server
from tests.sources.mysql_books import books

pytestmark = pytest.mark.server

CLIENT = """\
id: c001
name: 示例商贸有限公司
lead: zhang
sets:
  main:
    sources:
      - {{name: books, kind: {kind}, server: there, database: {database}, profile: yonyou_t3{more}}}
"""
COUNT, DELETE = 'SELECT count(*) FROM "GL_accvouch"', 'DELETE FROM "GL_accvouch" WHERE iperiod = 2'


@dataclass(frozen=True, slots=True)
class Place:
    """A site whose client's books are a database that lost some of its lines."""

    home: Path
    database: str


def postgres_site(home: Path, *, spare: bool = False) -> Place:
    """Make the site; with `spare`, restore tests go to a second server."""
    make_site(home)
    server, database = the_server(), ledger(the_server())
    logins = {"there": server, **({"spare": another_server()} if spare else {})}
    lines = ["servers:"]
    for name, each in logins.items():
        login = f"user: postgres, port: {each.port}, socket: {each.folder}"
        lines.append(f'  {name}: {{{login}, password: "file:keys/server"}}')
    with (home / "agency.yaml").open("a", encoding="utf-8") as file:
        file.write("\n".join([*lines, ""]))
    write_private(home / "keys" / "server", PASSWORD.encode())
    more = ", restore_to: spare" if spare else ""
    text = CLIENT.format(kind="postgres", database=database, more=more)
    (home / "clients" / "c001.yaml").write_text(text, "utf-8")
    with open_site(home) as site:
        backed_up(site)
        opened(site)
    server.run(database, DELETE)
    return Place(home, database)


def is_in_use(home: Path) -> bool:
    with open_site(home) as site:
        side = site.vault("c001", "main").client("c001")
        return in_use(site, side.snapshots("main")[0])


def replaced(databases: set[str], name: str, ending: str) -> list[str]:
    return sorted(each for each in databases if each.startswith(f"{name}{ending}"))


@pytest.mark.parametrize(("number", "before"), [(4, False), (5, True)])
def test_a_killed_cut_over_of_postgresql_is_gone_on_with(
    tmp_path: Path, number: int, before: bool
) -> None:
    place = postgres_site(tmp_path / "site")
    assert killed_at(number, lambda: recovered(place.home), before=before)
    assert is_in_use(place.home) == before
    recovered(place.home)
    assert is_in_use(place.home)
    (beside,) = replaced(the_server().databases(), place.database, ".replaced-")
    assert the_server().ask(beside, COUNT) == [(120,)]


def test_it_is_the_server_in_use_that_is_cut_over_and_not_that_of_restore_tests(
    tmp_path: Path,
) -> None:
    place = postgres_site(tmp_path / "site", spare=True)
    before = another_server().databases()
    recovered(place.home)
    assert is_in_use(place.home)
    assert another_server().databases() == before


@pytest.mark.parametrize(("number", "before"), [(4, False), (5, True)])
def test_a_killed_cut_over_of_mariadb_is_gone_on_with(
    tmp_path: Path, mariadb: Mariadb, number: int, before: bool
) -> None:
    home, database = make_site(tmp_path / "site"), books(mariadb)
    with (home / "agency.yaml").open("a", encoding="utf-8") as file:
        file.write(f"servers:\n  there: {{user: root, socket: {mariadb.socket}}}\n")
    text = CLIENT.format(kind="mysql", database=database, more="")
    (home / "clients" / "c001.yaml").write_text(text, "utf-8")
    with open_site(home) as site:
        backed_up(site)
        opened(site)
    mariadb.sql("DELETE FROM GL_accvouch LIMIT 1", database)
    assert killed_at(number, lambda: recovered(home), before=before)
    assert is_in_use(home) == before
    recovered(home)
    assert is_in_use(home)
    assert len(replaced(mariadb.databases(), database, "_replaced_")) == 1
