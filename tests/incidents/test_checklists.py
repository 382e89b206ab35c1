"""Checklists: every one is whole, worked off in order, each step with its evidence."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from baozhang.errors import UsageError
from baozhang.incidents.checklists import (
    Product,
    Progress,
    all_checklists,
    load_checklist,
    product_of,
    progress,
    tick,
    worked_off,
)
from baozhang.incidents.incidents import Incident, Incidents
from baozhang.settings import SourceFile
from baozhang.site import Site
from baozhang.vault.model import Snapshot
from baozhang.vault.writer import back_up
from baozhang.wiring import open_site
from tests.flows.site import CLIENT, make_site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    home = make_site(tmp_path / "site", "c001")
    text = CLIENT.format(client="c001").replace("kind: tree", "kind: opaque")
    (home / "clients" / "c001.yaml").write_text(text.replace(", profile: fec", ""), "utf-8")
    with open_site(home) as opened:
        yield opened


@pytest.fixture
def snapshot(site: Site) -> Snapshot:
    side = site.vault("c001", "main").client("c001", create=True)
    with site.source("c001", "main").freeze() as frozen:
        return back_up(side, frozen, set_name="main", at=site.clock()).snapshot


@pytest.fixture
def incident(site: Site) -> Incident:
    folder = site.home / "state" / "incidents"
    return Incidents(folder, site.clock).open(
        "lost", [("c001", "main")], noticed_by="zhang", discovered=site.clock()
    )[0]


def now(site: Site, incident: Incident) -> Progress:
    (only,) = progress(site, incident, "c001", "main")
    return only


def evidence(where: Progress) -> dict[str, str]:
    assert where.next
    return dict.fromkeys(where.next.evidence, "1")


def work_off(site: Site, incident: Incident) -> None:
    while step := now(site, incident).next:
        where = now(site, incident)
        tick(incident, where, step.id, person="zhang", evidence=evidence(where))


@pytest.mark.parametrize("product", get_args(Product))
def test_every_product_has_a_list_in_both_languages(product: Product) -> None:
    found = load_checklist(product)
    assert found.product == product
    assert all(any("一" <= sign <= "鿿" for sign in step.zh) for step in found.steps)
    assert all(step.en.isascii() for step in found.steps)


def test_every_list_asks_for_version_last_voucher_and_totals() -> None:
    for found in all_checklists():
        assert {"version", "last_voucher", "debit", "credit", "kept"} <= found.evidence.keys()


def test_every_list_keeps_what_is_there_before_it_is_replaced() -> None:
    for found in all_checklists():
        ids = [step.id for step in found.steps]
        assert ids.index("keep") < ids.index("look")


@pytest.mark.parametrize(
    ("kind", "profile", "product"),
    [
        ("inbox", "yonyou_t3", "inbox"),
        ("mssql", "yonyou_t3", "t3"),
        ("mssql", "kingdee_10", "kis"),
        ("mssql", "k3_37", "kis"),
        ("mssql", None, "tplus"),
        ("opaque", None, "access"),
        ("share", None, "access"),
    ],
)
def test_a_source_follows_the_list_of_its_product(
    kind: str, profile: str | None, product: str
) -> None:
    each = SourceFile.model_construct(name="books", kind=kind, profile=profile)  # type: ignore[arg-type]
    assert product_of(each) == product


def test_a_step_that_is_done_is_an_event_with_its_evidence(site: Site, incident: Incident) -> None:
    event = tick(incident, now(site, incident), "stop", person="zhang", evidence={"locks": "0"})
    assert (event.actor, event.facts["step"], event.facts["evidence.locks"]) == (
        "zhang",
        "stop",
        "0",
    )
    where = now(site, incident)
    assert where.next
    assert where.next.id == "environment"


def test_no_step_is_passed_over(site: Site, incident: Incident) -> None:
    with pytest.raises(UsageError):
        tick(incident, now(site, incident), "keep", person="zhang", evidence={"locks": "0"})


@pytest.mark.parametrize(
    "given", [{}, {"locks": ""}, {"locks": "0", "more": "1"}, {"locks": "x" * 101}, {"locks": "\n"}]
)
def test_no_step_is_done_without_its_evidence(
    site: Site, incident: Incident, given: dict[str, str]
) -> None:
    with pytest.raises(UsageError):
        tick(incident, now(site, incident), "stop", person="zhang", evidence=given)
    assert now(site, incident).done == {}


def test_a_list_that_is_not_worked_off_is_no_cut_over(
    site: Site, incident: Incident, snapshot: Snapshot
) -> None:
    with pytest.raises(UsageError, match="stop"):
        worked_off(site, incident, snapshot)


def test_a_list_that_is_worked_off_is_checked_where_the_data_is_used(
    site: Site, incident: Incident, snapshot: Snapshot
) -> None:
    work_off(site, incident)
    done = worked_off(site, incident, snapshot)
    assert (done.how, done.checked) == ("assisted", True)


def test_what_people_put_there_and_is_not_the_backup_point_is_not_checked(
    site: Site, incident: Incident, snapshot: Snapshot
) -> None:
    (site.home / "books" / "c001" / "FEC2026.txt").write_text("another", "utf-8")
    work_off(site, incident)
    assert not worked_off(site, incident, snapshot).checked
