"""Recovery between its gates, on a real site: brought back, proven, what is to be keyed in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from baozhang.errors import CorruptObjectError
from baozhang.incidents.incidents import Incident, Incidents
from baozhang.incidents.model import Recovered, Restoration
from baozhang.incidents.quarantine import copies_of
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.incident_recovery import RekeyKept, recover, rekey_name
from tests.flows.site import ledger
from tests.flows.walking import flip_a_byte, night


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    with open_site(home) as opened:
        yield opened


def save(home: Path, *amounts: str) -> None:
    (home / "books" / "c001" / "FEC2026.txt").write_text(ledger(*amounts), "utf-8")
    night("c001")


def opened(site: Site) -> Incident:
    folder = site.home / "state" / "incidents"
    return Incidents(folder, site.clock).open(
        "damaged", [("c001", "main")], noticed_by="zhang", discovered=site.clock()
    )[0]


def wanted(site: Site, number: int) -> Restoration:
    """Return the plan's entry for the n-th backup point."""
    point = site.vault("c001", "main").client("c001").snapshots("main")[number]
    return Restoration(
        order=1,
        client="c001",
        set="main",
        snapshot=point.id,
        at=point.at,
        deadline=None,
        bytes=point.size,
        books=len(point.books),
        seconds=1,
        behind=0,
        how="atomic",
    )


def done(site: Site, incident: Incident, *, evidence: int | None = None) -> Recovered:
    points = site.vault("c001", "main").client("c001").snapshots("main")
    newest = "" if evidence is None else points[evidence].id
    return recover(site, incident, wanted(site, 0), evidence=newest, actor="run")


def test_what_came_back_is_proven(site: Site, home: Path) -> None:
    save(home, "100,00", "250,50")
    found = done(site, opened(site))
    assert (found.files, found.books, found.proven, found.failed) == (1, 1, 1, 0)


def test_vouchers_of_after_the_backup_point_are_to_be_keyed_in(site: Site, home: Path) -> None:
    save(home, "100,00")
    save(home, "100,00", "250,50", "1,00")
    incident = opened(site)
    found = done(site, incident, evidence=1)
    assert (found.vouchers_to_key, found.amount_to_key, found.currency) == (2, 251_50, "EUR")
    kept = incident.value(rekey_name("c001", "main"), RekeyKept)
    assert [(each.voucher, each.debit) for each in kept.vouchers] == [
        ("VE-2", 250_50),
        ("VE-3", 1_00),
    ]


def test_what_is_deleted_in_the_evidence_is_listed_and_not_keyed_in(site: Site, home: Path) -> None:
    save(home, "100,00", "250,50")
    save(home, "100,00")
    incident = opened(site)
    assert done(site, incident, evidence=1).vouchers_to_key == 0
    kept = incident.value(rekey_name("c001", "main"), RekeyKept)
    assert [each.state for each in kept.vouchers] == ["extra"]


def test_without_evidence_the_list_says_so_and_is_empty(site: Site, home: Path) -> None:
    save(home, "100,00")
    incident = opened(site)
    done(site, incident)
    kept = incident.value(rekey_name("c001", "main"), RekeyKept)
    assert (kept.evidence, kept.vouchers) == ("", ())


def test_the_evidence_is_in_custody_as_well(site: Site, home: Path) -> None:
    save(home, "100,00")
    save(home, "100,00", "250,50")
    incident = opened(site)
    done(site, incident, evidence=1)
    assert len(copies_of(site, incident)) == 2


def test_recovering_again_does_nothing_twice(site: Site, home: Path) -> None:
    save(home, "100,00")
    save(home, "100,00", "250,50")
    incident = opened(site)
    first = done(site, incident, evidence=1)
    events = len(incident.journal.events())
    assert done(site, incident, evidence=1) == first
    assert len(incident.journal.events()) == events


def test_a_damaged_backup_point_is_told_and_leaves_nothing_readable(site: Site, home: Path) -> None:
    save(home, "100,00")
    flip_a_byte(home, "c001")
    incident = opened(site)
    with pytest.raises(CorruptObjectError):
        done(site, incident)
    (left,) = copies_of(site, incident)
    assert left.path
    assert [path for path in left.path.rglob("*") if path.is_file()] == []
