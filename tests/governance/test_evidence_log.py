"""What the audit log shows: that it is whole, and who can approve."""

from pathlib import Path

import pytest

from baozhang.catalog.model import AuditAnchor
from baozhang.site import Site
from tests.flows.approving import Devices, Hand
from tests.governance.evidence_office import answered, ask, at_end, on


@pytest.fixture
def log(office: Site) -> Path:
    return office.home / "state" / "audit" / "log.jsonl"


def noted(site: Site, clock: Hand) -> AuditAnchor:
    """Note the log's head in the catalog, as every night does."""
    head = site.audit.append(actor="system", action="journal.stored", subject="_agency")
    anchor = AuditAnchor(head.seq, head.hash, clock.now)
    site.catalog.record_anchor(anchor)
    return anchor


def test_a_log_that_is_what_anchors_say_passes(office: Site, clock: Hand) -> None:
    anchor = noted(office, clock)
    at_end(clock)
    found = answered(office, "log")
    assert (found.result, found.effective) == ("pass", anchor.at)
    assert found.refs == (f"audit:{anchor.seq}",)


def test_a_log_that_nobody_noted_elsewhere_is_not_proven(office: Site) -> None:
    office.audit.append(actor="zhang", action="point.accepted", subject="c001/main")
    assert answered(office, "log").result == "inconclusive"


def test_an_edited_record_fails(office: Site, clock: Hand, log: Path) -> None:
    noted(office, clock)
    log.write_bytes(log.read_bytes().replace(b'"_agency"', b'"_agenci"'))
    found = answered(office, "log")
    assert (found.result, found.facts["fault"]) == ("fail", "edited")


def test_a_log_that_is_not_what_an_anchor_says_fails(office: Site, clock: Hand) -> None:
    anchor = noted(office, clock)
    office.catalog.record_anchor(AuditAnchor(anchor.seq, "b" * 64, clock.now))
    found = answered(office, "log")
    assert (found.result, found.facts) == (
        "fail",
        {"record": anchor.seq, "fault": "not the anchor"},
    )


def test_a_log_that_is_shorter_than_an_anchor_fails(office: Site, clock: Hand) -> None:
    anchor = noted(office, clock)
    office.catalog.record_anchor(AuditAnchor(anchor.seq + 7, "b" * 64, clock.now))
    assert answered(office, "log").facts["record"] == anchor.seq + 7


def test_a_log_whose_key_is_gone_could_not_be_judged(office: Site, clock: Hand) -> None:
    noted(office, clock)
    (office.home / "state" / "audit" / "signing.pub").unlink()
    assert answered(office, "log").result == "inconclusive"


def test_evidence_of_a_period_that_is_over_stays_the_same(office: Site, clock: Hand) -> None:
    noted(office, clock)
    at_end(clock)
    before = answered(office, "log")
    noted(office, clock)
    assert answered(office, "log").id == before.id


# --- people ---------------------------------------------------------------------------------------


def test_enough_people_with_devices_pass(office: Site, clock: Hand) -> None:
    Devices(office.home, clock, "zhang", "wang")
    found = answered(office, "people", enrolled=2)
    assert (found.result, found.facts["good"]) == ("pass", 2)
    assert answered(office, "people", enrolled=3).result == "fail"


def test_who_may_not_approve_does_not_count(office: Site, clock: Hand) -> None:
    Devices(office.home, clock, "zhao")
    assert ask(office, "people", enrolled=1) is None


def test_without_a_device_nothing_is_said(office: Site) -> None:
    assert ask(office, "people", enrolled=1) is None


def test_a_device_that_was_taken_into_use_later_does_not_count(office: Site, clock: Hand) -> None:
    clock.now = on(4, month=12)
    Devices(office.home, clock, "wang")
    at_end(clock)
    assert ask(office, "people", enrolled=1) is None


def test_a_device_that_the_log_does_not_know_proves_nothing(office: Site, clock: Hand) -> None:
    Devices(office.home, clock, "zhang", "wang")
    people = office.home / "state" / "people"
    files = {each.stem: each for each in people.rglob("*") if each.is_file()}
    files["wang"].write_bytes(files["zhang"].read_bytes().replace(b"zhang", b"wang"))
    assert answered(office, "people", enrolled=2).result in {"fail", "inconclusive"}


def test_a_device_that_cannot_be_read_is_named(office: Site, clock: Hand) -> None:
    Devices(office.home, clock, "zhang", "wang")
    people = office.home / "state" / "people"
    next(each for each in people.rglob("*") if each.stem == "wang").write_bytes(b"{")
    found = answered(office, "people", enrolled=2)
    assert (found.result, found.facts["people"]) == ("inconclusive", "wang")


def test_nothing_leans_on_a_log_that_does_not_hold(office: Site, clock: Hand, log: Path) -> None:
    Devices(office.home, clock, "zhang", "wang")
    log.write_bytes(log.read_bytes()[:-20])
    assert answered(office, "people", enrolled=1).result == "inconclusive"
    assert answered(office, "drill", scenario="any").result == "inconclusive"
    assert answered(office, "incident-signed", gate="plan").result == "inconclusive"
