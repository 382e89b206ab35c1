"""Scoping databases on real servers: lines that are gone, and a database that is gone whole."""

from pathlib import Path

import pytest

from baozhang.incidents.model import Loss
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.incident_scoping import Reason, preserve, scope
from tests.flows.scoping import opened
from tests.flows.site import make_site
from tests.flows.walking import night
from tests.incidents.test_cutover_servers import CLIENT, postgres_site
from tests.servers.mariadb import Mariadb
from tests.servers.mariadb import mariadb as mariadb
from tests.servers.mariadb import mariadb_server as mariadb_server
from tests.servers.mariadb import mariadb_template as mariadb_template
from tests.servers.postgres import the_server
from tests.sources.mysql_books import books

pytestmark = pytest.mark.server


def scoped(site: Site) -> tuple[Reason, Loss]:
    """Return what is wrong with the set, and what it lacks."""
    incident = opened(site, kind="damaged")
    ((*_, reason),) = preserve(site, incident, actor="run").points
    (loss,) = scope(site, incident, actor="run").losses
    return reason, loss


def postgres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    home = tmp_path / "site"
    monkeypatch.setenv("BAOZHANG_HOME", str(home))
    place = postgres_site(home)
    with open_site(home) as site:
        for each in site.catalog.outcomes():
            assert each.status == "ok"
    return home, place.database


def test_lines_that_a_database_lost_are_counted_in_vouchers_and_money(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, _ = postgres(tmp_path, monkeypatch)
    with open_site(home) as site:
        reason, loss = scoped(site)
    assert reason == ""
    assert loss.kinds == ("books",)
    assert loss.vouchers_lost > 0
    assert loss.amount > 0
    assert loss.periods


def test_a_postgresql_database_that_was_dropped_has_lost_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, database = postgres(tmp_path, monkeypatch)
    the_server().run("postgres", f'DROP DATABASE "{database}"')
    with open_site(home) as site:
        reason, loss = scoped(site)
    assert reason == "gone"
    assert (loss.readable, loss.vouchers_lost > 0, loss.files_lost > 0) == (False, True, True)


def test_a_mariadb_database_that_was_dropped_has_lost_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mariadb: Mariadb
) -> None:
    home, database = make_site(tmp_path / "site"), books(mariadb)
    monkeypatch.setenv("BAOZHANG_HOME", str(home))
    with (home / "agency.yaml").open("a", encoding="utf-8") as file:
        file.write(f"servers:\n  there: {{user: root, socket: {mariadb.socket}}}\n")
    text = CLIENT.format(kind="mysql", database=database, more="")
    (home / "clients" / "c001.yaml").write_text(text, "utf-8")
    night("c001")
    mariadb.sql(f"DROP DATABASE {database}", "mysql")
    with open_site(home) as site:
        reason, loss = scoped(site)
    assert (reason, loss.readable, loss.vouchers_lost > 0) == ("gone", False, True)
